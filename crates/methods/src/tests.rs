use std::collections::BTreeMap;

use serde_json::Value as Json;
use sweep_protocol::{
    check::{Fault, Flaw},
    recipe::Recipe,
    terms::{SetSizes, Value},
};

use super::{Arguments, Facts, Kind, METHODS, Method, Parameter, TrainingRecipe, find};

const SIZES: SetSizes = SetSizes { retain: 1960, forget: 40, validation: 250, test: Some(250) };

fn facts() -> Facts {
    Facts::of(TrainingRecipe::default())
}

fn defaults(method: &Method) -> Recipe {
    (method.recipe)(&method.defaults(), &facts())
}

/// The defaults, but for one value.
fn with(method: &Method, name: &str, value: &Value) -> Arguments {
    let mut values = method.defaults().into_values();
    let parameter = method.parameters.iter().find(|parameter| parameter.name == name).expect("declared");
    values.insert(name.to_owned(), parameter.check(value).expect("accepted"));
    Arguments::checked(values)
}

#[test]
fn every_default_is_accepted_by_its_own_parameter() {
    for method in METHODS {
        for parameter in method.parameters {
            let checked = parameter.check(&parameter.default());
            assert_eq!(checked, Ok(parameter.default()), "{} {}", method.name, parameter.name);
        }
    }
}

#[test]
fn no_method_has_two_hyper_parameters_of_one_name() {
    for method in METHODS {
        let names: BTreeMap<&str, &Parameter> =
            method.parameters.iter().map(|parameter| (parameter.name, parameter)).collect();
        assert_eq!(names.len(), method.parameters.len(), "{}", method.name);
    }
}

#[test]
fn every_recipe_survives_its_own_text() {
    for method in METHODS {
        let recipe = defaults(method);
        let text = serde_json::to_string(&recipe).expect("plain data");
        assert_eq!(serde_json::from_str::<Recipe>(&text).expect("its own text"), recipe, "{}", method.name);
    }
}

#[test]
fn every_method_is_fit_to_be_carried_out() {
    for method in METHODS {
        let faults = defaults(method).check(None, Some(&SIZES)).err();
        assert_eq!(faults.map(|faults| faults.to_string()), None, "{}", method.name);
    }
}

