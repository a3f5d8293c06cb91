//! Figures for a paper are drawn from results alone, of the size that was asked for, and leave the report as it is.

use std::fs;

use crate::harness::Bench;

const GRID: &str = r#"
name = "paper"
engine = "toy"
seeds = 3
[oracle]
models = 3
held-out = 3
[toy]
examples = 6
[method.identity]
[method.simulated]
spread = [0.5, 1.0]
"#;

fn swept() -> Bench {
    let bench = Bench::new();
    bench.write("grid.toml", GRID);
    bench.sweep(["run", "grid.toml", "--out", "r"]).expect_code(0);
    bench
}

#[test]
fn figures_have_the_asked_size_in_every_format_and_the_report_stays_as_it_was() {
    let bench = swept();
    let before = fs::read(bench.path("r/figures/scores.svg")).expect("a figure of the report");
    let command = ["figures", "r", "--format", "pdf,svg,png", "--only", "scores,trade-off", "--no-title"];
    let size = ["--width", "8cm", "--font-size", "8", "--out", "paper"];
    let said = bench.sweep(command.into_iter().chain(size)).expect_code(0);
    let names: Vec<&str> = said.stdout.lines().collect();
    let all = ["scores.pdf", "scores.svg", "scores.png", "trade-off.pdf", "trade-off.svg", "trade-off.png"];
    assert_eq!(names, all.map(|name| format!("paper/{name}")));
    assert!(said.stderr.contains("Scores, best first: N = 3 · given one original"), "{}", said.stderr);
    assert!(bench.read("paper/scores.svg").contains("width=\"226.772pt\""));
    let pdf = fs::read(bench.path("paper/scores.pdf")).expect("drawn");
    assert!(pdf.starts_with(b"%PDF-1.7"));
    let text = String::from_utf8_lossy(&pdf).into_owned();
    assert!(text.contains("/MediaBox [0 0 226.77"), "8 cm are 226.77 pt");
    assert_eq!(before, fs::read(bench.path("r/figures/scores.svg")).expect("still there"));
    assert!(!bench.path("r/figures/scores.pdf").exists());
}

#[test]
fn nonsense_is_refused_before_anything_is_drawn() {
    let bench = swept();
    for (arguments, part) in [
        (vec!["--width", "0cm"], "a width of 0.00 cm"),
        (vec!["--width", "8"], "a number and its unit"),
        (vec!["--width", "8cm", "--font-size", "14"], "take a wider one, or letters of at most"),
        (vec!["--font-size", "0"], "from 4 to 24 pt"),
        (
            vec!["--only", "score"],
            "did you mean `scores`?; these can be drawn of this sweep: scores, differences",
        ),
        (vec!["--only", "losses"], "nothing for the figure `losses`"),
        (vec!["--out", "r/figures"], "holds the figures of `sweep report`"),
        (vec!["--format", "eps"], "possible values: pdf, svg, png"),
    ] {
        let command: Vec<&str> = ["figures", "r"].into_iter().chain(arguments.iter().copied()).collect();
        let said = bench.sweep(&command).expect_code(2);
        assert!(said.stderr.contains(part), "{arguments:?}: {}", said.stderr);
    }
    assert!(!bench.path("figures").exists());
}
