use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use polars::prelude::DataFrame;
use polars_io::prelude::{ParquetReader, SerReader};
use sweep_protocol::{measurement::Measurement, terms::UnitInterval};

use super::{
    Estimate, Flag, FrameError, Interval, PerNumber, PointScore, ShadowRows, SpreadRow, Unscored,
    sample::Sample,
};
use crate::{outcome::Outcome, plan::Role};

fn text(sample: &Sample, name: &str) -> String {
    let files = sample.frame().files().expect("tables");
    let (_, bytes) = files.into_iter().find(|(file, _)| *file == name).expect("a file of the frame");
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn points_csv_is_plain_and_complete() {
    let sample = Sample::finished(2).on_data();
    let second = sample.method(1);
    let sample = sample.spoil(second, 2, &Outcome::Diverged { step: 7 });
    assert_snapshot!(text(&sample, "points.csv"), @r"
    label,title,role,method,params.epochs,params.lr,n,n_finished,n_diverged,n_failed,retain_acc,retain_acc_ci95,forget_acc,forget_acc_ci95,val_acc,val_acc_ci95,test_acc,test_acc_ci95,passes,forgetting_quality,forgetting_quality_low,forgetting_quality_high,retain_ratio,retain_ratio_low,retain_ratio_high,test_ratio,test_ratio_low,test_ratio_high,score,score_low,score_high,epsilon_median,normalised,normalised_low,normalised_high,cross_fitted,cross_fitted_low,cross_fitted_high,told_apart,p,q,cross_fitted_p,cross_fitted_q,score_p,score_q,shift,shift_low,shift_high,shift_found,dash_reason,engine,split,n_unchanged,n_collapsed,unlearn_s_mean,rank_low,rank_high
    original,original,original,original,,,1,1,0,0,0.953125,,0.983125,,0.875,,0.8416125,,0.0,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,not scored: original runs are a reference,torch,aaaaaaaaaaaa,0,0,1.5,,
    oracle,oracle,oracle,retrain,,,4,4,0,0,0.95166015625,0.002975547228181271,0.859375,0.0,0.87646484375,0.002975547228181271,0.87896484375,0.002975547228181271,0.0,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,not scored: oracle runs are a reference,torch,aaaaaaaaaaaa,0,0,1.5,,
    held-out,held-out,held-out,retrain,,,4,4,0,0,0.95166015625,0.002975547228181271,0.859375,0.0,0.87646484375,0.002975547228181271,0.87896484375,0.002975547228181271,0.0,0.1902,0.15216000000000002,0.22072999999999998,0.996,,,0.984,,,0.186396,0.14911680000000002,0.2163554,0.6555555555555556,1.0,0.8,1.152,1.0,0.8,1.152,0.0,1.0,,0.5,,0.75,,0.0,-1.25,1.5,1.25,,torch,aaaaaaaaaaaa,0,0,1.5,,
    identity,identity,unlearn,identity,,,4,4,0,0,0.95166015625,0.002975547228181271,0.983125,0.0,0.87646484375,0.002975547228181271,0.84307734375,0.002975547228181271,0.0,0.00031900000000000006,0.0002552000000000001,0.00236685,0.996,,,0.984,,,0.00031262000000000005,0.00025009600000000005,0.002359513,2.0415555555555556,0.0001,0.00008,0.002115,0.01,0.008,0.0135,0.99,0.001,,0.0005,,0.00075,,0.99,-0.26,2.49,1.25,,torch,aaaaaaaaaaaa,0,0,1.5,,
    finetune,finetune lr=0.001 epochs=1,unlearn,finetune,1,0.001,4,4,0,0,0.95166015625,0.002975547228181271,0.9459134615384616,0.0,0.87646484375,0.002975547228181271,0.8796305242233727,0.002975547228181271,1.0,0.018388165680473377,0.014710532544378702,0.02314639053254438,0.996,,,0.984,,,0.01802040236686391,0.014416321893491128,0.022723462721893496,1.6247863247863248,0.09467455621301776,0.07573964497041422,0.11087573964497043,0.3076923076923077,0.24615384615384617,0.35584615384615387,0.6923076923076923,0.001,0.002,0.0005,0.001,0.00075,0.0015,0.6923076923076923,-0.5576923076923077,2.1923076923076925,1.25,,torch,aaaaaaaaaaaa,0,0,1.5,1,1
    ct,ct lr=0.001 epochs=5,unlearn,ct,5,0.001,4,2,2,0,0.9521484375,0.012408403062670595,0.9122596153846154,0.0,0.8759765625,0.012408403062670595,0.8931215329142012,0.012408403062670595,1.0,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,2 of 4 runs finished; a score needs all of them,torch,aaaaaaaaaaaa,0,0,1.5,,
    ");
}

#[test]
fn runs_csv_holds_every_run_in_plan_order() {
    let sample = Sample::finished(1);
    let first = sample.method(0);
    let mut sample = sample.spoil(first, 2, &Outcome::TimedOut { after_s: 60.0 });
    let pending = sample.plan.runs.last().expect("runs").id.clone();
    sample.ends.remove(&pending);
    let csv = text(&sample, "runs.csv");
    let ids: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert!(
        ids.iter().eq(sample.plan.runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>().iter()),
        "{csv}"
    );
    let of_interest = |line: &&str| !line.contains("retrain") && !line.contains("identity");
    let shown = csv.lines().filter(of_interest).collect::<Vec<_>>().join("\n");
    assert_snapshot!(shown, @r"
    run_id,role,label,method,params.epochs,params.lr,seed,status,retain_acc,forget_acc,val_acc,test_acc,steps,passes,message,flags,attempt,source,unlearn_s,measure_s
    000000000000000000000000000003e8,original,original,original,,,0,finished,0.953125,0.983125,0.875,0.8416125,50,0.0,,,1,worker,1.5,0.25
    00000000000000000000000000001388,unlearn,finetune,finetune,1,0.001,0,finished,0.953125,0.9459134615384616,0.875,0.8781656804733727,50,1.0,,,1,worker,1.5,0.25
    00000000000000000000000000001389,unlearn,finetune,finetune,1,0.001,1,finished,0.951171875,0.9459134615384616,0.876953125,0.8801188054733727,50,1.0,,,1,worker,1.5,0.25
    0000000000000000000000000000138a,unlearn,finetune,finetune,1,0.001,2,timed-out,,,,,,1.0,stopped after 60 s,,1,worker,,
    0000000000000000000000000000138b,unlearn,finetune,finetune,1,0.001,3,pending,,,,,,1.0,,,,,,
    ");
}

/// The original of a sample keeps 0.953 of the retain set right: this is less than 0.9 of it.
fn collapse(measured: &mut Measurement) {
    measured.accuracy.retain = UnitInterval::new(0.85).expect("a fraction");
}

#[test]
fn flags_stand_at_runs_and_are_counted_at_points() {
    let sample = Sample::finished(2);
    let (first, second) = (sample.method(0), sample.method(1));
    let sample = sample.measuring(first, 1, collapse).measuring(second, 0, |measured| {
        collapse(measured);
        measured.unchanged = true;
    });
    let frame = sample.frame();
    let counts = |point: usize| Flag::ALL.map(|flag| frame.points[point].counts.flagged(flag));
    assert_eq!((counts(first), counts(second)), ([0, 3], [4, 4]), "unchanged, collapsed");
    let csv = text(&sample, "runs.csv");
    let of = |cell: &str| csv.lines().filter(|line| line.split(',').any(|own| own == cell)).count();
    assert_eq!((of("collapsed"), of("unchanged collapsed")), (3, 4), "{csv}");
    let csv = text(&sample, "points.csv");
    assert!(
        csv.lines()
            .next()
            .expect("a header")
            .ends_with(",n_unchanged,n_collapsed,unlearn_s_mean,rank_low,rank_high")
    );
    assert!(csv.lines().nth(first + 1).expect("a point").contains(",0,3,1.5,"), "{csv}");
}

#[test]
fn only_methods_collapse_and_only_beside_an_original() {
    let sample = Sample::finished(1);
    let original = sample.plan.runs[0].id.clone();
    let (identity, oracle, method) = (3, 1, sample.method(0));
    let mut sample = sample.measuring(oracle, 0, collapse).measuring(method, 0, collapse);
    let collapsed = |sample: &Sample| -> Vec<usize> {
        sample.frame().flagged(Flag::Collapsed).map(|point| point.position).collect()
    };
    assert_eq!(collapsed(&sample), [method], "retrained models are what they are");
    sample.ends.remove(&original);
    assert_eq!(collapsed(&sample), [method], "the identity stands in for the original");
    let floor = sample.measuring(identity, 0, collapse);
    assert!(collapsed(&floor).is_empty(), "the method is as good as the identity, and that as itself");
    let mut without = floor;
    let gone: Vec<_> = without.plan.runs.iter().filter(|run| run.point == identity).collect();
    for run in gone {
        without.ends.remove(&run.id);
    }
    assert!(collapsed(&without).is_empty(), "nothing to compare with");
}

#[test]
fn the_identity_never_collapses() {
    let sample = Sample::finished(1);
    let frame = sample.measuring(3, 0, collapse).frame();
    assert!(frame.points[3].is_floor());
    assert_eq!(frame.points[3].counts.collapsed, 0);
}

#[test]
fn formulas_and_control_characters_do_not_reach_a_spreadsheet() {
    let sample = Sample::finished(2).on_data().hostile("=HYPERLINK(\"http://x\")\x1b]0;\n,x");
    for name in ["runs.csv", "points.csv"] {
        let csv = text(&sample, name);
        assert!(csv.contains("\"'=HYPERLINK(\"\"http://x\"\")\\x1b]0;\\x0a,x"), "{csv}");
        assert!(!csv.contains(",\"=") && !csv.contains(",=") && !csv.contains('\x1b'), "{csv}");
        let rows = if name == "runs.csv" { sample.plan.runs.len() } else { sample.plan.points.len() };
        assert_eq!(csv.lines().count(), rows + 1, "one line per row:\n{csv}");
    }
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let sample = Sample::finished(9).on_data();
    let first = sample.frame().files().expect("tables");
    let again = sample.frame().files().expect("tables");
    for ((name, first), (_, again)) in first.into_iter().zip(again) {
        assert!(first == again, "{name} differs between two calls");
    }
}

#[test]
fn parquet_reads_back_what_csv_shows() {
    let sample = Sample::finished(3);
    let files = sample.frame().files().expect("tables");
    let (_, bytes) = files.iter().find(|(name, _)| *name == "points.parquet").expect("a Parquet file");
    let table: DataFrame = ParquetReader::new(std::io::Cursor::new(bytes)).finish().expect("its own bytes");
    let titles: Vec<_> =
        table.column("title").expect("a title").str().expect("text").iter().flatten().collect();
    assert_eq!(titles[4], "finetune lr=0.001 epochs=1");
    assert_eq!(table.height(), 7);
    assert_eq!(table.column("n_finished").expect("a count").u64().expect("whole").get(4), Some(4));
}

#[test]
fn means_carry_students_interval() {
    let sample = Sample::finished(1);
    let frame = sample.frame();
    let mean = frame.points[sample.method(0)].means.retain_acc.expect("finished runs");
    // 0.953125 − {0, 1, 2, 0}/512: mean 0.953125 − 0.75/512, s = 0.957427/512, t(0.975, 3) = 3.182446.
    assert!((mean.value - (0.953_125 - 0.75 / 512.0)).abs() < 1e-12, "{mean:?}");
    assert!(
        (mean.half_width.expect("four runs") - 3.182_446 * 0.957_427 / 512.0 / 2.0).abs() < 1e-7,
        "{mean:?}"
    );
}

#[test]
fn a_point_without_a_score_says_why() {
    let sample = Sample::finished(2);
    let second = sample.method(1);
    let frame = sample.spoil(second, 1, &Outcome::Cancelled).frame();
    assert_eq!(frame.points[second].score, Err(Unscored::Incomplete { have: 1, want: 4 }));
    assert_eq!(frame.points[0].score, Err(Unscored::Reference("original")));
    assert_eq!(frame.dashes().len(), 1);
}

#[test]
fn a_score_that_is_not_finite_is_no_score() {
    let mut sample = Sample::finished(1);
    let point = sample.method(0);
    let Some(Ok(row)) = sample.scores.get_mut(&point) else { panic!("the sample scores its methods") };
    row.test_ratio.value = f64::INFINITY;
    assert_eq!(sample.frame().points[point].score, Err(Unscored::NotFinite));
}

#[test]
fn the_ranking_is_by_score_and_leaves_out_ceiling_and_floor() {
    let sample = Sample::finished(9);
    let frame = sample.frame();
    let values: Vec<f64> = frame.ranking().iter().map(|(_, score)| score.score.value).collect();
    assert_eq!(values.len(), 9);
    assert!(values.is_sorted_by(|left, right| left >= right), "{values:?}");
    assert!(
        frame.ranking().iter().all(|(point, _)| point.role == Role::Unlearn && point.method != "identity")
    );
}

#[test]
fn a_plan_whose_run_names_no_point_is_refused() {
    let mut sample = Sample::finished(1);
    sample.plan.runs[3].point = 99;
    let scores: BTreeMap<usize, PointScore> = BTreeMap::new();
    let refused = super::Frame::of(&sample.plan, &sample.ends, &scores);
    assert!(matches!(refused, Err(FrameError::NoSuchPoint { point: 99, points: 5, .. })), "{refused:?}");
}

/// The columns that `docs/columns.md` names under a heading; `params.*` stands for every hyper-parameter.
fn documented(table: &str) -> BTreeSet<&'static str> {
    let page = include_str!("../../docs/columns.md");
    let section =
        page.split("\n## ").find(|section| section.starts_with(table)).expect("a section for each table");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2)).collect()
}

