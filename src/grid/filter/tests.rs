use std::collections::BTreeMap;

use proptest::prelude::*;
use sweep_protocol::terms::Value;

use super::{Filter, FilterMistake, Operand};

fn holds(text: &str) -> bool {
    let parameters = BTreeMap::from([
        ("lr", Value::Float(0.01)),
        ("epochs", Value::Integer(5)),
        ("schedule", Value::Text("cosine".to_owned())),
        ("nesterov", Value::Bool(true)),
    ]);
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    filter.matches(&|name| match name {
        "method" => Some(Operand::Name("finetune")),
        "label" => Some(Operand::Name("mine")),
        _ => parameters.get(name).map(Operand::Parameter),
    })
}

#[test]
fn comparisons_mean_what_they_say() {
    for text in [
        "method == 'finetune'",
        "method=finetune",
        "label != 'other'",
        "lr == 1e-2",
        "lr > 5e-3",
        "lr >= 0.01",
        "lr < 1",
        "lr <= +1_0e-3",
        "epochs == 5.0",
        "epochs > -1",
        "schedule == 'cosine'",
        "schedule == \"cosine\"",
        "nesterov == true",
        "epochs in [1, 5]",
        "method in ['scrub', finetune,]",
        "epochs not in [1, 2]",
        "epochs not in []",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in
        ["method == 'scrub'", "lr > 1e-2", "epochs != 5", "nesterov == false", "lr in [1, 2]", "lr == 'x'"]
    {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn and_binds_closer_than_or_and_not_closest() {
    // (a and b) or c: with a false and c true it holds; a and (b or c) would not.
    assert!(holds("lr > 1 and lr > 1 or lr < 1"));
    assert!(!holds("lr > 1 and (lr > 1 or lr < 1)"));
    assert!(holds("not lr > 1 and lr < 1"));
    assert!(!holds("not (lr > 1 or lr < 1)"));
    assert!(holds("not not lr < 1"));
}

#[test]
fn a_hyper_parameter_that_is_not_there_selects_nothing() {
    assert!(!holds("alpha > 0.5"));
    assert!(!holds("not alpha > 0.5"));
    assert!(!holds("alpha != 0.5"));
    assert!(!holds("alpha not in [1]"));
    assert!(!holds("alpha > 0.5 and lr < 1"));
    assert!(holds("alpha > 0.5 or lr < 1"));
    assert!(!holds("lr < 'x'") && !holds("not lr < 'x'"), "a number and a text have no order");
}

#[test]
fn names_are_listed_with_their_places() {
    let filter = Filter::parse("lr > 1 and (method == 'a' or not x in [1])").expect("an expression");
    assert_eq!(filter.names(), [("lr", 0..2), ("method", 12..18), ("x", 33..34)]);
}

#[test]
fn mistakes_have_their_place() {
    for (text, span) in [
        ("", 0..0),
        ("lr", 2..2),
        ("lr >", 4..4),
        ("lr > 1 lr", 7..9),
        ("(lr > 1", 7..7),
        ("lr ? 1", 3..4),
        ("method == 'x", 10..12),
        ("lr > 1.2.3", 5..10),
        ("5 < lr", 0..1),
        ("lr in 5", 6..7),
        ("lr in [1 2]", 9..10),
        ("lr in [1", 8..8),
        ("lr > 1e999", 5..10),
        ("and", 0..3),
        ("lr not 5", 7..8),
        ("lr == é > 1", 9..10),
    ] {
        let error = Filter::parse(text).expect_err(text);
        assert_eq!(error.span, span, "{text}: {error}");
    }
}

#[test]
fn nesting_has_a_limit() {
    let deep = |levels: usize| format!("{}lr > 1{}", "(".repeat(levels), ")".repeat(levels));
    assert!(Filter::parse(&deep(60)).is_ok());
    let error = Filter::parse(&deep(1_000)).expect_err("too deep");
    assert!(matches!(error.mistake, FilterMistake::TooDeep { .. }), "{error}");
    let error = Filter::parse(&"not ".repeat(1_000)).expect_err("too deep");
    assert!(matches!(error.mistake, FilterMistake::TooDeep { .. }), "{error}");
    let chain = vec!["lr > 1"; 400].join(" or ");
    assert!(Filter::parse(&chain).is_ok(), "a long chain is not deep");
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,80}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?} in {text:?}", error.span);
        }
    }

    #[test]
    fn no_row_of_words_makes_the_parser_panic(
        words in prop::collection::vec(
            prop::sample::select(vec!["lr", "and", "or", "not", "in", "(", ")", "[", "]", ",", "==", "<", "1e-3", "'a'", "é"]),
            0..30,
        )
    ) {
        let text = words.join(" ");
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?} in {text:?}", error.span);
        }
    }
}

/// A condition of a megabyte took minutes to complain about and hours to apply.
#[test]
fn an_expression_of_many_comparisons_is_refused() {
    let long = vec!["n > 0.5"; 500].join(" and ");
    let error = Filter::parse(&long).expect_err("longer than anybody writes");
    assert_eq!(error.mistake, FilterMistake::TooLong { limit: 4096 });
    assert!(Filter::parse(&long[..7 + 12 * 300]).is_ok());
}
