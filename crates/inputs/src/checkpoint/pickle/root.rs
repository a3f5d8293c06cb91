//! Which of the values of a pickle are the state dict.

use super::{
    PickleProblem, StoredTensor,
    arena::{Arena, Id, Node, TensorParts},
};
use crate::checkpoint::{layout::Layout, state_dict::MAX_AXES};

/// Keys under which training scripts keep the state dict in a larger dictionary.
const NESTED: [&str; 3] = ["state_dict", "model_state_dict", "model"];

/// The named tensors of `root`, or of the dictionary that is nested in it.
pub(super) fn tensors<'a>(
    arena: &Arena<'a>,
    root: Id,
) -> Result<Vec<(&'a str, StoredTensor<'a>)>, PickleProblem> {
    let pairs = match arena.get(root) {
        Node::Dict(pairs) => pairs,
        other => return Err(PickleProblem::NotADict { kind: other.kind() }),
    };
    nested(arena, pairs)?.unwrap_or(pairs).iter().map(|&(key, value)| named(arena, key, value)).collect()
}

/// The only dictionary under one of the known keys.
fn nested<'n>(arena: &'n Arena<'_>, pairs: &[(Id, Id)]) -> Result<Option<&'n [(Id, Id)]>, PickleProblem> {
    let mut found: Option<(&'static str, &'n [(Id, Id)])> = None;
    for &(key, value) in pairs {
        let (Node::Text(key), Node::Dict(inner)) = (arena.get(key), arena.get(value)) else {
            continue;
        };
        let Some(&second) = NESTED.iter().find(|known| *known == key) else {
            continue;
        };
        if let Some((first, _)) = found {
            return Err(PickleProblem::Ambiguous { first, second });
        }
        found = Some((second, inner));
    }
    Ok(found.map(|(_, inner)| inner))
}

fn named<'a>(arena: &Arena<'a>, key: Id, value: Id) -> Result<(&'a str, StoredTensor<'a>), PickleProblem> {
    let name = match arena.get(key) {
        Node::Text(name) => *name,
        other => return Err(PickleProblem::NotAName { kind: other.kind() }),
    };
    let parts = match arena.get(value) {
        Node::Tensor(parts) => parts,
        other => return Err(PickleProblem::NotATensor { key: name.to_owned(), kind: other.kind() }),
    };
    let layout = layout(arena, parts).ok_or_else(|| PickleProblem::Layout { key: name.to_owned() })?;
    Ok((name, StoredTensor { storage: parts.storage, layout }))
}

fn layout(arena: &Arena<'_>, parts: &TensorParts<'_>) -> Option<Layout> {
    Some(Layout {
        shape: naturals(arena, parts.shape)?,
        strides: naturals(arena, parts.strides)?,
        offset: usize::try_from(parts.offset).ok()?,
    })
}

fn naturals(arena: &Arena<'_>, tuple: Id) -> Option<Vec<usize>> {
    // Many tensors may share one tuple, so its length is looked at before it is copied.
    let Node::Tuple(items) = arena.get(tuple) else {
        return None;
    };
    if items.len() > MAX_AXES {
        return None;
    }
    let natural = |&item| match arena.get(item) {
        Node::Int(value) => usize::try_from(*value).ok(),
        _ => None,
    };
    items.iter().map(natural).collect()
}
