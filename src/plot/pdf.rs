//! From a scene to a PDF of one page. Text stays text, set in the bundled faces, which the file carries: it can be searched,
//! copied and cut, and looks the same everywhere. Equal scenes give equal bytes.

use std::collections::{BTreeMap, BTreeSet};

use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::{
    Content, Filter, Finish, Name, Pdf, Rect, Ref, Str,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};
use ttf_parser::Face;

use super::{
    PlotError, Print,
    font::Weight,
    image,
    scene::{Anchor, Colour, Place, Scene, Shape, Words},
};

/// Of zlib: small files matter more than a millisecond.
const COMPRESSION: u8 = 9;
/// How far a quarter of a circle's control points stand off, per radius.
const ARC: f64 = 0.552_284_75;

/// What glyphs are numbered by: their own numbers in the face.
const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Draws a scene as a PDF file that is as large as the print says.
pub fn pdf(scene: &Scene, print: &Print) -> Result<Vec<u8>, PlotError> {
    let scale = print.points();
    let mut next = 0;
    let mut id = || {
        next += 1;
        Ref::new(next)
    };
    let (catalogue, pages, page, content) = (id(), id(), id(), id());
    let mut pdf = Pdf::new();
    pdf.catalog(catalogue).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut faces: Vec<(Typeface, Ref)> = Vec::new();
    for weight in [Weight::Regular, Weight::Bold] {
        if words(scene).any(|words| words.weight == weight) {
            faces.push((Typeface::of(weight)?, id()));
        }
    }
    let drawn = Drawing { scale, height: scene.height, faces: &faces }.draw(scene);
    let pictures: Vec<(String, &Shape, Ref)> =
        images(scene).enumerate().map(|(nth, shape)| (picture(nth), shape, id())).collect();
    let (width, height) = ((scene.width * scale) as f32, (scene.height * scale) as f32);
    let mut written = pdf.page(page);
    written.parent(pages).media_box(Rect::new(0.0, 0.0, width, height)).contents(content);
    let mut resources = written.resources();
    let mut fonts = resources.fonts();
    for (face, font) in &faces {
        fonts.pair(Name(face.name().as_bytes()), *font);
    }
    fonts.finish();
    let mut objects = resources.x_objects();
    for (name, _, reference) in &pictures {
        objects.pair(Name(name.as_bytes()), *reference);
    }
    objects.finish();
    let mut states = resources.ext_g_states();
    for percent in opacities(scene) {
        let name = opacity(percent);
        states
            .insert(Name(name.as_bytes()))
            .start::<pdf_writer::writers::ExtGraphicsState>()
            .non_stroking_alpha(f32::from(percent) / 100.0);
    }
    states.finish();
    resources.finish();
    written.finish();
    let drawn = compress_to_vec_zlib(&drawn, COMPRESSION);
    pdf.stream(content, &drawn).filter(Filter::FlateDecode);
    for (_, shape, reference) in &pictures {
        embed_picture(&mut pdf, *reference, shape);
    }
    for (face, font) in &faces {
        let used =
            words(scene).filter(|words| words.weight == face.weight).flat_map(|words| words.text.chars());
        face.embed(&mut pdf, [*font, id(), id(), id(), id()], &used.collect());
    }
    Ok(pdf.finish())
}

fn words(scene: &Scene) -> impl Iterator<Item = &Words> {
    scene.shapes.iter().filter_map(|shape| if let Shape::Words(words) = shape { Some(words) } else { None })
}

fn images(scene: &Scene) -> impl Iterator<Item = &Shape> {
    scene.shapes.iter().filter(|shape| matches!(shape, Shape::Image { .. }))
}

fn picture(nth: usize) -> String {
    format!("I{nth}")
}

fn opacity(percent: u8) -> String {
    format!("O{percent}")
}

fn percent(opacity: f64) -> u8 {
    (opacity * 100.0).round().clamp(0.0, 100.0) as u8
}

/// Opacities that something has, in percent.
fn opacities(scene: &Scene) -> BTreeSet<u8> {
    let own =
        |shape: &Shape| if let Shape::Box { opacity, .. } = shape { Some(percent(*opacity)) } else { None };
    scene.shapes.iter().filter_map(own).collect()
}

