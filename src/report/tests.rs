use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path};

use insta::assert_snapshot;
use sweep_protocol::terms::UnitInterval;

use super::{Markup, PAPER_COLUMNS, Report, leaderboard, paper, provenance};
use crate::{
    audit::Audit,
    frame::{
        AuditNumbers, AuditRow, Entrant, Estimate, Frame, GroupedBy, Mean, Sentinel, ShiftRow, StageRow,
        SubgroupRow, Tested, printable, sample::Sample,
    },
    outcome::{Cause, Outcome},
};

/// Texts that have broken pages, from the usual collections.
const ATTACKS: &str = include_str!("tests/attacks.txt");

/// The attacks, one a line; `\\u{…}` stands for a character that a text file shouldn't hold.
fn attacks() -> Vec<String> {
    let spelt_out = |line: &str| {
        line.split("\\u{").enumerate().fold(String::new(), |text, (nth, piece)| match piece.split_once('}') {
            Some((code, rest)) if nth > 0 => {
                let code = u32::from_str_radix(code, 16).expect("hexadecimal digits");
                text + &char::from_u32(code).expect("a character").to_string() + rest
            }
            _ => text + piece,
        })
    };
    ATTACKS.lines().map(spelt_out).collect()
}

fn page(sample: &Sample) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let written = Report::write(folder.path(), &sample.frame()).expect("a writable folder");
    fs::read_to_string(written.page().expect("a page")).expect("UTF-8")
}

/// All tags with their attributes, pictures without their content.
fn tags(page: &str) -> Vec<&str> {
    let tag =
        |rest: &&str| rest.starts_with(|first: char| first.is_ascii_alphabetic() || "/!?".contains(first));
    let pieces = page.split('<').skip(1).filter(tag);
    pieces
        .map(|rest| rest.split('>').next().unwrap_or(rest))
        .map(|tag| tag.split("data:").next().unwrap_or(tag))
        .collect()
}

#[test]
fn no_text_from_outside_becomes_markup() {
    let harmless = page(&Sample::finished(3).on_data().hostile("harmless"));
    let attacks = attacks();
    assert!(attacks.len() >= 100, "{} attacks", attacks.len());
    for attack in &attacks {
        let hostile = page(&Sample::finished(3).on_data().hostile(attack));
        assert_eq!(tags(&harmless), tags(&hostile), "{attack}");
        assert_eq!(hostile.to_lowercase().matches("script>").count(), 3, "{attack}");
        assert!(!hostile.contains("544439"), "{attack}");
        assert!(hostile.chars().all(|c| c == '\n' || !c.is_control()), "{attack}");
    }
}

/// A staged and audited frame in which every text from outside is `text`.
fn examined(text: &str) -> Frame {
    let mut frame = Sample::finished(3).hostile(text).frame();
    let (dropped, audited, scored) = (4, 5, 6);
    let entrant =
        |point, left: Option<&str>| Entrant { point, objective: Some(0.5), left: left.map(str::to_owned) };
    let entrants = vec![entrant(dropped, Some(text)), entrant(audited, None)];
    frame.sweep.stages = vec![2, 4];
    let last = vec![entrant(audited, None)];
    let sentinels = vec![Sentinel { point: dropped, objective: Some(0.6), wins: Some(true) }];
    frame.stages = vec![
        StageRow { n: 2, decided: true, entrants, sentinels: Vec::new(), leaders: vec![dropped] },
        StageRow { n: 4, decided: false, entrants: last, sentinels, leaders: vec![audited] },
    ];
    let numbers = AuditNumbers {
        value: Mean { value: 0.625, half_width: Some(0.0123) },
        oracle: Some(0.5),
        expected: None,
        found: Some(0.01),
        tested: Some(Tested { p: 0.125, q: Some(0.25) }),
    };
    let row = |point, measure, numbers| AuditRow { point, audit: Audit::SimpleMia, measure, n: 4, numbers };
    let estimate = |value| Estimate { value, interval: None };
    let part = |by, name: &str| SubgroupRow {
        point: scored,
        by,
        name: name.to_owned(),
        examples: 7,
        n: 4,
        quality: Some(estimate(0.25)),
        told_apart: Some(0.5),
        shift: Some(ShiftRow { shift: estimate(1.5), found: 1.0 }),
        tested: Tested { p: 0.001, q: Some(0.004) },
        accuracy: Some(Mean { value: 0.75, half_width: Some(0.0625) }),
        oracle_accuracy: Some(0.5),
    };
    frame.subgroups = vec![part(GroupedBy::Person, &printable(text)), part(GroupedBy::Class, "3")];
    frame.audits = vec![row(audited, "accuracy", Ok(numbers)), row(dropped, "", Err(text.to_owned()))];
    frame
}

