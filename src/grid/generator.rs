//! Axes that are computed: `{ logspace = [1e-4, 1e-1, 4] }` and its like.

use sweep_chance::Chance;
use toml::de::DeValue;

use super::{
    error::{Mistake, Problem, Problems},
    table::{Node, Table, integer, real, whole, wrong_type},
};

/// The keys that make an axis.
const GENERATORS: &[&str] = &["logspace", "linspace", "range", "random"];

/// All keys in the table of an axis.
const KEYS: &[&str] = &["logspace", "linspace", "range", "random", "n", "seed"];

/// A computed axis: how many values, and how to compute them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Generator {
    rule: Rule,
    from: f64,
    to: f64,
    /// Number of values, at least 1.
    pub(super) len: u64,
    /// Whether both ends are written as whole numbers.
    pub(super) whole_ends: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Rule {
    Even,
    EvenInLogarithm,
    Step(f64),
    Uniform { seed: u64 },
    LogUniform { seed: u64 },
}

impl Generator {
    /// Whether the values are drawn.
    pub(super) fn is_random(&self) -> bool {
        matches!(self.rule, Rule::Uniform { .. } | Rule::LogUniform { .. })
    }

    /// Computes the values of the axis `key`. Equal grids give equal values on every machine: they are rounded to 12
    /// digits, far above what mathematical libraries disagree in.
    pub(super) fn values(&self, key: &str) -> Vec<f64> {
        let last = (self.len - 1).max(1) as f64;
        let between = |share: f64| self.from + (self.to - self.from) * share;
        let between_logarithms =
            |share: f64| (self.from.ln() + (self.to.ln() - self.from.ln()) * share).exp();
        let mut chance = self.chance(key);
        (0..self.len)
            .map(|index| {
                let value = match self.rule {
                    Rule::Even => between(index as f64 / last),
                    Rule::EvenInLogarithm => between_logarithms(index as f64 / last),
                    Rule::Step(step) => self.from + step * index as f64,
                    Rule::Uniform { .. } => between(chance.unit()),
                    Rule::LogUniform { .. } => between_logarithms(chance.unit()),
                };
                rounded(value, self.smallest())
            })
            .collect()
    }

    /// Smaller numbers than this are rounding errors where a sum cancels.
    fn smallest(&self) -> f64 {
        match self.rule {
            Rule::Even | Rule::Step(_) => self.from.abs().max(self.to.abs()) * 1e-12,
            Rule::EvenInLogarithm | Rule::Uniform { .. } | Rule::LogUniform { .. } => 0.0,
        }
    }

    /// A stream of its own for every key and seed, so that two axes with the same seed are independent.
    fn chance(&self, key: &str) -> Chance {
        let (Rule::Uniform { seed } | Rule::LogUniform { seed }) = self.rule else {
            // Nothing is drawn.
            return Chance::of_key([0; 32]);
        };
        Chance::of_purpose("sweep random axis", &[&seed.to_le_bytes(), key.as_bytes()])
    }
}

/// Twelve significant digits, and 0 for less than `smallest`.
fn rounded(value: f64, smallest: f64) -> f64 {
    if value.abs() < smallest {
        return 0.0;
    }
    format!("{value:.11e}").parse().unwrap_or(value)
}

/// Reads the table of a computed axis.
pub(super) fn read(key: &str, node: &Node<'_>, problems: &mut Problems) -> Option<Generator> {
    let table = Table::of(key, node, problems)?;
    let before = problems.0.len();
    table.refuse_unknown(KEYS, problems);
    let written: Vec<&'static str> =
        GENERATORS.iter().copied().filter(|generator| table.get(generator).is_some()).collect();
    let [generator] = written[..] else {
        if written.is_empty() && problems.0.len() == before {
            problems.push(wrong_type(
                key,
                "a value, a list, or one of logspace, linspace, range, random",
                node,
            ));
        } else if written.len() > 1 {
            problems.push(Problem::at(node.span(), Mistake::SeveralGenerators { ways: written.len() }));
        }
        return None;
    };
    if generator == "random" {
        return random(&table, problems);
    }
    for unused in ["n", "seed"].into_iter().filter_map(|key| table.get(key)) {
        let mistake = Mistake::GeneratorArguments { generator, expected: expected(generator) };
        problems.push(Problem::at(unused.span(), mistake));
    }
    spaced(generator, table.get(generator)?, problems)
}

fn expected(generator: &str) -> &'static str {
    match generator {
        "logspace" => "[from, to, how many] with ends above 0",
        "range" => "[from, to, step] with a step that leads from one to the other; both ends belong to it",
        "linspace" => "[from, to, how many]",
        "log-uniform" => "[from, to] with 0 < from < to",
        _ => "[from, to] with from < to",
    }
}

fn spaced(generator: &'static str, node: &Node<'_>, problems: &mut Problems) -> Option<Generator> {
    let generated = numbers::<3>(node).and_then(|([from, to, third], whole_ends)| {
        let count = (third >= 1.0 && third.fract() == 0.0 && third < 1e15).then_some(third as u64);
        let (rule, len) = match generator {
            "linspace" => (Rule::Even, count?),
            "logspace" if from > 0.0 && to > 0.0 => (Rule::EvenInLogarithm, count?),
            "range" => (Rule::Step(third), steps(from, to, third)?),
            _ => return None,
        };
        Some(Generator { rule, from, to, len, whole_ends })
    });
    if generated.is_none() {
        let mistake = Mistake::GeneratorArguments { generator, expected: expected(generator) };
        problems.push(Problem::at(node.span(), mistake));
    }
    generated
}

fn steps(from: f64, to: f64, step: f64) -> Option<u64> {
    // A sum of tenths may miss its end by a rounding error.
    const SLACK: f64 = 1e-9;
    let steps = ((to - from) / step + SLACK).floor();
    (0.0..1e15).contains(&steps).then(|| steps as u64 + 1)
}

