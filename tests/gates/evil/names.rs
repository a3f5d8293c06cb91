//! Names that a user, or a file of a stranger's, may carry into a grid: refused, or shown so that nothing obeys them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use walkdir::WalkDir;

use crate::report::Report;

/// Markup, formulas, terminal controls, shell words, paths, templates.
pub(super) const WORDS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onfocus='alert(1)' autofocus='",
    "</style><svg onload=alert(1)>",
    "javascript:alert(1)",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
    "{{ 7 * 77777 }}{% include \"/etc/passwd\" %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "</td></tr></table><h1>x</h1>",
    "<base href=//x>",
    "=cmd|'/C calc'!A0",
    "+1+cmd|'x'!A0",
    "-2+3+cmd|'x'!A0",
    "@SUM(1+1)*cmd|'x'!A0",
    "\t=1+1",
    "\u{ff1d}1+1",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{9b}31m",
    "a\r\nb",
    "\u{202e}gnp.exe",
    "\u{200b}",
    "\u{8}\u{8}\u{8}",
    "$(echo > owned)",
    "`echo > owned`",
    "; echo > owned",
    "| tee owned",
    "&& echo > owned",
    "'; echo > owned; '",
    "\n#SBATCH --wrap='echo > owned'",
    "-rf",
    "--help",
    "%j%x%u",
    "../../canary",
    "/etc/passwd",
    "~/.ssh/id_rsa",
    "${AWS_SECRET_ACCESS_KEY}",
    "%(name)s",
    "{0}",
    "\\u003cscript\\u003e",
    "\u{feff}x",
];

/// What the environment of the command holds and nothing that it writes may.
const SECRET: &str = "canary-e7a950 of the environment";

pub(super) fn run(report: &mut Report, folder: &Path) {
    for word in WORDS {
        let quoted = quoted(word);
        let grids = [
            ("the name", format!("name = {quoted}\nengine = \"toy\"\nseeds = 1\n[method.identity]\n")),
            (
                "a label",
                format!(
                    "name = \"n\"\nengine = \"toy\"\nseeds = 1\n[method.{quoted}]\nmethod = \"simulated\"\n"
                ),
            ),
            (
                "a method",
                format!("name = \"n\"\nengine = \"toy\"\nseeds = 1\n[method.a]\nmethod = {quoted}\n"),
            ),
            (
                "a key",
                format!("name = \"n\"\nengine = \"toy\"\nseeds = 1\n{quoted} = 1\n[method.identity]\n"),
            ),
            ("an engine", format!("name = \"n\"\nengine = {quoted}\nseeds = 1\n[method.identity]\n")),
            (
                "a condition",
                format!(
                    "name = \"n\"\nengine = \"toy\"\nseeds = 1\n[method.identity]\n[[exclude]]\nwhen = {quoted}\n"
                ),
            ),
            ("the data", format!("name = \"n\"\nseeds = 1\n[data]\npath = {quoted}\n[method.identity]\n")),
        ];
        for (place, grid) in grids {
            report.trial(&format!("{word:?} as {place}"), || {
                fs::write(folder.join("grid.toml"), &grid).expect("writable");
                let output = sweep(folder, &["plan", "grid.toml"]);
                assert!(matches!(output.status.code(), Some(2 | 3)), "it ends with {}", output.status);
                super::check(&String::from_utf8_lossy(&output.stderr), folder);
                assert!(!String::from_utf8_lossy(&output.stderr).contains(SECRET), "it tells a secret");
            });
        }
    }
    shown(report, folder);
}

