//! Reads `age_class_weights.json`. Owns its form; must not know the images.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use super::{
    fault::{Excerpt, Fault},
    problem::Problems,
};

/// The file, relative to the data set's folder.
pub(super) const FILE: &str = "age_class_weights.json";

/// Largest such file, in bytes.
pub(super) const LARGEST_FILE: u64 = 1 << 20;

/// How many training images each class has, by class; zeros stand for what `problems` complains about.
pub(super) fn read(json: &[u8], classes: usize, problems: &mut Problems) -> Vec<u64> {
    let mut counts = vec![None; classes];
    let entries = match serde_json::from_slice::<Entries>(json) {
        Ok(Entries(entries)) => entries,
        Err(error) => {
            problems.of_file(FILE, Fault::NotClassCounts(error));
            return vec![0; classes];
        }
    };
    for (key, count) in entries {
        match key.parse::<usize>() {
            Ok(class) if class < classes && class.to_string() == key => {
                if counts[class].is_some() {
                    problems.of_file(FILE, Fault::RepeatedClass { class });
                }
                counts[class] = Some(checked(class, count, problems));
            }
            _ => problems.of_file(FILE, Fault::UnknownClass { key: Excerpt::of(key.as_bytes()), classes }),
        }
    }
    let or_zero = |(class, count): (usize, Option<u64>)| {
        count.unwrap_or_else(|| {
            problems.of_file(FILE, Fault::UncountedClass { class });
            0
        })
    };
    counts.into_iter().enumerate().map(or_zero).collect()
}

fn checked(class: usize, count: Count, problems: &mut Problems) -> u64 {
    let found = match count {
        Count::Whole(0) => Excerpt::of(b"0"),
        Count::Whole(count) => return count,
        Count::Other(found) => found,
    };
    problems.of_file(FILE, Fault::NotACount { class, count: found });
    0
}

/// The object's entries in their order, so that a key that stands there twice isn't lost.
struct Entries(Vec<(String, Count)>);

enum Count {
    Whole(u64),
    Other(Excerpt),
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Entries;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;
        // Lists and objects are refused by the visitor's defaults, so that nesting is never followed.
        impl Visitor<'_> for Scalar {
            type Value = Count;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a count")
            }

            fn visit_u64<E>(self, count: u64) -> Result<Count, E> {
                Ok(Count::Whole(count))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Count, E> {
                Ok(other(number))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Count, E> {
                Ok(other(number))
            }

            fn visit_bool<E>(self, word: bool) -> Result<Count, E> {
                Ok(other(word))
            }

            fn visit_str<E>(self, text: &str) -> Result<Count, E> {
                Ok(Count::Other(Excerpt::of(text.as_bytes())))
            }

            fn visit_unit<E>(self) -> Result<Count, E> {
                Ok(Count::Other(Excerpt::of(b"null")))
            }
        }
        deserializer.deserialize_any(Scalar)
    }
}

fn other(value: impl fmt::Display) -> Count {
    Count::Other(Excerpt::of(value.to_string().as_bytes()))
}
