//! The interpreter against trajectories that an independent PyTorch implementation recorded.
//!
//! One test per recorded method, so that one can be run alone (`cargo test -p sweep-torch --test golden salun`), and
//! one that refuses a recording without a test.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use sweep_torch::replay::replay;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/golden")
}

fn agrees(method: &str) {
    tch::set_num_threads(1);
    let agreement = replay(&folder().join(method).with_extension("json")).expect("a recorded trajectory");
    assert!(agreement.holds(), "{agreement:#?}");
}

macro_rules! recorded {
    ($($method:ident),+ $(,)?) => {
        const TESTED: &[&str] = &[$(stringify!($method)),+];

        mod agrees_with {
            $(
                #[test]
                fn $method() {
                    super::agrees(stringify!($method));
                }
            )+
        }
    };
}

recorded!(
    bad_teacher,
    boundary_shrink,
    cfk,
    cfw,
    cfw_per_sample,
    ct,
    delete,
    euk,
    fcs,
    finetune,
    fisher,
    forget_set_free,
    gradient_ascent,
    iu,
    iu_conjugate,
    iu_diagonal,
    iu_woodfisher,
    jit,
    jit_accumulate,
    kde,
    l1_sparse,
    lfssd,
    msg,
    neggrad_plus,
    negmerge,
    prmq,
    random_labels,
    random_labels_concat,
    random_mask,
    retrain,
    retrain_augmented,
    rni,
    rum,
    salun,
    scrub,
    scrub_rewind,
    sfron,
    ssd,
    ssd_equal,
);

#[test]
fn every_recording_has_its_test() {
    let recorded: BTreeSet<String> = fs::read_dir(folder())
        .expect("the recordings are there")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().expect("a file has a name").to_string_lossy().into_owned())
        .collect();
    let tested: BTreeSet<String> = TESTED.iter().map(|&method| method.to_owned()).collect();
    assert_eq!(recorded, tested);
}
