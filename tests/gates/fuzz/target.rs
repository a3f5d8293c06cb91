//! The parsers, each with sound inputs to start from.

use std::path::Path;

use sweep::{
    frame::printable,
    grid::{Color, Filter, GridFile, Resolved},
    plan::{Plan, PlannedEngine},
    python::Functions,
    store::Recorded,
};
use sweep_import::pickled_batch;
use sweep_inputs::{
    checkpoint,
    dataset::{ImageId, PersonId, part},
    npy,
};
use sweep_protocol::{
    line::{self, Line},
    message::{FromWorker, ToWorker},
    recipe::Recipe,
    terms::{Set, SetSizes},
};

use super::{
    corpus,
    mutate::{Dice, mutated},
};
use crate::evil::import::sound_pickle;

/// What a parser answers.
pub(super) enum Said {
    Accepted,
    Refused(String),
}

/// One parser.
pub(super) struct Target {
    pub(super) name: &'static str,
    corpus: Vec<Vec<u8>>,
    words: Vec<&'static [u8]>,
    /// Makes a mutated input consistent where a checksum or a length would refuse it at the door.
    mended: fn(Vec<u8>) -> Vec<u8>,
    pub(super) parse: fn(&[u8]) -> Said,
}

impl Target {
    /// The input of this number; two of three are mended.
    pub(super) fn input(&self, number: u64) -> Vec<u8> {
        let mut dice = Dice::of(self.name, number);
        let bytes = mutated(&mut dice, &self.corpus, &self.words);
        if dice.below(3) == 0 { bytes } else { (self.mended)(bytes) }
    }
}

pub(super) fn all() -> Vec<Target> {
    vec![
        target("grid", grid, corpus::grids(), corpus::TOML),
        target("filter", filter, corpus::filters(), corpus::FILTER),
        target("csv", csv, corpus::lists(), corpus::CSV),
        Target { mended: corpus::with_png_checksums, ..target("png", image, corpus::images(), corpus::PNG) },
        target("class-weights", class_counts, corpus::class_counts(), corpus::JSON),
        Target {
            mended: |pickle| corpus::in_archive(&pickle),
            ..target("pth", checkpoint, corpus::pickles(), corpus::PICKLE)
        },
        target("archive", checkpoint, corpus::archives(), corpus::ZIP),
        Target {
            mended: corpus::with_header_length,
            ..target("safetensors", checkpoint, corpus::safetensors(), corpus::JSON)
        },
        target("npy", array, corpus::arrays(), corpus::NPY),
        target("cifar", cifar, vec![sound_pickle()], corpus::PICKLE),
        target("picture", picture, corpus::pictures(), corpus::PNG),
        Target {
            mended: |lines| corpus::with_line_checksums(&lines),
            ..target("journal", journal, corpus::journals(), corpus::JSON)
        },
        target("plan", plan, corpus::plans(), corpus::JSON),
        target("protocol", protocol, corpus::messages(), corpus::JSON),
        target("recipe", recipe, corpus::recipes(), corpus::JSON),
        target("ids", ids, corpus::ids(), corpus::ID),
    ]
}

fn target(
    name: &'static str,
    parse: fn(&[u8]) -> Said,
    corpus: Vec<Vec<u8>>,
    words: &'static [&'static str],
) -> Target {
    let words = words.iter().map(|word| word.as_bytes()).collect();
    Target { name, corpus, words, mended: |bytes| bytes, parse }
}

fn answer<T, E: std::fmt::Display>(result: Result<T, E>) -> Said {
    match result {
        Ok(_) => Said::Accepted,
        Err(error) => Said::Refused(error.to_string()),
    }
}

fn grid(bytes: &[u8]) -> Said {
    let text = String::from_utf8_lossy(bytes);
    let planned = GridFile::parse("grid.toml", &text).and_then(GridFile::check).and_then(|grid| {
        if grid.run_count() < 2_000 {
            let nothing = Resolved {
                engine: PlannedEngine::ours("toy", "1", false),
                data: None,
                checkpoints: Vec::new(),
                functions: Functions::default(),
            };
            // A recipe may mean tensors that the network doesn't have.
            let runs = grid.plan(&nothing)?.runs.len() as u128;
            assert_eq!(runs, grid.run_count(), "the plan has the runs it says");
        }
        Ok(grid)
    });
    answer(planned.map_err(|error| error.render(Color::Plain)))
}

