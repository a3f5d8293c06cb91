//! Which training images are to be forgotten. Owns the rules, how they are written and their draws; must not know files of
//! data sets.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use sweep_chance::Chance;
use sweep_inputs::npy;

use crate::rule_error::ForgetRuleError;

/// A rule of what is forgotten, as it is written on the command line.
#[derive(Debug, Clone, PartialEq)]
pub enum ForgetRule {
    /// `random:0.1` or `random:500`: images drawn from all training images.
    Random(Amount),
    /// `class:3` or `class:3/0.5`: the images of a class, or a part of them drawn at random.
    Class {
        /// The class.
        class: u32,
        /// Which part of its images, above 0 and at most 1.
        share: f64,
    },
    /// `persons:20`: all images of persons that are drawn at random.
    Persons(usize),
    /// `file:forget_idx.npy`: the images whose numbers a file lists; an image's number stands behind the hyphen of its id.
    File(PathBuf),
    /// `mislabel:0.02`: images that are drawn from all training images, whose labels are replaced by wrong ones.
    Mislabel(Amount),
    /// `patch:0.02`: images that are drawn from all training images of other classes than the first, get a patch into a corner
    /// and the label of the first class.
    Patch(Amount),
    /// `easiest:100` or `hardest:100`: the images that an original is most or least sure of.
    BySureness {
        /// Most sure, or least.
        end: End,
        /// How many.
        count: usize,
    },
    /// `memorized:100` or `unmemorized:100`: the images that shadow networks find memorised most or least, of whole persons:
    /// the persons follow by the mean over their images until there are so many images.
    ByMemorization {
        /// Most memorised, or least.
        end: End,
        /// How many images, at least.
        count: usize,
    },
}

/// An end of the order of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Those that an original is most sure of, or that are memorised least.
    Easiest,
    /// Those that an original is least sure of, or that are memorised most.
    Hardest,
}

/// The class that a patch stands for.
const POISONED: u32 = 0;

/// How many of something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// A part, between 0 and 1.
    Share(f64),
    /// A number, at least 1.
    Count(usize),
}

impl Amount {
    fn of(self, all: usize) -> usize {
        match self {
            Self::Share(share) => (share * all as f64).round() as usize,
            Self::Count(count) => count,
        }
    }
}

/// A training image as rules see it.
#[derive(Debug, Clone)]
pub(crate) struct TrainingImage {
    /// The number behind the hyphen of its id.
    pub(crate) number: Option<u64>,
    pub(crate) class: u32,
    pub(crate) person: Option<String>,
    /// What results say of it, where that is known: how sure an original is of its label, or how far it is memorised.
    pub(crate) value: Option<f64>,
}

/// What a rule chose among the training images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// Positions of what is forgotten, ascending.
    pub(crate) forget: Vec<usize>,
    /// The labels that they get in place of their own, where they get others.
    pub(crate) labels: BTreeMap<usize, u32>,
    /// Whether what is forgotten gets a patch.
    pub(crate) patched: bool,
}

impl FromStr for ForgetRule {
    type Err = ForgetRuleError;

    fn from_str(text: &str) -> Result<Self, ForgetRuleError> {
        let unknown = || ForgetRuleError::Unknown { text: text.to_owned() };
        let (word, value) = text.split_once(':').ok_or_else(unknown)?;
        let share = |value: &str| value.parse().ok().filter(|share: &f64| *share > 0.0 && *share <= 1.0);
        let count = |value: &str| value.parse().ok().filter(|count: &usize| *count > 0);
        let amount = |value: &str| {
            if value.contains(['.', 'e']) {
                share(value).map(Amount::Share)
            } else {
                count(value).map(Amount::Count)
            }
        };
        match word {
            "random" => amount(value).map(Self::Random),
            "mislabel" => amount(value).map(Self::Mislabel),
            "patch" => amount(value).map(Self::Patch),
            "persons" => count(value).map(Self::Persons),
            "easiest" | "hardest" => {
                let end = if word == "easiest" { End::Easiest } else { End::Hardest };
                count(value).map(|count| Self::BySureness { end, count })
            }
            "memorized" | "unmemorized" => {
                let end = if word == "memorized" { End::Hardest } else { End::Easiest };
                count(value).map(|count| Self::ByMemorization { end, count })
            }
            "class" => match value.split_once('/') {
                Some((class, part)) => class.parse().ok().zip(share(part)),
                None => value.parse().ok().map(|class| (class, 1.0)),
            }
            .map(|(class, share)| Self::Class { class, share }),
            "file" if !value.is_empty() => Some(Self::File(value.into())),
            _ => None,
        }
        .ok_or_else(unknown)
    }
}

