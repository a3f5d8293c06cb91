//! The data on the device: images as bytes, labels, and which examples each set holds.

use std::{cell::OnceCell, collections::BTreeMap, io};

use serde::Serialize;
use sweep_inputs::dataset::Persons;
use sweep_protocol::{
    network::Preparation,
    terms::{Set, SetSizes},
};
use tch::{Device, Kind, Tensor};

use crate::memory::SharedMemory;

/// Images that are summed at once for a mean image.
const MEAN_OF: usize = 1024;

/// Every example of a data set, resident on one device.
#[derive(Debug)]
pub struct Examples {
    images: Tensor,
    labels: Tensor,
    host_labels: Vec<i64>,
    sets: BTreeMap<Set, Vec<i64>>,
    class_counts: Vec<u64>,
    truths: Vec<i64>,
    preparation: Option<Prepared>,
    persons: Persons,
    shared: OnceCell<SharedExamples>,
    unseen: OnceCell<SharedMemory>,
}

/// What the functions of the user's own see of the data: pixels \[N, 3, H, W\] as bytes, labels \[N\] as int64. The test set
/// is not among them.
#[derive(Debug)]
pub struct SharedExamples {
    /// The pixels.
    pub images: SharedMemory,
    /// The labels.
    pub labels: SharedMemory,
    /// Shape of the pixels.
    pub shape: [i64; 4],
    /// First example of the retain set, and the one after its last.
    pub retain: [i64; 2],
    /// The same of the forget set.
    pub forget: [i64; 2],
    /// The same of the validation set.
    pub validation: [i64; 2],
}

/// How pixels are prepared, in numbers: the mean of three colours or of every pixel of an image, colour by colour.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreparationNumbers {
    divide: f64,
    mean: Vec<f64>,
    std: Vec<f64>,
}

/// How pixels are prepared, on the device in float64: \[1, 3, 1, 1\] each, or a whole image \[1, 3, H, W\] as the mean.
#[derive(Debug)]
struct Prepared {
    divide: f64,
    mean: Tensor,
    std: Tensor,
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
    /// What each image of the forget set shows, where their labels are wrong; else nothing.
    pub truths: Vec<i64>,
}

impl Examples {
    /// Moves a data set to a device; a network sees its pixels as `preparation` says.
    pub fn new(host: HostExamples, preparation: &Preparation, device: Device) -> Self {
        let mut sets = host.sets;
        let train = [Set::Retain, Set::Forget].iter().flat_map(|set| sets.get(set).into_iter().flatten());
        let train: Vec<i64> = train.copied().collect();
        sets.insert(Set::Train, train);
        let mut examples = Self {
            images: Tensor::from_data_size(&host.images, &host.shape, Kind::Uint8).to_device(device),
            labels: Tensor::from_slice(&host.labels).to_device(device),
            host_labels: host.labels,
            sets,
            class_counts: host.class_counts,
            truths: host.truths,
            preparation: Prepared::of(preparation, device),
            persons: Persons::default(),
            shared: OnceCell::new(),
            unseen: OnceCell::new(),
        };
        if preparation.is_centred() {
            let mean = examples.retain_mean();
            if let Some(prepared) = &mut examples.preparation {
                prepared.mean = mean / prepared.divide;
            }
        }
        examples
    }

    /// The same, knowing whom each training image shows.
    #[must_use]
    pub fn showing(self, persons: Persons) -> Self {
        Self { persons, ..self }
    }

