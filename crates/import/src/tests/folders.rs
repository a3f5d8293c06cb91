use std::{fs, io::Write, os::unix::fs::symlink, path::Path};

use png::ColorType;
use sweep_protocol::terms::Set;

use super::{division, load, npy, png, write};
use crate::{ImportError, arrays, digits, folder};

/// Two classes of twelve images each, one colour for every image, and four test images.
fn write_folder(dir: &Path, side: u32) {
    let colour = |shade: u8| {
        png(side, side, ColorType::Rgb, &[shade, shade + 1, shade + 2].repeat((side * side) as usize))
    };
    for (class, name) in ["cat", "dog"].into_iter().enumerate() {
        for number in 0..12 {
            let shade = (class * 100 + number) as u8;
            write(&dir.join(format!("train/{name}/{number:02}.png")), colour(shade));
        }
        for number in 0..2 {
            write(&dir.join(format!("test/{name}/{number}.PNG")), colour((200 + class * 10 + number) as u8));
        }
    }
    write(&dir.join("train/cat/.DS_Store"), b"hidden");
    write(&dir.join("train/cat/notes.txt"), b"no image");
}

#[test]
fn a_folder_of_images_becomes_a_data_set() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let (dir, out) = (place.path().join("in"), place.path().join("out"));
    write_folder(&dir, 16);
    let summary = folder(&dir, &out, None, &division(), &|_, _| {}).expect("sound");
    assert_eq!((summary.side, summary.classes, summary.others), (16, 2, 1));
    let data = load(&out, 2, 16);
    assert_eq!((data.sizes().retain, data.sizes().forget), (22, 2));
    for set in [Set::Train, Set::Validation, Set::Test] {
        for (image, label) in data.images(set).chunks_exact(3 * 256).zip(data.labels(set)) {
            let shade = image[0];
            let class = if shade >= 200 { (shade - 200) / 10 } else { shade / 100 };
            assert_eq!(i64::from(class), *label);
            assert_eq!([image[0], image[256], image[512]], [shade, shade + 1, shade + 2]);
        }
    }
    let record = fs::read_to_string(out.join("import.json")).expect("written");
    let first = blake3::hash(&fs::read(dir.join("train/cat/00.png")).expect("there")).to_hex();
    assert!(record.contains("train/cat/00.png") && record.contains(first.as_str()), "{record}");
    // Another import of the same is the same data set; another seed draws other sets.
    folder(&dir, &place.path().join("again"), None, &division(), &|_, _| {}).expect("sound");
    assert_eq!(load(&place.path().join("again"), 2, 16).hash(), data.hash());
    let other = crate::Division { seed: 2, ..division() };
    folder(&dir, &place.path().join("other"), None, &other, &|_, _| {}).expect("sound");
    assert_ne!(load(&place.path().join("other"), 2, 16).hash(), data.hash());
}

#[test]
fn a_folder_that_is_not_as_it_should_be_is_refused_and_leaves_nothing() {
    let spoilt = |spoil: &dyn Fn(&Path)| {
        let place = tempfile::tempdir().expect("a temporary folder");
        let dir = place.path().join("in");
        write_folder(&dir, 16);
        spoil(&dir);
        let error =
            folder(&dir, &place.path().join("out"), None, &division(), &|_, _| {}).expect_err("spoilt");
        assert_eq!(fs::read_dir(place.path()).expect("readable").count(), 1, "{error}");
        error.to_string()
    };
    let odd = spoilt(&|dir| write(&dir.join("train/dog/05.png"), png(17, 17, ColorType::Rgb, &[0; 867])));
    assert!(odd.contains("dog/05.png` has 17 by 17 pixels") && odd.contains("--size"), "{odd}");
    let foreign = spoilt(&|dir| write(&dir.join("train/dog/05.png"), b"GIF89a"));
    assert!(foreign.contains("dog/05.png` is neither"), "{foreign}");
    let unknown = spoilt(&|dir| write(&dir.join("test/cow/0.png"), b""));
    assert!(unknown.contains("test/cow` is no class"), "{unknown}");
    let absent = spoilt(&|dir| fs::remove_dir_all(dir.join("train")).expect("there"));
    assert!(absent.contains("train"), "{absent}");
    // A link that leads out of the folder is no image of it.
    let place = tempfile::tempdir().expect("a temporary folder");
    let dir = place.path().join("in");
    write_folder(&dir, 16);
    symlink("/etc/hostname", dir.join("train/cat/99.png")).expect("writable");
    let summary = folder(&dir, &place.path().join("out"), None, &division(), &|_, _| {}).expect("sound");
    assert_eq!(summary.others, 2);
}

