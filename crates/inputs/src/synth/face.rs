//! What a person looks like, whatever the age, and how a photo of the person was taken.

use super::{
    canvas::{Colour, Pose, mix},
    dice::Dice,
};

/// The colours and shapes that make a person recognisable.
#[derive(Debug, Clone)]
pub(super) struct Face {
    pub(super) skin: Colour,
    pub(super) lips: Colour,
    pub(super) iris: Colour,
    pub(super) hair: Colour,
    pub(super) usual: Surroundings,
    /// Half width and half height of the head.
    pub(super) head: [f32; 2],
    /// How much narrower the chin is than the forehead.
    pub(super) taper: f32,
    pub(super) ear: f32,
    /// Distance of each eye from the middle.
    pub(super) eye_distance: f32,
    pub(super) eye: f32,
    pub(super) brow: f32,
    pub(super) brow_slant: f32,
    /// Half width and length of the nose.
    pub(super) nose: [f32; 2],
    pub(super) mouth: f32,
    pub(super) lip: f32,
    pub(super) style: Hair,
    /// Where the parting is, from left to right.
    pub(super) parting: f32,
    pub(super) beard: Beard,
    pub(super) glasses: Option<Glasses>,
    pub(super) freckles: f32,
    /// How much later (or, negative, earlier) than others the hair turns grey, as a share of the ages there are.
    pub(super) grey_delay: f32,
    /// How fast the hairline recedes.
    pub(super) recede: f32,
    /// How deep the wrinkles become.
    pub(super) wrinkle: f32,
}

/// A hair style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hair {
    Short,
    Crop,
    Bob,
    Long,
    Curls,
    Bun,
    Quiff,
    Bald,
}

/// What grows on the chin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beard {
    None,
    Moustache,
    Stubble,
    Full,
}

/// A pair of glasses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glasses {
    pub(super) frame: Colour,
    /// Half width and half height of a lens.
    pub(super) lens: [f32; 2],
}

const SKINS: [Colour; 7] = [
    [0.98, 0.85, 0.74],
    [0.94, 0.77, 0.63],
    [0.90, 0.72, 0.54],
    [0.80, 0.60, 0.42],
    [0.67, 0.46, 0.31],
    [0.52, 0.34, 0.23],
    [0.39, 0.25, 0.17],
];

const HAIRS: [Colour; 8] = [
    [0.09, 0.07, 0.07],
    [0.15, 0.10, 0.07],
    [0.24, 0.15, 0.09],
    [0.38, 0.23, 0.12],
    [0.55, 0.35, 0.17],
    [0.78, 0.60, 0.31],
    [0.89, 0.77, 0.51],
    [0.66, 0.27, 0.12],
];

const IRISES: [Colour; 5] =
    [[0.22, 0.13, 0.07], [0.34, 0.20, 0.10], [0.20, 0.38, 0.55], [0.25, 0.42, 0.27], [0.42, 0.45, 0.48]];

const CLOTHES: [Colour; 9] = [
    [0.85, 0.25, 0.25],
    [0.20, 0.38, 0.68],
    [0.16, 0.50, 0.42],
    [0.93, 0.73, 0.26],
    [0.45, 0.28, 0.55],
    [0.92, 0.92, 0.90],
    [0.17, 0.18, 0.23],
    [0.93, 0.52, 0.30],
    [0.55, 0.70, 0.82],
];

const BACKGROUNDS: [Colour; 8] = [
    [0.74, 0.85, 0.93],
    [0.86, 0.90, 0.80],
    [0.95, 0.87, 0.74],
    [0.91, 0.79, 0.80],
    [0.70, 0.76, 0.83],
    [0.56, 0.70, 0.69],
    [0.83, 0.80, 0.90],
    [0.62, 0.58, 0.54],
];

const FRAMES: [Colour; 4] = [[0.10, 0.09, 0.10], [0.40, 0.22, 0.12], [0.62, 0.14, 0.17], [0.62, 0.52, 0.28]];

