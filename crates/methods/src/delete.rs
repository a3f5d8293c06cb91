//! DELETE: the original, but without the true class, teaches the forget set.

use sweep_protocol::{
    recipe::{Divergence, Phase, Recipe, Target, Teacher, Term, Train},
    terms::Set,
};

use super::{
    Method, Tier,
    loops::{BATCH_NORM, FORGET_BATCH_SIZE, FORGET_EPOCHS, LR, MOMENTUM, forget, sgd_without_decay},
    parameters,
};

pub(super) const METHOD: Method = Method {
    name: "delete",
    tier: Tier::Two,
    family: "teacher and student",
    about: "Divergence from the original's outputs with the true class masked out, on the forget set alone",
    source: "Zhou et al., Decoupled distillation to erase, CVPR 2025, arXiv:2503.23751; shaaaaron/DELETE `delete.py`, \
             CIFAR-10 and ResNet-18 (faces: lr 5e-5, batches of 64)",
    failure_modes: "made for whole classes: it drives the true class to 0 where retrained models classify most forget \
                    examples rightly",
    parameters: parameters![
        LR.at(1e-4).usual("1e-5 to 1e-2"),
        FORGET_EPOCHS.at(20.0).usual("1 to 20"),
        FORGET_BATCH_SIZE.at(128),
        MOMENTUM,
        BATCH_NORM,
    ],
    recipe: |arguments, _| {
        let target = Target::MaskedTeacher(Teacher::Start);
        let loss = vec![Term::Divergence(Divergence::new(Set::Forget, 1.0, target))];
        let optimizer = sgd_without_decay(arguments, arguments.get(&LR));
        let train = Train::new(forget(arguments), arguments.get(&FORGET_EPOCHS), loss, optimizer);
        Recipe { phases: vec![Phase::Train(Train { batch_norm: arguments.get(&BATCH_NORM), ..train })] }
    },
    ..Method::UNLEARNS
};
