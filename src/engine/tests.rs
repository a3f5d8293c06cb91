use std::{
    collections::BTreeMap,
    ffi::OsString,
    num::{NonZeroU32, NonZeroUsize},
    path::Path,
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use sweep_protocol::{
    message::{Failure, FromWorker, Job, MAX_LINE, ToWorker},
    recipe::Recipe,
    serve::ServeError,
    terms::{Device, Seed, Value},
};

use super::{Delivery, Exit, Loss, Manner, SpawnError, Worker, WorkerCommand, toy::serve};
use sweep_inputs::npy;

const PATIENCE: Duration = Duration::from_mins(1);

/// A worker that is a shell script.
fn shell(script: &str) -> (Worker, Receiver<Delivery>) {
    let args = ["-c", script].map(OsString::from).to_vec();
    let command = WorkerCommand::new("/bin/sh".into(), args, Device::Cpu, std::env::vars_os());
    let (sender, receiver) = channel();
    let worker = Worker::spawn(&command, move |delivery| sender.send(delivery).is_ok()).expect("a shell");
    (worker, receiver)
}

fn exit(worker: Worker, manner: Manner, grace: Duration) -> (Exit, String) {
    let (sender, receiver) = channel();
    worker.stop(manner, grace, move |exit, tail| drop(sender.send((exit, tail)))).expect("a thread");
    receiver.recv_timeout(PATIENCE).expect("it ends")
}

fn next(receiver: &Receiver<Delivery>) -> Delivery {
    receiver.recv_timeout(PATIENCE).expect("something comes")
}

#[test]
fn a_worker_that_ends_is_lost_with_its_last_words() {
    let (worker, messages) = shell("echo 'no libtorch here' >&2; exit 3");
    assert_eq!(next(&messages), Delivery::Lost(Loss::Closed));
    assert_eq!(exit(worker, Manner::Firm, PATIENCE), (Exit::Code(3), "no libtorch here".to_owned()));
}

#[test]
fn garbage_and_floods_are_losses() {
    let (_worker, messages) = shell("echo '{\"hello\":1}'; cat");
    assert_eq!(next(&messages), Delivery::Lost(Loss::Garbage("{\"hello\":1}".to_owned())));
    let (_worker, messages) = shell("printf '\\377\\000\\n'; cat");
    assert!(matches!(next(&messages), Delivery::Lost(Loss::Garbage(_))));
    let (_worker, messages) = shell(&format!("head -c {} /dev/zero; cat", MAX_LINE + 1));
    assert_eq!(next(&messages), Delivery::Lost(Loss::TooLong));
}

#[test]
fn deep_nesting_is_garbage_not_a_stack_overflow() {
    let (_worker, messages) = shell("head -c 500000 /dev/zero | tr '\\0' '['; echo; cat");
    assert!(matches!(next(&messages), Delivery::Lost(Loss::Garbage(_))));
}

#[test]
fn a_worker_that_ignores_everything_is_killed_with_its_children() {
    let (worker, messages) =
        shell("trap '' TERM; echo '\"ready\"'; sleep 1000 & while :; do sleep 1000; done");
    assert!(matches!(next(&messages), Delivery::Lost(Loss::Garbage(_))), "it runs");
    let (exit, _) = exit(worker, Manner::Firm, Duration::from_millis(20));
    assert_eq!(exit, Exit::Signal(9));
}

#[test]
fn a_worker_that_listens_ends_by_itself() {
    let (worker, _messages) = shell("cat; exit 5");
    assert_eq!(exit(worker, Manner::Gentle, PATIENCE).0, Exit::Code(5));
    let (worker, messages) = shell("trap 'exit 6' TERM; echo '\"ready\"'; while :; do sleep 0.01; done");
    next(&messages);
    assert_eq!(exit(worker, Manner::Firm, PATIENCE).0, Exit::Code(6));
}

#[test]
fn a_flood_of_errors_blocks_nobody() {
    let (_worker, messages) = shell("head -c 20000000 /dev/zero >&2; echo '[]'; cat");
    assert_eq!(next(&messages), Delivery::Lost(Loss::Garbage("[]".to_owned())));
}

#[test]
fn a_missing_program_says_so() {
    let command = WorkerCommand::new("/nowhere/sweep-torch".into(), Vec::new(), Device::Cpu, []);
    let error = Worker::spawn(&command, |_| true).expect_err("no such file");
    assert!(matches!(error, SpawnError::Program { .. }));
    assert!(error.to_string().contains("/nowhere/sweep-torch"), "{error}");
}

fn job(folder: &Path, fault: &str) -> Job {
    Job {
        run: "0123456789abcdef0123456789abcdef".parse().expect("a run id"),
        attempt: 1,
        seed: Seed(7),
        method: "simulated".into(),
        parameters: BTreeMap::from([("fault".to_owned(), Value::Text(fault.to_owned()))]),
        folder: folder.to_owned(),
        inputs: None,
        recipe: Recipe::default(),
        keep_weights: false,
        retain_sample: None,
        accuracies: false,
        reconstruct: None,
        original: None,
        beside: Vec::new(),
        rows: None,
    }
}

fn served(jobs: Vec<Job>) -> (Result<(), ServeError>, Vec<FromWorker>) {
    let mut input = Vec::new();
    for job in jobs {
        input.extend(serde_json::to_vec(&ToWorker::Perform(Box::new(job))).expect("plain data"));
        input.push(b'\n');
    }
    let mut output = Vec::new();
    let result =
        serve((NonZeroUsize::new(5).expect("above 0"), NonZeroU32::MIN), input.as_slice(), &mut output);
    let messages = output.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    (result, messages.map(|line| serde_json::from_slice(line).expect("a message")).collect())
}

#[test]
fn the_toy_writes_what_it_names() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (result, messages) = served(vec![job(folder.path(), "none")]);
    result.expect("its input ended");
    let [FromWorker::Hello(hello), FromWorker::Finished { measurement, .. }] = messages.as_slice() else {
        panic!("a hello and a result, not {messages:?}")
    };
    assert_eq!(hello.engine, "toy");
    let path = folder.path().join(&measurement.confidences.file);
    let bytes = std::fs::read(&path).expect("it is there");
    let said = measurement.confidences.blake3.as_ref().expect("it says the hash");
    assert_eq!(blake3::hash(&bytes).to_hex().as_str(), said.as_str());
    let array = npy::read(&path).expect("an array");
    assert_eq!(array.shape, [5]);
    assert!(array.values.iter().all(|value| value.is_finite()));
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 1, "nothing else is left");
}

#[test]
fn the_toy_misbehaves_as_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let last = |fault: &str, attempt: u32| {
        let job = Job { attempt, ..job(folder.path(), fault) };
        let (result, mut messages) = served(vec![job]);
        (result, messages.pop().expect("at least a hello"))
    };
    assert!(matches!(last("diverge", 1), (Ok(()), FromWorker::Diverged { .. })));
    assert!(matches!(last("fail", 1), (Ok(()), FromWorker::Failed { failure: Failure::Error, .. })));
    assert!(matches!(last("die", 2), (Err(ServeError::GaveUp(_)), FromWorker::Hello(_))));
    assert!(matches!(last("die-once", 1), (Err(ServeError::GaveUp(_)), FromWorker::Hello(_))));
    assert!(matches!(last("die-once", 2), (Ok(()), FromWorker::Finished { .. })));
}