impl Face {
    /// Draws somebody.
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let tone = dice.below(SKINS.len() - 1);
        let skin = mix(SKINS[tone], SKINS[tone + 1], dice.unit());
        // Dark skin goes with dark hair, mostly.
        let hairs = if tone >= 3 && dice.falls(0.9) { &HAIRS[..3] } else { &HAIRS[..] };
        let hair = mix(dice.one_of(hairs), dice.one_of(hairs), dice.between(0.0, 0.35));
        let style = dice.one_of(&[
            Hair::Short,
            Hair::Short,
            Hair::Crop,
            Hair::Bob,
            Hair::Long,
            Hair::Long,
            Hair::Curls,
            Hair::Bun,
            Hair::Quiff,
            Hair::Bald,
        ]);
        let bearded = matches!(style, Hair::Short | Hair::Crop | Hair::Quiff | Hair::Bald | Hair::Curls);
        let beard = dice.one_of(&[Beard::None, Beard::None, Beard::Moustache, Beard::Stubble, Beard::Full]);
        Self {
            usual: Surroundings::draw(dice),
            lips: mix(
                mix(skin, [0.75, 0.25, 0.27], dice.between(0.4, 0.8)),
                [0.3, 0.1, 0.1],
                tone as f32 * 0.05,
            ),
            iris: if tone >= 3 { IRISES[dice.below(2)] } else { dice.one_of(&IRISES) },
            skin,
            hair,
            head: [dice.between(0.43, 0.52), dice.between(0.56, 0.65)],
            taper: dice.between(0.0, 0.22),
            ear: dice.between(0.09, 0.14),
            eye_distance: dice.between(0.18, 0.235),
            eye: dice.between(0.078, 0.105),
            brow: dice.between(0.035, 0.075),
            brow_slant: dice.between(-0.06, 0.06),
            nose: [dice.between(0.05, 0.085), dice.between(0.16, 0.24)],
            mouth: dice.between(0.15, 0.23),
            lip: dice.between(0.05, 0.09),
            style,
            parting: dice.between(-0.3, 0.3),
            beard: if bearded { beard } else { Beard::None },
            glasses: dice.falls(0.22).then(|| Glasses {
                frame: dice.one_of(&FRAMES),
                lens: [dice.between(0.125, 0.165), dice.between(0.09, 0.14)],
            }),
            freckles: if tone < 3 && dice.falls(0.2) { dice.between(0.2, 0.5) } else { 0.0 },
            grey_delay: dice.between(-0.12, 0.12),
            recede: if bearded { dice.between(0.0, 0.22) } else { dice.between(0.0, 0.06) },
            wrinkle: dice.between(0.6, 1.1),
        }
    }
}

/// How a photo was taken.
#[derive(Debug, Clone)]
pub(super) struct Shot {
    pub(super) pose: Pose,
    /// How far the head is turned to the right.
    pub(super) turn: f32,
    /// How far the corners of the mouth go up.
    pub(super) smile: f32,
    /// How far the mouth is open, 0 to 1.
    pub(super) open: f32,
    /// How far the eyes are open, about 1.
    pub(super) awake: f32,
    /// How far the brows are raised.
    pub(super) raise: f32,
    /// Brightness gained towards the right and towards the bottom.
    pub(super) light: [f32; 2],
    pub(super) brightness: f32,
    /// Above 0 for warm light.
    pub(super) warmth: f32,
    /// Standard deviation of the grain, as a share of white.
    pub(super) noise: f32,
    /// Other clothes and another background than usual.
    pub(super) outing: Option<Surroundings>,
}

/// What is to be seen of a photo besides the person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    pub(super) clothes: Colour,
    /// Top and bottom.
    pub(super) background: [Colour; 2],
}

impl Surroundings {
    fn draw(dice: &mut Dice) -> Self {
        let background = dice.one_of(&BACKGROUNDS);
        let deep = dice.between(0.45, 0.9);
        Self {
            clothes: mix(dice.one_of(&CLOTHES), dice.one_of(&CLOTHES), dice.between(0.0, 0.3)),
            background: [background, background.map(|sample| sample * deep)],
        }
    }
}

/// Difficulty: share of the photos with other clothes and another background than the person's usual ones. Larger
/// numbers make it harder to recognise a person on a new photo.
const OUTINGS: f32 = 0.4;

impl Shot {
    /// Draws the circumstances of a photo, which differ between photos as strongly as `liveliness` says.
    pub(super) fn draw(dice: &mut Dice, liveliness: f32) -> Self {
        let outing = dice.falls(OUTINGS).then(|| Surroundings::draw(dice));
        let mut around = |middle: f32, deviation: f32| middle + liveliness * deviation * dice.bell();
        Self {
            pose: Pose {
                tilt: around(0.0, 0.04),
                scale: around(1.0, 0.045).max(0.8),
                shift: [around(0.0, 0.05), around(0.02, 0.04)],
            },
            turn: around(0.0, 0.035),
            smile: around(0.06, 0.035),
            open: around(-0.1, 0.4).clamp(0.0, 1.0),
            awake: around(1.0, 0.12).clamp(0.55, 1.25),
            raise: around(0.0, 0.015),
            light: [around(0.0, 0.09), around(-0.05, 0.05)],
            brightness: around(1.0, 0.07),
            warmth: around(0.0, 0.03),
            noise: around(0.02, 0.004).max(0.005),
            outing,
        }
    }
}
