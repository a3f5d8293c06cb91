//! Paints a person of an apparent age. Owns how age shows; must not know how old the person really is.

use super::{
    canvas::{Canvas, Colour, Cut, Egg, Ink, Ring, Stroke, mix, scaled},
    dice::Dice,
    face::{Beard, Face, Hair, Shot},
};

/// Apparent ages that are painted: younger and older ones look like these, in years.
const AGES: [f32; 2] = [12.0, 80.0];

/// Paints a photo, [32, 32, 3]. `apparent` is the age that shows, in years; `grain` decides the noise of each pixel.
pub(super) fn paint(face: &Face, apparent: f32, shot: &Shot, grain: &mut Dice) -> Vec<u8> {
    let mut painter = Painter::new(face, apparent, shot);
    painter.behind();
    painter.head();
    painter.wrinkles();
    painter.eyes();
    painter.nose();
    painter.beard();
    painter.mouth();
    painter.front_hair();
    painter.glasses();
    painter.canvas.develop(|[x, y], colour| {
        let light = shot.brightness * (1.0 + shot.light[0] * x + shot.light[1] * y);
        let warm = [1.0 + shot.warmth, 1.0, 1.0 - shot.warmth];
        [0, 1, 2].map(|channel| colour[channel] * light * warm[channel] + shot.noise * grain.bell())
    })
}

struct Painter<'a> {
    canvas: Canvas,
    face: &'a Face,
    shot: &'a Shot,
    /// 0 for the youngest that is painted, 1 for the oldest.
    age: f32,
    hair: Colour,
    skin: Colour,
    head: Egg,
    /// Height of the eyes.
    eyes: f32,
    /// Height of the mouth.
    mouth: f32,
}

/// 0 below `from`, 1 above `to`, a straight line between.
fn ramp(value: f32, from: f32, to: f32) -> f32 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

impl<'a> Painter<'a> {
    fn new(face: &'a Face, apparent: f32, shot: &'a Shot) -> Self {
        let age = ramp(apparent, AGES[0], AGES[1]);
        let grey = ramp(age, 0.38 + face.grey_delay, 0.85 + face.grey_delay);
        let pale = [0.80, 0.72, 0.68];
        // A young face is round and its features lie low; an old one is long and its cheeks sag.
        let width = face.head[0] * (1.05 - 0.09 * age);
        let head = Egg {
            centre: [0.0, 0.0],
            radii: [width, face.head[1] * (0.95 + 0.09 * age)],
            taper: face.taper * (1.15 - 0.7 * age),
        };
        Self {
            canvas: Canvas::new(face.background[0], face.background[1], shot.pose),
            face,
            shot,
            age,
            hair: mix(face.hair, [0.83, 0.83, 0.84], grey),
            skin: mix(face.skin, mix(face.skin, pale, 0.5), 0.6 * age),
            head,
            eyes: 0.06 - 0.13 * age,
            mouth: 0.33 + 0.03 * age,
        }
    }

    fn shade(&self, strength: f32) -> Ink {
        Ink::solid(mix(scaled(self.skin, 0.45), [0.35, 0.15, 0.12], 0.25)).opacity(strength)
    }

    /// Shoulders, neck and the hair that falls behind them.
    fn behind(&mut self) {
        let [width, height] = self.head.radii;
        let (clothes, hair) = (self.face.clothes, Ink::solid(scaled(self.hair, 0.8)));
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
        let shoulders = Egg::ellipse([0.0, 1.22], [0.86, 0.5]);
        self.canvas.fill(&shoulders, Ink::solid(clothes));
        self.canvas.fill(&Egg::ellipse([0.0, 0.68], [0.21, 0.28]), Ink::solid(scaled(self.skin, 0.82)));
        let collar = Ring { edge: Egg::ellipse([0.0, 0.72], [0.25, 0.22]), thickness: 0.07 };
        self.canvas.fill(&Cut { shape: collar, height: 0.78, side: -1.0 }, Ink::solid(scaled(clothes, 0.72)));
    }

    fn head(&mut self) {
        let [width, height] = self.head.radii;
        let ear = self.face.ear * (0.9 + 0.35 * self.age);
        for side in [-1.0, 1.0] {
            let lobe = Egg::ellipse([side * width * 0.98, self.eyes + 0.1], [ear * 0.7, ear * 1.25]);
            self.canvas.fill(&lobe, Ink::solid(scaled(self.skin, 0.9)));
            self.canvas.fill(
                &Egg::ellipse([side * width, self.eyes + 0.1], [ear * 0.3, ear * 0.7]),
                self.shade(0.3).soft(0.06),
            );
        }
        self.canvas.fill(&self.head, Ink::solid(self.skin));
        // Heavier jaws with age.
        let jaw = Egg::ellipse([0.0, height * 0.5], [width * (0.72 + 0.16 * self.age), height * 0.42]);
        self.canvas.fill(&jaw, Ink::solid(self.skin));
        let chin = Egg::ellipse([0.0, height + 0.02], [width * 0.6, 0.1]);
        self.canvas.fill(&chin, self.shade(0.25).soft(0.16));
        let light = Egg::ellipse([self.shot.turn - 0.08, -height * 0.35], [width * 0.55, height * 0.35]);
        self.canvas.fill(&light, Ink::solid([1.0, 0.96, 0.9]).opacity(0.16).soft(0.3));
        let rosy = Ink::solid([0.93, 0.42, 0.40]).opacity(0.30 * (1.0 - self.age)).soft(0.16);
        for side in [-1.0, 1.0] {
            let cheek = [side * width * 0.58 + self.shot.turn, self.mouth - 0.13];
            self.canvas.fill(&Egg::circle(cheek, 0.1), rosy);
        }
    }

