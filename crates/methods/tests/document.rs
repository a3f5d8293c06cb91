//! `docs/methods.md` is what the registry says.

use std::{fs, path::Path};

#[test]
fn the_documented_methods_are_the_registered_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/methods.md");
    let text = fs::read_to_string(path).expect("the document is there");
    let written = sweep_methods::with_tables(&text).expect("it has the headings around its tables");
    assert!(text == written, "docs/methods.md is stale: cargo run -p sweep-methods --example document");
}
