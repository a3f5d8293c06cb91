//! What `PyTorch` draws on a CPU, drawn again: for splits that others made with it, never for chance of ours.

/// The generator MT19937 (Matsumoto and Nishimura, 1998).
#[derive(Debug, Clone)]
struct MersenneTwister {
    state: [u32; WORDS],
    next: usize,
}

const WORDS: usize = 624;
const SHIFT: usize = 397;

impl MersenneTwister {
    fn of_seed(seed: u32) -> Self {
        let mut state = [seed; WORDS];
        for at in 1..WORDS {
            let before = state[at - 1];
            state[at] = (before ^ (before >> 30)).wrapping_mul(1_812_433_253).wrapping_add(at as u32);
        }
        Self { state, next: WORDS }
    }

    fn twist(&mut self) {
        for at in 0..WORDS {
            let bits = (self.state[at] & 0x8000_0000) | (self.state[(at + 1) % WORDS] & 0x7fff_ffff);
            let odd = if bits & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[at] = self.state[(at + SHIFT) % WORDS] ^ (bits >> 1) ^ odd;
        }
        self.next = 0;
    }

    fn bits(&mut self) -> u32 {
        if self.next == WORDS {
            self.twist();
        }
        let mut bits = self.state[self.next];
        self.next += 1;
        bits ^= bits >> 11;
        bits ^= (bits << 7) & 0x9d2c_5680;
        bits ^= (bits << 15) & 0xefc6_0000;
        bits ^ (bits >> 18)
    }
}

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

    use super::{MersenneTwister, randperm};

    #[test]
    fn the_generator_gives_the_reference_s_10_000th_number() {
        // What the C++ standard asks of mt19937, and the first numbers of seed 42 from NumPy.
        let mut twister = MersenneTwister::of_seed(5489);
        assert_eq!((0..10_000).map(|_| twister.bits()).last(), Some(4_123_659_995));
        let mut twister = MersenneTwister::of_seed(42);
        assert_eq!([(); 3].map(|()| twister.bits()), [1_608_637_542, 3_421_126_067, 4_083_286_876]);
    }

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
