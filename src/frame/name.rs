//! What a point is called where there is little room: figures and narrow terminals.
//!
//! A title holds every value as the grid's generators gave it, up to twelve digits each, because it is what a point is asked for
//! by. A name shows as few digits as tell the values of one label apart, and leaves out what all points have in common.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use sweep_protocol::terms::Value;

use super::text::{printable, shortened};
use crate::plan::Point;

/// Significant digits that a value is shown with, unless more are needed to tell it from another.
const DIGITS: usize = 4;
/// Significant digits that tell any two numbers apart.
const ALL_DIGITS: usize = 17;
/// Letters that are left of a label before its hyper-parameters are cut.
const LEAST_LABEL: usize = 9;

/// What a point is called: its label, and those of its hyper-parameters that tell it from others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    label: String,
    /// `lr=0.001`, in the order of the grid.
    settings: Vec<String>,
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.label)?;
        self.settings.iter().try_for_each(|setting| write!(formatter, " {setting}"))
    }
}

impl Name {
    /// The name as long as it fits: first the label loses letters in its middle, then the hyper-parameters at their end.
    pub fn fitted(&self, fits: impl Fn(&str) -> bool) -> String {
        let whole = self.to_string();
        if fits(&whole) {
            return whole;
        }
        let with = |letters| Self { label: hollow(&self.label, letters), ..self.clone() }.to_string();
        let letters = self.label.chars().count();
        if letters > LEAST_LABEL && fits(&with(LEAST_LABEL)) {
            return with(longest(LEAST_LABEL, letters, |letters| fits(&with(*letters))));
        }
        let shortest = with(LEAST_LABEL.min(letters));
        let characters = shortest.chars().count();
        shortened(&shortest, longest(1, characters, |limit| fits(&shortened(&shortest, *limit))))
    }

    /// The name in at most so many characters.
    pub fn within(&self, characters: usize) -> String {
        self.fitted(|text| text.chars().count() <= characters)
    }
}

/// The text, with an ellipsis for its middle where it has more letters: what texts begin and end with tells them apart.
pub fn hollow(text: &str, letters: usize) -> String {
    let all: Vec<char> = text.chars().collect();
    if all.len() <= letters {
        return text.to_owned();
    }
    let kept = letters.saturating_sub(1);
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    all[..head].iter().chain(&['…']).chain(&all[all.len() - tail..]).collect()
}

/// The largest number from `low` to `high` that fits, if smaller ones do; `low` where none does.
fn longest(low: usize, high: usize, fits: impl Fn(&usize) -> bool) -> usize {
    let (mut low, mut high) = (low, high.max(low));
    while low < high {
        let middle = (low + high).div_ceil(2);
        if fits(&middle) { low = middle } else { high = middle - 1 }
    }
    low
}

/// The names of a plan's points, and what all those that are ranked have in common: `lr=0.001`.
pub(super) fn names(points: &[Point]) -> (Vec<Name>, Vec<String>) {
    let shared = shared(points);
    let digits = digits(points);
    let name = |point: &Point| {
        let settings = settings(point).filter(|(name, value)| shared.get(name) != Some(value));
        let shown = |(name, value): (&str, &Value)| {
            let digits = digits.get(&(&*point.label, name)).copied().unwrap_or(DIGITS);
            format!("{}={}", printable(name), printable(&rounded(value, digits).to_string()))
        };
        Name { label: printable(&point.label), settings: settings.map(shown).collect() }
    };
    let common =
        shared.iter().map(|(name, value)| format!("{}={}", printable(name), printable(&value.to_string())));
    (points.iter().map(name).collect(), common.collect())
}

/// The hyper-parameters that the grid varies, with the values of a point.
fn settings(point: &Point) -> impl Iterator<Item = (&str, &Value)> {
    point.varied.iter().filter_map(|name| Some((name.as_str(), point.parameters.get(name)?)))
}

/// What is varied and yet the same in all points that are ranked, where there are several.
fn shared(points: &[Point]) -> BTreeMap<&str, &Value> {
    let mut judged = points.iter().filter(|point| point.is_judged());
    let (Some(first), Some(second)) = (judged.next(), judged.next()) else { return BTreeMap::new() };
    let mut shared: BTreeMap<&str, &Value> = settings(first).collect();
    for point in std::iter::once(second).chain(judged) {
        let own: BTreeMap<&str, &Value> = settings(point).collect();
        shared.retain(|name, value| own.get(name) == Some(&*value));
    }
    shared
}

