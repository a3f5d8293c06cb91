//! Reads the pickles of CIFAR's Python form without executing them: a machine of protocol 2 that knows three names of NumPy
//! and nothing else. Owns what such a file may say; must not know what the images are for.
//!
//! Everything a pickle can do but build lists, dictionaries and one kind of array is refused where it stands.

mod value;

use std::{collections::HashMap, ops::Range};

use thiserror::Error;

use value::{GLOBALS, NumpyName, Pickled, ValueId};

/// Instructions that are carried out at most; a file of 50,000 images with their names has a quarter of it.
const MOST_STEPS: usize = 1_000_000;

/// Values that are remembered at most.
const MOST_MEMOS: usize = 200_000;

/// A pickle that isn't one of CIFAR's.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("byte {byte}: {problem}; import the binary form in its place")]
pub struct PickleError {
    /// Where in the file, counted from 0.
    pub byte: usize,
    /// What is wrong.
    pub problem: &'static str,
}

/// Images and labels of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickledBatch {
    /// Where in the file the pixels are: images of as many bytes each.
    pub pixels: Range<usize>,
    /// Bytes of an image.
    pub width: usize,
    /// A label for each image.
    pub labels: Vec<i64>,
}

/// Reads one file; the labels are those under the key `labels`.
pub fn pickled_batch(file: &[u8], labels: &str) -> Result<PickledBatch, PickleError> {
    let mut machine =
        CifarPickle { file, at: 0, values: Vec::new(), stack: Vec::new(), memo: HashMap::new() };
    let root = machine.run()?;
    machine.batch(root, labels)
}

struct CifarPickle<'f> {
    file: &'f [u8],
    at: usize,
    values: Vec<Pickled>,
    stack: Vec<ValueId>,
    memo: HashMap<u32, ValueId>,
}

