use std::{collections::HashSet, fs::File, io::BufReader, path::Path};

use super::{
    FIGURES, Print, Sheet, figures,
    font::Weight,
    pdf, png,
    scene::{Extent, Scene, Shape, Words},
    svg,
};
use crate::{
    frame::{CurveLine, CurveReading, CurveRow, Frame, LossRow, PictureRow, ShadowRows, sample::Sample},
    outcome::Outcome,
};

/// Sweeps that figures must cope with, by name.
fn frames() -> Vec<(&'static str, Frame)> {
    let many = Sample::finished(25).on_data();
    let gap = many.method(4);
    let long = "a-method-with-a-name-that-nobody-would-want-to-read-in-a-figure ".repeat(4);
    let mut unscored = Sample::finished(2);
    unscored.scores.clear();
    let mut alone = Sample::finished(1);
    alone.plan.points.drain(1..4);
    alone.plan.runs.retain(|run| run.point == 4);
    alone.plan.runs.iter_mut().for_each(|run| run.point = 1);
    alone.scores = alone.scores.remove(&4).map(|score| (1, score)).into_iter().collect();
    vec![
        ("three points", Sample::finished(3).frame()),
        ("many points", many.spoil(gap, 1, &Outcome::Diverged { step: 3 }).frame()),
        ("no intervals", Sample::finished(4).without_intervals().frame()),
        ("no scores", unscored.frame()),
        ("no ceiling and no floor", alone.frame()),
        ("many models", Sample::finished(9).at(512).frame()),
        ("long names", Sample::finished(3).on_data().hostile(&long).frame()),
        ("more points than bars", Sample::finished(70).frame()),
        ("losses of three points", with_losses(Sample::finished(3).frame())),
        ("pictures of many points", with_pictures(Sample::finished(25).on_data().hostile(&long).frame())),
        ("curves of many points", with_curves(Sample::finished(25).on_data().hostile(&long).frame(), 1.0)),
        ("curves of huge losses", with_curves(Sample::finished(3).frame(), 3e7)),
        ("curves of tiny losses", with_curves(Sample::finished(3).frame(), 3e-7)),
        ("shadow networks", with_shadows(Sample::finished(3).on_data().frame())),
        ("losses of many points", with_losses(Sample::finished(25).on_data().hostile(&long).frame())),
    ]
}

/// As if engines had sent training curves: every point has two loops, the second of two rounds.
fn with_curves(mut frame: Frame, scale: f64) -> Frame {
    let line = |(of_loop, round, count): (u32, u32, u32)| {
        let reading = |nth: u32| {
            let loss = scale * (2.0 / f64::from(nth) - f64::from(of_loop));
            let (low, high) = (loss - 0.1 * scale, loss + 0.2 * scale);
            CurveReading {
                epoch: f64::from(nth) / 3.0,
                loss,
                low,
                high,
                right: [None, Some(0.5), None, None],
                accuracy: [None; 3],
            }
        };
        CurveLine { of_loop, round, readings: (1..=count).map(reading).collect() }
    };
    let row = |point: usize| CurveRow {
        point,
        runs: 1 + point % 2,
        lines: [(1, 1, 30), (2, 1, 6), (2, 2, 1)].map(line).to_vec(),
    };
    let ranked = frame.ranking().into_iter().map(|(point, _)| point.position);
    frame.curves.rows = ranked.map(row).collect();
    frame
}

/// As if `simple-mia` were named: every point has losses.
fn with_losses(mut frame: Frame) -> Frame {
    let row = |point| {
        let (mut forget, mut test) = ([0.0; 21], [0.0; 21]);
        (forget[0], forget[20], test[point % 21]) = (0.9, 0.1, 1.0);
        LossRow { point, forget, test, attack: 0.5 + point as f64 / 100.0 }
    };
    frame.losses = (0..frame.points.len()).map(row).collect();
    frame
}

/// As if shadow networks were asked for.
fn with_shadows(mut frame: Frame) -> Frame {
    frame.shadows = Some(ShadowRows::sample());
    frame
}

/// As if pictures were asked for: every point has two.
fn with_pictures(mut frame: Frame) -> Frame {
    let image = |shade: u8| vec![shade; 3 * 4 * 4];
    let row =
        |point| PictureRow { point, side: 4, images: vec![[image(200), image(100)], [image(50), image(0)]] };
    frame.pictures = (0..frame.points.len()).map(row).collect();
    frame
}

fn words(scene: &Scene) -> Vec<&Words> {
    let words =
        scene.shapes.iter().map(|shape| if let Shape::Words(words) = shape { Some(words) } else { None });
    words.flatten().collect()
}

