//! Where the reference puts its thresholds, operation for operation: which side of a threshold a confidence
//! falls on can hang on the last bit.

/// Thresholds per unit of confidence.
const PER_UNIT: f64 = 100.0;
/// How far intervals reach beyond the peakier side, and how much wider or narrower than it they are.
const BUFFER: f64 = 2.0;
/// Left ends per right end.
pub(super) const LEFTS: usize = 400;
/// From one left end to the next, up to rounding.
pub(super) const SPACING: f64 = 2.0 * BUFFER / (LEFTS - 1) as f64;

/// Right ends of intervals (400, or 401 where rounding has it so), and [`LEFTS`] left ends for each; all
/// float64.
#[derive(Debug, Default)]
pub(super) struct Intervals {
    rights: Vec<f64>,
    lefts: Vec<Lefts>,
}

/// `numpy.linspace(start, stop, LEFTS)`.
#[derive(Debug, Clone, Copy)]
struct Lefts {
    start: f64,
    stop: f64,
    step: f64,
}

impl Intervals {
    /// Lays the intervals around a side from `smallest` to `largest`.
    pub(super) fn lay(&mut self, smallest: f64, largest: f64) {
        let width = largest - smallest;
        let (start, stop) = ((smallest + width) - BUFFER, largest + BUFFER);
        let count = ((stop - start) * PER_UNIT).ceil() as usize;
        let spacing = (stop - start) / (count - 1) as f64;
        self.rights.clear();
        self.rights.extend((0..count - 1).map(|index| index as f64 * spacing + start));
        self.rights.push(stop);
        self.lefts.clear();
        self.lefts.extend(self.rights.iter().map(|right| {
            let (start, stop) = (right - width - BUFFER, right - width + BUFFER);
            Lefts { start, stop, step: (stop - start) / (LEFTS - 1) as f64 }
        }));
    }

    /// The right ends, ascending; \[400\] or \[401\].
    pub(super) fn rights(&self) -> &[f64] {
        &self.rights
    }

    /// Left end number `index` (below [`LEFTS`]) of the right end number `right`; ascending in `index`.
    pub(super) fn left(&self, right: usize, index: usize) -> f64 {
        let lefts = self.lefts[right];
        if index == LEFTS - 1 { lefts.stop } else { index as f64 * lefts.step + lefts.start }
    }
}

/// `torch.linspace(smallest, largest, count)` in single precision: a fused multiply-add from the nearer end.
#[derive(Debug)]
pub(super) struct Thresholds {
    smallest: f32,
    largest: f32,
    step: f32,
    count: usize,
}

impl Thresholds {
    /// Lays thresholds over both sides, which span from `smallest` to `largest`; none where that is one
    /// value.
    pub(super) fn over(smallest: f64, largest: f64) -> Self {
        let count = ((largest - smallest) * PER_UNIT).ceil() as usize;
        let (smallest, largest) = (smallest as f32, largest as f32);
        let step = if count > 1 { (largest - smallest) / (count - 1) as f32 } else { 0.0 };
        Self { smallest, largest: if count > 1 { largest } else { smallest }, step, count }
    }

    /// The thresholds, ascending up to rounding.
    pub(super) fn iter(&self) -> impl Iterator<Item = f64> {
        (0..self.count).map(|index| {
            f64::from(if index < self.count / 2 {
                self.step.mul_add(index as f32, self.smallest)
            } else {
                (-self.step).mul_add((self.count - 1 - index) as f32, self.largest)
            })
        })
    }
}
