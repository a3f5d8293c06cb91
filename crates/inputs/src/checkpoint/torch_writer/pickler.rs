//! `data.pkl`: the bytes that Python's pickler of protocol 2 gives for a state dict on the CPU. Owns instructions and what is
//! remembered; `torch.load(weights_only=True)` knows no others.

use std::collections::HashMap;

use super::{FloatWidth, StateDict, Values};

/// Items that one instruction adds to a dictionary.
const BATCH: usize = 1_000;

pub(super) fn pickled(state: &StateDict, precision: FloatWidth) -> Vec<u8> {
    let mut pickler = Pickler { bytes: vec![0x80, 2], memo: HashMap::new(), remembered: 0 };
    let tensors: Vec<_> = state.iter().enumerate().collect();
    pickler.ordered_dict();
    pickler.items(&tensors, |pickler, (number, (name, tensor))| {
        pickler.text(name);
        let (kind, elements) = match (&tensor.values, precision) {
            (Values::F32(values), FloatWidth::Single) => ("FloatStorage", values.len()),
            (Values::F32(values), FloatWidth::Half) => ("HalfStorage", values.len()),
            (Values::I64(values), _) => ("LongStorage", values.len()),
        };
        pickler.tensor(&number.to_string(), kind, elements, &tensor.shape);
    });
    pickler.metadata(&modules(state));
    pickler.bytes.extend_from_slice(b"b.");
    pickler.bytes
}

/// Modules that hold tensors and those that hold them, each before what is in it, and their versions: 2 is that of batch
/// normalisations which count their batches.
fn modules(state: &StateDict) -> Vec<(&str, u8)> {
    let mut modules: Vec<(&str, u8)> = vec![("", 1)];
    let mut places = HashMap::from([("", 0)]);
    for (name, _) in state.iter() {
        let ends = name.match_indices('.').map(|(end, _)| end);
        for end in ends {
            let module = &name[..end];
            let place = *places.entry(module).or_insert(modules.len());
            if place == modules.len() {
                modules.push((module, 1));
            }
            if &name[end..] == ".num_batches_tracked" {
                modules[place].1 = 2;
            }
        }
    }
    modules
}

struct Pickler {
    bytes: Vec<u8>,
    /// Texts and globals that are written once and recalled from then on.
    memo: HashMap<String, u32>,
    remembered: u32,
}

impl Pickler {
    fn remember(&mut self) -> u32 {
        let number = self.remembered;
        self.remembered += 1;
        self.numbered(b'q', b'r', number);
        number
    }

    fn numbered(&mut self, short: u8, long: u8, number: u32) {
        if let Ok(number) = u8::try_from(number) {
            self.bytes.extend_from_slice(&[short, number]);
        } else {
            self.bytes.push(long);
            self.bytes.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Writes something the first time, and recalls it later.
    fn once(&mut self, key: String, write: impl FnOnce(&mut Self)) {
        if let Some(&number) = self.memo.get(&key) {
            self.numbered(b'h', b'j', number);
        } else {
            write(self);
            let number = self.remember();
            self.memo.insert(key, number);
        }
    }

    fn global(&mut self, module: &str, name: &str) {
        let text = format!("c{module}\n{name}\n");
        self.once(text.clone(), |pickler| pickler.bytes.extend_from_slice(text.as_bytes()));
    }

    /// A text that stands there once.
    fn text(&mut self, text: &str) {
        self.bytes.push(b'X');
        self.bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
        self.remember();
    }

    /// A text that is the same object wherever it stands.
    fn word(&mut self, word: &'static str) {
        self.once(word.to_owned(), |pickler| {
            pickler.bytes.push(b'X');
            pickler.bytes.extend_from_slice(&(word.len() as u32).to_le_bytes());
            pickler.bytes.extend_from_slice(word.as_bytes());
        });
    }

    fn number(&mut self, number: usize) {
        if let Ok(number) = u8::try_from(number) {
            self.bytes.extend_from_slice(&[b'K', number]);
        } else if let Ok(number) = u16::try_from(number) {
            self.bytes.push(b'M');
            self.bytes.extend_from_slice(&number.to_le_bytes());
        } else if let Ok(number) = i32::try_from(number) {
            self.bytes.push(b'J');
            self.bytes.extend_from_slice(&number.to_le_bytes());
        } else {
            // Two's complement in as few bytes as hold the sign, too.
            let bytes = number.to_le_bytes();
            let length = ((usize::BITS - number.leading_zeros()) / 8 + 1) as usize;
            self.bytes.extend_from_slice(&[0x8a, length as u8]);
            self.bytes.extend(bytes.into_iter().chain([0]).take(length));
        }
    }

    fn numbers(&mut self, numbers: &[usize]) {
        match numbers.len() {
            0 => {
                self.bytes.push(b')');
                return;
            }
            count @ 1..=3 => {
                for number in numbers {
                    self.number(*number);
                }
                self.bytes.push(0x84 + count as u8);
            }
            _ => {
                self.bytes.push(b'(');
                for number in numbers {
                    self.number(*number);
                }
                self.bytes.push(b't');
            }
        }
        self.remember();
    }

    fn ordered_dict(&mut self) {
        self.global("collections", "OrderedDict");
        self.bytes.extend_from_slice(b")R");
        self.remember();
    }

    /// Key and value of every item, in batches.
    fn items<T: Copy>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, T)) {
        for batch in items.chunks(BATCH) {
            if let [item] = batch {
                write(self, *item);
                self.bytes.push(b's');
            } else {
                self.bytes.push(b'(');
                for item in batch {
                    write(self, *item);
                }
                self.bytes.push(b'u');
            }
        }
    }

