//! Shadow networks: how they are planned, and what they are refused with.

use super::{TORCH, TOY, checked, plain, plan, planned, resolved};
use crate::{
    grid::{Grid, GridFile, Resolved, ResolvedData},
    plan::{Plan, PlanFault, Role, Run, SHADOW_SEEDS, Shadows, TrainingSet},
};

const METHOD: &str = "[method.finetune]\nlr = 1e-3\n";

fn grid(shadows: &str) -> Grid {
    checked(&format!("{TORCH}{shadows}{METHOD}"))
}

/// The usual data, of which the 1,020 training images show `persons` people.
fn showing(persons: usize) -> Resolved {
    let training = TrainingSet {
        images: (0..1020).map(|image| format!("000-{image:06}")).collect(),
        classes: vec![0; 1020],
        persons: (0..1020).map(|image| format!("p{}", image % persons)).collect(),
        forgotten: Vec::new(),
    };
    let data = resolved().data.map(|data| ResolvedData { training, ..data });
    Resolved { data, ..resolved() }
}

fn asked(plan: &mut Plan) -> &mut Shadows {
    plan.shadows.as_mut().expect("asked for")
}

fn shadows(plan: &Plan) -> Vec<&Run> {
    plan.shadows().collect()
}

#[test]
fn they_come_in_blocks_and_change_no_other_run() {
    let with = plan(&grid("[shadows]\nfolds = 4\nrepeats = 3\n"), &showing(100));
    with.check().expect("a plan as a grid gives it");
    let runs = shadows(&with);
    assert_eq!(runs.len(), 12);
    assert!(runs.iter().map(|run| run.seed.0).eq(SHADOW_SEEDS..SHADOW_SEEDS + 12));
    assert!(runs.iter().all(|run| with.retain_sample(run) == Some(1000)), "each is asked about every image");
    let others = |plan: &Plan| -> Vec<String> {
        let runs = plan.runs.iter().filter(|run| plan.point(run).role != Role::Shadow);
        runs.map(|run| run.id.to_string()).collect()
    };
    let without = plan(&grid(""), &showing(100));
    assert_eq!(others(&with), others(&without));
    assert!(
        without.shadows.is_none() && !serde_json::to_string(&without).expect("plain data").contains("shadow")
    );
    let asked = with.shadows.as_ref().expect("asked for");
    let times = |image: usize| runs.iter().filter(|run| asked.left_out(run.seed)[image]).count();
    assert!((0..1020).step_by(97).all(|image| times(image) == 3), "three repeats");
    let text = serde_json::to_string(&with).expect("plain data");
    assert_eq!(serde_json::from_str::<Plan>(&text).expect("its own text"), with);
}

#[test]
fn their_ids_go_by_whom_the_images_show_and_more_repeats_add_to_them() {
    let ids = |repeats: u64, persons: usize| -> Vec<String> {
        let text = format!("[shadows]\nfolds = 4\nrepeats = {repeats}\n");
        shadows(&plan(&grid(&text), &showing(persons))).into_iter().map(|run| run.id.to_string()).collect()
    };
    let three = ids(3, 100);
    assert_eq!(ids(5, 100)[..12], three);
    assert!(ids(3, 99).iter().all(|id| !three.contains(id)));
}

#[test]
fn a_plan_that_leaves_out_others_than_it_says_is_refused() {
    let sound = plan(&grid("[shadows]\nfolds = 4\nrepeats = 3\n"), &showing(100));
    let refused = |change: fn(&mut Plan)| {
        let mut plan = sound.clone();
        change(&mut plan);
        matches!(plan.check(), Err(PlanFault::Shadows { .. }))
    };
    assert!(refused(|plan| asked(plan).training.persons[7] = "somebody".to_owned()), "another person");
    assert!(refused(|plan| asked(plan).training.images.truncate(3)), "fewer images");
    assert!(refused(|plan| asked(plan).training.persons.truncate(3)), "fewer names");
    let mut many = sound.clone();
    asked(&mut many).folds = 99.try_into().expect("not 0");
    assert!(many.check().is_err(), "as no grid asks");
    let mut unnamed = sound.clone();
    unnamed.shadows = None;
    assert!(unnamed.check().is_err(), "runs that nothing asks for");
}

#[test]
fn engines_networks_and_data_that_they_are_not_for() {
    let problems = |text: &str| {
        let file = GridFile::parse("grid.toml", text).unwrap_or_else(|error| panic!("{}", plain(&error)));
        plain(&file.check().err().unwrap_or_else(|| panic!("accepted:\n{text}")))
    };
    let toy = problems(&format!("{TOY}[shadows]\n[method.identity]\n"));
    assert!(toy.contains("`[shadows]` has no meaning with"), "{toy}");
    let numbers = problems(&format!("{TORCH}[shadows]\nfolds = 17\nrepeats = 1\n{METHOD}"));
    assert!(numbers.contains("`folds` must be") && numbers.contains("`repeats` must be"), "{numbers}");
    let swept = problems(&format!("{TORCH}[method.shadow]\n"));
    assert!(swept.contains("`shadow` is trained by itself and can't be swept"), "{swept}");
    let few = grid("[shadows]\nfolds = 4\n").plan(&showing(3)).err().map(|error| plain(&error));
    assert!(few.is_some_and(|said| said.contains("3 persons can't be divided into 4 parts")));
    assert!(planned(&format!("{TORCH}{METHOD}")).shadows.is_none());
}
