//! Containers that are not what they seem.

use super::{
    super::{ArchiveProblem, CheckpointError},
    decoded,
    forge::{End, Entry, HONEST, Pickle, checkpoint, entries, six, zip, zip_with},
    meter, refused,
};

/// A falsification of the end records.
type Bend = fn(End) -> End;

fn honest() -> Vec<Entry> {
    entries(&Pickle::of(HONEST), &[("0", &six())])
}

fn archive_problem(what: &str, bytes: &[u8]) -> ArchiveProblem {
    match refused(what, bytes) {
        CheckpointError::Archive { problem, .. } => problem,
        other => panic!("{what} was refused for another reason: {other}"),
    }
}

/// The honest checkpoint with its storage entry (the third) changed.
fn changed(change: impl FnOnce(&mut Entry)) -> Vec<u8> {
    let mut entries = honest();
    change(&mut entries[2]);
    zip(&entries)
}

#[test]
fn torchscript_archives_and_packages_are_refused_as_programs() {
    for name in
        ["constants.pkl", "code/__torch__.py", "code/__torch__/net.py.debug_pkl", ".data/extern_modules"]
    {
        let mut entries = honest();
        let mut program = Entry::new(name, b"def forward(self): pass");
        // TorchScript compresses its code.
        program.method = 8;
        entries.insert(1, program);
        let refusal = refused(name, &zip(&entries));
        assert!(matches!(refusal, CheckpointError::Program { .. }), "{refusal}");
        assert!(refusal.to_string().contains("is a TorchScript program, not a state dict"), "{refusal}");
    }
}

#[test]
fn compressed_encrypted_and_unusual_entries_are_refused() {
    let entry = || "forged/data/0".to_owned();
    for method in [1, 8, 9, 12, 14, 93, 99] {
        let problem = archive_problem("compression", &changed(|entry| entry.method = method));
        assert_eq!(problem, ArchiveProblem::Compressed { entry: entry() });
    }
    let unusual = [
        ("encryption", changed(|entry| entry.flags |= 1)),
        ("strong encryption", changed(|entry| entry.flags |= 1 << 6)),
        ("patched data", changed(|entry| entry.flags |= 1 << 5)),
        ("masked headers", changed(|entry| entry.flags |= 1 << 13)),
        ("64-bit sizes", changed(|entry| entry.size = u32::MAX)),
        ("a 64-bit offset", changed(|entry| entry.offset = Some(u32::MAX))),
        ("attributes without a system", changed(|entry| entry.attributes = 0o100_644 << 16)),
        ("a name that goes up", changed(|entry| entry.name = "forged/../../data/9".to_owned())),
        ("a name from the root", changed(|entry| entry.name = "/etc/passwd".to_owned())),
        ("another system", changed(|entry| entry.made_by = 0x0b14)),
        ("a symbolic link", changed(|entry| (entry.made_by, entry.attributes) = (0x0314, 0o120_777 << 16))),
        ("a folder", changed(|entry| (entry.made_by, entry.attributes) = (0x0314, 0o040_755 << 16 | 0x10))),
    ];
    for (what, bytes) in unusual {
        let problem = archive_problem(what, &bytes);
        assert!(matches!(problem, ArchiveProblem::Unusual { .. }), "{what}: {problem}");
    }
}

#[test]
fn wrong_checksums_are_refused_wherever_they_are() {
    for index in 0..honest().len() {
        let mut entries = honest();
        entries[index].crc ^= 1;
        let entry = entries[index].name.clone();
        assert_eq!(archive_problem("a checksum", &zip(&entries)), ArchiveProblem::Checksum { entry });
    }
}

#[test]
fn duplicates_overlaps_and_gaps_are_refused() {
    let repeated = |index: usize| {
        let mut entries = honest();
        entries.push(entries[index].clone());
        (archive_problem("a duplicate", &zip(&entries)), entries[index].name.clone())
    };
    for index in 0..honest().len() {
        let (problem, entry) = repeated(index);
        assert_eq!(problem, ArchiveProblem::Repeated { entry });
    }
    let length = u32::try_from(six().len()).expect("small");
    for (what, bytes) in [
        ("an entry that starts in another", changed(|entry| entry.offset = Some(0))),
        ("an entry that starts one byte early", changed(|entry| entry.offset = Some(511))),
        ("an entry that starts beyond the file", changed(|entry| entry.offset = Some(1 << 30))),
        ("an entry longer than the file", changed(|entry| entry.size = 1 << 30)),
        ("an entry that reaches into the next", changed(|entry| entry.size = length + 1)),
        ("an entry that leaves a gap", changed(|entry| entry.size = length - 1)),
    ] {
        let problem = archive_problem(what, &bytes);
        assert!(
            matches!(problem, ArchiveProblem::Misplaced { .. } | ArchiveProblem::Contradiction { .. }),
            "{what}: {problem}"
        );
    }
}

#[test]
fn an_entry_hidden_from_the_directory_is_refused() {
    let visible = honest();
    let hidden = Entry::new("data.pkl", &Pickle::begin().global("os", "system").op(b".").0);
    let mut all = visible.clone();
    all.push(hidden);
    // The directory of the honest entries behind the contents of all.
    let bytes = zip(&all);
    let honest_bytes = zip(&visible);
    let honest_start =
        honest_bytes.windows(4).position(|window| window == b"PK\x01\x02").expect("a directory");
    let honest_end = honest_bytes.windows(4).position(|window| window == b"PK\x06\x06").expect("an end");
    let start = bytes.windows(4).position(|window| window == b"PK\x01\x02").expect("a directory");
    let mut forged = bytes[..start].to_vec();
    forged.extend_from_slice(&honest_bytes[honest_start..honest_end]);
    let size = (honest_end - honest_start) as u64;
    forged.extend(End { entries: visible.len() as u64, size, start: start as u64 }.bytes(forged.len()));
    assert_eq!(archive_problem("a hidden entry", &forged), ArchiveProblem::EndRecords);
}

