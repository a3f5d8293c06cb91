//! Checkpoints that want to run, reach, or use up something.

use std::{fs, path::Path};

use sweep_inputs::checkpoint;

use crate::{
    forge::{Claim, End, Entry, HONEST, Pickle, checkpoint as archive, entries, six, zip, zip_with},
    meter,
    report::Report,
};

/// Most memory that a refusal may take, in bytes.
const MOST: usize = 96 << 20;

/// What attackers have called, and what whole-module pickles call.
const STRANGERS: &[&str] = &[
    "os system",
    "os popen",
    "posix system",
    "nt system",
    "os execvp",
    "os remove",
    "subprocess Popen",
    "subprocess check_output",
    "builtins eval",
    "builtins exec",
    "builtins compile",
    "builtins getattr",
    "builtins __import__",
    "builtins open",
    "builtins set",
    "__builtin__ eval",
    "importlib import_module",
    "runpy _run_code",
    "pty spawn",
    "socket socket",
    "shutil rmtree",
    "webbrowser open",
    "ctypes CDLL",
    "code InteractiveInterpreter",
    "timeit timeit",
    "cProfile run",
    "bdb Bdb",
    "pip main",
    "pickle loads",
    "_pickle loads",
    "marshal loads",
    "operator attrgetter",
    "functools partial",
    "types FunctionType",
    "numpy.core.multiarray _reconstruct",
    "numpy dtype",
    "torch load",
    "torch from_file",
    "torch.hub load",
    "torch.jit load",
    "torch.serialization load",
    "torch.storage _load_from_bytes",
    "torch._utils _rebuild_tensor",
    "torch._utils _rebuild_qtensor",
    "torch._tensor _rebuild_from_type_v2",
    "torch.nn.parameter Parameter",
    "torchvision.models.resnet ResNet",
    "__main__ Net",
    "collections OrderedDict.__init__",
    "collections deque",
];

pub(super) fn run(report: &mut Report, folder: &Path) {
    let path = folder.join("evil.pth");
    for (what, bytes) in files() {
        report.trial(&what, || {
            fs::write(&path, &bytes).expect("writable");
            let (read, memory) = meter::peak(|| checkpoint::read(&path));
            let refusal = read.expect_err("it must be refused");
            assert!(memory < MOST + 4 * bytes.len(), "it took {memory} bytes to refuse");
            super::check(&refusal.to_string(), folder);
        });
    }
}

fn files() -> Vec<(String, Vec<u8>)> {
    let named = |what: &str, pickle: Pickle| (what.to_owned(), archive(&pickle.0, &[("0", &six())]));
    let mut files = calls();
    files.extend(bombs().into_iter().map(|(what, pickle)| named(what, pickle)));
    files.extend(lies());
    files.extend(containers());
    files.extend(programs());
    files
}

/// Every stranger in every way to name one.
fn calls() -> Vec<(String, Vec<u8>)> {
    let command = "echo > owned";
    let mut files = Vec::new();
    for stranger in STRANGERS {
        let (module, name) = stranger.split_once(' ').expect("a module and a name");
        let ways = [
            ("GLOBAL", Pickle::begin().global(module, name).text(command).op(b"\x85R.")),
            ("STACK_GLOBAL", Pickle::begin().text(module).text(name).op(b"\x93").text(command).op(b"\x85R.")),
            ("INST", Pickle::begin().op(b"(").text(command).op(format!("i{module}\n{name}\n.").as_bytes())),
            ("OBJ", Pickle::begin().op(b"(").global(module, name).text(command).op(b"o.")),
            ("NEWOBJ", Pickle::begin().global(module, name).text(command).op(b"\x85\x81.")),
            (
                "BUILD",
                Pickle::begin().ordered_dict().op(b"}").text("__class__").global(module, name).op(b"sb."),
            ),
            (
                "beside weights",
                Pickle::begin().op(b"}(").text("w").tensor(HONEST).text("x").global(module, name).op(b"u."),
            ),
        ];
        for (way, pickle) in ways {
            files.push((format!("{stranger} by {way}"), archive(&pickle.0, &[("0", &six())])));
        }
    }
    files
}

