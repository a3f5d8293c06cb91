use std::{collections::HashSet, fs::File, io::BufReader, path::Path};

use super::{
    FIGURES, figures,
    font::Weight,
    png,
    scene::{Extent, Scene, Shape, Words},
    svg,
};
use crate::{
    frame::{Frame, LossRow, PictureRow, sample::Sample},
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
        ("losses of many points", with_losses(Sample::finished(25).on_data().hostile(&long).frame())),
    ]
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

#[test]
fn no_text_is_cut_off_and_none_overlaps_another() {
    for (name, frame) in frames() {
        for figure in figures(&frame) {
            let scene = (figure.draw)(&frame);
            let page = Extent { left: 0.0, top: 0.0, right: scene.width, bottom: scene.height };
            let words = words(&scene);
            for (nth, one) in words.iter().enumerate() {
                let extent = one.extent();
                assert!(
                    page.holds(&extent),
                    "{name}, {}: `{}` is cut off at {extent:?}",
                    figure.name,
                    one.text
                );
                for other in &words[nth + 1..] {
                    let touch = extent.overlaps(&other.extent());
                    assert!(!touch, "{name}, {}: `{}` overlaps `{}`", figure.name, one.text, other.text);
                }
            }
        }
    }
}

#[test]
fn every_figure_names_n_split_and_engine() {
    for figure in FIGURES {
        let scene = (figure.draw)(&Sample::finished(3).on_data().frame());
        let caption =
            words(&scene).into_iter().find(|words| words.text.contains("N = 4")).map(|words| &words.text);
        let caption = caption.expect("a caption with N");
        assert!(
            caption.contains("given one original · split aaaaaaaaaaaa") && caption.contains("engine torch"),
            "{caption}"
        );
        let toy = (figure.draw)(&Sample::finished(3).frame());
        assert!(words(&toy).iter().any(|words| words.text.contains("engine toy (simulated numbers)")));
    }
}

#[test]
fn a_png_is_twice_the_scene_and_has_anti_aliased_colours() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let frame = Sample::finished(3).frame();
    for figure in FIGURES {
        let scene = (figure.draw)(&frame);
        let path = folder.path().join("figure.png");
        png(&scene, &path).expect("a writable folder");
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
        let scene = (figure.draw)(&frame);
        let text = svg(&scene).expect("text");
        let size = format!("width=\"{}\" height=\"{}\"", scene.width, scene.height);
        assert!(text.contains(&size), "{}", &text[..200]);
        for label in ["finetune lr=0.001 epochs=1", "ct lr=0.001 epochs=5", "neggrad-plus"] {
            assert!(text.contains(label), "{}: no `{label}`", figure.name);
        }
        assert_eq!(
            text,
            svg(&(figure.draw)(&frame)).expect("text"),
            "{} differs between two calls",
            figure.name
        );
    }
}

#[test]
fn markup_in_a_label_stays_text() {
    let hostile = Sample::finished(3).on_data().hostile("</text><script>x</script>\"'&").frame();
    for figure in FIGURES {
        let text = svg(&(figure.draw)(&hostile)).expect("text");
        assert!(!text.contains("<script"), "{}", figure.name);
        assert!(text.contains("&lt;/text&gt;&lt;script&gt;"), "{}: the label is gone", figure.name);
    }
}

#[test]
fn a_method_has_one_colour_in_all_figures() {
    let frame = Sample::finished(12).frame();
    let looks = super::palette::looks(&frame);
    let kinds: HashSet<String> =
        looks.iter().map(|look| format!("{:?} {:?}", look.colour, look.mark)).collect();
    assert_eq!((looks.len(), kinds.len()), (9, 9), "{looks:?}");
}

#[test]
fn losses_are_drawn_where_an_audit_measured_them_and_named_with_the_attack() {
    assert_eq!(figures(&Sample::finished(3).frame()).count(), FIGURES.len(), "nothing to show without");
    let frame = with_losses(Sample::finished(3).frame());
    let losses = figures(&frame).last().expect("one more");
    let scene = (losses.draw)(&frame);
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
    let scene = (figure.draw)(&frame);
    let texts: Vec<&str> = words(&scene).iter().map(|words| words.text.as_str()).collect();
    let rows = ["to be forgotten", "original", "retrained"].map(|name| {
        texts.iter().position(|text| *text == name).unwrap_or_else(|| panic!("no `{name}` in {texts:?}"))
    });
    assert!(rows.is_sorted() && rows[2] == texts.len() - 1, "{texts:?}");
    let image = |shape: &&Shape| matches!(shape, Shape::Image { .. });
    let images = scene.shapes.iter().filter(image).count();
    assert_eq!(images, 2 * (texts.len() - 2), "two in every row, below title and caption");
    assert_eq!(svg(&scene).expect("drawn").matches("data:image/png;base64,").count(), images);
}

#[test]
fn titles_are_bold() {
    for figure in FIGURES {
        let scene = (figure.draw)(&Sample::finished(1).frame());
        assert_eq!(words(&scene)[0].weight, Weight::Bold, "{}", figure.name);
    }
}
