//! Who there is: persons with an age, an age that they look, and a number of photos.

use super::{
    Options,
    dice::{Dice, Stream},
};

/// Age groups.
pub(super) const CLASSES: usize = 10;

/// Age at which the first group begins, in years.
pub(super) const YOUNGEST: u32 = 20;

/// Width of an age group, in years: 20 to 24, …, 65 to 69.
pub(super) const GROUP_YEARS: u32 = 5;

/// Training images of each class in the challenge, read off figure 2 of its
/// [metric note](https://unlearning-challenge.github.io/assets/data/Machine_Unlearning_Metric.pdf); their ratios are
/// kept.
const CLASS_SHARES: [f32; CLASSES] =
    [14_630.0, 1_680.0, 1_140.0, 520.0, 640.0, 930.0, 2_350.0, 1_560.0, 700.0, 440.0];

/// Fewest images of a class, so that each set gets some of it.
const FEWEST_IMAGES: usize = 9;

/// Fewest persons of a class, so that one can be forgotten.
const FEWEST_PERSONS: usize = 3;

/// Share of the photos that are almost the same as another of the same person.
const TWIN_SHARE: f32 = 0.02;

/// How much the apparent age varies between photos of a person, as a share of how much persons do: standard deviations
/// in years. More of it lowers the accuracy on new photos of persons that were seen.
const PHOTO_SHARE: f32 = 4.0 / 9.0;

/// Somebody with several photos.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) class: usize,
    /// In years.
    pub(super) age: u32,
    /// Years that the person looks older than that.
    pub(super) offset: f32,
    /// How many photos there are.
    pub(super) photos: usize,
}

/// One photo.
#[derive(Debug, Clone)]
pub(super) struct Photo {
    /// Position of the person.
    pub(super) person: u32,
    pub(super) class: usize,
    /// At the time of the photo, in years.
    pub(super) age: u32,
    /// Age that the person looks, in years.
    pub(super) apparent: f32,
    /// Stream of the pose and the light: its own, or another photo's when it is almost the same.
    pub(super) pose: u32,
    /// Stream of the grain; its own.
    pub(super) grain: u32,
}

impl Photo {
    /// Whether it is almost the same as another one.
    pub(super) fn is_twin(&self) -> bool {
        self.pose != self.grain
    }
}

/// Draws the persons and their photos, person by person.
pub(super) fn draw(options: &Options) -> (Vec<Person>, Vec<Photo>) {
    let mut dice = Dice::new(options.seed, Stream::Population);
    let images = apportion(options.images, &CLASS_SHARES, FEWEST_IMAGES);
    let crowd = apportion(options.persons, &CLASS_SHARES, FEWEST_PERSONS);
    let mut persons = Vec::with_capacity(options.persons);
    for (class, (&images, &count)) in images.iter().zip(&crowd).enumerate() {
        let weights: Vec<f32> = (0..count).map(|_| dice.between(0.3, 1.0)).collect();
        for photos in apportion(images, &weights, (images / count).min(2)) {
            let age = YOUNGEST + GROUP_YEARS * class as u32 + dice.below(GROUP_YEARS as usize) as u32;
            persons.push(Person { class, age, offset: options.offset_years * dice.bell(), photos });
        }
    }
    dice.shuffle(&mut persons);
    let photos = photos_of(&persons, PHOTO_SHARE * options.offset_years, &mut dice);
    (persons, photos)
}

fn photos_of(persons: &[Person], offset_years: f32, dice: &mut Dice) -> Vec<Photo> {
    let mut photos: Vec<Photo> = Vec::new();
    for (index, person) in persons.iter().enumerate() {
        for shot in 0..person.photos {
            let own = photos.len() as u32;
            let first_of_group = YOUNGEST + GROUP_YEARS * person.class as u32;
            let photo = match photos.last() {
                Some(previous) if shot > 0 && dice.falls(TWIN_SHARE) => {
                    Photo { grain: own, ..previous.clone() }
                }
                _ => {
                    let age = (person.age + dice.below(3) as u32).saturating_sub(1);
                    let age = age.clamp(first_of_group, first_of_group + GROUP_YEARS - 1);
                    let apparent = age as f32 + person.offset + offset_years * dice.bell();
                    Photo { person: index as u32, class: person.class, age, apparent, pose: own, grain: own }
                }
            };
            photos.push(photo);
        }
    }
    photos
}

/// Divides `total` in proportion to `weights`, after giving each its `fewest` (largest remainder).
pub(super) fn apportion(total: usize, weights: &[f32], fewest: usize) -> Vec<usize> {
    let rest = total.saturating_sub(fewest * weights.len());
    let sum: f32 = weights.iter().sum();
    let exact = |weight: f32| f64::from(weight) / f64::from(sum) * rest as f64;
    let mut parts: Vec<usize> = weights.iter().map(|&weight| fewest + exact(weight) as usize).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by(|&a, &b| exact(weights[b]).fract().total_cmp(&exact(weights[a]).fract()));
    let missing = total.saturating_sub(parts.iter().sum());
    for &part in by_remainder.iter().cycle().take(missing) {
        parts[part] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::{CLASSES, GROUP_YEARS, YOUNGEST, apportion, draw};
    use crate::synth::Options;

    proptest! {
        #[test]
        fn a_division_leaves_nothing_over(total in 30_usize..50_000, weights in proptest::collection::vec(0.1_f32..9.0, 1..15), fewest in 0_usize..2) {
            let parts = apportion(total, &weights, fewest);
            prop_assert_eq!(parts.iter().sum::<usize>(), total);
            prop_assert!(parts.iter().all(|&part| part >= fewest));
        }
    }

    #[test]
    fn photos_of_a_person_stay_in_the_age_group() {
        let (persons, photos) = draw(&Options::canaries(3));
        assert_eq!(photos.len(), Options::canaries(3).images);
        for photo in &photos {
            assert_eq!((photo.age - YOUNGEST) / GROUP_YEARS, photo.class as u32);
            assert_eq!(persons[photo.person as usize].class, photo.class);
        }
    }

    /// How often the best guess from the apparent age alone is right, learned on these very photos: half-year bins, commonest
    /// class.
    fn accuracy_of_a_perfect_reader(offset_years: f32) -> f64 {
        let options = Options { images: 24_600, persons: 4_000, offset_years, ..Options::canaries(1) };
        let (_, photos) = draw(&options);
        let mut bins = vec![[0_u32; CLASSES]; 300];
        for photo in &photos {
            bins[(photo.apparent * 2.0 + 20.0).clamp(0.0, 299.0) as usize][photo.class] += 1;
        }
        let right: u32 = bins.iter().filter_map(|bin| bin.iter().max()).sum();
        f64::from(right) / photos.len() as f64
    }

    #[test]
    fn the_apparent_age_gives_the_class_away_only_in_part() {
        let accuracy = accuracy_of_a_perfect_reader(Options::canaries(1).offset_years);
        assert!((0.70..0.82).contains(&accuracy), "a perfect reader of the faces is right at {accuracy}");
    }

    #[test]
    fn whoever_looks_his_age_gives_it_away() {
        let surely = accuracy_of_a_perfect_reader(0.0);
        assert!(surely >= 1.0, "a perfect reader is wrong at times: {surely}");
        let nearly = accuracy_of_a_perfect_reader(1.5);
        assert!((0.85..0.95).contains(&nearly), "a perfect reader is right at {nearly}");
    }
}
