//! The data on the device: images as bytes, labels, and which examples each set holds.

use std::collections::BTreeMap;

use sweep_protocol::terms::{Set, SetSizes};
use tch::{Device, Kind, Tensor};

/// Every example of a data set, resident on one device.
#[derive(Debug)]
pub struct Examples {
    images: Tensor,
    labels: Tensor,
    host_labels: Vec<i64>,
    sets: BTreeMap<Set, Vec<i64>>,
    class_counts: Vec<u64>,
}

/// A data set on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostExamples {
    /// Pixels \[N, 3, H, W\], 0 to 255.
    pub images: Vec<u8>,
    /// Shape of the images.
    pub shape: [i64; 4],
    /// Class of each image, from 0.
    pub labels: Vec<i64>,
    /// Positions of each set's examples among the images, in the set's order. Retain, forget and validation set are
    /// there; the test set may be.
    pub sets: BTreeMap<Set, Vec<i64>>,
    /// Examples of each class in the training set, for class weights.
    pub class_counts: Vec<u64>,
}

impl Examples {
    /// Moves a data set to a device.
    pub fn new(host: HostExamples, device: Device) -> Self {
        let mut sets = host.sets;
        let train = [Set::Retain, Set::Forget].iter().flat_map(|set| sets.get(set).into_iter().flatten());
        let train: Vec<i64> = train.copied().collect();
        sets.insert(Set::Train, train);
        Self {
            images: Tensor::from_data_size(&host.images, &host.shape, Kind::Uint8).to_device(device),
            labels: Tensor::from_slice(&host.labels).to_device(device),
            host_labels: host.labels,
            sets,
            class_counts: host.class_counts,
        }
    }

    /// Where they live.
    pub fn device(&self) -> Device {
        self.images.device()
    }

    /// Positions of a set's examples, in the set's order; an absent set has none.
    pub fn set(&self, set: Set) -> &[i64] {
        self.sets.get(&set).map_or(&[], Vec::as_slice)
    }

    /// How many examples each set holds.
    pub fn sizes(&self) -> SetSizes {
        let size = |set| self.set(set).len() as u64;
        SetSizes {
            retain: size(Set::Retain),
            forget: size(Set::Forget),
            validation: size(Set::Validation),
            test: self.sets.contains_key(&Set::Test).then(|| size(Set::Test)),
        }
    }

    /// Number of images, in whatever set.
    pub fn count(&self) -> i64 {
        self.host_labels.len() as i64
    }

    /// Class of one image.
    pub fn label(&self, position: i64) -> i64 {
        self.host_labels[position as usize]
    }

    /// Examples of each class in the training set.
    pub fn class_counts(&self) -> &[u64] {
        &self.class_counts
    }

    /// Pixels \[B, 3, H, W\] as the network sees them, 0 to 255 and un-normalised, and labels \[B\] of the images at
    /// `positions`.
    pub fn batch(&self, positions: &Tensor, kind: Kind) -> (Tensor, Tensor) {
        (self.images.index_select(0, positions).to_kind(kind), self.labels.index_select(0, positions))
    }
}