impl fmt::Display for ForgetRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random(amount) => write!(formatter, "random:{amount}"),
            Self::Mislabel(amount) => write!(formatter, "mislabel:{amount}"),
            Self::Patch(amount) => write!(formatter, "patch:{amount}"),
            Self::Persons(count) => write!(formatter, "persons:{count}"),
            Self::BySureness { end, count } => {
                let word = if *end == End::Easiest { "easiest" } else { "hardest" };
                write!(formatter, "{word}:{count}")
            }
            Self::ByMemorization { end, count } => {
                let word = if *end == End::Hardest { "memorized" } else { "unmemorized" };
                write!(formatter, "{word}:{count}")
            }
            Self::Class { class, share: 1.0 } => write!(formatter, "class:{class}"),
            Self::Class { class, share } => write!(formatter, "class:{class}/{share:?}"),
            // Where it lies is nobody else's business.
            Self::File(path) => {
                write!(formatter, "file:{}", path.file_name().unwrap_or_default().to_string_lossy())
            }
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(formatter, "{share:?}"),
            Self::Count(count) => write!(formatter, "{count}"),
        }
    }
}

impl ForgetRule {
    /// Chooses among the training images, in their order, of `classes` classes.
    pub(crate) fn choose(
        &self,
        images: &[TrainingImage],
        classes: u32,
        seed: u64,
    ) -> Result<Chosen, ForgetRuleError> {
        let all: Vec<usize> = (0..images.len()).collect();
        let mut forget = match self {
            Self::Random(amount) | Self::Mislabel(amount) => drawn(all, *amount, seed),
            Self::Class { class, share } => {
                let of_class: Vec<usize> = all.into_iter().filter(|at| images[*at].class == *class).collect();
                if of_class.is_empty() {
                    return Err(ForgetRuleError::NoClass { class: *class, last: classes.saturating_sub(1) });
                }
                drawn(of_class, Amount::Share(*share), seed)
            }
            Self::Patch(amount) => {
                let count = Amount::Count(amount.of(images.len()));
                let others = all.into_iter().filter(|at| images[*at].class != POISONED).collect();
                drawn(others, count, seed)
            }
            Self::BySureness { end, count } => self.by_sureness(images, *end, *count)?,
            Self::ByMemorization { end, count } => self.by_memorization(images, *end, *count)?,
            Self::Persons(count) => of_persons(images, *count, seed)?,
            Self::File(path) => listed(images, path)?,
        };
        forget.sort_unstable();
        if forget.is_empty() || forget.len() >= images.len() {
            let (chosen, all) = (forget.len(), images.len());
            return Err(ForgetRuleError::Nothing { rule: self.to_string(), chosen, all });
        }
        self.refuse_shared_persons(images, &forget)?;
        let labels = match self {
            Self::Mislabel(_) => mislabelled(images, &forget, classes, seed),
            Self::Patch(_) => forget.iter().map(|&at| (at, POISONED)).collect(),
            _ => BTreeMap::new(),
        };
        Ok(Chosen { forget, labels, patched: matches!(self, Self::Patch(_)) })
    }

    /// The images at one end; of equals those with the lower ids.
    fn by_sureness(
        &self,
        images: &[TrainingImage],
        end: End,
        count: usize,
    ) -> Result<Vec<usize>, ForgetRuleError> {
        let known = self.known(images)?;
        let mut order: Vec<usize> = (0..images.len()).collect();
        order.sort_by(|&one, &other| match end {
            End::Hardest => known[one].total_cmp(&known[other]),
            End::Easiest => known[other].total_cmp(&known[one]),
        });
        order.truncate(count);
        Ok(order)
    }

    /// Whole persons from one end, by the mean over their images (images where no persons are named); of equals those with the
    /// lower ids.
    fn by_memorization(
        &self,
        images: &[TrainingImage],
        end: End,
        count: usize,
    ) -> Result<Vec<usize>, ForgetRuleError> {
        let known = self.known(images)?;
        let mut persons: BTreeMap<Result<&str, usize>, Vec<usize>> = BTreeMap::new();
        for (at, image) in images.iter().enumerate() {
            persons.entry(image.person.as_deref().ok_or(at)).or_default().push(at);
        }
        let mean = |own: &Vec<usize>| own.iter().map(|at| known[*at]).sum::<f64>() / own.len() as f64;
        let mut order: Vec<Vec<usize>> = persons.into_values().collect();
        order.sort_by(|one, other| match end {
            End::Hardest => mean(other).total_cmp(&mean(one)),
            End::Easiest => mean(one).total_cmp(&mean(other)),
        });
        let mut chosen = Vec::new();
        for person in order {
            if chosen.len() >= count {
                break;
            }
            chosen.extend(person);
        }
        Ok(chosen)
    }

