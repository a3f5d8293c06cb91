//! The weighted sum that a training loop minimises.

mod cross_entropy;
mod distil;
mod pending;
mod penalty;
mod pixels;

pub(super) use cross_entropy::mean_cross_entropy;
pub(super) use penalty::Penalties;
pub(super) use pending::Pending;

use sweep_protocol::{
    recipe::{
        Contrast, Distance, Divergence, LipschitzBound, Schedule, SoftCrossEntropy, Target, Teacher, Term,
    },
    terms::Set,
};
use tch::{Device, Tensor};

use super::{Halt, data::Batch, data::Feed, schedule::Time, work::Work};
use crate::{examples::Examples, network::Network};
use cross_entropy::CrossEntropy;

/// A batch and what the network says to it.
pub(super) struct Seen {
    /// The name of its stream.
    pub(super) set: Set,
    pub(super) batch: Batch,
    pub(super) logits: Tensor,
}

/// The terms of a loss that are taken on examples.
pub(super) struct Loss<'a> {
    terms: Vec<Prepared<'a>>,
}

struct Prepared<'a> {
    on: Set,
    weight: f64,
    schedule: &'a Schedule,
    /// 1 for each image that counts, 0 for the others.
    members: Option<Tensor>,
    rule: Rule<'a>,
}

enum Rule<'a> {
    CrossEntropy(CrossEntropy),
    Divergence(&'a Divergence),
    SoftCrossEntropy(&'a SoftCrossEntropy),
    Logits(&'a Distance),
    Entropies(&'a Distance),
    Contrast(&'a Contrast),
    Lipschitz(&'a LipschitzBound),
}

impl<'a> Loss<'a> {
    /// Makes a loss ready: teachers are asked about every example of their streams.
    pub(super) fn new(
        terms: &'a [Term],
        feeds: &[(Set, &Feed, bool)],
        work: &mut Work<'_>,
    ) -> Result<Self, Halt> {
        let mut prepared = Vec::new();
        for term in terms {
            let Some(head) = term.head() else { continue };
            let rule = match term {
                Term::CrossEntropy(term) => Rule::CrossEntropy(CrossEntropy::new(term, work)),
                Term::Divergence(term) => Rule::Divergence(term),
                Term::SoftCrossEntropy(term) => Rule::SoftCrossEntropy(term),
                Term::LogitDistance(term) => Rule::Logits(term),
                Term::EntropyDistance(term) => Rule::Entropies(term),
                Term::Contrast(term) => Rule::Contrast(term),
                Term::Lipschitz(term) => Rule::Lipschitz(term),
                Term::L1(_) | Term::L2(_) => continue,
            };
            if let Some(teacher) = rule.teacher() {
                work.teachers.summon(teacher, work.network, work.draws)?;
                for (_, feed, _) in feeds.iter().filter(|(set, _, noisy)| *set == head.on && !noisy) {
                    work.teachers.learn(teacher, work.network, work.examples, feed.examples());
                }
            }
            let members = head.members.map(|set| membership(set, work));
            let (on, weight, schedule) = (head.on, head.weight, head.weight_schedule);
            prepared.push(Prepared { on, weight, schedule, members, rule });
        }
        Ok(Self { terms: prepared })
    }

    /// Whether a gradient flows through what the network says to a stream.
    pub(super) fn learns_from(&self, set: Set) -> bool {
        self.terms.iter().any(|term| term.on == set)
    }

    /// The sum of all terms.
    pub(super) fn total(&self, seen: &[Seen], time: &Time, work: &mut Work<'_>) -> Result<Tensor, Halt> {
        let mut sum: Option<Tensor> = None;
        for place in 0..seen.len() {
            let mut part: Option<Tensor> = None;
            for term in self.terms.iter().filter(|term| term.on == seen[place].set) {
                let value = term.value(place, seen, work)? * (term.weight * time.factor(term.schedule));
                part = Some(match part {
                    Some(part) => part + value,
                    None => value,
                });
            }
            sum = match (sum, part) {
                (Some(sum), Some(part)) => Some(sum + part),
                (sum, part) => sum.or(part),
            };
        }
        Ok(sum.expect("a checked loop has a term, and every term a stream"))
    }
}

impl Rule<'_> {
    fn teacher(&self) -> Option<Teacher> {
        match self {
            Self::Divergence(Divergence { target, .. }) => match target {
                Target::Teacher(teacher) | Target::MaskedTeacher(teacher) => Some(*teacher),
                Target::Uniform => None,
            },
            Self::SoftCrossEntropy(term) => Some(term.teacher),
            Self::Logits(term) | Self::Entropies(term) => Some(term.teacher),
            Self::CrossEntropy(_) | Self::Contrast(_) | Self::Lipschitz(_) => None,
        }
    }
}

impl Prepared<'_> {
    /// The term on one of the batches, without its weight.
    fn value(&self, place: usize, all: &[Seen], work: &mut Work<'_>) -> Result<Tensor, Halt> {
        let seen = &all[place];
        let member = self.members.as_ref().map(|table| table.index_select(0, &seen.batch.positions));
        let teacher = self.rule.teacher().map(|teacher| ask(teacher, &seen.batch, work.network, work));
        let of_teacher = || teacher.as_ref().expect("the rule has a teacher");
        let logits = &seen.logits;
        let each = match &self.rule {
            Rule::CrossEntropy(term) => return Ok(term.value(seen, member.as_ref())),
            Rule::Contrast(term) => return Ok(pixels::contrast(term, seen, all)),
            Rule::Lipschitz(term) => return pixels::lipschitz(term, seen, work),
            Rule::Divergence(term) => distil::divergence(term, logits, teacher.as_ref(), &seen.batch.labels),
            Rule::SoftCrossEntropy(term) => distil::soft_cross_entropy(term, logits, of_teacher()),
            Rule::Logits(_) => {
                (logits - of_teacher()).square().mean_dim([1_i64].as_slice(), false, logits.kind())
            }
            Rule::Entropies(_) => (distil::entropy(logits) - distil::entropy(of_teacher())).square(),
        };
        Ok(mean(&each, member.as_ref()))
    }
}

/// Mean over the batch; examples that are no members count as 0.
fn mean(each: &Tensor, member: Option<&Tensor>) -> Tensor {
    match member {
        None => each.mean(each.kind()),
        Some(member) => (each * member).mean(each.kind()),
    }
}

/// What a teacher says to a batch.
fn ask(teacher: Teacher, batch: &Batch, network: &Network, work: &Work<'_>) -> Tensor {
    if batch.altered {
        work.teachers.logits_of(teacher, network, &batch.images)
    } else {
        work.teachers.logits(teacher, &batch.positions)
    }
}

fn membership(set: Set, work: &Work<'_>) -> Tensor {
    let mut table = vec![0.0; work.examples.count() as usize];
    for &position in work.examples.set(set) {
        table[position as usize] = 1.0;
    }
    Tensor::from_slice(&table).to_kind(work.weights.kind()).to_device(work.examples.device())
}

/// Examples of each class in a set.
fn counts(set: Set, examples: &Examples, classes: usize) -> Vec<u64> {
    let mut counts = vec![0; classes];
    for &position in examples.set(set) {
        counts[examples.label(position) as usize] += 1;
    }
    counts
}

/// A vector of one number per class, where the network is.
fn per_class(values: &[f64], work: &Work<'_>) -> Tensor {
    let device: Device = work.weights.device();
    Tensor::from_slice(values).to_kind(work.weights.kind()).to_device(device)
}