/// Places of a text where a set stands, each with the text that has the test set there.
fn with_the_test_set(text: &Json) -> Vec<(String, Json)> {
    let mut found = Vec::new();
    let mut ahead = vec![(String::new(), String::new())];
    while let Some((pointer, at)) = ahead.pop() {
        match text.pointer(&pointer).expect("a place of the text") {
            Json::Object(entries) => {
                let of = |key: &String| (format!("{pointer}/{key}"), format!("{at}.{key}"));
                ahead.extend(entries.keys().map(of));
            }
            Json::Array(items) => {
                ahead.extend(
                    (0..items.len()).map(|item| (format!("{pointer}/{item}"), format!("{at}[{item}]"))),
                );
            }
            Json::String(word) if ["train", "retain", "forget", "validation"].contains(&word.as_str()) => {
                let mut changed = text.clone();
                *changed.pointer_mut(&pointer).expect("the same place") = "test".into();
                found.push((at.trim_start_matches('.').to_owned(), changed));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn the_test_set_in_any_place_of_any_method_is_refused_at_that_place() {
    let mut places = 0;
    for method in METHODS {
        let text = serde_json::to_value(defaults(method)).expect("plain data");
        for (at, changed) in with_the_test_set(&text) {
            // `batch-norm = "train"` is no set.
            let Ok(recipe) = serde_json::from_value::<Recipe>(changed) else { continue };
            let faults = recipe.check(None, None).err();
            let is_there = |fault: &Fault| fault.at.to_string() == at && fault.flaw == Flaw::TestSet;
            assert!(faults.iter().flatten().any(is_there), "{} {at}: {faults:?}", method.name);
            places += 1;
        }
    }
    assert!(places > 2 * METHODS.len(), "{places} places were tried");
}

#[test]
fn methods_that_learn_from_validation_need_a_test_set_beside_it() {
    let sizes = SetSizes { test: None, ..SIZES };
    let refused = |method: &Method| {
        let faults = defaults(method).check(None, Some(&sizes)).err();
        faults.iter().flatten().any(|fault| fault.flaw == Flaw::ValidationIsTest)
    };
    let names: Vec<&str> =
        METHODS.iter().filter(|method| refused(method)).map(|method| method.name).collect();
    assert_eq!(names, ["kde", "scrub-r"]);
}

/// A hyper-parameter that no recipe reads is a promise that isn't kept.
#[test]
fn every_hyper_parameter_changes_the_recipe() {
    for method in METHODS.iter().filter(|method| !method.parameters.is_empty() && method.name != "simulated")
    {
        let plain = Asides::of(method);
        for parameter in method.parameters {
            let changed = others(parameter)
                .into_iter()
                .any(|value| plain.iter().any(|aside| aside.recipe_with(method, parameter.name, &value)));
            assert!(changed, "{} never reads `{}`", method.name, parameter.name);
        }
    }
}

/// Values other than the default.
fn others(parameter: &Parameter) -> Vec<Value> {
    match parameter.kind {
        Kind::Positive(value) => vec![Value::Float(value * 0.5), Value::Float(value * 2.0)],
        Kind::NonNegative(_) | Kind::UnitInterval(_) => vec![Value::Float(0.25), Value::Float(0.0)],
        Kind::Count(value) => vec![Value::Integer(i64::from(value) + 1), Value::Integer(1)],
        Kind::Choice(words) => words.iter().skip(1).map(|word| Value::Text(word.to_owned())).collect(),
    }
}

/// A setting beside which another hyper-parameter may begin to matter: some only do with a certain word or count.
struct Asides(Option<(&'static str, Value)>);

impl Asides {
    fn of(method: &Method) -> Vec<Self> {
        let words = method.parameters.iter().flat_map(|parameter| {
            others(parameter).into_iter().map(|value| Self(Some((parameter.name, value))))
        });
        std::iter::once(Self(None)).chain(words).collect()
    }

    fn recipe_with(&self, method: &Method, name: &str, value: &Value) -> bool {
        let base = match &self.0 {
            Some((aside, _)) if *aside == name => return false,
            Some((aside, value)) => with(method, aside, value),
            None => method.defaults(),
        };
        let mut changed = base.values().clone();
        changed.insert(name.to_owned(), value.clone());
        (method.recipe)(&base, &facts()) != (method.recipe)(&Arguments::checked(changed), &facts())
    }
}

/// The costs that the catalogue counts by hand (`R` is a pass over the retain set, 2 % are forgotten).
#[test]
fn costs_are_those_of_the_papers() {
    for (name, passes, slack) in [
        ("identity", 0.0, 0.0),
        ("retrain", 30.0, 0.0),
        ("finetune", 1.0, 0.0),
        ("gradient-ascent", 0.1, 0.02),
        ("fcs", 8.3, 0.3),
        ("msg", 5.04, 0.03),
        ("cfw", 4.0, 0.0),
        ("ct", 3.0, 0.0),
        ("random-labels", 10.2, 0.02),
        ("salun", 10.22, 0.02),
        ("l1-sparse", 10.0, 0.0),
        ("rni", 9.0, 0.0),
        ("forget-set-free", 6.7, 0.05),
        ("random-mask", 5.0, 0.0),
        ("bad-teacher", 0.43, 0.02),
        ("ssd", 1.04, 0.01),
        ("jit", 0.19, 0.01),
        ("delete", 0.42, 0.02),
    ] {
        let method = find(name).expect("registered");
        let cost = defaults(method).passes(&SIZES);
        assert!((cost - passes).abs() <= slack + 1e-9, "{name} costs {cost}, not {passes}");
    }
}
