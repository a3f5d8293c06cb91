//! How one input becomes another.

use sweep_chance::Chance;

/// Longest input, in bytes.
const LONGEST: usize = 256 << 10;

/// Values at which sizes, signs and counts break.
const EDGES: [u64; 16] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_fff8,
    u64::MAX,
];

/// Draws everything that is random about one input.
pub(super) struct Dice(Chance);

impl Dice {
    pub(super) fn of(name: &str, number: u64) -> Self {
        let name =
            name.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte));
        Self(Chance::of_seed(name ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// Below `end`, which must not be 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0.below(end as u64) as usize
    }

    pub(super) fn one_of<'a, T: ?Sized>(&mut self, things: &[&'a T]) -> &'a T {
        things[self.below(things.len())]
    }

    /// A place in `bytes`, its end included.
    fn place(&mut self, bytes: &[u8]) -> usize {
        self.below(bytes.len() + 1)
    }

    /// A part of `bytes`, mostly a short one.
    fn part(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.place(bytes);
        let most = if self.below(8) == 0 { bytes.len() } else { 16 };
        start..(start + self.below(most + 1)).min(bytes.len())
    }
}

/// One to eight changes, mostly few, or now and then words in no order at all.
pub(super) fn mutated(dice: &mut Dice, corpus: &[Vec<u8>], words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if dice.below(32) == 0 && !words.is_empty() {
        for _ in 0..dice.below(64) {
            bytes.extend_from_slice(dice.one_of(words));
        }
    } else {
        bytes.clone_from(&corpus[dice.below(corpus.len())]);
    }
    let most = dice.below(8) + 1;
    for _ in 0..=dice.below(most) {
        change(dice, &mut bytes, corpus, words);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(dice: &mut Dice, bytes: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&[u8]]) {
    let part = dice.part(bytes);
    let inserted: Vec<u8> = match dice.below(10) {
        0 if !bytes.is_empty() => {
            let at = dice.below(bytes.len());
            bytes[at] ^= 1 << dice.below(8);
            return;
        }
        1 if !bytes.is_empty() => {
            let at = dice.below(bytes.len());
            bytes[at] = dice.below(256) as u8;
            return;
        }
        2 => {
            edge(dice, bytes);
            return;
        }
        3 => Vec::new(),
        4 => bytes[part.clone()].repeat(dice.below(4) + 1),
        5 => {
            let most = if dice.below(64) == 0 { 4096 } else { 16 };
            bytes[part.clone()].repeat(dice.below(most))
        }
        6 => {
            let other = &corpus[dice.below(corpus.len())];
            other[dice.part(other)].to_vec()
        }
        7 if dice.below(4) == 0 => {
            bytes.truncate(part.start);
            return;
        }
        8 => (0..dice.below(9)).map(|_| dice.below(256) as u8).collect(),
        _ if !words.is_empty() => dice.one_of(words).to_vec(),
        _ => vec![0; dice.below(9)],
    };
    // As often in place of something as between two things.
    let end = if dice.below(2) == 0 { part.start } else { part.end };
    bytes.splice(part.start..end, inserted);
}

/// Writes an edge over what is there, in either byte order, or as digits.
fn edge(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let value = EDGES[dice.below(EDGES.len())];
    let width = [1, 2, 4, 8][dice.below(4)];
    let at = dice.place(bytes);
    let end = (at + width).min(bytes.len());
    let written = match dice.below(3) {
        0 => value.to_le_bytes()[..width].to_vec(),
        1 => value.to_be_bytes()[8 - width..].to_vec(),
        _ => value.to_string().into_bytes(),
    };
    bytes.splice(at..end, written);
}
