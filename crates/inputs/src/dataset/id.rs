use std::fmt;

use super::fault::Excerpt;

/// Longest part of an id, in bytes.
const LONGEST_PART: usize = 64;

/// Name of an image, `a-b`, each part of 1 to 64 ASCII letters, digits or underscores: safe to build a path from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageId(Box<str>);

impl ImageId {
    /// Checks the pattern `^[A-Za-z0-9_]{1,64}-[A-Za-z0-9_]{1,64}$`.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        match text.split_once('-') {
            Some((folder, name)) if is_part(folder) && is_part(name) => Ok(Self(text.into())),
            _ => Err(NotAnId::Image(Excerpt::of(text.as_bytes()))),
        }
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number behind the hyphen, where there is one in decimal digits.
    pub fn number(&self) -> Option<u64> {
        let (_, number) = self.0.split_once('-')?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok()).flatten()
    }

    /// Where the image lies in its data set: `images/a/b.png`.
    pub fn path(&self) -> String {
        format!("images/{}.png", self.0.replacen('-', "/", 1))
    }
}

/// Name of a person: 1 to 64 ASCII letters, digits, underscores or hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(Box<str>);

impl PersonId {
    /// Checks the pattern `^[A-Za-z0-9_-]{1,64}$`.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        if (1..=LONGEST_PART).contains(&text.len()) && text.bytes().all(|byte| is_plain(byte) || byte == b'-')
        {
            Ok(Self(text.into()))
        } else {
            Err(NotAnId::Person(Excerpt::of(text.as_bytes())))
        }
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text names no image or no person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAnId {
    /// Not of the form `a-b`.
    Image(Excerpt),
    /// Not a plain word.
    Person(Excerpt),
}

impl fmt::Display for NotAnId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(text) => write!(
                formatter,
                "image_id {text} is not `a-b` with parts of 1 to 64 letters, digits or `_`; rename the image"
            ),
            Self::Person(text) => write!(
                formatter,
                "person_id {text} is not a word of 1 to 64 letters, digits, `_` or `-`; rename the person"
            ),
        }
    }
}

impl std::error::Error for NotAnId {}

fn is_part(text: &str) -> bool {
    (1..=LONGEST_PART).contains(&text.len()) && text.bytes().all(is_plain)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::{ImageId, PersonId};

    #[test]
    fn ids_that_could_leave_the_folder_are_refused() {
        let long = "a".repeat(65);
        for text in [
            "",
            "-",
            "a",
            "a-",
            "-b",
            "a-b-c",
            "../x",
            "..-..",
            ".-.",
            "a-..",
            "/etc-passwd",
            "a/b-c",
            "a-b/c",
            "a-b\0",
            "\0-b",
            "a-b\n",
            " a-b",
            "a -b",
            "a\u{2013}b",
            "ä-b",
            "a-b.png",
            "a\\b-c",
            "~-a",
            "a-%2e",
            &format!("{long}-b"),
            &format!("b-{long}"),
        ] {
            assert!(ImageId::parse(text).is_err(), "accepted {text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_id_of_the_pattern_gives_a_path_of_three_parts(text in "[A-Za-z0-9_]{1,64}-[A-Za-z0-9_]{1,64}") {
            let path = ImageId::parse(&text).expect("matches the pattern").path();
            let parts: Vec<&str> = path.split('/').collect();
            prop_assert_eq!(parts.len(), 3);
            prop_assert_eq!(parts[0], "images");
            prop_assert_eq!(format!("{}-{}", parts[1], parts[2].trim_end_matches(".png")), text);
        }

        #[test]
        fn whatever_is_accepted_matches_the_pattern(text in "[-A-Za-z0-9_./\\\\\0 é]{0,70}") {
            if let Ok(id) = ImageId::parse(&text) {
                prop_assert!(id.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
                prop_assert_eq!(id.as_str().matches('-').count(), 1);
                prop_assert!(id.as_str().split('-').all(|part| (1..=64).contains(&part.len())));
            }
        }

        #[test]
        fn persons_are_plain_words(text in "\\PC{0,70}") {
            let plain = (1..=64).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
            prop_assert_eq!(PersonId::parse(&text).is_ok(), plain);
        }
    }
}
