//! Writes a drawn data set. Owns the files and their names.

use std::{collections::BTreeSet, fmt::Write, fs, io, path::Path};

use rayon::prelude::*;
use sweep_protocol::terms::{Set, SetSizes};

use super::{
    Options, Summary, SynthError,
    dice::{Dice, Stream},
    face::{Face, Shot},
    population::{CLASSES, Photo},
    portrait,
};

/// Images that are drawn between two reports of progress.
const BATCH: usize = 256;

/// Images that share a folder.
const IMAGES_PER_FOLDER: usize = 1_000;

/// The photos with the sets and names that they are written under.
#[derive(Debug)]
pub(super) struct Album<'a> {
    options: &'a Options,
    persons: usize,
    photos: &'a [Photo],
    sets: &'a [Set],
    /// Positions of the photos in the order of their names, which tells nothing about them.
    order: Vec<usize>,
}

impl<'a> Album<'a> {
    pub(super) fn new(options: &'a Options, persons: usize, photos: &'a [Photo], sets: &'a [Set]) -> Self {
        let mut order: Vec<usize> = (0..photos.len()).collect();
        Dice::new(options.seed, Stream::Names).shuffle(&mut order);
        Self { options, persons, photos, sets, order }
    }

    /// Writes the CSV files and the class counts.
    pub(super) fn write_lists(&self, folder: &Path) -> Result<(), SynthError> {
        for set in [Set::Retain, Set::Forget, Set::Validation, Set::Test] {
            let mut csv = "image_id,age_group,age,person_id\n".to_owned();
            for (number, &index) in
                self.order.iter().enumerate().filter(|(_, index)| self.sets[**index] == set)
            {
                let (photo, [folder, name]) = (&self.photos[index], names(number));
                writeln!(csv, "{folder}-{name},{},{},p{:04}", photo.class, photo.age, photo.person)
                    .expect("a string takes any text");
            }
            write_file(&folder.join(format!("{set}.csv")), csv.as_bytes())?;
        }
        let counts: Vec<String> = self
            .class_counts()
            .iter()
            .enumerate()
            .map(|(class, count)| format!("\"{class}\": {count}"))
            .collect();
        write_file(&folder.join("age_class_weights.json"), format!("{{{}}}\n", counts.join(", ")).as_bytes())
    }

    /// Draws and writes the images.
    pub(super) fn write_images(
        &self,
        folder: &Path,
        progress: &dyn Fn(usize, usize),
    ) -> Result<(), SynthError> {
        let total = self.order.len();
        for first in (0..total).step_by(IMAGES_PER_FOLDER) {
            let inner = folder.join("images").join(&names(first)[0]);
            fs::create_dir_all(&inner).map_err(unwritable(&inner))?;
        }
        for first in (0..total).step_by(BATCH) {
            let last = (first + BATCH).min(total);
            (first..last).into_par_iter().try_for_each(|number| {
                let [inner, name] = names(number);
                let path = folder.join("images").join(inner).join(format!("{name}.png"));
                let pixels = self.portrait(&self.photos[self.order[number]]);
                let png = encode(&pixels, self.options.side)
                    .map_err(|source| SynthError::Unencodable { path: path.clone(), source })?;
                write_file(&path, &png)
            })?;
            progress(last, total);
        }
        Ok(())
    }

    fn portrait(&self, photo: &Photo) -> Vec<u8> {
        let face = Face::draw(&mut Dice::new(self.options.seed, Stream::Person(photo.person)));
        let shot =
            Shot::draw(&mut Dice::new(self.options.seed, Stream::Photo(photo.pose)), self.options.liveliness);
        let grain = &mut Dice::new(self.options.seed, Stream::Grain(photo.grain));
        portrait::paint(&face, photo.apparent, &shot, grain, (self.options.side, self.options.age_cues))
    }

    pub(super) fn summary(&self) -> Summary {
        let size = |set| self.sets.iter().filter(|&&other| other == set).count() as u64;
        let forgotten: BTreeSet<u32> = self.of(Set::Forget).map(|photo| photo.person).collect();
        Summary {
            sizes: SetSizes {
                retain: size(Set::Retain),
                forget: size(Set::Forget),
                validation: size(Set::Validation),
                test: Some(size(Set::Test)),
            },
            persons: self.persons,
            forgotten: forgotten.len(),
            twins: self.photos.iter().filter(|photo| photo.is_twin()).count(),
            class_counts: self.class_counts(),
        }
    }

    fn class_counts(&self) -> Vec<u64> {
        let mut counts = vec![0; CLASSES];
        for photo in self.of(Set::Retain).chain(self.of(Set::Forget)) {
            counts[photo.class] += 1;
        }
        counts
    }

    fn of(&self, set: Set) -> impl Iterator<Item = &Photo> {
        self.photos.iter().zip(self.sets).filter(move |(_, other)| **other == set).map(|(photo, _)| photo)
    }
}

/// Folder and name of the image of a number; joined by a hyphen they are its id.
fn names(number: usize) -> [String; 2] {
    [format!("{:03}", number / IMAGES_PER_FOLDER), format!("{number:06}")]
}

fn encode(pixels: &[u8], side: usize) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side as u32, side as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), SynthError> {
    fs::write(path, bytes).map_err(unwritable(path))
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> SynthError {
    move |source| SynthError::Unwritable { path: path.to_owned(), source }
}