#[test]
fn columns_of_several_originals_are_there_and_documented() {
    let mut sample = Sample::finished(2);
    let ends = |value: f64| Some(Interval { low: value / 2.0, high: value * 2.0 });
    let estimate = |value: f64| Estimate { value, interval: ends(value) };
    let spread = |value: f64| {
        Some(SpreadRow { between: estimate(value), within: estimate(value / 4.0), oracle: Some(value * 3.0) })
    };
    let row = PerNumber {
        retain_acc: spread(0.004),
        forget_acc: spread(0.008),
        val_acc: spread(0.016),
        test_acc: None,
        confidence: spread(0.5),
    };
    let last = sample.plan.points.len() - 1;
    if let Some(Ok(score)) = sample.scores.get_mut(&last) {
        score.components = Some(row);
    }
    let text = text(&sample, "points.csv");
    let heads: Vec<&str> = text.lines().next().expect("a head").split(',').collect();
    let found: BTreeSet<&str> = heads.iter().copied().filter(|head| head.contains("_sd_")).collect();
    let documented = documented("points.csv");
    assert_eq!(found, documented.into_iter().filter(|name| name.contains("_sd_")).collect());
    let cells: Vec<&str> = text.lines().last().expect("a row").split(',').collect();
    let cell = |name: &str| cells[heads.iter().position(|head| *head == name).expect("a column")];
    assert_eq!(
        [
            "forget_acc_sd_between",
            "forget_acc_sd_between_high",
            "confidence_sd_within",
            "confidence_sd_oracle"
        ]
        .map(cell),
        ["0.008", "0.016", "0.125", "1.5"]
    );
    assert_eq!(cell("test_acc_sd_between"), "", "there is no test set");
}

