//! Everything that a recipe names, told in one walk.
//!
//! Whoever asks about recipes without carrying them out hears of it here: which sets are looked at, which tensors and
//! choices are meant, where the training loops are. The walk takes every operation, loop and term of the grammar apart
//! field by field and has no arm for "the others", so a new word doesn't compile until it is decided here what it names.

mod terms;

use super::{
    AfterEpochs, Alternate, Dampen, Either, Elements, FisherNoise, GradientFactor, GradientPlan, Importance,
    Labels, LateNoise, Move, Noise, Part, Phase, Python, Recipe, Reinit, Rewind, Round, Route, Rule, Score,
    Select, Share, Signed, Stop, Stream, Takes, Tensors, Trail, Train, Transpose, Zero,
};
use crate::terms::Set;

/// Something that a recipe names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mention<'r> {
    /// Examples of a set are looked at: trained on, counted by their labels, or judged.
    Examples {
        /// The set.
        set: Set,
        /// Which of its examples.
        share: Share,
    },
    /// A set is named, but not for what its examples are: a stream is called after it, or its size is taken.
    Name(Set),
    /// The counts of classes that come with the data set.
    ClassCounts,
    /// Tensors of the network.
    Tensors(&'r Tensors),
    /// Elements that a phase before it has chosen, or all.
    Elements(&'r Elements),
    /// A choice of elements is made under this name, for what follows.
    Chosen(&'r str),
    /// A number that the grammar gives no range.
    Number(f64),
    /// A training loop; what it names follows.
    Loop(&'r Train),
    /// Training loops that take turns; each of them follows.
    Turns(&'r Alternate),
    /// A pass that takes gradients of one set without a step, by batch normalisation's rule; what it names follows.
    Pass(&'r Signed, super::BatchNorm),
    /// A course of a choice begins or ends. Elements that are chosen within it are known in it alone.
    Course(Edge),
    /// A function of the user's own is called.
    Function(&'r Python),
}

/// An end of a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Its start.
    Start,
    /// Its end.
    End,
}

/// Hears what is named, and where.
pub type Listener<'l, 'r> = dyn FnMut(&Trail<'_>, Mention<'r>) + 'l;

impl Recipe {
    /// Tells everything that it names, in the order of its text.
    pub fn visit<'r>(&'r self, hear: &mut Listener<'_, 'r>) {
        let Self { phases } = self;
        visit_phases(phases, &Trail::begin("phases"), hear);
    }
}

fn visit_phases<'r>(phases: &'r [Phase], at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
    for (position, phase) in phases.iter().enumerate() {
        phase.visit(&at.position(position), hear);
    }
}

/// All examples of a set.
fn whole<'r>(set: Set) -> Mention<'r> {
    Mention::Examples { set, share: Share::All }
}

impl Phase {
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        match self {
            Self::Reinit(Reinit { tensors, init: _, elements }) => {
                let at = at.key("reinit");
                hear(&at.key("tensors"), Mention::Tensors(tensors));
                hear(&at.key("elements"), Mention::Elements(elements));
            }
            Self::Noise(noise) => noise.visit(&at.key("noise"), hear),
            Self::Transpose(Transpose { tensors, turn: _ }) => {
                hear(&at.key("transpose").key("tensors"), Mention::Tensors(tensors));
            }
            Self::Zero(Zero { tensors, elements }) => {
                let at = at.key("zero");
                hear(&at.key("tensors"), Mention::Tensors(tensors));
                hear(&at.key("elements"), Mention::Elements(elements));
            }
            Self::Select(select) => select.visit(&at.key("select"), hear),
            Self::Dampen(Dampen { tensors, forget, kept, alpha: _, lambda: _, importance, batches: _ }) => {
                let at = at.key("dampen");
                hear(&at.key("tensors"), Mention::Tensors(tensors));
                hear(&at.key("forget"), whole(*forget));
                hear(&at.key("kept"), whole(*kept));
                importance.names_nothing();
            }
            Self::FisherNoise(FisherNoise { kept, alpha: _, power: _, importance }) => {
                hear(&at.key("fisher-noise").key("kept"), whole(*kept));
                importance.names_nothing();
            }
            Self::Move(step) => step.visit(&at.key("move"), hear),
            Self::Cast(super::Cast { through: _ }) => {}
            Self::Train(train) => train.visit(&at.key("train"), hear),
            Self::Alternate(plan) => plan.visit(&at.key("alternate"), hear),
            Self::Python(python) => python.visit(&at.key("python"), hear),
            Self::Either(Either { probability: _, first, otherwise }) => {
                let at = at.key("either");
                for (key, course) in [("first", first), ("otherwise", otherwise)] {
                    let at = at.key(key);
                    hear(&at, Mention::Course(Edge::Start));
                    visit_phases(course, &at, hear);
                    hear(&at, Mention::Course(Edge::End));
                }
            }
        }
    }
}

impl Python {
    /// The validation set is not named: where it is also what results are judged on, the function doesn't get it.
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        let Self {
            file: _,
            module: _,
            function: _,
            takes,
            arguments: _,
            batch_size: _,
            blake3: _,
            imports: _,
            interpreter: _,
        } = self;
        match takes {
            Takes::Loaders | Takes::Tensors => {
                hear(at, whole(Set::Retain));
                hear(at, whole(Set::Forget));
            }
            Takes::Training(set) => hear(at, whole(*set)),
            Takes::Nothing => {}
        }
        hear(at, Mention::Function(self));
    }
}

impl Noise {
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        let Self { tensors, std: _, unit: _ } = self;
        hear(&at.key("tensors"), Mention::Tensors(tensors));
    }
}