#[test]
fn stages_and_audits_are_shown_and_escaped() {
    let written = |frame: &Frame| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let written = Report::write(folder.path(), frame).expect("a writable folder");
        let page = fs::read_to_string(written.page().expect("a page")).expect("UTF-8");
        (page, fs::read_to_string(folder.path().join("audits.csv")).expect("a table"))
    };
    let (page, table) = written(&examined("harmless"));
    for shown in [
        "N = 2: 2 entered, 1 went on, 1 dropped",
        "with an error of 5 % over all pairs and stages",
        "Oracle: retrained",
        "0.625 ± 0.012",
        "p 0.125, q 0.250",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(table.contains("simple-mia,accuracy,4,0.625,0.0123,0.5,,0.01,0.125,0.25,,toy,"), "{table}");
    for shown in
        ["<h3>By person</h3>", "Told from retraining: 1 of 1 persons (q ≤ 0.05); worst person harmless under"]
    {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    for attack in attacks() {
        let (hostile, _) = written(&examined(&attack));
        assert_eq!(tags(&page), tags(&hostile), "{attack}");
    }
    let plain = Sample::finished(3).frame();
    assert!(
        plain.files().expect("tables").iter().all(|(name, _)| *name != "audits.csv"),
        "nothing is audited"
    );
}

#[test]
fn exact_tests_come_with_q_values_and_in_words() {
    let sample = Sample::finished(3).on_data();
    let page = page(&sample);
    for shown in [
        "<h2>Against retraining</h2>",
        "Told from retraining: 1 of 3 points (q ≤ 0.05).",
        "No test tells its models from retrained ones (p = 0.716; N = 4 finds a shift of 1.250 standard",
        "<strong>0.0010</strong>",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(!page.contains("differ from the oracle"), "the ceiling is like the oracle");
}

#[test]
fn provenance_is_escaped_like_everything_else() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = serde_json::json!({"<b>host": "<script>x</script>\u{1b}[2J", "deep": {"torch": "2.11.0"}});
    fs::write(folder.path().join("provenance.json"), text.to_string()).expect("writable");
    let written = Report::write(folder.path(), &Sample::finished(1).frame()).expect("writable");
    let page = fs::read_to_string(written.page().expect("a page")).expect("UTF-8");
    assert!(
        page.contains("&lt;b&gt;host") && page.contains("\\x1b[2J") && !page.contains("<script>x"),
        "{page}"
    );
    assert!(page.contains("{&quot;torch&quot;:&quot;2.11.0&quot;}"), "{page}");
}

#[test]
fn provenance_that_is_no_object_or_too_deep_is_left_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for damaged in ["[1]", "{", "\u{0}", &format!("{{\"a\":{}", "[".repeat(100_000))] {
        fs::write(folder.path().join("provenance.json"), damaged).expect("writable");
        assert!(provenance::read(folder.path()).is_empty(), "{}", &damaged[..damaged.len().min(20)]);
    }
}

