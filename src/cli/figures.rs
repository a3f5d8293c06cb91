//! `sweep figures`: figures for a paper, from a results folder alone. What `sweep report` writes stays as it is.

use std::{path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};
use thiserror::Error;

use super::{CommandError, Exit, terminal};
use crate::{
    appraisal::appraise,
    frame::Frame,
    grid::closest,
    plot::{self, Figure, PlotError, Print, PrintError, Scene},
    report::write_figures,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
    /// In what they are drawn
    #[arg(long, value_enum, value_delimiter = ',', default_value = "pdf", value_name = "FORMAT,…")]
    format: Vec<Format>,
    /// Only these, by name: scores, differences, trade-off, epsilon-histogram, curves, losses, reconstruction
    #[arg(long, value_delimiter = ',', num_args = 1.., value_name = "NAME")]
    only: Vec<String>,
    /// Leave title and caption away; they are said, for the caption of the paper
    #[arg(long)]
    no_title: bool,
    /// Width of each figure: a number and cm, mm, in or pt
    #[arg(long, default_value = "14cm", value_name = "LENGTH")]
    width: Length,
    /// Size of the letters, in points
    #[arg(long, default_value = "8pt", value_name = "POINTS")]
    font_size: Letters,
    /// Folder that they are written into; figures of the same names there are replaced
    #[arg(short, long, default_value = "figures", value_name = "FOLDER")]
    out: PathBuf,
    /// Bootstrap replicates behind every interval of a score; 0 for none
    #[arg(long, default_value_t = 200, value_name = "N")]
    replicates: u32,
}

/// In what a figure is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines and text that stay sharp, with the typeface inside
    Pdf,
    /// The same for a page of the web; the text is set in the reader's typeface
    Svg,
    /// Pixels, 300 to the inch
    Png,
}

/// Figures that can't be drawn so.
#[derive(Debug, Error)]
pub(super) enum FiguresError {
    /// A size.
    #[error(transparent)]
    Size(#[from] PrintError),
    /// No figure has this name.
    #[error("there is no figure `{}`{}; these can be drawn of this sweep: {there}", name.escape_debug(), did_you_mean(*.close))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The closest one.
        close: Option<&'static str>,
        /// Those that there are.
        there: String,
    },
    /// The figure is of training or of an audit that the sweep doesn't have.
    #[error(
        "this sweep has nothing for the figure `{name}`, which shows training (docs/results.md) or an audit (docs/audits.md); these can be drawn of it: {there}"
    )]
    NothingToShow {
        /// The figure.
        name: &'static str,
        /// Those that there are.
        there: String,
    },
    /// The folder belongs to the report.
    #[error("`{}` holds the figures of `sweep report`, which would draw over these: choose another folder with --out", out.display())]
    OfTheReport {
        /// The folder.
        out: PathBuf,
    },
    /// A drawing failed.
    #[error(transparent)]
    Plot(#[from] PlotError),
}

fn did_you_mean(close: Option<&str>) -> String {
    close.map_or_else(String::new, |close| format!(", did you mean `{close}`?"))
}

pub(super) fn figures(arguments: &Arguments) -> Result<Exit, CommandError> {
    let print = Print::new(arguments.width.0, arguments.font_size.0).map_err(FiguresError::from)?;
    known(&arguments.only)?;
    check_place(arguments)?;
    let frame = appraise(&arguments.dir, arguments.replicates)?;
    let sheet = print.sheet(!arguments.no_title);
    let mut files = Vec::new();
    for figure in chosen(&arguments.only, &frame)? {
        let scene = (figure.draw)(&frame, &sheet);
        for format in &arguments.format {
            files.push(format.file(figure, &scene, &print).map_err(FiguresError::from)?);
        }
        terminal::talk(&format!("{}: {}. {}", figure.name, figure.about, scene.caption));
    }
    for path in write_figures(&arguments.out, &files)? {
        terminal::data(&path.display().to_string());
    }
    Ok(Exit::Done)
}

