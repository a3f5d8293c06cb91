//! The strict comparison with a network.

use super::{
    super::{Difference, StateDict, Tensor, Values, read},
    golden,
};

fn state(entries: &[(&str, &[usize], Values)]) -> StateDict {
    let entries = entries
        .iter()
        .map(|(name, shape, values)| {
            ((*name).to_owned(), Tensor { shape: shape.to_vec(), values: values.clone() })
        })
        .collect();
    StateDict::new(entries).expect("consistent tensors")
}

fn expected(tensors: &[(&str, &[usize])]) -> Vec<(String, Vec<usize>)> {
    tensors.iter().map(|(name, shape)| ((*name).to_owned(), shape.to_vec())).collect()
}

#[test]
fn a_real_checkpoint_matches_its_own_shapes_with_or_without_counters() {
    let state = read(&golden("original_model.pth")).expect("a real checkpoint").state;
    let own: Vec<_> = state.iter().map(|(name, tensor)| (name.to_owned(), tensor.shape.clone())).collect();
    state.match_strictly(&own).expect("its own shapes");
    let bare: Vec<_> =
        own.iter().filter(|(name, _)| !name.ends_with("num_batches_tracked")).cloned().collect();
    assert_eq!(bare.len(), 102);
    state.match_strictly(&bare).expect("a network that does not count batches");
    let uncounted: Vec<_> =
        state.into_entries().into_iter().filter(|(name, _)| !name.ends_with("num_batches_tracked")).collect();
    StateDict::new(uncounted).expect("fewer").match_strictly(&own).expect("a checkpoint without counters");
}

#[test]
fn every_difference_is_in_one_message() {
    let have = state(&[
        ("fc.weight", &[2, 1], Values::F32(vec![0.5, f32::NAN])),
        ("fc.bias", &[3], Values::F32(vec![f32::INFINITY, 1.0, f32::NEG_INFINITY])),
        ("extra\n", &[], Values::F32(vec![1.0])),
        ("steps", &[1], Values::I64(vec![1])),
        ("bn.num_batches_tracked", &[], Values::F32(vec![1.0])),
    ]);
    let want = expected(&[
        ("conv.weight", &[1]),
        ("fc.weight", &[2, 1]),
        ("fc.bias", &[2]),
        ("steps", &[1]),
        ("bn.num_batches_tracked", &[]),
    ]);
    let mismatch = have.match_strictly(&want).expect_err("nothing fits");
    assert_eq!(mismatch.differences[0], Difference::Missing { name: "conv.weight".to_owned() });
    assert_eq!(
        mismatch.to_string(),
        "the checkpoint does not fit the network: `conv.weight` is missing; \
         `fc.weight` holds 1 NaN or infinite values; \
         `fc.bias` has shape [3], not [2]; `fc.bias` holds 2 NaN or infinite values; \
         `extra\\n` is unexpected; `steps` does not hold floats; \
         `bn.num_batches_tracked` does not hold integers"
    );
}

#[test]
fn a_message_about_thousands_of_differences_has_an_end() {
    let names: Vec<String> = (0..5000).map(|index| format!("layer.{index}")).collect();
    let entries: Vec<(&str, &[usize], Values)> =
        names.iter().map(|name| (name.as_str(), &[][..], Values::F32(vec![0.0]))).collect();
    let mismatch = state(&entries).match_strictly(&[]).expect_err("all unexpected");
    assert_eq!(mismatch.differences.len(), 5000);
    assert!(mismatch.to_string().ends_with("; and 4600 more"), "{mismatch}");
}
