use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use sweep_protocol::{recipe::Recipe, terms::Value};

use super::{FLOOR, Parameters, Role};

/// A method with its hyper-parameters, without a seed. What the points of one label have in common is there once: a plan
/// may have millions of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "WrittenOut", from = "WrittenOut")]
pub struct Point {
    /// Name of the method's table in the grid; several points share it.
    pub label: Arc<str>,
    /// The registered method.
    pub method: Arc<str>,
    /// All hyper-parameters, defaults included.
    pub parameters: Parameters,
    /// Names of the hyper-parameters that the grid varies: what tells points of one label apart.
    pub varied: Arc<[String]>,
    /// What the point stands for.
    pub role: Role,
    /// What is done to the network; [`Point::recipe`] shows it.
    pub recipe: PointRecipe,
    /// Cost of one run in passes over the retain set.
    pub passes: f64,
}

impl Point {
    /// Whether it takes part in the ranking: an unlearning method other than the floor.
    pub fn is_judged(&self) -> bool {
        self.role == Role::Unlearn && !self.is_floor()
    }

    /// Whether it is the floor: the original as it is.
    pub fn is_floor(&self) -> bool {
        self.role == Role::Unlearn && &*self.method == FLOOR
    }

    /// The point in one line: `finetune lr=0.001 epochs=5`.
    pub fn title(&self) -> String {
        let settings = self
            .varied
            .iter()
            .filter_map(|name| self.parameters.get(name).map(|value| format!(" {name}={value}")))
            .collect::<String>();
        format!("{}{settings}", self.label)
    }

    /// What is done to the network.
    pub fn recipe(&self) -> Cow<'_, Recipe> {
        match &self.recipe.0 {
            Kept::Written(recipe) => Cow::Borrowed(recipe),
            Kept::ByMethod(write) => Cow::Owned(write(&self.parameters.to_map())),
        }
    }
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        WrittenOut::from(self.clone()) == WrittenOut::from(other.clone())
    }
}

/// Writes the recipe of a point from its hyper-parameters.
pub type RecipeWriter = dyn Fn(&BTreeMap<String, Value>) -> Recipe + Send + Sync;

/// A recipe, or how to write it.
#[derive(Clone)]
pub struct PointRecipe(Kept);

#[derive(Clone)]
enum Kept {
    Written(Arc<Recipe>),
    ByMethod(Arc<RecipeWriter>),
}

impl PointRecipe {
    /// Written each time that it is asked for.
    pub fn by(write: Arc<RecipeWriter>) -> Self {
        Self(Kept::ByMethod(write))
    }
}

impl From<Arc<Recipe>> for PointRecipe {
    fn from(recipe: Arc<Recipe>) -> Self {
        Self(Kept::Written(recipe))
    }
}

impl From<Recipe> for PointRecipe {
    fn from(recipe: Recipe) -> Self {
        Arc::new(recipe).into()
    }
}

impl fmt::Debug for PointRecipe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kept::Written(recipe) => recipe.fmt(formatter),
            Kept::ByMethod(_) => formatter.write_str("written by the method"),
        }
    }
}

/// A point as it stands in `plan.json`.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename = "Point", deny_unknown_fields)]
struct WrittenOut {
    label: String,
    method: String,
    parameters: BTreeMap<String, Value>,
    varied: Vec<String>,
    role: Role,
    recipe: Recipe,
    passes: f64,
}

impl From<Point> for WrittenOut {
    fn from(point: Point) -> Self {
        Self {
            recipe: point.recipe().into_owned(),
            label: point.label.as_ref().to_owned(),
            method: point.method.as_ref().to_owned(),
            parameters: point.parameters.to_map(),
            varied: point.varied.to_vec(),
            role: point.role,
            passes: point.passes,
        }
    }
}

impl From<WrittenOut> for Point {
    fn from(written: WrittenOut) -> Self {
        let WrittenOut { label, method, parameters, varied, role, recipe, passes } = written;
        Self {
            label: label.into(),
            method: method.into(),
            parameters: parameters.into(),
            varied: varied.into(),
            role,
            recipe: recipe.into(),
            passes,
        }
    }
}
