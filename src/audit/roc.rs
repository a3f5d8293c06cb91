use super::unauditable::Unauditable;

/// A receiver operating characteristic: what an attack catches (true-positive rate) for what it accuses wrongly
/// (false-positive rate), over all its thresholds.
#[derive(Debug, Clone, PartialEq)]
pub struct Roc {
    /// False- and true-positive rate at every threshold, from (0, 0) to (1, 1).
    points: Vec<(f64, f64)>,
}

impl Roc {
    /// From the attack's values for members and for others; a larger value speaks for a member.
    pub fn of(members: &[f64], others: &[f64]) -> Result<Self, Unauditable> {
        let fewest = members.len().min(others.len());
        if fewest == 0 {
            return Err(Unauditable::TooFew { what: "values on each side", have: 0, want: 1 });
        }
        let side = |values: &[f64], member: bool| -> Vec<(f64, bool)> {
            values.iter().map(|&value| (value, member)).collect()
        };
        let mut values = [side(members, true), side(others, false)].concat();
        values.sort_by(|left, right| right.0.total_cmp(&left.0));
        let (mut wrong, mut caught) = (0_usize, 0_usize);
        let mut points = vec![(0.0, 0.0)];
        for (nth, &(value, member)) in values.iter().enumerate() {
            if member {
                caught += 1;
            } else {
                wrong += 1;
            }
            // Equal values fall under one threshold together.
            if values.get(nth + 1).is_none_or(|&(next, _)| next < value) {
                points.push((wrong as f64 / others.len() as f64, caught as f64 / members.len() as f64));
            }
        }
        Ok(Self { points })
    }

    /// Area under the curve: the chance that a member has a larger value than another, ties counted half.
    pub fn auc(&self) -> f64 {
        self.points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * f64::midpoint(pair[0].1, pair[1].1)).sum()
    }

    /// Largest true-positive rate of a threshold that accuses at most this share of the others. With fewer than 1/share
    /// others it is the rate at which nobody is accused wrongly.
    pub fn true_positives_at(&self, false_positives: f64) -> f64 {
        let within = self.points.iter().take_while(|(wrong, _)| *wrong <= false_positives);
        within.map(|(_, caught)| *caught).fold(0.0, f64::max)
    }
}
