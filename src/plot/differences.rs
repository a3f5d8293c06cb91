//! Which differences are real: every point against every other.

use super::{
    Figure,
    font::{self, Weight},
    scene::{Anchor, Colour, INK, MUTED, PAPER, RULE, Scene, Words},
    sheet::Sheet,
};
use crate::frame::{Frame, PointRow, Standing};

pub(super) const FIGURE: Figure = Figure {
    name: "differences",
    about: "Which differences are real: blue where the row scores clearly above the column, orange where clearly below, \
            grey where at q ≤ 0.05 over all pairs they can't be told apart",
    draw,
};

const TITLE: &str = "Which differences are real";
const CELL: f64 = 22.0;
const CELL_NARROW: f64 = 15.0;
/// Points that are drawn at most, best first.
const MOST: usize = 18;
const WIDEST_TITLE: f64 = 300.0;
/// Room for `10–70`, and for the number of a row.
const RANKS: f64 = 50.0;
const NUMBER: f64 = 16.0;
/// From one line of text to the next.
const LINE: f64 = 14.0;

const AHEAD: Colour = Colour(0x00, 0x72, 0xb2);
const BEHIND: Colour = Colour(0xd5, 0x5e, 0x00);

/// Where the cells stand, in logical pixels.
struct Matrix {
    /// Upper left corner.
    left: f64,
    top: f64,
    cell: f64,
    /// Room for a name between the number of a row and its ranks. A column of a paper has none: its names stand below.
    names: Option<f64>,
}

impl Matrix {
    /// The matrix of so many points, and how many of them there is room for.
    fn new(points: usize, sheet: &Sheet, heading: f64) -> (Self, usize) {
        let wanted = points.min(MOST);
        let top = heading + 22.0;
        let (names, cell) = if sheet.is_narrow() {
            (None, CELL_NARROW)
        } else {
            let left_over = sheet.room() - NUMBER - RANKS - 4.0 - wanted as f64 * CELL;
            (Some(left_over.max(sheet.room() * 0.3).min(WIDEST_TITLE)), CELL)
        };
        let left = sheet.margin + NUMBER + names.map_or(0.0, |names| names + RANKS) + 4.0;
        let fitting = ((sheet.width - sheet.margin - left + 0.5) / cell) as usize;
        (Self { left, top, cell, names }, wanted.min(fitting))
    }
}

fn draw(frame: &Frame, sheet: &Sheet) -> Scene {
    let ranking = frame.ranking();
    let (_, shown) = Matrix::new(ranking.len(), sheet, 0.0);
    let points: Vec<&PointRow> = ranking.iter().take(shown).map(|(point, _)| *point).collect();
    if points.is_empty() || (frame.comparisons.differences.is_empty() && points.len() > 1) {
        return sheet.empty(TITLE, frame);
    }
    let left_out = ranking.len() - points.len();
    let note = if left_out > 0 { format!(" · {left_out} more points left out") } else { String::new() };
    let note = format!(" · score of the row less that of the column{note}");
    let heading = sheet.heading(TITLE, &note, frame);
    let (matrix, _) = Matrix::new(ranking.len(), sheet, heading.top);
    let bottom = matrix.top + points.len() as f64 * matrix.cell;
    let legend = font::lines(LEGEND, font::SMALL, Weight::Regular, sheet.room());
    let below = legend.len() + if matrix.names.is_none() { points.len() } else { 0 };
    let mut scene = heading.scene(sheet.width, bottom + 28.0 + below as f64 * LINE);
    for (row, point) in points.iter().enumerate() {
        draw_name(&mut scene, &matrix, (row, point), frame);
        let x = matrix.left + (row as f64 + 0.5) * matrix.cell;
        let number = Words::new((row + 1).to_string(), (x, matrix.top - 7.0)).anchored(Anchor::Middle);
        scene.write(number.sized(font::SMALL).coloured(MUTED));
        for (column, other) in points.iter().enumerate() {
            let standing =
                (row != column).then(|| frame.comparisons.standing(point.position, other.position));
            draw_cell(&mut scene, &matrix, (row, column), standing);
        }
    }
    let mut baseline = bottom + 24.0;
    for line in legend {
        scene.write(Words::new(line, (sheet.margin, baseline)).sized(font::SMALL).coloured(MUTED));
        baseline += LINE;
    }
    if matrix.names.is_none() {
        draw_list(&mut scene, sheet, &points, baseline);
    }
    scene
}

const LEGEND: &str = "> clearly above · = not told apart · < clearly below";

/// Number, name and ranks of a row.
fn draw_name(scene: &mut Scene, matrix: &Matrix, (row, point): (usize, &PointRow), frame: &Frame) {
    let baseline = matrix.top + (row as f64 + 0.5) * matrix.cell + 4.0;
    let right = matrix.left - 4.0;
    let muted = |scene: &mut Scene, text: String, right: f64| {
        let words = Words::new(text, (right, baseline)).anchored(Anchor::End);
        scene.write(words.sized(font::SMALL).coloured(MUTED));
    };
    let Some(names) = matrix.names else { return muted(scene, (row + 1).to_string(), right) };
    muted(scene, (row + 1).to_string(), right - RANKS - names);
    let title = font::fitted_name(&point.name, font::SMALL, names - 6.0);
    let title = Words::new(title, (right - RANKS, baseline)).anchored(Anchor::End);
    scene.write(title.sized(font::SMALL));
    if let Some(ranks) = frame.ranks(point) {
        muted(scene, ranks.to_string(), right - 2.0);
        if row == 0 {
            let head = Words::new("rank", (right - 2.0, matrix.top - 7.0)).anchored(Anchor::End);
            scene.write(head.sized(font::SMALL).coloured(MUTED));
        }
    }
}

/// What the numbers of rows and columns stand for.
fn draw_list(scene: &mut Scene, sheet: &Sheet, points: &[&PointRow], mut baseline: f64) {
    let left = sheet.margin + NUMBER;
    for (nth, point) in points.iter().enumerate() {
        let number = Words::new((nth + 1).to_string(), (left, baseline)).anchored(Anchor::End);
        scene.write(number.sized(font::SMALL).coloured(MUTED));
        let name = font::fitted_name(&point.name, font::SMALL, sheet.room() - NUMBER - 6.0);
        scene.write(Words::new(name, (left + 6.0, baseline)).sized(font::SMALL));
        baseline += LINE;
    }
}

/// One cell; a point against itself is blank.
fn draw_cell(scene: &mut Scene, matrix: &Matrix, (row, column): (usize, usize), standing: Option<Standing>) {
    let cell = matrix.cell;
    let (x, y) = (matrix.left + column as f64 * cell, matrix.top + row as f64 * cell);
    let (from, to) = ((x + 1.0, y + 1.0), (x + cell - 1.0, y + cell - 1.0));
    let (colour, sign, ink) = match standing {
        Some(Standing::Ahead) => (AHEAD, ">", PAPER),
        Some(Standing::Behind) => (BEHIND, "<", PAPER),
        Some(Standing::Tied) => (RULE, "=", INK),
        None => return,
    };
    scene.fill(from, to, colour);
    let words = Words::new(sign, (x + cell / 2.0, y + cell / 2.0 + 4.0)).anchored(Anchor::Middle);
    scene.write(words.sized(font::SMALL).coloured(ink));
}
