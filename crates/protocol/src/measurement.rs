//! What is measured on a network when its recipe is done.

use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use crate::{
    reconstruction::Reconstruct,
    terms::{ContentHash, UnitInterval},
};

/// Everything that a finished run reports. Times are wall-clock seconds; accuracies are fractions. `F` is how its files are
/// described: a worker [names](NamedFile) them, what is recorded has the [hash](Artifact) of each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "F: Deserialize<'de>"))]
pub struct Measurement<F = Artifact> {
    /// Share of examples classified correctly, per set.
    pub accuracy: Accuracies,
    /// Seconds spent in the recipe alone, loading and measuring excluded.
    pub unlearn_s: f64,
    /// Seconds spent measuring.
    pub measure_s: f64,
    /// Optimiser steps taken.
    pub steps: u64,
    /// `confidences.npy` in the run's folder: float64 \[S\], the logit-scaled confidence of each forget example in the
    /// order of `forget.csv`.
    pub confidences: F,
    /// `model.safetensors` in the run's folder, where the job asked to keep the weights.
    pub weights: Option<F>,
    /// What the network does on single examples, where the job asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examples: Option<MeasuredExamples<F>>,
    /// What can be reconstructed of the images from its weights, where the job asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconstruction: Option<MeasuredReconstruction<F>>,
    /// `curves.csv` in the run's folder: the [training curves](crate::curves). No result rests on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curves: Option<F>,
    /// Whether the recipe, which has phases, left every weight as it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchanged: bool,
    /// What the network would reach on the retain set if its outputs had other names; measured where the recipe is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<Renamed>,
}

/// Each output named after the label that most of the retain examples have for which it is the largest: tells a network
/// whose classes have another order from one that knows nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renamed {
    /// Share of the retain set that would be classified correctly.
    pub accuracy: UnitInterval,
    /// The label of each output; one that is never the largest keeps its own.
    pub labels: Vec<u32>,
    /// Share of the retain set's most frequent label: what guessing reaches.
    pub guessing: UnitInterval,
}

impl Renamed {
    /// Names the outputs; a pair is the largest output of an example and its label, both below `classes`.
    pub fn of(pairs: impl Iterator<Item = (usize, usize)>, classes: usize) -> Self {
        let mut counts = vec![vec![0_u64; classes]; classes];
        let mut all = 0_u64;
        for (output, label) in pairs {
            counts[output][label] += 1;
            all += 1;
        }
        let mut right = 0;
        let labels = counts.iter().enumerate().map(|(output, counts)| {
            let (label, &count) =
                counts.iter().enumerate().rev().max_by_key(|(_, count)| **count).unwrap_or((output, &0));
            right += count;
            if count == 0 { output as u32 } else { label as u32 }
        });
        let labels = labels.collect();
        let of_label = |label: usize| counts.iter().map(|counts| counts[label]).sum::<u64>();
        let most = (0..classes).map(of_label).max().unwrap_or(0);
        let share = |count: u64| {
            UnitInterval::new(count as f64 / all.max(1) as f64).expect("a part of a whole is in [0, 1]")
        };
        Self { accuracy: share(right), labels, guessing: share(most) }
    }

    /// Whether no two outputs have the same label.
    pub fn is_an_order(&self) -> bool {
        let mut seen = vec![false; self.labels.len()];
        self.labels
            .iter()
            .all(|&label| seen.get_mut(label as usize).is_some_and(|seen| !std::mem::replace(seen, true)))
    }
}

impl<F> Measurement<F> {
    /// The same measurement with its files described in another way; the first file that can't be ends it. Curves that
    /// can't be are left out: they are worth no run.
    pub fn describe_files<G, E>(
        self,
        mut describe: impl FnMut(F) -> Result<G, E>,
    ) -> Result<Measurement<G>, E> {
        Ok(Measurement {
            accuracy: self.accuracy,
            unlearn_s: self.unlearn_s,
            measure_s: self.measure_s,
            steps: self.steps,
            confidences: describe(self.confidences)?,
            weights: self.weights.map(&mut describe).transpose()?,
            examples: self.examples.map(|examples| examples.describe_file(&mut describe)).transpose()?,
            reconstruction: self.reconstruction.map(|it| it.describe_files(&mut describe)).transpose()?,
            curves: self.curves.and_then(|curves| describe(curves).ok()),
            unchanged: self.unchanged,
            renamed: self.renamed,
        })
    }
}

impl From<Measurement> for Measurement<NamedFile> {
    fn from(measurement: Measurement) -> Self {
        let Ok(named) = measurement.describe_files(|file| Ok::<_, Infallible>(file.into()));
        named
    }
}

/// `examples.npy` in the run's folder: float64 \[forget + retain + test, 5\], one row for each example of the forget set, of
/// a [sample](retain_sample) of the retain set and of the test set (the validation set where there is none), in the order
/// of their lists; the columns are those of [`Behaviour`](crate::behaviour::Behaviour).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredExamples<F = Artifact> {
    /// The file.
    pub array: F,
    /// How many retain examples the job asked for.
    pub retain_sample: u64,
    /// Rows of the forget set.
    pub forget: u64,
    /// Rows of the retain set: as many as were asked for, or all where there are fewer.
    pub retain: u64,
    /// Rows of the test set.
    pub test: u64,
}

