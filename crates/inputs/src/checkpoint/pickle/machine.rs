//! The stack machine: one instruction after the other.

use super::{
    MAX_DEPTH, MAX_MEMO, MAX_OPERATIONS, PickleProblem,
    arena::{Arena, Id, Node},
    global::{self, Global},
    reader::Reader,
};

/// Newest pickle protocol.
const MAX_PROTOCOL: u8 = 5;

/// Runs a pickle to its end; gives its values and the outermost of them.
pub(super) fn run(pickle: &[u8]) -> Result<(Arena<'_>, Id), PickleProblem> {
    let mut machine = Machine {
        reader: Reader::new(pickle),
        arena: Arena::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Vec::new(),
        at: 0,
    };
    for _ in 0..MAX_OPERATIONS {
        if let Some(root) = machine.step()? {
            return Ok((machine.arena, root));
        }
    }
    Err(PickleProblem::TooLong)
}

struct Machine<'a> {
    reader: Reader<'a>,
    arena: Arena<'a>,
    stack: Vec<Id>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    memo: Vec<Option<Id>>,
    /// Place of the current instruction.
    at: usize,
}

impl<'a> Machine<'a> {
    /// Performs one instruction; gives the outermost value at the last.
    fn step(&mut self) -> Result<Option<Id>, PickleProblem> {
        self.at = self.reader.at();
        match self.reader.byte()? {
            b'.' => return self.stop().map(Some),
            0x80 => self.protocol()?,
            0x95 => {
                self.reader.take(8)?; // The length of a frame is a hint for buffering.
            }
            b'(' => self.mark()?,
            b'q' => {
                let index = self.reader.byte()?.into();
                self.remember(index)?;
            }
            b'r' => {
                let index = self.reader.size()?;
                self.remember(index)?;
            }
            0x94 => self.remember(self.memo.len())?,
            b'h' => {
                let index = self.reader.byte()?.into();
                self.recall(index)?;
            }
            b'j' => {
                let index = self.reader.size()?;
                self.recall(index)?;
            }
            opcode => self.build(opcode)?,
        }
        Ok(None)
    }

