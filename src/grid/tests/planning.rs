use std::collections::HashSet;

use sweep_protocol::terms::{Seed, SetSizes, Value};

use super::{TORCH, TOY, checked, experiment, nothing, plain, planned, resolved};
use crate::{
    grid::{GridFile, Resolved, ResolvedData},
    plan::{
        EngineCommand, EngineFile, Forgotten, HELD_OUT_SEEDS, Plan, PlanFault, PlannedEngine,
        PlannedOriginal, PlannedSplit, Point, RETRAIN_SEEDS, Role, TrainingSet,
    },
};

fn titles(plan: &Plan) -> Vec<String> {
    plan.points.iter().map(Point::title).collect()
}

fn unlearning(plan: &Plan) -> Vec<String> {
    plan.points.iter().filter(|point| point.role == Role::Unlearn).map(Point::title).collect()
}

#[test]
fn points_and_runs_come_in_their_order() {
    let plan = planned(&format!("{TORCH}[method.finetune]\nlr = [1e-2, 1e-3]\nepochs = [1, 2]\n"));
    assert_eq!(
        titles(&plan),
        [
            "original",
            "oracle",
            "held-out",
            "finetune lr=0.01 epochs=1",
            "finetune lr=0.01 epochs=2",
            "finetune lr=0.001 epochs=1",
            "finetune lr=0.001 epochs=2",
            "identity",
        ]
    );
    let runs: Vec<(usize, u64)> = plan.runs.iter().map(|run| (run.point, run.seed.0)).collect();
    let first: Vec<_> = (3..8).map(|point| (point, 0)).collect();
    let second: Vec<_> = (3..8).map(|point| (point, 1)).collect();
    let retrained = [(0, 0), (1, 0), (1, 1), (1, 2), (2, HELD_OUT_SEEDS), (2, HELD_OUT_SEEDS + 1)];
    assert_eq!(runs, [&retrained[..], &first, &second].concat());
    let ids: HashSet<_> = plan.runs.iter().map(|run| &run.id).collect();
    assert_eq!(ids.len(), plan.runs.len(), "ids are unique");
}

#[test]
fn a_plan_says_what_it_stands_on() {
    let trained = planned(&format!("{TORCH}[method.identity]\n"));
    let inputs = trained.inputs.as_ref().expect("a torch plan");
    assert_eq!(inputs.originals, [PlannedOriginal::Trained { run: trained.runs[0].id.clone() }]);
    assert_eq!((inputs.data.as_str(), inputs.network.keys["width"]), ("d", 64));

    let given = planned(&format!("{TORCH}[original]\ncheckpoint = \"o.pth\"\n[method.identity]\n"));
    assert!(given.points.iter().all(|point| point.role != Role::Original), "nothing to train");
    assert!(matches!(&given.inputs.as_ref().expect("a torch plan").originals[..],
            [PlannedOriginal::Checkpoint { path, .. }] if path == "o.pth"));

    let toy = super::plan(&checked(&format!("{TOY}[method.identity]\n")), &nothing());
    assert_eq!((toy.engine.name.as_str(), toy.inputs), ("toy", None));
    assert_eq!(toy.points[0].role, Role::Oracle, "the toy has no original");
}

