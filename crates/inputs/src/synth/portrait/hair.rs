//! Hair behind the head and above the forehead.

use super::{
    super::{
        canvas::{Cut, Egg, Ink, Stroke, Without, scaled},
        face::Hair,
    },
    Painter, ramp,
};

impl Painter<'_> {
    /// The hair that falls behind head and shoulders.
    pub(super) fn back_hair(&mut self) {
        let [width, height] = self.head.radii;
        let hair = Ink::solid(scaled(self.hair, 0.8));
        match self.face.style {
            Hair::Long => {
                let fall = Egg { centre: [0.0, 0.15], radii: [width + 0.14, 0.95], taper: -0.12 };
                self.canvas.fill(&Cut { shape: fall, height: 0.85, side: 1.0 }, hair);
            }
            Hair::Bob => {
                let fall = Egg { centre: [0.0, -0.02], radii: [width + 0.14, height + 0.1], taper: -0.1 };
                self.canvas.fill(&Cut { shape: fall, height: 0.38, side: 1.0 }, hair);
            }
            Hair::Bun => self.canvas.fill(&Egg::circle([0.0, -height - 0.1], 0.2), hair),
            Hair::Curls => {
                for [x, y] in [[-0.9, -0.2], [0.9, -0.2], [-0.95, 0.2], [0.95, 0.2]] {
                    self.canvas.fill(&Egg::circle([x * width, y * height], 0.2), hair);
                }
            }
            Hair::Short | Hair::Crop | Hair::Quiff | Hair::Bald => {}
        }
    }

    /// The hair above the forehead, which recedes with age.
    pub(super) fn front_hair(&mut self) {
        let [width, height] = self.head.radii;
        let (face, ink) = (self.face, Ink::solid(self.hair));
        let line = -height * 0.52 - face.recede * ramp(self.age, 0.2, 0.9);
        let cap = |grow: f32, lift: f32| Egg {
            centre: [0.0, -lift],
            radii: [width + grow, height + grow],
            taper: face.taper,
        };
        let forehead = Egg::ellipse([face.parting * 0.4 + self.shot.turn, line + 0.42], [width * 0.9, 0.42]);
        match face.style {
            Hair::Bald => {
                let crown = Egg::ellipse([-0.12, -height * 0.72], [0.16, 0.07]);
                return self.canvas.fill(&crown, Ink::solid([1.0; 3]).opacity(0.35).soft(0.12));
            }
            Hair::Crop => {
                let shape = Without {
                    shape: Cut { shape: cap(0.02, 0.02), height: -0.12, side: 1.0 },
                    hole: forehead,
                };
                self.canvas.fill(&shape, ink.opacity(0.8).soft(0.06));
            }
            Hair::Short | Hair::Quiff | Hair::Bun => {
                let shape = Without {
                    shape: Cut { shape: cap(0.05, 0.05), height: -0.02, side: 1.0 },
                    hole: forehead,
                };
                self.canvas.fill(&shape, ink);
                if face.style == Hair::Quiff {
                    let tuft = Egg::ellipse([face.parting * 0.6, -height - 0.02], [width * 0.62, 0.17]);
                    self.canvas.fill(&tuft, ink);
                }
            }
            Hair::Curls => {
                for step in 0..7_u8 {
                    let along = f32::from(step) / 3.0 - 1.0;
                    let rise = (1.0 - 0.75 * along * along).sqrt();
                    self.canvas
                        .fill(&Egg::circle([along * width * 1.02, -height * rise * 0.9 - 0.02], 0.18), ink);
                }
            }
            Hair::Bob | Hair::Long => {
                let sides = Without {
                    shape: Cut { shape: cap(0.08, 0.05), height: 0.3, side: 1.0 },
                    hole: Egg::ellipse([self.shot.turn, 0.22], [width * 0.86, 0.78 + line + height * 0.52]),
                };
                self.canvas.fill(&sides, ink);
                if face.parting > 0.0 {
                    let fringe = Cut { shape: cap(0.05, 0.05), height: line + 0.1, side: 1.0 };
                    self.canvas.fill(&fringe, ink);
                }
            }
        }
        let shine = Stroke {
            centre: [face.parting, -height * 0.83],
            reach: 0.2,
            bend: 0.05,
            slant: 0.0,
            thickness: 0.07,
        };
        self.canvas.fill(&shine, Ink::solid([1.0; 3]).opacity(0.14).soft(0.06));
    }
}
