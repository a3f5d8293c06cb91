//! Utility against forgetting: how much accuracy each point pays for what it forgets.

use super::{
    Figure,
    axis::Axis,
    font,
    legend::Legend,
    palette::{self, Look},
    scene::{AXIS, Anchor, Colour, Extent, MUTED, PAPER, Place, RULE, Scene, Words},
    sheet::Sheet,
};
use crate::frame::{Estimate, Frame, Mean, PointRow};

pub(super) const FIGURE: Figure = Figure {
    name: "trade-off",
    about: "Accuracy on unseen data against forgetting quality; the closer to the star, the closer to retraining",
    draw,
};

const TITLE: &str = "What forgetting costs in accuracy";
const PLOT_HEIGHT: f64 = 380.0;
/// Spots from which on their intervals are drawn faintly.
const THICKET: usize = 16;
const RADIUS: f64 = 4.5;

/// A point that has both numbers.
struct Spot<'a> {
    point: &'a PointRow,
    look: Look,
    forgetting: Estimate,
    accuracy: Mean,
}

/// Both axes and the rectangle that they span.
struct Field {
    x: Axis,
    y: Axis,
    extent: Extent,
}

fn draw(frame: &Frame, sheet: &Sheet) -> Scene {
    let looks = palette::looks(frame);
    let spots = spots(frame, &looks);
    if spots.is_empty() {
        return sheet.empty(TITLE, frame);
    }
    let shown: Vec<Look> = legend_looks(&spots, &looks);
    let legend = Legend::new(shown, sheet);
    let heading = sheet.heading(TITLE, " · bars: 95 % intervals", frame);
    let legend_top = heading.top;
    let top = legend_top + legend.height() + 30.0;
    let bottom = top + PLOT_HEIGHT.min(sheet.width * 0.75);
    let mut scene = heading.scene(sheet.width, bottom + 52.0);
    legend.draw(&mut scene, legend_top);
    let extent = Extent { left: sheet.margin + 34.0, top, right: sheet.width - sheet.margin - 6.0, bottom };
    let field = field(&spots, extent);
    draw_axes(&mut scene, &field, (frame, sheet));
    draw_cross_hair(&mut scene, &field, &spots);
    for spot in &spots {
        let colour = if spots.len() < THICKET { spot.look.colour } else { spot.look.colour.faint() };
        draw_intervals(&mut scene, &field, (spot, colour));
    }
    for spot in &spots {
        spot.look.mark.draw(&mut scene, field.place(spot), RADIUS, spot.look.colour);
    }
    draw_labels(&mut scene, &field, &spots);
    scene
}

/// Worst first, so that the best, the floor and the ceiling end up on top.
fn spots<'a>(frame: &'a Frame, looks: &[Look]) -> Vec<Spot<'a>> {
    let mut points: Vec<&PointRow> = frame.ranking().into_iter().map(|(point, _)| point).rev().collect();
    points.extend(frame.floor().into_iter().chain(frame.ceiling()));
    let spot = |point: &'a PointRow| {
        let forgetting = point.score.as_ref().ok()?.forgetting_quality;
        let accuracy = point.means.held_out_acc()?;
        Some(Spot { point, look: palette::look(looks, point), forgetting, accuracy })
    };
    points.into_iter().filter_map(spot).collect()
}

fn legend_looks(spots: &[Spot], looks: &[Look]) -> Vec<Look> {
    let drawn = |look: &&Look| spots.iter().any(|spot| spot.look == **look);
    let ends = [palette::ceiling(), palette::floor()];
    ends.iter().filter(drawn).chain(looks.iter().filter(drawn)).cloned().collect()
}

fn field(spots: &[Spot], extent: Extent) -> Field {
    let forgetting = spots.iter().map(|spot| spot.forgetting.ends().1.max(spot.forgetting.value));
    let right = forgetting.fold(0.0_f64, f64::max) * 1.08;
    let ends = || spots.iter().map(|spot| spot.accuracy.ends());
    let low = ends().map(|(low, _)| low).fold(1.0_f64, f64::min) * 100.0;
    let high = ends().map(|(_, high)| high).fold(0.0_f64, f64::max) * 100.0;
    let air = ((high - low) * 0.08).max(0.5);
    let (low, high) = ((low - air).max(0.0), (high + air).min(100.0 + air / 2.0));
    Field {
        x: Axis::new((-right * 0.025, right.max(1e-4)), (extent.left, extent.right)),
        y: Axis::new((low, high), (extent.bottom, extent.top)),
        extent,
    }
}

impl Field {
    fn place(&self, spot: &Spot) -> Place {
        (self.x.at(spot.forgetting.value), self.y.at(spot.accuracy.value * 100.0))
    }
}