#[test]
fn several_forget_sets_are_a_sweep_each_from_the_same_originals() {
    let text = |forget: &str| {
        let data = format!("path = \"d\"\n{forget}");
        format!("{}[original]\nmodels = 2\n[method.finetune]\n", TORCH.replace("path = \"d\"\n", &data))
    };
    let sweeps = checked(&text("forget = [\"d\", \"s/e\", \"s/f\"]\n")).per_forget_set();
    let named: Vec<_> = sweeps
        .iter()
        .map(|(name, grid)| (name.as_deref(), grid.settings().name.as_str(), grid.settings().split()))
        .collect();
    let expected = [("d", "t-d", "d"), ("e", "t-e", "s/e"), ("f", "t-f", "s/f")];
    assert_eq!(named, expected.map(|(name, sweep, split)| (Some(name), sweep, Some(split))));

    // What is found outside: `d` forgets what it says itself, the others learn from it.
    let found = |hash: &str, learns: bool| {
        let mut resolved = resolved();
        let data = resolved.data.as_mut().expect("it trains");
        let learned = data.hash.clone();
        data.hash = hash.repeat(32).parse().expect("64 digits");
        let split =
            PlannedSplit { data: "d".to_owned(), data_hash: learned, skipped_images: 0, sizes: data.sizes };
        data.original_split = learns.then_some(split);
        resolved
    };
    let outside = [found("ab", false), found("12", true), found("34", true)];
    let plans: Vec<Plan> =
        sweeps.iter().zip(&outside).map(|((_, grid), outside)| super::plan(grid, outside)).collect();
    let ids = |plan: &Plan, role: Role| -> Vec<String> {
        let runs = plan.runs.iter().filter(|run| plan.point(run).role == role);
        runs.map(|run| run.id.to_string()).collect()
    };
    let alone = planned(&text(""));
    assert_eq!(plans[0].runs, alone.runs, "its own forget set gives the runs of a grid that names none");
    for plan in &plans[1..] {
        assert_eq!(plan.check(), Ok(()));
        assert_eq!(ids(plan, Role::Original), ids(&alone, Role::Original));
        for role in [Role::Oracle, Role::HeldOut, Role::Unlearn] {
            assert!(ids(plan, role).iter().all(|id| !ids(&alone, role).contains(id)), "{role:?}");
        }
        let mut elsewhere = plan.clone();
        elsewhere.inputs.as_mut().expect("it trains").original_split = None;
        assert!(elsewhere.check().is_err(), "the originals learned from `d`");
    }

    let one = checked(&text("forget = \"s/e\"\n")).per_forget_set();
    assert!(matches!(&one[..], [(None, grid)] if grid.settings().name == "t"), "one needs no name");
    assert_eq!(super::plan(&one[0].1, &outside[1]).runs, plans[1].runs);
}

#[test]
fn seeds_take_several_originals_in_turn_and_those_of_the_first_are_known_from_before() {
    let grid = |models: u64| {
        let seeds = TORCH.replace("seeds = 2", "seeds = 5");
        format!("{seeds}[original]\nmodels = {models}\n[method.finetune]\n[method.retrain]\n")
    };
    let (one, three) = (planned(&grid(1)), planned(&grid(3)));
    assert_eq!(one, planned(&grid(1).replace("[original]\nmodels = 1\n", "")), "one is what there is anyway");
    assert_eq!(three.check(), Ok(()));
    let checked = checked(&grid(3));
    assert_eq!(checked.run_count(), three.runs.len() as u128);
    let originals = &three.runs[three.training_originals()];
    let seeds: Vec<u64> = originals.iter().map(|run| run.seed.0).collect();
    assert_eq!((seeds, &originals[0]), (vec![0, 1, 2], &one.runs[0]));
    let ids = |plan: &Plan, label: &str| -> Vec<String> {
        let point = plan.points.iter().position(|point| &*point.label == label).expect("the label");
        plan.runs_of(point).map(|run| run.id.to_string()).collect()
    };
    for (label, same) in [
        ("finetune", [true, false, false, true, false]),
        ("identity", [true, false, false, true, false]),
        ("retrain", [true; 5]),
    ] {
        let (one, three) = (ids(&one, label), ids(&three, label));
        let found: Vec<bool> = one.iter().zip(&three).map(|(one, three)| one == three).collect();
        assert_eq!(found, same, "{label}");
    }
    assert_eq!(
        (ids(&one, "oracle"), ids(&one, "held-out")),
        (ids(&three, "oracle"), ids(&three, "held-out"))
    );
    let all: HashSet<_> = three.runs.iter().map(|run| &run.id).collect();
    assert_eq!(all.len(), three.runs.len(), "ids are unique");

    let text = serde_json::to_string(&three).expect("plain data");
    assert_eq!(serde_json::from_str::<Plan>(&text).expect("as it was written"), three);
    let text = serde_json::to_string(&one).expect("plain data");
    assert!(!text.contains("originals") && text.contains("\"original\":{\"trained\""), "as it always was");
    let mut fewer = three.clone();
    fewer.originals = 2;
    assert!(matches!(fewer.check(), Err(PlanFault::Originals { originals: 2, named: 3, .. })));
}