fn bombs() -> Vec<(&'static str, Pickle)> {
    vec![
        ("two million tuples", Pickle::begin().op(b")").op(&vec![0x85; 2_000_000]).op(b".")),
        ("two million marks", Pickle::begin().op(&b"(".repeat(2_000_000)).op(b".")),
        ("a thousand lists", Pickle::begin().op(&b"]".repeat(1_000)).op(&b"a".repeat(999)).op(b".")),
        ("a list in itself", Pickle::begin().op(b"]q\0").op(&b"h\0a".repeat(100)).op(b".")),
        ("billion laughs", Pickle::begin().op(b")").op(&b"q\0h\0\x86".repeat(100)).op(b".")),
        ("memo 2^28", Pickle::begin().op(b"}r").op(&(1_u32 << 28).to_le_bytes()).op(b".")),
        ("memo 2^32 - 1", Pickle::begin().op(b"}r").op(&u32::MAX.to_le_bytes()).op(b".")),
        ("a text of 4 GiB", Pickle::begin().op(b"X").op(&u32::MAX.to_le_bytes()).op(b"abc.")),
        ("a frame of 2^63", Pickle::begin().op(b"\x95\0\0\0\0\0\0\0\x80}.")),
        ("an integer of 255 bytes", Pickle::begin().op(b"\x8a\xff").op(&[1; 255]).op(b".")),
        ("a million values", Pickle::begin().op(&b"N".repeat(1_500_000)).op(b".")),
        ("a name without end", Pickle::begin().op(b"c").op(&b"x".repeat(70_000)).op(b"\nx\n.")),
        ("nested pickle as bytes", Pickle::begin().global("pickle", "loads").op(b"C\x04cos\n\x85R.")),
        ("an extension code", Pickle::begin().op(b"\x82\x01.")),
        ("a persistent id in text", Pickle::begin().op(b"P/etc/passwd\n.")),
        ("a terminal in a name", Pickle::begin().global("\u{1b}]0;owned\u{7}", "\u{9b}2J").op(b".")),
    ]
}

/// What a tensor says of its storage.
fn lies() -> Vec<(String, Vec<u8>)> {
    let far = i64::MAX;
    let claims = [
        ("a larger shape", Claim { shape: &[255, 4], strides: &[4, 1], ..HONEST }),
        ("one row more", Claim { shape: &[3, 3], ..HONEST }),
        ("an offset", Claim { offset: 1, ..HONEST }),
        ("a far offset", Claim { offset: far, ..HONEST }),
        ("a negative offset", Claim { offset: -1, ..HONEST }),
        ("a large stride", Claim { strides: &[i64::MAX, 1], ..HONEST }),
        ("two large strides", Claim { strides: &[i64::MAX, i64::MAX], ..HONEST }),
        ("a negative stride", Claim { strides: &[-3, 1], offset: 3, ..HONEST }),
        ("an overflowing shape", Claim { shape: &[1 << 40, 1 << 40], strides: &[0, 0], ..HONEST }),
        ("a negative shape", Claim { shape: &[-2, -3], ..HONEST }),
        ("nine axes", Claim { shape: &[1; 9], strides: &[1; 9], ..HONEST }),
        ("too few strides", Claim { strides: &[1], ..HONEST }),
        ("an expansion", Claim { shape: &[1 << 40], strides: &[0], ..HONEST }),
        ("another type", Claim { kind: "HalfStorage", ..HONEST }),
        ("a quantised type", Claim { kind: "QInt8Storage", ..HONEST }),
        ("a longer storage", Claim { elements: 7, ..HONEST }),
        ("an overflowing storage", Claim { elements: far, ..HONEST }),
        ("a negative storage", Claim { elements: -1, ..HONEST }),
        ("no storage", Claim { key: "1", ..HONEST }),
        ("a storage outside", Claim { key: "../../canary", ..HONEST }),
        ("a storage at the root", Claim { key: "/etc/passwd", ..HONEST }),
        ("a storage with a terminal", Claim { key: "\u{1b}[2J", ..HONEST }),
    ];
    let mut files: Vec<_> = claims
        .iter()
        .map(|&(what, claim)| {
            (format!("a tensor with {what}"), archive(&Pickle::of(claim), &[("0", &six())]))
        })
        .collect();
    for length in [0, 1, 4, 23, 25, 4096] {
        let bytes = vec![0; length];
        files.push((format!("a storage of {length} bytes"), archive(&Pickle::of(HONEST), &[("0", &bytes)])));
    }
    files
}

fn honest() -> Vec<Entry> {
    entries(&Pickle::of(HONEST), &[("0", &six())])
}

