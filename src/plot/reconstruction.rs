//! What can be reconstructed of the images that were to be forgotten, row by row: what they are, what the original's weights
//! give, what those of each method's first point give, and those of a retrained network.

use super::{
    Figure, font,
    scene::{MUTED, Scene, Words},
    sheet::{self, MARGIN, TOP},
};
use crate::{
    frame::{Frame, PictureRow},
    plan::Role,
};

pub(super) const FIGURE: Figure = Figure {
    name: "reconstruction",
    about: "Images of the forget set (first row), and what is most like each of them among all that was extracted from the \
            weights of one network, scaled to it; the last row is of a network that has never seen them",
    draw,
};

const TITLE: &str = "What the weights still show of the forget set";
/// Room for the names of rows.
const INDENT: f64 = 176.0;
/// Side of an image.
const SIDE: f64 = 64.0;
const GAP: f64 = 6.0;
const WIDTH: f64 = 760.0;
/// Methods at most.
const MOST: usize = 12;

fn draw(frame: &Frame) -> Scene {
    let rows = rows(frame);
    let Some((_, first)) = rows.first() else { return sheet::empty(TITLE, frame) };
    let height = TOP + (rows.len() + 1) as f64 * (SIDE + GAP) + 12.0;
    let mut scene = sheet::sheet((WIDTH, height), TITLE, " · the first run of each", frame);
    let truths = first.images.iter().map(|[truth, _]| truth);
    row(&mut scene, TOP, "to be forgotten", (first.side, truths.collect()));
    for (nth, (name, own)) in rows.iter().enumerate() {
        let top = TOP + (nth + 1) as f64 * (SIDE + GAP);
        row(&mut scene, top, name, (own.side, own.images.iter().map(|[_, found]| found).collect()));
    }
    scene
}

/// The original, the points of the methods in the order of the grid, and a retrained network.
fn rows(frame: &Frame) -> Vec<(String, &PictureRow)> {
    let of = |row: &PictureRow| &frame.points[row.point];
    let all = || frame.pictures.iter();
    let original = all().filter(|row| of(row).is_floor()).take(1).map(|row| ("original".to_owned(), row));
    let methods = all().filter(|row| of(row).is_ranked()).take(MOST).map(|row| (of(row).title.clone(), row));
    let retrained = all().filter(|row| of(row).role == Role::Oracle).map(|row| ("retrained".to_owned(), row));
    original.chain(methods).chain(retrained).collect()
}

fn row(scene: &mut Scene, top: f64, name: &str, (side, images): (usize, Vec<&Vec<u8>>)) {
    let name = font::fitted(name, font::SMALL, INDENT - MARGIN - GAP);
    scene.write(Words::new(name, (MARGIN, top + SIDE / 2.0 + 4.0)).sized(font::SMALL).coloured(MUTED));
    for (nth, image) in images.into_iter().enumerate() {
        let left = INDENT + nth as f64 * (SIDE + GAP);
        if left + SIDE <= WIDTH {
            scene.image((left, top), SIDE, (side, image.clone()));
        }
    }
}
