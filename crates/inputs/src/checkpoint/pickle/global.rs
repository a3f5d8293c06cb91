//! The only names that a pickle may ask for, and what asking for them means.

use super::{
    PickleProblem, StorageClaim,
    arena::{Arena, Id, Node, TensorParts},
};
use crate::checkpoint::element::Element;

/// A name that a pickle may ask for. None of them is a function: a call builds plain data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(Element),
}

impl Global {
    /// The one list of names; whatever is not in it is refused.
    pub(super) fn find(module: &str, name: &str) -> Result<Self, PickleProblem> {
        match (module, name) {
            ("collections", "OrderedDict") => Ok(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Ok(Self::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Ok(Self::RebuildParameter),
            ("torch", "HalfStorage") => Ok(Self::Storage(Element::F16)),
            ("torch", "BFloat16Storage") => Ok(Self::Storage(Element::BF16)),
            ("torch", "FloatStorage") => Ok(Self::Storage(Element::F32)),
            ("torch", "DoubleStorage") => Ok(Self::Storage(Element::F64)),
            ("torch", "LongStorage") => Ok(Self::Storage(Element::I64)),
            ("torch", "IntStorage") => Ok(Self::Storage(Element::I32)),
            ("torch", "ShortStorage") => Ok(Self::Storage(Element::I16)),
            ("torch", "CharStorage") => Ok(Self::Storage(Element::I8)),
            ("torch", "ByteStorage") => Ok(Self::Storage(Element::U8)),
            ("torch", "BoolStorage") => Ok(Self::Storage(Element::Bool)),
            _ => Err(PickleProblem::Global { name: format!("{module}.{name}") }),
        }
    }
}

/// What calling `callable` with the tuple `arguments` builds.
pub(super) fn call<'a>(
    arena: &Arena<'a>,
    callable: Id,
    arguments: Id,
    at: usize,
) -> Result<Node<'a>, PickleProblem> {
    let malformed = |need| PickleProblem::Malformed { at, need };
    let Node::Tuple(arguments) = arena.get(arguments) else {
        return Err(malformed("a tuple of arguments"));
    };
    match arena.get(callable) {
        Node::Global(Global::OrderedDict) if arguments.is_empty() => Ok(Node::Dict(Vec::new())),
        Node::Global(Global::OrderedDict) => Err(malformed("an OrderedDict without arguments")),
        Node::Global(Global::RebuildTensor) => rebuild_tensor(arena, arguments).map(Node::Tensor).ok_or(
            malformed("a storage, an offset, a shape, strides, a truth value and no hooks for a tensor"),
        ),
        Node::Global(Global::RebuildParameter) => rebuild_parameter(arena, arguments)
            .map(Node::Tensor)
            .ok_or(malformed("a tensor, a truth value and no hooks for a parameter")),
        _ => Err(malformed("something that can be called")),
    }
}

fn rebuild_tensor<'a>(arena: &Arena<'a>, arguments: &[Id]) -> Option<TensorParts<'a>> {
    // A seventh argument asks for conjugation or negation on reading.
    let &[storage, offset, shape, strides, requires_grad, hooks] = arguments else {
        return None;
    };
    let (Node::Storage(storage), Node::Int(offset)) = (arena.get(storage), arena.get(offset)) else {
        return None;
    };
    let tuples = [shape, strides].map(|id| matches!(arena.get(id), Node::Tuple(_)));
    (tuples == [true; 2] && is_flag(arena, requires_grad) && is_empty_dict(arena, hooks))
        .then_some(TensorParts { storage: *storage, offset: *offset, shape, strides })
}

fn rebuild_parameter<'a>(arena: &Arena<'a>, arguments: &[Id]) -> Option<TensorParts<'a>> {
    let &[data, requires_grad, hooks] = arguments else {
        return None;
    };
    let Node::Tensor(parts) = arena.get(data) else {
        return None;
    };
    (is_flag(arena, requires_grad) && is_empty_dict(arena, hooks)).then_some(*parts)
}

fn is_flag(arena: &Arena<'_>, id: Id) -> bool {
    matches!(arena.get(id), Node::Bool)
}

fn is_empty_dict(arena: &Arena<'_>, id: Id) -> bool {
    matches!(arena.get(id), Node::Dict(pairs) if pairs.is_empty())
}

/// The storage that the tuple `("storage", type, key, device, elements)` stands for.
pub(super) fn storage<'a>(arena: &Arena<'a>, id: Id, at: usize) -> Result<Node<'a>, PickleProblem> {
    let claim = || {
        let Node::Tuple(parts) = arena.get(id) else {
            return None;
        };
        let &[tag, kind, key, device, elements] = parts.as_slice() else {
            return None;
        };
        match [tag, kind, key, device, elements].map(|part| arena.get(part)) {
            [
                Node::Text("storage"),
                Node::Global(Global::Storage(element)),
                Node::Text(key),
                Node::Text(_),
                Node::Int(elements),
            ] => Some(StorageClaim { element: *element, key, elements: usize::try_from(*elements).ok()? }),
            _ => None,
        }
    };
    claim().map(Node::Storage).ok_or(PickleProblem::Malformed {
        at,
        need: "the type, key, device and number of elements of a storage",
    })
}
