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
