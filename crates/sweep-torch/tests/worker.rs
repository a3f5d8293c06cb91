//! The worker process from outside: jobs in, measurements out, on a small synthetic data set.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use sweep_inputs::{
    checkpoint,
    dataset::{BadImages, Dataset, Shape},
    synth::{self, CLASSES, Options},
};
use sweep_protocol::{
    curves::Curves,
    measurement::{Artifact, Measurement, NamedFile},
    message::{Failure, FromWorker, Inputs, Job, Neighbour, Start, ToWorker},
    network::Network,
    recipe::{
        ClassWeight, CrossEntropy, Noise, NoiseUnit, Optimizer, Phase, Recipe, Schedule, Stream, Tensors,
        Term, Train,
    },
    terms::{ContentHash, NonNegative, Positive, Seed, Set, UnitInterval},
};

struct Data {
    folder: PathBuf,
    hash: ContentHash,
    forget: usize,
    _home: tempfile::TempDir,
}

/// 500 images, drawn once for all tests.
fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(|| {
        let home = tempfile::tempdir().expect("a temporary folder");
        let folder = home.path().join("faces");
        let options = Options { images: 500, persons: 60, ..Options::canaries(1) };
        synth::draw(&folder, &options, &|_, _| ()).expect("the smallest data set there is");
        let loaded =
            Dataset::load(&folder, Shape { classes: CLASSES, side: 32 }, BadImages::Refuse, &|_, _| ())
                .expect("it was just drawn");
        let (hash, forget) = (loaded.hash().clone(), loaded.sizes().forget as usize);
        Data { folder, hash, forget, _home: home }
    })
}

fn recipe(lr: f64) -> Recipe {
    let stream = |set, size: u32| Stream::of(set, size.try_into().expect("not 0"));
    let noise = Noise {
        tensors: Tensors::Modules(vec!["conv1".to_owned()]),
        std: NonNegative::new(0.01).expect("not negative"),
        unit: NoiseUnit::Absolute,
    };
    let retain = CrossEntropy { class_weight: ClassWeight::Inverse, ..CrossEntropy::new(Set::Retain, 0.95) };
    let loss = vec![Term::CrossEntropy(retain), Term::CrossEntropy(CrossEntropy::new(Set::Forget, -0.05))];
    let optimizer = Optimizer::Sgd {
        lr: Positive::new(lr).expect("positive"),
        momentum: UnitInterval::new(0.9).expect("in [0, 1]"),
        weight_decay: NonNegative::new(5e-4).expect("not negative"),
    };
    let epochs = Positive::new(1.0).expect("positive");
    let train = Train {
        data: vec![stream(Set::Retain, 64), stream(Set::Forget, 8)],
        schedule: Schedule::Cosine,
        ..Train::new(stream(Set::Retain, 64), epochs, loss, optimizer)
    };
    Recipe { phases: vec![Phase::Noise(noise), Phase::Train(train)] }
}

/// A job of its own folder under `home`.
fn job(home: &Path, number: u64, seed: u64) -> Job {
    let folder = home.join(number.to_string());
    std::fs::create_dir(&folder).expect("a new folder");
    Job {
        run: format!("{number:032x}").parse().expect("a run id"),
        attempt: 1,
        seed: Seed(seed),
        method: "test".to_owned(),
        parameters: BTreeMap::new(),
        folder,
        inputs: Some(Inputs {
            data: data().folder.clone(),
            data_hash: data().hash.clone(),
            skip_bad_images: false,
            network: Network::new("resnet18", CLASSES as u32, &[("width", 16)]),
            start: Start::Fresh,
        }),
        recipe: recipe(0.01),
        keep_weights: false,
        retain_sample: None,
        accuracies: false,
        reconstruct: None,
        original: None,
        beside: Vec::new(),
        rows: None,
    }
}

/// What a fresh worker answers to jobs, progress left out.
fn answers(jobs: Vec<Job>) -> Vec<FromWorker> {
    answers_of(&[], jobs)
}

/// The same of a worker that is told more.
fn answers_of(further: &[&str], jobs: Vec<Job>) -> Vec<FromWorker> {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_sweep-torch"))
        .args(["serve", "--device", "cpu"])
        .args(further)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the worker starts");
    let mut input = worker.stdin.take().expect("piped");
    for job in jobs {
        let line = serde_json::to_string(&ToWorker::Perform(Box::new(job))).expect("plain data");
        writeln!(input, "{line}").expect("the worker reads");
    }
    drop(input);
    let output = worker.wait_with_output().expect("the worker ends with its input");
    assert!(output.status.success(), "{:?}", output.status);
    let mut messages = String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a message"))
        .collect::<Vec<FromWorker>>();
    assert!(matches!(messages.remove(0), FromWorker::Hello(_)));
    messages.retain(|message| !matches!(message, FromWorker::Progress { .. }));
    messages
}

