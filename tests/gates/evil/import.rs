//! Data sets of others that want to be executed, to fill the memory, or to be taken for something else.

use std::{fs, io::Write, path::Path};

use sweep_import::{
    Cifar, Division, ForgetRule, HeldOut, ImportError, ImportSummary, arrays, cifar, digits, folder,
    pickled_batch,
};

use sweep_faults::meter;

use crate::report::Report;

/// Most memory that a refusal may take, in bytes.
const MOST: usize = 256 << 20;

type Answer = Result<ImportSummary, ImportError>;

pub(super) fn run(report: &mut Report, folder: &Path) {
    for (what, pickle) in pickles(folder) {
        refuse(report, folder, what, |place| {
            for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"] {
                write(place, name, &pickle);
            }
            write(place, "test_batch", &pickle);
            cifar(Cifar::Ten, place, &place.join("out"), &division(), &|_, _| {})
        });
    }
    for (what, image) in images() {
        refuse(report, folder, what, |place| {
            write(place, "train/a/0.png", &image);
            self::folder(place, &place.join("out"), Some(32), &division(), &|_, _| {})
        });
    }
    for (what, x, y) in [
        ("objects", array("|O", "(9, 8, 8)", 9 * 64 * 8), array("|u1", "(9,)", 9)),
        ("labels of objects", array("|u1", "(9, 8, 8)", 9 * 64), array("|O", "(9,)", 72)),
        ("2^60 images", array("|u1", "(1152921504606846976, 8, 8)", 640), array("|u1", "(9,)", 9)),
        (
            "axes that overflow",
            array("|u1", "(4294967296, 4294967296, 4294967296)", 640),
            array("|u1", "(9,)", 9),
        ),
        ("no axes", array("|u1", "()", 1), array("|u1", "()", 1)),
        (
            "labels beyond every class",
            array("|u1", "(9, 8, 8)", 9 * 64),
            array("<u4", "(9,)", 36).map_last(0x7f),
        ),
    ] {
        refuse(report, folder, what, |place| {
            write(place, "x.npy", &x.0);
            write(place, "y.npy", &y.0);
            arrays(&place.join("x.npy"), &place.join("y.npy"), &place.join("out"), &division(), &|_, _| {})
        });
    }
    for (what, wheel) in [
        ("a bomb of 64 MiB", gzip(&vec![b'0'; 64 << 20])),
        ("lines that obey", gzip(b"\x1b[2J\n")),
        ("no wheel", b"PK\x03\x04 and nothing else".to_vec()),
        ("no gzip", b"plain".to_vec()),
        ("nothing", Vec::new()),
    ] {
        refuse(report, folder, what, |place| {
            write(place, "wheel", &wheel);
            digits(&place.join("wheel"), &place.join("out"), 8, &division(), &|_, _| {})
        });
    }
}

/// An import that must end in a refusal, and leaves nothing under the name that was asked for.
fn refuse(report: &mut Report, folder: &Path, what: &str, import: impl FnOnce(&Path) -> Answer) {
    report.trial(what, || {
        let place = folder.join("import");
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(&place).expect("writable");
        let (imported, memory) = meter::peak(|| import(&place));
        let refusal = imported.expect_err("it must be refused");
        assert!(memory < MOST, "it took {memory} bytes to refuse");
        assert!(!place.join("out").exists(), "something was written");
        super::check(&refusal.to_string(), folder);
    });
}

fn division() -> Division {
    let forget: ForgetRule = "random:0.1".parse().expect("a rule");
    Division { forget, held_out: HeldOut::ByClass, seed: 1 }
}

fn write(place: &Path, name: &str, content: &[u8]) {
    let path = place.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    fs::write(path, content).expect("writable");
}

