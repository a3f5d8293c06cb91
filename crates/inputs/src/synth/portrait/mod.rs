//! Paints a person of an apparent age. Owns how age shows; must not know how old the person really is.

mod age;
mod features;
mod hair;

use super::{
    canvas::{Canvas, Colour, Cut, Egg, Ink, Ring, mix, scaled},
    dice::Dice,
    face::{Face, Shot},
};

/// Apparent ages that are painted: younger and older ones look like these, in years.
const AGES: [f32; 2] = [12.0, 80.0];

/// Paints a photo, [side, side, 3]. `apparent` is the age that shows, in years, and `cues` how plainly it does; `grain` decides the
/// noise of each pixel.
pub(super) fn paint(
    face: &Face,
    apparent: f32,
    shot: &Shot,
    grain: &mut Dice,
    (side, cues): (usize, f32),
) -> Vec<u8> {
    let mut painter = Painter::new(face, apparent, shot, (side, cues));
    painter.back_hair();
    painter.shoulders();
    painter.head();
    painter.wrinkles();
    painter.blemishes();
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
    /// How plainly age shows, 1 as in life.
    cues: f32,
    clothes: Colour,
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

/// Age at which something begins to show: `usual` as in life, the nearer to `earliest` the more plainly age shows.
fn onset(usual: f32, earliest: f32, cues: f32) -> f32 {
    usual / cues + earliest * (1.0 - 1.0 / cues)
}

impl<'a> Painter<'a> {
    fn new(face: &'a Face, apparent: f32, shot: &'a Shot, (side, cues): (usize, f32)) -> Self {
        let age = ramp(apparent, AGES[0], AGES[1]);
        let around = shot.outing.unwrap_or(face.usual);
        let late = face.grey_delay / cues;
        let grey = ramp(age, onset(0.38, 0.12, cues) + late, 0.85 + late);
        let pale = [0.80, 0.72, 0.68];
        // A young face is round and its features lie low; an old one is long and its cheeks sag.
        let width = face.head[0] * (1.05 - 0.09 * cues * age);
        let head = Egg {
            centre: [0.0, 0.0],
            radii: [width, face.head[1] * (0.95 + 0.09 * cues * age)],
            taper: face.taper * (1.15 - 0.7 * age),
        };
        Self {
            canvas: Canvas::new(around.background, shot.pose, side),
            clothes: around.clothes,
            face,
            shot,
            age,
            cues,
            hair: mix(face.hair, [0.83, 0.83, 0.84], grey),
            skin: mix(face.skin, mix(face.skin, pale, 0.5), 0.6 * cues * age),
            head,
            eyes: 0.06 - 0.13 * cues.min(2.0) * age,
            mouth: 0.33 + 0.03 * cues * age,
        }
    }

    fn shade(&self, strength: f32) -> Ink {
        Ink::solid(mix(scaled(self.skin, 0.45), [0.35, 0.15, 0.12], 0.25)).opacity(strength)
    }

    fn shoulders(&mut self) {
        let clothes = self.clothes;
        let shoulders = Egg::ellipse([0.0, 1.22], [0.86, 0.5]);
        self.canvas.fill(&shoulders, Ink::solid(clothes));
        self.canvas.fill(&Egg::ellipse([0.0, 0.68], [0.21, 0.28]), Ink::solid(scaled(self.skin, 0.82)));
        let collar = Ring { edge: Egg::ellipse([0.0, 0.72], [0.25, 0.22]), thickness: 0.07 };
        self.canvas.fill(&Cut { shape: collar, height: 0.78, side: -1.0 }, Ink::solid(scaled(clothes, 0.72)));
    }

    fn ears(&mut self) {
        let width = self.head.radii[0];
        let ear = self.face.ear * (0.9 + 0.35 * self.age);
        for side in [-1.0, 1.0] {
            let lobe = Egg::ellipse([side * width * 0.98, self.eyes + 0.1], [ear * 0.7, ear * 1.25]);
            self.canvas.fill(&lobe, Ink::solid(scaled(self.skin, 0.9)));
            self.canvas.fill(
                &Egg::ellipse([side * width, self.eyes + 0.1], [ear * 0.3, ear * 0.7]),
                self.shade(0.3).soft(0.06),
            );
        }
    }

    fn head(&mut self) {
        self.ears();
        let [width, height] = self.head.radii;
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
}
