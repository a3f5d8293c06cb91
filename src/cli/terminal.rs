//! The two streams that the user reads.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    sync::OnceLock,
};

use comfy_table::{LineStyle, Table, TableStyle};

use crate::frame::printable;

/// Why data did not reach standard output, the first time that it didn't.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Why some of the data that was to be shown is not where the user wanted it. A reader that has closed its end (`| head`)
/// has seen enough, which is no error.
pub(super) fn lost() -> Option<&'static io::Error> {
    LOST.get()
}

/// Keeps why data was not written; see [`lost`].
pub(super) fn note(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        // The first is the one that matters.
        let _ = LOST.set(error);
    }
}

/// Writes data to standard output; see [`lost`].
pub(super) fn data(text: &str) {
    let mut stdout = anstream::stdout().lock();
    note(write_all(&mut stdout, text));
}

/// The text as lines that a terminal shows and doesn't obey: it may quote files, workers and paths of strangers.
pub(super) fn tame(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Writes data as JSON to standard output, piece by piece: it may be larger than what should be held at once.
pub(super) fn json(data: &impl serde::Serialize) {
    let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
    let written = serde_json::to_writer_pretty(&mut stdout, data).map_err(io::Error::from);
    note(written.and_then(|()| writeln!(stdout)).and_then(|()| stdout.flush()));
}

/// Writes talk to standard error.
pub(super) fn talk(text: &str) {
    let mut stderr = anstream::stderr().lock();
    // Where the user can't be reached there is nobody left to tell.
    let _ = write_all(&mut stderr, text);
}

/// Tells what the user should know, one line each.
pub(super) fn notes(notices: impl IntoIterator<Item = impl Display>) {
    for notice in notices {
        talk(&format!("note: {notice}"));
    }
}

fn write_all(stream: &mut impl Write, text: &str) -> io::Result<()> {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    write!(stream, "{text}{end}").and_then(|()| stream.flush())
}

/// Whether errors may be coloured.
pub(super) fn stderr_colour() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// Whether somebody watches standard error.
pub(super) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Columns of the terminal behind standard output, where there is one.
pub(super) fn width() -> Option<u16> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(terminal_size::Width(columns), _)| columns)
}

/// An empty table in the house's style: a rule below the header, nothing else.
pub(super) fn table() -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table
}