    fn tensor(&mut self, key: &str, kind: &str, elements: usize, shape: &[usize]) {
        self.global("torch._utils", "_rebuild_tensor_v2");
        self.bytes.extend_from_slice(b"((");
        self.word("storage");
        self.global("torch", kind);
        self.text(key);
        self.word("cpu");
        self.number(elements);
        self.bytes.push(b't');
        self.remember();
        self.bytes.push(b'Q');
        self.number(0);
        self.numbers(shape);
        self.numbers(&strides(shape));
        self.bytes.push(0x89);
        self.ordered_dict();
        self.bytes.push(b't');
        self.remember();
        self.bytes.push(b'R');
        self.remember();
    }

    /// What a module's state dict says beside its tensors.
    fn metadata(&mut self, modules: &[(&str, u8)]) {
        self.bytes.push(b'}');
        self.remember();
        self.text("_metadata");
        self.ordered_dict();
        self.items(modules, |pickler, (module, version)| {
            pickler.text(module);
            pickler.bytes.push(b'}');
            pickler.remember();
            pickler.word("version");
            pickler.number(usize::from(version));
            pickler.bytes.push(b's');
        });
        self.bytes.push(b's');
    }
}

/// Of a row-major tensor, in numbers.
fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        // An axis of nothing counts as one, as in PyTorch.
        strides[axis - 1] = strides[axis] * shape[axis].max(1);
    }
    strides
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::{prop_assert_eq, proptest};

    use super::{
        super::{FloatWidth, write_torch},
        StateDict, Values, pickled,
    };
    use crate::checkpoint::{Tensor, decode};

    /// The state dict that `PyTorch` 2.11 saved.
    fn recorded() -> StateDict {
        let json: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/torch-save/state.json"))
                .expect("JSON");
        let numbers =
            |value: &serde_json::Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        let tensor = |tensor: &serde_json::Value| {
            let values = numbers(&tensor["values"]);
            let values = if tensor["dtype"] == "torch.int64" {
                Values::I64(values.iter().map(|value| value.as_i64().expect("whole")).collect())
            } else {
                Values::F32(values.iter().map(|value| value.as_f64().expect("real") as f32).collect())
            };
            let axis = |axis: &serde_json::Value| axis.as_u64().expect("an axis") as usize;
            let shape = numbers(&tensor["shape"]).iter().map(axis).collect();
            (tensor["name"].as_str().expect("a name").to_owned(), Tensor { shape, values })
        };
        StateDict::new(json["tensors"].as_array().expect("a list").iter().map(tensor).collect())
            .expect("sound")
    }

    #[test]
    fn the_pickle_is_pytorch_s_byte_for_byte() {
        let state = recorded();
        let single = include_bytes!("../../../tests/fixtures/torch-save/float.data.pkl");
        assert_eq!(pickled(&state, FloatWidth::Single), single);
        let half = include_bytes!("../../../tests/fixtures/torch-save/half.data.pkl");
        assert_eq!(pickled(&state, FloatWidth::Half), half);
    }

    fn written(state: &StateDict) -> Vec<u8> {
        let mut file = Vec::new();
        write_torch(state, FloatWidth::Single, &mut file).expect("in memory");
        file
    }

    #[test]
    fn our_strict_reader_reads_what_was_written_bit_for_bit() {
        let state = recorded();
        let file = written(&state);
        assert_eq!(decode(Path::new("x.pth"), &file).expect("sound"), state);
        let mut half = Vec::new();
        write_torch(&state, FloatWidth::Half, &mut half).expect("in memory");
        let read = decode(Path::new("x.pth"), &half).expect("sound");
        let theirs = include_bytes!("../../../tests/fixtures/torch-save/half_torch211.pth");
        assert_eq!(read, decode(Path::new("y.pth"), theirs).expect("recorded"));
    }

    proptest! {
        #[test]
        fn any_tensors_come_back(
            shapes in proptest::collection::vec(proptest::collection::vec(0_usize..4, 0..6), 1..40),
            words in proptest::collection::vec("[a-z0-9é.]{1,12}", 40),
        ) {
            let entries = shapes.into_iter().zip(words).enumerate().map(|(number, (shape, word))| {
                let count = shape.iter().product::<usize>();
                let values = Values::F32((0..count).map(|at| at as f32 + 0.5).collect());
                (format!("{number}.{word}"), Tensor { shape, values })
            });
            let state = StateDict::new(entries.collect()).expect("sound");
            prop_assert_eq!(decode(Path::new("x.pth"), &written(&state)).expect("sound"), state);
        }
    }

    #[test]
    fn thousands_of_tensors_come_back() {
        let tensor = |number: usize| {
            let values = Values::I64(vec![number as i64; 300]);
            (format!("layers.{number}.weight"), Tensor { shape: vec![300], values })
        };
        let state = StateDict::new((0..2_001).map(tensor).collect()).expect("sound");
        assert_eq!(decode(Path::new("x.pth"), &written(&state)).expect("sound"), state);
    }
}