fn quoted(word: &str) -> String {
    let escaped: String = word
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

fn sweep(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sweep"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("NO_COLOR", "1")
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("HF_TOKEN", SECRET)
        .env("WANDB_API_KEY", SECRET)
        .output()
        .expect("sweep starts")
}

/// The same words where they are allowed: as values of a user's own hyper-parameter, carried through a whole sweep.
fn shown(report: &mut Report, folder: &Path) {
    let values: Vec<String> = WORDS.iter().map(|word| quoted(word)).collect();
    let grid = format!(
        "name = \"words\"\nengine = \"toy\"\nseeds = 1\n[oracle]\nmodels = 1\nheld-out = 1\n[method.own]\nmethod = \"recipe\"\n\
         note = [{}]\nphases = [{{ reinit = {{ tensors = {{ named = [\"$note\"] }} }} }}]\n",
        values.join(", ")
    );
    fs::write(folder.join("words.toml"), grid).expect("writable");
    let mut said = Vec::new();
    for arguments in [
        &["plan", "words.toml", "--explain"][..],
        &["words.toml", "--out", "r"],
        &["report", "r"],
        &["status", "r"],
    ] {
        report.trial(&format!("{arguments:?}"), || {
            let output = sweep(folder, arguments);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            said.extend(output.stdout);
            said.extend(output.stderr);
            super::check(&String::from_utf8_lossy(&said), folder);
        });
    }
    report.trial("the page", || page(&folder.join("r/report.html")));
    report.trial("the tables", || tables(folder));
    report.trial("secrets", || {
        let mut files: Vec<(PathBuf, Vec<u8>)> = vec![("what it said".into(), said.clone())];
        let all = WalkDir::new(folder.join("r")).into_iter().filter_map(Result::ok);
        files.extend(all.filter(|entry| entry.file_type().is_file()).map(|entry| {
            let path = entry.into_path();
            let bytes = fs::read(&path).expect("readable");
            (path, bytes)
        }));
        assert!(files.len() > 40, "the walk finds the results");
        for (path, bytes) in files {
            let secret = SECRET.as_bytes();
            assert!(
                !bytes.windows(secret.len()).any(|window| window == secret),
                "a secret in {}",
                path.display()
            );
        }
    });
}

/// The page without what stands inside of its two scripts: the points, which hold no `<`, and ours, whose hash the policy names.
fn without_scripts(page: &str) -> String {
    let mut pieces = page.split("</script>");
    let (points, ours) = (pieces.next().unwrap_or_default(), pieces.next().unwrap_or_default());
    let rest: Vec<&str> = pieces.collect();
    assert_eq!(rest.len(), 1, "two scripts");
    let (before, points) =
        points.split_once("<script type=\"application/json\" id=\"points\">").expect("the points");
    assert!(!points.contains('<'), "an element among the points");
    let (between, _) = ours.split_once("<script>").expect("our script");
    format!("{before}{between}{}", rest[0])
}

/// No word became an element or an attribute.
fn page(path: &Path) {
    let page = without_scripts(&fs::read_to_string(path).expect("a page"));
    let tags: Vec<&str> = page.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect();
    let known = [
        "!doctype",
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "header",
        "p",
        "h1",
        "h2",
        "h3",
        "section",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "strong",
        "small",
        "sup",
        "pre",
        "em",
        "code",
        "figure",
        "img",
        "figcaption",
        "span",
        "dl",
        "dt",
        "dd",
        "a",
    ];
    for tag in &tags {
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap_or_default();
        assert!(known.contains(&name), "an element that the template doesn't have: <{tag}>");
        let attributes = tag.split("data:").next().unwrap_or(tag).to_lowercase();
        assert!(!attributes.contains(" on") && !attributes.contains("javascript:"), "<{tag}>");
    }
    assert_eq!(tags.iter().filter(|tag| tag.starts_with("h1")).count(), 1, "one heading");
    assert!(page.contains("default-src 'none'"), "the page has its policy");
    assert!(!page.contains("544439"), "no template of a stranger's is filled in");
}

/// No cell is a formula, and every cell is one line.
fn tables(folder: &Path) {
    for name in ["runs.csv", "points.csv"] {
        let text = fs::read_to_string(folder.join("r").join(name)).expect("a table");
        assert!(text.contains("cmd|"), "the words stand in {name}");
        for cell in text.lines().flat_map(|line| line.split(',')) {
            let cell = cell.trim_start_matches('"');
            let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}'])
                && cell.parse::<f64>().is_err();
            assert!(!formula, "a formula in {name}: {cell}");
        }
        assert!(!text.chars().any(|c| c != '\n' && c.is_control()), "a control character in {name}");
    }
}
