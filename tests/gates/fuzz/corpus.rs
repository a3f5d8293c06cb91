//! Sound inputs, the words that parsers look for, and what makes a damaged input consistent again.

use std::path::Path;

use sweep_disk::Disk;
use sweep_faults::SimulatedDisk;

use crate::forge::{Claim, HONEST, Pickle, checkpoint, six};

pub(super) const TOML: &[&str] = &[
    "[method.finetune]\n",
    "[[exclude]]\n",
    "[defaults]\n",
    "lr = ",
    "= [",
    "]",
    "{ logspace = [1e-4, 1e-1, 4] }",
    "{ range = [0, 9, 1] }",
    "{ random = [1e-4, 1.0], n = 5, seed = 3 }",
    "nan",
    "inf",
    "-",
    "1e999",
    "\"$lr\"",
    "\"\"\"",
    "'''",
    "\u{feff}",
    "\0",
    "\u{1b}[2J",
    "\r\n",
    "method = \"recipe\"\n",
    "phases = [",
    "[[method.a.zip]]\n",
    "a.b.c.d.e = 1\n",
    "max-runs = 10\n",
    "seeds = 18446744073709551615\n",
    "when = \"method == 'finetune'\"\n",
    "#",
    "\"\\u0000\"",
    "[[[[",
];
pub(super) const FILTER: &[&str] = &[
    "method", "label", "==", "!=", "<=", "in", "[", "]", "(", ")", "not ", " and ", " or ", "'x'", "1e999",
    "\"", "'", "lr", "$",
];
pub(super) const CSV: &[&str] = &[
    "image_id",
    "age_group",
    "person_id",
    ",",
    "\"",
    "\n",
    "\r\n",
    "\u{feff}",
    "\0",
    "../..",
    "a-1",
    "\"\"",
    "9",
    "10",
    "-1",
    "=cmd|'/C calc'!A0",
    "\u{1b}[31m",
];
pub(super) const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "null",
    "true",
    "1e999",
    "-0",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    ":",
    ",",
    "\n",
    "18446744073709551616",
    "{\"0\":1}",
    "[[[[[[[[",
    "\"run\":",
    "\"seed\":",
    "\"finished\":",
    "NaN",
];
pub(super) const PNG: &[&str] = &[
    "IHDR", "IDAT", "IEND", "PLTE", "tRNS", "acTL", "fcTL", "fdAT", "iCCP", "zTXt", "eXIf", "sRGB", "gAMA",
    "\0\0\0 ",
];
pub(super) const PICKLE: &[&str] = &[
    "cos\nsystem\n",
    "cbuiltins\neval\n",
    "ccollections\nOrderedDict\n",
    "ctorch._utils\n_rebuild_tensor_v2\n",
    "ctorch\nFloatStorage\n",
    "R",
    "Q",
    "(",
    "t",
    "u",
    "s",
    "}",
    "]",
    "a",
    "e",
    "0",
    "2",
    "b",
    "h\0",
    "q\0",
    "\u{0}",
    ".",
    "N",
    "\u{7f}",
];
pub(super) const ZIP: &[&str] = &[
    "PK\u{3}\u{4}",
    "PK\u{1}\u{2}",
    "PK\u{5}\u{6}",
    "data.pkl",
    "data/0",
    "code/",
    "../",
    "/etc/passwd",
    "\0",
];
pub(super) const NPY: &[&str] = &[
    "'descr': ",
    "'<f8'",
    "'<f4'",
    "'|O'",
    "'fortran_order': True",
    "'shape': (",
    "(2,)",
    "()",
    "[('a', '<f8')]",
    "{",
    "}",
    "(((((",
    "'shape': (99999999999999999999,)",
];
pub(super) const ID: &[&str] =
    &["-", "..", "/", "\\", "\0", "a", "_", "%2e", "\u{2013}", "\u{202e}", ".png", "~", " ", "$(x)"];

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(super) fn grids() -> Vec<Vec<u8>> {
    texts(&[
        include_str!("../../../experiments/quickstart.toml"),
        include_str!("../../../experiments/toy.toml"),
        "name = \"g\"\nengine = \"toy\"\nseeds = 2\n[method.simulated]\nshift = { linspace = [0.0, 1.0, 4] }\nspread = [0.5, 1]\n\
         [[exclude]]\nwhen = \"shift > 0.5 and not spread in [1, 2]\"\n",
    ])
}

pub(super) fn filters() -> Vec<Vec<u8>> {
    texts(&[
        "method == 'scrub' and (lr > 5e-3 or not epochs in [1, 2])",
        "label != \"x\"",
        "not not a <= -1.5e-3",
    ])
}