/// Names are checked before anything is computed.
fn known(only: &[String]) -> Result<(), FiguresError> {
    let names = || plot::all_figures().map(|figure| figure.name);
    match only.iter().find(|name| names().all(|known| known != name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let there = names().collect::<Vec<_>>().join(", ");
            Err(FiguresError::Unknown { name: name.clone(), close: closest(name, names()), there })
        }
    }
}

/// The report writes figures of the same names, and would do so again.
fn check_place(arguments: &Arguments) -> Result<(), FiguresError> {
    let report = arguments.dir.join("figures");
    let same = match (report.canonicalize(), arguments.out.canonicalize()) {
        (Ok(report), Ok(out)) => report == out,
        _ => report == arguments.out,
    };
    if same { Err(FiguresError::OfTheReport { out: arguments.out.clone() }) } else { Ok(()) }
}

/// The figures that were asked for, in the order of a report; all that there are where none was named.
fn chosen(only: &[String], frame: &Frame) -> Result<Vec<&'static Figure>, FiguresError> {
    let there: Vec<&'static Figure> = plot::figures(frame).collect();
    let asked = |figure: &&&Figure| only.is_empty() || only.iter().any(|name| name == figure.name);
    let missing = |figure: &&'static Figure| there.iter().all(|own| own.name != figure.name);
    if let Some(figure) =
        plot::all_figures().filter(|figure| !only.is_empty() && asked(&figure)).find(missing)
    {
        let there = there.iter().map(|figure| figure.name).collect::<Vec<_>>().join(", ");
        return Err(FiguresError::NothingToShow { name: figure.name, there });
    }
    Ok(there.iter().filter(asked).copied().collect())
}

impl Format {
    /// The figure as a file: its name and bytes.
    fn file(self, figure: &Figure, scene: &Scene, print: &Print) -> Result<(String, Vec<u8>), PlotError> {
        let (ending, bytes) = match self {
            Self::Pdf => ("pdf", plot::pdf(scene, print)?),
            Self::Svg => ("svg", plot::svg(scene, Some(print))?.into_bytes()),
            Self::Png => ("png", plot::png(scene, Some(print))?),
        };
        Ok((format!("{}.{ending}", figure.name), bytes))
    }
}

/// A length in PostScript points, 1/72 inch, written with its unit: `8cm`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Length(f64);

/// Size of letters in points: `8` or `8pt`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Letters(f64);

/// What isn't a length.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{wanted}")]
struct NoLength {
    wanted: &'static str,
}

const UNITS: [(&str, f64); 4] = [("cm", 72.0 / 2.54), ("mm", 7.2 / 2.54), ("in", 72.0), ("pt", 1.0)];

impl FromStr for Length {
    type Err = NoLength;

    fn from_str(text: &str) -> Result<Self, NoLength> {
        let split = |(unit, points): (&str, f64)| Some((text.trim().strip_suffix(unit)?, points));
        let number = UNITS
            .into_iter()
            .find_map(split)
            .and_then(|(number, points)| number.trim_end().parse::<f64>().ok().map(|number| number * points));
        number
            .map(Self)
            .ok_or(NoLength { wanted: "a length is a number and its unit, cm, mm, in or pt: 8cm" })
    }
}

impl FromStr for Letters {
    type Err = NoLength;

    fn from_str(text: &str) -> Result<Self, NoLength> {
        let number = text.trim().trim_end_matches("pt").trim_end().parse().ok();
        number.map(Self).ok_or(NoLength { wanted: "letters have a size in points: 8" })
    }
}

#[cfg(test)]
mod tests {
    use super::{Length, Letters};

    #[test]
    fn lengths_are_read_with_their_units() {
        for (text, points) in
            [("8cm", 226.771_65), ("80mm", 226.771_65), ("3.25in", 234.0), ("240 pt", 240.0)]
        {
            let length: Length = text.parse().expect("a length");
            assert!((length.0 - points).abs() < 1e-3, "{text}: {length:?}");
        }
        for text in ["8", "cm", "8km", "8 px", "", "eight cm"] {
            assert!(text.parse::<Length>().is_err(), "{text}");
        }
        assert_eq!(("8".parse(), "9.5pt".parse()), (Ok(Letters(8.0)), Ok(Letters(9.5))));
        assert!("big".parse::<Letters>().is_err());
    }
}
