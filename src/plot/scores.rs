//! The leaderboard as bars.

use super::{
    Figure,
    axis::Axis,
    font::{self, Weight},
    palette::{self, Look},
    scene::{AXIS, Anchor, Colour, INK, MUTED, PAPER, RULE, Scene, Words},
    sheet::Sheet,
};
use crate::frame::{Estimate, Frame, PointRow, decimals};

pub(super) const FIGURE: Figure = Figure {
    name: "scores",
    about: "Scores with 95 % intervals, best first; the dashed line is the ceiling: retrained models scored likewise",
    draw,
};

const TITLE: &str = "Scores, best first";
/// Bars that are drawn at most, on a page and in a column of a paper; the rest stands in the tables.
const MOST: usize = 40;
const MOST_NARROW: usize = 20;
const WIDEST_TITLE: f64 = 280.0;

/// One row: a bar, or a dash and the reason.
struct Bar<'a> {
    point: &'a PointRow,
    look: Look,
}

/// Where the rows stand, in logical pixels. On a page names and numbers stand beside their bars, in a column of a paper above
/// them.
struct Bars {
    stacked: bool,
    left: f64,
    right: f64,
    /// Where the first row begins.
    top: f64,
    /// From one row to the next.
    step: f64,
    /// Where names beside bars end, and numbers beside bars begin.
    titles_end: f64,
    numbers_start: f64,
    axis: Axis,
    bottom: f64,
}

fn draw(frame: &Frame, sheet: &Sheet) -> Scene {
    let bars = bars(frame, if sheet.is_narrow() { MOST_NARROW } else { MOST });
    if bars.iter().all(|bar| bar.point.score.is_err()) {
        return sheet.empty(TITLE, frame);
    }
    let all = frame.ranking().len() + frame.dashes().len();
    let shown = bars.iter().filter(|bar| bar.point.is_ranked()).count();
    let part = if shown < all { format!(" · {shown} of {all} points") } else { String::new() };
    let dashed = if frame.ceiling().is_some() { " · dashed: the ceiling" } else { "" };
    let heading = sheet.heading(TITLE, &format!(" · bars: 95 % bootstrap intervals{dashed}{part}"), frame);
    let rows = rows(&bars, sheet, heading.top);
    let mut scene = heading.scene(sheet.width, rows.bottom + 52.0);
    draw_axis(&mut scene, &rows);
    draw_ceiling(&mut scene, &rows, frame);
    for (nth, bar) in bars.iter().enumerate() {
        draw_bar(&mut scene, &rows, bar, rows.top + nth as f64 * rows.step);
    }
    scene
}

/// The ceiling, the ranking, what has no score, and the floor.
fn bars(frame: &Frame, most: usize) -> Vec<Bar<'_>> {
    let looks = palette::looks(frame);
    let ranked = frame.ranking().into_iter().map(|(point, _)| point);
    let dashes = frame.dashes().into_iter().map(|(point, _)| point);
    let methods = ranked.chain(dashes).take(most);
    let all = frame.ceiling().into_iter().chain(methods).chain(frame.floor());
    all.map(|point| Bar { point, look: palette::look(&looks, point) }).collect()
}

fn title(point: &PointRow, room: f64) -> String {
    match (point.is_ceiling(), point.is_floor()) {
        (true, _) => font::fitted(&palette::ceiling().label, font::SMALL, room),
        (_, true) => font::fitted(&palette::floor().label, font::SMALL, room),
        _ => font::fitted_name(&point.name, font::SMALL, room),
    }
}

/// The score as it stands beside a bar; above one there is room for the number alone.
fn number(score: Estimate, stacked: bool) -> String {
    if stacked { decimals(score.value) } else { score.to_string() }
}

fn rows(bars: &[Bar], sheet: &Sheet, heading: f64) -> Bars {
    let stacked = sheet.is_narrow();
    let widest = |texts: Vec<String>| {
        let widths = texts.iter().map(|text| font::width(text, font::SMALL, Weight::Regular));
        widths.fold(0.0_f64, f64::max)
    };
    let scores = || bars.iter().filter_map(|bar| bar.point.score.as_ref().ok()).map(|row| row.score);
    let high = scores().map(|score| score.ends().1.max(score.value)).fold(0.0_f64, f64::max);
    let low = scores().map(|score| score.ends().0.min(score.value)).fold(0.0_f64, f64::min);
    let range = (low, high.max(1e-6) * 1.02);
    let (left, right) = (sheet.margin, sheet.width - sheet.margin);
    let numbers_start = right - widest(scores().map(|score| number(score, stacked)).collect());
    let top = heading + if stacked { 4.0 } else { 8.0 };
    let step = if stacked { 31.0 } else { 24.0 };
    let bottom = top + bars.len() as f64 * step;
    let (titles_end, axis) = if stacked {
        (left, Axis::new(range, (left + 17.0, right - 20.0)))
    } else {
        let room = WIDEST_TITLE.min(sheet.room() * 0.42);
        let titles_end = left + widest(bars.iter().map(|bar| title(bar.point, room)).collect());
        (titles_end, Axis::new(range, ((titles_end + 12.0).max(left + 18.0), numbers_start - 14.0)))
    };
    Bars { stacked, left, right, top, step, titles_end, numbers_start, axis, bottom }
}

