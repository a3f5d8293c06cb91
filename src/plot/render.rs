//! From a scene to a picture file: the only place that draws with plotters.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use plotters::{
    backend::{BitMapBackend, DrawingBackend, SVGBackend},
    coord::Shift,
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    element::{Circle, PathElement, Polygon, Rectangle, Text},
    style::{
        Color, FontDesc, FontFamily, RGBColor, ShapeStyle, WHITE,
        text_anchor::{HPos, Pos, VPos},
    },
};
use thiserror::Error;

use super::{
    font::{self, HEIGHT_PER_EM},
    image,
    scene::{Anchor, Colour, Place, Scene, Shape, Words},
};

/// Pixels of a picture per logical pixel: what a printed column needs.
const SCALE: f64 = 2.0;

/// Largest side of a PNG in pixels.
const MAX_SIDE: f64 = 16_000.0;

/// Failed to draw a figure.
#[derive(Debug, Error)]
pub enum PlotError {
    /// The bundled fonts aren't taken.
    #[error("failed to register the bundled fonts for figures; this build is broken")]
    Font,
    /// A picture can't be drawn or its file can't be written.
    #[error("failed to draw `{}`: {source}", path.display())]
    Draw {
        /// The picture.
        path: PathBuf,
        /// What plotters says.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Draws a scene into a PNG file, twice as large as the scene.
pub fn png(scene: &Scene, path: &Path) -> Result<(), PlotError> {
    let size = pixels(scene);
    let area = BitMapBackend::new(path, size).into_drawing_area();
    draw(scene, &area, Medium::Pixels).map_err(|source| failed(path, source))?;
    area.present().map_err(|source| failed(path, source))
}

/// Draws a scene as the text of an SVG file, as large as the scene.
pub fn svg(scene: &Scene) -> Result<String, PlotError> {
    let (width, height) = pixels(scene);
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        let failed = |source| failed(Path::new("(svg)"), source);
        draw(scene, &area, Medium::Vectors).map_err(failed)?;
        area.present().map_err(failed)?;
    }
    let images: String = scene.shapes.iter().filter_map(|shape| image::element(shape, SCALE)).collect();
    let text = text.replace("</svg>", &format!("{images}</svg>"));
    let drawn = format!("width=\"{width}\" height=\"{height}\"");
    Ok(text.replacen(&drawn, &format!("width=\"{}\" height=\"{}\"", scene.width, scene.height), 1))
}

fn failed<E: Error + Send + Sync + 'static>(path: &Path, source: DrawingAreaErrorKind<E>) -> PlotError {
    PlotError::Draw { path: path.to_owned(), source: Box::new(source) }
}

fn pixels(scene: &Scene) -> (u32, u32) {
    let side = |length: f64| (length * SCALE).ceil().clamp(1.0, MAX_SIDE) as u32;
    (side(scene.width), side(scene.height))
}

/// Where plotters' two backends differ in what they make of a font.
#[derive(Debug, Clone, Copy)]
enum Medium {
    Pixels,
    Vectors,
}

impl Medium {
    /// Plotters' size of a font per em.
    fn size_per_em(self) -> f64 {
        match self {
            Self::Pixels => HEIGHT_PER_EM,
            Self::Vectors => 1.24,
        }
    }

    /// From the top anchor down to the baseline, per em.
    fn baseline_per_em(self) -> f64 {
        match self {
            Self::Pixels => HEIGHT_PER_EM / 2.0,
            Self::Vectors => 0.76,
        }
    }
}

type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

fn draw<B: DrawingBackend>(scene: &Scene, area: &DrawingArea<B, Shift>, medium: Medium) -> Drawn<B> {
    font::register();
    area.fill(&WHITE)?;
    for shape in &scene.shapes {
        match shape {
            Shape::Line { from, to, colour, width } => {
                let style = rgb(*colour).stroke_width((width * SCALE).round().max(1.0) as u32);
                area.draw(&PathElement::new(vec![scaled(*from), scaled(*to)], style))?;
            }
            Shape::Box { from, to, colour, opacity } => {
                let style: ShapeStyle = rgb(*colour).mix(*opacity).filled();
                area.draw(&Rectangle::new([scaled(*from), scaled(*to)], style))?;
            }
            Shape::Disc { centre, radius, colour } => {
                area.draw(&Circle::new(scaled(*centre), (radius * SCALE) as i32, rgb(*colour).filled()))?;
            }
            Shape::Polygon { corners, colour } => {
                let corners: Vec<_> = corners.iter().copied().map(scaled).collect();
                area.draw(&Polygon::new(corners, rgb(*colour).filled()))?;
            }
            Shape::Image { at, side, pixels, bytes } => {
                // A file of vectors holds it as it is.
                if matches!(medium, Medium::Pixels) {
                    dots((*at, *side), (*pixels, bytes), area)?;
                }
            }
            Shape::Words(words) => write(words, area, medium)?,
        }
    }
    Ok(())
}

/// A picture, dot by dot.
fn dots<B: DrawingBackend>(
    (at, side): (Place, f64),
    (pixels, bytes): (usize, &[u8]),
    area: &DrawingArea<B, Shift>,
) -> Drawn<B> {
    let step = side / pixels as f64;
    for (place, colour) in image::colours(pixels, bytes).enumerate() {
        let (row, column) = ((place / pixels) as f64, (place % pixels) as f64);
        let from = (at.0 + column * step, at.1 + row * step);
        let to = (from.0 + step, from.1 + step);
        let [red, green, blue] = colour;
        area.draw(&Rectangle::new([scaled(from), scaled(to)], RGBColor(red, green, blue).filled()))?;
    }
    Ok(())
}

fn write<B: DrawingBackend>(words: &Words, area: &DrawingArea<B, Shift>, medium: Medium) -> Drawn<B> {
    let em = words.size * SCALE;
    let anchor = match words.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let font = FontDesc::new(FontFamily::SansSerif, em * medium.size_per_em(), words.weight.style());
    let style = font.color(&rgb(words.colour)).pos(Pos::new(anchor, VPos::Top));
    let (x, y) = (words.at.0 * SCALE, words.at.1 * SCALE - em * medium.baseline_per_em());
    area.draw(&Text::new(words.text.as_str(), (x.round() as i32, y.round() as i32), style))
}

fn scaled((x, y): Place) -> (i32, i32) {
    ((x * SCALE).round() as i32, (y * SCALE).round() as i32)
}

fn rgb(Colour(red, green, blue): Colour) -> RGBColor {
    RGBColor(red, green, blue)
}