fn filter(bytes: &[u8]) -> Said {
    answer(Filter::parse(&String::from_utf8_lossy(bytes)))
}

fn csv(bytes: &[u8]) -> Said {
    let examples = part::list(bytes, Set::Retain, 10);
    for example in examples.iter().flatten() {
        assert!(example.class < 10, "a label is a class");
        plain_path(&example.image);
    }
    answer(examples)
}

fn plain_path(image: &ImageId) {
    let path = image.path();
    let parts: Vec<_> = Path::new(&path).components().collect();
    assert_eq!(parts.len(), 3, "{path:?} stays in its folder");
    assert!(parts.iter().all(|part| matches!(part, std::path::Component::Normal(_))), "{path:?} is plain");
}

fn image(bytes: &[u8]) -> Said {
    answer(part::image(bytes, 32))
}

fn class_counts(bytes: &[u8]) -> Said {
    answer(part::class_counts(bytes, 10))
}

fn checkpoint(bytes: &[u8]) -> Said {
    let state = checkpoint::decode(Path::new("x.pth"), bytes);
    for (name, tensor) in state.iter().flat_map(checkpoint::StateDict::iter) {
        assert_eq!(tensor.shape.iter().product::<usize>(), tensor.values.len(), "{name:?} is as it says");
    }
    answer(state)
}

fn array(bytes: &[u8]) -> Said {
    let array = npy::decode(Path::new("x.npy"), bytes);
    if let Ok(array) = &array {
        assert_eq!(array.shape.iter().product::<usize>(), array.values.len(), "it is as it says");
    }
    answer(array)
}

fn cifar(bytes: &[u8]) -> Said {
    let batch = pickled_batch(bytes, "labels");
    if let Ok(batch) = &batch {
        assert_eq!(batch.labels.len() * batch.width, batch.pixels.len(), "it is as it says");
        assert!(bytes.get(batch.pixels.clone()).is_some(), "its pixels are in the file");
    }
    answer(batch)
}

fn picture(bytes: &[u8]) -> Said {
    let planes = sweep_import::picture(bytes, Some(8));
    if let Ok((side, planes)) = &planes {
        assert_eq!((*side, planes.len()), (8, 192), "it is as large as was asked for");
    }
    answer(planes)
}

fn journal(bytes: &[u8]) -> Said {
    let dir = Path::new("r");
    answer(Recorded::read_on(&corpus::results(dir, bytes), dir))
}

/// Errors of the JSON reader quote names as they are; whoever shows them makes them printable.
fn quoting<T, E: std::fmt::Display>(result: Result<T, E>) -> Said {
    answer(result.map_err(|error| printable(&error.to_string())))
}

fn plan(bytes: &[u8]) -> Said {
    quoting(serde_json::from_slice::<Plan>(bytes))
}

fn protocol(bytes: &[u8]) -> Said {
    let (mut input, mut answered) = (bytes, Said::Refused("no line".to_owned()));
    while let Ok(Line::Whole(line)) = line::read(&mut input) {
        answered = quoting(serde_json::from_slice::<FromWorker>(&line));
        if let Said::Refused(_) = answered {
            answered = quoting(serde_json::from_slice::<ToWorker>(&line));
        }
    }
    answered
}

fn recipe(bytes: &[u8]) -> Said {
    let recipe = serde_json::from_slice::<Recipe>(bytes);
    if let Ok(recipe) = &recipe {
        let sizes = SetSizes { retain: 1000, forget: 20, validation: 100, test: None };
        assert!(recipe.passes(&sizes) >= 0.0, "a cost is not negative");
        let _ = recipe.steps(&sizes);
    }
    quoting(recipe)
}

fn ids(bytes: &[u8]) -> Said {
    let text = String::from_utf8_lossy(bytes);
    let image = ImageId::parse(&text);
    if let Ok(image) = &image {
        plain_path(image);
    }
    match PersonId::parse(&text) {
        Err(refusal) => Said::Refused(format!(
            "{refusal} {}",
            image.err().map_or_else(String::new, |error| error.to_string())
        )),
        Ok(_) => answer(image),
    }
}