pub(super) fn lists() -> Vec<Vec<u8>> {
    texts(&[
        "image_id,age_group,person_id\na-1,0,p1\nb-2,9,\"p,2\"\n",
        "\u{feff}person_id,age,image_id,age_group\r\np-1,33,f-1,3\r\n\r\nx,1,\"f-2\",4\r\n",
    ])
}

pub(super) fn class_counts() -> Vec<Vec<u8>> {
    texts(&[
        "{\"0\": 120, \"1\": 80, \"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":12}",
        "{}",
    ])
}

/// Images as `sweep import folder` takes them.
pub(super) fn pictures() -> Vec<Vec<u8>> {
    let jpegs: [&[u8]; 2] = [
        include_bytes!("../../../crates/import/tests/fixtures/baseline.jpg"),
        include_bytes!("../../../crates/import/tests/fixtures/progressive.jpg"),
    ];
    images().into_iter().chain(jpegs.map(<[u8]>::to_vec)).collect()
}

pub(super) fn images() -> Vec<Vec<u8>> {
    let pixels: Vec<u8> = (0..3 * 32 * 32_u32).map(|at| ((at * at) >> 5) as u8).collect();
    let kinds = [(png::ColorType::Rgb, 3), (png::ColorType::Grayscale, 1), (png::ColorType::Indexed, 1)];
    let encoded = |(kind, width): (png::ColorType, usize)| {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 32, 32);
        encoder.set_color(kind);
        encoder.set_palette(&pixels[..768]);
        let mut writer = encoder.write_header().expect("in memory");
        writer.write_image_data(&pixels[..32 * 32 * width]).expect("in memory");
        drop(writer);
        file
    };
    kinds.into_iter().map(encoded).collect()
}

/// Gives every chunk that can be told apart the checksum of its content.
pub(super) fn with_png_checksums(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let end = at + 8 + length;
        if bytes.len() < end + 4 {
            break;
        }
        let checksum = crc32fast::hash(&bytes[at + 4..end]);
        bytes[end..end + 4].copy_from_slice(&checksum.to_be_bytes());
        at = end + 4;
    }
    bytes
}

/// Pickles of one tensor each, honest and not.
pub(super) fn pickles() -> Vec<Vec<u8>> {
    let claims = [
        HONEST,
        Claim { strides: &[0, 0], ..HONEST },
        Claim { kind: "HalfStorage", elements: 12, ..HONEST },
        Claim { shape: &[], strides: &[], offset: 5, ..HONEST },
    ];
    let mut pickles: Vec<Vec<u8>> = claims.into_iter().map(Pickle::of).collect();
    let two = Pickle::begin().op(b"}(").text("a").tensor(HONEST).op(b"q\0").text("b").op(b"h\0u.");
    pickles.push(two.0);
    pickles
}

/// A sound container around a pickle.
pub(super) fn in_archive(pickle: &[u8]) -> Vec<u8> {
    checkpoint(pickle, &[("0", &six())])
}

pub(super) fn archives() -> Vec<Vec<u8>> {
    pickles().iter().map(|pickle| in_archive(pickle)).collect()
}

pub(super) fn safetensors() -> Vec<Vec<u8>> {
    let file = |header: &str, data: &[u8]| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(data);
        bytes
    };
    vec![
        file(r#"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#, &six()),
        file(
            r#"{"__metadata__":{"a":"b"},"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[8],"data_offsets":[8,24]}}"#,
            &six(),
        ),
    ]
}

/// Puts the length of the header, up to its last brace, in front.
pub(super) fn with_header_length(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().rposition(|&byte| byte == b'}').filter(|&end| end >= 8) {
        bytes[..8].copy_from_slice(&(end as u64 - 7).to_le_bytes());
    }
    bytes
}

pub(super) fn arrays() -> Vec<Vec<u8>> {
    let mut second = b"\x93NUMPY\x02\0".to_vec();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
    second.extend_from_slice(&(header.len() as u32).to_le_bytes());
    second.extend_from_slice(header.as_bytes());
    second.extend_from_slice(&six());
    vec![sweep_inputs::npy::vector_bytes(&[0.5, -1e300, 3.0]), sweep_inputs::npy::vector_bytes(&[]), second]
}

const RUN: &str = "59e44dd084f1c207aff56fbfaec78799";
const MEASURED: &str = r#"{"accuracy":{"retain":0.9,"forget":1.0,"validation":0.6,"test":null},"unlearn_s":13.6,"measure_s":0.1,"steps":380,"confidences":{"file":"confidences.npy","blake3":"a3750e74e4de32015851682756cab3e5d854d490d83f2daeb8ca97696eebf6f1"},"weights":null}"#;

