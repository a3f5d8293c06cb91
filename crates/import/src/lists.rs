//! Writes the lists of a data set and its class counts. Owns their columns.

use std::{fmt::Write, fs, path::Path};

use serde::Serialize;
use sweep_protocol::terms::Set;

use crate::{error::ImportError, rule::Chosen};

/// An image in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedImage {
    pub(crate) id: String,
    /// What it is learned as.
    pub(crate) class: u32,
    /// What it shows.
    pub(crate) truth: u32,
    pub(crate) person: Option<String>,
}

/// Divides the training images into forget set and retain set, with the labels that were chosen for them.
pub(crate) fn divided(chosen: &Chosen, rows: Vec<ListedImage>) -> (Vec<ListedImage>, Vec<ListedImage>) {
    let (mut forget, mut retain) = (Vec::new(), Vec::new());
    for (at, mut row) in rows.into_iter().enumerate() {
        row.class = chosen.labels.get(&at).copied().unwrap_or(row.class);
        let set = if chosen.forget.binary_search(&at).is_ok() { &mut forget } else { &mut retain };
        set.push(row);
    }
    (forget, retain)
}

/// The images of each set, in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) retain: Vec<ListedImage>,
    pub(crate) forget: Vec<ListedImage>,
    pub(crate) validation: Vec<ListedImage>,
    pub(crate) test: Vec<ListedImage>,
}

impl Lists {
    /// Writes retain set and forget set, and how many training images each of the classes has.
    pub(crate) fn write_training(&self, folder: &Path, classes: usize) -> Result<(), ImportError> {
        write_list(folder, Set::Retain, &self.retain)?;
        write_list(folder, Set::Forget, &self.forget)?;
        let mut counts = vec![0_u64; classes];
        for row in self.retain.iter().chain(&self.forget) {
            counts[row.class as usize] += 1;
        }
        let counts: Vec<String> =
            counts.iter().enumerate().map(|(class, count)| format!("\"{class}\": {count}")).collect();
        write(&folder.join("age_class_weights.json"), format!("{{{}}}\n", counts.join(", ")).as_bytes())
    }

    /// Writes validation set and test set.
    pub(crate) fn write_held_out(&self, folder: &Path) -> Result<(), ImportError> {
        write_list(folder, Set::Validation, &self.validation)?;
        write_list(folder, Set::Test, &self.test)
    }
}

/// Columns beyond image and label are there where a row has something to say in them.
fn write_list(folder: &Path, set: Set, rows: &[ListedImage]) -> Result<(), ImportError> {
    let has_persons = rows.iter().any(|row| row.person.is_some());
    let has_truth = rows.iter().any(|row| row.truth != row.class);
    let mut csv = "image_id,age_group".to_owned();
    csv.push_str(if has_persons { ",person_id" } else { "" });
    csv.push_str(if has_truth { ",true_class\n" } else { "\n" });
    for row in rows {
        let told = write!(csv, "{},{}", row.id, row.class)
            .and_then(|()| match row.person.as_ref().filter(|_| has_persons) {
                Some(person) => write!(csv, ",{person}"),
                None => Ok(()),
            })
            .and_then(|()| if has_truth { write!(csv, ",{}", row.truth) } else { Ok(()) })
            .and_then(|()| writeln!(csv));
        told.expect("a string takes any text");
    }
    write(&folder.join(format!("{set}.csv")), csv.as_bytes())
}

/// Writes a JSON object, for people, too.
pub(crate) fn write_json(path: &Path, object: &impl Serialize) -> Result<(), ImportError> {
    let mut json = serde_json::to_vec_pretty(object).expect("its keys are words");
    json.push(b'\n');
    write(path, &json)
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), ImportError> {
    fs::write(path, bytes).map_err(ImportError::unwritable(path))
}
