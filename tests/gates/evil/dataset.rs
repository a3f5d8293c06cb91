//! Data sets that want to reach outside, use up the machine, or speak to the terminal.

use std::{fmt::Write, fs, os::unix::fs::symlink, path::Path};

use sweep_inputs::dataset::{BadImages, Dataset, Shape, image_bytes};

use super::names::WORDS;
use crate::{meter, report::Report};

const SHAPE: Shape = Shape { classes: 2, side: 32 };

/// Most memory that a refusal may take, in bytes.
const MOST: usize = 128 << 20;

/// Ids that would leave the folder or hide what they are.
const IDS: &[&str] = &[
    "",
    "-",
    "a",
    "a-",
    "-b",
    "a-b-c",
    "../x",
    "..-..",
    ".-.",
    "a-..",
    "..-canary",
    "../../-canary",
    "/etc-passwd",
    "a/b-c",
    "a-b/c",
    "a-b\0",
    "\0-b",
    " a-b",
    "a -b",
    "a-b ",
    "a\u{2013}b",
    "ä-b",
    "a-b.png",
    "a\\b-c",
    "~-a",
    "a-%2e%2e",
    "CON-1.",
    "a-b;c",
    "a\u{202e}-b",
    "a-\u{200b}b",
    "a-b\t",
    "file:-a",
    "a:b-c",
    "$HOME-a",
    "`id`-a",
    "a-*",
    "a-?",
    "\u{ff0e}\u{ff0e}-a",
];

const WEIGHTS: &[&str] = &[
    "",
    "[]",
    "null",
    "{",
    "{\"0\":1}",
    "{\"0\":1,\"1\":0}",
    "{\"0\":1,\"1\":-1}",
    "{\"0\":1,\"1\":1.5}",
    "{\"0\":1,\"1\":NaN}",
    "{\"0\":1,\"1\":1e999}",
    "{\"0\":1,\"0\":1,\"1\":1}",
    "{\"0\":1,\"1\":1,\"2\":1}",
    "{\"0\":1,\"1\":\"x\"}",
    "{\"0\":1,\"1\":null}",
    "{\"0\":1,\"01\":1}",
    "{\"0\":1,\"1\":[1]}",
    "{\"0\":1,\"1\":1}}",
    "\u{feff}{\"0\":1,\"1\":1}",
    "{\"0\":1,\"1\":18446744073709551616}",
    "{\"0\":1,\"\\u001b[2J\":1,\"1\":1}",
];

pub(super) fn run(report: &mut Report, folder: &Path) {
    for id in IDS.iter().chain(WORDS) {
        for column in [0, 2] {
            // A plain word is a fine name for a person.
            let fine = column == 2
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
                && !id.is_empty();
            if !fine {
                refuse(report, folder, &format!("{id:?} in column {column}"), |data| named(data, id, column));
            }
        }
    }
    for (number, weights) in WEIGHTS.iter().enumerate() {
        let put = |data: &Path| write(data, "age_class_weights.json", weights);
        refuse(report, folder, &format!("weights {number}"), put);
    }
    refuse(report, folder, "nested weights", |data| {
        write(data, "age_class_weights.json", "[".repeat(900_000));
    });
    for (what, csv) in lists() {
        refuse(report, folder, what, |data| write(data, "validation.csv", &csv));
    }
    for (what, png) in images() {
        refuse(report, folder, what, |data| write(data, "images/r/0.png", &png));
    }
    for target in ["../../../canary", "1.png", "/dev/zero", "/proc/self/environ", "0.png"] {
        refuse(report, folder, &format!("a link to {target}"), |data| {
            fs::remove_file(data.join("images/r/0.png")).expect("there");
            symlink(target, data.join("images/r/0.png")).expect("writable");
        });
    }
    for name in ["retain.csv", "forget.csv", "age_class_weights.json", "images"] {
        refuse(report, folder, &format!("a linked {name}"), |data| {
            fs::rename(data.join(name), folder.join("elsewhere")).expect("there");
            symlink(folder.join("elsewhere"), data.join(name)).expect("writable");
        });
        let moved = folder.join("elsewhere");
        let _ = fs::remove_dir_all(&moved).or_else(|_| fs::remove_file(&moved));
    }
}

fn write(data: &Path, name: &str, content: impl AsRef<[u8]>) {
    fs::write(data.join(name), content).expect("writable");
}

/// Spoils a sound data set; loading it must end in a refusal.
fn refuse(report: &mut Report, folder: &Path, what: &str, spoil: impl FnOnce(&Path)) {
    report.trial(what, || {
        let data = folder.join("data");
        let _ = fs::remove_dir_all(&data);
        sound(&data);
        spoil(&data);
        let (loaded, memory) = meter::peak(|| Dataset::load(&data, SHAPE, BadImages::Refuse, &|_, _| {}));
        let refusal = loaded.expect_err("it must be refused");
        assert!(memory < MOST, "it took {memory} bytes to refuse");
        super::check(&refusal.to_string(), folder);
    });
}

