//! Safetensors files with other element types, and with headers that lie.

use super::{
    super::{CheckpointError, LayoutProblem, NotAStateDict, Values},
    decoded, meter, refused,
};

fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

fn of_dtype(dtype: &str, data: &[u8]) -> Vec<u8> {
    let length = data.len();
    file(&format!(r#"{{"w":{{"dtype":"{dtype}","shape":[1],"data_offsets":[0,{length}]}}}}"#), data)
}

#[test]
fn every_plain_element_type_is_converted() {
    for (dtype, data, want) in [
        ("F16", &[0x00, 0x3e][..], Values::F32(vec![1.5])),
        ("BF16", &[0xc0, 0x3f], Values::F32(vec![1.5])),
        ("F32", &1.5_f32.to_le_bytes(), Values::F32(vec![1.5])),
        ("F64", &1.5_f64.to_le_bytes(), Values::F32(vec![1.5])),
        ("I64", &(-2_i64).to_le_bytes(), Values::I64(vec![-2])),
        ("I32", &(-2_i32).to_le_bytes(), Values::I64(vec![-2])),
        ("I16", &(-2_i16).to_le_bytes(), Values::I64(vec![-2])),
        ("I8", &(-2_i8).to_le_bytes(), Values::I64(vec![-2])),
        ("U8", &[254], Values::I64(vec![254])),
        ("BOOL", &[1], Values::I64(vec![1])),
    ] {
        let state = decoded(&of_dtype(dtype, data)).expect(dtype);
        assert_eq!(state.get("w").map(|tensor| &tensor.values), Some(&want), "{dtype}");
    }
    for (dtype, width) in [("F8_E5M2", 1), ("F8_E4M3", 1), ("U16", 2), ("U32", 4), ("U64", 8), ("C64", 8)] {
        let refusal = refused(dtype, &of_dtype(dtype, &vec![0; width]));
        assert!(
            matches!(&refusal, CheckpointError::Layout { problem: LayoutProblem::Dtype { .. }, .. }),
            "{dtype}: {refusal}"
        );
    }
}

#[test]
fn headers_that_lie_are_refused_without_allocating() {
    let nested = format!(r#"{{"w":{}"#, "[".repeat(100_000));
    let mut beyond = file("{}", &[]);
    beyond[0] = 200;
    let mut enormous = beyond.clone();
    enormous[..8].copy_from_slice(&99_999_999_u64.to_le_bytes());
    let lies = [
        ("a header beyond the file", beyond),
        ("a header of 100 MB", enormous),
        ("no JSON", file("{\"w\":", &[0; 4])),
        ("deep JSON", file(&nested, &[])),
        (
            "more elements than bytes",
            file(r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, &[0; 4]),
        ),
        ("data beyond the file", file(r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, &[0; 4])),
        ("bytes behind the data", file(r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, &[0; 5])),
        ("a hole", file(r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, &[0; 8])),
        (
            "an overlap",
            file(
                r#"{"v":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
                &[0; 6],
            ),
        ),
        (
            "a name twice",
            file(
                r#"{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#,
                &[0; 8],
            ),
        ),
        ("a negative axis", file(r#"{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, &[0; 4])),
        (
            "axes that overflow",
            file(r#"{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, &[0; 4]),
        ),
    ];
    for (what, bytes) in lies {
        let (refusal, peak) = meter::peak(|| refused(what, &bytes));
        assert!(matches!(refusal, CheckpointError::Safetensors { .. }), "{what}: {refusal}");
        assert!(peak < 1 << 20, "{what} used {peak} bytes");
    }
    let empty = refused("no tensors", &file("{}", &[]));
    assert!(matches!(empty, CheckpointError::Unfit { problem: NotAStateDict::Empty, .. }), "{empty}");
}