    /// What results say of each image.
    fn known(&self, images: &[TrainingImage]) -> Result<Vec<f64>, ForgetRuleError> {
        let known: Option<Vec<f64>> = images.iter().map(|image| image.value).collect();
        known.ok_or_else(|| ForgetRuleError::NobodyKnows { rule: self.to_string() })
    }

    /// Whether it asks how sure an original is.
    pub fn asks_an_original(&self) -> bool {
        matches!(self, Self::BySureness { .. })
    }

    /// Whether it asks how far images are memorised.
    pub fn asks_shadows(&self) -> bool {
        matches!(self, Self::ByMemorization { .. })
    }

    fn refuse_shared_persons(
        &self,
        images: &[TrainingImage],
        forget: &[usize],
    ) -> Result<(), ForgetRuleError> {
        let forgotten: BTreeSet<&String> =
            forget.iter().filter_map(|at| images[*at].person.as_ref()).collect();
        let is_kept = |at: &usize| forget.binary_search(at).is_err();
        let shared = (0..images.len())
            .filter(is_kept)
            .filter_map(|at| images[at].person.as_ref())
            .find(|person| forgotten.contains(person));
        match shared {
            Some(person) => {
                Err(ForgetRuleError::SharedPerson { rule: self.to_string(), person: person.clone() })
            }
            None => Ok(()),
        }
    }
}

/// The first of all in a random order: with one seed, what a small amount draws a greater one draws, too.
fn drawn(mut from: Vec<usize>, amount: Amount, seed: u64) -> Vec<usize> {
    let count = amount.of(from.len()).min(from.len());
    Chance::of_purpose("sweep 2026-11 split: which images are forgotten", &[&seed.to_le_bytes()])
        .shuffle(&mut from);
    from.truncate(count);
    from
}

fn of_persons(images: &[TrainingImage], count: usize, seed: u64) -> Result<Vec<usize>, ForgetRuleError> {
    let mut persons: Vec<&String> = images
        .iter()
        .filter_map(|image| image.person.as_ref())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    if persons.len() <= count {
        return Err(ForgetRuleError::TooFewPersons { wanted: count, have: persons.len() });
    }
    Chance::of_purpose("sweep 2026-11 split: which persons are forgotten", &[&seed.to_le_bytes()])
        .shuffle(&mut persons);
    let chosen: BTreeSet<&String> = persons.into_iter().take(count).collect();
    let shows_one = |at: &usize| images[*at].person.as_ref().is_some_and(|person| chosen.contains(person));
    Ok((0..images.len()).filter(shows_one).collect())
}

fn listed(images: &[TrainingImage], path: &Path) -> Result<Vec<usize>, ForgetRuleError> {
    let list = npy::read_integers(path)?;
    if list.shape.len() != 1 {
        return Err(ForgetRuleError::NotAList { path: path.to_owned(), shape: list.shape });
    }
    let mut positions = BTreeMap::new();
    for (at, number) in images.iter().enumerate().filter_map(|(at, image)| Some((at, image.number?))) {
        if positions.insert(number, at).is_some() {
            return Err(ForgetRuleError::Ambiguous { number });
        }
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::with_capacity(list.values.len().min(images.len()));
    for (row, &number) in list.values.iter().enumerate() {
        let at = u64::try_from(number).ok().and_then(|number| positions.get(&number));
        let &at = at.ok_or_else(|| ForgetRuleError::NotTraining { path: path.to_owned(), row, number })?;
        if !seen.insert(at) {
            return Err(ForgetRuleError::Repeated { path: path.to_owned(), row, number });
        }
        found.push(at);
    }
    Ok(found)
}

/// One of the other labels for each image, all as likely.
fn mislabelled(images: &[TrainingImage], chosen: &[usize], classes: u32, seed: u64) -> BTreeMap<usize, u32> {
    let mut chance = Chance::of_purpose("sweep 2026-11 split: wrong labels", &[&seed.to_le_bytes()]);
    let wrong = |&at: &usize| {
        let other = chance.below(u64::from(classes.saturating_sub(1))) as u32;
        (at, if other < images[at].class { other } else { other + 1 })
    };
    chosen.iter().map(wrong).collect()
}
