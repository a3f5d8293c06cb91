use std::{
    collections::{HashMap, HashSet},
    io::{BufRead, BufReader},
    ops::Range,
    path::Path,
};

use sweep_protocol::terms::{Set, SetSizes};

use super::{
    class_counts,
    fault::{Excerpt, Fault, FileFault},
    folder::Folder,
    id::{ImageId, PersonId},
    image::image_bytes,
    problem::{Place, Problems, Refused, file_of},
    table::{self, Bounds},
};

/// The sets that have a file, in the order in which their images lie in memory.
pub(super) const FILES: [Set; 4] = [Set::Retain, Set::Forget, Set::Validation, Set::Test];

/// The column of the forget set that says what its images show, where their labels are wrong.
const TRUTH: &str = "true_class";

/// Largest CSV file, in bytes; far beyond ten million plain rows.
const LARGEST_CSV: u64 = 4 << 30;

/// What a data set says about itself, without its images: the checked CSV files and class counts.
#[derive(Debug)]
pub struct Manifest {
    pub(super) examples: Vec<Example>,
    sizes: SetSizes,
    class_counts: Vec<u64>,
}

/// One row of a CSV file.
#[derive(Debug, Clone)]
pub struct Example {
    /// Its image.
    pub image: ImageId,
    /// Its label, below the number of classes.
    pub class: u32,
    /// Whom it shows, where the list says so.
    pub person: Option<PersonId>,
    /// The class of what it shows, where the list of the forget set says that its label is wrong (`true_class`).
    pub truth: Option<u32>,
    /// Where it is listed.
    pub place: Place,
}

impl Manifest {
    /// Reads and checks `retain.csv`, `forget.csv`, `validation.csv`, `test.csv` where there is one, and
    /// `age_class_weights.json` of the data set in `dir`, whose labels are below `classes`.
    pub fn read(dir: &Path, classes: usize) -> Result<Self, Refused> {
        let folder = Folder::open(dir).map_err(|fault| Refused::whole(dir, fault))?;
        let mut problems = Problems::default();
        let manifest = Self::gather(&folder, classes, &mut problems);
        problems.or(dir, manifest)
    }

    /// Gathers what is sound, and every problem.
    pub(super) fn gather(folder: &Folder, classes: usize, problems: &mut Problems) -> Self {
        let sizes = SetSizes { retain: 0, forget: 0, validation: 0, test: None };
        let mut manifest = Self { examples: Vec::new(), sizes, class_counts: Vec::new() };
        let counted = FILES.map(|set| {
            let before = manifest.examples.len();
            let found = read_set(folder, set, classes, &mut manifest.examples, problems);
            found.then(|| (manifest.examples.len() - before) as u64)
        });
        let [retain, forget, validation, test] = counted;
        manifest.sizes = SetSizes {
            retain: retain.unwrap_or(0),
            forget: forget.unwrap_or(0),
            validation: validation.unwrap_or(0),
            test,
        };
        refuse_repeated_images(&manifest.examples, problems);
        refuse_unnamed_persons(&manifest, problems);
        refuse_shared_persons(&manifest, problems);
        if problems.is_empty() {
            refuse_missing_classes(&manifest, classes, problems);
        }

        let mut json = Vec::new();
        match folder.read(class_counts::FILE, class_counts::LARGEST_FILE, &mut json) {
            Ok(()) => manifest.class_counts = class_counts::read(&json, classes, problems),
            Err(fault) => problems.of_file(class_counts::FILE, fault),
        }
        manifest
    }

    /// Leaves out the rows that are not kept; what remains must still be a data set.
    pub(super) fn keep(&mut self, kept: &[bool], classes: usize, problems: &mut Problems) {
        if !problems.is_empty() {
            return;
        }
        let counted = FILES.map(|set| kept[self.range(set)].iter().filter(|kept| **kept).count() as u64);
        for (set, count) in FILES.into_iter().zip(counted) {
            if count == 0 && !self.range(set).is_empty() {
                problems.of_file(file_of(set), Fault::NoSoundImage);
            }
        }
        let [retain, forget, validation, test] = counted;
        let test = self.sizes.test.map(|_| test);
        self.sizes = SetSizes { retain, forget, validation, test };
        let mut kept = kept.iter();
        self.examples.retain(|_| kept.next().is_some_and(|kept| *kept));
        refuse_missing_classes(self, classes, problems);
    }

    /// How many examples each set holds.
    pub fn sizes(&self) -> SetSizes {
        self.sizes
    }

    /// The examples of a set in the order of its file; those of the training set are the retain set's, then the
    /// forget set's. A set that isn't there has none.
    pub fn examples(&self, set: Set) -> &[Example] {
        &self.examples[self.range(set)]
    }

    /// How many training images each class has according to `age_class_weights.json`, by class; each at least 1.
    pub fn class_counts(&self) -> &[u64] {
        &self.class_counts
    }

