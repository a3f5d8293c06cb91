//! What every figure has around it: a title, a line that says what its numbers are, and the sentence that stands for a
//! figure that can't be drawn.

use super::{
    font,
    scene::{Anchor, MUTED, Scene, Words},
};
use crate::frame::Frame;

/// Room at the outer edges, in logical pixels.
pub(super) const MARGIN: f64 = 18.0;

/// Where the content may begin, below title and caption.
pub(super) const TOP: f64 = 64.0;

/// A scene with title and caption; `note` goes behind N, split and engine.
pub(super) fn sheet((width, height): (f64, f64), title: &str, note: &str, frame: &Frame) -> Scene {
    let mut scene = Scene::new(width, height);
    scene.write(Words::new(title, (MARGIN, 28.0)).sized(font::TITLE).bold());
    let simulated = if frame.sweep.engine.trains { "" } else { " (simulated numbers)" };
    let caption = format!("{}{simulated}{note}", frame.sweep.caption());
    let room = width - 2.0 * MARGIN;
    let caption = font::fitted(&caption, font::SMALL, room);
    scene.write(Words::new(caption, (MARGIN, 47.0)).sized(font::SMALL).coloured(MUTED));
    scene
}

/// A figure that has nothing to show yet, and why.
pub(super) fn empty(title: &str, frame: &Frame) -> Scene {
    let (width, height) = (760.0, 180.0);
    let mut scene = sheet((width, height), title, "", frame);
    let mut points = frame.points.iter().filter(|point| point.is_ranked() || point.is_ceiling());
    let reason = points.find_map(|point| point.score.as_ref().err());
    let reason = reason.map_or_else(|| "the sweep has no method".to_owned(), ToString::to_string);
    let text = font::fitted(&format!("No score yet: {reason}"), font::BODY, width - 2.0 * MARGIN);
    scene.write(Words::new(text, (width / 2.0, 118.0)).anchored(Anchor::Middle).coloured(MUTED));
    scene
}
