//! Anything at all may come: no panic, and memory in proportion to the file.

use proptest::{
    collection::vec,
    prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest},
};

use super::{
    super::Values,
    decoded,
    forge::{Claim, HONEST, Pickle, checkpoint, floats},
    golden_bytes, meter,
};

/// Bytes that decoding may use: small files may expand to a million elements, instructions become values.
fn allowance(file: usize) -> usize {
    (24 << 20) + 64 * file
}

/// Nothing, and how files of each known kind start.
const HEADS: [&[u8]; 4] = [b"", b"PK\x03\x04", b"\x40\0\0\0\0\0\0\0{\"", b"\x80\x02\x8a\x0a"];

fn survives(bytes: &[u8]) -> Result<(), proptest::test_runner::TestCaseError> {
    let (_, peak) = meter::peak(|| decoded(bytes));
    prop_assert!(peak <= allowance(bytes.len()), "{peak} bytes for a file of {}", bytes.len());
    Ok(())
}

/// The pickle of the golden checkpoint.
fn real_pickle(bytes: &[u8]) -> &[u8] {
    let start = bytes.windows(2).position(|window| window == b"\x80\x02").expect("a pickle");
    let end = start + bytes[start..].windows(4).position(|window| window == b"PK\x07\x08").expect("its end");
    &bytes[start..end]
}

fn opcodes() -> impl Strategy<Value = Vec<u8>> {
    let instruction = prop_oneof![
        4 => proptest::sample::select(b"()]}tRQsuaebN.".to_vec()).prop_map(|opcode| vec![opcode]),
        1 => proptest::sample::select(b"\x85\x86\x87\x88\x89\x93\x94".to_vec()).prop_map(|opcode| vec![opcode]),
        2 => any::<u8>().prop_map(|index| vec![b'h', index % 8]),
        2 => any::<u8>().prop_map(|index| vec![b'q', index % 8]),
        1 => any::<[u8; 4]>().prop_map(|index| [b"r", &index[..]].concat()),
        2 => any::<u8>().prop_map(|value| vec![b'K', value]),
        1 => Just(b"ccollections\nOrderedDict\n".to_vec()),
        1 => Just(b"ctorch._utils\n_rebuild_tensor_v2\n".to_vec()),
        1 => Just(b"ctorch\nFloatStorage\n".to_vec()),
        1 => Just(b"X\x07\0\0\0storage".to_vec()),
        1 => Just(Pickle(Vec::new()).tensor(HONEST).0),
    ];
    vec(instruction, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_survived(
        head in proptest::sample::select(HEADS.to_vec()),
        tail in vec(any::<u8>(), 0..4096),
    ) {
        survives(&[head, &tail].concat())?;
    }

    #[test]
    fn random_mutations_of_a_real_file_are_survived(
        edits in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        safetensors in any::<bool>(),
    ) {
        let name = if safetensors { "original.safetensors" } else { "original_model.pth" };
        let mut bytes = golden_bytes(name);
        // Half of the edits where the structure is: in the first bytes and in the last.
        for (number, (index, value)) in edits.iter().enumerate() {
            let length = bytes.len();
            let structure = (length - 4096 + index.index(14_096)) % length;
            let place = if number % 2 == 0 { index.index(length) } else { structure };
            bytes[place] = *value;
        }
        survives(&bytes)?;
    }

    #[test]
    fn random_mutations_of_a_real_pickle_are_survived_even_with_a_right_checksum(
        edits in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<proptest::sample::Index>(),
        pasted in opcodes(),
    ) {
        let golden = golden_bytes("original_model.pth");
        let mut pickle = real_pickle(&golden).to_vec();
        for (index, value) in edits {
            let place = index.index(pickle.len());
            pickle[place] = value;
        }
        let place = cut.index(pickle.len());
        pickle.splice(place..place, pasted);
        survives(&checkpoint(&pickle, &[("0", &[0; 2352]), ("1", &[0; 16])]))?;
    }

    #[test]
    fn random_instructions_are_survived(pickle in opcodes()) {
        survives(&checkpoint(&Pickle::begin().op(&pickle).0, &[("0", &[0; 24])]))?;
    }

    /// Gathers what the definition of strides says; refuses what is out of bounds, and only that.
    #[test]
    fn random_layouts_agree_with_the_definition(
        axes in vec((0_i64..5, 0_i64..9), 0..5),
        offset in 0_i64..30,
        length in 0_u8..120,
    ) {
        let storage: Vec<f32> = (0..length).map(f32::from).collect();
        let (shape, strides): (Vec<i64>, Vec<i64>) = axes.iter().copied().unzip();
        let mut positions = vec![offset];
        for (axis, stride) in &axes {
            positions = positions
                .iter()
                .flat_map(|start| (0..*axis).map(move |index| start + index * stride))
                .collect();
        }
        let claim = Claim { elements: length.into(), offset, shape: &shape, strides: &strides, ..HONEST };
        let state = decoded(&checkpoint(&Pickle::of(claim), &[("0", &floats(&storage))]));
        let end = i64::from(length);
        let inside = offset <= end && positions.iter().all(|&position| position < end);
        prop_assert_eq!(state.is_ok(), inside, "{:?}", state);
        if let Ok(state) = state {
            let want = Values::F32(positions.iter().map(|&position| storage[position as usize]).collect());
            prop_assert_eq!(&state.get("weight").expect("the only tensor").values, &want);
        }
    }
}
