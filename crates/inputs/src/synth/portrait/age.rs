//! What the years leave in a face.

use super::{
    super::canvas::{Egg, Ink, Stroke},
    Painter, onset, ramp,
};

impl Painter<'_> {
    /// Wrinkles of the forehead, and what lies beside the nose.
    pub(super) fn wrinkles(&mut self) {
        let (width, turn) = (self.head.radii[0], self.shot.turn);
        for (line, (usual, earliest)) in [(0.3, 0.15), (0.45, 0.35), (0.6, 0.55)].into_iter().enumerate() {
            let from = onset(usual, earliest, self.cues);
            let forehead = Stroke {
                centre: [turn, self.eyes - 0.27 - 0.085 * line as f32],
                reach: width * (0.58 - 0.06 * line as f32),
                bend: 0.03,
                slant: 0.0,
                thickness: 0.04 * self.cues,
            };
            let ink = self.shade(0.75 * self.face.wrinkle * self.cues * ramp(self.age, from, from + 0.4));
            self.canvas.fill(&forehead, ink);
        }
        for side in [-1.0, 1.0] {
            self.half_wrinkles(
                side,
                self.face.wrinkle * self.cues * ramp(self.age, onset(0.2, 0.12, self.cues), 1.0),
            );
        }
    }

    /// A bag below the eye, the fold from nose to mouth, a crow's foot and a hollow cheek.
    fn half_wrinkles(&mut self, side: f32, depth: f32) {
        let (width, turn) = (self.head.radii[0], self.shot.turn);
        let eye = side * self.face.eye_distance + turn;
        let bag = Stroke {
            centre: [eye, self.eyes + self.face.eye + 0.07],
            reach: 0.12,
            bend: -0.035,
            slant: 0.0,
            thickness: 0.05 * self.cues,
        };
        self.canvas.fill(&bag, self.shade(0.6 * depth).soft(0.05));
        let fold = Stroke {
            centre: [side * (self.face.mouth + 0.045) + turn, self.mouth - 0.08],
            reach: 0.07,
            bend: 0.0,
            slant: side * 0.2,
            thickness: 0.05 * self.cues,
        };
        self.canvas.fill(&fold, self.shade(0.7 * depth));
        let foot = Stroke {
            centre: [eye + side * 0.17, self.eyes + 0.01],
            reach: 0.05,
            bend: 0.0,
            slant: side * 0.05,
            thickness: 0.03 * self.cues,
        };
        self.canvas.fill(&foot, self.shade(0.6 * depth));
        let hollow = Egg::ellipse([side * width * 0.72, self.mouth - 0.02], [0.09, 0.17]);
        self.canvas.fill(&hollow, self.shade(0.32 * depth).soft(0.16));
    }

    /// Spots that come with age, and freckles that don't.
    pub(super) fn blemishes(&mut self) {
        let [width, height] = self.head.radii;
        for [x, y] in [[-0.62, -0.52], [0.42, -0.66], [0.68, -0.1], [-0.72, 0.18], [0.25, 0.72]] {
            let spot = Egg::circle([x * width, y * height], 0.035);
            self.canvas.fill(&spot, self.shade(0.55 * ramp(self.age, 0.55, 1.0)).soft(0.04));
        }
        for [x, y] in [[-0.5, 0.16], [-0.36, 0.24], [-0.6, 0.28], [0.5, 0.16], [0.36, 0.24], [0.6, 0.28]] {
            let freckle = Egg::circle([x * width + self.shot.turn, y], 0.022);
            self.canvas.fill(&freckle, Ink::solid([0.62, 0.34, 0.2]).opacity(self.face.freckles));
        }
    }
}
