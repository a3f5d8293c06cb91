//! The machine of CIFAR's pickles refuses everything else, at its place, in bounded memory.

use std::fs;

use super::fixtures;
use crate::pickle::{PickledBatch, pickled_batch};

fn recorded() -> Vec<u8> {
    fs::read(fixtures().join("cifar-10-batches-py/data_batch_1")).expect("recorded")
}

fn sound() -> (Vec<u8>, PickledBatch) {
    let file = recorded();
    let batch = pickled_batch(&file, "labels").expect("recorded");
    (file, batch)
}

#[test]
fn a_recorded_batch_is_read() {
    let (file, batch) = sound();
    assert_eq!((batch.width, batch.labels.len(), batch.pixels.len()), (3072, 20, 20 * 3072));
    let binary = fs::read(fixtures().join("cifar-10-batches-bin/data_batch_1.bin")).expect("recorded");
    for (row, image) in file[batch.pixels.clone()].chunks_exact(3072).enumerate() {
        assert_eq!(image, &binary[row * 3073 + 1..][..3072]);
        assert_eq!(batch.labels[row], i64::from(binary[row * 3073]));
    }
}

/// Every byte that isn't a pixel, with every bit flipped: what is still read has as many labels as images of bytes.
#[test]
fn no_flipped_bit_of_the_structure_makes_anything_else_of_it() {
    let (file, batch) = sound();
    let structure = (0..file.len()).filter(|at| !batch.pixels.contains(at));
    let (mut refused, mut read) = (0, 0);
    for at in structure {
        for bit in 0..8 {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << bit;
            match pickled_batch(&flipped, "labels") {
                Ok(found) => {
                    assert_eq!(
                        found.labels.len() * found.width,
                        found.pixels.len(),
                        "bit {bit} of byte {at}"
                    );
                    assert!(found.pixels.end <= file.len());
                    read += 1;
                }
                Err(error) => {
                    assert!(error.byte <= file.len(), "{error}");
                    refused += 1;
                }
            }
        }
    }
    // Labels, texts that nobody reads and numbers of memos may change; the rest may not.
    assert!(refused > 2_000 && read > 100, "{refused} refused, {read} read");
}

#[test]
fn every_cut_is_refused() {
    let (file, batch) = sound();
    let cuts = (0..batch.pixels.start).chain([batch.pixels.start + 1]).chain(batch.pixels.end..file.len());
    for end in cuts {
        pickled_batch(&file[..end], "labels").expect_err("cut");
    }
    pickled_batch(&[&file[..], b"."].concat(), "labels").expect_err("too long");
}

#[test]
fn other_names_are_refused_where_they_stand() {
    let file = recorded();
    for (name, other) in [
        ("numpy.core.multiarray\n_reconstruct", "os\nsystem"),
        ("numpy.core.multiarray\n_reconstruct", "numpy.core.multiarray\nscalar"),
        ("numpy.core.multiarray\n_reconstruct", "numpy.core.multiarray_\nreconstruct"),
        ("numpy\nndarray", "numpy\nmemmap"),
        ("numpy\nndarray", "numpy\nfromfile"),
        ("numpy\ndtype", "builtins\neval"),
        ("numpy\ndtype", "numpy\nndarray"),
    ] {
        let at = file.windows(name.len()).position(|window| window == name.as_bytes()).expect("it is named");
        let renamed = [&file[..at], other.as_bytes(), &file[at + name.len()..]].concat();
        let error = pickled_batch(&renamed, "labels").expect_err(other);
        // The instruction that names it, or the one that calls what it named.
        assert!((at - 1..at + 120).contains(&error.byte), "{other}: {error}, name at {at}");
    }
}

#[test]
fn arrays_of_other_things_are_refused() {
    let (file, batch) = sound();
    for (text, other) in [
        ("U\x02u1", "U\x02O8"),
        ("U\x02u1", "U\x02i1"),
        ("U\x02u1", "U\x02f8"),
        ("U\x01|", "U\x01<"),
        ("M\u{0}\x0c", "M\u{0}\x0d"),
        ("K\x14M", "K\x15M"),
        ("\x05NNNJ", "\x05NNKJ"),
    ] {
        let Some(at) = file.windows(text.len()).position(|window| window == text.as_bytes()) else {
            continue;
        };
        let changed = [&file[..at], other.as_bytes(), &file[at + text.len()..]].concat();
        pickled_batch(&changed, "labels").expect_err(other);
    }
    // The truth before the instruction that gives the pixels, which has five bytes.
    let fortran = batch.pixels.start - 6;
    assert_eq!(file[fortran], 0x89, "C order");
    let changed = [&file[..fortran], &[0x88], &file[fortran + 1..]].concat();
    pickled_batch(&changed, "labels").expect_err("Fortran order");
}

#[test]
fn claims_and_towers_are_refused_in_bounded_memory() {
    let begun = b"\x80\x02";
    let with = |rest: &[u8]| [&begun[..], rest].concat();
    for (what, file) in [
        ("ten gigabytes", with(b"T\xff\xff\xff\xff")),
        ("a tower of marks", with(&b"(".repeat(2_000_000))),
        ("a tower of tuples", with(&[&b")"[..], &b"\x85".repeat(2_000_000)].concat())),
        ("a list in itself", with(b"]q\x01h\x01a.")),
        ("lists of lists", with(&[&b"]q\x01"[..], &b"h\x01h\x01h\x01e".repeat(400_000)].concat())),
        ("nothing", Vec::new()),
        ("another protocol", b"\x80\x04\x95".to_vec()),
        ("a call of nothing", with(b"R")),
        ("a build of nothing", with(b"b")),
        ("a persistent id", with(b"U\x01xQ.")),
        ("an instance", with(b"(ios\nsystem\n.")),
        ("a new object", with(b")\x81.")),
        ("an extension", with(b"\x82\x01.")),
    ] {
        let error = pickled_batch(&file, "labels").expect_err(what);
        assert!(error.byte <= file.len(), "{what}: {error}");
    }
}