#[test]
fn arrays_of_every_axis_order_are_the_same_data_set() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| place.path().join(name);
    let sample = |image: usize, channel: usize, at: usize| (image * 3 + channel * 50 + at % 11) as u8;
    let (count, plane) = (30, 64);
    let planes: Vec<u8> = (0..count)
        .flat_map(|image| (0..3 * plane).map(move |place| sample(image, place / plane, place % plane)))
        .collect();
    let pixels: Vec<u8> = (0..count)
        .flat_map(|image| (0..3 * plane).map(move |place| sample(image, place % 3, place / 3)))
        .collect();
    write(&at("planes.npy"), npy("|u1", &[count, 3, 8, 8], &planes));
    write(&at("pixels.npy"), npy("|u1", &[count, 8, 8, 3], &pixels));
    let labels: Vec<i64> = (0..count as i64).map(|label| label % 3).collect();
    let wide: Vec<u8> = labels.iter().flat_map(|label| label.to_le_bytes()).collect();
    let narrow: Vec<u8> = labels.iter().map(|label| *label as u8).collect();
    write(&at("wide.npy"), npy("<i8", &[count], &wide));
    write(&at("narrow.npy"), npy("|u1", &[count], &narrow));
    let [planes_first, planes_last] = [("planes", "wide"), ("pixels", "narrow")].map(|(x, y)| {
        let out = at(&format!("out-{x}"));
        let (x, y) = (at(&format!("{x}.npy")), at(&format!("{y}.npy")));
        let summary = arrays(&x, &y, &out, &division(), &|_, _| {}).expect("sound");
        assert_eq!((summary.side, summary.classes), (8, 3));
        load(&out, 3, 8)
    });
    assert_eq!(planes_first.hash(), planes_last.hash());
    let refused = |x: &str, y: &str| {
        arrays(&at(x), &at(y), &at("refused"), &division(), &|_, _| {}).expect_err("refused").to_string()
    };
    write(&at("reals.npy"), npy("<f4", &[count, 8, 8], &[0; 30 * 64 * 4]));
    let reals = refused("reals.npy", "wide.npy");
    assert!(reals.contains("holds <f4") && reals.contains("uint8"), "{reals}");
    write(&at("objects.npy"), npy("|O", &[count], &[0; 240]));
    let objects = refused("planes.npy", "objects.npy");
    assert!(objects.contains("holds |O"), "{objects}");
    write(&at("negative.npy"), npy("|i1", &[count], &[&[255][..], &[0; 29]].concat()));
    let negative = refused("planes.npy", "negative.npy");
    assert!(negative.contains("row 0: label -1"), "{negative}");
    write(&at("short.npy"), npy("|u1", &[29], &[0; 29]));
    let short = refused("planes.npy", "short.npy");
    assert!(short.contains("[29]") && short.contains("[30]"), "{short}");
    write(&at("vast.npy"), npy("|u1", &[usize::MAX, 3, 8, 8], &planes));
    refused("vast.npy", "wide.npy");
}

/// A line of the list: a shade in the first pixel, one in the last, and the digit.
fn line(first: u32, last: u32, digit: u32) -> String {
    format!("{first},{}{last},{digit}\n", "0,".repeat(62))
}

fn zipped(list: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(list).expect("in memory");
    gzip.finish().expect("in memory")
}

#[test]
fn digits_become_grey_squares() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| place.path().join(name);
    let list: String = (0..100).map(|number| line(16, number % 17, number % 10)).collect();
    write(&at("digits.csv.gz"), zipped(list.as_bytes()));
    let summary = digits(&at("digits.csv.gz"), &at("out"), 16, &division(), &|_, _| {}).expect("sound");
    assert_eq!((summary.side, summary.classes), (16, 10));
    let data = load(&at("out"), 10, 16);
    let image = &data.images(Set::Train)[..768];
    // The first pixel is a square of four; all planes are the same.
    for plane in image.chunks_exact(256) {
        assert_eq!([plane[0], plane[1], plane[16], plane[17], plane[2]], [255, 255, 255, 255, 0]);
    }
    let row: u32 = data.manifest().examples(Set::Train)[0].image.number().expect("a row") as u32;
    assert_eq!(u32::from(image[255]), ((row % 17) * 255 + 8) / 16);

    for (list, place) in [
        (format!("{}{}", line(0, 0, 1), line(17, 0, 1)), "line 2"),
        (line(0, 0, 10), "line 1"),
        (line(0, 0, 1).replace('\n', ",0\n"), "line 1"),
        ("0,1,2\n".to_owned(), "line 1"),
        (line(0, 0, 1).replace("0,", "-0,"), "line 1"),
    ] {
        write(&at("bad.csv.gz"), zipped(list.as_bytes()));
        let refusal = digits(&at("bad.csv.gz"), &at("bad"), 8, &division(), &|_, _| {}).expect_err("refused");
        assert!(refusal.to_string().contains(place), "{refusal}");
    }
    write(&at("bomb.csv.gz"), zipped(&vec![b'0'; 8 << 20]));
    let bomb = digits(&at("bomb.csv.gz"), &at("bad"), 8, &division(), &|_, _| {}).expect_err("refused");
    assert!(matches!(bomb, ImportError::Archive { .. }), "{bomb}");
    for size in [0, 7, 12, 264] {
        digits(&at("digits.csv.gz"), &at("bad"), size, &division(), &|_, _| {})
            .expect_err("no multiple of 8");
    }
}