    /// Instructions that make a value or change one.
    fn build(&mut self, opcode: u8) -> Result<(), PickleProblem> {
        match opcode {
            b't' => {
                let items = self.pop_to_mark()?;
                self.tuple(items)?;
            }
            0x85..=0x87 => {
                let items = self.pop_several(usize::from(opcode - 0x84))?;
                self.tuple(items)?;
            }
            b'a' | b'e' => self.append(opcode)?,
            b's' | b'u' => self.set_items(opcode)?,
            b'c' | b'i' | 0x93 => self.global(opcode)?,
            b'R' => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                let node = global::call(&self.arena, callable, arguments, self.at)?;
                self.push(node);
            }
            b'Q' => {
                let id = self.pop()?;
                let node = global::storage(&self.arena, id, self.at)?;
                self.push(node);
            }
            b'b' => self.set_attributes()?,
            opcode => {
                let node = self.literal(opcode)?;
                self.push(node);
            }
        }
        Ok(())
    }

    fn literal(&mut self, opcode: u8) -> Result<Node<'a>, PickleProblem> {
        Ok(match opcode {
            b'N' => Node::None,
            0x88 | 0x89 => Node::Bool,
            b'J' => Node::Int(i32::from_le_bytes(self.reader.array()?).into()),
            b'K' => Node::Int(self.reader.byte()?.into()),
            b'M' => Node::Int(u16::from_le_bytes(self.reader.array()?).into()),
            0x8a => Node::Int(self.long()?),
            b'G' => {
                self.reader.take(8)?;
                Node::Float
            }
            b'X' => {
                let length = self.reader.size()?;
                Node::Text(self.reader.text(length)?)
            }
            0x8c => {
                let length = self.reader.byte()?.into();
                Node::Text(self.reader.text(length)?)
            }
            b')' => Node::Tuple(Vec::new()),
            b']' => Node::List,
            b'}' => Node::Dict(Vec::new()),
            opcode => return Err(self.unknown(opcode)),
        })
    }

    fn stop(&mut self) -> Result<Id, PickleProblem> {
        let root = self.pop()?;
        if self.stack.is_empty() && self.marks.is_empty() && self.reader.is_at_end() {
            Ok(root)
        } else {
            Err(self.malformed("to leave nothing behind when it ends"))
        }
    }

    fn protocol(&mut self) -> Result<(), PickleProblem> {
        match self.reader.byte()? {
            0..=MAX_PROTOCOL => Ok(()),
            _ => Err(self.malformed("a pickle protocol up to 5")),
        }
    }

    fn mark(&mut self) -> Result<(), PickleProblem> {
        if self.marks.len() >= MAX_DEPTH.into() {
            return Err(PickleProblem::TooDeep { at: self.at });
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    /// An integer of up to eight bytes, two's complement.
    fn long(&mut self) -> Result<i64, PickleProblem> {
        let length = self.reader.byte()?.into();
        if length > 8 {
            return Err(self.malformed("an integer of 64 bits"));
        }
        let bytes = self.reader.take(length)?;
        let negative = bytes.last().is_some_and(|&byte| byte & 0x80 != 0);
        let mut extended = [if negative { 0xff } else { 0 }; 8];
        extended[..length].copy_from_slice(bytes);
        Ok(i64::from_le_bytes(extended))
    }

    fn remember(&mut self, index: usize) -> Result<(), PickleProblem> {
        if index >= MAX_MEMO {
            return Err(PickleProblem::Memo { index });
        }
        let top = self.top()?;
        if index >= self.memo.len() {
            self.memo.resize(index + 1, None);
        }
        self.memo[index] = Some(top);
        Ok(())
    }

    fn recall(&mut self, index: usize) -> Result<(), PickleProblem> {
        let remembered = self.memo.get(index).copied().flatten();
        let id = remembered.ok_or_else(|| self.malformed("a value that was never remembered"))?;
        self.stack.push(id);
        Ok(())
    }

    fn tuple(&mut self, items: Vec<Id>) -> Result<(), PickleProblem> {
        let tuple = self.arena.keep(Node::Tuple(Vec::new()));
        self.arena.nest(tuple, &items, self.at)?;
        *self.arena.get_mut(tuple) = Node::Tuple(items);
        self.stack.push(tuple);
        Ok(())
    }

    fn append(&mut self, opcode: u8) -> Result<(), PickleProblem> {
        let items = if opcode == b'e' { self.pop_to_mark()? } else { self.pop_several(1)? };
        let list = self.top()?;
        let Node::List = self.arena.get(list) else {
            return Err(self.malformed("a list to append to"));
        };
        self.arena.nest(list, &items, self.at)
    }

    fn set_items(&mut self, opcode: u8) -> Result<(), PickleProblem> {
        let items = if opcode == b'u' { self.pop_to_mark()? } else { self.pop_several(2)? };
        let (pairs, rest) = items.as_chunks::<2>();
        let dict = self.top()?;
        self.arena.nest(dict, &items, self.at)?;
        match self.arena.get_mut(dict) {
            Node::Dict(own) if rest.is_empty() => own.extend(pairs.iter().map(|&[key, value]| (key, value))),
            _ => return Err(self.malformed("a dictionary and pairs of keys and values")),
        }
        Ok(())
    }

    /// Attributes of an `OrderedDict` are PyTorch's `_metadata`: versions of modules, which no tensor needs.
    fn set_attributes(&mut self) -> Result<(), PickleProblem> {
        let state = self.pop()?;
        let object = self.top()?;
        match (self.arena.get(object), self.arena.get(state)) {
            (Node::Dict(_), Node::Dict(_)) => Ok(()),
            _ => Err(self.malformed("a dictionary with attributes in a dictionary")),
        }
    }

    fn global(&mut self, opcode: u8) -> Result<(), PickleProblem> {
        let (module, name) = if opcode == 0x93 {
            let (name, module) = (self.pop()?, self.pop()?);
            match (self.arena.get(module), self.arena.get(name)) {
                (Node::Text(module), Node::Text(name)) => (*module, *name),
                _ => return Err(self.malformed("two texts that name a function")),
            }
        } else {
            (self.reader.line()?, self.reader.line()?)
        };
        let global = Global::find(module, name)?;
        if opcode == b'i' {
            // An old way to call; read this far only to refuse a stranger's function by its name.
            return Err(self.unknown(opcode));
        }
        self.push(Node::Global(global));
        Ok(())
    }

    fn push(&mut self, node: Node<'a>) {
        let id = self.arena.keep(node);
        self.stack.push(id);
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Id, PickleProblem> {
        self.stack[self.floor()..].last().copied().ok_or_else(|| self.malformed("a value"))
    }

    fn pop(&mut self) -> Result<Id, PickleProblem> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_several(&mut self, count: usize) -> Result<Vec<Id>, PickleProblem> {
        let above = self.stack.len() - self.floor();
        let from = above.checked_sub(count).ok_or_else(|| self.malformed("more values"))?;
        Ok(self.stack.split_off(self.floor() + from))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, PickleProblem> {
        let mark = self.marks.pop().ok_or_else(|| self.malformed("a mark"))?;
        Ok(self.stack.split_off(mark))
    }

    fn malformed(&self, need: &'static str) -> PickleProblem {
        PickleProblem::Malformed { at: self.at, need }
    }

    fn unknown(&self, opcode: u8) -> PickleProblem {
        PickleProblem::Opcode { opcode, at: self.at }
    }
}
