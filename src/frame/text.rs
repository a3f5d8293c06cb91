//! Text from strangers, made safe to show: labels, messages and paths come from grids, workers and files.

use std::fmt::Write;

/// The text with everything that a terminal or a page would obey instead of showing written as `\xNN` or `\u{NNNN}`:
/// control characters, line and paragraph separators, and marks that reorder or hide text.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match u32::from(character) {
            code @ (0..=0x1f | 0x7f..=0x9f) => {
                let _ = write!(shown, "\\x{code:02x}");
            }
            code @ (0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb) => {
                let _ = write!(shown, "\\u{{{code:04x}}}");
            }
            _ => shown.push(character),
        }
    }
    shown
}

/// The text without names of images and persons, which refusals of a data set quote: a report is passed on more easily than
/// the data, and the file and line that stand beside a name lead its owner to it.
pub(super) fn unnamed(text: &str) -> String {
    const BEFORE: [&str; 4] = ["image `", "person `", "image_id `", "person_id `"];
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = BEFORE.iter().filter_map(|before| Some(rest.find(before)? + before.len())).min() {
        let end = rest[start..].find('`').map_or(rest.len(), |length| start + length);
        kept.push_str(&rest[..start]);
        kept.push('…');
        rest = &rest[end..];
    }
    kept + rest
}

/// The text as a CSV cell that no spreadsheet takes for a formula: where it starts like one, an apostrophe goes in
/// front. Numbers are left alone.
pub fn inert(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let number = cell.parse::<f64>().is_ok_and(f64::is_finite);
    if formula && !number { format!("'{cell}") } else { cell.to_owned() }
}

/// The text cut to at most `limit` characters, with an ellipsis where something is missing.
pub fn shortened(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::{inert, printable, shortened, unnamed};

    #[test]
    fn what_a_terminal_would_obey_is_spelt_out() {
        assert_eq!(printable("a\x1b[31mb\r\nc\u{9b}"), "a\\x1b[31mb\\x0d\\x0ac\\x9b");
        assert_eq!(printable("abc\u{202e}fdp"), "abc\\u{202e}fdp");
        assert_eq!(printable("ε ≤ 0.5 – Größe"), "ε ≤ 0.5 – Größe");
    }

    #[test]
    fn formulas_are_disarmed_and_numbers_kept() {
        for formula in ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "＝1"] {
            assert_eq!(inert(formula), format!("'{formula}"));
        }
        for plain in ["-0.5", "+1e-3", "a=b", "", "0.1"] {
            assert_eq!(inert(plain), plain);
        }
    }

    #[test]
    fn who_is_in_the_data_stays_there() {
        let refusal = "data set `d` has 3 problems\n  retain.csv:3: image `images/r/1.png` is missing; put it there\n  \
            forget.csv:2: person `p7` is to be forgotten, but stands in retain.csv:9 too\n  test.csv:4: image_id `../x` is not";
        assert_eq!(
            unnamed(refusal),
            "data set `d` has 3 problems\n  retain.csv:3: image `…` is missing; put it there\n  \
            forget.csv:2: person `…` is to be forgotten, but stands in retain.csv:9 too\n  test.csv:4: image_id `…` is not"
        );
        assert_eq!(
            (unnamed("image `open"), unnamed("an image of `x`")),
            ("image `…".into(), "an image of `x`".into())
        );
    }

    #[test]
    fn long_text_ends_in_an_ellipsis() {
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("abc defg", 5), "abc…");
    }
}
