//! The points of one label: a product of dimensions, addressed by a single index, so that a point costs nothing until it is
//! looked at.

use std::{collections::BTreeMap, sync::Arc};

use sweep_methods::Method;
use sweep_protocol::{recipe::Recipe, terms::Value};

use super::{axis::Axis, filter::Operand, function::FunctionCall, source::Span, table::Entry};
use crate::plan::{Axes, Dimension};

/// Axes of the same length, which walk together.
pub(super) fn together(axes: Vec<Axis>) -> Dimension {
    Dimension::new(axes.into_iter().map(|axis| (axis.key, axis.values)).collect())
}

/// A hyper-parameter that the grid leaves at its default.
pub(super) fn constant(key: &str, value: Value) -> Dimension {
    Dimension::new(vec![(key.to_owned(), vec![value])])
}

/// The checked points of one label.
#[derive(Debug, Clone)]
pub(super) struct Space {
    pub(super) label: String,
    /// Place of the label, for problems that are found later.
    pub(super) span: Span,
    pub(super) method: &'static Method,
    /// All hyper-parameters, defaults included.
    pub(super) axes: Arc<Axes>,
    /// Indices of the points that no exclude took away, in order.
    pub(super) kept: Vec<usize>,
    /// Recipes of the kept points where the user writes them; registered methods write theirs when they are asked.
    pub(super) recipes: Option<Vec<Arc<Recipe>>>,
    /// The function of the user's own that the points call.
    pub(super) call: Option<FunctionCall>,
}

impl Space {
    /// All points of a label; none is kept yet.
    pub(super) fn new(label: &Entry<'_>, method: &'static Method, dimensions: Vec<Dimension>) -> Self {
        Self {
            label: label.key.to_owned(),
            span: label.key_span.clone(),
            method,
            axes: Arc::new(Axes::new(dimensions)),
            kept: Vec::new(),
            recipes: None,
            call: None,
        }
    }

    /// The floor of every sweep: the one point of a method without hyper-parameters.
    pub(super) fn floor(method: &'static Method) -> Self {
        let label = method.name.to_owned();
        Self { label, span: 0..0, method, axes: Arc::default(), kept: vec![0], recipes: None, call: None }
    }

    /// Points of the product, before any exclude.
    pub(super) fn size(&self) -> u128 {
        self.axes.points()
    }

    /// Names of all hyper-parameters.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let columns = self.axes.dimensions().iter().flat_map(Dimension::columns);
        columns.map(|(key, _)| key.as_str())
    }

    /// The hyper-parameters of the point with this index.
    pub(super) fn parameters(&self, index: usize) -> BTreeMap<String, Value> {
        self.axes.at(index).map(|(key, value)| (key.to_owned(), value.clone())).collect()
    }

    /// Puts the hyper-parameters of the point with this index in the place of those of another point.
    pub(super) fn put_parameters(&self, index: usize, values: &mut BTreeMap<String, Value>) {
        for (key, value) in self.axes.at(index) {
            let old = values.get_mut(key).expect("all points of a label have the same hyper-parameters");
            if old != value {
                old.clone_from(value);
            }
        }
    }

    /// What a name in a filter stands for at the point with this index.
    pub(super) fn operand(&self, index: usize, name: &str) -> Option<Operand<'_>> {
        match name {
            "method" => Some(Operand::Name(self.method.name)),
            "label" => Some(Operand::Name(&self.label)),
            _ => {
                self.axes.at(index).find(|(key, _)| *key == name).map(|(_, value)| Operand::Parameter(value))
            }
        }
    }

    /// The hyper-parameters that differ among the kept points, in the order of the grid.
    pub(super) fn varied(&self) -> Vec<String> {
        let mut varied = Vec::new();
        let mut stride = self.kept_stride();
        for dimension in self.axes.dimensions() {
            stride /= dimension.rows();
            let row = |index: &usize| index / stride % dimension.rows();
            for (key, values) in dimension.columns() {
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
        self.axes.dimensions().iter().map(Dimension::rows).product()
    }

    /// The point in one line, for messages.
    pub(super) fn title(&self, index: usize) -> String {
        let settings: Vec<String> =
            self.parameters(index).iter().map(|(key, value)| format!("{key}={value}")).collect();
        if settings.is_empty() { "it has no hyper-parameters".to_owned() } else { settings.join(" ") }
    }
}
