//! Which differences are real: every point against every other.

use super::{
    Figure, font,
    scene::{Anchor, Colour, INK, MUTED, PAPER, RULE, Scene, Words},
    sheet::{self, MARGIN, TOP},
};
use crate::frame::{Frame, PointRow, Standing};

pub(super) const FIGURE: Figure = Figure {
    name: "differences",
    about: "Which differences are real: blue where the row scores clearly above the column, orange where clearly below, \
            grey where the 95 % interval of the paired difference holds 0",
    draw,
};

const TITLE: &str = "Which differences are real";
const WIDTH: f64 = 760.0;
const CELL: f64 = 22.0;
/// Points that are drawn at most, best first.
const MOST: usize = 18;
const WIDEST_TITLE: f64 = 240.0;
/// Room for `rank 10–70`.
const RANKS: f64 = 80.0;

const AHEAD: Colour = Colour(0x00, 0x72, 0xb2);
const BEHIND: Colour = Colour(0xd5, 0x5e, 0x00);

fn draw(frame: &Frame) -> Scene {
    let ranking = frame.ranking();
    let points: Vec<&PointRow> = ranking.iter().take(MOST).map(|(point, _)| *point).collect();
    if points.is_empty() || (frame.comparisons.differences.is_empty() && points.len() > 1) {
        return sheet::empty(TITLE, frame);
    }
    let left_out = ranking.len() - points.len();
    let note = if left_out > 0 { format!(" · {left_out} more points left out") } else { String::new() };
    let note = format!(" · score of the row less that of the column{note}");
    let top = TOP + 22.0;
    let height = top + points.len() as f64 * CELL + 42.0;
    let mut scene = sheet::sheet((WIDTH, height), TITLE, &note, frame);
    let left = MARGIN + WIDEST_TITLE + RANKS + 4.0;
    for (row, point) in points.iter().enumerate() {
        let middle = top + (row as f64 + 0.5) * CELL;
        draw_name(&mut scene, frame, point, (left, middle + 4.0));
        let number = Words::new((row + 1).to_string(), (left + (row as f64 + 0.5) * CELL, top - 7.0));
        scene.write(number.anchored(Anchor::Middle).sized(font::SMALL).coloured(MUTED));
        for (column, other) in points.iter().enumerate() {
            let standing =
                (row != column).then(|| frame.comparisons.standing(point.position, other.position));
            draw_cell(&mut scene, (left + column as f64 * CELL, top + row as f64 * CELL), standing);
        }
    }
    draw_legend(&mut scene, (left, height - 18.0));
    scene
}

fn draw_name(scene: &mut Scene, frame: &Frame, point: &PointRow, (right, baseline): (f64, f64)) {
    let title = font::fitted(&point.title, font::SMALL, WIDEST_TITLE);
    scene.write(Words::new(title, (right - RANKS, baseline)).anchored(Anchor::End).sized(font::SMALL));
    let ranks = frame.ranks(point).map_or_else(String::new, |ranks| format!("rank {ranks}"));
    let words = Words::new(ranks, (right - 6.0, baseline)).anchored(Anchor::End);
    scene.write(words.sized(font::SMALL).coloured(MUTED));
}

/// One cell with its upper left corner; a point against itself is blank.
fn draw_cell(scene: &mut Scene, (x, y): (f64, f64), standing: Option<Standing>) {
    let (from, to) = ((x + 1.0, y + 1.0), (x + CELL - 1.0, y + CELL - 1.0));
    let (colour, sign, ink) = match standing {
        Some(Standing::Ahead) => (AHEAD, ">", PAPER),
        Some(Standing::Behind) => (BEHIND, "<", PAPER),
        Some(Standing::Tied) => (RULE, "=", INK),
        None => return,
    };
    scene.fill(from, to, colour);
    let words = Words::new(sign, (x + CELL / 2.0, y + CELL / 2.0 + 4.0)).anchored(Anchor::Middle);
    scene.write(words.sized(font::SMALL).coloured(ink));
}

fn draw_legend(scene: &mut Scene, (left, baseline): (f64, f64)) {
    let text = "> clearly above    = not told apart    < clearly below";
    scene.write(Words::new(text, (left, baseline)).sized(font::SMALL).coloured(MUTED));
}
