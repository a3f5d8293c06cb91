/// Bins of the joint range.
const BINS: usize = 20;
/// Where values are cut off.
const LARGEST: f64 = 100.0;
/// What an empty bin of the second sample counts as, where the first has something there.
const LEAST: f64 = 1e-5;

/// KL(p ‖ q) in nats between two samples by histograms of 20 bins over their joint range, values clipped to ±100. Bins
/// that only p fills count as 10⁻⁵ in q, which is normalised again: at most about 11.5. Neither may be empty.
pub fn divergence(p: &[f64], q: &[f64]) -> f64 {
    let clipped =
        |values: &[f64]| -> Vec<f64> { values.iter().map(|value| value.clamp(-LARGEST, LARGEST)).collect() };
    let (p, q) = (clipped(p), clipped(q));
    let low = p.iter().chain(&q).copied().fold(f64::INFINITY, f64::min);
    let high = p.iter().chain(&q).copied().fold(f64::NEG_INFINITY, f64::max);
    let high = if high > low { high } else { low + 1.0 };
    let (p, q) = (shares(&p, (low, high)), shares(&q, (low, high)));
    let raised: Vec<f64> = p.iter().zip(&q).map(|(&p, &q)| if p > 0.0 { q.max(LEAST) } else { q }).collect();
    let total: f64 = raised.iter().sum();
    let parts = p.iter().zip(&raised).filter(|&(&p, _)| p > 0.0);
    parts.map(|(p, q)| p * (p / (q / total)).ln()).sum()
}

/// Share of the values in each bin; the last bin holds its upper edge.
fn shares(values: &[f64], (low, high): (f64, f64)) -> [f64; BINS] {
    let mut counts = [0.0; BINS];
    for value in values {
        let bin = ((value - low) / (high - low) * BINS as f64) as usize;
        counts[bin.min(BINS - 1)] += 1.0;
    }
    counts.map(|count: f64| count / values.len() as f64)
}
