//! Which parameters a phase means.

use sweep_protocol::recipe::Tensors;

use super::Unusable;
use crate::network::{Layout, Role};

/// Places of the parameters in the layout, ascending, without repetition.
pub(super) fn places(layout: &Layout, tensors: &Tensors) -> Result<Vec<usize>, Unusable> {
    let all = || layout.parameters.iter().enumerate();
    let mut places: Vec<usize> = match tensors {
        Tensors::All => all().map(|(place, _)| place).collect(),
        Tensors::Convolutions => {
            all().filter(|(_, parameter)| parameter.role == Role::Kernel).map(|(place, _)| place).collect()
        }
        Tensors::Norms => all()
            .filter(|(_, parameter)| matches!(parameter.role, Role::NormWeight | Role::NormBias))
            .map(|(place, _)| place)
            .collect(),
        Tensors::LastStages(_) | Tensors::Union(_) | Tensors::Except { .. } | Tensors::Drawn { .. } => {
            return Err(Unusable::Tensors);
        }
        Tensors::Named(keys) => gather(layout, keys, |key, name| key == name)?,
        Tensors::Modules(modules) => gather(layout, modules, |key, module| {
            key.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'))
        })?,
    };
    places.sort_unstable();
    places.dedup();
    Ok(places)
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