#[test]
fn the_page_asks_no_network_and_runs_our_script_alone() {
    let page = page(&Sample::finished(3).on_data());
    let between = |start: &str, end: &str| {
        let (_, rest) = page.split_once(start).unwrap_or_else(|| panic!("no {start}"));
        rest.split_once(end).expect("it ends").0.to_owned()
    };
    let hash = |text: &str| {
        let digest = <sha2::Sha256 as sha2::Digest>::digest(text);
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest)
    };
    let policy = format!(
        "content=\"default-src 'none'; img-src data:; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\"",
        hash(&between("<style>", "</style>")),
        hash(&between("<script>", "</script>")),
    );
    assert!(page.contains(&policy), "no {policy}");
    let points = between("<script type=\"application/json\" id=\"points\">", "</script>");
    assert!(serde_json::from_str::<serde_json::Value>(&points).is_ok(), "{points}");
    for outside in ["src=\"http", "href=\"http", "url(", "@import", "<link", "style=\"", "innerHTML", "eval("]
    {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("<img src=\"data:image&#x2f;svg+xml,").count(), 4, "four figures as data");
}

#[test]
fn simulated_numbers_carry_a_banner_and_real_ones_do_not() {
    assert!(page(&Sample::finished(1)).contains("the toy engine trains nothing"));
    assert!(!page(&Sample::finished(1).on_data()).contains("toy engine"));
}

#[test]
fn a_point_without_all_its_runs_is_a_dash_with_its_reason() {
    let sample = Sample::finished(3).on_data();
    let second = sample.method(1);
    let failed =
        Outcome::Failed { cause: Cause::WorkerLost, message: "the worker died of signal 9".to_owned() };
    let sample = sample.spoil(second, 1, &failed);
    let page = page(&sample);
    assert!(page.contains("1 of 4 runs finished; a score needs all of them"), "{page}");
    assert!(page.contains("the worker died of signal 9"));
    let lost = &sample.plan.runs.iter().filter(|run| run.point == second).nth(1).expect("four runs").id;
    assert!(page.contains(&format!("href=\"runs&#x2f;{lost}&#x2f;worker.log\"")), "{page}");
    assert!(page.contains("3 of 25 runs ended without a result"));
}