impl CifarPickle<'_> {
    fn run(&mut self) -> Result<ValueId, PickleError> {
        if self.take(2)? != [0x80, 2] {
            return Err(wrong_at(0, "is no pickle of protocol 2, which CIFAR's are"));
        }
        for _ in 0..MOST_STEPS {
            let start = self.at;
            let [operation] = *self.take_array()?;
            if operation == b'.' {
                let root = self.pop(start)?;
                let alone = self.stack.is_empty() && self.at == self.file.len();
                return if alone { Ok(root) } else { Err(wrong_at(start, "ends before its end")) };
            }
            self.step(operation, start)?;
        }
        Err(wrong_at(self.at, "has more instructions than any of CIFAR's"))
    }

    fn step(&mut self, operation: u8, start: usize) -> Result<(), PickleError> {
        match operation {
            b'N' => self.push(Pickled::Nothing),
            0x88 => self.push(Pickled::Truth(true)),
            0x89 => self.push(Pickled::Truth(false)),
            b'K' => self.number::<1>(|bytes| i64::from(bytes[0]))?,
            b'M' => self.number::<2>(|bytes| i64::from(u16::from_le_bytes(bytes)))?,
            b'J' => self.number::<4>(|bytes| i64::from(i32::from_le_bytes(bytes)))?,
            b'U' => {
                let [length] = *self.take_array()?;
                self.bytes(usize::from(length))?;
            }
            b'T' | b'X' => {
                let length = u32::from_le_bytes(*self.take_array()?);
                self.bytes(length as usize)?;
            }
            b'(' => self.push(Pickled::Mark),
            b')' => self.push(Pickled::Tuple(Vec::new())),
            b']' => self.push(Pickled::List(Vec::new())),
            b'}' => self.push(Pickled::Dictionary(Vec::new())),
            0x85..=0x87 => {
                let count = usize::from(operation - 0x84);
                let items = self.pop_many(count, start)?;
                self.push(Pickled::Tuple(items));
            }
            b't' => {
                let items = self.pop_to_mark(start)?;
                self.push(Pickled::Tuple(items));
            }
            b'q' | b'r' => self.remember(operation == b'r', start)?,
            b'h' | b'j' => self.recall(operation == b'j', start)?,
            b'c' => self.global(start)?,
            b'a' | b'e' => {
                let items =
                    if operation == b'a' { self.pop_many(1, start)? } else { self.pop_to_mark(start)? };
                self.extend(
                    items,
                    start,
                    |value| if let Pickled::List(list) = value { Some(list) } else { None },
                )?;
            }
            b's' | b'u' => {
                let items =
                    if operation == b's' { self.pop_many(2, start)? } else { self.pop_to_mark(start)? };
                if items.len() % 2 == 1 {
                    return Err(wrong_at(start, "has a key without a value"));
                }
                self.extend(items, start, |value| {
                    if let Pickled::Dictionary(pairs) = value { Some(pairs) } else { None }
                })?;
            }
            b'R' => self.call(start)?,
            b'b' => self.build(start)?,
            _ => return Err(wrong_at(start, "holds an instruction that none of CIFAR's has")),
        }
        Ok(())
    }

    fn push(&mut self, value: Pickled) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    fn number<const N: usize>(&mut self, read: fn([u8; N]) -> i64) -> Result<(), PickleError> {
        let number = read(*self.take_array()?);
        self.push(Pickled::Number(number));
        Ok(())
    }

    fn bytes(&mut self, length: usize) -> Result<(), PickleError> {
        let start = self.at;
        self.take(length)?;
        self.push(Pickled::Bytes(start..self.at));
        Ok(())
    }

    fn pop(&mut self, start: usize) -> Result<ValueId, PickleError> {
        match self.stack.pop() {
            Some(id) if self.values[id] != Pickled::Mark => Ok(id),
            _ => Err(wrong_at(start, "wants a value that isn't there")),
        }
    }

    /// The last values in the order in which they came.
    fn pop_many(&mut self, count: usize, start: usize) -> Result<Vec<ValueId>, PickleError> {
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(self.pop(start)?);
        }
        items.reverse();
        Ok(items)
    }

    fn pop_to_mark(&mut self, start: usize) -> Result<Vec<ValueId>, PickleError> {
        let mark = self.stack.iter().rposition(|id| self.values[*id] == Pickled::Mark);
        let mark = mark.ok_or_else(|| wrong_at(start, "wants a mark that isn't there"))?;
        let items = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(items)
    }

    /// Puts items behind those of the container on top of the stack.
    fn extend(
        &mut self,
        items: Vec<ValueId>,
        start: usize,
        container: impl FnOnce(&mut Pickled) -> Option<&mut Vec<ValueId>>,
    ) -> Result<(), PickleError> {
        let top = self.stack.last().copied();
        match top.and_then(|id| container(&mut self.values[id])) {
            Some(list) => {
                list.extend(items);
                Ok(())
            }
            None => Err(wrong_at(start, "adds to something that takes nothing")),
        }
    }

    fn memo_key(&mut self, long: bool) -> Result<u32, PickleError> {
        Ok(if long { u32::from_le_bytes(*self.take_array()?) } else { u32::from(self.take_array::<1>()?[0]) })
    }

    fn remember(&mut self, long: bool, start: usize) -> Result<(), PickleError> {
        let key = self.memo_key(long)?;
        let top = self.stack.last().copied().filter(|id| self.values[*id] != Pickled::Mark);
        let top = top.ok_or_else(|| wrong_at(start, "remembers a value that isn't there"))?;
        if self.memo.len() == MOST_MEMOS {
            return Err(wrong_at(start, "remembers more than any of CIFAR's"));
        }
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, long: bool, start: usize) -> Result<(), PickleError> {
        let key = self.memo_key(long)?;
        match self.memo.get(&key) {
            Some(id) => self.stack.push(*id),
            None => return Err(wrong_at(start, "recalls a value that it never remembered")),
        }
        Ok(())
    }

    fn global(&mut self, start: usize) -> Result<(), PickleError> {
        let rest = &self.file[self.at..];
        let known = GLOBALS.iter().find(|(name, _)| rest.starts_with(name));
        let Some((name, global)) = known else {
            return Err(wrong_at(
                start,
                "names something else than NumPy's arrays of bytes; nothing was executed",
            ));
        };
        self.at += name.len();
        self.push(Pickled::NumpyName(*global));
        Ok(())
    }

    /// `_reconstruct(ndarray, (0,), "b")` or `dtype("u1", 0, 1)`.
    fn call(&mut self, start: usize) -> Result<(), PickleError> {
        let [function, arguments] = self.pop_many(2, start)?[..] else { unreachable!("two were popped") };
        let made = match (&self.values[function], &self.values[arguments]) {
            (Pickled::NumpyName(NumpyName::Reconstruct), Pickled::Tuple(items)) => match items[..] {
                [kind, shape, code]
                    if self.values[kind] == Pickled::NumpyName(NumpyName::Ndarray)
                        && self.numbers(shape).is_some_and(|shape| shape == [0])
                        && self.text(code) == Some(b"b") =>
                {
                    Some(Pickled::Array(None))
                }
                _ => None,
            },
            (Pickled::NumpyName(NumpyName::Dtype), Pickled::Tuple(items)) => match items[..] {
                [code, align, copy]
                    if self.text(code) == Some(b"u1")
                        && self.is_number(align, 0)
                        && self.is_number(copy, 1) =>
                {
                    Some(Pickled::Dtype(false))
                }
                _ => None,
            },
            _ => None,
        };
        let made = made.ok_or_else(|| wrong_at(start, "makes something else than an array of bytes"))?;
        self.push(made);
        Ok(())
    }

    /// Sets the state of the dtype or the array below the top of the stack.
    fn build(&mut self, start: usize) -> Result<(), PickleError> {
        let [object, state] = self.pop_many(2, start)?[..] else { unreachable!("two were popped") };
        let Pickled::Tuple(state) = &self.values[state] else {
            return Err(wrong_at(start, "sets a state that is no tuple"));
        };
        let built = match self.values[object] {
            Pickled::Dtype(false) => self.is_of_bytes(state).then_some(Pickled::Dtype(true)),
            Pickled::Array(None) => self.array(state).map(|found| Pickled::Array(Some(found))),
            _ => None,
        };
        self.values[object] =
            built.ok_or_else(|| wrong_at(start, "is an array of something else than bytes, row by row"))?;
        self.stack.push(object);
        Ok(())
    }

    /// `(3, "|", None, None, None, -1, -1, 0)`.
    fn is_of_bytes(&self, state: &[ValueId]) -> bool {
        let [version, order, one, two, three, size, alignment, flags] = state else { return false };
        self.is_number(*version, 3)
            && self.text(*order) == Some(b"|")
            && [one, two, three].into_iter().all(|id| self.values[*id] == Pickled::Nothing)
            && self.is_number(*size, -1)
            && self.is_number(*alignment, -1)
            && self.is_number(*flags, 0)
    }

    /// `(1, shape, dtype, False, bytes)`.
    fn array(&self, state: &[ValueId]) -> Option<(Vec<usize>, Range<usize>)> {
        let [version, shape, dtype, fortran, bytes] = *state else { return None };
        let shape = self.numbers(shape)?;
        let shape: Vec<usize> =
            shape.into_iter().map(|axis| usize::try_from(axis).ok()).collect::<Option<_>>()?;
        let Pickled::Bytes(bytes) = &self.values[bytes] else { return None };
        let claimed = shape.iter().try_fold(1_usize, |product, axis| product.checked_mul(*axis))?;
        let sound = self.is_number(version, 1)
            && self.values[dtype] == Pickled::Dtype(true)
            && self.values[fortran] == Pickled::Truth(false)
            && claimed == bytes.len();
        sound.then(|| (shape, bytes.clone()))
    }

    fn is_number(&self, id: ValueId, wanted: i64) -> bool {
        self.values[id] == Pickled::Number(wanted)
    }

    fn text(&self, id: ValueId) -> Option<&[u8]> {
        if let Pickled::Bytes(range) = &self.values[id] { Some(&self.file[range.clone()]) } else { None }
    }

    /// The whole numbers of a tuple or list.
    fn numbers(&self, id: ValueId) -> Option<Vec<i64>> {
        let (Pickled::Tuple(items) | Pickled::List(items)) = &self.values[id] else { return None };
        let number =
            |id: &ValueId| if let Pickled::Number(number) = self.values[*id] { Some(number) } else { None };
        items.iter().map(number).collect()
    }

    /// What stands under a key of the dictionary, once.
    fn entry(&self, dictionary: &[ValueId], key: &str) -> Option<ValueId> {
        let mut found = dictionary.chunks_exact(2).filter(|pair| self.text(pair[0]) == Some(key.as_bytes()));
        let first = found.next()?[1];
        found.next().is_none().then_some(first)
    }

    fn batch(&self, root: ValueId, labels: &str) -> Result<PickledBatch, PickleError> {
        let end = self.file.len();
        let Pickled::Dictionary(pairs) = &self.values[root] else {
            return Err(wrong_at(end, "is no dictionary"));
        };
        let data = self.entry(pairs, "data").map(|id| &self.values[id]);
        let Some(Pickled::Array(Some((shape, bytes)))) = data else {
            return Err(wrong_at(end, "has no array under `data`"));
        };
        let numbers = self.entry(pairs, labels).and_then(|id| self.numbers(id));
        let numbers = numbers.ok_or_else(|| wrong_at(end, "has no list of labels where they belong"))?;
        match shape[..] {
            [rows, width] if rows == numbers.len() => {
                Ok(PickledBatch { pixels: bytes.clone(), width, labels: numbers })
            }
            _ => Err(wrong_at(end, "has not as many labels as images")),
        }
    }

    fn take(&mut self, count: usize) -> Result<&[u8], PickleError> {
        let taken = self.file.get(self.at..).and_then(|rest| rest.get(..count));
        match taken {
            Some(taken) => {
                self.at += count;
                Ok(taken)
            }
            None => Err(wrong_at(self.at, "claims more than the file holds")),
        }
    }

    fn take_array<const N: usize>(&mut self) -> Result<&[u8; N], PickleError> {
        let taken = self.take(N)?;
        Ok(taken.try_into().expect("as many bytes as were asked for"))
    }
}

fn wrong_at(byte: usize, problem: &'static str) -> PickleError {
    PickleError { byte, problem }
}
