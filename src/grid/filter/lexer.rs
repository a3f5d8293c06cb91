//! Words of the filter language.

use std::ops::Range;

use super::{FilterError, FilterMistake, Operator};

/// One word with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// What a word is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A name, or a text without quotes.
    Word(String),
    /// A text in quotes.
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Operator(Operator),
    And,
    Or,
    Not,
    In,
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
}

/// Cuts a text into words.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut position = 0;
    while let Some(first) = text[position..].chars().next() {
        if first.is_whitespace() {
            position += first.len_utf8();
            continue;
        }
        let (kind, length) = next(&text[position..], first)
            .map_err(|(mistake, length)| FilterError { mistake, span: position..position + length })?;
        tokens.push(Token { kind, span: position..position + length });
        position += length;
    }
    Ok(tokens)
}

/// The word that `rest` begins with, and its length.
fn next(rest: &str, first: char) -> Result<(Kind, usize), (FilterMistake, usize)> {
    match first {
        '\'' | '"' => quoted(rest, first),
        '0'..='9' | '+' | '-' | '.' => number(rest),
        _ if first.is_alphabetic() || first == '_' => {
            let length =
                rest.find(|c: char| !c.is_alphanumeric() && !"_-.".contains(c)).unwrap_or(rest.len());
            Ok((word(&rest[..length]), length))
        }
        _ => symbol(rest).ok_or((FilterMistake::UnknownCharacter { found: first }, first.len_utf8())),
    }
}

fn quoted(rest: &str, quote: char) -> Result<(Kind, usize), (FilterMistake, usize)> {
    match rest[1..].find(quote) {
        Some(end) => Ok((Kind::Text(rest[1..=end].to_owned()), end + 2)),
        None => Err((FilterMistake::OpenText, rest.len())),
    }
}

fn number(rest: &str) -> Result<(Kind, usize), (FilterMistake, usize)> {
    let mut before = ' ';
    let length = rest
        .find(|c: char| {
            let sign = matches!(c, '+' | '-') && matches!(before, ' ' | 'e' | 'E');
            before = c;
            !(sign || c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))
        })
        .unwrap_or(rest.len());
    let digits = rest[..length].replace('_', "");
    if let Ok(value) = digits.parse() {
        return Ok((Kind::Integer(value), length));
    }
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Kind::Float(value), length)),
        _ => Err((FilterMistake::NotANumber { found: rest[..length].to_owned() }, length)),
    }
}

fn word(word: &str) -> Kind {
    match word {
        "and" => Kind::And,
        "or" => Kind::Or,
        "not" => Kind::Not,
        "in" => Kind::In,
        "true" => Kind::Bool(true),
        "false" => Kind::Bool(false),
        name => Kind::Word(name.to_owned()),
    }
}

/// Longer symbols stand before their beginnings.
fn symbol(rest: &str) -> Option<(Kind, usize)> {
    let symbols = [
        ("==", Kind::Operator(Operator::Equal)),
        ("!=", Kind::Operator(Operator::NotEqual)),
        ("<=", Kind::Operator(Operator::LessOrEqual)),
        (">=", Kind::Operator(Operator::GreaterOrEqual)),
        ("<", Kind::Operator(Operator::Less)),
        (">", Kind::Operator(Operator::Greater)),
        ("=", Kind::Operator(Operator::Equal)),
        ("(", Kind::Open),
        (")", Kind::Close),
        ("[", Kind::OpenList),
        ("]", Kind::CloseList),
        (",", Kind::Comma),
    ];
    symbols
        .into_iter()
        .find(|(symbol, _)| rest.starts_with(symbol))
        .map(|(symbol, kind)| (kind, symbol.len()))
}
