//! How training went: the losses that loops minimised, by epoch, of the best point of each method.

use super::{
    Figure,
    axis::Axis,
    font, palette,
    panels::Panels,
    scene::{AXIS, Anchor, Colour, Extent, MUTED, Place, RULE, Scene, Words},
    sheet::Sheet,
};
use crate::frame::{CurveLine, CurveReading, CurveRow, Frame, PointRow};

pub(super) const FIGURE: Figure = Figure {
    name: "curves",
    about: "Training loss by epoch of the best point of each method, mean over its runs between the lowest and the highest; \
            each method minimises a loss of its own",
    draw,
};

const TITLE: &str = "Training loss by epoch";
const PANEL_HEIGHT: f64 = 190.0;
/// Room for the numbers at the left of a panel.
const INDENT: f64 = 40.0;

fn draw(frame: &Frame, sheet: &Sheet) -> Scene {
    let panels = panels(frame, Panels::most(sheet));
    if panels.is_empty() {
        return sheet.empty(TITLE, frame);
    }
    let heading = sheet.heading(TITLE, &note(&panels), frame);
    let places = Panels::new(panels.len(), PANEL_HEIGHT, (sheet, heading.top + 6.0));
    let mut scene = heading.scene(sheet.width, places.bottom());
    let looks = palette::looks(frame);
    for (nth, (point, row)) in panels.into_iter().enumerate() {
        let extent = places.cell(nth);
        let title = font::fitted_name(&point.name, font::SMALL, extent.right - extent.left);
        scene.write(Words::new(title, (extent.left, extent.top + 10.0)).sized(font::SMALL));
        panel(&mut scene, &extent, row, palette::look(&looks, point).colour);
    }
    scene
}

/// How what is shown is to be read.
fn note(panels: &[(&PointRow, &CurveRow)]) -> String {
    let lines = || panels.iter().flat_map(|(_, row)| &row.lines);
    let several = panels.iter().any(|(_, row)| row.runs > 1);
    let parts = [
        (several, " · mean of a point's runs, the lowest to the highest in pale"),
        (lines().any(|line| line.of_loop > 1), " · a vertical line: the next loop"),
        (lines().any(|line| line.round > 1), " · thin: later rounds of a loop"),
    ];
    parts.into_iter().filter_map(|(is_so, words)| is_so.then_some(words)).collect()
}

/// The best point of every method, as far as it has curves.
fn panels(frame: &Frame, most: usize) -> Vec<(&PointRow, &CurveRow)> {
    let mut shown: Vec<(&PointRow, &CurveRow)> = Vec::new();
    for row in &frame.curves.rows {
        let point = &frame.points[row.point];
        if shown.iter().all(|(other, _)| other.label != point.label) {
            shown.push((point, row));
        }
    }
    shown.truncate(most);
    shown
}

/// Lines with the epochs before each: loops stand one after another, rounds of one loop side by side.
fn in_a_row(row: &CurveRow) -> (Vec<(f64, &CurveLine)>, f64) {
    let (mut from, mut end, mut last) = (0.0_f64, 0.0_f64, None);
    let mut lines = Vec::new();
    for line in &row.lines {
        if last != Some(line.of_loop) {
            (from, last) = (end, Some(line.of_loop));
        }
        end = end.max(from + line.readings.last().map_or(0.0, |reading| reading.epoch));
        lines.push((from, line));
    }
    (lines, end)
}

fn panel(scene: &mut Scene, extent: &Extent, row: &CurveRow, colour: Colour) {
    let (left, right) = (extent.left + INDENT, extent.right - 4.0);
    let (top, bottom) = (extent.top + 22.0, extent.bottom - 30.0);
    let (lines, end) = in_a_row(row);
    let readings = || row.lines.iter().flat_map(|line| &line.readings);
    let low = readings().map(|reading| reading.low).fold(f64::INFINITY, f64::min);
    let high = readings().map(|reading| reading.high).fold(f64::NEG_INFINITY, f64::max);
    let air = (high - low) * 0.04;
    let (epochs, losses) =
        (Axis::new((0.0, end), (left, right)), Axis::new((low - air, high + air), (bottom, top)));
    for (value, text) in losses.ticks(4) {
        let y = losses.at(value);
        scene.line((left, y), (right, y), RULE, 1.0);
        let words = Words::new(number(value, text), (left - 5.0, y + 3.5)).anchored(Anchor::End);
        scene.write(words.sized(font::SMALL - 1.0).coloured(MUTED));
    }
    let place =
        |from: f64, reading: &CurveReading, value: f64| (epochs.at(from + reading.epoch), losses.at(value));
    for (from, line) in &lines {
        let edge = |pick: fn(&CurveReading) -> f64| {
            line.readings.iter().map(move |own| place(*from, own, pick(own)))
        };
        let lower: Vec<Place> = edge(|own| own.low).collect();
        let band: Vec<Place> = edge(|own| own.high).chain(lower.into_iter().rev()).collect();
        if row.runs > 1 && line.readings.len() > 1 {
            scene.polygon(band, colour.faint());
        }
    }
    for (from, line) in &lines {
        if *from > 0.0 {
            scene.line((epochs.at(*from), top), (epochs.at(*from), bottom), AXIS, 1.0);
        }
        let places: Vec<Place> = line.readings.iter().map(|own| place(*from, own, own.loss)).collect();
        let width = if line.round == 1 { 1.8 } else { 0.9 };
        places.windows(2).for_each(|pair| scene.line(pair[0], pair[1], colour, width));
        if let [alone] = places[..] {
            scene.disc(alone, 2.5, colour);
        }
    }
    scene.line((left, bottom), (right, bottom), AXIS, 1.0);
    for (value, text) in epochs.ticks(if right - left < 150.0 { 2 } else { 4 }) {
        let x = epochs.at(value);
        scene.line((x, bottom), (x, bottom + 4.0), AXIS, 1.0);
        let words = Words::new(text, (x, bottom + 16.0)).anchored(Anchor::Middle);
        let words = words.sized(font::SMALL - 1.0).coloured(MUTED);
        if words.extent().right <= extent.right {
            scene.write(words);
        }
    }
    let label = Words::new("epochs →", (right, extent.bottom - 2.0)).anchored(Anchor::End);
    scene.write(label.sized(font::SMALL - 1.0).coloured(MUTED));
    let label = Words::new("↑ loss", (extent.left, extent.bottom - 2.0));
    scene.write(label.sized(font::SMALL - 1.0).coloured(MUTED));
}

/// A number beside an axis: losses that run away have many digits.
fn number(value: f64, text: String) -> String {
    if text.len() > 6 { format!("{value:.0e}") } else { text }
}
