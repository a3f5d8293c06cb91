//! What `PyTorch` draws on a CPU, drawn again: for splits that others made with it, never for chance of ours.

use crate::mersenne_twister::MersenneTwister;

/// `torch.randperm(count, generator=torch.Generator().manual_seed(seed))` on a CPU, for fewer than 214,748,364 numbers: beyond,
/// `PyTorch` draws otherwise. Of the seed only the low 32 bits matter.
///
/// Source: `randperm_cpu` in ATen/native/TensorFactories.cpp of `PyTorch` 2.11.
pub fn randperm(count: usize, seed: u64) -> Vec<usize> {
    let mut twister = MersenneTwister::of_seed(seed as u32);
    let mut numbers: Vec<usize> = (0..count).collect();
    for at in 0..count.saturating_sub(1) {
        numbers.swap(at, at + twister.bits() as usize % (count - at));
    }
    numbers
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::randperm;

    #[test]
    fn permutations_are_those_of_pytorch() {
        let recorded: serde_json::Value =
            serde_json::from_str(include_str!("../tests/fixtures/randperm.json")).expect("JSON");
        let cases = recorded["cases"].as_array().expect("cases");
        assert_eq!(cases.len(), 25);
        for case in cases {
            let [seed, count] = ["seed", "n"].map(|key| case[key].as_u64().expect("a number"));
            let bytes: Vec<u8> = randperm(count as usize, seed)
                .into_iter()
                .flat_map(|number| (number as i64).to_le_bytes())
                .collect();
            let hash = format!("{:x}", Sha256::digest(&bytes));
            assert_eq!(hash, case["sha256"], "{count} numbers of seed {seed}");
        }
        assert!(randperm(0, 1).is_empty());
    }
}
