use serde_json::{Value as Json, json};

use super::Explored;
use crate::frame::{Frame, Standing, sample::Sample};

fn data(frame: &Frame) -> Json {
    serde_json::to_value(Explored::of(frame)).expect("columns serialise")
}

#[test]
fn columns_are_of_one_length_and_hold_what_the_frame_holds() {
    let frame = Sample::finished(5).on_data().frame();
    let data = data(&frame);
    for (name, column) in data["points"].as_object().expect("columns") {
        assert_eq!(column.as_array().map(Vec::len), Some(5), "{name}");
    }
    let best = frame.ranking()[0].0;
    let titles = data["points"]["title"].as_array().expect("titles");
    let place = titles.iter().position(|title| *title == json!(best.title)).expect("it is there");
    let score = best.score.as_ref().expect("a score").score;
    let shown = data["points"]["score"][place].as_f64().expect("a number");
    assert!((shown - score.value).abs() <= 1e-5 * score.value, "{shown} is {}", score.value);
    assert_eq!(data["points"]["rank_best"][place], 1);
    assert_eq!(data["references"].as_array().map(Vec::len), Some(2), "ceiling and floor");
}

#[test]
fn an_axis_is_what_varies_within_a_label() {
    // Nine labels have one point each; from the tenth point on labels come a second time, with another learning rate.
    assert_eq!(data(&Sample::finished(9).frame())["axes"], json!([]));
    let axes = data(&Sample::finished(18).frame())["axes"].clone();
    assert_eq!(axes[1]["name"], "lr");
    assert_eq!(axes[1]["values"], json!([0.001, 0.01]), "ascending");
    let at = axes[1]["at"].as_array().expect("places");
    assert_eq!((&at[0], &at[17]), (&json!(0), &json!(1)));
}

#[test]
fn the_difference_of_two_points_stands_where_the_script_looks_for_it() {
    let frame = Sample::finished(6).frame();
    let data = data(&frame);
    let order: Vec<usize> = frame.ranking().iter().map(|(point, _)| point.position).collect();
    let values = data["differences"]["value"].as_array().expect("a triangle");
    assert_eq!(values.len(), 15);
    // Row 1, column 3 of a triangle of 6: behind the 5 of row 0, the second of row 1.
    let expected =
        frame.comparisons.difference(order[1], order[3]).expect("it was compared").difference.value;
    assert!((values[6].as_f64().expect("a number") - expected).abs() < 1e-6);
}

#[test]
fn ranks_of_all_are_the_ranks_of_each() {
    let frame = Sample::finished(12).frame();
    let all = frame.ranks_of_all();
    let ranking = frame.ranking();
    assert_eq!(all.len(), ranking.len());
    for (point, _) in &ranking {
        let others = ranking.iter().filter(|(other, _)| other.position != point.position);
        let standings: Vec<Standing> =
            others.map(|(other, _)| frame.comparisons.standing(point.position, other.position)).collect();
        let count = |standing| standings.iter().filter(|own| **own == standing).count();
        let (best, worst) = (1 + count(Standing::Behind), ranking.len() - count(Standing::Ahead));
        let ranks = frame.ranks(point).expect("it is ranked");
        assert_eq!((ranks.best, ranks.worst), (best, worst), "{}", point.title);
    }
    for point in &frame.points {
        assert_eq!(all.get(&point.position).copied(), frame.ranks(point), "{}", point.title);
    }
}