    /// Wrinkles, bags below the eyes, sunken cheeks and blotches.
    fn wrinkles(&mut self) {
        let depth = self.face.wrinkle * ramp(self.age, 0.2, 1.0);
        let (width, turn) = (self.head.radii[0], self.shot.turn);
        for (line, from) in [0.3, 0.45, 0.6].into_iter().enumerate() {
            let forehead = Stroke {
                centre: [turn, self.eyes - 0.27 - 0.085 * line as f32],
                reach: width * (0.58 - 0.06 * line as f32),
                bend: 0.03,
                slant: 0.0,
                thickness: 0.04,
            };
            let ink = self.shade(0.75 * self.face.wrinkle * ramp(self.age, from, from + 0.4));
            self.canvas.fill(&forehead, ink);
        }
        for side in [-1.0, 1.0] {
            let eye = side * self.face.eye_distance + turn;
            let bag = Stroke {
                centre: [eye, self.eyes + self.face.eye + 0.07],
                reach: 0.12,
                bend: -0.035,
                slant: 0.0,
                thickness: 0.05,
            };
            self.canvas.fill(&bag, self.shade(0.6 * depth).soft(0.05));
            let fold = Stroke {
                centre: [side * (self.face.mouth + 0.045) + turn, self.mouth - 0.08],
                reach: 0.07,
                bend: 0.0,
                slant: side * 0.2,
                thickness: 0.05,
            };
            self.canvas.fill(&fold, self.shade(0.7 * depth));
            let foot = Stroke {
                centre: [eye + side * 0.17, self.eyes + 0.01],
                reach: 0.05,
                bend: 0.0,
                slant: side * 0.05,
                thickness: 0.03,
            };
            self.canvas.fill(&foot, self.shade(0.6 * depth));
            let hollow = Egg::ellipse([side * width * 0.72, self.mouth - 0.02], [0.09, 0.17]);
            self.canvas.fill(&hollow, self.shade(0.32 * depth).soft(0.16));
        }
        for [x, y] in [[-0.62, -0.52], [0.42, -0.66], [0.68, -0.1], [-0.72, 0.18], [0.25, 0.72]] {
            let spot = Egg::circle([x * width, y * self.head.radii[1]], 0.035);
            self.canvas.fill(&spot, self.shade(0.55 * ramp(self.age, 0.55, 1.0)).soft(0.04));
        }
        for [x, y] in [[-0.5, 0.16], [-0.36, 0.24], [-0.6, 0.28], [0.5, 0.16], [0.36, 0.24], [0.6, 0.28]] {
            let freckle = Egg::circle([x * width + turn, y], 0.022);
            self.canvas.fill(&freckle, Ink::solid([0.62, 0.34, 0.2]).opacity(self.face.freckles));
        }
    }