    /// Whom each image of the training set shows, in the set's order; nobody where that isn't known.
    pub fn persons(&self) -> &Persons {
        &self.persons
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

    /// What each image of the forget set shows, where their labels are wrong; else nothing.
    pub fn truths(&self) -> &[i64] {
        &self.truths
    }

    /// Class of one image.
    pub fn label(&self, position: i64) -> i64 {
        self.host_labels[position as usize]
    }

    /// Examples of each class in the training set.
    pub fn class_counts(&self) -> &[u64] {
        &self.class_counts
    }

    /// Pixels \[B, 3, H, W\] as the network sees them, and labels \[B\] of the images at `positions`.
    pub fn batch(&self, positions: &Tensor, kind: Kind) -> (Tensor, Tensor) {
        self.batch_with(positions, kind, |pixels| pixels)
    }

    /// The same, with something done to the bytes of the pixels \[B, 3, H, W\] before the network sees them.
    pub fn batch_with(
        &self,
        positions: &Tensor,
        kind: Kind,
        alter: impl FnOnce(Tensor) -> Tensor,
    ) -> (Tensor, Tensor) {
        let pixels = alter(self.images.index_select(0, positions)).to_kind(kind);
        (self.prepare(pixels), self.labels.index_select(0, positions))
    }

    /// Images as the network sees them after a step of `epsilon` times the range of a pixel along `signs`, kept within what
    /// pixels can be; all of one shape \[B, 3, H, W\].
    pub fn stepped(&self, images: &Tensor, signs: &Tensor, epsilon: f64) -> Tensor {
        let Some(preparation) = &self.preparation else {
            return (images + signs * (255.0 * epsilon)).clamp(0.0, 255.0);
        };
        let kind = images.kind();
        let edge = |pixel: f64| preparation.apply(Tensor::full([1, 3, 1, 1], pixel, (kind, images.device())));
        let (lowest, highest) = (edge(0.0), edge(255.0));
        (images + signs * (&highest - &lowest) * epsilon).clamp_tensor(Some(&lowest), Some(&highest))
    }

    /// Pixels \[B, 3, H, W\] of the images at `positions` as they are, 0 to 255 in float64.
    pub fn pixels_at(&self, positions: &[i64]) -> Tensor {
        let positions = Tensor::from_slice(positions).to_device(self.device());
        self.images.index_select(0, &positions).to_kind(Kind::Double)
    }

    /// The mean image of the retain set, \[1, 3, H, W\], 0 to 255 in float64.
    pub fn retain_mean(&self) -> Tensor {
        let retain = self.set(Set::Retain);
        let size = self.images.size();
        let mut sum = Tensor::zeros([1, size[1], size[2], size[3]], (Kind::Int64, self.device()));
        // In parts, because the whole set as whole numbers of 64 bits may be more than the device holds.
        for part in retain.chunks(MEAN_OF) {
            let positions = Tensor::from_slice(part).to_device(self.device());
            sum += self.images.index_select(0, &positions).sum_dim_intlist(0, true, Kind::Int64);
        }
        sum.to_kind(Kind::Double) / retain.len().max(1) as f64
    }

    /// The pixels that a network would see as these images \[B, 3, H, W\], in float64.
    pub fn unprepared(&self, images: &Tensor) -> Tensor {
        let images = images.to_kind(Kind::Double);
        match &self.preparation {
            Some(Prepared { divide, mean, std }) => (images * std + mean) * *divide,
            None => images,
        }
    }

    /// How pixels are prepared; nothing where they stay as they are.
    pub fn preparation(&self) -> Option<PreparationNumbers> {
        let numbers = |tensor: &Tensor| {
            Vec::<f64>::try_from(tensor.to_device(Device::Cpu).view([-1])).expect("numbers in float64")
        };
        let Prepared { divide, mean, std } = self.preparation.as_ref()?;
        Some(PreparationNumbers { divide: *divide, mean: numbers(mean), std: numbers(std) })
    }

    /// The data for another process, laid out at the first call.
    pub fn shared(&self) -> io::Result<&SharedExamples> {
        if let Some(shared) = self.shared.get() {
            return Ok(shared);
        }
        let shared = SharedExamples::of(self)?;
        Ok(self.shared.get_or_init(|| shared))
    }

    /// Pixels \[N, 3, H, W\] of the test set as bytes, and their shape: for a process that judges and runs no function.
    pub fn unseen(&self) -> io::Result<(&SharedMemory, [i64; 4])> {
        let (_, channels, height, width) = self.images.size4().expect("images have four axes");
        let shape = [self.set(Set::Test).len() as i64, channels, height, width];
        if let Some(unseen) = self.unseen.get() {
            return Ok((unseen, shape));
        }
        let memory = SharedMemory::of("unseen", &self.pixels(&[Set::Test]).0)?;
        Ok((self.unseen.get_or_init(|| memory), shape))
    }

    /// The bytes of some sets' pixels, one set after the other, and their shape.
    fn pixels(&self, sets: &[Set]) -> (Vec<u8>, [i64; 4]) {
        let positions: Vec<i64> = sets.iter().flat_map(|&set| self.set(set)).copied().collect();
        let positions = Tensor::from_slice(&positions).to_device(self.device());
        let pixels = self.images.index_select(0, &positions).to_device(Device::Cpu);
        let size = pixels.size();
        let bytes = Vec::<u8>::try_from(pixels.contiguous().view([-1])).expect("pixels are bytes");
        (bytes, [size[0], size[1], size[2], size[3]])
    }

    fn prepare(&self, pixels: Tensor) -> Tensor {
        match &self.preparation {
            Some(preparation) => preparation.apply(pixels),
            None => pixels,
        }
    }
}

impl SharedExamples {
    fn of(examples: &Examples) -> io::Result<Self> {
        let names = [Set::Retain, Set::Forget, Set::Validation];
        let (bytes, shape) = examples.pixels(&names);
        let sets = names.map(|set| examples.set(set));
        let labels = sets.concat().into_iter().map(|position| examples.label(position));
        let labels: Vec<u8> = labels.flat_map(i64::to_le_bytes).collect();
        let [retain, forget, validation] = sets.map(|set| set.len() as i64);
        Ok(Self {
            images: SharedMemory::of("pixels", &bytes)?,
            labels: SharedMemory::of("labels", &labels)?,
            shape,
            retain: [0, retain],
            forget: [retain, retain + forget],
            validation: [retain + forget, retain + forget + validation],
        })
    }
}

impl Prepared {
    /// Nothing where pixels stay as they are.
    fn of(preparation: &Preparation, device: Device) -> Option<Self> {
        let colours = |numbers: [f64; 3]| Tensor::from_slice(&numbers).view([1, 3, 1, 1]).to_device(device);
        (!preparation.is_raw()).then(|| Self {
            divide: preparation.divide(),
            mean: colours(preparation.mean()),
            std: colours(preparation.std()),
        })
    }

