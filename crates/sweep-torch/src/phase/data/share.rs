//! Which examples of a set.

use sweep_protocol::{
    recipe::{Share, Teacher},
    terms::Set,
};
use tch::{Device, Kind, Tensor};

use crate::{
    draws::PartOf,
    phase::{Halt, work::Work},
};

/// Positions of the examples that a share means.
pub(in crate::phase) fn share(
    share: Share,
    set: Set,
    part: PartOf,
    work: &mut Work<'_>,
) -> Result<Vec<i64>, Halt> {
    let all = work.examples.set(set);
    let count = share.of(all.len() as u64, &work.examples.sizes()) as usize;
    match share {
        Share::All => Ok(all.to_vec()),
        Share::Fraction(_) | Share::Count(_) | Share::SizeOf(_) => {
            Ok(work.draws.sample(&part, all, count)?)
        }
        Share::ByConfidence { from, .. } => {
            let mut ranked = by_confidence(all, work);
            let start = (from.get() * all.len() as f64).floor() as usize;
            Ok(ranked.drain(start..start + count).collect())
        }
    }
}

/// Examples by the start's probability of the true label, from the least sure on; of equals the one that comes first.
fn by_confidence(positions: &[i64], work: &mut Work<'_>) -> Vec<i64> {
    work.teachers.learn(Teacher::Start, work.network, work.examples, positions);
    let places = Tensor::from_slice(positions).to_device(work.examples.device());
    let logits = work.teachers.logits(Teacher::Start, &places).to_device(Device::Cpu);
    let labels: Vec<i64> = positions.iter().map(|&position| work.examples.label(position)).collect();
    let labels = Tensor::from_slice(&labels).unsqueeze(1);
    let sure = logits.log_softmax(1, Kind::Double).gather(1, &labels, false).squeeze_dim(1);
    let (_, order) = sure.sort_stable(true, 0, false);
    let order = Vec::<i64>::try_from(order).expect("an order is a vector of i64");
    order.into_iter().map(|rank| positions[rank as usize]).collect()
}
