//! What shadow networks show: how far images are memorised, and what attacks catch for what they accuse wrongly.

use super::{
    Figure,
    axis::Axis,
    font, palette,
    panels::Panels,
    scene::{AXIS, Anchor, Colour, Extent, INK, MUTED, RULE, Scene, Words},
    sheet::Sheet,
};
use crate::{
    audit::shadows::MembershipAttack,
    frame::{Frame, ShadowRows},
};

pub(super) const FIGURE: Figure = Figure {
    name: "memorization",
    about: "Share of the training images by memorisation; and the true-positive rate of membership attacks on the shadow networks \
            over their false-positive rate, mean over the networks, both axes logarithmic",
    draw,
};

const TITLE: &str = "Memorisation and membership";
const PANEL_HEIGHT: f64 = 230.0;
/// Room for the numbers at the left of a panel.
const INDENT: f64 = 38.0;
/// Bars from −1 to 1.
const BARS: usize = 20;
/// Decades of the logarithmic axes.
const DECADES: u32 = 3;

fn draw(frame: &Frame, sheet: &Sheet) -> Scene {
    let Some(rows) = frame.shadows.as_ref().filter(|rows| !rows.images.is_empty()) else {
        return sheet.empty(TITLE, frame);
    };
    let heading = sheet.heading(TITLE, &format!(" · {} shadow networks", rows.networks), frame);
    let places = Panels::new(2, PANEL_HEIGHT, (sheet, heading.top + 6.0));
    let mut scene = heading.scene(sheet.width, places.bottom());
    histogram(&mut scene, &places.cell(0), rows);
    curves(&mut scene, &places.cell(1), rows);
    scene
}

/// Share of the images in each bar, in percent; one is as high as its number.
fn shares(rows: &ShadowRows) -> [f64; BARS] {
    let mut shares = [0.0; BARS];
    for row in &rows.images {
        let place = f64::midpoint(row.memorization.value, 1.0) * BARS as f64;
        shares[(place.max(0.0) as usize).min(BARS - 1)] += 100.0 / rows.images.len() as f64;
    }
    shares
}

fn histogram(scene: &mut Scene, extent: &Extent, rows: &ShadowRows) {
    let (left, right, top, bottom) = inside(extent);
    let shares = shares(rows);
    let highest = shares.iter().copied().fold(1.0, f64::max);
    let heights = Axis::new((0.0, highest * 1.05), (bottom, top));
    for (value, text) in heights.ticks(4) {
        level(scene, (left, right), heights.at(value), text);
    }
    let places = Axis::new((-1.0, 1.0), (left, right));
    let width = (right - left) / BARS as f64;
    for (bar, share) in shares.into_iter().enumerate().filter(|(_, share)| *share > 0.0) {
        let from = left + bar as f64 * width;
        scene.fill((from + 0.5, heights.at(share)), (from + width - 0.5, bottom), palette::colour(0));
    }
    scene.line((left, bottom), (right, bottom), AXIS, 1.0);
    for value in [-1.0, 0.0, 1.0] {
        under(scene, (places.at(value), bottom), format!("{value:.0}"));
    }
    titles(scene, extent, ["↑ % of images", "memorisation →"]);
}

fn curves(scene: &mut Scene, extent: &Extent, rows: &ShadowRows) {
    let (left, right, top, bottom) = inside(extent);
    let lowest = -f64::from(DECADES);
    let (across, up) = (Axis::new((lowest, 0.0), (left, right)), Axis::new((lowest, 0.0), (bottom, top)));
    let log = |rate: f64| rate.log10().max(lowest);
    for decade in 0..=DECADES {
        let exponent = -f64::from(decade);
        let text = format!("{}", 10_f64.powf(exponent));
        level(scene, (left, right), up.at(exponent), text.clone());
        under(scene, (across.at(exponent), bottom), text);
    }
    scene.dashes((left, bottom), (right, top), AXIS);
    scene.line((left, bottom), (right, bottom), AXIS, 1.0);
    for (nth, (name, curve)) in rows.curves.iter().enumerate() {
        let colour = colour(*name);
        for pair in curve.windows(2) {
            let place = |(wrong, caught): (f64, f64)| (across.at(log(wrong)), up.at(log(caught)));
            scene.line(place(pair[0]), place(pair[1]), colour, 1.6);
        }
        let name = Words::new(name.word(), (right - 4.0, bottom - 6.0 - 13.0 * nth as f64));
        scene.write(name.anchored(Anchor::End).sized(font::SMALL).coloured(colour));
    }
    titles(scene, extent, ["↑ true positives", "false positives →"]);
}

fn colour(attack: MembershipAttack) -> Colour {
    match attack {
        MembershipAttack::Threshold => INK,
        MembershipAttack::Lira => palette::colour(0),
        MembershipAttack::Rmia => palette::colour(4),
    }
}

fn inside(extent: &Extent) -> (f64, f64, f64, f64) {
    (extent.left + INDENT, extent.right - 6.0, extent.top + 22.0, extent.bottom - 34.0)
}

/// A line across with its number at the left.
fn level(scene: &mut Scene, (left, right): (f64, f64), y: f64, text: String) {
    scene.line((left, y), (right, y), RULE, 1.0);
    let words = Words::new(text, (left - 5.0, y + 3.5)).anchored(Anchor::End);
    scene.write(words.sized(font::SMALL - 1.0).coloured(MUTED));
}

/// A number under the axis.
fn under(scene: &mut Scene, (x, y): (f64, f64), text: String) {
    scene.line((x, y), (x, y + 4.0), AXIS, 1.0);
    let words = Words::new(text, (x, y + 16.0)).anchored(Anchor::Middle);
    scene.write(words.sized(font::SMALL - 1.0).coloured(MUTED));
}

/// What the axes show.
fn titles(scene: &mut Scene, extent: &Extent, [up, across]: [&str; 2]) {
    let up = Words::new(up, (extent.left, extent.top + 10.0));
    scene.write(up.sized(font::SMALL - 1.0).coloured(MUTED));
    let across = Words::new(across, (extent.right - 6.0, extent.bottom - 2.0)).anchored(Anchor::End);
    scene.write(across.sized(font::SMALL - 1.0).coloured(MUTED));
}