impl<F> MeasuredExamples<F> {
    fn describe_file<G, E>(self, describe: impl FnOnce(F) -> Result<G, E>) -> Result<MeasuredExamples<G>, E> {
        let Self { array, retain_sample, forget, retain, test } = self;
        Ok(MeasuredExamples { array: describe(array)?, retain_sample, forget, retain, test })
    }
}

/// `reconstruction.npy` in the run's folder: float64 \[forget + retain + unseen, 3\], one row for each image, in the order of
/// their lists; the columns are those of [`Trace`](crate::reconstruction::Trace).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "F: Deserialize<'de>"))]
pub struct MeasuredReconstruction<F = Artifact> {
    /// The file.
    pub array: F,
    /// `pictures.npy`: float64 \[2 · images, 3 · size · size\], colour by colour, 0 to 255; for each of the first images of
    /// the forget set a row of what it is and a row of the candidate that is most like it, scaled to it by least squares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<F>,
    /// What the job asked for.
    pub asked: Reconstruct,
    /// Rows of the forget set.
    pub forget: u64,
    /// Rows of the retain set.
    pub retain: u64,
    /// Rows of the test set, or of the validation set where there is none.
    pub unseen: u64,
}

impl<F> MeasuredReconstruction<F> {
    fn describe_files<G, E>(
        self,
        mut describe: impl FnMut(F) -> Result<G, E>,
    ) -> Result<MeasuredReconstruction<G>, E> {
        let Self { array, pictures, asked, forget, retain, unseen } = self;
        let array = describe(array)?;
        let pictures = pictures.map(describe).transpose()?;
        Ok(MeasuredReconstruction { array, pictures, asked, forget, retain, unseen })
    }
}

/// Positions of a sample of at most `wanted` of `size` examples, evenly spread over their list: the same in every run.
pub fn retain_sample(size: u64, wanted: u64) -> impl Iterator<Item = u64> {
    let count = wanted.min(size);
    // The product of two numbers of 64 bits has 128.
    (0..count).map(move |nth| (u128::from(nth) * u128::from(size) / u128::from(count)) as u64)
}

/// Accuracy on each set, as fractions in \[0, 1\].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accuracies {
    /// On the retain set.
    pub retain: UnitInterval,
    /// On the forget set.
    pub forget: UnitInterval,
    /// On the validation set.
    pub validation: UnitInterval,
    /// On the test set, where the data has one.
    pub test: Option<UnitInterval>,
    /// On what the forget set's images show, where their labels are wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truth: Option<UnitInterval>,
}

impl Accuracies {
    /// The accuracy that stands for "test" in the score: the test set's, or the validation set's where there is none.
    pub fn held_out(&self) -> UnitInterval {
        self.test.unwrap_or(self.validation)
    }
}

/// A file in the run's folder, written completely before it is named here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// File name, without folders.
    pub file: String,
    /// Hash of its bytes.
    pub blake3: ContentHash,
}

/// A file in the run's folder, as the worker names it that has written it completely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedFile {
    /// File name, without folders.
    pub file: String,
    /// Hash of the bytes that were written. A file of other bytes is refused; without it the bytes that are found count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<ContentHash>,
}

impl From<Artifact> for NamedFile {
    fn from(artifact: Artifact) -> Self {
        Self { file: artifact.file, blake3: Some(artifact.blake3) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Measurement, Renamed, retain_sample};

    #[test]
    fn outputs_are_named_after_most_of_their_examples() {
        let renamed = Renamed::of([(0, 1), (0, 1), (0, 0), (1, 0), (2, 2)].into_iter(), 4);
        assert_eq!(renamed.labels, [1, 0, 2, 3]);
        assert!((renamed.accuracy.get() - 0.8).abs() < 1e-12);
        assert!((renamed.guessing.get() - 0.4).abs() < 1e-12);
        assert!(renamed.is_an_order());
        let constant = Renamed::of([(1, 0), (1, 0), (1, 1)].into_iter(), 2);
        assert_eq!(constant.labels, [0, 0]);
        assert!(!constant.is_an_order());
    }

    #[test]
    fn samples_are_spread_evenly_and_never_repeat() {
        let of = |size, wanted| retain_sample(size, wanted).collect::<Vec<_>>();
        assert_eq!(of(10, 4), [0, 2, 5, 7]);
        assert_eq!(of(3, 5), [0, 1, 2], "all there are");
        assert!(of(0, 5).is_empty());
        assert_eq!(of(u64::MAX, 2), [0, u64::MAX / 2]);
    }

    #[test]
    fn what_an_older_worker_wrote_is_read_and_written_as_it_is() {
        let hash = "0".repeat(64);
        let line = format!(
            r#"{{"accuracy":{{"retain":0.5,"forget":0.5,"validation":0.5,"test":null}},"unlearn_s":1.0,"measure_s":0.5,"steps":7,"confidences":{{"file":"confidences.npy","blake3":"{hash}"}},"weights":null}}"#
        );
        let mut measurement: Measurement = serde_json::from_str(&line).expect("a measurement");
        assert!(!measurement.unchanged);
        assert_eq!(serde_json::to_string(&measurement).expect("plain data"), line);
        measurement.unchanged = true;
        let told = serde_json::to_string(&measurement).expect("plain data");
        assert_eq!(serde_json::from_str::<Measurement>(&told).expect("its own line"), measurement);
    }
}
