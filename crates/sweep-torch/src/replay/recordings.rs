//! Which registered method each recording is of, and what the recording calls its hyper-parameters and draws.
//!
//! Nothing here says what a method does: the recipe comes from the registry. A recorded hyper-parameter that isn't
//! named here is the method's parameter of the same name, with hyphens for underscores.

use Source::{AtBatchOf64, BuiltIn, Each, Last, Length, Of, ShareOfRetain, Training, Word};

/// What a recorded hyper-parameter is to the registered method.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// The value of a parameter.
    Of(&'static str),
    /// The word of a parameter; words that aren't named differ by hyphens alone.
    Word(&'static str, &'static [(&'static str, &'static str)]),
    /// The values of these parameters, one after the other.
    Each(&'static [&'static str]),
    /// A list whose last value is the parameter's.
    Last(&'static str),
    /// A list whose length is the parameter's value.
    Length(&'static str),
    /// A learning rate that was scaled with the batch size; the parameter is that of batches of 64.
    AtBatchOf64(&'static str),
    /// So many retain examples; the parameter is their share.
    ShareOfRetain(&'static str),
    /// A setting of the training recipe.
    Training,
    /// What the method does anyway, as JSON; another value can't be replayed.
    BuiltIn(&'static str),
}

/// What a recorded tensor was drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Drawn {
    Reinit,
    Noise,
    LateNoise,
}

/// One recorded method.
#[derive(Debug)]
pub(super) struct Recording {
    /// Its name in the recording.
    pub(super) name: &'static str,
    /// Its name in the registry.
    pub(super) method: &'static str,
    /// Recorded hyper-parameters with another name or form.
    pub(super) hyper: &'static [(&'static str, Source)],
    /// Words of the method that the recording takes for granted.
    pub(super) set: &'static [(&'static str, &'static str)],
    /// Lists of batches that aren't called after their set, by phase and stream.
    pub(super) lists: &'static [((usize, usize), &'static str)],
    /// The list of examples that are drawn once.
    pub(super) sample: &'static str,
    /// Tensors with unusual names, by phase; `{key}` stands for the parameter.
    pub(super) tensors: &'static [((usize, Drawn), &'static str)],
}

const fn of(name: &'static str, method: &'static str) -> Recording {
    Recording { name, method, hyper: &[], set: &[], lists: &[], sample: "", tensors: &[] }
}

const ADAM: (&str, Source) = ("optimiser", BuiltIn("\"adam\""));
const FROZEN: (&str, Source) = ("bn", BuiltIn("\"frozen\""));
const CFW: &[(&str, Source)] =
    &[("start_sigma", Of("noise")), ("final_sigma", Of("last-noise")), ("weighting", Word("weighting", &[]))];
const CFW_NOISE: &[((usize, Drawn), &str)] =
    &[((0, Drawn::Noise), "rand.noise1"), ((1, Drawn::LateNoise), "rand.noise2")];
/// At half of the epochs; what comes later than the last epoch changes nothing.
const MILESTONES: &[(&str, Source)] = &[("milestones", BuiltIn("[1]"))];
const DAMPENING: &[(&str, Source)] = &[("lam", Of("lambda")), FROZEN];
const IMPORTANCES: &[((usize, usize), &str)] = &[((0, 0), "importance_forget"), ((0, 1), "importance_train")];
const IU: &[(&str, Source)] = &[FROZEN, ("inverse", Word("inverse", &[]))];
const IU_LISTS: &[((usize, usize), &str)] = &[((0, 0), "forget"), ((0, 1), "retain")];
const IU_SAMPLE: &str = "woodfisher_samples";
const JIT: &[(&str, Source)] =
    &[("sigma", Of("image-noise")), ("zero_grad", Word("zero-grad", &[("accumulate", "as-published")]))];
const SCRUB: [(&str, Source); 3] = [
    ("msteps", Of("forget-epochs")),
    ("lr_decay_after", Each(&["lr-decay-after"])),
    ("optimiser", Word("optimizer", &[])),
];