/// What a container says of its entries.
fn containers() -> Vec<(String, Vec<u8>)> {
    type Change = fn(&mut Entry);
    let changes: [(&str, Change); 14] = [
        ("compressed", |entry| entry.method = 8),
        ("encrypted", |entry| entry.flags |= 1),
        ("patched", |entry| entry.flags |= 0x20),
        ("with another checksum", |entry| entry.crc ^= 1),
        ("longer than the file", |entry| entry.size = 1 << 30),
        ("one byte longer", |entry| entry.size += 1),
        ("one byte shorter", |entry| entry.size -= 1),
        ("over another", |entry| entry.offset = Some(0)),
        ("beyond the file", |entry| entry.offset = Some(1 << 30)),
        ("a symbolic link", |entry| (entry.made_by, entry.attributes) = (0x0314, 0o120_777 << 16)),
        ("a folder", |entry| (entry.made_by, entry.attributes) = (0x0314, 0o040_755 << 16 | 0x10)),
        ("outside", |entry| entry.name.replace_range(.., "forged/../../canary")),
        ("at the root", |entry| entry.name.replace_range(.., "/etc/passwd")),
        ("in another folder", |entry| entry.name.replace_range(.., "other/data/0")),
    ];
    let mut files = Vec::new();
    for (what, change) in changes {
        // The first entry does start where the first entry starts.
        for index in usize::from(what == "over another")..honest().len() {
            let mut changed = honest();
            change(&mut changed[index]);
            files.push((format!("entry {index} {what}"), zip(&changed)));
        }
    }
    for index in 0..honest().len() {
        let mut twice = honest();
        twice.push(twice[index].clone());
        files.push((format!("entry {index} twice"), zip(&twice)));
    }
    for (number, (entries, size, start)) in [
        (1, 0, 0),
        (u64::MAX, 0, 0),
        (1 << 40, 0, 0),
        (0, 1, 0),
        (0, u64::MAX, 0),
        (0, 0, 1),
        (0, 0, u64::MAX),
    ]
    .into_iter()
    .enumerate()
    {
        let bend = |end: End| End {
            entries: end.entries.wrapping_add(entries),
            size: end.size.wrapping_add(size),
            start: end.start.wrapping_add(start),
        };
        files.push((format!("end record {number}"), zip_with(&honest(), bend)));
    }
    let whole = zip(&honest());
    files.push(("a byte behind".to_owned(), [&whole[..], b"\0"].concat()));
    files.push(("two archives".to_owned(), whole.repeat(2)));
    for cut in 1..12 {
        files.push((format!("cut {cut} of 12"), whole[..whole.len() * cut / 12].to_vec()));
    }
    files
}

/// Programs in a checkpoint's clothes, and what is no checkpoint.
fn programs() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for name in ["code/__torch__.py", "code/x/y.py.debug_pkl", "constants.pkl", ".data/extern_modules"] {
        let mut program = honest();
        program.push(Entry::new(name, b"def f(): torch.from_file('canary', shared=True).fill_(88)"));
        files.push((format!("a program with {name}"), zip(&program)));
    }
    let legacy = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.".to_vec();
    let safetensors = |header: &str| [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
    let others = [
        ("a file of before 1.6", legacy),
        ("a shell script", b"#!/bin/sh\necho > owned\n".to_vec()),
        ("an empty file", Vec::new()),
        ("zeros", vec![0; 4096]),
        ("a bare pickle", Pickle::begin().global("os", "system").text("echo > owned").op(b"\x85R.").0),
        ("a header of 2^64 - 1", [&u64::MAX.to_le_bytes()[..], b"{}"].concat()),
        ("a header of 99 MB that isn't there", [&99_000_000_u64.to_le_bytes()[..], b"{"].concat()),
        ("a nested header", safetensors(&"{\"a\":".repeat(50_000))),
        (
            "a tensor over another",
            safetensors(
                r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            ),
        ),
        (
            "an overflowing tensor",
            safetensors(r#"{"a":{"dtype":"F32","shape":[9223372036854775807,3],"data_offsets":[0,4]}}"#),
        ),
        (
            "offsets the wrong way round",
            safetensors(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#),
        ),
        ("no tensors", safetensors("{}")),
    ];
    files.extend(others.into_iter().map(|(what, bytes)| (what.to_owned(), bytes)));
    files
}
