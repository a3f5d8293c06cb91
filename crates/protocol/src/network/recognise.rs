//! Which network a state dict is one of, as names and shapes tell.

use std::collections::{BTreeMap, BTreeSet};

use super::{Architecture, CLASSES, Layout, NETWORKS, Network};

/// Different lengths of axes that are tried as sizes of a network; a real one has fewer than ten.
const MOST_LENGTHS: usize = 24;

/// Shapes of a state dict's tensors, by their names.
pub type Shapes<'s> = BTreeMap<&'s str, &'s [usize]>;

/// A network that a state dict may be one of.
#[derive(Debug, Clone, PartialEq)]
pub struct Likeness {
    /// The network; tensors don't tell what is done to pixels, nor the keys that its architecture calls untold.
    pub network: Network,
    /// Tensors that have the name and the shape that the network asks for.
    pub matching: usize,
    /// Tensors that the network has, without counts of batches.
    pub of: usize,
}

impl Likeness {
    /// Whether every tensor is there.
    pub fn is_whole(&self) -> bool {
        self.matching == self.of
    }
}

/// Well-known networks that the catalogue lacks: a name, a tensor that it has, and one that it would have if it were the
/// next larger of its kind. Names of tensors are those of torchvision and timm.
const STRANGERS: &[(&str, &str, &str)] = &[
    ("ResNet-34", "layer3.5.conv2.weight", "layer1.0.conv3.weight"),
    ("ResNet-50", "layer3.5.conv3.weight", "layer3.6.conv3.weight"),
    ("ResNet-101", "layer3.22.conv3.weight", "layer3.23.conv3.weight"),
    ("ResNet-152", "layer3.35.conv3.weight", "layer3.36.conv3.weight"),
    ("a VGG", "features.0.weight", "features.0.0.weight"),
    ("timm's vision transformer", "blocks.0.attn.qkv.weight", "layers.0.blocks.0.attn.qkv.weight"),
];

/// The name of a well-known network that the catalogue lacks and that these tensors look like.
pub fn stranger<'s>(keys: impl Iterator<Item = &'s str>) -> Option<&'static str> {
    let keys: BTreeSet<&str> = keys.collect();
    let looks = |&&(_, has, lacks): &&(&str, &str, &str)| keys.contains(has) && !keys.contains(lacks);
    STRANGERS.iter().find(looks).map(|(name, ..)| *name)
}

/// The network of the catalogue that has most tensors in common with a state dict; nothing where none has any. Every
/// length of an axis is tried as every size.
pub fn recognise<'s>(tensors: impl Iterator<Item = (&'s str, &'s [usize])>) -> Option<Likeness> {
    let tensors: Shapes<'_> = tensors.collect();
    let lengths: BTreeSet<u32> =
        tensors.values().filter_map(|shape| u32::try_from(*shape.first()?).ok()).collect();
    let lengths: Vec<u32> = lengths.into_iter().take(MOST_LENGTHS).collect();
    let mut best: Option<Likeness> = None;
    let meant = |architecture: &Architecture| match architecture.told {
        Some(told) => told(&tensors).into_iter().collect(),
        None => candidates(architecture, &lengths),
    };
    for network in NETWORKS.iter().flat_map(meant) {
        let Ok(layout) = network.layout() else { continue };
        let (matching, of) = in_common(&layout, &tensors);
        if matching > best.as_ref().map_or(0, |best| best.matching) {
            best = Some(Likeness { network, matching, of });
        }
    }
    best
}

/// The architecture in every size that could be meant.
fn candidates(architecture: &Architecture, lengths: &[u32]) -> Vec<Network> {
    let classes = lengths.iter().copied().filter(|length| CLASSES.contains(length));
    let mut networks: Vec<Network> =
        classes.map(|classes| Network::new(architecture.name, classes, &[])).collect();
    for key in architecture.keys {
        let within = |length: &&u32| (key.least..=key.most).contains(*length);
        let sizes: Vec<u32> = lengths.iter().filter(within).copied().collect();
        let with = |network: &Network, size: u32| {
            let mut network = network.clone();
            network.keys.insert(key.name.to_owned(), size);
            network
        };
        networks =
            networks.iter().flat_map(|network| sizes.iter().map(|&size| with(network, size))).collect();
    }
    networks
}

fn in_common(layout: &Layout, tensors: &Shapes<'_>) -> (usize, usize) {
    let wanted = layout.keys_and_shapes();
    let wanted = wanted.iter().filter(|(_, shape)| !shape.is_empty());
    let fits = |(key, shape): &(&str, &[usize])| tensors.get(key).is_some_and(|found| found == shape);
    let pairs = wanted.map(|(key, shape)| (key.as_str(), shape.as_slice()));
    (pairs.clone().filter(fits).count(), pairs.count())
}
