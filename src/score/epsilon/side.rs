//! One side of an example, as counts over the confidences of both.

/// Where the ends of a side are: positions of its smallest and its largest confidence.
pub(super) type Ends = (usize, usize);

/// How many confidences of a side are among the first k of both sides, for k of 0..=K; it ends with the models of the side.
#[derive(Debug, Clone, Copy)]
pub(super) struct SideCounts<'a> {
    pub(super) among: &'a [u32],
    pub(super) ends: Ends,
    /// Largest minus smallest.
    pub(super) span: f64,
    pub(super) median: f64,
}

impl<'a> SideCounts<'a> {
    /// A side with at least one model.
    pub(super) fn of(ascending: &[f64], among: &'a [u32]) -> Self {
        let models = among[among.len() - 1];
        // The confidence of rank k (from 0) is the first that more than k are up to.
        let nth = |rank: u32| among.partition_point(|&count| count <= rank) - 1;
        let ends = (nth(0), nth(models - 1));
        let middle = models / 2;
        let median = if models % 2 == 1 {
            ascending[nth(middle)]
        } else {
            f64::midpoint(ascending[nth(middle - 1)], ascending[nth(middle)])
        };
        Self { among, ends, span: ascending[ends.1] - ascending[ends.0], median }
    }

    /// Models of the side.
    pub(super) fn models(&self) -> usize {
        self.among[self.among.len() - 1] as usize
    }
}

/// Counts how many are among the first k, for k of 0..=K, of things that are there so many times each.
pub(in crate::score) fn count_among(into: &mut Vec<u32>, times: impl Iterator<Item = u32>) {
    let mut among = 0;
    into.clear();
    into.push(0);
    into.extend(times.map(|times| {
        among += times;
        among
    }));
}
