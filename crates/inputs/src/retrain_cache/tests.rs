use std::path::Path;

use proptest::{prop_assert_eq, proptest};

use super::{KEYS, RetrainCache, RetrainCacheError};
use crate::{
    checkpoint::ArchiveProblem,
    npy::{self, Array},
};

const BY_NUMPY: &[u8] = include_bytes!("../../../../tests/fixtures/score/retrain_confs.npz");
const COMPRESSED: &[u8] = include_bytes!("../../../../tests/fixtures/score/retrain_confs_compressed.npz");

fn decoded(bytes: &[u8]) -> Result<RetrainCache, RetrainCacheError> {
    RetrainCache::decode(Path::new("c.npz"), bytes)
}

fn cache() -> RetrainCache {
    RetrainCache {
        confidences: Array { shape: vec![4, 1], values: vec![0.5, 1.5, 2.5, 3.5] },
        retain: vec![99.0, 99.0, 98.0, 98.5],
        test: vec![96.0, 96.0, 97.0, 95.5],
        forget: vec![95.0, 94.0, 96.0, 95.5],
    }
}

/// A stored archive of these arrays under these names.
fn archive(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in entries {
        archive.start_file(*name, stored).expect("a new entry");
        std::io::Write::write_all(&mut archive, bytes).expect("in memory");
    }
    archive.finish().expect("in memory").into_inner()
}

/// The four arrays of two models and one example, `key` replaced by a vector.
fn with(key: &str, values: &[f64]) -> Vec<u8> {
    let array = |name: &str| match name {
        _ if name == key => npy::vector_bytes(values),
        "retrained_confs" => npy::matrix_bytes(&[[1.0], [2.0]]),
        _ => npy::vector_bytes(&[1.0, 2.0]),
    };
    let names = KEYS.map(|name| format!("{name}.npy"));
    let entries: Vec<_> = KEYS.iter().zip(&names).map(|(key, name)| (name.as_str(), array(key))).collect();
    archive(&entries)
}

#[test]
fn what_numpy_saved_is_read() {
    assert_eq!(decoded(BY_NUMPY).expect("numpy's own file"), cache());
}

#[test]
fn what_numpy_compressed_is_refused_with_the_way_out() {
    let refusal = decoded(COMPRESSED).expect_err("a compressed file");
    assert!(matches!(
        refusal,
        RetrainCacheError::Container { problem: ArchiveProblem::Compressed { .. }, .. }
    ));
    assert!(refusal.to_string().contains("save it with `np.savez`, not `np.savez_compressed`"), "{refusal}");
}

proptest! {
    #[test]
    fn a_cache_reads_back(
        (models, examples) in (1_usize..5, 1_usize..5),
        values in proptest::collection::vec(-100.0..100.0_f64, 16),
        percent in proptest::collection::vec(0.0..=100.0_f64, 12),
    ) {
        let side = |nth: usize| percent[nth * 4..][..models].to_vec();
        let values = values[..models * examples].to_vec();
        let confidences = Array { shape: vec![models, examples], values };
        let cache = RetrainCache { confidences, retain: side(0), test: side(1), forget: side(2) };
        prop_assert_eq!(decoded(&cache.to_bytes().expect("a small cache")).expect("its own bytes"), cache);
    }

    #[test]
    fn a_damaged_file_never_panics(at in 0..BY_NUMPY.len(), bit in 0_u8..8) {
        let mut bytes = BY_NUMPY.to_vec();
        bytes[at] ^= 1 << bit;
        // Some bytes (dates, attributes) mean nothing; whatever is read must be what was saved.
        if let Ok(read) = decoded(&bytes) {
            prop_assert_eq!(read, cache());
        }
        prop_assert_eq!(decoded(&BY_NUMPY[..at]).is_err(), true);
    }
}

#[test]
fn missing_and_unknown_arrays_are_named() {
    for key in KEYS {
        let others = KEYS.iter().filter(|other| **other != key);
        let names: Vec<String> = others.map(|other| format!("{other}.npy")).collect();
        let array = |name: &str| match name {
            "retrained_confs.npy" => npy::matrix_bytes(&[[1.0]]),
            _ => npy::vector_bytes(&[1.0]),
        };
        let entries: Vec<_> = names.iter().map(|name| (name.as_str(), array(name))).collect();
        let refusal = decoded(&archive(&entries)).expect_err(key);
        assert!(
            matches!(refusal, RetrainCacheError::Missing { key: named, .. } if named == key),
            "{refusal}"
        );
    }
    let refusal = decoded(&archive(&[("\u{1b}odd.npy", Vec::new())])).expect_err("unknown").to_string();
    assert!(refusal.contains("\\u{1b}odd`") && !refusal.contains('\u{1b}'), "{refusal}");
}

#[test]
fn arrays_that_do_not_fit_together_are_refused_by_name() {
    for (key, values, reason) in [
        (
            "retrained_confs",
            vec![1.0, 2.0],
            "`retrained_confs` in `c.npz` has shape [2], not [models, examples]",
        ),
        ("retrain_test_accs", vec![1.0], "`retrain_test_accs` in `c.npz` has shape [1], not [2]"),
        ("retrain_retain_accs", vec![1.0, 100.5], "has 100.5 for model 1; accuracies are in percent"),
        ("retrain_forget_accs", vec![f64::NAN, 1.0], "has NaN for model 0"),
    ] {
        let refusal = decoded(&with(key, &values)).expect_err(key).to_string();
        assert!(refusal.contains(reason), "{refusal}");
    }
}

/// Four entries over the same bytes would ask for four times the memory.
#[test]
fn entries_that_claim_more_than_the_file_are_refused() {
    let mut bytes = with("retrain_test_accs", &vec![0.5; 1000]);
    let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").expect("a directory");
    for lie in [u32::MAX - 1, bytes.len() as u32] {
        bytes[directory + 20..][..4].copy_from_slice(&lie.to_le_bytes());
        bytes[directory + 24..][..4].copy_from_slice(&lie.to_le_bytes());
        let refusal = decoded(&bytes).expect_err("a lie");
        assert!(
            matches!(refusal, RetrainCacheError::Container { problem: ArchiveProblem::Misplaced { .. }, .. }),
            "{refusal}"
        );
    }
}