impl Select {
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        let Self { name, tensors, score, rule } = self;
        hear(&at.key("tensors"), Mention::Tensors(tensors));
        score.visit(&at.key("score"), hear);
        match rule {
            Rule::Share(_) => {}
            Rule::AtLeast(least) => hear(&at.key("rule").key("at-least"), Mention::Number(*least)),
        }
        hear(&at.key("name"), Mention::Chosen(name));
    }
}

impl Score {
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        match self {
            Self::Magnitude | Self::Random => {}
            Self::Gradient { of, batch_norm } => {
                let at = at.key("gradient");
                let at = at.key("of");
                for (position, pass) in of.iter().enumerate() {
                    let at = at.position(position);
                    hear(&at, Mention::Pass(pass, *batch_norm));
                    let Signed { set, share, batch_size: _, sign } = pass;
                    hear(&at.key("set"), Mention::Examples { set: *set, share: *share });
                    share.visit(&at.key("share"), hear);
                    hear(&at.key("sign"), Mention::Number(*sign));
                }
            }
            Self::Ratio { above, below, importance } => {
                let at = at.key("ratio");
                hear(&at.key("above"), whole(*above));
                hear(&at.key("below"), whole(*below));
                importance.names_nothing();
            }
        }
    }
}

impl Importance {
    /// Says that an importance names nothing, for as long as it has these fields.
    fn names_nothing(&self) {
        let Self { measure: _, batch_size: _, scale: _ } = self;
    }
}

impl Move {
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        let Self { along, scale } = self;
        along.visit(&at.key("along"), hear);
        hear(&at.key("scale"), Mention::Number(*scale));
    }
}

impl Route {
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        match self {
            Self::Influence { samples: _, batch_size: _, inverse: _ } => {
                let at = at.key("influence");
                hear(&at, whole(Set::Forget));
                hear(&at, whole(Set::Retain));
            }
            Self::TaskVector(loops) => {
                let at = at.key("task-vector");
                for (position, train) in loops.iter().enumerate() {
                    train.visit(&at.position(position), hear);
                }
            }
        }
    }
}

impl Alternate {
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        let Self { epochs: _, rounds, memory: _, after_epochs } = self;
        hear(at, Mention::Turns(self));
        for (position, round) in rounds.iter().enumerate() {
            let Round { train, first: _, every: _, steps: _ } = round;
            train.visit(&at.key("rounds").position(position).key("train"), hear);
        }
        after_epochs.visit(&at.key("after-epochs"), hear);
    }
}

impl Train {
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        let Self {
            data,
            epochs: _,
            loss,
            optimizer: _,
            schedule: _,
            trainable,
            batch_norm: _,
            gradient,
            memory: _,
            after_epochs,
        } = self;
        hear(at, Mention::Loop(self));
        for (position, stream) in data.iter().enumerate() {
            stream.visit(&at.key("data").position(position), hear);
        }
        for (position, term) in loss.iter().enumerate() {
            term.visit(&at.key("loss").position(position), hear);
        }
        hear(&at.key("trainable"), Mention::Tensors(trainable));
        gradient.visit(&at.key("gradient"), hear);
        after_epochs.visit(&at.key("after-epochs"), hear);
    }
}

impl Stream {
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        let Self {
            set,
            batch_size: _,
            pairing: _,
            share,
            labels,
            with,
            image_noise: _,
            augment: _,
            without: _,
        } = self;
        Part { set: *set, share: *share, labels: *labels }.visit(at, hear);
        for (position, part) in with.iter().enumerate() {
            part.visit(&at.key("with").position(position), hear);
        }
    }
}

impl Part {
    fn visit(&self, at: &Trail<'_>, hear: &mut Listener<'_, '_>) {
        let Self { set, share, labels } = self;
        hear(&at.key("set"), Mention::Examples { set: *set, share: *share });
        share.visit(&at.key("share"), hear);
        match labels {
            Labels::True
            | Labels::Random
            | Labels::Wrong
            | Labels::SecondBest
            | Labels::Adversarial { epsilon: _ } => {}
        }
    }
}

impl Share {
    fn visit(&self, at: &Trail<'_>, hear: &mut Listener<'_, '_>) {
        match self {
            Self::All | Self::Fraction(_) | Self::Count(_) | Self::ByConfidence { from: _, to: _ } => {}
            Self::SizeOf(set) => hear(&at.key("size-of"), Mention::Name(*set)),
        }
    }
}

impl GradientPlan {
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        let Self { accumulation: _, factors, hold, clip: _ } = self;
        for (position, factor) in factors.iter().enumerate() {
            let at = at.key("factors");
            let at = at.position(position);
            let GradientFactor { tensors, elements, factor: _ } = factor;
            hear(&at.key("tensors"), Mention::Tensors(tensors));
            hear(&at.key("elements"), Mention::Elements(elements));
        }
        if let Some(elements) = hold {
            hear(&at.key("hold"), Mention::Elements(elements));
        }
    }
}

impl AfterEpochs {
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        let Self { noise, stop, rewind } = self;
        for (position, late) in noise.iter().enumerate() {
            let LateNoise { after: _, noise } = late;
            noise.visit(&at.key("noise").position(position).key("noise"), hear);
        }
        if let Some(Stop { on, accuracy: _ }) = stop {
            hear(&at.key("stop").key("on"), whole(*on));
        }
        match rewind {
            Rewind::Off => {}
            Rewind::MatchedValidation => {
                hear(&at.key("rewind"), whole(Set::Forget));
                hear(&at.key("rewind"), whole(Set::Validation));
            }
        }
    }
}
