//! What can be reconstructed of the images that were to be forgotten, row by row: what they are, what the original's weights
//! give, what those of each method's first point give, and those of a retrained network.

use super::{
    Figure, font,
    scene::{MUTED, Scene, Words},
    sheet::Sheet,
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
/// Methods at most.
const MOST: usize = 12;

/// Where the rows stand, in logical pixels.
struct Strips {
    left: f64,
    /// Where images begin.
    images: f64,
    right: f64,
    top: f64,
    /// Side of an image.
    side: f64,
    gap: f64,
}

fn draw(frame: &Frame, sheet: &Sheet) -> Scene {
    let (side, gap) = if sheet.is_narrow() { (32.0, 4.0) } else { (64.0, 6.0) };
    let names = 158.0_f64.min(sheet.room() * 0.36);
    let shown = shown(frame, names - gap);
    let Some((_, first)) = shown.first() else { return sheet.empty(TITLE, frame) };
    let heading = sheet.heading(TITLE, " · the first run of each", frame);
    let (left, right, top) = (sheet.margin, sheet.width - sheet.margin, heading.top);
    let rows = Strips { left, images: left + names, right, top, side, gap };
    let mut scene = heading.scene(sheet.width, top + (shown.len() + 1) as f64 * (side + gap) + 12.0);
    let truths = first.images.iter().map(|[truth, _]| truth);
    let name = font::fitted("to be forgotten", font::SMALL, names - gap);
    rows.draw(&mut scene, 0, name, (first.side, truths.collect()));
    for (nth, (name, own)) in shown.into_iter().enumerate() {
        rows.draw(&mut scene, nth + 1, name, (own.side, own.images.iter().map(|[_, found]| found).collect()));
    }
    scene
}

/// The original, the points of the methods in the order of the grid, and a retrained network; names are as wide as `room`.
fn shown(frame: &Frame, room: f64) -> Vec<(String, &PictureRow)> {
    let of = |row: &PictureRow| &frame.points[row.point];
    let all = || frame.pictures.iter();
    let named = |row| font::fitted_name(&of(row).name, font::SMALL, room);
    let original = all().filter(|row| of(row).is_floor()).take(1).map(|row| ("original".to_owned(), row));
    let methods = all().filter(|row| of(row).is_ranked()).take(MOST).map(|row| (named(row), row));
    let retrained = all().filter(|row| of(row).role == Role::Oracle).map(|row| ("retrained".to_owned(), row));
    original.chain(methods).chain(retrained).collect()
}

impl Strips {
    fn draw(&self, scene: &mut Scene, nth: usize, name: String, (pixels, images): (usize, Vec<&Vec<u8>>)) {
        let step = self.side + self.gap;
        let top = self.top + nth as f64 * step;
        let name = Words::new(name, (self.left, top + self.side / 2.0 + 4.0));
        scene.write(name.sized(font::SMALL).coloured(MUTED));
        for (nth, image) in images.into_iter().enumerate() {
            let left = self.images + nth as f64 * step;
            if left + self.side <= self.right {
                scene.image((left, top), self.side, (pixels, image.clone()));
            }
        }
    }
}
