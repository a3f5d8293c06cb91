//! From a scene to a picture file: the only place that draws with plotters.

use std::error::Error;

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
    Print,
    font::{self, HEIGHT_PER_EM},
    image,
    scene::{Anchor, Colour, Place, Scene, Shape, Words},
};

/// Pixels per logical pixel of a report's picture: what a fine screen shows.
const SCALE: f64 = 2.0;

/// Pixels per inch of a printed picture.
const PER_INCH: f64 = 300.0;

/// Largest side of a PNG in pixels.
const MAX_SIDE: f64 = 16_000.0;

/// Failed to draw a figure.
#[derive(Debug, Error)]
pub enum PlotError {
    /// The bundled fonts aren't taken.
    #[error("failed to register the bundled fonts for figures; this build is broken")]
    Font,
    /// A picture can't be drawn.
    #[error("failed to draw a figure: {source}")]
    Draw {
        /// What plotters says.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Draws a scene as a PNG file: as large as the print says, at 300 pixels per inch, or for a screen, twice as large as the
/// scene.
pub fn png(scene: &Scene, print: Option<&Print>) -> Result<Vec<u8>, PlotError> {
    let scale = print.map_or(SCALE, |print| print.points() / 72.0 * PER_INCH);
    let (width, height) = pixels(scene, scale);
    let mut colours = vec![0; width as usize * height as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut colours, (width, height)).into_drawing_area();
        draw(scene, &area, (Medium::Pixels, scale)).map_err(failed)?;
        area.present().map_err(failed)?;
    }
    Ok(image::png((width, height), &colours, print.map(|_| PER_INCH)))
}

/// Draws a scene as the text of an SVG file: as large as the print says, or for a screen, as large as the scene.
pub fn svg(scene: &Scene, print: Option<&Print>) -> Result<String, PlotError> {
    let (width, height) = pixels(scene, SCALE);
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        draw(scene, &area, (Medium::Vectors, SCALE)).map_err(failed)?;
        area.present().map_err(failed)?;
    }
    let images: String = scene.shapes.iter().filter_map(|shape| image::element(shape, SCALE)).collect();
    let text = text.replace("</svg>", &format!("{images}</svg>"));
    let drawn = format!("width=\"{width}\" height=\"{height}\"");
    let [width, height] = [scene.width, scene.height].map(|length| {
        print.map_or_else(|| length.to_string(), |print| format!("{:.3}pt", length * print.points()))
    });
    Ok(text.replacen(&drawn, &format!("width=\"{width}\" height=\"{height}\""), 1))
}

fn failed<E: Error + Send + Sync + 'static>(source: DrawingAreaErrorKind<E>) -> PlotError {
    PlotError::Draw { source: Box::new(source) }
}

fn pixels(scene: &Scene, scale: f64) -> (u32, u32) {
    let side = |length: f64| (length * scale).ceil().clamp(1.0, MAX_SIDE) as u32;
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

fn draw<B: DrawingBackend>(
    scene: &Scene,
    area: &DrawingArea<B, Shift>,
    (medium, scale): (Medium, f64),
) -> Drawn<B> {
    let scaled = |place| scaled(place, scale);
    font::register();
    area.fill(&WHITE)?;
    for shape in &scene.shapes {
        match shape {
            Shape::Line { from, to, colour, width } => {
                let style = rgb(*colour).stroke_width((width * scale).round().max(1.0) as u32);
                area.draw(&PathElement::new(vec![scaled(*from), scaled(*to)], style))?;
            }
            Shape::Box { from, to, colour, opacity } => {
                let style: ShapeStyle = rgb(*colour).mix(*opacity).filled();
                area.draw(&Rectangle::new([scaled(*from), scaled(*to)], style))?;
            }
            Shape::Disc { centre, radius, colour } => {
                area.draw(&Circle::new(scaled(*centre), (radius * scale) as i32, rgb(*colour).filled()))?;
            }
            Shape::Polygon { corners, colour } => {
                let corners: Vec<_> = corners.iter().copied().map(scaled).collect();
                area.draw(&Polygon::new(corners, rgb(*colour).filled()))?;
            }
            Shape::Image { at, side, pixels, bytes } => {
                // A file of vectors holds it as it is.
                if matches!(medium, Medium::Pixels) {
                    dots((*at, *side), (*pixels, bytes), (area, scale))?;
                }
            }
            Shape::Words(words) => write(words, area, (medium, scale))?,
        }
    }
    Ok(())
}

/// A picture, dot by dot.
fn dots<B: DrawingBackend>(
    (at, side): (Place, f64),
    (pixels, bytes): (usize, &[u8]),
    (area, scale): (&DrawingArea<B, Shift>, f64),
) -> Drawn<B> {
    let step = side / pixels as f64;
    for (place, colour) in image::colours(pixels, bytes).enumerate() {
        let (row, column) = ((place / pixels) as f64, (place % pixels) as f64);
        let from = (at.0 + column * step, at.1 + row * step);
        let to = (from.0 + step, from.1 + step);
        let [red, green, blue] = colour;
        area.draw(&Rectangle::new(
            [scaled(from, scale), scaled(to, scale)],
            RGBColor(red, green, blue).filled(),
        ))?;
    }
    Ok(())
}

fn write<B: DrawingBackend>(
    words: &Words,
    area: &DrawingArea<B, Shift>,
    (medium, scale): (Medium, f64),
) -> Drawn<B> {
    let em = words.size * scale;
    let anchor = match words.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let font = FontDesc::new(FontFamily::SansSerif, em * medium.size_per_em(), words.weight.style());
    let style = font.color(&rgb(words.colour)).pos(Pos::new(anchor, VPos::Top));
    let (x, y) = (words.at.0 * scale, words.at.1 * scale - em * medium.baseline_per_em());
    area.draw(&Text::new(words.text.as_str(), (x.round() as i32, y.round() as i32), style))
}

fn scaled((x, y): Place, scale: f64) -> (i32, i32) {
    ((x * scale).round() as i32, (y * scale).round() as i32)
}

fn rgb(Colour(red, green, blue): Colour) -> RGBColor {
    RGBColor(red, green, blue)
}