    fn eyes(&mut self) {
        // Eyes hardly grow: in a small young face they look large.
        let size = self.face.eye * (1.14 - 0.3 * self.age);
        let open = size * self.shot.awake * (0.95 - 0.22 * self.age);
        for side in [-1.0, 1.0] {
            let centre = [side * self.face.eye_distance + self.shot.turn, self.eyes];
            let socket = Egg::ellipse([centre[0], centre[1] - 0.02], [size * 1.5, size * 1.3]);
            self.canvas.fill(&socket, self.shade(0.14 + 0.12 * self.age).soft(0.1));
            self.canvas.fill(&Egg::ellipse(centre, [size * 1.2, open]), Ink::solid([0.97, 0.96, 0.94]));
            let pupil = [centre[0] + 0.5 * self.shot.turn, centre[1]];
            let iris = Egg::circle(pupil, size * 0.72);
            self.canvas.fill(&Cut { shape: iris, height: centre[1] - open, side: -1.0 }, Ink::solid(self.face.iris));
            self.canvas.fill(&Egg::circle(pupil, size * 0.38), Ink::solid([0.04, 0.03, 0.03]));
            let gleam = [pupil[0] - 0.025, pupil[1] - 0.03];
            self.canvas.fill(&Egg::circle(gleam, 0.022), Ink::solid([1.0; 3]).opacity(0.9));
            let droop = side * 0.05 * self.age;
            let lid = Stroke { centre: [centre[0], centre[1] - open], reach: size * 1.35, bend: 0.05, slant: droop, thickness: 0.05 };
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
    }

    fn nose(&mut self) {
        let [width, length] = self.face.nose;
        let (width, length) = (width * (0.9 + 0.3 * self.age), length * (0.88 + 0.3 * self.age));
        let tip = [self.shot.turn * 1.8, self.eyes + length];
        let bridge = Egg { centre: [tip[0] * 0.8 + 0.03, tip[1] - length * 0.5], radii: [0.035, length * 0.5], taper: -0.3 };
        self.canvas.fill(&bridge, self.shade(0.22).soft(0.06));
        let ball = Egg::ellipse([tip[0], tip[1] - 0.01], [width, width * 0.75]);
        self.canvas.fill(&ball, Ink::solid(mix(self.skin, [0.95, 0.55, 0.5], 0.18)).soft(0.06));
        let under = Stroke { centre: [tip[0], tip[1] + width * 0.75], reach: width, bend: -0.03, slant: 0.0, thickness: 0.045 };
        self.canvas.fill(&under, self.shade(0.55));
    }

    fn beard(&mut self) {
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

    fn mouth(&mut self) {
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
        let teeth = Stroke {
            reach: self.face.mouth * 0.8,
            thickness: 0.09 * self.shot.open,
            ..line
        };
        self.canvas.fill(&teeth, Ink::solid([0.97, 0.96, 0.93]).opacity(ramp(self.shot.open, 0.15, 0.4)));
        let closed = Stroke { thickness: 0.035, ..line };
        self.canvas.fill(&closed, self.shade(0.8 * (1.0 - ramp(self.shot.open, 0.15, 0.4))));
    }

    /// The hair above the forehead, which recedes with age.
    fn front_hair(&mut self) {
        let [width, height] = self.head.radii;
        let (face, ink) = (self.face, Ink::solid(self.hair));
        let line = -height * 0.52 - face.recede * ramp(self.age, 0.2, 0.9);
        let cap = |grow: f32, lift: f32| Egg { centre: [0.0, -lift], radii: [width + grow, height + grow], taper: face.taper };
        let forehead = Egg::ellipse([face.parting * 0.4 + self.shot.turn, line + 0.42], [width * 0.9, 0.42]);
        match face.style {
            Hair::Bald => {
                let crown = Egg::ellipse([-0.12, -height * 0.72], [0.16, 0.07]);
                return self.canvas.fill(&crown, Ink::solid([1.0; 3]).opacity(0.35).soft(0.12));
            }
            Hair::Crop => {
                let shape = Without { shape: Cut { shape: cap(0.02, 0.02), height: -0.12, side: 1.0 }, hole: forehead };
                self.canvas.fill(&shape, ink.opacity(0.8).soft(0.06));
            }
            Hair::Short | Hair::Quiff | Hair::Bun => {
                let shape = Without { shape: Cut { shape: cap(0.05, 0.05), height: -0.02, side: 1.0 }, hole: forehead };
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
                    self.canvas.fill(&Egg::circle([along * width * 1.02, -height * rise * 0.9 - 0.02], 0.18), ink);
                }
            }
            Hair::Bob | Hair::Long => {
                let sides = Without { shape: Cut { shape: cap(0.08, 0.05), height: 0.3, side: 1.0 }, hole: Egg::ellipse([self.shot.turn, 0.22], [width * 0.86, 0.78 + line + height * 0.52]) };
                self.canvas.fill(&sides, ink);
                if face.parting > 0.0 {
                    let fringe = Cut { shape: cap(0.05, 0.05), height: line + 0.1, side: 1.0 };
                    self.canvas.fill(&fringe, ink);
                }
            }
        }
        let shine = Stroke { centre: [face.parting, -height * 0.83], reach: 0.2, bend: 0.05, slant: 0.0, thickness: 0.07 };
        self.canvas.fill(&shine, Ink::solid([1.0; 3]).opacity(0.14).soft(0.06));
    }

    fn glasses(&mut self) {
        let Some(glasses) = self.face.glasses else { return };
        let ink = Ink::solid(glasses.frame);
        for side in [-1.0, 1.0] {
            let centre = [side * (self.face.eye_distance + 0.01) + self.shot.turn, self.eyes + 0.01];
            let lens = Egg::ellipse(centre, glasses.lens);
            self.canvas.fill(&lens, Ink::solid([0.85, 0.93, 0.97]).opacity(0.15));
            self.canvas.fill(&Ring { edge: lens, thickness: 0.045 }, ink);
        }
        let bridge = Stroke { centre: [self.shot.turn, self.eyes], reach: 0.06, bend: 0.01, slant: 0.0, thickness: 0.05 };
        self.canvas.fill(&bridge, ink);
    }
}

/// A shape with a hole.
#[derive(Debug, Clone, Copy)]
struct Without<S, H> {
    shape: S,
    hole: H,
}

impl<S: super::canvas::Shape, H: super::canvas::Shape> super::canvas::Shape for Without<S, H> {
    fn distance(&self, x: f32, y: f32) -> f32 {
        self.shape.distance(x, y).max(-self.hole.distance(x, y))
    }
}
