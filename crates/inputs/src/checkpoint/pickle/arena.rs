//! The values that a pickle builds.

use super::{MAX_DEPTH, PickleProblem, StorageClaim, global::Global};

/// Place of a value in its arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id(u32);

/// A value; what it contains is referred to by place.
#[derive(Debug)]
pub(super) enum Node<'a> {
    None,
    Bool,
    Int(i64),
    Float,
    Text(&'a str),
    Global(Global),
    Tuple(Vec<Id>),
    /// Nothing that is kept is in a list.
    List,
    Dict(Vec<(Id, Id)>),
    Storage(StorageClaim<'a>),
    Tensor(TensorParts<'a>),
}

/// What a tensor is rebuilt from; `shape` and `strides` are tuples.
#[derive(Debug, Clone, Copy)]
pub(super) struct TensorParts<'a> {
    pub(super) storage: StorageClaim<'a>,
    pub(super) offset: i64,
    pub(super) shape: Id,
    pub(super) strides: Id,
}

impl Node<'_> {
    /// The word for the value in messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool => "a truth value",
            Self::Int(_) => "an integer",
            Self::Float => "a number",
            Self::Text(_) => "a text",
            Self::Global(_) => "a function",
            Self::Tuple(_) => "a tuple",
            Self::List => "a list",
            Self::Dict(_) => "a dictionary",
            Self::Storage(_) => "a storage",
            Self::Tensor(_) => "a tensor",
        }
    }
}

/// All values of one pickle; as many as instructions at most.
#[derive(Debug, Default)]
pub(super) struct Arena<'a> {
    nodes: Vec<Node<'a>>,
    depths: Vec<u8>,
}

impl<'a> Arena<'a> {
    pub(super) fn get(&self, id: Id) -> &Node<'a> {
        &self.nodes[id.0 as usize]
    }

    pub(super) fn get_mut(&mut self, id: Id) -> &mut Node<'a> {
        &mut self.nodes[id.0 as usize]
    }

    /// Keeps a value that contains nothing.
    pub(super) fn keep(&mut self, node: Node<'a>) -> Id {
        let id = Id(u32::try_from(self.nodes.len()).expect("fewer values than instructions"));
        self.nodes.push(node);
        self.depths.push(0);
        id
    }

    /// Counts the levels of `container` once `content` is in it; `at` is the place in the pickle.
    pub(super) fn nest(&mut self, container: Id, content: &[Id], at: usize) -> Result<(), PickleProblem> {
        let deepest = content.iter().map(|id| self.depths[id.0 as usize] + 1).max().unwrap_or(0);
        if deepest > MAX_DEPTH {
            return Err(PickleProblem::TooDeep { at });
        }
        let depth = &mut self.depths[container.0 as usize];
        *depth = deepest.max(*depth);
        Ok(())
    }
}
