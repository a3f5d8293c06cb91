//! Which training meets a batch of very few examples.

use sweep_protocol::{
    network::Network,
    recipe::{BatchNorm, Mention, Stream, Train},
    terms::{Set, SetSizes},
};

use super::{Plan, PlannedInputs};

/// Examples of a last batch from which on its statistics are not worth a word.
const ENOUGH: u64 = 8;

/// The last batch of an epoch, where it is so small that batch normalisation takes statistics from next to nothing: dividing by
/// these makes gradients explode, and a tenth of the running statistics is the latest batch's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remnant {
    /// What is trained on.
    pub set: Set,
    /// Its examples.
    pub examples: u64,
    /// Examples in a batch.
    pub batch_size: u32,
    /// Examples in the last one.
    pub last: u64,
}

impl Plan {
    /// The points whose training leaves a remnant, by what it is of, each with its first; nothing for a network without batch
    /// normalisation, or with one that nobody has looked into.
    pub fn remnants(&self) -> Vec<(Remnant, Vec<String>)> {
        let Some(inputs) = self.inputs.as_ref().filter(|inputs| normalises(&inputs.network)) else {
            return Vec::new();
        };
        let mut found: Vec<(Remnant, Vec<String>)> = Vec::new();
        for point in &self.points {
            let Some(remnant) = of(inputs, point) else { continue };
            match found.iter_mut().find(|(known, _)| *known == remnant) {
                Some((_, titles)) => titles.push(point.title()),
                None => found.push((remnant, vec![point.title()])),
            }
        }
        found
    }
}

fn of(inputs: &PlannedInputs, point: &super::Point) -> Option<Remnant> {
    let sizes = inputs.sizes_of(point.role);
    let mut first = None;
    point.recipe().visit(&mut |_, mention| {
        if let Mention::Loop(train) = mention {
            first = first.or_else(|| train.data.iter().find_map(|stream| remnant(train, stream, sizes)));
        }
    });
    first
}

/// That of a stream that its loop goes through at least once.
fn remnant(train: &Train, stream: &Stream, sizes: &SetSizes) -> Option<Remnant> {
    let (examples, batch_size) = (stream.examples(sizes), stream.batch_size.get());
    let last = examples % u64::from(batch_size);
    // One that is left over joins the batch before it.
    let is_small = (2..ENOUGH).contains(&last) && examples > u64::from(batch_size);
    let is_reached = train.steps(sizes) >= stream.batches(sizes) && stream.without.is_none();
    let counts = is_small && is_reached && train.batch_norm == BatchNorm::Train;
    counts.then_some(Remnant { set: stream.set, examples, batch_size, last })
}

fn normalises(network: &Network) -> bool {
    network.layout().is_ok_and(|layout| layout.statistic_count() > 0)
}
