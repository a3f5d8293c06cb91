use std::fs;

use sweep_protocol::terms::Set;

use super::{division, fixtures, load, write};
use crate::{Cifar, HeldOut, ImportError, cifar};

const FORMS: [(Cifar, usize, [&str; 2]); 3] = [
    (Cifar::Ten, 10, ["cifar-10-batches-bin", "cifar-10-batches-py"]),
    (Cifar::Hundred, 100, ["cifar-100-binary", "cifar-100-python"]),
    (Cifar::HundredCoarse, 20, ["cifar-100-binary", "cifar-100-python"]),
];

/// The recorded images have too few labels for every class; what is compared is what was read of them.
#[test]
fn both_forms_hold_the_same_images_and_labels() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (which, classes, forms) in FORMS {
        let read = forms.map(|form| {
            let from = fixtures().join(form);
            let mut seen = Vec::new();
            crate::cifar::each(which, &from, &mut |label, planes| seen.push((label, planes.to_vec())))
                .expect(form);
            seen
        });
        assert_eq!(read[0], read[1], "{which:?}");
        assert!(read[0].iter().all(|(label, planes)| (*label as usize) < classes && planes.len() == 3072));
        assert_eq!(read[0].len(), if classes == 10 { 120 } else { 40 });
    }
    // The first record, byte by byte.
    let file = fs::read(fixtures().join("cifar-100-binary/train.bin")).expect("recorded");
    let mut first = None;
    crate::cifar::each(Cifar::Hundred, &fixtures().join("cifar-100-binary"), &mut |label, planes| {
        first.get_or_insert((label, planes.to_vec()));
    })
    .expect("recorded");
    assert_eq!(first, Some((u32::from(file[1]), file[2..3074].to_vec())));
    let out = folder.path().join("out");
    let error = cifar(Cifar::Hundred, &fixtures().join("cifar-100-binary"), &out, &division(), &|_, _| {});
    assert!(matches!(error, Err(ImportError::MissingClass { .. })), "{error:?}");
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0, "nothing is left behind");
}

/// CIFAR-10's test set is divided as the starting kit divides it, here with 10,000 images of noise.
#[test]
fn the_starting_kits_split_is_repeated() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = |row: usize| {
        let mut record = vec![row as u8; 3073];
        record[0] = (row % 10) as u8;
        record[1..5].copy_from_slice(&(row as u32).to_le_bytes());
        record
    };
    for batch in 1..=5 {
        let rows: Vec<u8> = (0..20).flat_map(record).collect();
        write(&folder.path().join(format!("in/data_batch_{batch}.bin")), rows);
    }
    let tests: Vec<u8> = (0..10_000).flat_map(record).collect();
    write(&folder.path().join("in/test_batch.bin"), tests);
    let division = crate::Division { held_out: HeldOut::StartingKit, ..division() };
    let out = folder.path().join("out");
    let summary = cifar(Cifar::Ten, &folder.path().join("in"), &out, &division, &|_, _| {}).expect("sound");
    let sizes = summary.sizes;
    assert_eq!((sizes.retain, sizes.forget, sizes.validation, sizes.test), (90, 10, 5_000, Some(5_000)));

    let recorded: serde_json::Value =
        serde_json::from_slice(&fs::read(fixtures().join("starting_kit_split.json")).expect("recorded"))
            .expect("JSON");
    let data = load(&out, 10, 32);
    for (set, name) in [(Set::Test, "test"), (Set::Validation, "validation")] {
        let positions: Vec<u64> = data
            .images(set)
            .chunks_exact(3072)
            .map(|image| u64::from(u32::from_le_bytes([image[0], image[1], image[2], image[3]])))
            .collect();
        assert_eq!(Some(positions.iter().sum::<u64>()), recorded[name]["sum"].as_u64(), "{name}");
        for position in recorded[name]["first"].as_array().expect("a list") {
            assert!(positions.contains(&position.as_u64().expect("a number")), "{name}: {position}");
        }
    }
    let few =
        cifar(Cifar::Ten, &fixtures().join("cifar-10-batches-bin"), &out.join("x"), &division, &|_, _| {});
    assert!(matches!(few, Err(ImportError::NotTheKits { tests: 20 })), "{few:?}");
}

#[test]
fn damaged_files_are_refused_with_their_place() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = fixtures().join("cifar-10-batches-bin");
    for entry in fs::read_dir(&source).expect("recorded") {
        let entry = entry.expect("readable");
        write(&folder.path().join(entry.file_name()), fs::read(entry.path()).expect("recorded"));
    }
    let path = folder.path().join("data_batch_3.bin");
    let sound = fs::read(&path).expect("just written");
    let refusal = |bytes: &[u8]| {
        write(&path, bytes);
        crate::cifar::each(Cifar::Ten, folder.path(), &mut |_, _| {}).expect_err("damaged").to_string()
    };
    for bytes in [&sound[..sound.len() - 1], &[&sound[..], &[0]].concat(), &sound[..1]] {
        let refusal = refusal(bytes);
        assert!(refusal.contains("data_batch_3.bin` has") && refusal.contains("3073"), "{refusal}");
    }
    let mut label = sound.clone();
    label[3073 * 7] = 10;
    let refusal = refusal(&label);
    assert!(refusal.contains("data_batch_3.bin`, row 7: label 10 is not below 10"), "{refusal}");
    fs::remove_file(&path).expect("just written");
    let absent = crate::cifar::each(Cifar::Ten, folder.path(), &mut |_, _| {}).expect_err("absent");
    assert!(matches!(absent, ImportError::Absent { .. }), "{absent}");
}