/// A page, and columns of papers from the narrowest on, with and without a heading.
fn sheets() -> Vec<(String, Sheet)> {
    let printed = [(6.9, 8.0), (8.0, 8.0), (8.4, 9.0), (12.2, 8.0), (14.0, 8.0), (17.0, 9.0), (40.0, 8.0)];
    let mut sheets = vec![("a page".to_owned(), Sheet::PAGE)];
    for (centimetres, letters) in printed {
        for headed in [true, false] {
            let sheet = print(centimetres, letters).sheet(headed);
            sheets.push((format!("{centimetres} cm, {letters} pt, heading {headed}"), sheet));
        }
    }
    sheets
}

fn print(centimetres: f64, letters: f64) -> Print {
    Print::new(centimetres * 72.0 / 2.54, letters).expect("a size that figures can have")
}

#[test]
fn no_text_is_cut_off_and_none_overlaps_another() {
    for (name, frame) in frames() {
        for (sheet_name, sheet) in sheets() {
            for figure in figures(&frame) {
                let scene = (figure.draw)(&frame, &sheet);
                let place = format!("{name}, {}, {sheet_name}", figure.name);
                let page = Extent { left: 0.0, top: 0.0, right: scene.width, bottom: scene.height };
                let words = words(&scene);
                for (nth, one) in words.iter().enumerate() {
                    let extent = one.extent();
                    assert!(page.holds(&extent), "{place}: `{}` is cut off at {extent:?}", one.text);
                    for other in &words[nth + 1..] {
                        let touch = extent.overlaps(&other.extent());
                        assert!(!touch, "{place}: `{}` overlaps `{}`", one.text, other.text);
                    }
                }
            }
        }
    }
}

#[test]
fn a_printed_figure_is_as_wide_as_was_asked_in_every_format() {
    let (frame, print) = (Sample::finished(3).frame(), print(8.0, 8.0));
    let folder = tempfile::tempdir().expect("a temporary folder");
    for figure in FIGURES {
        let scene = (figure.draw)(&frame, &print.sheet(false));
        let text = svg(&scene, Some(&print)).expect("text");
        assert!(text.contains("width=\"226.772pt\""), "{}", &text[..200]);
        let path = folder.path().join("figure.png");
        std::fs::write(&path, png(&scene, Some(&print)).expect("drawn")).expect("a writable folder");
        let (width, _, colours) = decoded(&path);
        // 8 cm at 300 dots per inch.
        assert!(width == 945 && colours > 50, "{width} {colours}");
        let file = pdf(&scene, &print).expect("drawn");
        let file = String::from_utf8_lossy(&file).into_owned();
        assert!(file.contains("/MediaBox [0 0 226.77"), "{}: no such box", figure.name);
        assert!(file.contains("/DejaVuSans ") && file.contains("/ToUnicode"), "text stays text");
        assert!(!file.contains("DejaVuSans-Bold"), "a face that nothing is set in isn't carried along");
    }
}

#[test]
fn a_pdf_says_the_same_twice_and_embeds_its_pictures() {
    let (frame, print) = (with_pictures(Sample::finished(3).frame()), print(14.0, 8.0));
    let figure = figures(&frame).last().expect("pictures");
    let scene = (figure.draw)(&frame, &print.sheet(true));
    let file = pdf(&scene, &print).expect("drawn");
    assert_eq!(file, pdf(&scene, &print).expect("drawn"));
    let images = scene.shapes.iter().filter(|shape| matches!(shape, Shape::Image { .. })).count();
    assert!(images > 0);
    assert_eq!(String::from_utf8_lossy(&file).matches("/Subtype /Image").count(), images);
}

#[test]
fn without_a_heading_simulated_numbers_are_still_called_so() {
    for figure in FIGURES {
        let said = |frame: &Frame| {
            let scene = (figure.draw)(frame, &print(8.0, 8.0).sheet(false));
            assert!(scene.caption.contains("N = 4 · given one original"), "{}", scene.caption);
            words(&scene).iter().map(|words| words.text.clone()).collect::<Vec<_>>()
        };
        let toy = said(&Sample::finished(3).frame());
        assert!(toy.contains(&"simulated numbers".to_owned()), "{}: {toy:?}", figure.name);
        let real = said(&Sample::finished(3).on_data().frame());
        assert!(!real.iter().any(|text| text.contains("N = 4")), "{}: {real:?}", figure.name);
    }
}

#[test]
fn every_figure_names_n_split_and_engine() {
    for figure in FIGURES {
        let scene = (figure.draw)(&Sample::finished(3).on_data().frame(), &Sheet::PAGE);
        let caption =
            words(&scene).into_iter().find(|words| words.text.contains("N = 4")).map(|words| &words.text);
        let caption = caption.expect("a caption with N");
        assert!(
            caption.contains("given one original · split aaaaaaaaaaaa") && caption.contains("engine torch"),
            "{caption}"
        );
        let toy = (figure.draw)(&Sample::finished(3).frame(), &Sheet::PAGE);
        assert!(words(&toy).iter().any(|words| words.text.contains("engine toy (simulated numbers)")));
    }
}