    /// The order of torchvision's `ToTensor` and `Normalize`, in the arithmetic of the pixels.
    fn apply(&self, pixels: Tensor) -> Tensor {
        let kind = pixels.kind();
        (pixels / self.divide - self.mean.to_kind(kind)) / self.std.to_kind(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, Device, Examples, HostExamples, Kind, Preparation, Set, Tensor};

    /// One image of one pixel: red 0, green 51, blue 255.
    fn examples(preparation: &Preparation) -> Examples {
        let host = HostExamples {
            images: vec![0, 51, 255],
            shape: [1, 3, 1, 1],
            labels: vec![0],
            sets: BTreeMap::from([(Set::Retain, vec![0])]),
            class_counts: vec![1],
            truths: Vec::new(),
        };
        Examples::new(host, preparation, Device::Cpu)
    }

    fn numbers(images: &Tensor) -> Vec<f64> {
        Vec::try_from(images.flatten(0, -1)).expect("three numbers")
    }

    fn close(have: &Tensor, want: [f64; 3]) {
        let have = numbers(have);
        assert!(
            have.iter().zip(want).all(|(have, want)| (have - want).abs() < 1e-12),
            "{have:?}, not {want:?}"
        );
    }

    #[test]
    fn pixels_are_divided_and_normalised_colour_by_colour() {
        let preparation = Preparation::new(255.0, [0.5, 0.1, 0.0], [0.25, 0.1, 2.0]).expect("it divides");
        let batch = |preparation: &Preparation| {
            examples(preparation).batch(&Tensor::from_slice(&[0i64]), Kind::Double).0
        };
        close(&batch(&preparation), [-2.0, 1.0, 0.5]);
        assert_eq!(numbers(&batch(&Preparation::default())), [0.0, 51.0, 255.0]);
    }

    #[test]
    fn a_centred_image_is_without_the_mean_of_the_retain_set() {
        let host = HostExamples {
            images: vec![0, 51, 255, 102, 51, 0, 255, 255, 255],
            shape: [3, 3, 1, 1],
            labels: vec![0, 0, 0],
            sets: BTreeMap::from([(Set::Retain, vec![0, 1]), (Set::Forget, vec![2])]),
            class_counts: vec![3],
            truths: Vec::new(),
        };
        let divided = Preparation::new(255.0, [0.0; 3], [1.0; 3]).expect("it divides");
        let examples = Examples::new(host, &divided.centred(), Device::Cpu);
        close(&examples.retain_mean(), [51.0, 51.0, 127.5]);
        let seen = examples.batch(&Tensor::from_slice(&[2i64]), Kind::Double).0;
        close(&seen, [0.8, 0.8, 0.5]);
        close(&examples.unprepared(&seen), [255.0; 3]);
    }

    #[test]
    fn a_step_is_a_share_of_the_pixels_range_and_stays_in_it() {
        let preparation = Preparation::new(255.0, [0.5, 0.1, 0.0], [0.25, 0.1, 2.0]).expect("it divides");
        let signs = Tensor::from_slice(&[-1.0, 1.0, -1.0]).view([1, 3, 1, 1]);
        for (preparation, want) in
            [(Preparation::default(), [0.0, 76.5, 229.5]), (preparation, [-2.0, 2.0, 0.45])]
        {
            let examples = examples(&preparation);
            let images = examples.batch(&Tensor::from_slice(&[0i64]), Kind::Double).0;
            close(&examples.stepped(&images, &signs, 0.1), want);
        }
    }
}
