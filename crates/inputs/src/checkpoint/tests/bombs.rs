//! Files that try to use up the machine.

use super::{
    super::{CheckpointError, LayoutProblem, PickleProblem},
    forge::{Claim, HONEST, Pickle, checkpoint, six},
    meter, refused,
};

/// Bytes that reading may need beyond what the file itself has: a million values, and room to grow.
const MEMORY: usize = 96 << 20;

#[test]
fn bombs_are_refused_before_they_go_off() {
    let deep = || Pickle::begin().op(b")").op(&vec![0x85; 2_000_000]).op(b".");
    let lists = Pickle::begin().op(&b"]".repeat(1_000)).op(&b"a".repeat(999)).op(b".");
    let dicts = Pickle::begin().op(&b"}N".repeat(1_000)).op(b"}").op(&b"s".repeat(1_000)).op(b".");
    let marks = Pickle::begin().op(&b"(".repeat(2_000_000)).op(b".");
    let itself = Pickle::begin().op(b"]q\0").op(&b"h\0a".repeat(100)).op(b".");
    let laughs = Pickle::begin().op(b")").op(&b"q\0h\0\x86".repeat(100)).op(b".");
    let memo = |index: u32| Pickle::begin().op(b"}r").op(&index.to_le_bytes()).op(b".");
    let text = |length: u32| Pickle::begin().op(b"X").op(&length.to_le_bytes()).op(b"abc.");
    let long = Pickle::begin().text(&"x".repeat(70_000)).op(b".");
    let line = Pickle::begin().op(b"c").op(&b"x".repeat(70_000)).op(b"\nx\n.");
    let busy = Pickle::begin().op(&b"N".repeat(1_500_000)).op(b".");
    let remembered = Pickle::begin().op(b"}").op(&b"\x94".repeat(200_000)).op(b".");
    let items = Pickle::begin().op(b"}(").op(&b"N".repeat(990_000)).op(b"u").op(&b")".repeat(20_000));
    let bombs = [
        ("two million tuples", deep()),
        ("a thousand lists", lists),
        ("a thousand dictionaries", dicts),
        ("two million marks", marks),
        ("a list in itself", itself),
        ("billion laughs", laughs),
        ("memo 2^28", memo(1 << 28)),
        ("memo 2^32", memo(u32::MAX)),
        ("memo just too large", memo(100_000)),
        ("a text of 4 GiB", text(u32::MAX)),
        ("a text of 2 GiB", text(1 << 31)),
        ("a text just too long", long),
        ("a name without end", line),
        ("too many instructions", busy),
        ("too many memories", remembered),
        ("a million items", items),
    ];
    for (what, pickle) in bombs {
        let bytes = checkpoint(&pickle.0, &[("0", &six())]);
        let (refusal, peak) = meter::peak(|| refused(what, &bytes));
        let problem = match refusal {
            CheckpointError::Pickle { problem, .. } => problem,
            other => panic!("{what}: {other}"),
        };
        assert!(
            matches!(
                problem,
                PickleProblem::TooDeep { .. }
                    | PickleProblem::Memo { .. }
                    | PickleProblem::LongText { .. }
                    | PickleProblem::TooLong
            ),
            "{what}: {problem}"
        );
        assert!(peak < MEMORY, "{what} used {peak} bytes");
    }
}

#[test]
fn values_that_multiply_when_copied_are_refused_before_they_are_copied() {
    let expanded = Claim { shape: &[1 << 40], strides: &[0], ..HONEST };
    let squared = Claim { shape: &[2048, 2048], strides: &[0, 0], ..HONEST };
    let shared = Claim { shape: &[1000, 1000], strides: &[0, 0], ..HONEST };
    let mut twice = Pickle::begin().op(b"}(");
    for name in ["a", "b"] {
        twice = twice.text(name).tensor(shared);
    }
    for (what, pickle) in [
        ("a stride of zero", Pickle::of(expanded)),
        ("two strides of zero", Pickle::of(squared)),
        ("one expansion too many", twice.op(b"u.").0),
    ] {
        let bytes = checkpoint(&pickle, &[("0", &six())]);
        let (refusal, peak) = meter::peak(|| refused(what, &bytes));
        let expansion = LayoutProblem::Expansion;
        assert!(
            matches!(&refusal, CheckpointError::Layout { problem, .. } if *problem == expansion),
            "{refusal}"
        );
        assert!(peak < MEMORY, "{what} used {peak} bytes");
    }
}

#[test]
fn shared_names_and_shapes_are_not_copied_per_tensor() {
    // 90,000 entries with one name of 60,000 bytes, then with one shape of 100,000 axes.
    let name = Pickle::begin().op(b"}(").text(&"n".repeat(60_000)).op(b"q\0").tensor(HONEST).op(b"q\x01");
    let name = name.op(&b"h\0h\x01".repeat(90_000)).op(b"u.");
    let shape = Pickle::begin().op(b"}(").text("a").global("torch._utils", "_rebuild_tensor_v2").op(b"(");
    let shape = shape.storage(HONEST).op(b"K\0(").op(&b"K\x01".repeat(100_000)).op(b"tq\0h\0\x89}tRq\x01");
    let shape = shape.op(&b"X\x01\0\0\0bh\x01".repeat(90_000)).op(b"u.");
    for (what, pickle) in [("one long name", name), ("one long shape", shape)] {
        let bytes = checkpoint(&pickle.0, &[("0", &six())]);
        let (_, peak) = meter::peak(|| refused(what, &bytes));
        assert!(peak < MEMORY, "{what} used {peak} bytes");
    }
}