/// Digits that the real numbers of each label's hyper-parameters need to stay apart.
fn digits(points: &[Point]) -> BTreeMap<(&str, &str), usize> {
    let mut values: BTreeMap<(&str, &str), BTreeSet<u64>> = BTreeMap::new();
    for point in points {
        for (name, value) in settings(point) {
            if let Value::Float(value) = value {
                values.entry((&point.label, name)).or_default().insert(value.to_bits());
            }
        }
    }
    let needed = |bits: &BTreeSet<u64>| {
        let apart = |digits: &usize| {
            let texts: BTreeSet<String> = bits
                .iter()
                .map(|bits| rounded(&Value::Float(f64::from_bits(*bits)), *digits).to_string())
                .collect();
            texts.len() == bits.len()
        };
        (DIGITS..ALL_DIGITS).find(apart).unwrap_or(ALL_DIGITS)
    };
    values.iter().map(|(key, bits)| (*key, needed(bits))).collect()
}

/// A real number rounded to so many significant digits.
fn rounded(value: &Value, digits: usize) -> Value {
    match value {
        Value::Float(number) => {
            let text = format!("{number:.*e}", digits - 1);
            Value::Float(text.parse().unwrap_or(*number))
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use sweep_protocol::terms::Value;

    use super::{Name, hollow, names};
    use crate::frame::sample::Sample;

    fn shown(lr: &[f64]) -> Vec<String> {
        let mut plan = Sample::finished(lr.len()).plan;
        for (point, lr) in plan.points.iter_mut().skip(4).zip(lr) {
            point.label = "scrub".into();
            let mut parameters = point.parameters.to_map();
            parameters.insert("lr".to_owned(), Value::Float(*lr));
            point.parameters = parameters.into();
            point.varied = ["lr".to_owned()].into();
        }
        names(&plan.points).0.iter().skip(4).map(ToString::to_string).collect()
    }

    #[test]
    fn a_drawn_value_has_as_many_digits_as_tell_it_apart() {
        assert_eq!(shown(&[0.000_663_891_810_588, 0.01]), ["scrub lr=0.0006639", "scrub lr=0.01"]);
        let near = shown(&[0.123_456_7, 0.123_456_8, 0.5]);
        assert_eq!(near, ["scrub lr=0.1234567", "scrub lr=0.1234568", "scrub lr=0.5"]);
    }

    #[test]
    fn what_all_rows_share_is_dropped_and_said_once() {
        let plan = Sample::finished(3).plan;
        let (names, common) = names(&plan.points);
        let names: Vec<String> = names.iter().skip(4).map(ToString::to_string).collect();
        assert_eq!(names, ["finetune epochs=1", "ct epochs=5", "neggrad-plus epochs=1"]);
        assert_eq!(common, ["lr=0.001"]);
    }

    #[test]
    fn a_single_point_shares_nothing() {
        let (names, common) = names(&Sample::finished(1).plan.points);
        assert_eq!((names[4].to_string().as_str(), common.len()), ("finetune lr=0.001 epochs=1", 0));
    }

    #[test]
    fn a_label_is_cut_in_its_middle_before_any_hyper_parameter() {
        let name = Name {
            label: "my-rather-long-descriptive-label-for-the-third-variant".to_owned(),
            settings: vec!["lr=0.01".to_owned(), "gamma=0.9".to_owned()],
        };
        assert_eq!(name.within(80), name.to_string());
        assert_eq!(name.within(40), "my-rather-l…rd-variant lr=0.01 gamma=0.9");
        assert_eq!(name.within(27), "my-r…iant lr=0.01 gamma=0.9");
        assert_eq!(name.within(20), "my-r…iant lr=0.01 g…");
        assert_eq!(name.within(0).chars().count(), 1, "nothing is shorter than an ellipsis");
    }

    #[test]
    fn a_hollow_text_keeps_both_ends() {
        assert_eq!(
            (hollow("abcdef", 6), hollow("abcdef", 5), hollow("abcdef", 0)),
            ("abcdef".into(), "ab…ef".into(), "…".into())
        );
    }
}
