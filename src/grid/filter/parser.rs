//! Grammar of the filter language: `or` binds weakest, then `and`, then `not`, then comparisons.

use std::ops::Range;

use sweep_protocol::terms::Value;

use super::{
    Comparison, Condition, FilterError, FilterMistake, Operator, Test,
    lexer::{Kind, Token},
};

/// Deepest nesting of `not` and parentheses.
const DEEPEST: usize = 64;

/// Reads all tokens of a text of this many bytes as one condition.
pub(super) fn parse(tokens: &[Token], text_len: usize) -> Result<Condition, FilterError> {
    let mut parser = Parser { tokens, text_len, next: 0, depth: 0 };
    let condition = parser.any()?;
    match parser.peek() {
        None => Ok(condition),
        Some(_) => Err(parser.unexpected("`and`, `or` or the end")),
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    text_len: usize,
    next: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn accept(&mut self, kind: &Kind) -> bool {
        let found = self.peek() == Some(kind);
        self.next += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<Condition, FilterError> {
        let mut parts = vec![self.all()?];
        while self.accept(&Kind::Or) {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Any(parts) })
    }

    fn all(&mut self) -> Result<Condition, FilterError> {
        let mut parts = vec![self.negation()?];
        while self.accept(&Kind::And) {
            parts.push(self.negation()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
    }

    fn negation(&mut self) -> Result<Condition, FilterError> {
        let span = self.here();
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(FilterError { mistake: FilterMistake::TooDeep { limit: DEEPEST }, span });
        }
        let condition = if self.accept(&Kind::Not) {
            Condition::Not(Box::new(self.negation()?))
        } else if self.accept(&Kind::Open) {
            let inner = self.any()?;
            if !self.accept(&Kind::Close) {
                return Err(self.unexpected("`)`"));
            }
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition, FilterError> {
        let name_span = self.here();
        let Some(Kind::Word(name)) = self.peek() else {
            return Err(self.unexpected("a name such as method or lr"));
        };
        let name = name.clone();
        self.next += 1;
        let compare = |test| Condition::Compare(Comparison { name, name_span, test });
        if let Some(&Kind::Operator(operator)) = self.peek() {
            self.next += 1;
            return self.value().map(|value| compare(Test::Is(operator, value)));
        }
        let negated = self.accept(&Kind::Not);
        if !self.accept(&Kind::In) {
            return Err(self.unexpected(if negated { "`in`" } else { "a comparison such as == or <" }));
        }
        let condition = compare(Test::OneOf(self.list()?));
        Ok(if negated { Condition::Not(Box::new(condition)) } else { condition })
    }

    fn list(&mut self) -> Result<Vec<Value>, FilterError> {
        if !self.accept(&Kind::OpenList) {
            return Err(self.unexpected("a list such as [1, 2]"));
        }
        let mut values = Vec::new();
        while !self.accept(&Kind::CloseList) {
            values.push(self.value()?);
            if !self.accept(&Kind::Comma) && self.peek() != Some(&Kind::CloseList) {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
        Ok(values)
    }

    fn value(&mut self) -> Result<Value, FilterError> {
        let value = match self.peek() {
            Some(Kind::Word(text) | Kind::Text(text)) => Value::Text(text.clone()),
            Some(&Kind::Integer(value)) => Value::Integer(value),
            Some(&Kind::Float(value)) => Value::Float(value),
            Some(&Kind::Bool(value)) => Value::Bool(value),
            _ => return Err(self.unexpected("a number or a text in single quotes")),
        };
        self.next += 1;
        Ok(value)
    }

    /// Place of the next token, or of the end.
    fn here(&self) -> Range<usize> {
        self.tokens.get(self.next).map_or(self.text_len..self.text_len, |token| token.span.clone())
    }

    fn unexpected(&self, expected: &'static str) -> FilterError {
        let found = self.peek().map_or_else(|| "the end".to_owned(), describe);
        FilterError { mistake: FilterMistake::Unexpected { expected, found }, span: self.here() }
    }
}

fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Word(word) => format!("`{}`", word.escape_debug()),
        Kind::Text(text) => format!("'{}'", text.escape_debug()),
        Kind::Integer(value) => value.to_string(),
        Kind::Float(value) => value.to_string(),
        Kind::Bool(value) => format!("`{value}`"),
        Kind::Operator(operator) => format!("`{}`", operator.symbol()),
        Kind::And => "`and`".to_owned(),
        Kind::Or => "`or`".to_owned(),
        Kind::Not => "`not`".to_owned(),
        Kind::In => "`in`".to_owned(),
        Kind::Open => "`(`".to_owned(),
        Kind::Close => "`)`".to_owned(),
        Kind::OpenList => "`[`".to_owned(),
        Kind::CloseList => "`]`".to_owned(),
        Kind::Comma => "`,`".to_owned(),
    }
}

impl Operator {
    fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}
