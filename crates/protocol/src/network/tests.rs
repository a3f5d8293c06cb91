use std::collections::BTreeSet;

use super::{Entry, Layout, NETWORKS, Network, NetworkError, Role, recognise, stranger};
use crate::recipe::Tensors;

fn smallest(classes: u32) -> impl Iterator<Item = Network> {
    NETWORKS.iter().map(move |architecture| {
        let keys: Vec<(&str, u32)> = architecture.keys.iter().map(|key| (key.name, key.least)).collect();
        Network::new(architecture.name, classes, &keys)
    })
}

fn resnet18(width: u32, classes: u32) -> Layout {
    Network::new("resnet18", classes, &[("width", width)]).layout().expect("within bounds")
}

fn keys(layout: &Layout, tensors: &Tensors) -> Vec<String> {
    let places = layout.possible_places(tensors).expect("they are there");
    places.into_iter().map(|place| layout.parameters[place].key.clone()).collect()
}

#[test]
fn the_catalogue_is_in_order_and_its_bounds_hold_its_defaults() {
    let names: Vec<&str> = NETWORKS.iter().map(|architecture| architecture.name).collect();
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    for architecture in NETWORKS {
        for key in architecture.keys {
            assert!((key.least..=key.most).contains(&key.default), "{} of {}", key.name, architecture.name);
            assert!(
                !["name", "classes", "size", "divide", "mean", "std"].contains(&key.name),
                "{} is a word of every network",
                key.name
            );
        }
    }
}

#[test]
fn every_network_has_distinct_keys_in_three_groups_and_as_many_outputs_as_classes() {
    for network in smallest(7) {
        let layout = network.layout().expect("the smallest of its kind");
        let named: BTreeSet<String> = layout.entries.iter().map(|&entry| layout.key(entry)).collect();
        assert_eq!(named.len(), layout.entries.len(), "{network}");
        assert_eq!(layout.outputs(), 7, "{network}");
        let groups = [vec![layout.stem.clone()], layout.blocks.clone(), vec![layout.head.clone()]].concat();
        let together: Vec<usize> = groups.into_iter().flatten().collect();
        assert_eq!(together, (0..layout.parameters.len()).collect::<Vec<_>>(), "{network}");
        assert!(!layout.head.is_empty(), "{network}");
    }
}

#[test]
fn width_64_has_torchvisions_parameters() {
    let layout = resnet18(64, 1000);
    // torchvision's documentation of ResNet18_Weights: 11689512 parameters.
    assert_eq!(layout.parameter_count(), 11_689_512);
    assert_eq!((layout.parameters.len(), layout.norms.len()), (62, 20));
    let keys: Vec<&str> = layout.parameters.iter().map(|parameter| parameter.key.as_str()).collect();
    assert_eq!(keys[..3], ["conv1.weight", "bn1.weight", "bn1.bias"]);
    assert_eq!(
        keys[15..24],
        [
            "layer2.0.conv1.weight",
            "layer2.0.bn1.weight",
            "layer2.0.bn1.bias",
            "layer2.0.conv2.weight",
            "layer2.0.bn2.weight",
            "layer2.0.bn2.bias",
            "layer2.0.downsample.0.weight",
            "layer2.0.downsample.1.weight",
            "layer2.0.downsample.1.bias"
        ]
    );
    assert_eq!(keys[60..], ["fc.weight", "fc.bias"]);
    assert_eq!(layout.key(Entry::Mean(0)), "bn1.running_mean");
}

#[test]
fn tensors_are_meant_by_what_they_are() {
    let layout = resnet18(4, 10);
    let last = |count: u32| Tensors::Last(count.try_into().expect("not 0"));
    assert_eq!(keys(&layout, &Tensors::Head), ["fc.weight", "fc.bias"]);
    assert_eq!(keys(&layout, &Tensors::Stem), ["conv1.weight", "bn1.weight", "bn1.bias"]);
    assert_eq!(keys(&layout, &Tensors::Biases), ["fc.bias"]);
    assert_eq!(keys(&layout, &last(1)), ["fc.weight", "fc.bias"]);
    assert_eq!(keys(&layout, &last(2)).len(), 8, "the last block has no shortcut");
    assert_eq!(keys(&layout, &last(9))[0], "layer1.0.conv1.weight", "the stem comes last");
    assert_eq!(keys(&layout, &last(10)).len(), 62);
    assert_eq!(keys(&layout, &last(99)).len(), 62);
    let shortcuts = keys(&layout, &Tensors::Shortcuts);
    assert_eq!(shortcuts.len(), 9);
    assert!(shortcuts.iter().all(|key| key.contains("downsample")), "{shortcuts:?}");
    let first = Tensors::Intersection(vec![Tensors::Stem, Tensors::Convolutions]);
    assert_eq!(keys(&layout, &first), ["conv1.weight"]);
    let missing = layout.possible_places(&Tensors::Named(vec!["fc".to_owned()])).expect_err("a module");
    assert!(missing.to_string().contains("`fc`"), "{missing}");
}