/// A measurement whose files all have the hash that this engine always names.
fn finished(message: &FromWorker) -> Measurement {
    match message {
        FromWorker::Finished { measurement, .. } => {
            let hashed = |named: NamedFile| {
                named.blake3.map(|blake3| Artifact { file: named.file, blake3 }).ok_or("no hash is named")
            };
            measurement.as_ref().clone().describe_files(hashed).expect("every file has a hash")
        }
        other => panic!("a measurement, not {other:?}"),
    }
}

#[test]
fn a_seed_decides_every_bit_whatever_ran_before() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let order = [7, 8, 7].iter().zip(1..).map(|(&seed, number)| job(home.path(), number, seed)).collect();
    let again = [8, 7].iter().zip(4..).map(|(&seed, number)| job(home.path(), number, seed)).collect();
    let (first, second) = (answers(order), answers(again));
    let hash = |message| finished(message).confidences.blake3;
    let (seven, eight) = (hash(&first[0]), hash(&first[1]));
    assert_ne!(seven, eight, "another seed, another model");
    assert_eq!(seven, hash(&first[2]), "again in the same process");
    assert_eq!((eight, seven), (hash(&second[0]), hash(&second[1])), "in another process and order");
}

#[test]
fn a_finished_run_has_left_what_it_names() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut wanted = job(home.path(), 1, 7);
    wanted.keep_weights = true;
    let folder = wanted.folder.clone();
    let messages = answers(vec![wanted]);
    let measurement = finished(&messages[0]);
    assert!(measurement.unlearn_s > 0.0 && measurement.measure_s > 0.0);
    assert!(measurement.steps >= 5, "{}", measurement.steps);

    let bytes = std::fs::read(folder.join(&measurement.confidences.file)).expect("written");
    assert_eq!(blake3::hash(&bytes).to_hex().as_str(), measurement.confidences.blake3.as_str());
    let confidences = sweep_inputs::npy::decode("confidences.npy".as_ref(), &bytes).expect("float64").values;
    assert_eq!(confidences.len(), data().forget);
    assert!(confidences.iter().all(|confidence| confidence.is_finite()));

    let named = measurement.curves.as_ref().expect("it trained");
    let bytes = std::fs::read(folder.join(&named.file)).expect("written");
    assert_eq!(blake3::hash(&bytes).to_hex().as_str(), named.blake3.as_str());
    let curves = curves(&folder);
    // The epoch has fewer steps than a short loop has readings.
    assert_eq!(curves.readings().len() as u64, measurement.steps);
    assert!(curves.readings().iter().all(|reading| reading.right[1].is_some() && reading.right[2].is_some()));

    let kept = measurement.weights.as_ref().expect("asked for");
    let model = checkpoint::read(&folder.join(&kept.file)).expect("a state dict");
    assert_eq!(model.blake3, kept.blake3);
    assert_eq!(model.state.iter().len(), 122, "62 parameters and three tensors of 20 batch normalisations");

    // Loaded again and left as it is, it gives the same confidences.
    let mut identity = job(home.path(), 2, 99);
    identity.recipe = Recipe::default();
    let start = Start::Checkpoint { path: folder.join(&kept.file), blake3: kept.blake3.clone() };
    identity.inputs.as_mut().expect("a job with inputs").start = start;
    let messages = answers(vec![identity]);
    assert_eq!(finished(&messages[0]).confidences.blake3, measurement.confidences.blake3);
    assert_eq!(finished(&messages[0]).accuracy, measurement.accuracy);
    assert_eq!(finished(&messages[0]).curves, None, "it did not train");
    assert_eq!(finished(&messages[0]).examples, None, "nobody asked for single examples");

    // Measured example by example, it is the same network.
    let mut audited = job(home.path(), 3, 99);
    audited.recipe = Recipe::default();
    audited.retain_sample = Some(10);
    let start = Start::Checkpoint { path: folder.join(&kept.file), blake3: kept.blake3.clone() };
    audited.inputs.as_mut().expect("a job with inputs").start = start;
    let folder = audited.folder.clone();
    let messages = answers(vec![audited]);
    let (measured, accuracy) =
        (finished(&messages[0]).examples.clone().expect("asked for"), measurement.accuracy);
    assert_eq!((measured.forget, measured.retain, measured.retain_sample), (data().forget as u64, 10, 10));
    let array = sweep_inputs::npy::read(&folder.join(&measured.array.file)).expect("float64");
    assert_eq!(array.shape, [(measured.forget + measured.retain + measured.test) as usize, 5]);
    let rows: Vec<&[f64]> = array.values.chunks(5).collect();
    assert!(rows.iter().zip(&confidences).all(|(row, confidence)| row[0].to_bits() == confidence.to_bits()));
    let right = |rows: &[&[f64]]| rows.iter().map(|row| row[4]).sum::<f64>() / rows.len() as f64;
    assert!((right(&rows[..data().forget]) - accuracy.forget.get()).abs() < 1e-12);
    assert!((right(&rows[data().forget + 10..]) - accuracy.held_out().get()).abs() < 1e-12);
}