fn embed_picture(pdf: &mut Pdf, reference: Ref, shape: &Shape) {
    let Shape::Image { pixels, bytes, .. } = shape else { return };
    let colours: Vec<u8> = image::colours(*pixels, bytes).flatten().collect();
    let packed = compress_to_vec_zlib(&colours, COMPRESSION);
    let side = i32::try_from(*pixels).unwrap_or(0);
    let mut picture = pdf.image_xobject(reference, &packed);
    picture.width(side).height(side).bits_per_component(8);
    picture.color_space().device_rgb();
    picture.filter(Filter::FlateDecode);
}

/// One bundled face.
struct Typeface {
    weight: Weight,
    face: Face<'static>,
}

impl Typeface {
    fn of(weight: Weight) -> Result<Self, PlotError> {
        let face = Face::parse(weight.bytes(), 0).map_err(|_| PlotError::Font)?;
        Ok(Self { weight, face })
    }

    fn name(&self) -> &'static str {
        match self.weight {
            Weight::Regular => "DejaVuSans",
            Weight::Bold => "DejaVuSans-Bold",
        }
    }

    /// The glyph of a character; the empty box where the face has none.
    fn glyph(&self, character: char) -> u16 {
        self.face.glyph_index(character).map_or(0, |glyph| glyph.0)
    }

    /// Thousandths of an em of so many units of the face.
    fn per_mille(&self, units: impl Into<f32>) -> f32 {
        units.into() * 1000.0 / f32::from(self.face.units_per_em())
    }

    /// Width of a glyph in thousandths of an em.
    fn advance(&self, glyph: u16) -> f32 {
        self.per_mille(self.face.glyph_hor_advance(ttf_parser::GlyphId(glyph)).unwrap_or(0))
    }

    /// Writes the face and what its glyphs stand for.
    fn embed(
        &self,
        pdf: &mut Pdf,
        [font, outlines, descriptor, meaning, file]: [Ref; 5],
        used: &BTreeSet<char>,
    ) {
        let name = Name(self.name().as_bytes());
        pdf.type0_font(font)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(outlines)
            .to_unicode(meaning);
        let mut glyphs = pdf.cid_font(outlines);
        glyphs.subtype(CidFontType::Type2).base_font(name).system_info(IDENTITY).font_descriptor(descriptor);
        glyphs.cid_to_gid_map_predefined(Name(b"Identity"));
        let widths = (0..self.face.number_of_glyphs()).map(|glyph| self.advance(glyph));
        glyphs.widths().consecutive(0, widths);
        glyphs.finish();
        let bounds = self.face.global_bounding_box();
        let [left, bottom, right, top] =
            [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(|units| self.per_mille(units));
        let mut written = pdf.font_descriptor(descriptor);
        written
            .name(name)
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(left, bottom, right, top))
            .italic_angle(0.0);
        written.ascent(self.per_mille(self.face.ascender())).descent(self.per_mille(self.face.descender()));
        written.cap_height(self.per_mille(self.face.capital_height().unwrap_or(0))).stem_v(80.0);
        written.font_file2(file);
        written.finish();
        let mut unicode = UnicodeCmap::new(Name(b"Custom"), IDENTITY);
        let pairs: BTreeMap<u16, char> =
            used.iter().map(|character| (self.glyph(*character), *character)).collect();
        pairs
            .into_iter()
            .filter(|(glyph, _)| *glyph > 0)
            .for_each(|(glyph, character)| unicode.pair(glyph, character));
        pdf.cmap(meaning, &unicode.finish());
        let packed = compress_to_vec_zlib(self.weight.bytes(), COMPRESSION);
        let length = i32::try_from(self.weight.bytes().len()).unwrap_or(0);
        pdf.stream(file, &packed).filter(Filter::FlateDecode).pair(Name(b"Length1"), length);
    }
}

/// The page's content: in logical pixels, upside down, because PDF counts from below.
struct Drawing<'a> {
    scale: f64,
    height: f64,
    faces: &'a [(Typeface, Ref)],
}

