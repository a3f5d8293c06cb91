use std::path::Path;

use sweep_disk::{Disk, OsDisk};

use super::{Verdict, engine, existing, storage};
use crate::{
    gpu::{Gpu, Memory, NoGpu},
    session::Findings,
};

#[test]
fn a_place_that_can_be_written_to_is_tried_out_and_left_as_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let findings = storage::examine(&OsDisk, folder.path());
    for what in ["results", "locks", "commit", "free space"] {
        let finding =
            findings.iter().find(|finding| finding.what == what).unwrap_or_else(|| panic!("{what}"));
        assert_ne!(finding.verdict, Verdict::Fail, "{finding:?}");
    }
    assert!(OsDisk.list(folder.path()).expect("a folder").is_empty(), "nothing is left behind");
}

#[test]
fn a_place_that_can_not_be_written_to_fails_with_the_way_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let missing = folder.path().join("missing");
    let findings = storage::examine(&OsDisk, &missing);
    let failed = findings.iter().find(|finding| finding.what == "writing").expect("it was tried");
    assert!(failed.verdict == Verdict::Fail && failed.way_out.is_some(), "{failed:?}");
    assert!(failed.line().contains("\n      → "), "{}", failed.line());
}

#[test]
fn a_folder_that_is_not_there_is_judged_by_the_one_above() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(existing(&folder.path().join("a/b/c")), folder.path());
    assert_eq!(existing(Path::new("no-such-folder/x")), Path::new("."));
}

#[test]
fn every_gpu_is_named_and_one_that_is_not_there_says_why() {
    let gpu = |number, used| Gpu {
        number,
        uuid: format!("GPU-{number}"),
        model: "NVIDIA H200".to_owned(),
        driver: "570.86.10".to_owned(),
        memory: Some(Memory { total: 143_771, used }),
    };
    let works = Findings {
        torch: "2.11.0".to_owned(),
        libtorch: None,
        processor: "a processor".to_owned(),
        gpus: 2,
        cuda_problem: None,
    };
    let lines = |gpus: Result<_, _>, torch| {
        let findings = engine::examine_gpus(&gpus, Some(torch));
        findings.iter().map(super::Finding::line).collect::<Vec<_>>()
    };
    let both = lines(Ok(vec![gpu(0, 4), gpu(1, 90_000)]), &works);
    assert!(
        both[0].starts_with("ok    GPU") && both[0].contains("cuda:0, NVIDIA H200, 140.4 GiB"),
        "{both:?}"
    );
    assert!(both[0].contains("driver 570.86.10"), "{both:?}");
    assert!(both[1].starts_with("warn  GPU") && both[1].contains("another program fills it"), "{both:?}");
    let without = Findings { cuda_problem: Some("no libtorch_cuda.so".to_owned()), ..works.clone() };
    let last = lines(Ok(vec![gpu(0, 4)]), &without).pop().expect("two lines");
    assert!(last.starts_with("FAIL  CUDA") && last.contains("scripts/setup-libtorch --cuda"), "{last}");
    let none = lines(Err(NoGpu::NoDriver), &without);
    assert!(none.len() == 1 && none[0].contains("no GPU: the driver isn't there"), "{none:?}");
}