#[test]
fn a_run_whose_recipe_does_nothing_says_so() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let noise = |std| {
        let (tensors, std) = (Tensors::All, NonNegative::new(std).expect("not negative"));
        vec![Phase::Noise(Noise { tensors, std, unit: NoiseUnit::Absolute })]
    };
    let jobs = [noise(0.0), noise(1e-3), Vec::new()].into_iter().zip(1..).map(|(phases, number)| {
        let recipe = Recipe { phases };
        Job { recipe, ..job(home.path(), number, 7) }
    });
    let messages = answers(jobs.collect());
    let unchanged: Vec<bool> = messages.iter().map(|message| finished(message).unchanged).collect();
    assert_eq!(unchanged, [true, false, false], "no noise, noise, and a recipe that has nothing to do");
}

#[test]
fn a_run_that_fails_leaves_the_worker_able() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let changed = |number, change: fn(&mut Job, &mut Inputs)| {
        let mut job = job(home.path(), number, 7);
        let mut inputs = job.inputs.take().expect("a job with inputs");
        change(&mut job, &mut inputs);
        job.inputs = Some(inputs);
        job
    };
    let mut without_inputs = job(home.path(), 1, 7);
    without_inputs.inputs = None;
    let missing = || Tensors::Modules(vec!["layer5".to_owned()]);
    let messages = answers(vec![
        without_inputs,
        changed(2, |job, _| job.recipe = recipe(1e30)),
        changed(3, |_, inputs| inputs.data_hash = "0".repeat(64).parse().expect("a hash")),
        changed(4, |_, inputs| inputs.network.name = "resnet19".to_owned()),
        changed(5, |_, inputs| inputs.data = "/nowhere".into()),
        changed(6, |_, inputs| {
            let blake3 = inputs.data_hash.clone();
            inputs.start = Start::Checkpoint { path: "/nowhere.pth".into(), blake3 };
        }),
        {
            let mut job = job(home.path(), 7, 7);
            let std = NonNegative::new(1.0).expect("not negative");
            job.recipe.phases.push(Phase::Noise(Noise {
                tensors: missing(),
                std,
                unit: NoiseUnit::Absolute,
            }));
            job
        },
        changed(8, |job, _| job.folder.push("nowhere")),
        changed(9, |_, inputs| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../../tests/fixtures/golden/original.safetensors");
            let blake3 = checkpoint::read(&path).expect("a state dict of width 4").blake3;
            inputs.start = Start::Checkpoint { path, blake3 };
        }),
        changed(10, |_, _| ()),
    ]);

    let failure = |number: usize| match &messages[number - 1] {
        FromWorker::Failed { failure, message, .. } => (*failure, message.as_str()),
        other => panic!("job {number} fails, not {other:?}"),
    };
    for (number, words) in [
        (1, "inputs"),
        (3, "has changed"),
        (4, "resnet18"),
        (5, "/nowhere"),
        (6, "/nowhere.pth"),
        (7, "layer5"),
    ] {
        let (kind, message) = failure(number);
        assert_eq!(kind, Failure::Refused, "job {number}: {message}");
        assert!(message.contains(words), "job {number}: {message}");
    }
    assert!(matches!(messages[1], FromWorker::Diverged { step: 1..=4, .. }), "{:?}", messages[1]);
    assert_eq!(failure(8).0, Failure::Error, "{}", failure(8).1);
    finished(&messages[9]);
}

