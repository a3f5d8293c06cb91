//! Files as PyTorch and safetensors write them.

use std::{collections::BTreeMap, os::unix::net::UnixListener};

use super::{
    super::{CheckpointError, StateDict, Tensor, Values, read, write_safetensors},
    decoded,
    forge::{Claim, Entry, HONEST, Pickle, checkpoint, entries, floats, six, zip},
    golden, golden_bytes, refused,
};

fn by_name(state: StateDict) -> BTreeMap<String, Tensor> {
    state.into_entries().into_iter().collect()
}

fn floats_of<'a>(state: &'a StateDict, name: &str) -> &'a [f32] {
    match state.get(name).map(|tensor| &tensor.values) {
        Some(Values::F32(values)) => values,
        other => panic!("`{name}` is {other:?}"),
    }
}

#[test]
fn the_same_model_as_pth_and_as_safetensors_has_the_same_tensors() {
    let pth = read(&golden("original_model.pth")).expect("a real checkpoint");
    let safetensors = read(&golden("original.safetensors")).expect("a real safetensors file");
    assert_eq!(pth.state.iter().len(), 122);
    assert_eq!(pth.state.iter().next().map(|(name, _)| name), Some("conv1.weight"), "order of the network");
    assert_eq!(by_name(pth.state), by_name(safetensors.state));
}

#[test]
fn the_hash_is_that_of_the_bytes_of_the_file() {
    let checkpoint = read(&golden("original_model.pth")).expect("a real checkpoint");
    let hash = blake3::hash(&golden_bytes("original_model.pth")).to_hex();
    assert_eq!(checkpoint.blake3.as_str(), hash.as_str());
}

