//! Another forget set of a data set: a data set of its own, with the same images. Owns what is copied, what is linked and what
//! is chosen anew; validation set and test set are never touched.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use serde::Serialize;
use sweep_files::Draft;
use sweep_inputs::{
    dataset::{ARRAY, Example, ImageId, Manifest},
    pixels::Pixels,
};
use sweep_protocol::terms::{Set, SetSizes};

use crate::{
    album::RECORD,
    error::ImportError,
    lists::{self, ListedImage, Lists, write, write_json},
    patch,
    picture::picture,
    rule::{ForgetRule, TrainingImage},
    source::{self, SourceFile},
};

/// Largest list, in bytes.
const LARGEST_LIST: u64 = 4 << 30;

/// Largest record of where a data set came from, in bytes.
const LARGEST_RECORD: u64 = 64 << 20;

/// Largest file of class counts, in bytes.
const LARGEST_COUNTS: u64 = 1 << 20;

/// The class counts, relative to the data set's folder.
const COUNTS: &str = "age_class_weights.json";

/// What was split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitSummary {
    /// Images of each set.
    pub sizes: SetSizes,
    /// Persons of the forget set, where the lists name persons.
    pub persons: usize,
    /// Images whose label is a wrong one now.
    pub mislabelled: usize,
    /// Whether these carry a patch.
    pub patched: bool,
}

/// `split.json`: how the forget set came about.
#[derive(Debug, Serialize)]
struct SplitRecord<'a> {
    sweep: &'a str,
    forget: String,
    seed: u64,
    /// The lists that it was drawn from.
    of: Vec<SourceFile>,
    /// BLAKE3 of the original that said how sure it is of each image, or of the table of memorised images.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
}

/// What results say of each training image: how sure an original is of it, or how far it is memorised.
#[derive(Debug, Clone, PartialEq)]
pub struct PerImage {
    /// BLAKE3 of who says it: of the original's weights, or of the table of memorised images.
    pub by: String,
    /// Logit-scaled confidence in the label, or memorisation, by `image_id`.
    pub of: BTreeMap<String, f64>,
}

/// Chooses the forget set of the data set in `data` anew, into the folder `out`, which must be new or empty. Images are the
/// same files where the file system allows it, else copies. Rules that go by what results say of each image need it in `told`. `progress` is told how many files of how many are there.
pub fn split(
    data: &Path,
    out: &Path,
    (rule, seed): (&ForgetRule, u64),
    told: Option<&PerImage>,
    progress: crate::OnProgress<'_>,
) -> Result<SplitSummary, ImportError> {
    refuse_patched(data)?;
    let classes = classes(data)?;
    let manifest =
        Manifest::read(data, classes).map_err(|refused| ImportError::Refused(Box::new(refused)))?;
    let mut training: Vec<&Example> = manifest.examples(Set::Train).iter().collect();
    // Whatever is forgotten now, the draw is the same.
    training.sort_unstable_by(|one, other| one.image.cmp(&other.image));
    let candidates: Vec<TrainingImage> = training.iter().map(|example| candidate(example, told)).collect();
    let chosen = rule.choose(&candidates, classes as u32, seed)?;
    let (forget, retain) = lists::divided(&chosen, training.iter().map(|example| row(example)).collect());

    let draft = Draft::begin(out)?;
    let lists = Lists { retain, forget, ..Lists::default() };
    lists.write_training(draft.path(), classes)?;
    let mut kept = vec!["validation.csv"];
    kept.extend(manifest.sizes().test.map(|_| "test.csv"));
    kept.extend(Some(RECORD).filter(|record| data.join(record).is_file()));
    for name in kept {
        let (content, _) = source::whole(&data.join(name), name.to_owned(), LARGEST_LIST)?;
        write(&draft.path().join(name), &content)?;
    }
    let mut of = Vec::new();
    for name in ["retain.csv", "forget.csv"] {
        of.push(source::whole(&data.join(name), name.to_owned(), LARGEST_LIST)?.1);
    }
    let by = told.map(|told| told.by.as_str());
    let record = SplitRecord { sweep: env!("CARGO_PKG_VERSION"), forget: rule.to_string(), seed, of, by };
    write_json(&draft.path().join("split.json"), &record)?;
    share_images(data, draft.path(), &manifest, progress)?;
    if chosen.patched {
        let ids = chosen.forget.iter().map(|at| &training[*at].image);
        put_patches(draft.path(), &ids.collect::<Vec<_>>())?;
    }
    let sizes = manifest.sizes();
    let summary = SplitSummary {
        sizes: SetSizes { retain: lists.retain.len() as u64, forget: lists.forget.len() as u64, ..sizes },
        persons: persons(&lists.forget),
        mislabelled: chosen.labels.len(),
        patched: chosen.patched,
    };
    draft.publish()?;
    Ok(summary)
}