/// Every recording that can be replayed, in alphabetical order.
pub(super) const RECORDINGS: &[Recording] = &[
    Recording { hyper: &[ADAM], sample: "retain_subset", ..of("bad_teacher", "bad-teacher") },
    Recording { lists: &[((0, 0), "forget_kept")], ..of("boundary_shrink", "boundary-shrink") },
    Recording { hyper: MILESTONES, ..of("cfk", "cf-k") },
    Recording { hyper: CFW, tensors: CFW_NOISE, ..of("cfw", "cfw") },
    Recording { hyper: CFW, tensors: CFW_NOISE, ..of("cfw_per_sample", "cfw") },
    of("ct", "ct"),
    Recording { hyper: &[("weight_decay", BuiltIn("0.0"))], ..of("delete", "delete") },
    Recording { hyper: MILESTONES, ..of("euk", "eu-k") },
    Recording {
        hyper: &[("stage1_lr", Of("first-lr")), ("retain_lr", AtBatchOf64("retain-lr"))],
        lists: &[((0, 0), "stage1_forget"), ((1, 1), "zip_retain")],
        ..of("fcs", "fcs")
    },
    of("finetune", "finetune"),
    Recording {
        hyper: &[FROZEN],
        lists: &[((0, 0), "fisher_retain")],
        tensors: &[((0, Drawn::Noise), "rand.noise.{key}")],
        ..of("fisher", "fisher")
    },
    Recording {
        hyper: &[
            ("cycle_epochs", Length("cycles")),
            ("cycle_lrs", Last("lr")),
            ("t_max", BuiltIn("2")),
            ("layers_per_cycle", Of("layers")),
            ("sigma", Of("image-noise")),
            ("retain_examples", ShareOfRetain("retain-share")),
        ],
        set: &[("algorithm", "a"), ("first-cycle", "half-lr")],
        sample: "retain_subset",
        tensors: &[
            ((0, Drawn::Reinit), "rand.reinit.cycle0.{key}"),
            ((2, Drawn::Reinit), "rand.reinit.cycle1.{key}"),
        ],
        ..of("forget_set_free", "forget-set-free")
    },
    of("gradient_ascent", "gradient-ascent"),
    Recording { hyper: IU, lists: IU_LISTS, sample: IU_SAMPLE, ..of("iu", "iu") },
    Recording { hyper: IU, lists: IU_LISTS, sample: IU_SAMPLE, ..of("iu_conjugate", "iu") },
    Recording { hyper: IU, lists: IU_LISTS, sample: IU_SAMPLE, ..of("iu_diagonal", "iu") },
    Recording { hyper: IU, lists: IU_LISTS, sample: IU_SAMPLE, ..of("iu_woodfisher", "iu") },
    Recording { hyper: JIT, ..of("jit", "jit") },
    Recording { hyper: JIT, ..of("jit_accumulate", "jit") },
    Recording {
        hyper: &[("warmup_epochs", Of("warm-up-epochs")), ("warmup_lr", Of("warm-up-lr"))],
        ..of("kde", "kde")
    },
    Recording { hyper: &[("epochs_no_l1", Of("epochs-without-l1"))], ..of("l1_sparse", "l1-sparse") },
    Recording { hyper: DAMPENING, lists: IMPORTANCES, ..of("lfssd", "lfssd") },
    Recording {
        hyper: &[("batch_forget", Of("score-batch-size")), ("score_bn", Word("score-batch-norm", &[]))],
        lists: &[((0, 0), "score_retain"), ((0, 1), "score_forget")],
        sample: "score_sample",
        ..of("msg", "msg")
    },
    Recording { lists: &[((0, 1), "forget_passes")], ..of("neggrad_plus", "neggrad-plus") },
    Recording {
        lists: &[((0, 0), "copy0"), ((0, 1), "copy1"), ((0, 2), "copy2")],
        ..of("negmerge", "negmerge")
    },
    of("prmq", "prmq"),
    of("random_labels", "random-labels"),
    Recording { set: &[("variant", "mixed")], ..of("random_labels_concat", "random-labels") },
    Recording { hyper: &[ADAM], set: &[("draw", "each-alone")], ..of("random_mask", "random-mask") },
    Recording {
        hyper: &[("optimiser", Training), ("epochs", Training), ("lr", Training), ("weight_decay", Training)],
        ..of("retrain", "retrain")
    },
    Recording {
        hyper: &[
            ("optimiser", Training),
            ("epochs", Training),
            ("lr", Training),
            ("weight_decay", Training),
            ("crop", Training),
            ("flip", Training),
        ],
        ..of("retrain_augmented", "retrain")
    },
    Recording {
        hyper: &[("n_layers", Of("layers")), ("sigma", Of("noise")), ("fine_lrs", Each(&["lr", "last-lr"]))],
        set: &[],
        tensors: &[((2, Drawn::Noise), "rand.noise.epoch1.{key}")],
        ..of("rni", "rni")
    },
    Recording { lists: &[((0, 0), "mask_forget")], ..of("rum", "rum") },
    Recording { lists: &[((0, 0), "mask_forget")], ..of("salun", "salun") },
    Recording {
        hyper: &[SCRUB[0], SCRUB[1], SCRUB[2], ("rewind", BuiltIn("false"))],
        ..of("scrub", "scrub")
    },
    Recording {
        hyper: &[SCRUB[0], SCRUB[1], SCRUB[2], ("rewind", BuiltIn("true"))],
        ..of("scrub_rewind", "scrub-r")
    },
    Recording {
        hyper: &[("freq", Of("every")), ("a", Of("ascent")), ("max_norm", Of("clip"))],
        lists: &[
            ((0, 0), "mask_forget"),
            ((0, 1), "mask_retain"),
            ((1, 0), "forget_passes"),
            ((1, 1), "retain_passes"),
        ],
        ..of("sfron", "sfron")
    },
    Recording { hyper: DAMPENING, lists: IMPORTANCES, ..of("ssd", "ssd") },
    Recording { hyper: DAMPENING, lists: IMPORTANCES, ..of("ssd_equal", "ssd") },
];
