//! Lengths of time as text: `40m`, `90s`, `1h30m`.

use std::time::Duration;

/// What is accepted, in words.
pub const EXPECTED: &str = "a length of time such as \"40m\", \"90s\" or \"1h30m\"";

/// No run is worth waiting for longer than this.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// Units and their length in milliseconds; `ms` stands before `m`, which is its beginning.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)];

/// Reads a length of time: whole numbers, each with a unit, longer than nothing and no longer than a year.
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..digits].parse().ok()?;
        let (unit, length) = UNITS.iter().find(|(unit, _)| rest[digits..].starts_with(unit))?;
        total = total.checked_add(Duration::from_millis(count.checked_mul(*length)?))?;
        rest = &rest[digits + unit.len()..];
    }
    (Duration::ZERO < total && total <= LONGEST).then_some(total)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::parse;

    #[test]
    fn units_add_up() {
        for (text, milliseconds) in
            [("40m", 2_400_000), ("90s", 90_000), ("1h30m", 5_400_000), ("2d", 172_800_000), ("250ms", 250)]
        {
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "40",
            "m",
            "-1s",
            "1.5h",
            "40 m",
            "0s",
            "1y",
            "99999999999999999999s",
            "18446744073709551615d",
            "400d",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
