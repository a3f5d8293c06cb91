//! Which photo goes into which set, and who is forgotten.

use sweep_protocol::terms::Set;

use super::{
    dice::{Dice, Stream},
    population::{CLASSES, Photo},
};

/// Share of each class that goes into the validation set, and again into the test set.
const HELD_OUT: f32 = 0.1;

/// Share of the training images to forget.
const FORGOTTEN: f32 = 0.02;

/// Difficulty: share of the forget set that is of the youngest class; the rest is spread over all others. In the
/// challenge nearly all of it is, and nothing would be left to forget: such photos are recognised unseen.
const FORGOTTEN_OF_THE_YOUNGEST: f32 = 0.5;

/// The set of each photo: retain, forget, validation or test.
pub(super) fn draw(seed: u64, photos: &[Photo]) -> Vec<Set> {
    let mut dice = Dice::new(seed, Stream::Split);
    let mut sets = vec![Set::Retain; photos.len()];
    for class in 0..CLASSES {
        let mut members: Vec<usize> =
            (0..photos.len()).filter(|&index| photos[index].class == class).collect();
        dice.shuffle(&mut members);
        let held_out = ((members.len() as f32 * HELD_OUT).round() as usize).max(1);
        members.iter().take(held_out).for_each(|&index| sets[index] = Set::Validation);
        members.iter().skip(held_out).take(held_out).for_each(|&index| sets[index] = Set::Test);
    }
    for person in forgotten_persons(photos, &sets, &mut dice) {
        for (photo, set) in photos.iter().zip(&mut sets) {
            if photo.person == person && *set == Set::Retain {
                *set = Set::Forget;
            }
        }
    }
    sets
}

/// Whole persons, until the forget set is large enough.
fn forgotten_persons(photos: &[Photo], sets: &[Set], dice: &mut Dice) -> Vec<u32> {
    let training = sets.iter().filter(|&&set| set == Set::Retain).count();
    let wanted = (training as f32 * FORGOTTEN).round() as usize;
    let mut candidates = candidates(photos, sets);
    for class in &mut candidates {
        dice.shuffle(class);
    }

    let of_the_youngest = (wanted as f32 * FORGOTTEN_OF_THE_YOUNGEST).round() as usize;
    let (mut chosen, mut count) = (Vec::new(), 0);
    while count < of_the_youngest && candidates[0].len() > 1 {
        let (person, photos) = candidates[0].pop().expect("more than one");
        chosen.push(person);
        count += photos;
    }
    let mut class = dice.below(CLASSES - 1);
    let more_than_one = |candidates: &[Vec<_>]| candidates[1..].iter().any(|class| class.len() > 1);
    while count < wanted && more_than_one(&candidates) {
        // Steps of two visit all nine classes, and neighbouring ages not one after the other.
        class = (class + 2) % (CLASSES - 1);
        if candidates[class + 1].len() > 1 {
            let (person, photos) = candidates[class + 1].pop().expect("more than one");
            chosen.push(person);
            count += photos;
        }
    }
    chosen
}

/// For each class the persons with training photos, and how many; one of them always stays in the retain set.
fn candidates(photos: &[Photo], sets: &[Set]) -> Vec<Vec<(u32, usize)>> {
    let mut candidates: Vec<Vec<(u32, usize)>> = vec![Vec::new(); CLASSES];
    for (photo, _) in photos.iter().zip(sets).filter(|(_, set)| **set == Set::Retain) {
        // Photos come person by person.
        match candidates[photo.class].last_mut() {
            Some((person, count)) if *person == photo.person => *count += 1,
            _ => candidates[photo.class].push((photo.person, 1)),
        }
    }
    candidates
}
