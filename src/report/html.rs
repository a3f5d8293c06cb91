//! The page: one file that asks no network and runs no script.

use minijinja::{Environment, UndefinedBehavior, Value, context};

use super::ReportError;

const TEMPLATE: &str = include_str!("../../assets/report.html");
/// Sections that are files of their own.
const PARTS: [(&str, &str); 4] = [
    ("confirmation.html", include_str!("../../assets/confirmation.html")),
    ("nulls.html", include_str!("../../assets/nulls.html")),
    ("stages.html", include_str!("../../assets/stages.html")),
    ("audits.html", include_str!("../../assets/audits.html")),
];
const STYLE: &str = include_str!("../../assets/report.css");

/// Fills the template; its name makes minijinja escape everything that goes in.
pub(super) fn page(view: Value) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template("report.html", TEMPLATE)?;
    for (name, part) in PARTS {
        environment.add_template(name, part)?;
    }
    let style = Value::from_safe_string(STYLE.to_owned());
    Ok(environment.get_template("report.html")?.render(context! { style, view })?)
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