fn draw_axes(scene: &mut Scene, field: &Field, (frame, sheet): (&Frame, &Sheet)) {
    let Extent { left, top, right, bottom } = field.extent;
    for (value, text) in field.y.ticks(6) {
        let y = field.y.at(value);
        scene.line((left, y), (right, y), RULE, 1.0);
        let words = Words::new(text, (left - 7.0, y + 4.0)).anchored(Anchor::End);
        scene.write(words.sized(font::SMALL).coloured(MUTED));
    }
    for (value, text) in field
        .x
        .ticks(8.min((field.x.length() / 50.0) as usize))
        .into_iter()
        .filter(|(value, _)| *value >= 0.0)
    {
        let x = field.x.at(value);
        scene.line((x, bottom), (x, bottom + 4.0), AXIS, 1.0);
        let words = Words::new(text, (x, bottom + 18.0)).anchored(Anchor::Middle);
        scene.write(words.sized(font::SMALL).coloured(MUTED));
    }
    scene.line((left, bottom), (right, bottom), AXIS, 1.0);
    let tested = frame.points.iter().any(|point| point.means.test_acc.is_some());
    let accuracy = if tested { "Test accuracy, %" } else { "Validation accuracy, %" };
    scene.write(Words::new(format!("↑ {accuracy}"), (sheet.margin, top - 12.0)).sized(font::SMALL));
    let forgetting = Words::new("Forgetting quality →", (right, bottom + 38.0)).anchored(Anchor::End);
    scene.write(forgetting.sized(font::SMALL));
}

fn draw_cross_hair(scene: &mut Scene, field: &Field, spots: &[Spot]) {
    let Some(ceiling) = spots.iter().find(|spot| spot.point.is_ceiling()) else { return };
    let (x, y) = field.place(ceiling);
    scene.dashes((x, field.extent.top), (x, field.extent.bottom), AXIS);
    scene.dashes((field.extent.left, y), (field.extent.right, y), AXIS);
}

fn draw_intervals(scene: &mut Scene, field: &Field, (spot, colour): (&Spot, Colour)) {
    let (x, y) = field.place(spot);
    let (left, right) = spot.forgetting.ends();
    let (low, high) = spot.accuracy.ends();
    let (bottom, top) = (field.y.at(low * 100.0), field.y.at(high * 100.0));
    scene.line((field.x.at(left), y), (field.x.at(right), y), colour, 1.0);
    scene.line((x, bottom), (x, top), colour, 1.0);
}

/// Names the best point of every method, where there is room for it; the three best may cross a line for it.
fn draw_labels(scene: &mut Scene, field: &Field, spots: &[Spot]) {
    const MAY_CROSS_LINES: usize = 3;
    let mut taken: Vec<Extent> =
        spots.iter().map(|spot| Extent::around(field.place(spot), RADIUS + 1.0)).collect();
    let lines = lines(field, spots);
    let mut named: Vec<&str> = Vec::new();
    for spot in spots.iter().rev().filter(|spot| spot.point.is_ranked()) {
        if named.contains(&spot.point.label.as_str()) {
            continue;
        }
        named.push(&spot.point.label);
        let room = 230.0_f64.min((field.extent.right - field.extent.left) * 0.55);
        let text = font::fitted_name(&spot.point.name, font::SMALL, room);
        let candidates = candidates(&text, field.place(spot));
        let hits = |extent: &Extent, others: &[Extent]| others.iter().any(|other| other.overlaps(extent));
        let inside = |extent: &Extent| field.extent.holds(extent) && !hits(extent, &taken);
        let clear = candidates.iter().find(|words| inside(&words.extent()) && !hits(&words.extent(), &lines));
        let crossing = || candidates.iter().find(|words| inside(&words.extent()));
        let best = clear.or_else(|| if named.len() <= MAY_CROSS_LINES { crossing() } else { None });
        if let Some(words) = best.cloned() {
            let extent = words.extent();
            scene.shade((extent.left, extent.top), (extent.right, extent.bottom), PAPER, 0.8);
            taken.push(extent);
            scene.write(words);
        }
    }
}

/// What intervals and cross-hair cover.
fn lines(field: &Field, spots: &[Spot]) -> Vec<Extent> {
    let mut lines = Vec::new();
    for spot in spots {
        let (x, y) = field.place(spot);
        let (left, right) = spot.forgetting.ends();
        let (low, high) = spot.accuracy.ends();
        let (left, right) = (field.x.at(left), field.x.at(right));
        lines.push(Extent { left, top: y - 1.0, right, bottom: y + 1.0 });
        let (top, bottom) = (field.y.at(high * 100.0), field.y.at(low * 100.0));
        lines.push(Extent { left: x - 1.0, top, right: x + 1.0, bottom });
        if spot.point.is_ceiling() {
            lines.push(Extent { left: x - 1.0, right: x + 1.0, ..field.extent });
            lines.push(Extent { top: y - 1.0, bottom: y + 1.0, ..field.extent });
        }
    }
    lines
}

fn candidates(text: &str, (x, y): Place) -> Vec<Words> {
    let (near, far) = (RADIUS + 4.0, RADIUS + 5.0);
    let places = [
        (x + near, y - near, Anchor::Start),
        (x + near, y + near + 8.0, Anchor::Start),
        (x - near, y - near, Anchor::End),
        (x - near, y + near + 8.0, Anchor::End),
        (x, y - far - 4.0, Anchor::Middle),
        (x, y + far + 12.0, Anchor::Middle),
        (x + near, y - near - 14.0, Anchor::Start),
        (x + near, y + near + 22.0, Anchor::Start),
    ];
    let words = |(x, y, anchor)| Words::new(text, (x, y)).anchored(anchor).sized(font::SMALL);
    places.into_iter().map(words).collect()
}
