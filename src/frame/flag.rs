//! What is odd about a finished run, though it is no failure.

/// A reason to look twice at a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// The method left every weight as it was.
    Unchanged,
    /// The retain accuracy fell below 0.9 of the original's.
    Collapsed,
}

/// Share of the original's retain accuracy below which a run has collapsed.
const KEPT: f64 = 0.9;

impl Flag {
    /// All flags, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::Unchanged, Self::Collapsed];

    /// Beside the name of a point.
    pub fn mark(self) -> char {
        match self {
            Self::Unchanged => '‡',
            Self::Collapsed => '†',
        }
    }

    /// In tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Collapsed => "collapsed",
        }
    }

    /// What it says of runs, to be put behind their number.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Unchanged => "changed nothing: every weight is what it was",
            Self::Collapsed => "collapsed: retain accuracy below 0.9 of the original's",
        }
    }

    /// The flags of an unlearned model; without the original's retain accuracy nothing has collapsed.
    pub(super) fn of(unchanged: bool, retain_acc: f64, original: Option<f64>) -> Vec<Self> {
        let collapsed = original.is_some_and(|original| retain_acc < KEPT * original);
        let raised = |flag: &Self| match flag {
            Self::Unchanged => unchanged,
            Self::Collapsed => collapsed,
        };
        Self::ALL.into_iter().filter(raised).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Flag;

    #[test]
    fn a_run_collapses_below_nine_tenths_of_the_original() {
        assert_eq!(Flag::of(false, 0.719, Some(0.8)), [Flag::Collapsed]);
        assert_eq!(Flag::of(false, 0.721, Some(0.8)), []);
        assert_eq!(Flag::of(false, 0.1, None), [], "nothing to compare with");
        assert_eq!(Flag::of(true, 0.1, Some(0.8)), Flag::ALL);
    }
}