#[test]
fn several_checkpoints_are_an_original_each() {
    let grid = |originals: &str| format!("{TORCH}[original]\n{originals}\n[method.finetune]\n");
    let (one, two) =
        (planned(&grid("checkpoint = \"o.pth\"")), planned(&grid("checkpoint = [\"o.pth\", \"p.pth\"]")));
    assert_eq!(one, planned(&grid("checkpoint = [\"o.pth\"]")));
    assert_eq!((two.originals, two.check()), (2, Ok(())));
    let inputs = two.inputs.as_ref().expect("a torch plan");
    assert!(matches!(&inputs.originals[..],
        [PlannedOriginal::Checkpoint { path, .. }, PlannedOriginal::Checkpoint { path: other, .. }]
            if path == "o.pth" && other == "p.pth"));
    let ids = |plan: &Plan| plan.runs_of(2).map(|run| run.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&one)[0], ids(&two)[0]);
    assert_ne!(ids(&one)[1], ids(&two)[1]);
}

#[test]
fn an_engine_that_draws_its_numbers_knows_originals_by_their_numbers() {
    let plan = |more: &str| super::plan(&checked(&format!("{TOY}{more}[method.ct]\n")), &nothing());
    let (one, two) = (plan(""), plan("[original]\nmodels = 2\n"));
    assert_eq!(one, plan("[original]\ncheckpoint = [\"a\", \"b\"]\n"), "checkpoints mean nothing to it");
    assert_eq!((two.check(), two.originals, two.training_originals()), (Ok(()), 2, 0..0));
    let ids = |plan: &Plan, label: &str| -> Vec<String> {
        let point = plan.points.iter().position(|point| &*point.label == label).expect("the label");
        plan.runs_of(point).map(|run| run.id.to_string()).collect()
    };
    assert_eq!(ids(&one, "oracle"), ids(&two, "oracle"));
    assert!(ids(&one, "ct").iter().all(|id| !ids(&two, "ct").contains(id)), "every one is moved");
}

#[test]
fn passes_follow_the_recipe_and_the_sizes() {
    let plan = planned(&format!("{TORCH}[training]\nepochs = 15\n[method.finetune]\nepochs = 3\n"));
    let passes: Vec<f64> = plan.points.iter().map(|point| point.passes).collect();
    // The original trains on 1020 examples, the others on the 1000 that are retained.
    assert_eq!(passes, [15.3, 15.0, 15.0, 3.0, 0.0]);
}

#[test]
fn the_floor_is_added_once() {
    assert_eq!(unlearning(&planned(&format!("{TORCH}[method.ct]\n"))), ["ct", "identity"]);
    let own = format!("{TORCH}[method.floor]\nmethod = \"identity\"\n[method.ct]\n");
    assert_eq!(unlearning(&planned(&own)), ["floor", "ct"]);
    let excluded = format!("{own}[[exclude]]\nwhen = \"label == 'floor'\"\n");
    assert_eq!(unlearning(&planned(&excluded)), ["ct", "identity"]);
}

#[test]
fn axes_walk_together_in_a_zip_and_excludes_take_points_away() {
    let plan = planned(&format!(
        "{TORCH}[method.finetune]\nlr = [1, 2]\n[[method.finetune.zip]]\nepochs = [1, 2]\nmomentum = [0.1, 0.2]\n\
         [[exclude]]\nwhen = \"lr == 2 and epochs == 1\"\nwhy = \"as a test\"\n"
    ));
    assert_eq!(
        unlearning(&plan),
        [
            "finetune lr=1 epochs=1 momentum=0.1",
            "finetune lr=1 epochs=2 momentum=0.2",
            "finetune lr=2 epochs=2 momentum=0.2",
            "identity",
        ]
    );
}

#[test]
fn what_an_exclude_leaves_constant_is_not_varied() {
    let plan = planned(&format!(
        "{TORCH}[method.finetune]\nlr = [1, 2]\nepochs = [1, 2]\n[[exclude]]\nwhen = \"epochs == 2\"\n"
    ));
    assert_eq!(*plan.points[3].varied, ["lr"]);
    assert_eq!(plan.points[3].parameters.len(), 6, "defaults are written out");
}

#[test]
fn defaults_reach_the_methods_that_have_them() {
    let plan = planned(&format!(
        "{TORCH}[defaults]\nepochs = 2\nalpha = [0.5, 0.9]\n[method.finetune]\n[method.ct]\nepochs = 4\n[method.neggrad-plus]\n"
    ));
    let epochs: Vec<&Value> = plan.points[3..7].iter().map(|point| &point.parameters["epochs"]).collect();
    assert_eq!(epochs, [&Value::Float(2.0), &Value::Float(4.0), &Value::Float(2.0), &Value::Float(2.0)]);
    assert_eq!(
        unlearning(&plan),
        ["finetune", "ct", "neggrad-plus alpha=0.5", "neggrad-plus alpha=0.9", "identity"]
    );
}