#[test]
fn what_is_not_there_or_out_of_bounds_is_refused() {
    let refused = |network: Network| network.layout().expect_err("refused");
    let width = |width| [("width", width)];
    assert!(matches!(refused(Network::new("resnet19", 10, &width(4))), NetworkError::Unknown { .. }));
    for (keys, classes) in [(width(0), 10), (width(100_000), 10), (width(4), 1), (width(4), 1 << 30)] {
        let error = refused(Network::new("resnet18", classes, &keys));
        assert!(matches!(error, NetworkError::Outside { .. }), "{error}");
    }
    assert!(matches!(refused(Network::new("resnet18", 10, &[])), NetworkError::Lacking { key: "width", .. }));
    let surplus = Network::new("resnet18", 10, &[("width", 4), ("depth", 3)]);
    assert!(matches!(refused(surplus), NetworkError::NoSuchKey { .. }));
}

#[test]
fn a_transformer_has_torchvisions_parameters() {
    let keys = [("patch", 16), ("width", 768), ("depth", 12), ("heads", 12), ("mlp-ratio", 4)];
    let network = Network { size: 224, ..Network::new("vit", 1000, &keys) };
    let layout = network.layout().expect("within bounds");
    // torchvision's documentation of ViT_B_16_Weights: 86567656 parameters.
    assert_eq!(layout.parameter_count(), 86_567_656);
    assert_eq!((layout.parameters.len(), layout.norms.len(), layout.blocks.len()), (152, 0, 12));
    let keys: Vec<&str> = layout.parameters.iter().map(|parameter| parameter.key.as_str()).collect();
    assert_eq!(
        keys[..9],
        [
            "class_token",
            "conv_proj.weight",
            "conv_proj.bias",
            "encoder.pos_embedding",
            "encoder.layers.encoder_layer_0.ln_1.weight",
            "encoder.layers.encoder_layer_0.ln_1.bias",
            "encoder.layers.encoder_layer_0.self_attention.in_proj_weight",
            "encoder.layers.encoder_layer_0.self_attention.in_proj_bias",
            "encoder.layers.encoder_layer_0.self_attention.out_proj.weight",
        ]
    );
    assert_eq!(keys[148..], ["encoder.ln.weight", "encoder.ln.bias", "heads.head.weight", "heads.head.bias"]);
}

#[test]
fn sizes_that_do_not_fit_into_one_another_are_refused() {
    let vit = |patch, width, heads| {
        let keys = [("patch", patch), ("width", width), ("depth", 1), ("heads", heads), ("mlp-ratio", 2)];
        Network::new("vit", 10, &keys).check().map(drop)
    };
    assert_eq!(vit(4, 8, 2), Ok(()));
    for (patch, width, heads, key, of) in [(5, 8, 2, "size", "patch"), (4, 9, 2, "width", "heads")] {
        let error = vit(patch, width, heads).expect_err("it can't be built");
        assert!(
            matches!(error, NetworkError::NoMultiple { key: have, of: have_of, .. } if (have, have_of) == (key, of)),
            "{error}"
        );
    }
}

#[test]
fn roles_follow_the_layers() {
    let layout = resnet18(4, 10);
    let role = |key: &str| {
        layout.parameters.iter().find(|parameter| parameter.key == key).map(|parameter| parameter.role)
    };
    assert_eq!(role("conv1.weight"), Some(Role::Kernel));
    assert_eq!(role("layer3.0.downsample.1.bias"), Some(Role::NormBias));
    assert_eq!(role("fc.bias"), Some(Role::LinearBias { fan_in: 32 }));
}

fn shapes(layout: &Layout) -> Vec<(String, Vec<usize>)> {
    layout.keys_and_shapes()
}

fn recognised(tensors: &[(String, Vec<usize>)]) -> Option<super::Likeness> {
    recognise(tensors.iter().map(|(key, shape)| (key.as_str(), shape.as_slice())))
}

#[test]
fn every_network_is_recognised_by_its_tensors() {
    let with_12 = |mut network: Network| {
        network.keys.values_mut().for_each(|size| *size = 12);
        network
    };
    let transformer = [("patch", 4), ("width", 12), ("depth", 3), ("heads", 4), ("mlp-ratio", 2)];
    let transformer = [32, 48].map(|size| Network { size, ..Network::new("vit", 7, &transformer) });
    let others = smallest(7).filter(|network| network.name != "vit").map(with_12);
    for network in others.chain(transformer) {
        let likeness = recognised(&shapes(&network.layout().expect("within bounds"))).expect("known");
        assert_eq!((&likeness.network, likeness.is_whole()), (&network, true));
    }
}

#[test]
fn a_network_is_recognised_by_most_of_its_tensors_and_nothing_by_none() {
    let mut tensors = shapes(&resnet18(12, 7));
    tensors.retain(|(key, _)| !key.starts_with("layer4"));
    let likeness = recognised(&tensors).expect("most is there");
    assert_eq!(likeness.network, Network::new("resnet18", 7, &[("width", 12)]));
    assert!(!likeness.is_whole());
    assert_eq!(recognised(&[("encoder.weight".to_owned(), vec![3, 4])]), None);
    assert_eq!(recognised(&[]), None);
}

#[test]
fn what_the_catalogue_lacks_is_called_by_its_name() {
    let of = |keys: &[&str]| stranger(keys.iter().copied());
    assert_eq!(of(&["layer3.5.conv2.weight"]), Some("ResNet-34"));
    assert_eq!(
        of(&["layer1.0.conv3.weight", "layer3.5.conv2.weight", "layer3.5.conv3.weight"]),
        Some("ResNet-50")
    );
    for network in smallest(2) {
        let tensors = shapes(&network.layout().expect("within bounds"));
        assert_eq!(stranger(tensors.iter().map(|(key, _)| key.as_str())), None, "{network}");
    }
}