fn draw_axis(scene: &mut Scene, rows: &Bars) {
    let most = (rows.axis.length() / 55.0) as usize;
    for (value, text) in rows.axis.ticks(most.clamp(2, 5)) {
        let x = rows.axis.at(value);
        scene.line((x, rows.top - 4.0), (x, rows.bottom + 4.0), RULE, 1.0);
        let words = Words::new(text, (x, rows.bottom + 19.0)).anchored(Anchor::Middle);
        scene.write(words.sized(font::SMALL).coloured(MUTED));
    }
    let words = Words::new("Score →", (rows.axis.end(), rows.bottom + 38.0)).anchored(Anchor::End);
    scene.write(words.sized(font::SMALL));
}

fn draw_ceiling(scene: &mut Scene, rows: &Bars, frame: &Frame) {
    let Some(row) = frame.ceiling().and_then(|point| point.score.as_ref().ok()) else { return };
    let (low, high) = row.score.ends();
    let (top, bottom) = (rows.top - 4.0, rows.bottom + 4.0);
    scene.shade((rows.axis.at(low), top), (rows.axis.at(high), bottom), AXIS, 0.12);
    let x = rows.axis.at(row.score.value);
    scene.dashes((x, top), (x, bottom), INK);
}

fn draw_bar(scene: &mut Scene, rows: &Bars, bar: &Bar, top: f64) {
    let colour = if bar.point.is_ranked() { INK } else { MUTED };
    let score = bar.point.score.as_ref().ok().map(|row| row.score);
    let number = score.map(|score| number(score, rows.stacked)).unwrap_or_default();
    let (middle, half) = if rows.stacked { (top + 21.0, 5.0) } else { (top + rows.step / 2.0, 7.0) };
    if rows.stacked {
        let room = rows.right - rows.left - font::width(&number, font::SMALL, Weight::Regular) - 10.0;
        let baseline = top + 11.0;
        on_paper(scene, Words::new(title(bar.point, room), (rows.left, baseline)), colour);
        on_paper(scene, Words::new(number, (rows.right, baseline)).anchored(Anchor::End), colour);
    } else {
        let baseline = middle + 4.0;
        let name = title(bar.point, rows.titles_end - rows.left + 0.5);
        let name = Words::new(name, (rows.titles_end, baseline)).anchored(Anchor::End);
        scene.write(name.sized(font::SMALL).coloured(colour));
        if score.is_some() {
            let number = Words::new(number, (rows.numbers_start, baseline));
            scene.write(number.sized(font::SMALL).coloured(colour));
        }
    }
    let zero = rows.axis.at(0.0);
    match &bar.point.score {
        Ok(row) => {
            let end = rows.axis.at(row.score.value);
            scene.fill((zero.min(end), middle - half), (zero.max(end), middle + half), bar.look.colour);
            draw_whisker(scene, rows, row.score, middle);
        }
        Err(reason) => {
            let text = font::fitted(&format!("– {reason}"), font::SMALL, rows.right - zero - 4.0);
            on_paper(scene, Words::new(text, (zero + 4.0, middle + 4.0)), MUTED);
        }
    }
}

/// Words across which lines run: what lies below shines through faintly.
fn on_paper(scene: &mut Scene, words: Words, colour: Colour) {
    if words.text.is_empty() {
        return;
    }
    let words = words.sized(font::SMALL).coloured(colour);
    let extent = words.extent();
    scene.shade((extent.left, extent.top), (extent.right, extent.bottom), PAPER, 0.85);
    scene.write(words);
}

/// The interval over the end of its bar, with a light rim so that it shows on the bar and beside it.
fn draw_whisker(scene: &mut Scene, rows: &Bars, score: Estimate, middle: f64) {
    let Some(interval) = score.interval else { return };
    let (left, right) = (rows.axis.at(interval.low), rows.axis.at(interval.high));
    for (colour, width) in [(PAPER, 3.2), (INK, 1.2)] {
        scene.line((left, middle), (right, middle), colour, width);
        for end in [left, right] {
            scene.line((end, middle - 3.5), (end, middle + 3.5), colour, width);
        }
    }
}
