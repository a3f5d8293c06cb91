//! How far a function moved the weights.

use std::path::Path;

use serde::Serialize;
use sweep_inputs::checkpoint::{self, StateDict, Tensor, Values};
use sweep_protocol::network::{Entry, Layout};

use super::RehearsalError;

/// How far some parameters moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModuleChange {
    /// The first step of their names: `layer4`, `fc`.
    pub module: String,
    /// Euclidean norm of the difference.
    pub distance: f64,
    /// Euclidean norm of what they were.
    pub norm: f64,
}

/// How far all moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moved {
    /// Euclidean norm of the difference of all parameters.
    pub distance: f64,
    /// Euclidean norm of the parameters before.
    pub norm: f64,
    /// The same module by module, in the order of the network.
    pub modules: Vec<ModuleChange>,
    /// Whether running statistics of batch normalisations are others.
    pub statistics: bool,
}

/// Compares two checkpoints of one network.
pub(super) fn moved(layout: &Layout, from: &Path, to: &Path) -> Result<Moved, RehearsalError> {
    let (before, after) = (checkpoint::read(from)?.state, checkpoint::read(to)?.state);
    Ok(compared(layout, &before, &after))
}

fn compared(layout: &Layout, before: &StateDict, after: &StateDict) -> Moved {
    let mut modules: Vec<ModuleChange> = Vec::new();
    for parameter in &layout.parameters {
        let module = parameter.key.split('.').next().unwrap_or_default();
        if modules.last().is_none_or(|last| last.module != module) {
            modules.push(ModuleChange { module: module.to_owned(), distance: 0.0, norm: 0.0 });
        }
        if let Some(last) = modules.last_mut() {
            let old = numbers(before.get(&parameter.key));
            let new = numbers(after.get(&parameter.key));
            last.distance += squares(old.iter().zip(new).map(|(old, new)| f64::from(new - old)));
            last.norm += squares(old.iter().map(|&old| f64::from(old)));
        }
    }
    let total = |of: fn(&ModuleChange) -> f64| modules.iter().map(of).sum::<f64>().sqrt();
    let (distance, norm) = (total(|module| module.distance), total(|module| module.norm));
    for module in &mut modules {
        (module.distance, module.norm) = (module.distance.sqrt(), module.norm.sqrt());
    }
    let is_statistic = |entry: &&Entry| matches!(entry, Entry::Mean(_) | Entry::Variance(_));
    let mut statistics = layout.entries.iter().filter(is_statistic).map(|&entry| layout.key(entry));
    let statistics = statistics.any(|key| before.get(&key) != after.get(&key));
    Moved { distance, norm, modules, statistics }
}

fn squares(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum()
}

fn numbers(tensor: Option<&Tensor>) -> &[f32] {
    match tensor.map(|tensor| &tensor.values) {
        Some(Values::F32(values)) => values,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use sweep_inputs::checkpoint::{StateDict, Tensor, Values};
    use sweep_protocol::network::Network;

    use super::compared;

    #[test]
    fn norms_are_those_of_the_difference() {
        let layout = Network::new("resnet18", 10, &[("width", 1)]).layout().expect("a layout");
        let state = |of: &dyn Fn(&str) -> f32| {
            let tensors = layout.keys_and_shapes().into_iter().map(|(key, shape)| {
                let values = Values::F32(vec![of(&key); shape.iter().product()]);
                (key, Tensor { shape, values })
            });
            StateDict::new(tensors.collect()).expect("a state")
        };
        let (ones, moved) = (state(&|_| 1.0), state(&|key| if key == "fc.bias" { 4.0 } else { 1.0 }));
        let found = compared(&layout, &ones, &moved);
        let expected = (10.0_f64 * 9.0).sqrt();
        assert!((found.distance - expected).abs() < 1e-12 && !found.statistics, "{found:?}");
        assert!((found.norm - (layout.parameter_count() as f64).sqrt()).abs() < 1e-9, "{found:?}");
        let names: Vec<&str> = found.modules.iter().map(|module| module.module.as_str()).collect();
        assert_eq!(names, ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc"]);
        let fc = found.modules.last().expect("some");
        assert!((fc.distance - expected).abs() < 1e-12 && found.modules[0].distance == 0.0, "{found:?}");
        let other = state(&|key| if key.ends_with("running_var") { 2.0 } else { 1.0 });
        assert!(compared(&layout, &ones, &other).statistics);
    }
}
