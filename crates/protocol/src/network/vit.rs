//! torchvision's vision transformer: square patches become tokens, blocks of attention and of two affine maps, one linear
//! layer on the token of the class. Without dropout.
//!
//! Same topology, keys and parameter order as `torchvision.models.VisionTransformer`; patch 16, width 768, depth 12, 12
//! heads and a ratio of 4 on images of 224 are its `vit_b_16`.

use super::{
    Architecture, CHANNELS, Checked, Key, Network, NetworkError,
    recognise::Shapes,
    topology::{Birth, Block, Layer, Linear, Operation, Patches, Topology},
};

/// Pixels of a side of a patch.
const PATCH: Key =
    Key { name: "patch", least: 2, most: 32, default: 4, about: "pixels of a side of a patch" };
/// Numbers of a token.
const WIDTH: Key = Key { name: "width", least: 1, most: 2048, default: 128, about: "numbers of a token" };
/// Blocks.
const DEPTH: Key = Key { name: "depth", least: 1, most: 48, default: 6, about: "blocks" };
/// Heads of each attention.
const HEADS: Key = Key {
    name: "heads",
    least: 1,
    most: 32,
    default: 4,
    about: "heads of each attention, which share the width among them",
};
/// Neurons of a block's hidden layer for each number of a token.
const RATIO: Key = Key {
    name: "mlp-ratio",
    least: 1,
    most: 8,
    default: 2,
    about: "neurons of a block's hidden layer for each number of a token",
};

pub(super) const NETWORK: Architecture = Architecture {
    name: "vit",
    about: "Vision transformer: patches as tokens, a token of the class, learnt positions; no convolution but that of the \
            patches, no batch normalisation",
    source: "Dosovitskiy et al., An image is worth 16×16 words, ICLR 2021, arXiv:2010.11929; \
             torchvision.models.VisionTransformer",
    keys: &[PATCH, WIDTH, DEPTH, HEADS, RATIO],
    fits: |network| {
        is_multiple(("size", network.size()), (PATCH.name, network.key(&PATCH)))?;
        is_multiple((WIDTH.name, network.key(&WIDTH)), (HEADS.name, network.key(&HEADS)))
    },
    told: Some(told),
    untold: &[HEADS],
    topology,
    ..Architecture::PLAIN
};

fn topology(network: &Checked<'_>) -> Topology {
    let (patch, width) = (network.key(&PATCH), network.key(&WIDTH));
    let (heads, hidden) = (network.key(&HEADS), width * network.key(&RATIO));
    let across = network.size() / patch;
    let patches = Patches { channels: CHANNELS, side: patch, count: across * across, width };
    let block = |place: i64| {
        let attention = vec![
            Layer::named("ln_1", Operation::LayerNorm { features: width }),
            Layer::named("self_attention", Operation::Attention { width, heads }),
        ];
        let maps = vec![
            Layer::named("ln_2", Operation::LayerNorm { features: width }),
            linear("mlp.0", [width, hidden], Birth::Glorot),
            Layer::plain(Operation::Gelu),
            linear("mlp.3", [hidden, width], Birth::Glorot),
        ];
        let sum = |body| Layer::plain(Operation::Residual { body, shortcut: Vec::new() });
        Block {
            name: format!("encoder.layers.encoder_layer_{place}"),
            layers: vec![sum(attention), sum(maps)],
        }
    };
    let head = vec![
        Layer::plain(Operation::FirstToken),
        Layer::named("encoder.ln", Operation::LayerNorm { features: width }),
        linear("heads.head", [width, network.classes()], Birth::Zero),
    ];
    Topology {
        stem: vec![Layer::plain(Operation::Patches(patches))],
        blocks: (0..network.key(&DEPTH)).map(block).collect(),
        head,
    }
}

fn linear(name: &str, [inputs, outputs]: [i64; 2], birth: Birth) -> Layer {
    Layer::named(name, Operation::Linear(Linear { inputs, outputs, bias: true, birth }))
}

/// The sizes that tensors tell; all but the number of heads, which share tensors between them.
fn told(tensors: &Shapes<'_>) -> Option<Network> {
    let axis = |key: &str, axis: usize| u32::try_from(*tensors.get(key)?.get(axis)?).ok();
    let patch = axis("conv_proj.weight", 2)?;
    let width = axis("conv_proj.weight", 0)?;
    let classes = axis("heads.head.weight", 0)?;
    let hidden = axis("encoder.layers.encoder_layer_0.mlp.0.weight", 0)?;
    let tokens = axis("encoder.pos_embedding", 1)?;
    let is_there = |place: &u32| {
        tensors.contains_key(format!("encoder.layers.encoder_layer_{place}.ln_1.weight").as_str())
    };
    let depth = (0..=DEPTH.most).take_while(is_there).count() as u32;
    // torchvision's own have 64 numbers in a head, its larger ones 80.
    let divides = |heads: &u32| width.checked_rem(*heads) == Some(0);
    let heads =
        [width / 64, HEADS.default].into_iter().find(|heads| *heads > 0 && divides(heads)).unwrap_or(1);
    let keys = [
        (PATCH.name, patch),
        (WIDTH.name, width),
        (DEPTH.name, depth),
        (HEADS.name, heads),
        (RATIO.name, hidden.checked_div(width)?),
    ];
    let size = patch.checked_mul(tokens.checked_sub(1)?.isqrt())?;
    Some(Network { size, ..Network::new(NETWORK.name, classes, &keys) })
}

fn is_multiple(
    (key, value): (&'static str, i64),
    (of, step): (&'static str, i64),
) -> Result<(), NetworkError> {
    if value % step == 0 { Ok(()) } else { Err(NetworkError::NoMultiple { key, value, of, step }) }
}