#[test]
fn two_headers_that_disagree_are_refused() {
    let bytes = zip(&honest());
    // The third local header and its fields up to the extra length, but for the flag that says what follows.
    let local = (1..bytes.len())
        .filter(|&at| bytes[at..].starts_with(b"PK\x03\x04"))
        .nth(1)
        .expect("a third local header");
    for field in (4..30).chain([30, 35, 43, 44, 47, 60]) {
        let mut forged = bytes.clone();
        forged[local + field] ^= 2;
        let problem = archive_problem("a local header", &forged);
        let expected = matches!(
            problem,
            ArchiveProblem::Contradiction { .. }
                | ArchiveProblem::Misplaced { .. }
                | ArchiveProblem::Checksum { .. }
        );
        assert!(expected, "field {field}: {problem}");
    }
}

#[test]
fn end_records_that_lie_are_refused_without_allocating() {
    let bend: [(&str, Bend); 12] = [
        ("one entry more", |end| End { entries: end.entries + 1, ..end }),
        ("one entry less", |end| End { entries: end.entries - 1, ..end }),
        ("no entries", |end| End { entries: 0, ..end }),
        ("65535 entries", |end| End { entries: 65_535, ..end }),
        ("2^40 entries", |end| End { entries: 1 << 40, ..end }),
        ("2^64 - 1 entries", |end| End { entries: u64::MAX, ..end }),
        ("a smaller directory", |end| End { size: end.size - 1, ..end }),
        ("a larger directory", |end| End { size: end.size + 1, ..end }),
        ("an enormous directory", |end| End { size: u64::MAX, ..end }),
        ("an earlier directory", |end| End { start: end.start - 1, size: end.size + 1, ..end }),
        ("a directory at the start", |end| End { start: 0, size: end.start + end.size, ..end }),
        ("a directory beyond the end", |end| End { start: u64::MAX, ..end }),
    ];
    for (what, bend) in bend {
        let bytes = zip_with(&honest(), bend);
        let (problem, peak) = meter::peak(|| archive_problem(what, &bytes));
        assert!(
            matches!(
                problem,
                ArchiveProblem::EndRecords
                    | ArchiveProblem::Directory { .. }
                    | ArchiveProblem::TooManyEntries { .. }
            ),
            "{what}: {problem}"
        );
        assert!(peak < 1 << 16, "{what} used {peak} bytes");
    }
}

#[test]
fn bytes_before_behind_and_between_are_refused() {
    let bytes = zip(&honest());
    let mut behind = bytes.clone();
    behind.push(0);
    assert_eq!(archive_problem("a byte behind", &behind), ArchiveProblem::NoEnd);
    let mut twice = bytes.clone();
    twice.extend_from_slice(&bytes);
    archive_problem("two archives", &twice);
    let mut comment = bytes.clone();
    let length = comment.len();
    comment[length - 2] = 5;
    comment.extend_from_slice(b"hello");
    assert_eq!(archive_problem("a comment", &comment), ArchiveProblem::NoEnd);
    let mut before = b"PK\x03\x04".to_vec();
    before.extend_from_slice(&bytes);
    archive_problem("four bytes before", &before);
}

#[test]
fn archives_of_something_else_are_refused() {
    let without = |names: &[&str]| -> Vec<Entry> {
        honest().into_iter().filter(|entry| !names.iter().any(|name| entry.name.ends_with(name))).collect()
    };
    assert_eq!(archive_problem("no pickle", &zip(&without(&["data.pkl"]))), ArchiveProblem::NoPickle);
    assert!(matches!(refused("no entries", &zip(&[])), CheckpointError::Unrecognised { .. }));
    let mut elsewhere = honest();
    elsewhere[3].name = "other/version".to_owned();
    assert_eq!(archive_problem("two folders", &zip(&elsewhere)), ArchiveProblem::NoPickle);
    let mut two = honest();
    two.push(Entry { name: "data.pkl".to_owned(), ..two[0].clone() });
    assert_eq!(archive_problem("two pickles", &zip(&two)), ArchiveProblem::NoPickle);
    for order in [&b"middle"[..], b"", b"little\n", b"LITTLE"] {
        let mut entries = honest();
        entries[1] = Entry::new("byteorder", order);
        assert_eq!(archive_problem("a byte order", &zip(&entries)), ArchiveProblem::ByteOrder);
    }
    for version in [&b"0"[..], b"11", b"-1", b"three", b"", b"99999999999999999999", b"\xff"] {
        let mut entries = honest();
        entries[3] = Entry::new("version", version);
        assert_eq!(archive_problem("a version", &zip(&entries)), ArchiveProblem::Version);
    }
}

#[test]
fn a_stored_zip_written_by_another_implementation_reads_alike() {
    let bytes = checkpoint(&Pickle::of(HONEST), &[("0", &six())]);
    decoded(&bytes).expect("an honest file");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).expect("a ZIP file to others too");
    let mut storage = Vec::new();
    let mut entry = archive.by_name("forged/data/0").expect("the entry");
    std::io::Read::read_to_end(&mut entry, &mut storage).expect("its content");
    assert_eq!(storage, six());
}
