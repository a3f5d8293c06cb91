use std::{fs, io::Cursor, os::unix::fs::symlink, path::Path};

use super::{
    super::{
        Fault, FileFault, NotAnId, Place,
        problem::Problems,
        table::{self, Bounds},
    },
    fixture::{Case, Sound, check, load, rewrite},
};

const FILE: &str = "age_class_weights.json";

macro_rules! case {
    ($name:literal, $spoil:expr, $file:literal : $line:literal, $fault:pat) => {
        Case {
            name: $name,
            spoil: $spoil,
            place: ($file, Some($line)),
            fault: |fault| matches!(fault, $fault),
        }
    };
    ($name:literal, $spoil:expr, $file:literal, $fault:pat) => {
        Case { name: $name, spoil: $spoil, place: ($file, None), fault: |fault| matches!(fault, $fault) }
    };
}

fn put(data: &Path, name: &str, content: impl AsRef<[u8]>) {
    fs::write(data.join(name), content).expect("writable");
}

/// The validation set with one more row, on line 4.
fn add(data: &Path, row: impl AsRef<[u8]>) {
    let mut csv = fs::read(data.join("validation.csv")).expect("there");
    csv.extend_from_slice(row.as_ref());
    put(data, "validation.csv", csv);
}

#[test]
fn a_file_that_is_no_table_is_refused() {
    check(&[
        case!(
            "missing",
            |data| fs::remove_file(data.join("validation.csv")).expect("there"),
            "validation.csv",
            Fault::File(FileFault::Missing)
        ),
        case!(
            "a folder",
            |data| {
                fs::remove_file(data.join("test.csv")).expect("there");
                fs::create_dir(data.join("test.csv")).expect("writable");
            },
            "test.csv",
            Fault::File(FileFault::NotAFile)
        ),
        case!(
            "a link",
            |data| {
                fs::rename(data.join("test.csv"), data.join("other.csv")).expect("there");
                symlink("other.csv", data.join("test.csv")).expect("writable");
            },
            "test.csv",
            Fault::File(FileFault::SymbolicLink)
        ),
        case!("empty", |data| put(data, "test.csv", ""), "test.csv", Fault::Empty),
        case!("blank lines", |data| put(data, "test.csv", "\n\r\n\n"), "test.csv", Fault::Empty),
        case!("only a mark", |data| put(data, "test.csv", "\u{feff}"), "test.csv", Fault::Empty),
        case!(
            "only a header",
            |data| put(data, "test.csv", "image_id,age_group,person_id\n"),
            "test.csv",
            Fault::NoRows
        ),
        case!("no ids", |data| rewrite(data, "test.csv", |text| text.replace("image_id", "image")), "test.csv":1, Fault::MissingColumn("image_id")),
        case!("no labels", |data| rewrite(data, "test.csv", |text| text.replace("age_group", "Age_Group")), "test.csv":1, Fault::MissingColumn("age_group")),
        case!("no persons", |data| rewrite(data, "test.csv", |text| text.replace("person_id", " person_id")), "test.csv":1, Fault::MissingColumn("person_id")),
        case!("labels twice", |data| rewrite(data, "test.csv", |text| text.replace(",age,", ",age_group,")), "test.csv":1, Fault::RepeatedColumn("age_group")),
    ]);
}

#[test]
fn a_row_that_is_no_row_is_refused() {
    check(&[
        case!("too few fields", |data| add(data, "v-2,0\n"), "validation.csv":4, Fault::FieldCount { have: 2, want: 4 }),
        case!("too many fields", |data| add(data, "v-2,0,20,p0,p1\n"), "validation.csv":4, Fault::FieldCount { have: 5, want: 4 }),
        case!("an open quote", |data| add(data, "v-2,0,\"20,p0\n"), "validation.csv":4, Fault::UnclosedQuote),
        case!("a long field", |data| add(data, format!("v-2,0,{},p0\n", "9".repeat(4097))), "validation.csv":4, Fault::FieldTooLong { column: 3, limit: 4096 }),
        case!("a long line", |data| add(data, "x".repeat(3 << 20)), "validation.csv":4, Fault::LineTooLong { limit: 65536 }),
        case!("not UTF-8", |data| add(data, b"v-\xff,0,20,p0\n"), "validation.csv":4, Fault::NotUtf8 { column: 1 }),
        case!("NUL", |data| add(data, "v-2\0,0,20,p0\n"), "validation.csv":4, Fault::Id(NotAnId::Image(_))),
        case!("out of the folder", |data| add(data, "..-..,0,20,p0\n"), "validation.csv":4, Fault::Id(NotAnId::Image(_))),
        case!("absolute", |data| add(data, "/etc-passwd,0,20,p0\n"), "validation.csv":4, Fault::Id(NotAnId::Image(_))),
        case!("climbing", |data| add(data, "../../a-b,0,20,p0\n"), "validation.csv":4, Fault::Id(NotAnId::Image(_))),
        case!("a person with a slash", |data| add(data, "v-0x,0,20,p/0\n"), "validation.csv":4, Fault::Id(NotAnId::Person(_))),
        case!("nobody", |data| add(data, "v-0x,0,20,\n"), "validation.csv":4, Fault::Id(NotAnId::Person(_))),
    ]);
}