#[test]
fn a_report_is_the_same_when_it_is_made_again_and_only_the_owners() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let frame = Sample::finished(3).on_data().frame();
    let names = |folder: &Path| -> BTreeMap<String, Vec<u8>> {
        let files = ["", "figures"].map(|below| fs::read_dir(folder.join(below)).expect("a folder"));
        let files = files.into_iter().flatten().map(|entry| entry.expect("an entry").path());
        let files = files.filter(|path| path.is_file());
        files.map(|path| (path.display().to_string(), fs::read(&path).expect("a file"))).collect()
    };
    let written = Report::write(folder.path(), &frame).expect("writable");
    let first = names(folder.path());
    Report::write(folder.path(), &frame).expect("writable");
    assert!(first == names(folder.path()), "some file differs");
    let listed: Vec<String> = written.paths.iter().map(|path| path.display().to_string()).collect();
    assert!(first.keys().all(|name| listed.contains(name)) && first.len() == listed.len(), "{listed:?}");
    for path in &written.paths {
        let mode = fs::metadata(path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn the_leaderboard_ranks_and_explains() {
    let sample = Sample::finished(3);
    let second = sample.method(1);
    let frame = sample.spoil(second, 2, &Outcome::Cancelled).frame();
    assert_snapshot!(leaderboard(&frame, Some(100)), @r"
    quickstart · N = 4 · given one original · split none · engine toy (simulated numbers)
     #   point                            score [95 %]              p (q)             test %
    ─────────────────────────────────────────────────────────────────────────────────────────────
         ceiling (retrained)              0.186 [0.149, 0.216]      1.000             87.9 ± 0.3
     1   neggrad-plus lr=0.001 epochs=1   0.134 [0.107, 0.156]      0.716 (1.000)     88.9 ± 0.3
     2   finetune lr=0.001 epochs=1       0.018 [0.014, 0.023]      0.0010 (0.0020)   88.0 ± 0.3
     –   ct lr=0.001 epochs=5             –                         –                 89.3 ± 1.2
         floor (identity)                 0.0003 [0.0003, 0.0024]   0.0010            84.3 ± 0.3
    … 7 columns without room; points.csv has all
    – ct lr=0.001 epochs=5: 2 of 4 runs finished; a score needs all of them
    ");
}

#[test]
fn flagged_points_are_marked_and_the_marks_explained() {
    let sample = Sample::finished(2);
    let (first, second) = (sample.method(0), sample.method(1));
    let sample = sample
        .measuring(first, 3, |measured| {
            measured.accuracy.retain = UnitInterval::new(0.1).expect("a fraction");
        })
        .measuring(second, 0, |measured| measured.unchanged = true);
    let (text, page) = (leaderboard(&sample.frame(), None), page(&sample));
    for (mark, title, sentence) in [
        (
            "†",
            "finetune lr=0.001 epochs=1",
            "† 1 of 4 runs of the points concerned collapsed: retain accuracy below 0.9 of the original's",
        ),
        (
            "‡",
            "ct lr=0.001 epochs=5",
            "‡ 4 of 4 runs of the points concerned changed nothing: every weight is what it was",
        ),
    ] {
        assert!(text.contains(&format!("{title} {mark} ")), "{text}");
        assert!(text.lines().any(|line| line == sentence), "{text}");
        assert!(page.contains(&format!("{title} <sup>{mark}</sup>")), "{page}");
        assert!(page.contains(&sentence.replace('\'', "&#x27;")), "{page}");
    }
    let plain = leaderboard(&Sample::finished(2).frame(), None);
    assert!(!plain.contains(['†', '‡']), "{plain}");
}

#[test]
fn a_narrow_leaderboard_keeps_what_matters() {
    assert_snapshot!(leaderboard(&Sample::finished(2).on_data().frame(), Some(60)), @r"
    quickstart · N = 4 · given one original · split aaaaaaaaaaaa · engine torch
     #   point                        score [95 %]
    ──────────────────────────────────────────────────────────
         ceiling (retrained)          0.186 [0.149, 0.216]
     1   ct lr=0.001 epochs=5         0.062 [0.050, 0.074]
     2   finetune lr=0.001 epochs=1   0.018 [0.014, 0.023]
         floor (identity)             0.0003 [0.0003, 0.0024]
    … 9 columns without room; points.csv has all
    ");
}

#[test]
fn every_line_of_a_leaderboard_fits_the_terminal() {
    let frame = Sample::finished(9).on_data().hostile(&"long-name ".repeat(20)).frame();
    for width in [60_u16, 80, 100, 140, 200] {
        let text = leaderboard(&frame, Some(width));
        let rows = text.lines().skip(1).take_while(|line| !line.starts_with("– "));
        for line in rows {
            assert!(line.chars().count() <= usize::from(width), "{width}: {line}");
        }
    }
}

#[test]
fn a_leaderboard_never_controls_the_terminal() {
    let frame = Sample::finished(3).on_data().hostile("\u{1b}]0;owned\u{7}\r\n\u{9b}2J\u{202e}").frame();
    let text = leaderboard(&frame, None);
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text:?}");
    assert!(text.contains("\\x1b]0;owned\\x07\\x0d\\x0a\\x9b2J\\u{202e}"), "{text}");
}

/// The lines of a LaTeX table between its rules.
fn latex_rows(table: &str) -> Vec<&str> {
    let body = table.split("\\midrule\n").nth(1).expect("a rule below the heads");
    body.split("\\bottomrule").next().expect("a last rule").lines().collect()
}

#[test]
fn a_table_for_a_paper_has_all_rows_and_bold_type_where_one_is_alone_ahead() {
    let frame = Sample::finished(3).frame();
    let table = paper(&frame, Markup::Latex, false, &[]);
    let rows = latex_rows(&table);
    assert_eq!(rows.len(), 5, "ceiling, three points, floor: {table}");
    assert!(
        rows[0].starts_with("ceiling (retrained) & ") && rows[4].starts_with("floor (identity) & "),
        "{table}"
    );
    assert!(table.contains("retain \\%") && table.contains("$\\pm$"), "{table}");
    let first = frame.ranking()[0].0;
    let is_alone = frame.ranks(first).expect("ranked").worst == 1;
    assert_eq!(rows[1].contains("\\textbf{"), is_alone, "{table}");
    assert!(rows[2..].iter().all(|row| !row.contains("\\textbf{")), "{table}");
    let markdown = paper(&frame, Markup::Markdown, false, &[]);
    assert_eq!(markdown.lines().filter(|line| line.starts_with("| ")).count(), 7, "{markdown}");
    assert_eq!(markdown.contains("**"), is_alone, "{markdown}");
}

#[test]
fn no_text_from_outside_breaks_a_table() {
    for attack in attacks() {
        let frame = Sample::finished(3).on_data().hostile(&attack).frame();
        let table = paper(&frame, Markup::Latex, false, &[]);
        for row in latex_rows(&table) {
            assert!(row.ends_with(" \\\\"), "{attack}: {row}");
            let bare = row.replace("\\&", "").replace("\\%", "").replace("\\$", "").replace("\\#", "");
            assert_eq!(bare.matches('&').count(), 8, "{attack}: {row}");
            assert!(!bare.contains('%') && !bare.contains('#'), "{attack}: {row}");
        }
        let table = paper(&frame, Markup::Markdown, false, &[]);
        for row in table.lines().filter(|line| line.starts_with("| ")) {
            assert_eq!(row.replace("\\|", "").matches('|').count(), 12, "{attack}: {row}");
        }
    }
}

#[test]
fn numbers_for_programs_are_not_rounded_and_each_label_can_have_one_row() {
    let frame = Sample::finished(12).frame();
    let table = paper(&frame, Markup::Csv, false, &[]);
    let heads: Vec<&str> = table.lines().next().expect("a head").split(',').collect();
    let at = |head: &str| heads.iter().position(|own| *own == head).expect("a column");
    let (best, score) = frame.ranking()[0];
    let row: Vec<&str> = table.lines().nth(2).expect("the best, below the ceiling").split(',').collect();
    assert_eq!((row.len(), row[at("point")]), (heads.len(), best.title.as_str()));
    assert_eq!(row[at("score")], score.score.value.to_string());
    assert_eq!(row[at("score_low")], score.score.ends().0.to_string());
    let labels = frame
        .ranking()
        .iter()
        .map(|(point, _)| point.label.as_str())
        .collect::<std::collections::BTreeSet<_>>();
    let best = paper(&frame, Markup::Csv, true, &[]);
    assert!(labels.len() < 12, "some labels have several points");
    assert_eq!(best.lines().count(), 1 + labels.len() + 2, "{best}");
}

#[test]
fn a_table_has_the_columns_that_are_asked_for_in_its_own_order() {
    let frame = Sample::finished(3).frame();
    let heads = |markup, columns: &[&str]| {
        let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        let table = paper(&frame, markup, false, &columns);
        let is_head = |line: &&str| line.contains("point") && !line.starts_with('%');
        table.lines().find(is_head).expect("a head").to_owned()
    };
    assert_eq!(heads(Markup::Csv, &["passes", "of_ceiling"]), "point,of_ceiling,passes");
    assert_eq!(heads(Markup::Latex, &["forgetting_quality"]), "point & forgetting quality \\\\");
    for column in PAPER_COLUMNS {
        assert!(heads(Markup::Csv, &[column]).starts_with(&format!("point,{column}")), "{column}");
    }
    assert!(!heads(Markup::Latex, &[]).contains("ceiling"), "a page has no room for it");
}

/// Its group may hold more models than the others have.
#[test]
fn the_ceiling_says_of_how_many_models_its_score_is() {
    let mut frame = Sample::finished(2).frame();
    let ceiling = frame.points.iter_mut().find(|point| point.is_ceiling()).expect("held-out models");
    assert_eq!(ceiling.counts.finished, 4);
    ceiling.score.as_mut().expect("a score").n = 2;
    let text = leaderboard(&frame, None);
    let row = text.lines().find(|line| line.contains("ceiling (retrained)")).expect("a row");
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells[cells.len() - 2], "2", "{text}");
}
