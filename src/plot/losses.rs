//! The starting kit's picture: losses on the forget set over losses on the test set. Where the two look alike, an attack on
//! the loss can only guess.

use super::{
    Figure,
    axis::Axis,
    font, palette,
    panels::Panels,
    scene::{AXIS, Anchor, Colour, Extent, MUTED, RULE, Scene, Words},
    sheet::Sheet,
};
use crate::{
    audit::{LOSS_BIN, LOSS_BINS},
    frame::{Frame, LossRow, PointRow},
    plan::Role,
};

pub(super) const FIGURE: Figure = Figure {
    name: "losses",
    about: "Share of examples by loss, forget set (coloured) beside test set (grey), for the oracle, the floor and the best \
            point of each method; the attack that tells them apart is right as often as its panel says",
    draw,
};

const TITLE: &str = "Losses on the forget and on the test set";
const PANEL_HEIGHT: f64 = 190.0;
/// Room for the numbers at the left of a panel.
const INDENT: f64 = 34.0;

fn draw(frame: &Frame, sheet: &Sheet) -> Scene {
    let panels = panels(frame, Panels::most(sheet));
    if panels.is_empty() {
        return sheet.empty(TITLE, frame);
    }
    let heading = sheet.heading(TITLE, " · grey: test set · all models of a point together", frame);
    let places = Panels::new(panels.len(), PANEL_HEIGHT, (sheet, heading.top + 6.0));
    let mut scene = heading.scene(sheet.width, places.bottom());
    let looks = palette::looks(frame);
    for (nth, (point, row)) in panels.into_iter().enumerate() {
        let extent = places.cell(nth);
        let colour = if point.is_ranked() { palette::look(&looks, point) } else { palette::ceiling() }.colour;
        heading_of(&mut scene, &extent, point, row);
        panel(&mut scene, &extent, row, colour);
    }
    scene
}

/// The oracle, the floor, and the best point of every method.
fn panels(frame: &Frame, most: usize) -> Vec<(&PointRow, &LossRow)> {
    let with = |point: &&PointRow| {
        frame.losses.iter().find(|row| std::ptr::eq(&raw const frame.points[row.point], *point))
    };
    let mut shown: Vec<&PointRow> = frame.point_with(Role::Oracle).into_iter().chain(frame.floor()).collect();
    for (point, _) in frame.ranking() {
        if shown.iter().all(|other| other.label != point.label) {
            shown.push(point);
        }
    }
    shown.iter().filter_map(|point| with(point).map(|row| (*point, row))).take(most).collect()
}

fn heading_of(scene: &mut Scene, extent: &Extent, point: &PointRow, row: &LossRow) {
    let attack = format!("attack {:.1} %", row.attack * 100.0);
    let room = extent.right - extent.left - font::width(&attack, font::SMALL, font::Weight::Regular) - 10.0;
    let title = font::fitted_name(&point.name, font::SMALL, room);
    scene.write(Words::new(title, (extent.left, extent.top + 10.0)).sized(font::SMALL));
    let attack = Words::new(attack, (extent.right, extent.top + 10.0)).anchored(Anchor::End);
    scene.write(attack.sized(font::SMALL).coloured(MUTED));
}

fn panel(scene: &mut Scene, extent: &Extent, row: &LossRow, colour: Colour) {
    let (left, right) = (extent.left + INDENT, extent.right);
    let (top, bottom) = (extent.top + 22.0, extent.bottom - 30.0);
    let highest = row.forget.iter().chain(&row.test).copied().fold(0.0_f64, f64::max);
    let shares = Axis::new((0.0, highest * 104.0), (bottom, top));
    for (value, text) in shares.ticks(4) {
        let y = shares.at(value);
        scene.line((left, y), (right, y), RULE, 1.0);
        let words = Words::new(text, (left - 5.0, y + 3.5)).anchored(Anchor::End);
        scene.write(words.sized(font::SMALL - 1.0).coloured(MUTED));
    }
    let slot = (right - left) / (LOSS_BINS + 1) as f64;
    for (bin, (forget, test)) in row.forget.iter().zip(&row.test).enumerate() {
        let from = left + bin as f64 * slot;
        let middle = from + slot * 0.52;
        scene.fill((from + 1.0, shares.at(forget * 100.0)), (middle, bottom), colour);
        scene.shade((middle, shares.at(test * 100.0)), (from + slot - 1.0, bottom), AXIS, 0.55);
    }
    scene.line((left, bottom), (right, bottom), AXIS, 1.0);
    let per_nat = (1.0 / LOSS_BIN) as usize;
    for bin in (0..=LOSS_BINS).step_by(per_nat) {
        let x = left + bin as f64 * slot;
        scene.line((x, bottom), (x, bottom + 4.0), AXIS, 1.0);
        let words = Words::new((bin / per_nat).to_string(), (x, bottom + 16.0)).anchored(Anchor::Middle);
        scene.write(words.sized(font::SMALL - 1.0).coloured(MUTED));
    }
    let label = Words::new("loss →", (right, extent.bottom - 2.0)).anchored(Anchor::End);
    scene.write(label.sized(font::SMALL - 1.0).coloured(MUTED));
    let label = Words::new("↑ % of examples", (extent.left, extent.bottom - 2.0));
    scene.write(label.sized(font::SMALL - 1.0).coloured(MUTED));
}
