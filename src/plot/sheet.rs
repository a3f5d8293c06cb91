//! What figures are drawn on, and what they have around them: a title, lines that say what the numbers are, and the sentence
//! that stands for a figure that can't be drawn.

use super::{
    font::{self, Weight},
    scene::{Anchor, MUTED, Scene, Words},
};
use crate::frame::Frame;

/// How wide a figure is and what stands above it. Lengths are in logical pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sheet {
    pub(super) width: f64,
    /// Room at the outer edges.
    pub(super) margin: f64,
    /// Whether title and caption stand above the content.
    pub(super) headed: bool,
}

/// A title and its caption, laid out.
pub(super) struct Masthead {
    words: Vec<Words>,
    caption: String,
    /// Where the content may begin.
    pub(super) top: f64,
}

impl Sheet {
    /// The page of a report.
    pub const PAGE: Self = Self { width: 760.0, margin: 18.0, headed: true };

    /// Whether it is as narrow as a column of a paper, so that names stand above what they name.
    pub(super) fn is_narrow(&self) -> bool {
        self.width < 480.0
    }

    /// Width between the margins.
    pub(super) fn room(&self) -> f64 {
        self.width - 2.0 * self.margin
    }

    /// Title and caption; `note` goes behind N, split and engine. Without a heading the one thing that is still said is that
    /// numbers are simulated.
    pub(super) fn heading(&self, title: &str, note: &str, frame: &Frame) -> Masthead {
        self.masthead(title, &caption(note, frame), frame.sweep.engine.trains)
    }

    /// Title and caption of numbers that networks were trained for, or not.
    pub(super) fn masthead(&self, title: &str, caption: &str, trains: bool) -> Masthead {
        let mut words = Vec::new();
        let mut top = self.margin;
        if self.headed {
            // A printed sheet has hardly a margin, and capitals are as high as three quarters of the em.
            let mut baseline = (self.margin + 10.0).max(16.0) - 20.0;
            for line in font::lines(title, font::TITLE, Weight::Bold, self.room()) {
                baseline += 20.0;
                words.push(Words::new(line, (self.margin, baseline)).sized(font::TITLE).bold());
            }
            baseline += 5.0;
            for line in font::lines(caption, font::SMALL, Weight::Regular, self.room()) {
                baseline += 14.0;
                words.push(Words::new(line, (self.margin, baseline)).sized(font::SMALL).coloured(MUTED));
            }
            top = baseline + 17.0;
        } else if !trains {
            let simulated = Words::new("simulated numbers", (self.margin, top + 9.0));
            words.push(simulated.sized(font::SMALL).coloured(MUTED));
            top += 16.0;
        }
        Masthead { words, caption: format!("{title}: {caption}"), top }
    }

    /// A figure that has nothing to show yet, and why.
    pub(super) fn empty(&self, title: &str, frame: &Frame) -> Scene {
        let heading = self.heading(title, "", frame);
        let mut points = frame.points.iter().filter(|point| point.is_ranked() || point.is_ceiling());
        let reason = points.find_map(|point| point.score.as_ref().err());
        let reason = reason.map_or_else(|| "the sweep has no method".to_owned(), ToString::to_string);
        let lines = font::lines(&format!("No score yet: {reason}"), font::BODY, Weight::Regular, self.room());
        let first = heading.top + 54.0;
        let mut scene = heading.scene(self.width, first + 62.0 + (lines.len() as f64 - 1.0) * LINE);
        for (nth, line) in lines.into_iter().enumerate() {
            let words = Words::new(line, (self.width / 2.0, first + nth as f64 * LINE));
            scene.write(words.anchored(Anchor::Middle).coloured(MUTED));
        }
        scene
    }
}

/// From one line of text to the next.
const LINE: f64 = 17.0;

/// What every number stands beside, then what is particular to a figure.
fn caption(note: &str, frame: &Frame) -> String {
    let simulated = if frame.sweep.engine.trains { "" } else { " (simulated numbers)" };
    let shared = frame.shared.join(" ");
    let shared = if shared.is_empty() { shared } else { format!(" · all with {shared}") };
    format!("{}{simulated}{note}{shared}", frame.sweep.caption())
}

impl Masthead {
    /// A scene that begins with the heading.
    pub(super) fn scene(self, width: f64, height: f64) -> Scene {
        let mut scene = Scene::new(width, height, self.caption);
        self.words.into_iter().for_each(|words| scene.write(words));
        scene
    }
}
