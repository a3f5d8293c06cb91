use std::{collections::BTreeMap, sync::Arc};

use proptest::{prelude::Strategy, prop_assert_eq, proptest};
use sweep_protocol::{
    recipe::Recipe,
    terms::{Seed, Value},
};

use super::{Axes, Dimension, Identity, Names, Parameters, Point, PointRecipe, Role};

fn axes() -> Arc<Axes> {
    let column = |name: &str, values: &[f64]| {
        (name.to_owned(), values.iter().map(|&value| Value::Float(value)).collect::<Vec<_>>())
    };
    Arc::new(Axes::new(vec![
        Dimension::new(vec![column("z", &[1.0, 2.0])]),
        Dimension::new(vec![column("b", &[3.0, 4.0, 5.0]), column("a", &[6.0, 7.0, 8.0])]),
    ]))
}

#[test]
fn a_point_of_a_product_reads_like_one_that_is_written_out() {
    let axes = axes();
    assert_eq!(axes.points(), 6);
    for index in 0..6 {
        let short = Parameters::point_of(axes.clone(), index);
        let long = Parameters::from(short.to_map());
        assert_eq!(short, long);
        assert_eq!((short.len(), short.get("b"), short.get("c")), (3, long.get("b"), None));
        assert!(short.iter().map(|(name, _)| name).eq(["a", "b", "z"]));
    }
    let last = Parameters::point_of(axes, 5);
    assert_eq!([&last["z"], &last["b"], &last["a"]], [2.0, 5.0, 8.0].map(Value::Float).each_ref());
}

#[test]
fn a_plan_of_shared_points_reads_back_equal_from_json() {
    let point = Point {
        label: "l".into(),
        method: "m".into(),
        parameters: Parameters::point_of(axes(), 4),
        varied: ["b".to_owned()].into(),
        role: Role::Unlearn,
        recipe: PointRecipe::by(Arc::new(|_| Recipe::default())),
        passes: 1.5,
    };
    let json = serde_json::to_string(&point).expect("plain data");
    assert_eq!(
        json,
        r#"{"label":"l","method":"m","parameters":{"a":7.0,"b":4.0,"z":2.0},"varied":["b"],"role":"unlearn","recipe":{"phases":[]},"passes":1.5}"#
    );
    assert_eq!(serde_json::from_str::<Point>(&json).expect("its own text"), point);
}

proptest! {
    /// The hash over the pieces is the hash over the whole text, in the order that names have had from the start.
    #[test]
    fn a_name_is_the_hash_of_one_canonical_text(
        seed in 0_u64..,
        method in "[a-z\"\\\\]{0,12}",
        values in proptest::collection::btree_map("[a-z]{1,5}", (-1e9..1e9_f64).prop_map(Value::Float), 0..5),
    ) {
        #[derive(serde::Serialize)]
        struct Whole<'a> {
            engine: &'a str,
            data: Option<&'a str>,
            network: Option<&'a str>,
            start: Option<&'a str>,
            method: &'a str,
            parameters: &'a BTreeMap<String, Value>,
            recipe: &'a Recipe,
            seed: u64,
        }
        let recipe = Recipe::default();
        let whole = Whole {
            engine: "toy", data: None, network: None, start: Some("x"), method: &method, parameters: &values,
            recipe: &recipe, seed,
        };
        let mut hasher = blake3::Hasher::new_derive_key("sweep run identity");
        hasher.update(&sweep_protocol::FORMAT.to_le_bytes());
        hasher.update(&serde_json::to_vec(&whole).expect("plain data"));
        let expected = hasher.finalize().to_hex()[..32].to_owned();

        let identity = Identity { engine: "toy", data: None, network: None, start: Some("x"), method: &method };
        let mut names = Names::of(&identity);
        let ids: Vec<String> = (0..2)
            .flat_map(|_| names.runs(&values, &recipe, [Seed(seed)].into_iter()).collect::<Vec<_>>())
            .map(|id| id.to_string())
            .collect();
        prop_assert_eq!(ids, [expected.clone(), expected]);
    }
}

mod refused {
    use std::collections::BTreeMap;

    use sweep_protocol::{
        network::Network,
        recipe::Recipe,
        terms::{RunId, Seed, SetSizes},
    };

    use super::super::{
        Forgotten, Identity, Names, OracleSize, Plan, PlanFault, PlannedEngine, PlannedInputs,
        PlannedOriginal, Point, RETRAIN_SEEDS, Role, Run,
    };

    const BUILD: &str = "toy 0.1.0, 4 examples";

    fn ids(method: &str, seeds: std::ops::Range<u64>) -> Vec<(Seed, RunId)> {
        let identity = Identity { engine: BUILD, data: None, network: None, start: None, method };
        let ids = Names::of(&identity).runs(&BTreeMap::new(), &Recipe::default(), seeds.clone().map(Seed));
        seeds.map(Seed).zip(ids).collect()
    }

