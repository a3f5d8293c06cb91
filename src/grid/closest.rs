//! What a user most likely meant by a word that is none.

/// Candidates that are looked at.
const MOST: usize = 500;
/// A longer word is no slip of the finger, and the distance costs its length squared.
const LONGEST: usize = 64;

/// What other tools call a key, and what it is called here.
const ELSEWHERE: [(&str, &str); 8] = [
    ("learningrate", "lr"),
    ("wd", "weight-decay"),
    ("l2", "weight-decay"),
    ("bs", "batch-size"),
    ("numepochs", "epochs"),
    ("nepochs", "epochs"),
    ("bn", "batch-norm"),
    ("temp", "temperature"),
];

/// Words that look alike and mean different things, so that one is no slip for the other: `adamw` decays weights apart from the
/// gradient.
const DIFFERENT: [(&str, &str); 1] = [("adamw", "adam")];

/// The candidate that the user most likely meant: the same word in another spelling, what another tool's word stands for, or the
/// one with the fewest letters to change.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let plain = bare(word);
    let meant = ELSEWHERE.iter().find(|(other, _)| *other == plain).map(|(_, own)| *own);
    let allowed = if word.len() <= 3 { 1 } else { 2 };
    let rated = |candidate: &'a str| {
        if DIFFERENT.contains(&(&plain, candidate)) {
            return None;
        }
        if bare(candidate) == plain || meant == Some(candidate) {
            return Some((0, candidate));
        }
        let distance = strsim::damerau_levenshtein(word, candidate);
        let begins = word.len() >= 3 && (candidate.starts_with(word) || word.starts_with(candidate));
        (distance <= allowed || begins).then_some((distance, candidate))
    };
    candidates.into_iter().take(MOST).filter_map(rated).min().map(|(_, candidate)| candidate)
}

/// The word without what spellings differ in.
fn bare(word: &str) -> String {
    word.chars().filter(|letter| !matches!(letter, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn spellings_and_words_of_other_tools_are_understood() {
        let methods = ["scrub", "scrub-r", "neggrad-plus", "negmerge"];
        let keys = ["lr", "epochs", "batch-size", "weight-decay"];
        let cases: [(&str, &[&str], Option<&str>); 11] = [
            ("scrubr", &methods, Some("scrub-r")),
            ("SCRUB", &methods, Some("scrub")),
            ("scrbu", &methods, Some("scrub")),
            ("neggrad", &methods, Some("neggrad-plus")),
            ("neg_merge", &methods, Some("negmerge")),
            ("learning_rate", &keys, Some("lr")),
            ("learning-rate", &keys, Some("lr")),
            ("batch_size", &keys, Some("batch-size")),
            ("wd", &keys, Some("weight-decay")),
            ("adamw", &["sgd", "adam"], None),
            ("momentum", &keys, None),
        ];
        for (word, candidates, expected) in cases {
            assert_eq!(closest(word, candidates.iter().copied()), expected, "{word}");
        }
    }
}
