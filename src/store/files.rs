//! The files that a measurement names.

use std::{io, path::Path};

use sweep_disk::Disk;
use sweep_protocol::measurement::{Artifact, Measurement, NamedFile};

use super::folder;

/// What a run leaves for its measurement.
const NAMES: [&str; 6] = [
    folder::CONFIDENCES,
    folder::WEIGHTS,
    folder::EXAMPLES,
    folder::RECONSTRUCTION,
    folder::PICTURES,
    folder::CURVES,
];

/// The curves that a measurement names: they are kept like its other files, but nothing that it says rests on them.
pub(super) fn curves(measurement: &Measurement) -> Option<&Artifact> {
    measurement.curves.as_ref().filter(|artifact| artifact.file == folder::CURVES)
}

/// The files that a measurement rests on, or nothing where one has another name than a run may give it.
pub(super) fn artifacts(measurement: &Measurement) -> Option<Vec<&Artifact>> {
    let examples = measurement.examples.as_ref().map(|examples| &examples.array);
    let found = measurement.reconstruction.as_ref();
    let expected = [
        (Some(&measurement.confidences), folder::CONFIDENCES),
        (measurement.weights.as_ref(), folder::WEIGHTS),
        (examples, folder::EXAMPLES),
        (found.map(|found| &found.array), folder::RECONSTRUCTION),
        (found.and_then(|found| found.pictures.as_ref()), folder::PICTURES),
    ];
    let named = expected.into_iter().filter_map(|(artifact, file)| artifact.map(|it| (it, file)));
    named.map(|(artifact, file)| (artifact.file == file).then_some(artifact)).collect()
}

/// A measurement with the hashes of the files that its worker names in the run's folder, or nothing where one is not there,
/// isn't what the worker says that it is or is none that a run leaves. Curves of which that is so are left out of it.
pub fn described(disk: &dyn Disk, folder: &Path, measurement: Measurement<NamedFile>) -> Option<Measurement> {
    let described = measurement.describe_files(|named| describe(disk, folder, named)).ok()?;
    let curves = curves(&described).cloned();
    artifacts(&described).is_some().then_some(Measurement { curves, ..described })
}

fn describe(disk: &dyn Disk, folder: &Path, named: NamedFile) -> io::Result<Artifact> {
    // Before anything is opened: a name may lead anywhere.
    if !NAMES.contains(&named.file.as_str()) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let blake3 = disk.hash(&folder.join(&named.file))?;
    if named.blake3.is_some_and(|said| said != blake3) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(Artifact { file: named.file, blake3 })
}
