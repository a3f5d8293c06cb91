//! The scores of each point over several forget sets.

use super::{
    axis::Axis,
    font::{self, Weight},
    legend::Legend,
    palette::{self, Look},
    scene::{Anchor, INK, MUTED, PAPER, RULE, Scene, Words},
    sheet::Sheet,
};
use crate::frame::{Across, AcrossRow};

const TITLE: &str = "Scores over forget sets";
/// Methods that are drawn at most; the rest stands in the table.
const MOST: usize = 30;
const STEP: f64 = 26.0;
const WIDEST_TITLE: f64 = 280.0;

/// Draws the scores of ceiling, methods and floor for each forget set, and their means with 95 % intervals.
pub fn forget_sets(across: &Across, sheet: &Sheet) -> Scene {
    let rows = across.first(MOST);
    let looks: Vec<Look> =
        across.names.iter().enumerate().map(|(nth, name)| palette::nth(nth, name)).collect();
    let given = across.sweeps.first().map_or_else(String::new, |sweep| {
        format!("N = {} of each · {} · engine {}", sweep.seeds, sweep.given(), sweep.engine.name)
    });
    let note = format!("{given} · bars: means with 95 % intervals over {} forget sets", across.names.len());
    let heading = sheet.masthead(TITLE, &note, true);
    let legend = Legend::new(looks.clone(), sheet);
    let top = heading.top + legend.height() + 8.0;
    let bottom = top + rows.len() as f64 * STEP;
    let legend_top = heading.top - 4.0;
    let mut scene = heading.scene(sheet.width, bottom + 48.0);
    legend.draw(&mut scene, legend_top);
    let room = WIDEST_TITLE.min(sheet.room() * 0.42);
    let titles: Vec<String> = rows.iter().map(|row| title(row, room)).collect();
    let widths = titles.iter().map(|title| font::width(title, font::SMALL, Weight::Regular));
    let titles_end = sheet.margin + widths.fold(0.0, f64::max);
    let axis = Axis::new(range(&rows), (titles_end + 14.0, sheet.width - sheet.margin - 8.0));
    for (value, text) in axis.ticks(((axis.length() / 55.0) as usize).clamp(2, 6)) {
        let x = axis.at(value);
        scene.line((x, top - 4.0), (x, bottom), RULE, 1.0);
        let words = Words::new(text, (x, bottom + 15.0)).anchored(Anchor::Middle);
        scene.write(words.sized(font::SMALL).coloured(MUTED));
    }
    let words = Words::new("Score →", (axis.end(), bottom + 34.0)).anchored(Anchor::End);
    scene.write(words.sized(font::SMALL));
    for (nth, (row, title)) in rows.iter().zip(titles).enumerate() {
        let middle = top + (nth as f64 + 0.5) * STEP;
        let colour = if row.point.is_ranked() { INK } else { MUTED };
        let words = Words::new(title, (titles_end, middle + 4.0)).anchored(Anchor::End);
        scene.write(words.sized(font::SMALL).coloured(colour));
        draw_row(&mut scene, row, &looks, (&axis, middle));
    }
    scene
}

/// The mean with its interval, as far as the axis reaches, and the mark of each forget set over it.
fn draw_row(scene: &mut Scene, row: &AcrossRow, looks: &[Look], (axis, middle): (&Axis, f64)) {
    if let Some(mean) = row.mean(|score| Some(score.score.value)) {
        let start = axis.end() - axis.length();
        let [left, right] = [mean.ends().0, mean.ends().1].map(|end| axis.at(end).clamp(start, axis.end()));
        scene.line((left, middle), (right, middle), MUTED, 1.2);
        let x = axis.at(mean.value);
        scene.line((x, middle - 8.0), (x, middle + 8.0), INK, 2.0);
    }
    for (score, look) in row.scores.iter().zip(looks) {
        let at = (axis.at(score.score.value), middle);
        look.mark.draw(scene, at, 5.2, PAPER);
        look.mark.draw(scene, at, 4.2, look.colour);
    }
}

fn title(row: &AcrossRow, room: f64) -> String {
    match (row.point.is_ceiling(), row.point.is_floor()) {
        (true, _) => font::fitted(&palette::ceiling().label, font::SMALL, room),
        (_, true) => font::fitted(&palette::floor().label, font::SMALL, room),
        _ => font::fitted_name(&row.point.name, font::SMALL, room),
    }
}

/// All scores, and 0. Intervals of few forget sets are so wide that they would leave the scores no room.
fn range(rows: &[&AcrossRow]) -> (f64, f64) {
    let scores = rows.iter().flat_map(|row| row.scores.iter().map(|score| score.score.value));
    let (low, high) = scores.fold((0.0_f64, 0.0_f64), |(low, high), score| (low.min(score), high.max(score)));
    (low, high.max(1e-6) * 1.15)
}
