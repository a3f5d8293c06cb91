/// Width of a bin of losses, in nats.
pub const LOSS_BIN: f64 = 0.25;
/// Bins of that width; one more holds what lies above them.
pub const LOSS_BINS: usize = 20;

/// Share of losses in each bin from 0 to 5 nats, and above that in the last; nothing of nothing.
pub fn loss_shares<'a>(losses: impl IntoIterator<Item = &'a f64>) -> Option<[f64; LOSS_BINS + 1]> {
    let mut counts = [0.0; LOSS_BINS + 1];
    let mut all = 0.0;
    for loss in losses {
        // A loss of -0 belongs to the first bin.
        counts[((loss.max(0.0) / LOSS_BIN) as usize).min(LOSS_BINS)] += 1.0;
        all += 1.0;
    }
    (all > 0.0).then(|| counts.map(|count| count / all))
}
