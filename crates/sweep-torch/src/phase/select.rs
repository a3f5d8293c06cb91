//! Choosing elements by a score.

use sweep_protocol::recipe::{BatchNorm, Count, Extent, Order, Rounding, Rule, Score, Select, Signed};
use tch::{Kind, Tensor};

use super::{
    Halt, importance::importance, loss::mean_cross_entropy, pass::GradientPass, tensors::places, work::Work,
};
use crate::{
    draws::{PartOf, Pass, Purpose},
    pass_cache::{PassCache, Question},
};

/// Chooses, and remembers the choice.
pub(super) fn select(plan: &Select, phase: usize, work: &mut Work<'_>) -> Result<(), Halt> {
    let places = places(work.layout(), &plan.tensors, work.draws)?;
    let scores = scores(&plan.score, &places, phase, work)?;
    let chosen: Vec<Tensor> = match plan.rule {
        Rule::AtLeast(threshold) => scores.iter().map(|score| score.ge(threshold)).collect(),
        Rule::Share(count) if count.extent == Extent::PerTensor => {
            scores.iter().map(|score| ends(score, count)).collect()
        }
        Rule::Share(count) => {
            let lengths: Vec<i64> = scores.iter().map(|score| score.size()[0]).collect();
            let all =
                if scores.is_empty() { Vec::new() } else { vec![ends(&Tensor::cat(&scores, 0), count)] };
            all.iter().flat_map(|all| all.split_with_sizes(lengths.as_slice(), 0)).collect()
        }
    };
    let layout = work.layout();
    let flat = Tensor::zeros([layout.parameter_count()], (Kind::Bool, work.weights.device()));
    for (&place, chosen) in places.iter().zip(&chosen) {
        let parameter = &layout.parameters[place];
        work.network.view(parameter, &flat).copy_(&chosen.view(parameter.shape.as_slice()));
    }
    work.choices.keep(&plan.name, flat);
    Ok(())
}

/// One vector for each tensor, in PyTorch's order of its elements.
fn scores(score: &Score, places: &[usize], phase: usize, work: &mut Work<'_>) -> Result<Vec<Tensor>, Halt> {
    let (network, layout) = (work.network, work.layout());
    let split = |flat: &Tensor| {
        places.iter().map(|&place| network.view(&layout.parameters[place], flat).reshape([-1])).collect()
    };
    match score {
        Score::Magnitude => Ok(places
            .iter()
            .map(|&place| work.weights.parameter(place).detach().abs().reshape([-1]))
            .collect()),
        Score::Random => {
            let mut scores = Vec::with_capacity(places.len());
            for &place in places {
                let parameter = &layout.parameters[place];
                let purpose = Purpose::Score { phase, key: &parameter.key };
                let values = work.draws.uniform(&purpose, parameter.count() as usize, 1.0)?;
                let values: Vec<f64> = values.into_iter().map(|value| value.midpoint(1.0)).collect();
                scores.push(Tensor::from_slice(&values).to_device(work.weights.device()));
            }
            Ok(scores)
        }
        Score::Gradient { of, batch_norm } => {
            let zeros = (work.weights.kind(), work.weights.device());
            let mut sum = Tensor::zeros([layout.parameter_count()], zeros);
            for (stream, signed) in of.iter().enumerate() {
                let _ = sum.g_add_(&signed_gradients(signed, (phase, stream), *batch_norm, work)?);
            }
            Ok(split(&sum.abs()))
        }
        Score::Ratio { above, below, importance: plan } => {
            let above = importance(plan, *above, (phase, 0), work)?;
            let below = importance(plan, *below, (phase, 1), work)?;
            Ok(split(&((above + 1e-15) / (below + 1e-15))))
        }
    }
}

/// Sum of a pass's gradients. One that trains batch norm moves its statistics, so it can't be looked up.
fn signed_gradients(
    signed: &Signed,
    place: (usize, usize),
    batch_norm: BatchNorm,
    work: &mut Work<'_>,
) -> Result<Tensor, Halt> {
    let pass = signed_pass(signed, place, batch_norm, work)?;
    let known = if batch_norm == BatchNorm::Frozen { work.known } else { &PassCache::NONE };
    let plan = (signed.batch_size, signed.sign);
    let question = Question { what: "signed gradients", plan: &plan, order: &pass.order };
    let count = work.layout().parameter_count();
    known.look_up(&question, work.weights).or_compute(count as usize, || {
        let mut sum = Tensor::zeros([count], (work.weights.kind(), work.weights.device()));
        let loss = |logits: &Tensor, labels: &Tensor| mean_cross_entropy(logits, labels) * signed.sign;
        pass.run(work, &loss, &mut |gradient| {
            let _ = sum.g_add_(&gradient);
        })?;
        Ok(sum)
    })
}

fn signed_pass(
    signed: &Signed,
    (phase, stream): (usize, usize),
    batch_norm: BatchNorm,
    work: &mut Work<'_>,
) -> Result<GradientPass, Halt> {
    let part = PartOf { phase, stream, part: 0 };
    let examples = super::data::share(signed.share, signed.set, part, work)?;
    let order = work.draws.order(&Pass { phase, stream, number: 0 }, &examples)?;
    Ok(GradientPass { order, batch_size: signed.batch_size.get() as usize, batch_norm })
}

/// Which scores belong to the share at one end.
fn ends(scores: &Tensor, count: Count) -> Tensor {
    let all = scores.size()[0];
    let share = count.share.get() * all as f64;
    let chosen = match count.rounding {
        Rounding::Nearest => share.round_ties_even(),
        Rounding::Down => share.floor(),
    };
    let (_, order) = scores.sort_stable(true, 0, count.order == Order::Largest);
    let mut mask = scores.zeros_like().to_kind(Kind::Bool);
    let _ = mask.index_fill_(0, &order.narrow(0, 0, (chosen as i64).min(all)), 1);
    mask
}
