//! Everything that is made from results and can be made again: tables, figures, the page, the leaderboard.
//!
//! A report adds no number of its own. It writes into the folder of the results and owns these names there:
//! `runs.csv`, `points.csv`, `differences.csv`, `groups.csv`, `audits.csv`, `runs.parquet`, `points.parquet`, `figures/*.png`,
//! `figures/*.svg`, `report.html`.

mod across;
mod audits;
mod cell;
mod confirmation;
mod curves;
mod finding;
mod html;
mod leaderboard;
mod live;
mod nulls;
mod originals;
mod paper;
mod points;
mod provenance;
mod ranking;
mod reproduce;
mod shadows;
mod stages;
mod subgroups;
mod view;
mod write;

pub use across::across;
pub use leaderboard::leaderboard;
pub use live::{Live, LiveFailure, LiveMethod, LivePoint, Over};
pub use paper::{Markup, PAPER_COLUMNS, paper};
pub use reproduce::duration;

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    frame::{Frame, FrameError},
    plot::{self, PlotError, Sheet},
};
use view::Picture;

/// Failed to write a report. The results are not touched by it; the report can be made again.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A table can't be made.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A figure can't be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// The page can't be filled in.
    #[error("failed to fill in the template of `report.html`: {0}; this build is broken")]
    Template(#[from] minijinja::Error),
    /// A file can't be written.
    #[error("failed to write `{}`: {source}; free space or fix permissions, then run `sweep report` again", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The report of a sweep.
#[derive(Debug)]
pub struct Report;

/// What a report consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// All files, in the order in which they were written; the page is the last.
    pub paths: Vec<PathBuf>,
}

impl Written {
    /// The page.
    pub fn page(&self) -> Option<&Path> {
        self.paths.last().map(PathBuf::as_path)
    }
}

impl Report {
    /// Writes tables, figures and the page into the folder of the results, or into a new one. Each file is replaced as a whole.
    pub fn write(results: &Path, frame: &Frame) -> Result<Written, ReportError> {
        let mut paths = Vec::new();
        write::folder(results)?;
        for (name, bytes) in frame.files()? {
            let path = results.join(name);
            write::bytes(&path, &bytes)?;
            paths.push(path);
        }
        let folder = results.join("figures");
        write::inner_folder(&folder)?;
        let mut pictures = Vec::new();
        for figure in plot::figures(frame) {
            let scene = (figure.draw)(frame, &Sheet::PAGE);
            let svg = plot::svg(&scene, None)?;
            let png = plot::png(&scene, None)?;
            let vector = folder.join(format!("{}.svg", figure.name));
            let raster = folder.join(format!("{}.png", figure.name));
            write::bytes(&vector, svg.as_bytes())?;
            write::bytes(&raster, &png)?;
            let uri = picture(&svg, &png);
            pictures.push(Picture { name: figure.name, about: figure.about, uri });
            paths.extend([vector, raster]);
        }
        let page = results.join("report.html");
        let view = view::view(
            frame,
            pictures,
            (provenance::read(results), provenance::remarks(results)),
            reproduce::view(frame, results),
        );
        write::bytes(&page, html::page(view, &points::Explored::of(frame))?.as_bytes())?;
        paths.push(page);
        Ok(Written { paths })
    }
}

/// Largest SVG that stands in the page, in bytes; a figure of very many marks is smaller as pixels.
const MOST_VECTORS: usize = 200_000;

/// A figure as the page holds it.
fn picture(svg: &str, png: &[u8]) -> String {
    if svg.len() <= MOST_VECTORS { html::data_uri(svg) } else { html::png_uri(png) }
}

/// Writes figures for a paper into a folder, and makes it if it isn't there. Each file is replaced as a whole.
pub fn write_figures(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>, ReportError> {
    write::folder(folder)?;
    let write = |(name, bytes): &(String, Vec<u8>)| {
        let path = folder.join(name);
        write::bytes(&path, bytes).map(|()| path)
    };
    files.iter().map(write).collect()
}

#[cfg(test)]
mod tests;
