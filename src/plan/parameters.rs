use std::{collections::BTreeMap, fmt, ops::Index, sync::Arc};

use sweep_protocol::terms::Value;

/// Hyper-parameters that walk together: row `i` of each column belongs to row `i` of the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    len: usize,
    columns: Vec<(String, Vec<Value>)>,
}

impl Dimension {
    /// Columns of one length, at least 1.
    pub fn new(columns: Vec<(String, Vec<Value>)>) -> Self {
        let len = columns.first().map_or(1, |(_, values)| values.len());
        debug_assert!(columns.iter().all(|(_, values)| values.len() == len), "columns of one length");
        Self { len, columns }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.len
    }

    /// Names and values.
    pub fn columns(&self) -> &[(String, Vec<Value>)] {
        &self.columns
    }
}

/// A product of dimensions whose points are addressed by one number; the first dimension moves slowest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Axes(Vec<Dimension>);

impl Axes {
    /// The product of these dimensions, no two of which have a column of one name.
    pub fn new(dimensions: Vec<Dimension>) -> Self {
        Self(dimensions)
    }

    /// The dimensions.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.0
    }

    /// Number of points.
    pub fn points(&self) -> u128 {
        self.0.iter().fold(1_u128, |points, dimension| points.saturating_mul(dimension.len as u128))
    }

    /// Name and value of every hyper-parameter of a point, last dimension first.
    pub fn at(&self, index: usize) -> impl Iterator<Item = (&str, &Value)> {
        let mut rest = index;
        self.0.iter().rev().flat_map(move |dimension| {
            let row = rest % dimension.len;
            rest /= dimension.len;
            dimension.columns.iter().map(move |(name, values)| (name.as_str(), &values[row]))
        })
    }
}

/// The hyper-parameters of one point, by name.
#[derive(Clone)]
pub struct Parameters(Kept);

#[derive(Clone)]
enum Kept {
    Listed(Arc<BTreeMap<String, Value>>),
    PointOf(Arc<Axes>, usize),
}

impl Parameters {
    /// Those of the point of a product with this index.
    pub fn point_of(axes: Arc<Axes>, index: usize) -> Self {
        Self(Kept::PointOf(axes, index))
    }

    /// The value of one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match &self.0 {
            Kept::Listed(values) => values.get(name),
            Kept::PointOf(axes, index) => {
                axes.at(*index).find(|(other, _)| *other == name).map(|(_, value)| value)
            }
        }
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        let sorted: BTreeMap<&str, &Value> = match &self.0 {
            Kept::Listed(values) => values.iter().map(|(name, value)| (name.as_str(), value)).collect(),
            Kept::PointOf(axes, index) => axes.at(*index).collect(),
        };
        sorted.into_iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Kept::Listed(values) => values.len(),
            Kept::PointOf(axes, _) => axes.0.iter().map(|dimension| dimension.columns.len()).sum(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, written out.
    pub fn to_map(&self) -> BTreeMap<String, Value> {
        self.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }
}

impl From<BTreeMap<String, Value>> for Parameters {
    fn from(values: BTreeMap<String, Value>) -> Self {
        Self(Kept::Listed(Arc::new(values)))
    }
}

impl Index<&str> for Parameters {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or_else(|| panic!("no hyper-parameter `{name}`"))
    }
}

impl PartialEq for Parameters {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}