impl Drawing<'_> {
    fn draw(&self, scene: &Scene) -> Vec<u8> {
        let mut content = Content::new();
        let scale = self.scale as f32;
        content.transform([scale, 0.0, 0.0, -scale, 0.0, (self.height * self.scale) as f32]);
        let mut pictures = 0;
        for shape in &scene.shapes {
            match shape {
                Shape::Line { from, to, colour, width } => {
                    let [red, green, blue] = rgb(*colour);
                    content.set_stroke_rgb(red, green, blue).set_line_width(*width as f32);
                    start(&mut content, *from);
                    content.line_to(to.0 as f32, to.1 as f32).stroke();
                }
                Shape::Box { from, to, colour, opacity: own } => {
                    let name = opacity(percent(*own));
                    content.save_state().set_parameters(Name(name.as_bytes()));
                    fill(&mut content, *colour);
                    let (width, height) = ((to.0 - from.0) as f32, (to.1 - from.1) as f32);
                    content.rect(from.0 as f32, from.1 as f32, width, height).fill_nonzero().restore_state();
                }
                Shape::Disc { centre, radius, colour } => {
                    fill(&mut content, *colour);
                    circle(&mut content, *centre, *radius);
                }
                Shape::Polygon { corners, colour } => {
                    fill(&mut content, *colour);
                    if let Some((first, rest)) = corners.split_first() {
                        start(&mut content, *first);
                        for corner in rest {
                            content.line_to(corner.0 as f32, corner.1 as f32);
                        }
                        content.close_path().fill_nonzero();
                    }
                }
                Shape::Image { at, side, .. } => {
                    let (name, side) = (picture(pictures), *side as f32);
                    pictures += 1;
                    content.save_state().transform([side, 0.0, 0.0, -side, at.0 as f32, at.1 as f32 + side]);
                    content.x_object(Name(name.as_bytes())).restore_state();
                }
                Shape::Words(words) => self.write(&mut content, words),
            }
        }
        content.finish().to_vec()
    }

    fn write(&self, content: &mut Content, words: &Words) {
        let Some((face, _)) = self.faces.iter().find(|(face, _)| face.weight == words.weight) else { return };
        let glyphs: Vec<u16> = words.text.chars().map(|character| face.glyph(character)).collect();
        let width =
            glyphs.iter().map(|glyph| f64::from(face.advance(*glyph))).sum::<f64>() / 1000.0 * words.size;
        let left = match words.anchor {
            Anchor::Start => words.at.0,
            Anchor::Middle => words.at.0 - width / 2.0,
            Anchor::End => words.at.0 - width,
        };
        let bytes: Vec<u8> = glyphs.iter().flat_map(|glyph| glyph.to_be_bytes()).collect();
        fill(content, words.colour);
        content.begin_text().set_font(Name(face.name().as_bytes()), words.size as f32);
        content.set_text_matrix([1.0, 0.0, 0.0, -1.0, left as f32, words.at.1 as f32]);
        content.show(Str(&bytes)).end_text();
    }
}

fn rgb(Colour(red, green, blue): Colour) -> [f32; 3] {
    [red, green, blue].map(|part| f32::from(part) / 255.0)
}

fn fill(content: &mut Content, colour: Colour) {
    let [red, green, blue] = rgb(colour);
    content.set_fill_rgb(red, green, blue);
}

fn start(content: &mut Content, (x, y): Place) {
    content.move_to(x as f32, y as f32);
}

/// Four Bézier curves.
fn circle(content: &mut Content, (x, y): Place, radius: f64) {
    let arm = radius * ARC;
    start(content, (x + radius, y));
    for (dx, dy) in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)] {
        // From the direction (dx, dy) to the one a quarter further, (−dy, dx).
        let out = (x + radius * dx - arm * dy, y + radius * dy + arm * dx);
        let back = (x - radius * dy + arm * dx, y + radius * dx + arm * dy);
        let end = (x - radius * dy, y + radius * dx);
        let [x1, y1, x2, y2, x3, y3] = [out.0, out.1, back.0, back.1, end.0, end.1].map(|place| place as f32);
        content.cubic_to(x1, y1, x2, y2, x3, y3);
    }
    content.close_path().fill_nonzero();
}