    /// Memory that the decoded images take, each of `side` pixels, in bytes.
    pub fn image_bytes(&self, side: usize) -> u64 {
        (self.examples.len() * image_bytes(side)) as u64
    }

    /// Where the examples of a set lie among all.
    pub(super) fn range(&self, set: Set) -> Range<usize> {
        let size = |set| self.sizes.of(set) as usize;
        let start = match set {
            Set::Train | Set::Retain => 0,
            Set::Forget => size(Set::Retain),
            Set::Validation => size(Set::Train),
            Set::Test => size(Set::Train) + size(Set::Validation),
        };
        start..start + size(set)
    }
}

/// Reads one CSV file; false when there is none and none is needed.
fn read_set(
    folder: &Folder,
    set: Set,
    classes: usize,
    examples: &mut Vec<Example>,
    problems: &mut Problems,
) -> bool {
    let name = file_of(set);
    let file = match folder.file(name, LARGEST_CSV) {
        Ok(file) => file,
        Err(FileFault::Missing) if set == Set::Test => return false,
        Err(fault) => {
            problems.of_file(name, fault);
            return true;
        }
    };
    read_list(BufReader::new(file), set, classes, examples, problems);
    true
}

/// Reads the rows of one CSV file.
pub(super) fn read_list(
    csv: impl BufRead,
    set: Set,
    classes: usize,
    examples: &mut Vec<Example>,
    problems: &mut Problems,
) {
    let columns = (["image_id", "age_group"], ["person_id", TRUTH]);
    table::read(
        csv,
        (file_of(set), columns),
        Bounds::DATA_SET,
        problems,
        |place, fields, [person, truth], problems| {
            // What other lists say of the truth is nobody's business here.
            let truth = truth.filter(|_| set == Set::Forget);
            if let Some(example) = example(place, fields, (person, truth), classes, problems) {
                examples.push(example);
            }
        },
    );
}

/// Checks one row; every problem of it is reported.
fn example(
    place: Place,
    [image, age_group]: [&str; 2],
    (person, truth): (Option<&str>, Option<&str>),
    classes: usize,
    problems: &mut Problems,
) -> Option<Example> {
    let image = ImageId::parse(image).map_err(|fault| problems.of_line(place, fault)).ok();
    let person = person.map(PersonId::parse).transpose().map_err(|fault| problems.of_line(place, fault));
    let mut class_in = |text: &str| {
        let class = class(text, classes);
        if class.is_none() {
            let text = Excerpt::of(text.as_bytes());
            problems.of_line(place, Fault::NotAClass { text, classes });
        }
        class
    };
    let (class, truth) = (class_in(age_group), truth.map(class_in));
    if truth == Some(None) {
        return None;
    }
    Some(Example { image: image?, class: class?, person: person.ok()?, truth: truth.flatten(), place })
}

/// A class below `classes`, in plain digits.
fn class(text: &str, classes: usize) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&class| plain && (class as usize) < classes)
}

fn refuse_repeated_images(examples: &[Example], problems: &mut Problems) {
    let mut first = HashMap::with_capacity(examples.len());
    for example in examples {
        let first = *first.entry(example.image.as_str()).or_insert(example.place);
        if first != example.place {
            let image = example.image.as_str().to_owned();
            problems.of_line(example.place, Fault::RepeatedImage { image, first });
        }
    }
}

/// Whether a forgotten person is in another set, nobody could say.
fn refuse_unnamed_persons(manifest: &Manifest, problems: &mut Problems) {
    let named = |set| manifest.examples(set).first().map(|example| example.person.is_some());
    if FILES.into_iter().any(|set| named(set) == Some(true)) {
        for set in FILES.into_iter().filter(|set| named(*set) == Some(false)) {
            problems.of_file(file_of(set), Fault::NoPersons);
        }
    }
}

/// A person counts once, at the first row of the forget set.
fn refuse_shared_persons(manifest: &Manifest, problems: &mut Problems) {
    let mut retained = HashMap::new();
    for example in manifest.examples(Set::Retain) {
        if let Some(person) = &example.person {
            retained.entry(person).or_insert(example.place);
        }
    }
    let mut told = HashSet::new();
    for example in manifest.examples(Set::Forget) {
        if let Some(person) = &example.person
            && let Some(&retained) = retained.get(person)
            && told.insert(person)
        {
            let person = person.as_str().to_owned();
            problems.of_line(example.place, Fault::SharedPerson { person, retained });
        }
    }
}

/// Asked only of sound rows: a row with a bad label may be the one of its class.
fn refuse_missing_classes(manifest: &Manifest, classes: usize, problems: &mut Problems) {
    let mut present = vec![false; classes];
    for example in manifest.examples(Set::Train) {
        present[example.class as usize] = true;
    }
    for (class, _) in present.iter().enumerate().filter(|(_, present)| !**present) {
        problems.of_file(file_of(Set::Retain), Fault::MissingClass { class });
    }
}
