use serde::Deserialize;
use sweep_protocol::{
    check::Flaw,
    recipe::{Phase, Rewind},
    terms::Set,
};

use super::{Bench, Halt, flaws, train};

/// What the grid says too.
const REFUSAL: &str = include_str!("../../../../../tests/fixtures/recipes/refusal.txt");

/// A recipe that names the test set in one place.
#[derive(Deserialize)]
struct Case {
    name: String,
    at: String,
    learns: bool,
    phases: serde_json::Value,
}

fn cases() -> Vec<Case> {
    let table = include_str!("../../../../../tests/fixtures/recipes/naming-the-test-set.json");
    serde_json::from_str(table).expect("the table")
}

fn phases(value: &serde_json::Value) -> Vec<Phase> {
    Vec::deserialize(value).expect("in the grammar")
}

#[test]
fn no_recipe_that_names_the_test_set_is_carried_out() {
    for case in cases() {
        let mut bench = Bench::new();
        let before = bench.weights.state();
        let halt = bench.run(phases(&case.phases)).expect_err(&case.name);
        let words = format!("`{}`: {}", case.at, REFUSAL.trim_end());
        assert!(halt.to_string().contains(&words), "{}: {halt}", case.name);
        assert!(bench.changed(&before).is_empty(), "{}", case.name);
    }
}

#[test]
fn nor_one_that_learns_from_a_validation_set_that_stands_in_for_it() {
    for case in cases().into_iter().filter(|case| case.learns) {
        let text = case.phases.to_string().replace("\"test\"", "\"validation\"");
        let recipe = phases(&serde_json::from_str(&text).expect("a text"));
        let mut with = Bench::new();
        let run = with.run(recipe.clone());
        assert!(!matches!(run, Err(Halt::Unusable(_))), "{} with a test set: {run:?}", case.name);
        let mut without = Bench::without(Set::Test);
        let halt = without.run(recipe).expect_err(&case.name);
        assert!(flaws(&halt).contains(&Flaw::ValidationIsTest), "{}: {halt}", case.name);
    }
    let mut rewound = train(1.0);
    rewound.after_epochs.rewind = Rewind::MatchedValidation;
    let halt =
        Bench::without(Set::Test).run(vec![Phase::Train(rewound)]).expect_err("it looks at validation");
    assert!(flaws(&halt).contains(&Flaw::ValidationIsTest), "{halt}");
}
