//! A block of lines at the end of a terminal, drawn over itself again and again.

use std::{
    env,
    fmt::Write as _,
    io::{self, IsTerminal, Write as _},
};

use terminal_size::{Height, Width, terminal_size_of};

use super::terminal;
use crate::frame::shortened;

/// What a terminal has that doesn't say.
const USUAL: (u16, u16) = (80, 24);

/// A block that was drawn.
pub(super) struct Screen {
    /// Lengths of its lines in characters.
    drawn: Vec<usize>,
}

impl Screen {
    /// The terminal behind standard output, if there is one and it can move its cursor.
    pub(super) fn of_stdout() -> Option<Self> {
        let is_plain = env::var("TERM").is_ok_and(|name| name.is_empty() || name == "dumb");
        (io::stdout().is_terminal() && !is_plain).then_some(Self { drawn: Vec::new() })
    }

    /// Draws lines in place of those that were drawn before. What the terminal has no room for is left out.
    pub(super) fn draw(&mut self, lines: &[String]) {
        let size = terminal_size_of(io::stdout());
        let (columns, rows) = size.map_or(USUAL, |(Width(columns), Height(rows))| (columns, rows));
        let lines = fitting(lines, usize::from(columns), usize::from(rows));
        let text = over(&self.drawn, &lines, usize::from(columns));
        let mut stdout = io::stdout().lock();
        terminal::note(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
        self.drawn = lines.iter().map(|line| line.chars().count()).collect();
    }
}

/// As many lines as there is room for, above the one where the cursor stays, and as much of each.
fn fitting(lines: &[String], columns: usize, rows: usize) -> Vec<String> {
    let room = rows.saturating_sub(1).max(2);
    let short = |line: &String| shortened(line, columns.saturating_sub(1).max(1));
    if lines.len() <= room {
        return lines.iter().map(short).collect();
    }
    // The last line says when this was so.
    let (last, others) = lines.split_last().expect("there are more than two");
    let kept = room - 2;
    let left_out = format!("… and {} more lines", others.len() - kept);
    others[..kept].iter().chain([&left_out, last]).map(short).collect()
}

/// What makes a terminal show lines in place of some that are this long.
fn over(drawn: &[usize], lines: &[String], columns: usize) -> String {
    // The terminal may have become narrower since, which breaks long lines.
    let up: usize = drawn.iter().map(|length| length.div_ceil(columns.max(1)).max(1)).sum();
    let mut text = String::new();
    if up > 0 {
        let _ = write!(text, "\x1b[{up}A\r\x1b[J");
    }
    for line in lines {
        text += line;
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{fitting, over};

    fn lines(lengths: &[usize]) -> Vec<String> {
        lengths.iter().map(|length| "x".repeat(*length)).collect()
    }

    #[test]
    fn a_block_takes_the_place_of_the_one_before() {
        assert_eq!(over(&[], &lines(&[1, 2]), 80), "x\nxx\n");
        assert_eq!(over(&[1, 2], &lines(&[3]), 80), "\x1b[2A\r\x1b[Jxxx\n");
        assert_eq!(over(&[0, 80, 81], &lines(&[]), 40), "\x1b[6A\r\x1b[J", "broken by a narrower terminal");
    }

    #[test]
    fn what_has_no_room_is_left_out_and_the_last_line_stays() {
        assert_eq!(fitting(&lines(&[5, 50]), 10, 24), ["xxxxx", "xxxxxxxx…"]);
        let many: Vec<String> = (0..30).map(|line| line.to_string()).collect();
        let shown = fitting(&many, 80, 10);
        assert_eq!(shown.len(), 9, "and the cursor's");
        assert_eq!(shown[6..], ["6", "… and 22 more lines", "29"]);
        assert_eq!(fitting(&many, 0, 0).len(), 2, "a terminal without size");
    }
}
