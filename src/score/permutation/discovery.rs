/// Benjamini and Hochberg's q-values, in the order of the p-values (doi:10.1111/j.2517-6161.1995.tb02031.x): calling all
/// with q ≤ α different makes at most a share α of them false discoveries in expectation, for independent tests and for
/// those that depend on one another positively, as points that share an oracle do.
///
/// q of the i-th smallest of m is the least of p₍ⱼ₎ m / j over j ≥ i, at most 1.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&one, &other| p[other].total_cmp(&p[one]));
    let mut q = vec![1.0; p.len()];
    let mut least = 1.0_f64;
    for (above, &position) in order.iter().enumerate() {
        let rank = p.len() - above;
        least = least.min(p[position] * p.len() as f64 / rank as f64);
        q[position] = least;
    }
    q
}