#[test]
fn whole_numbers_stay_whole_where_they_must() {
    let plan = planned(&format!(
        "{TORCH}[method.finetune]\nbatch-size = {{ range = [16, 48, 16] }}\n[method.ct]\n\
         batch-size = {{ random = {{ uniform = [1, 1000] }}, n = 3, seed = 1 }}\n"
    ));
    let sizes: Vec<&Value> = plan.points[3..9].iter().map(|point| &point.parameters["batch-size"]).collect();
    assert_eq!(sizes[..3], [&Value::Integer(16), &Value::Integer(32), &Value::Integer(48)]);
    assert!(sizes[3..].iter().all(|size| matches!(size, Value::Integer(1..=1000))), "{sizes:?}");
}

const OWN: &str = r#"
[method.mine]
method = "recipe"
lr = [0.1, 0.2]
epochs = 2
phases = [
  { noise = { tensors = "all", std = 0.1 } },
  { train = { data = [{ set = "retain", batch-size = 64 }], epochs = "$epochs", loss = [{ cross-entropy = { on = "retain" } }], optimizer = { sgd = { lr = "$lr" } } } },
]
"#;

#[test]
fn phases_of_the_users_own_take_values_from_the_axes() {
    let plan = planned(&format!("{TORCH}{OWN}"));
    assert_eq!(unlearning(&plan), ["mine lr=0.1", "mine lr=0.2", "identity"]);
    let json = serde_json::to_string(&*plan.points[4].recipe()).expect("plain data");
    assert!(json.contains(r#""lr":0.2"#) && json.contains(r#""epochs":2.0"#), "{json}");
    assert!((plan.points[4].passes - 2.0).abs() < 1e-12, "{}", plan.points[4].passes);
}

#[test]
fn ids_depend_on_what_decides_the_result_and_on_nothing_else() {
    let id = |text: &str, label: &str| {
        let plan = planned(text);
        let point = plan.points.iter().position(|point| &*point.label == label).expect("the label");
        plan.runs_of(point).next().expect("a run").id.clone()
    };
    let base = format!("{TORCH}[method.finetune]\nlr = 0.1\n");
    let renamed =
        base.replace("name = \"t\"", "name = \"u\"").replace("path = \"d\"", "path = \"elsewhere\"");
    let relabelled = format!("{TORCH}[method.tuned]\nmethod = \"finetune\"\nlr = 0.1\n");
    assert_eq!(id(&base, "finetune"), id(&renamed, "finetune"));
    assert_eq!(id(&base, "finetune"), id(&relabelled, "tuned"));
    let written_out = format!("{base}epochs = 1\nmomentum = 0.9\n");
    assert_eq!(id(&base, "finetune"), id(&written_out, "finetune"), "a default is a value");

    let recipe = format!("{base}[training]\nepochs = 3\n");
    assert_ne!(id(&base, "oracle"), id(&recipe, "oracle"));
    assert_ne!(id(&base, "finetune"), id(&recipe, "finetune"), "another original");
    let checkpoint = format!("{base}[original]\ncheckpoint = \"o.pth\"\n");
    assert_ne!(id(&base, "finetune"), id(&checkpoint, "finetune"));
    assert_eq!(id(&base, "oracle"), id(&checkpoint, "oracle"), "the oracle doesn't know the original");
    let pool = format!("{base}[pool]\nslots-per-device = 4\n");
    assert_eq!(id(&base, "finetune"), id(&pool, "finetune"));
}

#[test]
fn ids_depend_on_the_engine_its_version_and_what_its_command_contains() {
    let grid = checked(&format!("{TOY}[method.identity]\n"));
    let id = |engine| super::plan(&grid, &Resolved { engine, ..nothing() }).runs[0].id.clone();
    let command = |words: [&str; 2], version: &str, hash: &str| {
        let files = vec![EngineFile { word: 1, blake3: hash.repeat(64).parse().expect("64 digits") }];
        let command = EngineCommand { words: words.map(str::to_owned).to_vec(), files };
        PlannedEngine { command: Some(command), ..PlannedEngine::ours("mine", version, false) }
    };
    let mine = id(command(["python3", "a.py"], "1", "a"));
    assert_eq!(mine, id(command(["python3", "elsewhere/a.py"], "1", "a")), "a script is what it contains");
    for (other, what) in [
        (command(["python3", "a.py"], "1", "b"), "an edited script"),
        (command(["python3", "a.py"], "2", "a"), "another version"),
        (command(["python3.13", "a.py"], "1", "a"), "another interpreter"),
        (PlannedEngine::ours("mine", "1", false), "one that comes with sweep"),
    ] {
        assert_ne!(mine, id(other), "{what}");
    }
}

#[test]
fn a_swept_retrain_shares_no_model_with_the_oracle() {
    let plan = planned(&format!("{TORCH}[method.retrain]\n"));
    let retrain = plan.points.iter().position(|point| &*point.label == "retrain").expect("swept");
    let seeds: Vec<Seed> = plan.runs_of(retrain).map(|run| run.seed).collect();
    assert_eq!(seeds, [Seed(RETRAIN_SEEDS), Seed(RETRAIN_SEEDS + 1)]);
    let turns: Vec<usize> = plan.runs[6..].iter().map(|run| run.point).collect();
    assert_eq!(turns, [3, 4, 3, 4], "seed by seed all the same");
}

#[test]
fn no_held_out_group_leaves_no_point() {
    let plan = planned(&format!("{}[method.identity]\n", TORCH.replace("held-out = 2", "held-out = 0")));
    assert_eq!(titles(&plan), ["original", "oracle", "identity"]);
}

#[test]
fn overrides_take_the_place_of_what_the_file_says() {
    let text = format!("{TORCH}[method.finetune]\nlr = [1, 2, 3]\n");
    let mut file = GridFile::parse("grid.toml", &text).expect("TOML");
    for assignment in [
        "seeds=4",
        "method.finetune.lr=[1e-3]",
        "method.ct.epochs=2",
        "name=other",
        "pool.run-timeout=40m",
        "training.optimizer={ sgd = { lr = 0.1 } }",
        "\"oracle\".models = 5",
    ] {
        file.set(assignment).unwrap_or_else(|error| panic!("{}", super::plain(&error)));
    }
    let grid = file.check().unwrap_or_else(|error| panic!("{}", super::plain(&error)));
    assert_eq!((grid.settings().seeds, grid.settings().name.as_str()), (4, "other"));
    assert_eq!(grid.settings().oracle.models, 5);
    assert_eq!(grid.settings().pool.run_timeout, Some(std::time::Duration::from_mins(40)));
    assert_eq!(unlearning(&super::plan(&grid, &resolved())), ["finetune", "ct", "identity"]);
}

#[test]
fn the_toy_experiment_has_two_hundred_runs() {
    let grid = experiment("toy.toml");
    assert_eq!((grid.settings().name.as_str(), grid.run_count()), ("toy", 200));
    let plan = super::plan(&grid, &nothing());
    assert_eq!(plan.runs.len(), 200);
    insta::assert_snapshot!(titles(&plan).join("\n"), @r"
    oracle
    held-out
    identity
    shifted shift=0
    shifted shift=0.5
    shifted shift=1
    shifted shift=2
    spread spread=0.5 test-loss=0
    spread spread=1.5 test-loss=0.01
    spread spread=3 test-loss=0.02
    ");
}

#[test]
fn the_quickstart_plans_its_methods() {
    let grid = experiment("quickstart.toml");
    let plan = super::plan(&grid, &resolved());
    assert_eq!(plan.runs.len() as u128, grid.run_count());
    insta::assert_snapshot!(titles(&plan).join("\n"), @r"
    original
    oracle
    held-out
    identity
    finetune lr=0.0003
    finetune lr=0.001
    neggrad-plus alpha=0.9
    neggrad-plus alpha=0.95
    bad-teacher
    fresh-top
    ");
}

/// Results that are there already are found by their ids; the fixture holds those of an earlier build.
#[test]
fn the_ids_of_a_grid_stay_as_they_are() {
    let data = ResolvedData {
        hash: "3f21fa1d289429ecd469f0d2d4d5b1be71491e41503611159009575ed6ec7552".parse().expect("64 digits"),
        skipped_images: 0,
        sizes: SetSizes { retain: 1175, forget: 25, validation: 150, test: Some(150) },
        forgotten: Forgotten { classes: vec![3; 25], persons: vec!["p7".to_owned(); 25] },
        original_split: None,
        training: TrainingSet::default(),
    };
    let engine = PlannedEngine::ours("torch", "sweep-torch 0.1.0, arithmetic 1, float32, torch 2.11.0", true);
    let grid = checked(include_str!("../../../tests/fixtures/earlier.toml"));
    let plan = super::plan(&grid, &Resolved { engine, data: Some(data), ..nothing() });
    let ids: Vec<&str> = plan.runs.iter().map(|run| run.id.as_str()).collect();
    let earlier: Vec<&str> = include_str!("../../../tests/fixtures/earlier.ids").lines().collect();
    assert_eq!(ids, earlier);
}

#[test]
fn a_last_batch_of_next_to_nothing_is_found_where_batch_normalisation_learns_from_it() {
    let of = |network: &str, retain: u64| {
        let text = format!(
            "name = \"t\"\nseeds = 3\n[data]\npath = \"d\"\n[training]\nnetwork = {network}\nbatch-size = 64\n\
             [method.finetune]\nbatch-size = 50\n[method.gradient-ascent]\nbatch-norm = \"frozen\"\nforget-batch-size = 18\n\
             [method.random-labels]\nforget-batch-size = 18\n"
        );
        let sizes = SetSizes { retain, forget: 20, validation: 10, test: None };
        let data = resolved().data.map(|data| ResolvedData { sizes, ..data });
        let resolved = Resolved { data, checkpoints: Vec::new(), ..resolved() };
        let plan = checked(&text).plan(&resolved).unwrap_or_else(|error| panic!("{}", plain(&error)));
        let told = plan.remnants().into_iter();
        told.map(|(own, points)| {
            format!("{} of {} by {}: {}", own.last, own.examples, own.batch_size, points.join(", "))
        })
        .collect::<Vec<_>>()
    };
    let resnet = "{ name = \"resnet18\", width = 4, classes = 10 }";
    // 1,026 training images are sixteen batches of 64 and 2 more; 1,006 are fifteen and 46, and twenty batches of 50 and 6 more.
    let forget = "2 of 20 by 18: random-labels";
    assert_eq!(of(resnet, 1006), ["2 of 1026 by 64: original", "6 of 1006 by 50: finetune", forget]);
    // One more than sixteen batches joins the last of them.
    assert_eq!(of(resnet, 1005), ["5 of 1005 by 50: finetune", forget]);
    assert_eq!(of(resnet, 1024), [forget], "20 and 24 are enough, and frozen statistics learn nothing");
    assert!(of("{ name = \"mlp\", width = 4, classes = 10 }", 1006).is_empty(), "it normalises nothing");
}

#[test]
fn confirmation_alone_can_look_for_the_best_of_each_method() {
    let text = "name = \"t\"\nengine = \"toy\"\nseeds = 8\n[sweep]\nbest-of = \"method\"\n[confirm]\n\
                [method.finetune]\nlr = [1e-3, 1e-2]\n[method.neggrad-plus]\n";
    let plan = super::plan(&checked(text), &nothing());
    let contests: Vec<&str> = (2..plan.points.len()).map(|position| plan.contest(position)).collect();
    assert_eq!(contests, ["finetune", "finetune", "neggrad-plus", "identity"]);
    assert!(plan.stages.is_empty());
    let usual = super::plan(&checked(&text.replace("\"method\"\n[c", "\"grid\"\n[c")), &nothing());
    assert_eq!(usual.contest(2), usual.contest(4));
    assert_eq!(usual.runs, plan.runs, "what is looked for decides no run");
}

#[test]
fn stages_are_the_number_of_models_and_of_the_oracle() {
    let grid = checked(
        "name = \"t\"\nengine = \"toy\"\n[sweep]\nstages = [4, 8, 12]\n[method.finetune]\nlr = [1e-3, 1e-2]\n",
    );
    let plan = super::plan(&grid, &nothing());
    assert_eq!((plan.stages.as_slice(), plan.seeds), ([4, 8, 12].as_slice(), 12));
    assert_eq!((plan.oracle.models, plan.oracle.held_out), (12, 12));
    assert_eq!(plan.runs.len(), 5 * 12, "oracle, held-out group, two points and the floor");
    let first = plan.limited(|point| if plan.points[point].role == Role::Unlearn { 4 } else { 2 });
    assert_eq!(first.runs.len(), 3 * 4 + 2 * 2);
    assert_eq!(first.runs_of(3).collect::<Vec<_>>(), plan.runs_of(3).take(4).collect::<Vec<_>>());
}

#[test]
fn audits_change_what_is_measured_and_no_run() {
    let without = format!("{TORCH}[method.ct]\n");
    let with =
        |audits: &str| planned(&format!("{without}[audit]\naudits = [{audits}]\nretain-sample = 50\n"));
    let (plain, cheap, full) = (planned(&without), with("\"tow\", \"u-lira\""), with("\"mia\", \"tow\""));
    assert_eq!((&plain.runs, &plain.runs), (&cheap.runs, &full.runs));
    let samples = |plan: &Plan| plan.runs.iter().map(|run| plan.retain_sample(run)).collect::<Vec<_>>();
    assert!(
        [samples(&plain), samples(&cheap)].concat().iter().all(Option::is_none),
        "every run measures that"
    );
    // The original is not audited; oracle, held-out group and unlearned models are.
    assert_eq!(samples(&full)[0], None);
    assert!(samples(&full)[1..].iter().all(|sample| *sample == Some(50)));
}

#[test]
fn every_plan_that_a_grid_gives_is_one_that_is_believed_when_it_is_read() {
    let grids = [
        format!("{TORCH}[method.finetune]\nlr = [1e-2, 1e-3]\n[method.retrain]\n[method.ssd]\n"),
        format!("{TORCH}[original]\ncheckpoint = \"o.pth\"\n[method.ct]\n"),
        format!("{TORCH}{OWN}"),
    ];
    for text in grids {
        let plan = planned(&text);
        plan.check().unwrap_or_else(|fault| panic!("{fault}\n{text}"));
        let json = serde_json::to_vec(&plan).expect("plain data");
        let read: Plan = serde_json::from_slice(&json).expect("its own text");
        read.check().unwrap_or_else(|fault| panic!("read back: {fault}\n{text}"));
    }
    let toy = super::plan(&checked(&format!("{TOY}[method.simulated]\nshift = [0, 1]\n")), &nothing());
    toy.check().expect("a toy plan");
}

#[test]
fn images_are_looked_for_only_where_they_can_be_found() {
    const AUDIT: &str = "[method.identity]\n[audit]\naudits = [\"reconstruction\"]\n";
    let with = |network: &str, more: &str| format!("{TORCH}[training]\nnetwork = {network}\n{AUDIT}{more}");
    let centred = "{ name = \"mlp\", width = 8, divide = 255, mean = \"retain\" }";
    let of = |text: &str, retain| {
        let sizes = SetSizes { retain, forget: 6, validation: 10, test: Some(130) };
        let data = resolved().data.map(|data| ResolvedData { sizes, ..data });
        checked(text).plan(&Resolved { data, ..resolved() })
    };
    let text = with(centred, "reconstruction = { steps = 7, pictures = true }\n");
    let plan = of(&text, 24).unwrap_or_else(|error| panic!("{}", plain(&error)));
    let asked = |role| {
        let run = plan.runs.iter().find(|run| plan.point(run).role == role).expect("there is one");
        plan.reconstruct(run)
    };
    assert_eq!(asked(Role::Original), None, "identity is measured in its place");
    let own = asked(Role::Oracle).expect("asked for");
    assert_eq!((own.steps, own.candidates, own.pictures), (7, 2, true));
    let without =
        of(&text.replace("[audit]\naudits", "[audit]\nretain-sample = 9\naudits"), 24).expect("a plan");
    assert_eq!(without.runs, plan.runs, "an audit decides no id");
    let refused = plain(&of(&text, 1000).expect_err("too many"));
    assert!(refused.contains("1006 images"), "{refused}");
    for (network, reason) in
        [("{ name = \"resnet18\" }", "batch normalisation"), ("{ name = \"mlp\" }", "divide = 255")]
    {
        let file = GridFile::parse("grid.toml", &with(network, "")).expect("TOML");
        let refused = plain(&file.check().expect_err("nothing can be found"));
        assert!(refused.contains(reason), "{refused}");
    }
    let toy = checked(&format!("{TOY}[method.simulated]\n[audit]\naudits = [\"reconstruction\"]\n"))
        .plan(&nothing());
    let toy = toy.unwrap_or_else(|error| panic!("{}", plain(&error)));
    assert!(toy.runs.iter().all(|run| toy.reconstruct(run).is_none()), "what trains nothing has no weights");
}
