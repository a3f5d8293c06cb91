//! The generator behind the draws of `PyTorch` on a CPU and of NumPy's `RandomState`.

/// The generator MT19937 (Matsumoto and Nishimura, 1998).
#[derive(Debug, Clone)]
pub(crate) struct MersenneTwister {
    state: [u32; WORDS],
    next: usize,
}

const WORDS: usize = 624;
const SHIFT: usize = 397;

impl MersenneTwister {
    pub(crate) fn of_seed(seed: u32) -> Self {
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

    pub(crate) fn bits(&mut self) -> u32 {
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

#[cfg(test)]
mod tests {
    use super::MersenneTwister;

    #[test]
    fn the_generator_gives_the_reference_s_10_000th_number() {
        // What the C++ standard asks of mt19937, and the first numbers of seed 42 from NumPy.
        let mut twister = MersenneTwister::of_seed(5489);
        assert_eq!((0..10_000).map(|_| twister.bits()).last(), Some(4_123_659_995));
        let mut twister = MersenneTwister::of_seed(42);
        assert_eq!([(); 3].map(|()| twister.bits()), [1_608_637_542, 3_421_126_067, 4_083_286_876]);
    }
}