#[test]
fn a_label_that_is_no_class_is_refused() {
    for label in ["2", "-1", "0.0", "1e0", "", " 1", "+1", "one", "NaN", "99999999999999999999", "\u{0661}"] {
        let folder = Sound::new();
        add(folder.path(), format!("v-2,{label},20,p0\n"));
        let refused = load(folder.path()).expect_err(label);
        let [problem] = &refused.problems[..] else { panic!("{label}: {refused}") };
        assert_eq!((problem.file, problem.line), ("validation.csv", Some(4)), "{label}");
        assert!(matches!(problem.fault, Fault::NotAClass { classes: 2, .. }), "{label}: {problem}");
    }
}

#[test]
fn an_image_belongs_to_one_set_once() {
    check(&[
        case!("twice in a set", |data| add(data, "v-0,0,20,p0\n"), "validation.csv":4, Fault::RepeatedImage { first: Place { file: "validation.csv", line: 2 }, .. }),
        case!("in training and validation", |data| add(data, "r-3,1,20,p1\n"), "validation.csv":4, Fault::RepeatedImage { first: Place { file: "retain.csv", line: 5 }, .. }),
        case!("in forget and validation", |data| add(data, "f-0,0,20,p2\n"), "validation.csv":4, Fault::RepeatedImage { first: Place { file: "forget.csv", line: 2 }, .. }),
        case!("in retain and forget", |data| rewrite(data, "forget.csv", |text| format!("{text}r-0,0,20,p5\n")), "forget.csv":4, Fault::RepeatedImage { first: Place { file: "retain.csv", line: 2 }, .. }),
        case!("a person to forget and to retain", |data| rewrite(data, "forget.csv", |text| text.replace("p3", "p1")), "forget.csv":3, Fault::SharedPerson { retained: Place { file: "retain.csv", line: 3 }, .. }),
        case!(
            "a class nobody has",
            |data| for list in ["retain.csv", "forget.csv"] {
                rewrite(data, list, |text| text.replace(",1,", ",0,"));
            },
            "retain.csv",
            Fault::MissingClass { class: 1 }
        ),
    ]);
}

#[test]
fn class_counts_of_another_form_are_refused() {
    check(&[
        case!(
            "missing",
            |data| fs::remove_file(data.join(FILE)).expect("there"),
            "age_class_weights.json",
            Fault::File(FileFault::Missing)
        ),
        case!("empty", |data| put(data, FILE, ""), "age_class_weights.json", Fault::NotClassCounts(_)),
        case!("a list", |data| put(data, FILE, "[3, 3]"), "age_class_weights.json", Fault::NotClassCounts(_)),
        case!(
            "NaN",
            |data| put(data, FILE, "{\"0\": NaN, \"1\": 3}"),
            "age_class_weights.json",
            Fault::NotClassCounts(_)
        ),
        case!(
            "deeply nested",
            |data| put(data, FILE, format!("{{\"0\": {}", "[".repeat(500_000))),
            "age_class_weights.json",
            Fault::NotClassCounts(_)
        ),
        case!(
            "nested objects",
            |data| put(data, FILE, "{\"0\":".repeat(100_000)),
            "age_class_weights.json",
            Fault::NotClassCounts(_)
        ),
        case!(
            "something after it",
            |data| put(data, FILE, "{\"0\": 3, \"1\": 3} {}"),
            "age_class_weights.json",
            Fault::NotClassCounts(_)
        ),
        case!(
            "not UTF-8",
            |data| put(data, FILE, b"{\"\xff\": 3}"),
            "age_class_weights.json",
            Fault::NotClassCounts(_)
        ),
        case!(
            "large",
            |data| put(data, FILE, " ".repeat((1 << 20) + 1)),
            "age_class_weights.json",
            Fault::File(FileFault::TooLarge { limit: 1_048_576 })
        ),
    ]);
}

