//! The page: one file that asks no network. The only script that it runs, and the only style that it has, are ours: its
//! policy names them by their hashes, so that nothing else runs even where something slipped through.

use base64::{Engine, engine::general_purpose::STANDARD};
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::ReportError;

const TEMPLATE: &str = include_str!("../../assets/report.html");
/// Sections that are files of their own.
const PARTS: [(&str, &str); 10] = [
    ("explore.html", include_str!("../../assets/explore.html")),
    ("curves.html", include_str!("../../assets/curves.html")),
    ("confirmation.html", include_str!("../../assets/confirmation.html")),
    ("nulls.html", include_str!("../../assets/nulls.html")),
    ("originals.html", include_str!("../../assets/originals.html")),
    ("subgroups.html", include_str!("../../assets/subgroups.html")),
    ("reproduce.html", include_str!("../../assets/reproduce.html")),
    ("stages.html", include_str!("../../assets/stages.html")),
    ("audits.html", include_str!("../../assets/audits.html")),
    ("shadows.html", include_str!("../../assets/shadows.html")),
];
const STYLE: &str = include_str!("../../assets/report.css");

/// The script in its parts; what runs while they are read needs those before it.
const SCRIPT: [&str; 12] = [
    include_str!("../../assets/page/points.js"),
    include_str!("../../assets/page/selection.js"),
    include_str!("../../assets/page/drawing.js"),
    include_str!("../../assets/page/slices.js"),
    include_str!("../../assets/page/parallel.js"),
    include_str!("../../assets/page/tradeoff.js"),
    include_str!("../../assets/page/importance.js"),
    include_str!("../../assets/page/picked.js"),
    include_str!("../../assets/page/curves.js"),
    include_str!("../../assets/page/table.js"),
    include_str!("../../assets/page/controls.js"),
    include_str!("../../assets/page/page.js"),
];

/// Fills the template; its name makes minijinja escape everything that goes in. `points` is what the script reads.
pub(super) fn page(view: Value, points: &impl Serialize) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template("report.html", TEMPLATE)?;
    for (name, part) in PARTS {
        environment.add_template(name, part)?;
    }
    let (style, script) = (style(), hashed(format!("\"use strict\";\n{}", SCRIPT.join("\n"))));
    let points = Value::from_safe_string(json(points));
    Ok(environment.get_template("report.html")?.render(context! { style, script, points, view })?)
}

/// Fills a template that has neither parts nor a script. `name` ends in .html, which makes minijinja escape everything that goes in.
pub(super) fn plain_page(name: &str, template: &str, values: Value) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template(name, template)?;
    Ok(environment.get_template(name)?.render(values)?)
}

/// The style of all pages.
pub(super) fn style() -> Value {
    hashed(STYLE.to_owned())
}

/// Text that stands between two tags word for word, and how the policy of the page names it.
fn hashed(text: String) -> Value {
    let hash = format!("sha256-{}", STANDARD.encode(Sha256::digest(&text)));
    context! { text => Value::from_safe_string(text), hash => Value::from_safe_string(hash) }
}

/// JSON that can't end the element around it: what HTML would look at is written as JSON's own escapes.
fn json(data: &impl Serialize) -> String {
    let text = serde_json::to_string(data).expect("columns of numbers and text serialise");
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// A PNG as a data URI.
pub(super) fn png_uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

/// An SVG as a data URI: in an `<img>` it can neither run scripts nor load anything.
pub(super) fn data_uri(svg: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut uri = String::with_capacity(svg.len() * 3 / 2);
    uri.push_str("data:image/svg+xml,");
    for byte in svg.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'/'
            | b':'
            | b'='
            | b','
            | b';' => {
                uri.push(char::from(byte));
            }
            _ => {
                uri.push('%');
                uri.push(char::from(HEX[usize::from(byte >> 4)]));
                uri.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    uri
}