#[test]
fn a_png_is_twice_the_scene_and_has_anti_aliased_colours() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let frame = Sample::finished(3).frame();
    for figure in FIGURES {
        let scene = (figure.draw)(&frame, &Sheet::PAGE);
        let path = folder.path().join("figure.png");
        std::fs::write(&path, png(&scene, None).expect("drawn")).expect("a writable folder");
        let (width, height, colours) = decoded(&path);
        assert_eq!((f64::from(width), f64::from(height)), (scene.width * 2.0, (scene.height * 2.0).ceil()));
        assert!(colours > 50, "{}: {colours} colours", figure.name);
    }
}

fn decoded(path: &Path) -> (u32, u32, usize) {
    let decoder = ::png::Decoder::new(BufReader::new(File::open(path).expect("a file")));
    let mut reader = decoder.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let info = reader.next_frame(&mut pixels).expect("a whole PNG");
    assert_eq!(info.color_type, ::png::ColorType::Rgb);
    let colours: HashSet<&[u8]> = pixels.chunks_exact(3).collect();
    (info.width, info.height, colours.len())
}

#[test]
fn an_svg_is_as_large_as_the_scene_and_holds_the_labels() {
    let frame = Sample::finished(3).frame();
    for figure in FIGURES {
        let scene = (figure.draw)(&frame, &Sheet::PAGE);
        let text = svg(&scene, None).expect("text");
        let size = format!("width=\"{}\" height=\"{}\"", scene.width, scene.height);
        assert!(text.contains(&size), "{}", &text[..200]);
        for label in ["finetune", "ct", "neggrad-plus"] {
            assert!(text.contains(label), "{}: no `{label}`", figure.name);
        }
        assert_eq!(
            text,
            svg(&(figure.draw)(&frame, &Sheet::PAGE), None).expect("text"),
            "{} differs between two calls",
            figure.name
        );
    }
}

#[test]
fn markup_in_a_label_stays_text() {
    let hostile = Sample::finished(3).on_data().hostile("</text><script>x</script>\"'&").frame();
    for figure in FIGURES {
        let text = svg(&(figure.draw)(&hostile, &Sheet::PAGE), None).expect("text");
        assert!(!text.contains("<script"), "{}", figure.name);
        assert!(text.contains("&lt;/text&gt;&lt;script&gt;"), "{}: the label is gone", figure.name);
    }
}

#[test]
fn a_method_has_one_colour_and_one_shape_in_all_figures() {
    let frame = Sample::finished(12).frame();
    let looks = super::palette::looks(&frame);
    let kinds: HashSet<String> =
        looks.iter().map(|look| format!("{:?} {:?}", look.colour, look.mark)).collect();
    assert_eq!((looks.len(), kinds.len()), (9, 9), "{looks:?}");
    assert!(looks.windows(2).all(|pair| pair[0].mark != pair[1].mark), "in greyscale shapes tell: {looks:?}");
}

#[test]
fn losses_are_drawn_where_an_audit_measured_them_and_named_with_the_attack() {
    assert_eq!(figures(&Sample::finished(3).frame()).count(), FIGURES.len(), "nothing to show without");
    let frame = with_losses(Sample::finished(3).frame());
    let losses = figures(&frame).last().expect("one more");
    let scene = (losses.draw)(&frame, &Sheet::PAGE);
    let texts: Vec<&str> = words(&scene).iter().map(|words| words.text.as_str()).collect();
    // Points 1 and 3 of the sample are the oracle and the floor; the methods follow.
    for text in ["oracle", "identity", "attack 51.0 %", "attack 53.0 %", "attack 54.0 %"] {
        assert!(texts.contains(&text), "no `{text}` in {texts:?}");
    }
}

#[test]
fn pictures_are_shown_where_they_were_asked_for_from_the_truth_down_to_the_retrained() {
    let frame = with_pictures(Sample::finished(3).frame());
    let figure = figures(&frame).last().expect("one more");
    let scene = (figure.draw)(&frame, &Sheet::PAGE);
    let texts: Vec<&str> = words(&scene).iter().map(|words| words.text.as_str()).collect();
    let rows = ["to be forgotten", "original", "retrained"].map(|name| {
        texts.iter().position(|text| *text == name).unwrap_or_else(|| panic!("no `{name}` in {texts:?}"))
    });
    assert!(rows.is_sorted() && rows[2] == texts.len() - 1, "{texts:?}");
    let image = |shape: &&Shape| matches!(shape, Shape::Image { .. });
    let images = scene.shapes.iter().filter(image).count();
    assert_eq!(images, 2 * (texts.len() - 2), "two in every row, below title and caption");
    assert_eq!(svg(&scene, None).expect("drawn").matches("data:image/png;base64,").count(), images);
}

#[test]
fn titles_are_bold() {
    for figure in FIGURES {
        let scene = (figure.draw)(&Sample::finished(1).frame(), &Sheet::PAGE);
        assert_eq!(words(&scene)[0].weight, Weight::Bold, "{}", figure.name);
    }
}