fn sound(data: &Path) {
    for (set, letter) in [("retain", "r"), ("forget", "f"), ("validation", "v")] {
        let images = data.join("images").join(letter);
        fs::create_dir_all(&images).expect("writable");
        let mut csv = "image_id,age_group,person_id\n".to_owned();
        for number in 0..2 {
            writeln!(csv, "{letter}-{number},{number},{letter}{number}").expect("a string");
            write(
                &images,
                &format!("{number}.png"),
                png(32, png::ColorType::Rgb, &[7; image_bytes(SHAPE.side)]),
            );
        }
        write(data, &format!("{set}.csv"), csv);
    }
    write(data, "age_class_weights.json", "{\"0\": 2, \"1\": 2}");
}

/// One more row with this text in one column.
fn named(data: &Path, text: &str, column: usize) {
    let mut row = ["v-0x", "0", "p"].map(str::to_owned);
    row[column] = format!("\"{}\"", text.replace('"', "\"\""));
    let csv = fs::read_to_string(data.join("validation.csv")).expect("there");
    write(data, "validation.csv", format!("{csv}{}\n", row.join(",")));
}

fn lists() -> Vec<(&'static str, Vec<u8>)> {
    let header = "image_id,age_group,person_id\n";
    let with = |rows: &str| format!("{header}{rows}").into_bytes();
    vec![
        ("an empty list", Vec::new()),
        ("only a mark", "\u{feff}".into()),
        ("only NULs", vec![0; 4096]),
        ("UTF-16", header.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a line of 8 MiB", with(&"x".repeat(8 << 20))),
        ("a field of 5000 bytes", with(&format!("v-0,0,{}\n", "p".repeat(5000)))),
        ("a million columns", format!("{}\n", "a,".repeat(1_000_000)).into_bytes()),
        ("a million bad rows", with(&"x\n".repeat(1_000_000))),
        ("an open quote", with("\"v-0,0,p\n")),
        ("a break in a quote", with("\"v-\n0\",0,p\n")),
        ("carriage returns alone", with("v-0,0,p\rv-1,1,q\r")),
        ("a repeated column", format!("image_id,{header}v-0,v-0,0,p\n").into_bytes()),
        ("a label too high", with("v-0,2,p\n")),
        ("a negative label", with("v-0,-1,p\n")),
        ("a fractional label", with("v-0,0.5,p\n")),
        ("a label with a plus", with("v-0,+1,p\n")),
        ("a label of 2^64", with("v-0,18446744073709551616,p\n")),
        ("a label in another script", with("v-0,\u{661},p\n")),
        ("not UTF-8", [header.as_bytes(), b"v-\xff,0,p\n"].concat()),
        ("an image twice", with("v-0,0,p\nv-0,0,p\n")),
        ("an image of another set", with("f-0,0,p\n")),
        ("a missing image", with("v-9,0,p\n")),
    ]
}

fn png(side: u32, kind: png::ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(kind);
    let mut writer = encoder.write_header().expect("in memory");
    if !pixels.is_empty() {
        writer.write_image_data(pixels).expect("in memory");
    }
    drop(writer);
    file
}

fn images() -> Vec<(&'static str, Vec<u8>)> {
    let sound = png(32, png::ColorType::Rgb, &[7; image_bytes(SHAPE.side)]);
    let mut flipped = sound.clone();
    flipped[sound.len() / 2] ^= 4;
    let mut header = sound.clone();
    header[19] ^= 1;
    vec![
        ("no bytes", Vec::new()),
        ("a page", b"<html><script>alert(1)</script></html>".to_vec()),
        ("a JPEG", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00".to_vec()),
        ("a bomb of 65535 pixels", png(65_535, png::ColorType::Rgb, &[])),
        ("a bomb of 2^31 - 1 pixels", png(i32::MAX as u32, png::ColorType::Rgb, &[])),
        ("a bomb of 8192 real pixels", png(8192, png::ColorType::Grayscale, &vec![0; 8192 * 8192])),
        ("a header alone", sound[..33].to_vec()),
        ("half an image", sound[..sound.len() / 2].to_vec()),
        ("no end", sound[..sound.len() - 12].to_vec()),
        ("a flipped bit", flipped),
        ("a flipped bit in the header", header),
        ("grey", png(32, png::ColorType::Grayscale, &[0; 1024])),
        ("transparent", png(32, png::ColorType::Rgba, &[0; 4096])),
        ("31 pixels", png(31, png::ColorType::Rgb, &[0; 31 * 31 * 3])),
        ("5 MiB of zeros", vec![0; 5 << 20]),
    ]
}
