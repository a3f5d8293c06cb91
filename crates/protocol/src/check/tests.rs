use std::num::NonZeroU32;

use serde_json::Value;

use super::Flaw;
use crate::{
    network::Network,
    recipe::{CrossEntropy, Optimizer, Phase, Recipe, Step, Stream, Term, Train},
    terms::{NonNegative, Positive, Set, SetSizes, UnitInterval},
};

const SIZES: SetSizes = SetSizes { retain: 40, forget: 9, validation: 10, test: Some(10) };

/// Name, place, whether examples are looked at there, and the recipe.
fn naming_the_test_set() -> Vec<(String, String, bool, Value)> {
    let table = include_str!("../../../../tests/fixtures/recipes/naming-the-test-set.json");
    let cases: Vec<Value> = serde_json::from_str(table).expect("the table");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let case = |case: &Value| {
        (text(&case["name"]), text(&case["at"]), case["learns"] == true, case["phases"].clone())
    };
    cases.iter().map(case).collect()
}

fn recipe(phases: &Value) -> Recipe {
    let phases = serde_json::from_value::<Vec<Phase>>(phases.clone());
    Recipe { phases: phases.unwrap_or_else(|error| panic!("not in the grammar: {error}")) }
}

fn found(recipe: &Recipe, sizes: Option<&SetSizes>) -> Vec<(String, Flaw)> {
    let faults = recipe.check(None, sizes).err();
    faults.into_iter().flatten().map(|fault| (fault.at.to_string(), fault.flaw)).collect()
}

#[test]
fn the_test_set_is_refused_wherever_a_recipe_can_name_it() {
    for (name, at, _, phases) in naming_the_test_set() {
        for sizes in [None, Some(&SIZES), Some(&SetSizes { test: None, ..SIZES })] {
            let found = found(&recipe(&phases), sizes);
            assert!(found.contains(&(at.clone(), Flaw::TestSet)), "{name}: {found:?}");
        }
    }
}

#[test]
fn so_is_the_validation_set_where_it_is_looked_at_and_stands_in_for_the_test_set() {
    for (name, at, learns, phases) in naming_the_test_set() {
        let text = phases.to_string().replace("\"test\"", "\"validation\"");
        let recipe = recipe(&serde_json::from_str(&text).expect("a text"));
        assert_eq!(found(&recipe, Some(&SIZES)), [], "{name}: there is a test set");
        assert_eq!(found(&recipe, None), [], "{name}: nothing is known of the data");
        let found = found(&recipe, Some(&SetSizes { test: None, ..SIZES }));
        assert_eq!(found.contains(&(at, Flaw::ValidationIsTest)), learns, "{name}: {found:?}");
    }
}

#[test]
fn a_place_leads_to_what_is_wrong() {
    for (name, at, _, phases) in naming_the_test_set() {
        let faults = recipe(&phases).check(None, None).expect_err(&name);
        let fault = faults.iter().find(|fault| fault.at.to_string() == at).expect("held above");
        let text = serde_json::json!({ "phases": phases });
        let node = fault.at.steps().iter().try_fold(&text, |node, step| match step {
            Step::Key(key) => node.get(key),
            Step::Position(position) => node.get(position),
        });
        assert_eq!(node, Some(&Value::from("test")), "{name}");
    }
}

#[test]
fn everything_is_reported_in_one_pass_each_at_its_place() {
    let loop_ = serde_json::json!({
        "data": [{"set": "retain", "batch-size": 8}, {"set": "retain", "batch-size": 1}],
        "epochs": 1, "optimizer": {"sgd": {"lr": 0.1}}, "trainable": {"modules": ["conv9"]},
        "loss": [{"cross-entropy": {"on": "forget"}}, {"l1": {"weight": 1.0}}],
        "gradient": {"hold": {"in": "later"}},
    });
    let select = serde_json::json!({"select": {
        "name": "later", "score": "magnitude", "rule": {"share": {"share": 0.5, "order": "smallest"}}
    }});
    let course = serde_json::json!([select, {"zero": {"tensors": "all", "elements": {"in": "later"}}}]);
    let phases = serde_json::json!([
        {"train": loop_},
        {"either": {"probability": 0.5, "first": course, "otherwise": []}},
        {"zero": {"tensors": "all", "elements": {"outside": "later"}}},
        {"alternate": {"epochs": 1, "rounds": []}},
        {"train": {"data": [], "epochs": 1, "loss": [], "optimizer": {"sgd": {"lr": 0.1}}}},
        {"fisher-noise": {"kept": "forget", "alpha": 1.0, "importance": {"batch-size": 8}}},
    ]);
    let sizes = SetSizes { forget: 0, ..SIZES };
    let layout = Network::new("resnet18", 10, &[("width", 2)]).layout().expect("registered");
    let faults = recipe(&phases).check(Some(&layout), Some(&sizes)).expect_err("much is wrong");
    let places: Vec<String> = faults.iter().map(|fault| fault.at.to_string()).collect();
    assert_eq!(
        places,
        [
            "phases[0].train.data[1]",
            "phases[0].train.data[1]",
            "phases[0].train.loss[0]",
            "phases[0].train.trainable",
            "phases[0].train.gradient.hold",
            "phases[2].zero.elements",
            "phases[3].alternate.rounds",
            "phases[4].train.data",
            "phases[4].train.loss",
            "phases[5].fisher-noise.kept",
        ],
        "{faults}"
    );
}

#[test]
fn a_weight_that_is_no_number_is_refused() {
    let term = CrossEntropy::new(Set::Retain, f64::NAN);
    let stream = Stream::of(Set::Retain, NonZeroU32::MIN);
    let one = Positive::new(1.0).expect("positive");
    let (momentum, weight_decay) =
        (UnitInterval::new(0.0).expect("in range"), NonNegative::new(0.0).expect("in range"));
    let optimizer = Optimizer::Sgd { lr: one, momentum, weight_decay };
    let train = Train::new(stream, one, vec![Term::CrossEntropy(term)], optimizer);
    let found = found(&Recipe { phases: vec![Phase::Train(train)] }, None);
    assert_eq!(found, [("phases[0].train.loss[0].cross-entropy.weight".to_owned(), Flaw::NotFinite)]);
}

#[test]
fn what_a_network_has_none_of_is_not_left_alone_in_silence() {
    let phases = serde_json::json!([{"transpose": {"tensors": "convolutions"}}]);
    let checked = |name: &str| {
        let layout = Network::new(name, 10, &[("width", 2)]).layout().expect("registered");
        recipe(&phases).check(Some(&layout), Some(&SIZES))
    };
    assert_eq!(checked("resnet9"), Ok(()));
    let faults = checked("mlp").expect_err("it has no convolution").to_string();
    assert!(faults.contains("phases[0].transpose.tensors") && faults.contains("none of these"), "{faults}");
}
