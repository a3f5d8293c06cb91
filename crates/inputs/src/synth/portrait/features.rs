//! Eyes, nose, mouth, beard and glasses.

use super::{
    super::{
        canvas::{Cut, Egg, Ink, Ring, Stroke, mix, scaled},
        face::Beard,
    },
    Painter, ramp,
};

impl Painter<'_> {
    pub(super) fn eyes(&mut self) {
        // Eyes hardly grow: in a small young face they look large.
        let size = self.face.eye * (1.14 - 0.3 * self.age);
        let open = size * self.shot.awake * (0.95 - 0.22 * self.age);
        for side in [-1.0, 1.0] {
            let centre = [side * self.face.eye_distance + self.shot.turn, self.eyes];
            self.eye(centre, size, open);
            self.lid_and_brow(centre, side, [size, open]);
        }
    }

    fn eye(&mut self, centre: [f32; 2], size: f32, open: f32) {
        let socket = Egg::ellipse([centre[0], centre[1] - 0.02], [size * 1.5, size * 1.3]);
        self.canvas.fill(&socket, self.shade(0.14 + 0.12 * self.age).soft(0.1));
        self.canvas.fill(&Egg::ellipse(centre, [size * 1.2, open]), Ink::solid([0.97, 0.96, 0.94]));
        let pupil = [centre[0] + 0.5 * self.shot.turn, centre[1]];
        let iris = Egg::circle(pupil, size * 0.72);
        self.canvas
            .fill(&Cut { shape: iris, height: centre[1] - open, side: -1.0 }, Ink::solid(self.face.iris));
        self.canvas.fill(&Egg::circle(pupil, size * 0.38), Ink::solid([0.04, 0.03, 0.03]));
        let gleam = [pupil[0] - 0.025, pupil[1] - 0.03];
        self.canvas.fill(&Egg::circle(gleam, 0.022), Ink::solid([1.0; 3]).opacity(0.9));
    }

    fn lid_and_brow(&mut self, centre: [f32; 2], side: f32, [width, open]: [f32; 2]) {
        let droop = side * 0.05 * self.age;
        let lid = Stroke {
            centre: [centre[0], centre[1] - open],
            reach: width * 1.35,
            bend: 0.05,
            slant: droop,
            thickness: 0.05,
        };
        self.canvas.fill(&lid, Ink::solid([0.16, 0.10, 0.08]).opacity(0.85));
        let brow = Stroke {
            centre: [centre[0], self.eyes - 0.175 - self.shot.raise + 0.03 * self.age],
            reach: 0.14,
            bend: 0.035,
            slant: side * (self.face.brow_slant + 0.03),
            thickness: self.face.brow * 1.3,
        };
        self.canvas.fill(&brow, Ink::solid(scaled(self.hair, 0.75)).opacity(0.9));
    }

    pub(super) fn nose(&mut self) {
        let [width, length] = self.face.nose;
        let (width, length) = (width * (0.9 + 0.3 * self.age), length * (0.88 + 0.3 * self.age));
        let tip = [self.shot.turn * 1.8, self.eyes + length];
        let bridge = Egg {
            centre: [tip[0] * 0.8 + 0.03, tip[1] - length * 0.5],
            radii: [0.035, length * 0.5],
            taper: -0.3,
        };
        self.canvas.fill(&bridge, self.shade(0.22).soft(0.06));
        let ball = Egg::ellipse([tip[0], tip[1] - 0.01], [width, width * 0.75]);
        self.canvas.fill(&ball, Ink::solid(mix(self.skin, [0.95, 0.55, 0.5], 0.18)).soft(0.06));
        let under = Stroke {
            centre: [tip[0], tip[1] + width * 0.75],
            reach: width,
            bend: -0.03,
            slant: 0.0,
            thickness: 0.045,
        };
        self.canvas.fill(&under, self.shade(0.55));
    }

    pub(super) fn beard(&mut self) {
        let [width, height] = self.head.radii;
        let hair = Ink::solid(scaled(self.hair, 0.9));
        let jaw = Egg::ellipse([0.0, height * 0.5], [width * 0.86, height * 0.58]);
        let jaw = Cut { shape: jaw, height: self.mouth - 0.06, side: -1.0 };
        match self.face.beard {
            Beard::None => return,
            Beard::Stubble => return self.canvas.fill(&jaw, hair.opacity(0.28).soft(0.12)),
            Beard::Moustache => {}
            Beard::Full => {
                self.canvas.fill(&jaw, hair.opacity(0.95).soft(0.06));
                let bare = Egg::ellipse([self.shot.turn, self.mouth - 0.1], [self.face.mouth * 1.25, 0.17]);
                self.canvas.fill(&bare, Ink::solid(self.skin).soft(0.06));
            }
        }
        let moustache = Stroke {
            centre: [self.shot.turn, self.mouth - 0.085],
            reach: self.face.mouth * 1.15,
            bend: 0.06,
            slant: 0.0,
            thickness: 0.1,
        };
        self.canvas.fill(&moustache, hair);
    }

    pub(super) fn mouth(&mut self) {
        let (turn, smile) = (self.shot.turn, self.shot.smile);
        let lip = self.face.lip * (1.15 - 0.5 * self.age);
        let colour = mix(self.face.lips, self.skin, 0.35 * self.age);
        let line = Stroke {
            centre: [turn, self.mouth + smile * 0.5],
            reach: self.face.mouth,
            bend: -smile,
            slant: 0.0,
            thickness: lip * 2.0 + 0.07 * self.shot.open,
        };
        self.canvas.fill(&line, Ink::solid(colour));
        let teeth = Stroke { reach: self.face.mouth * 0.8, thickness: 0.09 * self.shot.open, ..line };
        self.canvas.fill(&teeth, Ink::solid([0.97, 0.96, 0.93]).opacity(ramp(self.shot.open, 0.15, 0.4)));
        let closed = Stroke { thickness: 0.035, ..line };
        self.canvas.fill(&closed, self.shade(0.8 * (1.0 - ramp(self.shot.open, 0.15, 0.4))));
    }

    pub(super) fn glasses(&mut self) {
        let Some(glasses) = self.face.glasses else { return };
        let ink = Ink::solid(glasses.frame);
        for side in [-1.0, 1.0] {
            let centre = [side * (self.face.eye_distance + 0.01) + self.shot.turn, self.eyes + 0.01];
            let lens = Egg::ellipse(centre, glasses.lens);
            self.canvas.fill(&lens, Ink::solid([0.85, 0.93, 0.97]).opacity(0.15));
            self.canvas.fill(&Ring { edge: lens, thickness: 0.045 }, ink);
        }
        let bridge = Stroke {
            centre: [self.shot.turn, self.eyes],
            reach: 0.06,
            bend: 0.01,
            slant: 0.0,
            thickness: 0.05,
        };
        self.canvas.fill(&bridge, ink);
    }
}
