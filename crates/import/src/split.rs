//! Another forget set of a data set: a data set of its own, with the same images. Owns what is copied, what is linked and what
//! is chosen anew; validation set and test set are never touched.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Serialize;
use sweep_files::Draft;
use sweep_inputs::dataset::{ARRAY, Example, Manifest};
use sweep_protocol::terms::{Set, SetSizes};

use crate::{
    album::RECORD,
    error::ImportError,
    lists::{self, ListedImage, Lists, write, write_json},
    rule::{ForgetRule, TrainingImage},
    source::{self, SourceFile},
};

/// Largest list, in bytes.
const LARGEST_LIST: u64 = 4 << 30;

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
}

/// `split.json`: how the forget set came about.
#[derive(Debug, Serialize)]
struct SplitRecord<'a> {
    sweep: &'a str,
    forget: String,
    seed: u64,
    /// The lists that it was drawn from.
    of: Vec<SourceFile>,
}

/// Chooses the forget set of the data set in `data` anew, into the folder `out`, which must be new or empty. Images are the
/// same files where the file system allows it, else copies. `progress` is told how many files of how many are there.
pub fn split(
    data: &Path,
    out: &Path,
    rule: &ForgetRule,
    seed: u64,
    progress: crate::OnProgress<'_>,
) -> Result<SplitSummary, ImportError> {
    let classes = classes(data)?;
    let manifest =
        Manifest::read(data, classes).map_err(|refused| ImportError::Refused(Box::new(refused)))?;
    let mut training: Vec<&Example> = manifest.examples(Set::Train).iter().collect();
    // Whatever is forgotten now, the draw is the same.
    training.sort_unstable_by(|one, other| one.image.cmp(&other.image));
    let candidates: Vec<TrainingImage> = training.iter().map(|example| candidate(example)).collect();
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
    let record = SplitRecord { sweep: env!("CARGO_PKG_VERSION"), forget: rule.to_string(), seed, of };
    write_json(&draft.path().join("split.json"), &record)?;
    share_images(data, draft.path(), &manifest, progress)?;
    let sizes = manifest.sizes();
    let summary = SplitSummary {
        sizes: SetSizes { retain: lists.retain.len() as u64, forget: lists.forget.len() as u64, ..sizes },
        persons: persons(&lists.forget),
        mislabelled: chosen.labels.len(),
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

fn candidate(example: &Example) -> TrainingImage {
    let person = example.person.as_ref().map(|person| person.as_str().to_owned());
    TrainingImage { number: example.image.number(), class: example.class, person }
}

fn row(example: &Example) -> ListedImage {
    let TrainingImage { class, person, .. } = candidate(example);
    ListedImage { id: example.image.as_str().to_owned(), class, truth: class, person }
}

fn persons(rows: &[ListedImage]) -> usize {
    let named: std::collections::BTreeSet<&String> =
        rows.iter().filter_map(|row| row.person.as_ref()).collect();
    named.len()
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
