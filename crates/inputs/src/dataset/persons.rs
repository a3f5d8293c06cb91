//! Whom the training images show, and who is left out of the training of a network that learns from the others.

use std::{collections::BTreeSet, num::NonZeroU32};

use sweep_chance::Chance;
use sweep_protocol::terms::{ContentHash, Seed};

use super::Example;

/// Names the encoding of the names; a change of it asks for a new name.
const NAMES: &str = "sweep 2026-11 persons of the training images";

/// Names the draw; a change of it asks for a new name.
const DRAW: &str = "sweep 2026-11 parts of the persons";

/// Whom each training image shows, in the order of the retain set and then of the forget set. Where a data set names no
/// persons, each image stands for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Persons(Vec<Box<str>>);

impl Persons {
    /// Of the training set's examples.
    pub fn of(training: &[Example]) -> Self {
        let name = |example: &Example| {
            let person = example.person.as_ref().map(super::PersonId::as_str);
            person.unwrap_or(example.image.as_str()).into()
        };
        Self(training.iter().map(name).collect())
    }

    /// Those with these names, one for each training image.
    pub fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.iter().collect::<BTreeSet<_>>().len()
    }

    /// BLAKE3 of the names, image by image.
    pub fn hash(&self) -> ContentHash {
        let mut hasher = blake3::Hasher::new_derive_key(NAMES);
        for name in &self.0 {
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name.as_bytes());
        }
        ContentHash::from(*hasher.finalize().as_bytes())
    }

    /// Which training images the network with this seed never sees. Seeds k · `folds` to k · `folds` + `folds` − 1 share one
    /// division of the persons at random into as many parts, of which each leaves out one: so every person is left out once.
    /// The order of the images has no part in it.
    pub fn left_out(&self, seed: Seed, folds: NonZeroU32) -> Vec<bool> {
        let folds = u64::from(folds.get());
        let (block, part) = (seed.0 / folds, seed.0 % folds);
        let names: BTreeSet<&str> = self.0.iter().map(AsRef::as_ref).collect();
        let mut order: Vec<&str> = names.into_iter().collect();
        Chance::of_purpose(DRAW, &[&block.to_le_bytes(), &folds.to_le_bytes()]).shuffle(&mut order);
        let count = order.len() as u64;
        let of = |place: usize| (place as u64 * folds) / count;
        let out: BTreeSet<&str> =
            order.iter().enumerate().filter(|(place, _)| of(*place) == part).map(|(_, name)| *name).collect();
        self.0.iter().map(|name| out.contains(name.as_ref())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{BTreeSet, NonZeroU32, Persons, Seed};

    /// 20 persons of one to four images each.
    fn persons() -> Persons {
        let names: Vec<String> =
            (0..20).flat_map(|person| (0..=person % 4).map(move |_| format!("p{person}"))).collect();
        Persons::named(names.iter().map(String::as_str))
    }

    fn folds(folds: u32) -> NonZeroU32 {
        NonZeroU32::new(folds).expect("not 0")
    }

    #[test]
    fn a_block_leaves_out_every_person_once_and_whole() {
        let persons = persons();
        for block in [0, 1, 700] {
            let mut times = vec![0; persons.0.len()];
            for seed in block * 6..block * 6 + 6 {
                let out = persons.left_out(Seed(seed), folds(6));
                let of = |left_out: bool| -> BTreeSet<&str> {
                    let chosen = persons.0.iter().zip(&out).filter(|(_, out)| **out == left_out);
                    chosen.map(|(name, _)| name.as_ref()).collect()
                };
                assert!(of(true).is_disjoint(&of(false)), "a person is in or out with all images");
                assert!((3..=4).contains(&of(true).len()), "20 persons in 6 parts");
                times.iter_mut().zip(&out).for_each(|(times, out)| *times += i32::from(*out));
            }
            assert!(times.iter().all(|times| *times == 1), "{times:?}");
        }
    }

    #[test]
    fn blocks_divide_anew_and_the_order_of_images_does_not_matter() {
        let persons = persons();
        let out = persons.left_out(Seed(0), folds(6));
        assert_eq!(out, persons.left_out(Seed(0), folds(6)));
        assert_ne!(out, persons.left_out(Seed(6), folds(6)));
        let mut turned = persons.clone();
        turned.0.reverse();
        let mut again = turned.left_out(Seed(0), folds(6));
        again.reverse();
        assert_eq!(out, again);
        assert_ne!(turned.hash(), persons.hash(), "the hash is of persons image by image");
    }
}
