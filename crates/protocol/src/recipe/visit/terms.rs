//! What the terms of a loss name.

use super::{
    super::{
        ClassWeight, Contrast, CrossEntropy, Distance, Divergence, LipschitzBound, Penalty, SoftCrossEntropy,
        Term, Trail,
    },
    Listener, Mention, whole,
};
use crate::terms::Set;

/// What terms on examples have in common.
#[derive(Clone, Copy)]
struct Common {
    on: Set,
    members: Option<Set>,
    weight: f64,
}

impl Common {
    fn visit(self, at: &Trail<'_>, hear: &mut Listener<'_, '_>) {
        hear(&at.key("on"), Mention::Name(self.on));
        if let Some(members) = self.members {
            hear(&at.key("members"), Mention::Name(members));
        }
        hear(&at.key("weight"), Mention::Number(self.weight));
    }
}

impl Term {
    pub(super) fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        match self {
            Self::CrossEntropy(term) => term.visit(&at.key("cross-entropy"), hear),
            Self::Divergence(Divergence {
                on,
                weight,
                target: _,
                temperature: _,
                scale: _,
                reduction: _,
                direction: _,
                members,
                weight_schedule: _,
            }) => {
                let common = Common { on: *on, members: *members, weight: *weight };
                common.visit(&at.key("divergence"), hear);
            }
            Self::SoftCrossEntropy(SoftCrossEntropy {
                on,
                weight,
                teacher: _,
                temperature: _,
                members,
                weight_schedule: _,
            }) => {
                let common = Common { on: *on, members: *members, weight: *weight };
                common.visit(&at.key("soft-cross-entropy"), hear);
            }
            Self::LogitDistance(distance) => distance.visit(&at.key("logit-distance"), hear),
            Self::EntropyDistance(distance) => distance.visit(&at.key("entropy-distance"), hear),
            Self::Contrast(Contrast { on, against, weight, temperature: _, weight_schedule: _ }) => {
                let at = at.key("contrast");
                Common { on: *on, members: None, weight: *weight }.visit(&at, hear);
                hear(&at.key("against"), Mention::Name(*against));
            }
            Self::Lipschitz(LipschitzBound { on, weight, copies: _, std: _, weight_schedule: _ }) => {
                Common { on: *on, members: None, weight: *weight }.visit(&at.key("lipschitz"), hear);
            }
            Self::L1(penalty) => penalty.visit(&at.key("l1"), hear),
            Self::L2(penalty) => penalty.visit(&at.key("l2"), hear),
        }
    }
}

impl CrossEntropy {
    fn visit(&self, at: &Trail<'_>, hear: &mut Listener<'_, '_>) {
        let Self { on, weight, class_weight, averaging: _, members, weight_schedule: _ } = self;
        Common { on: *on, members: *members, weight: *weight }.visit(at, hear);
        let at = at.key("class-weight");
        match class_weight {
            ClassWeight::None | ClassWeight::Others(_) => {}
            ClassWeight::Inverse => hear(&at, Mention::ClassCounts),
            ClassWeight::Power { counts, power: _ } => hear(&at.key("power").key("counts"), whole(*counts)),
        }
    }
}

impl Distance {
    fn visit(&self, at: &Trail<'_>, hear: &mut Listener<'_, '_>) {
        let Self { on, weight, teacher: _, members, weight_schedule: _ } = self;
        Common { on: *on, members: *members, weight: *weight }.visit(at, hear);
    }
}

impl Penalty {
    fn visit<'r>(&'r self, at: &Trail<'_>, hear: &mut Listener<'_, 'r>) {
        let Self { weight, tensors, toward: _, weight_schedule: _ } = self;
        hear(&at.key("weight"), Mention::Number(*weight));
        hear(&at.key("tensors"), Mention::Tensors(tensors));
    }
}