#[test]
fn a_legacy_file_is_refused_with_the_command_that_converts_it() {
    let refusal = read(&golden("original_model_legacy.pth")).expect_err("a format of long ago");
    assert!(matches!(refusal, CheckpointError::Legacy { .. }), "{refusal}");
    let message = refusal.to_string();
    assert!(
        message.contains("python3 -c \"import sys, torch; torch.save(torch.load(sys.argv[1]"),
        "{message}"
    );
    assert!(message.contains("original_model_legacy.converted.pth"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn our_own_models_read_back_and_have_the_same_bytes_in_any_order() {
    let state = read(&golden("original_model.pth")).expect("a real checkpoint").state;
    let bytes = write_safetensors(&state);
    let again = decoded(&bytes).expect("its own bytes");
    assert_eq!(by_name(again), by_name(state.clone()));
    let mut reversed = state.into_entries();
    reversed.reverse();
    assert_eq!(write_safetensors(&StateDict::new(reversed).expect("the same tensors")), bytes);
}

#[test]
fn folders_sockets_missing_and_enormous_files_are_refused_unread() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    assert!(matches!(read(folder.path()), Err(CheckpointError::NotAFile { .. })));
    let _socket = UnixListener::bind(at("socket")).expect("a socket");
    assert!(matches!(read(&at("socket")), Err(CheckpointError::NotAFile { .. })));
    assert!(matches!(read(&at("absent")), Err(CheckpointError::Unreadable { .. })));
    let sparse = std::fs::File::create(at("sparse")).expect("a file");
    sparse.set_len(5 << 30).expect("a hole needs no space");
    assert!(matches!(read(&at("sparse")), Err(CheckpointError::TooLarge { bytes, .. }) if bytes == 5 << 30));
    for junk in [&b""[..], b"P", b"PK", b"\x80\x02}.", b"hello, world", b"\x93NUMPY\x01\x00"] {
        assert!(matches!(refused("junk", junk), CheckpointError::Unrecognised { .. }), "{junk:?}");
    }
}

#[test]
fn a_forged_honest_checkpoint_is_accepted() {
    let state = decoded(&checkpoint(&Pickle::of(HONEST), &[("0", &six())])).expect("an honest file");
    assert_eq!(state.get("weight").map(|tensor| tensor.shape.clone()), Some(vec![2, 3]));
    assert_eq!(floats_of(&state, "weight"), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
}

#[test]
fn strided_views_and_shared_storages_are_gathered() {
    let transposed = Claim { shape: &[3, 2], strides: &[1, 3], ..HONEST };
    let column = Claim { shape: &[2], strides: &[3], offset: 2, ..HONEST };
    let repeated = Claim { shape: &[2, 2], strides: &[0, 1], offset: 4, ..HONEST };
    let scalar = Claim { shape: &[], strides: &[], offset: 5, ..HONEST };
    let empty = Claim { shape: &[0, 3], strides: &[3, 1], offset: 6, ..HONEST };
    let mut pickle = Pickle::begin().op(b"}(");
    for (name, claim) in [("t", transposed), ("c", column), ("r", repeated), ("s", scalar), ("e", empty)] {
        pickle = pickle.text(name).tensor(claim);
    }
    let state = decoded(&checkpoint(&pickle.op(b"u.").0, &[("0", &six())])).expect("views of one storage");
    assert_eq!(floats_of(&state, "t"), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    assert_eq!(floats_of(&state, "c"), [2.0, 5.0]);
    assert_eq!(floats_of(&state, "r"), [4.0, 5.0, 4.0, 5.0]);
    assert_eq!(floats_of(&state, "s"), [5.0]);
    assert!(floats_of(&state, "e").is_empty());
}

#[test]
fn parameters_metadata_and_pickle_protocol_4_are_understood() {
    let metadata = Pickle::begin()
        .ordered_dict()
        .op(b"(")
        .text("weight")
        .global("torch._utils", "_rebuild_parameter")
        .op(b"(")
        .tensor(HONEST)
        .op(&[0x88])
        .ordered_dict()
        .op(b"tRu}")
        .text("_metadata")
        .ordered_dict()
        .op(b"(X\0\0\0\0}")
        .text("version")
        .op(b"K\x01susb.");
    decoded(&checkpoint(&metadata.0, &[("0", &six())])).expect("a state dict with `_metadata`");

    let protocol_4 = Pickle(vec![0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0])
        .op(b"}\x94\x8c\x06weight\x94")
        .op(b"\x8c\x0ctorch._utils\x94\x8c\x12_rebuild_tensor_v2\x94\x93\x94(")
        .storage(HONEST)
        .int(0)
        .op(b"K\x02K\x03\x86\x94K\x03K\x01\x86\x94\x89")
        .ordered_dict()
        .op(b"t\x94R\x94s.");
    let state = decoded(&checkpoint(&protocol_4.0, &[("0", &six())])).expect("protocol 4");
    assert_eq!(floats_of(&state, "weight"), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
}

#[test]
fn a_state_dict_one_level_down_is_unwrapped_and_data_parallel_names_are_shortened() {
    for key in ["state_dict", "model_state_dict", "model"] {
        let nested = Pickle::begin()
            .op(b"}(")
            .text("epoch")
            .int(90)
            .text("accuracy")
            .op(b"G\x3f\xe0\0\0\0\0\0\0")
            .text("history")
            .op(b"](N\x88e")
            .text(key)
            .op(b"}(")
            .text("module.conv1.weight")
            .tensor(HONEST)
            .op(b"uu.");
        let state = decoded(&checkpoint(&nested.0, &[("0", &six())])).expect(key);
        assert_eq!(state.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["conv1.weight"]);
    }
    let mixed = Pickle::begin().op(b"}(").text("module.a").tensor(HONEST).text("b").tensor(HONEST).op(b"u.");
    let state = decoded(&checkpoint(&mixed.0, &[("0", &six())])).expect("names of both kinds");
    assert_eq!(state.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["module.a", "b"]);
}

#[test]
fn half_double_and_big_endian_checkpoints_are_converted() {
    let half = Claim { kind: "HalfStorage", elements: 2, shape: &[2], strides: &[1], ..HONEST };
    let state = decoded(&checkpoint(&Pickle::of(half), &[("0", &[0x00, 0x3c, 0x00, 0xc0])])).expect("halves");
    assert_eq!(floats_of(&state, "weight"), [1.0, -2.0]);

    let double = Claim { kind: "DoubleStorage", elements: 1, shape: &[1], strides: &[1], ..HONEST };
    let mut big = entries(&Pickle::of(double), &[("0", &0.25_f64.to_be_bytes())]);
    big[1] = Entry::new("byteorder", b"big");
    assert_eq!(floats_of(&decoded(&zip(&big)).expect("big-endian doubles"), "weight"), [0.25]);
}

#[test]
fn files_of_older_versions_and_of_other_tools_are_accepted() {
    let honest = entries(&Pickle::of(HONEST), &[("0", &six())]);
    let old: Vec<Entry> = honest
        .iter()
        .filter(|entry| !entry.name.ends_with("byteorder") && !entry.name.contains(".data"))
        .cloned()
        .collect();
    decoded(&zip(&old)).expect("PyTorch 1.6 wrote neither byte order nor serialization id");

    let python: Vec<Entry> = honest
        .into_iter()
        .map(|entry| Entry { flags: 0, made_by: 0x0314, attributes: 0o100_644 << 16, ..entry })
        .collect();
    decoded(&zip(&python)).expect("Python's zipfile writes no descriptors, but permissions");
}

#[test]
fn tensors_of_no_elements_and_many_axes_have_their_limits() {
    let no_storage = Claim { elements: 0, shape: &[0], strides: &[1], ..HONEST };
    let state = decoded(&checkpoint(&Pickle::of(no_storage), &[("0", &[])])).expect("an empty tensor");
    assert!(floats_of(&state, "weight").is_empty());
    let eight = Claim { shape: &[1, 1, 1, 1, 1, 1, 2, 3], strides: &[6, 6, 6, 6, 6, 6, 3, 1], ..HONEST };
    let state = decoded(&checkpoint(&Pickle::of(eight), &[("0", &six())])).expect("eight axes");
    assert_eq!(floats_of(&state, "weight"), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let nine = Claim { shape: &[1; 9], strides: &[1; 9], ..HONEST };
    refused("nine axes", &checkpoint(&Pickle::of(nine), &[("0", &floats(&[0.0; 6]))]));
}