/// A sound pickle of CIFAR's as Python 2 wrote it, of one black image.
pub(crate) fn sound_pickle() -> Vec<u8> {
    let mut file =
        b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x05batchq\x03U\x06labelsq\x04]q\x05K\x03a".to_vec();
    file.extend_from_slice(b"U\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\n");
    file.extend_from_slice(
        b"q\x07cnumpy\nndarray\nq\x08K\x00\x85q\x09U\x01bq\x0a\x87q\x0bRq\x0c(K\x01K\x01M\x00\x0c\x86q\x0d",
    );
    file.extend_from_slice(b"cnumpy\ndtype\nq\x0eU\x02u1q\x0fK\x00K\x01\x87q\x10Rq\x11(K\x03U\x01|q\x12NNN");
    file.extend_from_slice(b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x13b\x89T\x00\x0c\x00\x00");
    file.extend_from_slice(&[0; 3072]);
    file.extend_from_slice(b"q\x14tq\x15bu.");
    file
}

fn pickles(folder: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let sound = sound_pickle();
    pickled_batch(&sound, "labels").expect("the pickle that is spoilt is sound");
    let renamed = |name: &str, other: &str| {
        let at = sound.windows(name.len()).position(|window| window == name.as_bytes()).expect("it is named");
        [&sound[..at], other.as_bytes(), &sound[at + name.len()..]].concat()
    };
    let owned = folder.join("owned");
    let command = format!("\x28S'touch {}'\ntR.", owned.display());
    vec![
        ("a command", [b"\x80\x02cos\nsystem\n", command.as_bytes()].concat()),
        ("a command of protocol 0", [b"cos\nsystem\n", command.as_bytes()].concat()),
        ("a name in place of NumPy's", renamed("numpy.core.multiarray\n_reconstruct", "os\nsystem")),
        ("a memory map", renamed("numpy\nndarray", "numpy\nmemmap")),
        ("an array of objects", renamed("U\x02u1", "U\x02O8")),
        ("ten gigabytes", b"\x80\x02T\xff\xff\xff\xff".to_vec()),
        ("a tower of marks", [&b"\x80\x02"[..], &b"(".repeat(4 << 20)].concat()),
        ("a tower of tuples", [&b"\x80\x02)"[..], &b"\x85".repeat(4 << 20)].concat()),
        ("a list of itself", b"\x80\x02]q\x01h\x01a.".to_vec()),
        ("a billion laughs", [&b"\x80\x02]q\x00"[..], &b"(h\x00h\x00h\x00h\x00e".repeat(400_000)].concat()),
        ("half a pickle", sound[..sound.len() / 2].to_vec()),
        ("no end", sound[..sound.len() - 1].to_vec()),
        ("more than a pickle", [&sound[..], b"cos\nsystem\n"].concat()),
        ("an escape as its name", renamed("numpy\nndarray", "\x1b[2J\nndarray")),
    ]
}

fn images() -> Vec<(&'static str, Vec<u8>)> {
    let header = |width, height| {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        drop(encoder.write_header().expect("in memory"));
        file
    };
    // A frame of 65,535 by 65,535 pixels, and one of 4,096 by 4,096 without a single scan.
    let jpeg = |side: [u8; 2]| {
        let [high, low] = side;
        let mut file = b"\xff\xd8\xff\xc2\x00\x11\x08".to_vec();
        file.extend_from_slice(&[high, low, high, low, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
        file.extend_from_slice(b"\xff\xd9");
        file
    };
    vec![
        ("a PNG of 65535 pixels", header(65_535, 65_535)),
        ("a PNG of 2^31 - 1 pixels", header(i32::MAX as u32, i32::MAX as u32)),
        ("a PNG of 4096 pixels without any", header(4096, 4096)),
        ("a JPEG of 65535 pixels", jpeg([255, 255])),
        ("a JPEG of 4096 pixels without any", jpeg([16, 0])),
        ("a JPEG of no pixels", jpeg([0, 0])),
        ("a page", b"<html><script>alert(1)</script></html>".to_vec()),
        ("no bytes", Vec::new()),
    ]
}

/// The bytes of a NumPy file.
struct Npy(Vec<u8>);

impl Npy {
    fn map_last(mut self, byte: u8) -> Self {
        if let Some(last) = self.0.last_mut() {
            *last = byte;
        }
        self
    }
}

fn array(descr: &str, shape: &str, bytes: usize) -> Npy {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}\n");
    let start = [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes()].concat();
    Npy([start, vec![0; bytes]].concat())
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("in memory");
    encoder.finish().expect("in memory")
}