pub(super) fn journals() -> Vec<Vec<u8>> {
    let events = [
        r#"{"opened":{"host":"vm","pid":22349,"since":"2026-11-24 07:29:48Z","version":"0.1.0"}}"#.to_owned(),
        format!(r#"{{"started":{{"run":"{RUN}","attempt":1,"slot":0}}}}"#),
        format!(
            r#"{{"ended":{{"run":"{RUN}","attempt":1,"outcome":{{"finished":{MEASURED}}},"source":"computed"}}}}"#
        ),
        format!(r#"{{"reopened":{{"run":"{RUN}"}}}}"#),
        format!(
            r#"{{"ended":{{"run":"{RUN}","attempt":2,"outcome":{{"diverged":{{"step":3}}}},"source":"cached"}}}}"#
        ),
    ];
    let lines: Vec<String> = (1..)
        .zip(events)
        .map(|(seq, event)| {
            format!("{{\"seq\":{seq},\"epoch\":1,\"event\":{event},\"crc32c\":\"00000000\"}}\n")
        })
        .collect();
    vec![with_line_checksums(lines.concat().as_bytes())]
}

/// Gives every line that ends like one of a journal its checksum.
pub(super) fn with_line_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut mended = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        match line.len().checked_sub(22).map(|end| line.split_at(end)) {
            Some((covered, trailer)) if trailer.starts_with(b",\"crc32c\"") => {
                mended.extend_from_slice(covered);
                mended.extend_from_slice(
                    format!(",\"crc32c\":\"{:08x}\"}}\n", crc32c::crc32c(covered)).as_bytes(),
                );
            }
            _ => mended.extend_from_slice(line),
        }
    }
    mended
}

const PLAN: &str = r#"{"name":"p","engine":{"name":"toy","version":"0.1.0, 4 examples","trains":false},"seeds":1,"oracle":{"models":1,"held-out":0},"inputs":null,"points":[{"label":"a","method":"finetune","parameters":{"lr":0.1,"epochs":2,"schedule":"cosine","x":true},"varied":["lr"],"role":"unlearn","recipe":{"phases":[]},"passes":1.5}],"runs":[{"id":"59e44dd084f1c207aff56fbfaec78799","point":0,"seed":7}]}"#;

pub(super) fn plans() -> Vec<Vec<u8>> {
    texts(&[PLAN])
}

pub(super) fn recipes() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"phases":[{"train":{"data":[{"set":"retain","batch-size":64,"pairing":"cycle"},{"set":"forget","batch-size":1,"pairing":"zip"}],"epochs":20.0,"loss":[{"cross-entropy":{"on":"retain","weight":-1.0,"class-weight":"inverse"}}],"optimizer":{"adam":{"lr":0.001,"weight-decay":0.0005}},"schedule":"cosine","trainable":"all","batch-norm":"train"}}]}"#,
        r#"{"phases":[{"reinit":{"tensors":{"modules":["fc"]},"init":"network"}},{"noise":{"tensors":"convolutions","std":0.6}},{"transpose":{"tensors":{"named":["a.b"]}}}]}"#,
    ])
}

pub(super) fn messages() -> Vec<Vec<u8>> {
    let hello = r#"{"hello":{"format":1,"engine":"toy","version":"1","trains":false,"device":"cuda:1","device_name":"x"}}"#;
    let failed = format!(r#"{{"failed":{{"run":"{RUN}","failure":"out-of-memory","message":"m"}}}}"#);
    let job = format!(
        r#"{{"perform":{{"run":"{RUN}","attempt":1,"seed":0,"method":"m","parameters":{{"a":1.5}},"folder":"r/x","inputs":null,"recipe":{{"phases":[]}},"keep_weights":false}}}}"#
    );
    let finished = format!(r#"{{"finished":{{"run":"{RUN}","measurement":{MEASURED}}}}}"#);
    let progress = format!(r#"{{"progress":{{"run":"{RUN}","step":3,"steps":9}}}}"#);
    texts(&[
        &format!("{hello}\n{progress}\n{finished}\n"),
        &format!("{failed}\n"),
        &format!("{job}\n"),
        &format!("{{\"diverged\":{{\"run\":\"{RUN}\",\"step\":9}}}}\n"),
    ])
}

pub(super) fn ids() -> Vec<Vec<u8>> {
    texts(&["a-1", "folder_1-image_22", "P7"])
}

/// A results folder: a plan, and a journal of these bytes.
pub(super) fn results(dir: &Path, journal: &[u8]) -> SimulatedDisk {
    let disk = SimulatedDisk::default();
    disk.create_dir(dir).expect("room");
    disk.put(&dir.join("plan.json"), PLAN.as_bytes()).expect("room");
    disk.put(&dir.join("journal.jsonl"), journal).expect("room");
    disk
}