/// How many classes a data set has: as many as it counts.
fn classes(data: &Path) -> Result<usize, ImportError> {
    let path = data.join(COUNTS);
    let (json, _) = source::whole(&path, COUNTS.to_owned(), LARGEST_COUNTS)?;
    let counts: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&json)
        .map_err(|error| ImportError::Unreadable { path, source: io::Error::from(error) })?;
    Ok(counts.len())
}

/// A training image with its true label, whatever it was learned as.
fn candidate(example: &Example, told: Option<&PerImage>) -> TrainingImage {
    let person = example.person.as_ref().map(|person| person.as_str().to_owned());
    let class = example.truth.unwrap_or(example.class);
    let value = told.and_then(|told| told.of.get(example.image.as_str()).copied());
    TrainingImage { number: example.image.number(), class, person, value }
}

fn row(example: &Example) -> ListedImage {
    let TrainingImage { class, person, .. } = candidate(example, None);
    ListedImage { id: example.image.as_str().to_owned(), class, truth: class, person }
}

fn persons(rows: &[ListedImage]) -> usize {
    let named: std::collections::BTreeSet<&String> =
        rows.iter().filter_map(|row| row.person.as_ref()).collect();
    named.len()
}

/// Pixels of before the patches are nowhere: a split of such a data set would spread them.
fn refuse_patched(data: &Path) -> Result<(), ImportError> {
    for record in ["split.json", RECORD] {
        let path = data.join(record);
        if !path.is_file() {
            continue;
        }
        let (json, _) = source::whole(&path, record.to_owned(), LARGEST_RECORD)?;
        let forget = serde_json::from_slice::<serde_json::Value>(&json).ok();
        let forget = forget.as_ref().and_then(|record| record.get("forget")?.as_str());
        if forget.is_some_and(|rule| rule.starts_with("patch:")) {
            return Err(ImportError::Patched { data: data.to_owned() });
        }
    }
    Ok(())
}

/// Gives images of their own, with a patch, to what is forgotten: other data sets share the files.
fn put_patches(out: &Path, ids: &[&ImageId]) -> Result<(), ImportError> {
    let array = out.join(ARRAY);
    if array.exists() {
        alone(&array)?;
        let file = File::open(&array).map_err(ImportError::unreadable(&array))?;
        let pixels = Pixels::of(file, &array)?;
        let (side, file) = (pixels.shape()[3], patch::open(&array)?);
        for id in ids {
            let row = id.number().unwrap_or(0);
            let start = pixels.start() + row * pixels.width() as u64;
            patch::put_into(&file, &array, (start, side))?;
        }
        return Ok(());
    }
    for id in ids {
        let path = out.join(id.path());
        let png = fs::read(&path).map_err(ImportError::unreadable(&path))?;
        let (side, mut planes) =
            picture(&png, None).map_err(|source| ImportError::Picture { path: path.clone(), source })?;
        patch::put(&mut planes, side);
        let png = png_of(&planes, side).map_err(ImportError::unwritable(&path))?;
        fs::remove_file(&path).map_err(ImportError::unwritable(&path))?;
        write(&path, &png)?;
    }
    Ok(())
}

/// Makes a file that may be known under other names a copy of its own.
fn alone(path: &Path) -> Result<(), ImportError> {
    let copy = path.with_extension("copy");
    fs::copy(path, &copy).map_err(ImportError::unwritable(&copy))?;
    fs::rename(&copy, path).map_err(ImportError::unwritable(path))
}

/// An image, [3, side, side], as a PNG.
fn png_of(planes: &[u8], side: usize) -> io::Result<Vec<u8>> {
    let area = side * side;
    let samples: Vec<u8> =
        (0..area).flat_map(|at| [planes[at], planes[area + at], planes[2 * area + at]]).collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side as u32, side as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer.write_image_data(&samples).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(file)
}

/// Puts the images of a data set into another folder.
fn share_images(
    data: &Path,
    out: &Path,
    manifest: &Manifest,
    progress: crate::OnProgress<'_>,
) -> Result<(), ImportError> {
    let sets = [Set::Train, Set::Validation, Set::Test];
    let files: Vec<PathBuf> = if data.join(ARRAY).exists() {
        vec![ARRAY.into()]
    } else {
        sets.into_iter()
            .flat_map(|set| manifest.examples(set))
            .map(|example| example.image.path().into())
            .collect()
    };
    for (number, file) in files.iter().enumerate() {
        let (from, to) = (data.join(file), out.join(file));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(ImportError::unwritable(folder))?;
        }
        share(&from, &to)?;
        progress(number + 1, files.len());
    }
    Ok(())
}

/// The same file under a second name; a copy where the file system or its owner doesn't allow that.
fn share(from: &Path, to: &Path) -> Result<(), ImportError> {
    // A link would be shared as a link, and no data set follows one.
    let is_file = fs::symlink_metadata(from).map_err(ImportError::unreadable(from))?.is_file();
    if !is_file {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
        return Err(ImportError::Unreadable { path: from.to_owned(), source });
    }
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).map(|_| ()).map_err(ImportError::unwritable(to))
}