#[test]
fn every_column_is_documented_and_no_other() {
    let sample = Sample::finished(3).on_data();
    let with_truth = ["truth_acc", "truth_acc_ci95"];
    for table in ["runs.csv", "points.csv", "differences.csv"] {
        let text = text(&sample, table);
        let heads = text.lines().next().expect("a head").split(',');
        let heads: BTreeSet<&str> =
            heads.map(|head| if head.starts_with("params.") { "params.*" } else { head }).collect();
        let mut documented = documented(table);
        documented.retain(|name| !with_truth.contains(name) && !name.contains("_sd_"));
        assert_eq!(heads, documented, "{table}");
    }
}

#[test]
fn tables_of_shadow_networks_are_plain_and_documented() {
    let mut frame = Sample::finished(1).on_data().frame();
    frame.shadows = Some(ShadowRows::sample());
    let files = frame.files().expect("tables");
    let text = |name: &str| {
        let (_, bytes) = files.iter().find(|(file, _)| *file == name).expect("a file of the frame");
        String::from_utf8(bytes.clone()).expect("UTF-8")
    };
    for table in ["memorization.csv", "shadows.csv"] {
        let text = text(table);
        let heads: BTreeSet<&str> = text.lines().next().expect("a head").split(',').collect();
        assert_eq!(heads, documented(table), "{table}");
    }
    let images = text("memorization.csv");
    assert_eq!(images.lines().count(), 41);
    let row = |nth: usize| images.lines().nth(nth + 1).expect("a row").to_owned();
    assert_eq!(row(0), "000-000000,p0,3,retain,10,2,1.0,0.0,1.0,0.5,1.25,torch,aaaaaaaaaaaa");
    assert!(row(39).starts_with("000-000039,,3,forget,"), "{}", row(39));
    let attacks = text("shadows.csv");
    assert!(attacks.contains("threshold,AUC,12,0.5,0.0625,0.25,,torch"), "{attacks}");
    assert!(attacks.contains("rmia,AUC,12,,,,too few,torch"), "{attacks}");
}