fn random(table: &Table<'_>, problems: &mut Problems) -> Option<Generator> {
    let len = table.require("n", problems).and_then(|node| whole("n", node, 1..=1_000_000_000, problems));
    let seed = table.whole("seed", 0..=u64::MAX, 0, problems);
    let distribution = Table::of("random", table.get("random")?, problems)?;
    distribution.refuse_unknown(&["uniform", "log-uniform"], problems);
    let entries = distribution.in_order();
    let [entry] = &entries[..] else {
        let node = table.get("random")?;
        problems.push(wrong_type("random", "{ uniform = [from, to] } or { log-uniform = [from, to] }", node));
        return None;
    };
    let (generator, rule) = match entry.key {
        "uniform" => ("uniform", Rule::Uniform { seed }),
        "log-uniform" => ("log-uniform", Rule::LogUniform { seed }),
        _ => return None,
    };
    match numbers::<2>(entry.node) {
        Some(([from, to], whole_ends)) if from < to && (generator == "uniform" || from > 0.0) => {
            Some(Generator { rule, from, to, len: len?, whole_ends })
        }
        _ => {
            let mistake = Mistake::GeneratorArguments { generator, expected: expected(generator) };
            problems.push(Problem::at(entry.node.span(), mistake));
            None
        }
    }
}

/// A list of N finite numbers, and whether the first two are written as whole ones.
fn numbers<const N: usize>(node: &Node<'_>) -> Option<([f64; N], bool)> {
    let DeValue::Array(items) = node.get_ref() else { return None };
    let values: Vec<f64> = items.iter().map(real).collect::<Option<_>>()?;
    // An interval longer than the longest number has no even spaces.
    if !(values.first()? - values.get(1)?).is_finite() {
        return None;
    }
    let whole_ends = items.iter().take(2).all(|item| integer(item).is_some());
    Some((values.try_into().ok()?, whole_ends))
}

#[cfg(test)]
mod tests {
    use toml::de::DeValue;

    use super::{Generator, Problems, read};

    fn generator(text: &str) -> Option<Generator> {
        let node = DeValue::parse(text).expect("TOML");
        read("lr", &node, &mut Problems::default())
    }

    fn values(text: &str) -> Vec<f64> {
        generator(text).expect("an axis").values("lr")
    }

    #[test]
    fn spaces_hit_their_round_numbers() {
        assert_eq!(values("{ logspace = [1e-4, 1e-1, 4] }"), [1e-4, 1e-3, 1e-2, 1e-1]);
        assert_eq!(values("{ linspace = [0.1, 0.5, 5] }"), [0.1, 0.2, 0.3, 0.4, 0.5]);
        assert_eq!(values("{ range = [0.1, 0.7, 0.2] }"), [0.1, 0.3, 0.5, 0.7]);
        assert_eq!(values("{ range = [-0.3, 0.3, 0.1] }"), [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3]);
        assert_eq!(values("{ range = [5, 1, -2] }"), [5.0, 3.0, 1.0]);
        assert_eq!(values("{ linspace = [3, 9, 1] }"), [3.0]);
        assert_eq!(values("{ logspace = [1e-300, 1e300, 3] }"), [1e-300, 1.0, 1e300]);
    }

    #[test]
    fn random_values_are_inside_and_repeat_with_their_seed() {
        let drawn = values("{ random = { log-uniform = [1e-4, 1e-1] }, n = 200, seed = 3 }");
        assert_eq!(drawn.len(), 200);
        assert!(drawn.iter().all(|value| (1e-4..=1e-1).contains(value)), "{drawn:?}");
        // Half of the draws fall into each half of the exponents: 100 ± 4 standard deviations.
        let low = drawn.iter().filter(|&&value| value < 10_f64.powf(-2.5)).count();
        assert!((72..=128).contains(&low), "{low} of 200 in the lower half");
        let axis =
            generator("{ random = { log-uniform = [1e-4, 1e-1] }, n = 200, seed = 3 }").expect("an axis");
        assert_eq!(axis.values("lr"), drawn);
        assert_ne!(axis.values("momentum"), drawn, "another key draws from a stream of its own");
        assert_ne!(values("{ random = { log-uniform = [1e-4, 1e-1] }, n = 200, seed = 4 }"), drawn);
    }

    #[test]
    fn arguments_that_make_no_axis_are_refused() {
        for text in [
            "{ logspace = [0, 1, 4] }",
            "{ logspace = [1e-4, 1e-1] }",
            "{ linspace = [0, 1, 0] }",
            "{ linspace = [0, 1, 2.5] }",
            "{ linspace = [0, inf, 3] }",
            "{ linspace = [-1e308, 1e308, 3] }",
            "{ range = [0, 1, 0] }",
            "{ range = [0, 1, -0.1] }",
            "{ range = [0, 1, 1e-300] }",
            "{ random = { uniform = [0, 1] } }",
            "{ random = { uniform = [1, 0] }, n = 2 }",
            "{ random = { log-uniform = [0, 1] }, n = 2 }",
            "{ random = { normal = [0, 1] }, n = 2 }",
            "{ linspace = [0, 1, 2], range = [0, 1, 1] }",
            "{ linspac = [0, 1, 2] }",
            "{}",
            "{ n = 3 }",
            "{ linspace = 3 }",
            "{ random = 3, n = 2 }",
        ] {
            let node = DeValue::parse(text).expect("TOML");
            let mut problems = Problems::default();
            let read = read("lr", &node, &mut problems);
            assert!(read.is_none() && !problems.0.is_empty(), "{text}: {read:?}, {problems:?}");
        }
    }
}
