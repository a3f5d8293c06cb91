//! One run of a function of the user's own on one seed, at small scale, and what it did.
//!
//! Owns: the grid of a rehearsal, and what is read from its results: accuracies, what is known of the forget set, how far the
//! weights moved. One model beside one retrained model is a look, not a score.

mod effect;
mod weights;

pub use effect::{Effect, ModelView, Views};
pub use weights::{ModuleChange, Moved};

use std::path::{Path, PathBuf};

use sweep_inputs::{checkpoint::CheckpointError, synth};
use thiserror::Error;

use crate::{
    grid::{GridError, GridFile},
    plan::{Plan, Point, Role},
    store::ArrayError,
};

/// The label of the function in the grid of a rehearsal.
const LABEL: &str = "try";

/// The faces that a rehearsal draws where no data are given. Enough to forget a few people, few enough for seconds.
pub const FACES: synth::Options =
    synth::Options { images: 1_000, persons: 150, ..synth::Options::canaries(1) };

/// What is tried.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// `FILE.py:FUNCTION`.
    pub function: String,
    /// Its keyword arguments, `key=value` each, in TOML.
    pub arguments: Vec<String>,
    /// Folder of the data.
    pub data: PathBuf,
    /// Whether they are [`FACES`].
    pub draws_faces: bool,
    /// The checkpoint that it starts from; without one a small original is trained.
    pub original: Option<PathBuf>,
    /// The Python that calls it, where it isn't the usual one.
    pub interpreter: Option<String>,
    /// What of the grid is otherwise, `key=value` each.
    pub settings: Vec<String>,
}

/// A rehearsal that can't be carried out or read.
#[derive(Debug, Error)]
pub enum RehearsalError {
    /// A path that no grid can name.
    #[error("the path `{}` is not UTF-8", path.display())]
    NoText {
        /// The path.
        path: PathBuf,
    },
    /// Several values of a hyper-parameter.
    #[error("a rehearsal is one run, and these arguments make {points}: give each one value")]
    NotOnePoint {
        /// How many.
        points: usize,
    },
    /// What a run measured is not there.
    #[error("what a run of the rehearsal measured can't be read: {0}")]
    Array(#[from] ArrayError),
    /// Weights can't be read.
    #[error("weights of the rehearsal can't be read: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A run that the rehearsal needs has not finished.
    #[error("{what} could not be measured: {message}")]
    NotMeasured {
        /// Which.
        what: &'static str,
        /// Why.
        message: String,
    },
}

impl Rehearsal {
    /// The grid of the rehearsal.
    pub fn grid(&self) -> Result<GridFile, UnfitGrid> {
        let mut file = GridFile::parse("the grid of the rehearsal", &self.text()?)?;
        let arguments = self.arguments.iter().map(|argument| format!("method.{LABEL}.{argument}"));
        for assignment in arguments.chain(self.settings.iter().cloned()) {
            file.set(&assignment)?;
        }
        Ok(file)
    }

    fn text(&self) -> Result<String, RehearsalError> {
        let data = quoted(&self.data)?;
        let original = match &self.original {
            Some(original) => format!("[original]\ncheckpoint = {}\n", quoted(original)?),
            None => String::new(),
        };
        let python = match &self.interpreter {
            Some(interpreter) => format!("[python]\ninterpreter = {}\n", quoted(Path::new(interpreter))?),
            None => String::new(),
        };
        // Everything else then lasts seconds, so that what lasts longer is the function.
        let small = if self.draws_faces && self.original.is_none() { SMALL } else { "" };
        let function = quoted(Path::new(&self.function))?;
        Ok(format!(
            "name = \"rehearsal\"\nseeds = 1\n[data]\npath = {data}\n[oracle]\nmodels = 1\nheld-out = 0\n\
             [audit]\naudits = [\"simple-mia\"]\n{original}{python}[pool]\nkeep-models = \"all\"\n{small}\
             [method.identity]\n[method.{LABEL}]\npython = {function}\n"
        ))
    }
}

/// How a small original is trained, and for how long a run may last; it goes on from `[pool]`.
const SMALL: &str = "run-timeout = \"5m\"\n[training]\nnetwork = { name = \"resnet18\", width = 16 }\nepochs = 12\nbatch-size = 32\n\
                     optimizer = { adam = { lr = 1e-3 } }\n";

/// The grid of a rehearsal has a problem, or can't be written.
#[derive(Debug, Error)]
pub enum UnfitGrid {
    /// It has a problem.
    #[error("the grid of the rehearsal can't be used")]
    Grid(#[from] GridError),
    /// It can't be written.
    #[error(transparent)]
    Rehearsal(#[from] RehearsalError),
}

/// A path as a text of TOML, whose basic strings are those of JSON.
fn quoted(path: &Path) -> Result<String, RehearsalError> {
    let text = path.to_str().ok_or_else(|| RehearsalError::NoText { path: path.to_owned() })?;
    // A control character that JSON leaves as it is.
    Ok(serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f"))
}

/// The point that calls the function.
pub fn tried(plan: &Plan) -> Result<&Point, RehearsalError> {
    let points: Vec<&Point> = plan.points.iter().filter(|point| point.is_judged()).collect();
    match points[..] {
        [point] => Ok(point),
        _ => Err(RehearsalError::NotOnePoint { points: points.len() }),
    }
}

/// The plan without its retrained models.
pub fn leave_out_retrained(plan: &mut Plan) {
    let is_retrained: Vec<bool> = plan.points.iter().map(|point| point.role == Role::Oracle).collect();
    plan.runs.retain(|run| !is_retrained[run.point]);
}

#[cfg(test)]
mod tests {
    use super::Rehearsal;

    fn rehearsal(arguments: &[&str]) -> Rehearsal {
        Rehearsal {
            function: "a \"b\"/m.py:f".to_owned(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            data: "d".into(),
            draws_faces: true,
            original: None,
            interpreter: Some("p\u{7f}".to_owned()),
            settings: vec!["training.epochs=3".to_owned()],
        }
    }

    #[test]
    fn the_grid_says_what_is_tried() {
        let grid = rehearsal(&["lr=0.5"]).grid().expect("a grid").check().expect("no problems");
        let functions = grid.functions();
        let [function] = functions.iter().collect::<Vec<_>>()[..] else { panic!("one: {functions:?}") };
        assert_eq!((function.file.as_str(), function.function.as_str()), ("a \"b\"/m.py", "f"));
        let settings = grid.settings();
        assert_eq!(settings.python.interpreter.as_deref(), Some("p\u{7f}"));
        assert_eq!(
            settings.training.epochs.get().to_bits(),
            3.0_f64.to_bits(),
            "a setting of the command line counts"
        );
        assert!(settings.pool.keep_models);
        assert!(rehearsal(&["lr"]).grid().is_err(), "no assignment");
    }
}
