use std::fmt;

use serde::{Deserialize, Serialize};

/// One hyper-parameter's value. Serialises to the plain JSON scalar; a float keeps its decimal point, so that `1` and
/// `1.0` stay apart and a value reads back as it was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A finite real number.
    Float(f64),
    /// A word.
    Text(String),
}

impl fmt::Display for Value {
    /// Shortest text that reads back as the same value: `0.001`, `1e-5`, `inverse`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => formatter.pad(&value.to_string()),
            Self::Integer(value) => formatter.pad(&value.to_string()),
            Self::Float(value) => {
                let plain = value.to_string();
                let scientific = format!("{value:e}");
                formatter.pad(if scientific.len() + 2 < plain.len() { &scientific } else { &plain })
            }
            Self::Text(value) => formatter.pad(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn floats_print_short_and_read_back() {
        for (value, text) in [(0.001, "0.001"), (1e-5, "1e-5"), (0.9, "0.9"), (5.0, "5"), (1e21, "1e21")] {
            assert_eq!(Value::Float(value).to_string(), text);
            assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(value.to_bits()));
        }
    }

    #[test]
    fn json_keeps_integers_and_floats_apart() {
        let values = [Value::Integer(1), Value::Float(1.0), Value::Bool(true), Value::Text("a".into())];
        let json = serde_json::to_string(&values).expect("plain data");
        assert_eq!(json, r#"[1,1.0,true,"a"]"#);
        assert_eq!(serde_json::from_str::<[Value; 4]>(&json).expect("its own text"), values);
    }
}
