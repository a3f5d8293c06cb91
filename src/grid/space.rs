//! The points of one label: a product of dimensions, addressed by a single index, so that a point costs nothing until it is
//! looked at.

use std::collections::BTreeMap;

use sweep_protocol::{recipe::Recipe, terms::Value};

use super::{axis::Axis, filter::Operand, source::Span, table::Entry};
use crate::method::{Arguments, Facts, Method};

/// Axes that walk together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dimension {
    len: usize,
    columns: Vec<(String, Vec<Value>)>,
}

impl Dimension {
    /// Axes of the same length.
    pub(super) fn of(axes: Vec<Axis>) -> Self {
        let len = axes.first().map_or(1, |axis| axis.values.len());
        Self { len, columns: axes.into_iter().map(|axis| (axis.key, axis.values)).collect() }
    }

    /// A hyper-parameter that the grid leaves at its default.
    pub(super) fn constant(key: &str, value: Value) -> Self {
        Self { len: 1, columns: vec![(key.to_owned(), vec![value])] }
    }
}

/// The checked points of one label.
#[derive(Debug, Clone)]
pub(super) struct Space {
    pub(super) label: String,
    /// Place of the label, for problems that are found later.
    pub(super) span: Span,
    pub(super) method: &'static Method,
    /// All hyper-parameters, defaults included; the first dimension moves slowest.
    pub(super) dimensions: Vec<Dimension>,
    /// Indices of the points that no exclude took away, in order.
    pub(super) kept: Vec<usize>,
    /// Recipes of the kept points where the user writes them; registered methods write theirs when they are asked.
    pub(super) recipes: Option<Vec<Recipe>>,
}

impl Space {
    /// All points of a label; none is kept yet.
    pub(super) fn new(label: &Entry<'_>, method: &'static Method, dimensions: Vec<Dimension>) -> Self {
        Self {
            label: label.key.to_owned(),
            span: label.key_span.clone(),
            method,
            dimensions,
            kept: Vec::new(),
            recipes: None,
        }
    }

    /// The floor of every sweep: the one point of a method without hyper-parameters.
    pub(super) fn floor(method: &'static Method) -> Self {
        let label = method.name.to_owned();
        Self { label, span: 0..0, method, dimensions: Vec::new(), kept: vec![0], recipes: None }
    }

    /// Points of the product, before any exclude.
    pub(super) fn size(&self) -> u128 {
        self.dimensions.iter().fold(1_u128, |size, dimension| size.saturating_mul(dimension.len as u128))
    }

    /// Names of all hyper-parameters.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.dimensions.iter().flat_map(|dimension| dimension.columns.iter().map(|(key, _)| key.as_str()))
    }

    /// The hyper-parameters of the point with this index.
    pub(super) fn parameters(&self, index: usize) -> BTreeMap<String, Value> {
        let mut rest = index;
        let rows = self.dimensions.iter().rev().flat_map(|dimension| {
            let row = rest % dimension.len;
            rest /= dimension.len;
            dimension.columns.iter().map(move |(key, values)| (key.clone(), values[row].clone()))
        });
        rows.collect()
    }

    /// What a name in a filter stands for at the point with this index.
    pub(super) fn operand(&self, index: usize, name: &str) -> Option<Operand<'_>> {
        match name {
            "method" => return Some(Operand::Name(self.method.name)),
            "label" => return Some(Operand::Name(&self.label)),
            _ => {}
        }
        let mut rest = index;
        for dimension in self.dimensions.iter().rev() {
            let row = rest % dimension.len;
            rest /= dimension.len;
            if let Some((_, values)) = dimension.columns.iter().find(|(key, _)| key == name) {
                return Some(Operand::Parameter(&values[row]));
            }
        }
        None
    }

    /// The recipe of the kept point in this position.
    pub(super) fn recipe(&self, position: usize, arguments: &Arguments, facts: &Facts) -> Recipe {
        match &self.recipes {
            Some(recipes) => recipes[position].clone(),
            None => (self.method.recipe)(arguments, facts),
        }
    }

    /// The hyper-parameters that differ among the kept points, in the order of the grid.
    pub(super) fn varied(&self) -> Vec<String> {
        let mut varied = Vec::new();
        let mut stride = self.kept_stride();
        for dimension in &self.dimensions {
            stride /= dimension.len;
            let row = |index: &usize| index / stride % dimension.len;
            for (key, values) in &dimension.columns {
                let mut used = self.kept.iter().map(|index| &values[row(index)]);
                let first = used.next();
                if used.any(|value| Some(value) != first) {
                    varied.push(key.clone());
                }
            }
        }
        varied
    }

    /// Index distance of the slowest dimension's end; the check has made sure that it fits.
    fn kept_stride(&self) -> usize {
        self.dimensions.iter().map(|dimension| dimension.len).product()
    }

    /// The point in one line, for messages.
    pub(super) fn title(&self, index: usize) -> String {
        let settings: Vec<String> =
            self.parameters(index).iter().map(|(key, value)| format!("{key}={value}")).collect();
        if settings.is_empty() { "it has no hyper-parameters".to_owned() } else { settings.join(" ") }
    }
}