/// Jobs of a folder, as one: the first with the others beside it.
fn together(jobs: Vec<Job>) -> Job {
    let mut jobs = jobs.into_iter();
    let first = jobs.next().expect("a job");
    let row = |Job { run, attempt, seed, folder, .. }: Job| Neighbour { run, attempt, seed, folder };
    Job { beside: jobs.map(row).collect(), ..first }
}

fn confidences(folder: &Path) -> Vec<f64> {
    sweep_inputs::npy::read(&folder.join("confidences.npy")).expect("float64").values
}

fn curves(folder: &Path) -> Curves {
    Curves::parse(&std::fs::read(folder.join("curves.csv")).expect("it trained")).expect("curves")
}

#[test]
fn curves_that_cannot_be_written_cost_no_result() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let wanted = job(home.path(), 1, 7);
    // Nothing takes the place of a folder that isn't empty.
    std::fs::create_dir_all(wanted.folder.join("curves.csv/x")).expect("writable");
    let measurement = finished(&answers(vec![wanted])[0]);
    assert_eq!(measurement.curves, None);
    assert!(measurement.steps > 0);
}

#[test]
fn accuracies_in_curves_change_no_bit_of_a_result() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let (plain, mut told) = (job(home.path(), 1, 7), job(home.path(), 2, 7));
    told.accuracies = true;
    let folders = [plain.folder.clone(), told.folder.clone()];
    let answers = answers(vec![plain, told]);
    let [plain, told] = [0, 1].map(|nth: usize| finished(&answers[nth]));
    assert_eq!((&plain.confidences, plain.accuracy), (&told.confidences, told.accuracy));
    let last = |folder: &Path| curves(folder).readings().last().copied().expect("it trained");
    assert_eq!(last(&folders[0]).accuracy, [None; 3]);
    let [retain, forget, validation] = last(&folders[1]).accuracy.map(|share| share.expect("measured"));
    // All images of the sets are measured, and nothing follows the last epoch.
    let close = |one: f64, other: f64| (one - other).abs() < 1e-6;
    assert!(close(retain, told.accuracy.retain.get()), "{retain}, {:?}", told.accuracy);
    assert!(close(forget, told.accuracy.forget.get()) && close(validation, told.accuracy.validation.get()));
}

#[test]
fn runs_together_leave_what_each_leaves_alone() {
    let home = tempfile::tempdir().expect("a temporary folder");
    // Steps so small that they don't magnify what float32 rounds.
    let at = |numbers: std::ops::Range<u64>| -> Vec<Job> {
        let job = |number| Job { recipe: recipe(1e-7), ..job(home.path(), number, number % 10) };
        numbers.map(job).collect()
    };
    let (alone, cohort, fewer) = (at(1..4), at(11..14), at(22..24));
    let folders = |jobs: &[Job]| jobs.iter().map(|job| job.folder.clone()).collect::<Vec<_>>();
    let (each, beside, two) = (folders(&alone), folders(&cohort), folders(&fewer));
    for answer in answers(alone) {
        finished(&answer);
    }
    let rows = answers_of(&["--rows", "3"], vec![together(cohort), together(fewer)]);
    let named: Vec<String> = rows
        .iter()
        .map(|answer| match answer {
            FromWorker::Finished { run, .. } => run.to_string(),
            other => panic!("a measurement, not {other:?}"),
        })
        .collect();
    assert_eq!(named, [11, 12, 13, 22, 23].map(|number: u64| format!("{number:032x}")));
    for (alone, beside) in each.iter().zip(&beside) {
        for (alone, beside) in confidences(alone).iter().zip(confidences(beside)) {
            assert!((alone - beside).abs() < 2e-2 * (1.0 + alone.abs()), "{alone} alone, {beside} in a row");
        }
        let (alone, beside) = (curves(alone), curves(beside));
        assert_eq!(alone.readings().len(), beside.readings().len());
        for (alone, beside) in alone.readings().iter().zip(beside.readings()) {
            let close = (alone.loss - beside.loss).abs() < 1e-3 * (1.0 + alone.loss.abs());
            assert!(close && alone.epoch.to_bits() == beside.epoch.to_bits(), "{alone:?}, {beside:?}");
        }
    }
    for (fewer, all) in two.iter().zip(&beside[1..]) {
        assert_eq!(confidences(fewer), confidences(all), "the number of neighbours changes no bit");
        assert_eq!(curves(fewer), curves(all));
    }
}