    fn sound() -> Plan {
        let point = |role: Role, label: &str, method: &str| Point {
            label: label.into(),
            method: method.into(),
            parameters: BTreeMap::new().into(),
            varied: [].into(),
            role,
            recipe: Recipe::default().into(),
            passes: 0.0,
        };
        let points = vec![
            point(Role::Oracle, "oracle", "retrain"),
            point(Role::Unlearn, "floor", "identity"),
            point(Role::Unlearn, "again", "retrain"),
        ];
        let runs =
            [ids("retrain", 0..3), ids("identity", 0..2), ids("retrain", RETRAIN_SEEDS..RETRAIN_SEEDS + 2)];
        let runs = runs
            .into_iter()
            .enumerate()
            .flat_map(|(point, runs)| runs.into_iter().map(move |(seed, id)| Run { id, point, seed }));
        Plan {
            name: "small".into(),
            engine: PlannedEngine::ours("toy", "0.1.0, 4 examples", false),
            seeds: 2,
            stages: Vec::new(),
            best_of: crate::plan::BestOf::Grid,
            confirm: None,
            keep_models: false,
            shadows: None,
            accuracies: false,
            audit: None,
            oracle: OracleSize { models: 3, held_out: 0 },
            originals: 1,
            inputs: None,
            points,
            runs: runs.collect(),
        }
    }

    type Change = fn(&mut Plan);
    type Expectation = fn(&PlanFault) -> bool;

    #[test]
    fn what_no_grid_asks_for() {
        sound().check().expect("a plan as a grid gives it");
        let changes: [(&str, Change, Expectation); 13] = [
            ("no points", |plan| plan.points.clear(), |fault| matches!(fault, PlanFault::NoPoints)),
            ("no seeds", |plan| plan.seeds = 0, |fault| matches!(fault, PlanFault::Models { models: 0, .. })),
            (
                "seeds without end",
                |plan| plan.seeds = 10_u64.pow(18),
                |fault| matches!(fault, PlanFault::Models { .. }),
            ),
            ("no oracle", |plan| plan.oracle.models = 0, |fault| matches!(fault, PlanFault::Models { .. })),
            (
                "a run twice",
                |plan| plan.runs.push(plan.runs[6].clone()),
                |fault| matches!(fault, PlanFault::Seeds { .. }),
            ),
            ("a run less", |plan| plan.runs.truncate(6), |fault| matches!(fault, PlanFault::Seeds { .. })),
            (
                "a run of no point",
                |plan| plan.runs[0].point = 999_999,
                |fault| matches!(fault, PlanFault::NoSuchPoint { point: 999_999, .. }),
            ),
            (
                "runs of two points exchanged",
                |plan| {
                    let other = plan.runs[5].id.clone();
                    plan.runs[5].id = std::mem::replace(&mut plan.runs[3].id, other);
                },
                |fault| matches!(fault, PlanFault::Misnamed { .. }),
            ),
            (
                "two oracles",
                |plan| plan.points[1].role = Role::Oracle,
                |fault| matches!(fault, PlanFault::Twice { role: Role::Oracle }),
            ),
            (
                "another method",
                |plan| plan.points[1].method = "ssd".into(),
                |fault| matches!(fault, PlanFault::Misnamed { .. }),
            ),
            (
                "a method of another version",
                |plan| plan.points[1].method = "seance".into(),
                |fault| matches!(fault, PlanFault::UnknownMethod { .. }),
            ),
            (
                "another build",
                |plan| plan.engine.version.push('0'),
                |fault| matches!(fault, PlanFault::Misnamed { .. }),
            ),
            (
                "shrinking stages",
                |plan| plan.stages = vec![2, 1],
                |fault| matches!(fault, PlanFault::Stages { .. }),
            ),
        ];
        for (what, change, is_expected) in changes {
            let mut plan = sound();
            change(&mut plan);
            let fault = plan.check().expect_err(what);
            assert!(is_expected(&fault), "{what}: {fault}");
        }
    }

    #[test]
    fn classes_and_persons_of_another_number_of_examples() {
        let known = |classes: usize, persons: usize| Forgotten {
            classes: vec![0; classes],
            persons: vec!["p".to_owned(); persons],
        };
        for (classes, persons, fits) in
            [(0, 0, true), (4, 0, true), (4, 4, true), (3, 0, false), (4, 5, false)]
        {
            assert_eq!(known(classes, persons).fits(4), fits, "{classes} classes, {persons} persons");
        }
        let mut plan = sound();
        plan.inputs = Some(PlannedInputs {
            data: "faces".into(),
            data_hash: "ab".repeat(32).parse().expect("64 digits"),
            skipped_images: 0,
            sizes: SetSizes { retain: 9, forget: 4, validation: 2, test: None },
            forgotten: known(3, 0),
            original_split: None,
            network: Network::new("resnet18", 10, &[("width", 8)]),
            originals: vec![PlannedOriginal::Checkpoint {
                path: "original.pth".into(),
                blake3: "cd".repeat(32).parse().expect("64 digits"),
            }],
        });
        let fault = plan.check().expect_err("three of four examples");
        assert!(matches!(fault, PlanFault::Forgotten { forget: 4 }), "{fault}");
    }
}
