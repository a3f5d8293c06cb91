//! Writes the tables of `docs/methods.md` anew: `cargo run -p sweep-methods --example document`.

use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/methods.md");
    let text = sweep_methods::with_tables(&fs::read_to_string(&path)?).ok_or("its headings are gone")?;
    Ok(fs::write(path, text)?)
}
