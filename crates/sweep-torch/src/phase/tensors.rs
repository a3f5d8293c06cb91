//! Which parameters a phase means.

use sweep_protocol::recipe::Tensors;

use super::{Halt, Unusable};
use crate::{
    draws::Draws,
    network::{Layout, Role},
};

/// Places of the parameters in the layout, ascending, without repetition.
pub(super) fn places(layout: &Layout, tensors: &Tensors, draws: &mut dyn Draws) -> Result<Vec<usize>, Halt> {
    let of_role = |is: fn(Role) -> bool| {
        (0..layout.parameters.len()).filter(|&place| is(layout.parameters[place].role)).collect()
    };
    let mut places: Vec<usize> = match tensors {
        Tensors::All => (0..layout.parameters.len()).collect(),
        Tensors::Convolutions => of_role(|role| role == Role::Kernel),
        Tensors::Norms => of_role(|role| matches!(role, Role::NormWeight | Role::NormBias)),
        Tensors::Named(keys) => gather(layout, keys, |key, name| key == name)?,
        Tensors::Modules(modules) => gather(layout, modules, within)?,
        Tensors::LastStages(count) => last_stages(layout, count.get() as usize),
        Tensors::Union(several) => {
            let mut union = Vec::new();
            for tensors in several {
                union.extend(self::places(layout, tensors, draws)?);
            }
            union
        }
        Tensors::Except { of, without } => {
            let without = self::places(layout, without, draws)?;
            let of = self::places(layout, of, draws)?;
            of.into_iter().filter(|place| !without.contains(place)).collect()
        }
        Tensors::Drawn { from, count, draw, replacement } => {
            let from = self::places(layout, from, draws)?;
            let keys: Vec<&str> = from.iter().map(|&place| layout.parameters[place].key.as_str()).collect();
            let drawn = draws.choose(draw, &keys, count.get() as usize, *replacement)?;
            drawn.into_iter().map(|position| from[position]).collect()
        }
    };
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

/// Refuses names that the network lacks.
pub(super) fn check(layout: &Layout, tensors: &Tensors) -> Result<(), Unusable> {
    match tensors {
        Tensors::All | Tensors::Convolutions | Tensors::Norms | Tensors::LastStages(_) => Ok(()),
        Tensors::Named(keys) => gather(layout, keys, |key, name| key == name).map(|_| ()),
        Tensors::Modules(modules) => gather(layout, modules, within).map(|_| ()),
        Tensors::Union(several) => several.iter().try_for_each(|tensors| check(layout, tensors)),
        Tensors::Except { of, without } => check(layout, of).and_then(|()| check(layout, without)),
        Tensors::Drawn { from, .. } => check(layout, from),
    }
}

/// Whether a key belongs to a module.
fn within(key: &str, module: &str) -> bool {
    key.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'))
}

fn gather(layout: &Layout, names: &[String], is: fn(&str, &str) -> bool) -> Result<Vec<usize>, Unusable> {
    let mut places = Vec::new();
    for name in names {
        let before = places.len();
        places.extend((0..layout.parameters.len()).filter(|&place| is(&layout.parameters[place].key, name)));
        if places.len() == before {
            return Err(Unusable::NoSuchTensor { name: name.clone() });
        }
    }
    Ok(places)
}

/// Parameters of the last stages: of `layerN.M`, of the classifier, or of the stem, which is everything before the
/// first block.
fn last_stages(layout: &Layout, count: usize) -> Vec<usize> {
    let mut stages: Vec<(String, Vec<usize>)> = Vec::new();
    for (place, parameter) in layout.parameters.iter().enumerate() {
        let stage = stage(&parameter.key, parameter.role);
        match stages.last_mut() {
            Some((last, places)) if *last == stage => places.push(place),
            _ => stages.push((stage, vec![place])),
        }
    }
    stages.into_iter().rev().take(count).flat_map(|(_, places)| places).collect()
}

fn stage(key: &str, role: Role) -> String {
    let mut words = key.split('.');
    match (role, words.next(), words.next()) {
        (Role::LinearWeight | Role::LinearBias { .. }, Some(module), _) => module.to_owned(),
        (_, Some(layer), Some(block)) if block.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{layer}.{block}")
        }
        _ => "stem".to_owned(),
    }
}