#[test]
fn class_counts_of_other_values_are_refused() {
    check(&[
        case!(
            "zero",
            |data| put(data, FILE, "{\"0\": 0, \"1\": 3}"),
            "age_class_weights.json",
            Fault::NotACount { class: 0, .. }
        ),
        case!(
            "negative",
            |data| put(data, FILE, "{\"0\": 3, \"1\": -3}"),
            "age_class_weights.json",
            Fault::NotACount { class: 1, .. }
        ),
        case!(
            "a fraction",
            |data| put(data, FILE, "{\"0\": 0.5, \"1\": 3}"),
            "age_class_weights.json",
            Fault::NotACount { class: 0, .. }
        ),
        case!(
            "a text",
            |data| put(data, FILE, "{\"0\": \"3\", \"1\": 3}"),
            "age_class_weights.json",
            Fault::NotACount { class: 0, .. }
        ),
        case!(
            "null",
            |data| put(data, FILE, "{\"0\": null, \"1\": 3}"),
            "age_class_weights.json",
            Fault::NotACount { class: 0, .. }
        ),
        case!(
            "beyond 64 bits",
            |data| put(data, FILE, "{\"0\": 99999999999999999999, \"1\": 3}"),
            "age_class_weights.json",
            Fault::NotACount { class: 0, .. }
        ),
        case!(
            "a class twice",
            |data| put(data, FILE, "{\"0\": 3, \"1\": 3, \"0\": 4}"),
            "age_class_weights.json",
            Fault::RepeatedClass { class: 0 }
        ),
        case!(
            "a class too few",
            |data| put(data, FILE, "{\"0\": 3}"),
            "age_class_weights.json",
            Fault::UncountedClass { class: 1 }
        ),
        case!(
            "a class too many",
            |data| put(data, FILE, "{\"0\": 3, \"1\": 3, \"2\": 3}"),
            "age_class_weights.json",
            Fault::UnknownClass { classes: 2, .. }
        ),
        case!(
            "a class with a zero before it",
            |data| put(data, FILE, "{\"0\": 3, \"1\": 3, \"01\": 3}"),
            "age_class_weights.json",
            Fault::UnknownClass { .. }
        ),
    ]);
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let folder = Sound::new();
    let refused = load(&folder.path().join("none")).expect_err("nothing there");
    assert!(matches!(refused.problems[0].fault, Fault::File(FileFault::Missing)), "{refused}");
    let refused = load(&folder.path().join("test.csv")).expect_err("a file");
    assert!(matches!(refused.problems[0].fault, Fault::File(FileFault::Unreadable(_))), "{refused}");
}

#[test]
fn rows_beyond_the_bound_are_not_read() {
    let bounds = Bounds { rows: 2, ..Bounds::DATA_SET };
    let (mut problems, mut seen) = (Problems::default(), Vec::new());
    let input = Cursor::new("a,b\n1,2\n3,4\n5,6\n7,8\n");
    table::read(input, ("x.csv", (["b"], [])), bounds, &mut problems, |_, [b], _, _| {
        seen.push(b.to_owned());
    });
    assert_eq!(seen, ["2", "4"]);
    let refused = problems.or(Path::new("."), ()).expect_err("too many rows");
    assert!(matches!(
        refused.problems[..],
        [super::super::Problem { fault: Fault::TooManyRows { limit: 2 }, .. }]
    ));
}

#[test]
fn no_line_of_whatever_bytes_makes_the_reader_fail() {
    use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
    proptest!(ProptestConfig::with_cases(512), |(tail in proptest::collection::vec(any::<u8>(), 0..300))| {
        let mut bytes = b"a,b\n".to_vec();
        bytes.extend(tail);
        let bounds = Bounds { rows: 5, line: 40, field: 10 };
        let mut rows = 0;
        table::read(Cursor::new(bytes), ("x.csv", (["a", "b"], [])), bounds, &mut Problems::default(), |_, fields, _, _| {
            rows += 1;
            assert!(fields.iter().all(|field| field.len() <= 10));
        });
        prop_assert!(rows <= 5);
    });
}
