//! The leaderboard as bars.

use super::{
    Figure,
    axis::Axis,
    font::{self, Weight},
    palette::{self, Look},
    scene::{AXIS, Anchor, INK, MUTED, PAPER, RULE, Scene, Words},
    sheet::{self, MARGIN, TOP},
};
use crate::frame::{Estimate, Frame, PointRow};

pub(super) const FIGURE: Figure = Figure {
    name: "scores",
    about: "Scores with 95 % intervals, best first; the dashed line is the ceiling: retrained models scored likewise",
    draw,
};

const TITLE: &str = "Scores, best first";
const WIDTH: f64 = 760.0;
const ROW: f64 = 24.0;
/// Bars that are drawn at most; the rest stands in the tables.
const MOST: usize = 40;
const WIDEST_TITLE: f64 = 280.0;

/// One row: a bar, or a dash and the reason.
struct Bar<'a> {
    point: &'a PointRow,
    look: Look,
}

/// Where the columns stand, in logical pixels.
struct Columns {
    titles_end: f64,
    axis: Axis,
    numbers_start: f64,
    bottom: f64,
}

fn draw(frame: &Frame) -> Scene {
    let bars = bars(frame);
    if bars.iter().all(|bar| bar.point.score.is_err()) {
        return sheet::empty(TITLE, frame);
    }
    let bottom = TOP + 8.0 + bars.len() as f64 * ROW;
    let all = frame.ranking().len() + frame.dashes().len();
    let shown = bars.iter().filter(|bar| bar.point.is_ranked()).count();
    let note = if shown < all { format!(" · {shown} of {all} points") } else { String::new() };
    let note = format!(" · bars: 95 % bootstrap intervals{note}");
    let mut scene = sheet::sheet((WIDTH, bottom + 52.0), TITLE, &note, frame);
    let columns = columns(&bars, bottom);
    draw_axis(&mut scene, &columns);
    draw_ceiling(&mut scene, &columns, frame);
    for (nth, bar) in bars.iter().enumerate() {
        draw_bar(&mut scene, &columns, bar, TOP + 8.0 + (nth as f64 + 0.5) * ROW);
    }
    scene
}

/// The ceiling, the ranking, what has no score, and the floor.
fn bars(frame: &Frame) -> Vec<Bar<'_>> {
    let looks = palette::looks(frame);
    let ranked = frame.ranking().into_iter().map(|(point, _)| point);
    let dashes = frame.dashes().into_iter().map(|(point, _)| point);
    let methods = ranked.chain(dashes).take(MOST);
    let all = frame.ceiling().into_iter().chain(methods).chain(frame.floor());
    all.map(|point| Bar { point, look: palette::look(&looks, point) }).collect()
}

fn title(point: &PointRow) -> String {
    let text = match (point.is_ceiling(), point.is_floor()) {
        (true, _) => palette::ceiling().label,
        (_, true) => palette::floor().label,
        _ => point.title.clone(),
    };
    font::fitted(&text, font::SMALL, WIDEST_TITLE)
}

fn columns(bars: &[Bar], bottom: f64) -> Columns {
    let widest = |texts: Vec<String>| {
        let widths = texts.iter().map(|text| font::width(text, font::SMALL, Weight::Regular));
        widths.fold(0.0_f64, f64::max)
    };
    let scores = || bars.iter().filter_map(|bar| bar.point.score.as_ref().ok()).map(|row| row.score);
    let titles_end = MARGIN + widest(bars.iter().map(|bar| title(bar.point)).collect());
    let numbers_start = WIDTH - MARGIN - widest(scores().map(|score| score.to_string()).collect());
    let high = scores().map(|score| score.ends().1.max(score.value)).fold(0.0_f64, f64::max);
    let low = scores().map(|score| score.ends().0.min(score.value)).fold(0.0_f64, f64::min);
    let axis = Axis::new((low, high.max(1e-6) * 1.02), (titles_end + 12.0, numbers_start - 14.0));
    Columns { titles_end, axis, numbers_start, bottom }
}

fn draw_axis(scene: &mut Scene, columns: &Columns) {
    for (value, text) in columns.axis.ticks(5) {
        let x = columns.axis.at(value);
        scene.line((x, TOP + 4.0), (x, columns.bottom + 4.0), RULE, 1.0);
        let words = Words::new(text, (x, columns.bottom + 19.0)).anchored(Anchor::Middle);
        scene.write(words.sized(font::SMALL).coloured(MUTED));
    }
    let end = columns.numbers_start - 14.0;
    let words = Words::new("Score →", (end, columns.bottom + 38.0)).anchored(Anchor::End);
    scene.write(words.sized(font::SMALL));
}

fn draw_ceiling(scene: &mut Scene, columns: &Columns, frame: &Frame) {
    let Some(row) = frame.ceiling().and_then(|point| point.score.as_ref().ok()) else { return };
    let (low, high) = row.score.ends();
    let (top, bottom) = (TOP + 4.0, columns.bottom + 4.0);
    scene.shade((columns.axis.at(low), top), (columns.axis.at(high), bottom), AXIS, 0.12);
    let x = columns.axis.at(row.score.value);
    scene.dashes((x, top), (x, bottom), INK);
}

fn draw_bar(scene: &mut Scene, columns: &Columns, bar: &Bar, middle: f64) {
    let baseline = middle + 4.0;
    let name = Words::new(title(bar.point), (columns.titles_end, baseline)).anchored(Anchor::End);
    let colour = if bar.point.is_ranked() { INK } else { MUTED };
    scene.write(name.sized(font::SMALL).coloured(colour));
    let zero = columns.axis.at(0.0);
    match &bar.point.score {
        Ok(row) => {
            let end = columns.axis.at(row.score.value);
            scene.fill((zero.min(end), middle - 7.0), (zero.max(end), middle + 7.0), bar.look.colour);
            draw_whisker(scene, columns, row.score, middle);
            let text = Words::new(row.score.to_string(), (columns.numbers_start, baseline));
            scene.write(text.sized(font::SMALL).coloured(colour));
        }
        Err(reason) => {
            let room = WIDTH - MARGIN - zero - 4.0;
            let text = font::fitted(&format!("– {reason}"), font::SMALL, room);
            let words = Words::new(text, (zero + 4.0, baseline)).sized(font::SMALL).coloured(MUTED);
            let extent = words.extent();
            scene.shade((extent.left, extent.top), (extent.right, extent.bottom), PAPER, 0.85);
            scene.write(words);
        }
    }
}

/// The interval over the end of its bar, with a light rim so that it shows on the bar and beside it.
fn draw_whisker(scene: &mut Scene, columns: &Columns, score: Estimate, middle: f64) {
    let Some(interval) = score.interval else { return };
    let (left, right) = (columns.axis.at(interval.low), columns.axis.at(interval.high));
    for (colour, width) in [(PAPER, 3.2), (INK, 1.2)] {
        scene.line((left, middle), (right, middle), colour, width);
        for end in [left, right] {
            scene.line((end, middle - 3.5), (end, middle + 3.5), colour, width);
        }
    }
}
