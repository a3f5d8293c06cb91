use serde::{Deserialize, Serialize};

/// An audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audit {
    /// Accuracies and attack beside the oracle's, as one mean difference.
    AverageGap,
    /// How close a membership attack is to guessing.
    Indiscernibility,
    /// Kullback–Leibler divergence of margins.
    Klom,
    /// Membership by thresholds on four features.
    Mia,
    /// Accuracy and forgetting in one number.
    Nomus,
    /// Training images extracted from the weights.
    Reconstruction,
    /// The loss attack at low false-positive rates.
    Roc,
    /// The starting kit's membership attack.
    SimpleMia,
    /// Tug of war of three accuracies.
    Tow,
    /// Tug of war with an attack in place of the forget accuracy.
    TowMia,
    /// Per-example likelihood-ratio attack.
    ULira,
}

/// What an audit looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Accuracies, which every run measures.
    Accuracies,
    /// Confidences on the forget set, which every run measures.
    Confidences,
    /// Behaviour on single examples of forget, retain and test set, which runs measure on request.
    Examples,
    /// Images that are found in the weights, which runs look for on request.
    Weights,
}

/// A registered audit.
#[derive(Debug)]
pub struct Entry {
    /// The audit.
    pub audit: Audit,
    /// Its name in a grid.
    pub name: &'static str,
    /// What it says, in one sentence.
    pub about: &'static str,
    /// Paper or code that it follows.
    pub source: &'static str,
    /// What runs must measure for it.
    pub needs: Needs,
}

/// All audits, in alphabetical order of their names.
pub const AUDITS: &[Entry] = &[
    Entry {
        audit: Audit::AverageGap,
        name: "average-gap",
        about: "mean of |UA|, |RA|, |TA| and |MIA| differences from the oracle",
        source: "Jia et al. 2023, arXiv:2304.04934; Fan et al. 2024, arXiv:2310.12508",
        needs: Needs::Examples,
    },
    Entry {
        audit: Audit::Indiscernibility,
        name: "indiscernibility",
        about: "1 - |MIA - 1/2| / (1/2) with the starting kit's attack",
        source: "Cadet et al. 2024 (DeepUnlearn), arXiv:2410.01276, evaluation/indiscernibility.py",
        needs: Needs::Examples,
    },
    Entry {
        audit: Audit::Klom,
        name: "klom",
        about: "KL(unlearned || oracle) of the margins of each example; mean and 95th percentile",
        source: "Georgiev et al. 2024, arXiv:2410.23232; Rinberg et al. 2026, arXiv:2602.16400",
        needs: Needs::Examples,
    },
    Entry {
        audit: Audit::Mia,
        name: "mia",
        about: "share of the forget set that thresholds on confidence, entropy, modified entropy, correctness call unseen",
        source: "Song and Mittal 2021, arXiv:2003.10595; Jia et al. 2023, arXiv:2304.04934",
        needs: Needs::Examples,
    },
    Entry {
        audit: Audit::Nomus,
        name: "nomus",
        about: "A_test / 2 + (1 - 2 |MIA - 1/2|) / 2 with the starting kit's attack",
        source: "Choi and Na 2023, arXiv:2311.02240",
        needs: Needs::Examples,
    },
    Entry {
        audit: Audit::Reconstruction,
        name: "reconstruction",
        about: "whether forget images can be extracted from the weights, beside images that no network has seen",
        source: "Haim et al. 2022, arXiv:2206.07758; Buzaglo et al. 2023, arXiv:2307.01827; the dual test is ours",
        needs: Needs::Weights,
    },
    Entry {
        audit: Audit::Roc,
        name: "roc",
        about: "the loss attack on forget against test set: AUC, TPR at 0.1 % and 1 % FPR",
        source: "Carlini et al. 2022, arXiv:2112.03570",
        needs: Needs::Examples,
    },
    Entry {
        audit: Audit::SimpleMia,
        name: "simple-mia",
        about: "accuracy of a logistic regression on the losses of forget and test set",
        source: "NeurIPS 2023 unlearning challenge, starting kit",
        needs: Needs::Examples,
    },
    Entry {
        audit: Audit::Tow,
        name: "tow",
        about: "product over forget, retain, test of 1 - |accuracy - oracle's mean|, mean over runs",
        source: "Zhao et al. 2024, arXiv:2406.01257",
        needs: Needs::Accuracies,
    },
    Entry {
        audit: Audit::TowMia,
        name: "tow-mia",
        about: "ToW with the attack on confidence in place of the forget accuracy",
        source: "Zhao et al. 2024, arXiv:2406.01257",
        needs: Needs::Examples,
    },
    Entry {
        audit: Audit::ULira,
        name: "u-lira",
        about: "likelihood-ratio attack on the confidence of each forget example, cross-fitted over models",
        source: "Hayes et al. 2024, arXiv:2403.01218",
        needs: Needs::Confidences,
    },
];

impl Audit {
    /// The audit of this name.
    pub fn named(name: &str) -> Option<Self> {
        AUDITS.iter().find(|entry| entry.name == name).map(|entry| entry.audit)
    }

    /// Its row of the registry.
    pub fn entry(self) -> &'static Entry {
        AUDITS.iter().find(|entry| entry.audit == self).expect("every audit is registered")
    }
}

#[cfg(test)]
mod tests {
    use super::{AUDITS, Audit};

    #[test]
    fn names_are_those_of_the_results_and_in_order() {
        assert!(AUDITS.is_sorted_by(|left, right| left.name < right.name), "in order, none twice");
        for entry in AUDITS {
            let name = serde_json::to_string(&entry.audit).expect("a word");
            assert_eq!(name.trim_matches('"'), entry.name, "the plan and the grid say the same");
            assert_eq!(Audit::named(entry.name), Some(entry.audit));
            assert_eq!(entry.audit.entry().name, entry.name);
        }
    }
}
