use std::{
    collections::BTreeMap,
    io::{self, Write},
    num::NonZeroU32,
    ops::ControlFlow,
};

use super::{Answer, Engine, GaveUp, Progress, ServeError, serve};
use crate::{
    FORMAT,
    message::{Failure, FromWorker, Hello, Job, MAX_LINE, Neighbour, ToWorker},
    recipe::Recipe,
    terms::{Device, Seed},
};

/// Does what the name of the method says.
struct Puppet;

impl Engine for Puppet {
    fn hello(&self) -> Hello {
        Hello {
            format: FORMAT,
            engine: "puppet".to_owned(),
            version: "1".to_owned(),
            trains: false,
            methods: None,
            capacity: NonZeroU32::MIN,
            device: Device::Cpu,
            device_name: "none".to_owned(),
        }
    }

    fn perform(&mut self, job: &Job, progress: &mut Progress<'_>) -> Result<Answer, GaveUp> {
        progress.expect(9);
        let heard = progress.stepped(3);
        match job.method.as_str() {
            "give up" => Err(GaveUp("enough".to_owned())),
            "device" => Ok(Answer::Failed { failure: Failure::Device, message: "smoke".to_owned() }),
            _ if heard == ControlFlow::Break(()) => Err(GaveUp("nobody listens".to_owned())),
            _ => Ok(Answer::Diverged { step: 3 }),
        }
    }
}

fn line(method: &str) -> Vec<u8> {
    line_of(method, Vec::new())
}

fn line_of(method: &str, beside: Vec<Neighbour>) -> Vec<u8> {
    let job = Job {
        run: "0".repeat(32).parse().expect("a run id"),
        attempt: 1,
        seed: Seed(0),
        method: method.to_owned(),
        parameters: BTreeMap::new(),
        folder: "/nowhere".into(),
        inputs: None,
        recipe: Recipe::default(),
        keep_weights: false,
        retain_sample: None,
        accuracies: false,
        reconstruct: None,
        original: None,
        beside,
        rows: None,
    };
    let mut line = serde_json::to_vec(&ToWorker::Perform(Box::new(job))).expect("plain data");
    line.push(b'\n');
    line
}

fn served(input: &[u8]) -> (Result<(), ServeError>, Vec<FromWorker>) {
    let mut output = Vec::new();
    let result = serve(&mut Puppet, input, &mut output);
    let lines = output.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    (result, lines.map(|line| serde_json::from_slice(line).expect("a message")).collect())
}

#[test]
fn a_worker_says_hello_and_ends_with_its_input() {
    let (result, messages) = served(b"");
    result.expect("an end is no error");
    assert!(matches!(messages.as_slice(), [FromWorker::Hello(_)]), "{messages:?}");
}

#[test]
fn a_job_is_answered_under_its_name_and_progress_is_not_repeated_at_once() {
    let (result, messages) = served(&[line("a"), line("b")].concat());
    result.expect("an end is no error");
    let [_, first, second, ..] = messages.as_slice() else { panic!("too few: {messages:?}") };
    assert!(matches!(first, FromWorker::Progress { step: 3, steps: 9, .. }), "{first:?}");
    assert!(matches!(second, FromWorker::Diverged { step: 3, .. }), "{second:?}");
    assert_eq!(messages.len(), 5, "{messages:?}");
}

#[test]
fn what_is_no_message_ends_the_worker() {
    assert!(matches!(served(b"{}\n").0, Err(ServeError::Garbage(_))));
    assert!(matches!(served(b"\n").0, Err(ServeError::Garbage(_))));
    let mut long = vec![b' '; MAX_LINE + 1];
    assert!(matches!(served(&long).0, Err(ServeError::TooLong)));
    long.truncate(100);
    assert!(served(&long).0.is_ok(), "an unfinished line is the end of an orchestrator that died");
}

#[test]
fn a_broken_device_and_an_engine_that_gives_up_end_the_worker() {
    let (result, messages) = served(&[line("device"), line("a")].concat());
    assert!(matches!(result, Err(ServeError::Device { .. })), "{result:?}");
    assert!(matches!(messages.last(), Some(FromWorker::Failed { failure: Failure::Device, .. })));
    let (result, messages) = served(&[line("give up"), line("a")].concat());
    assert!(matches!(result, Err(ServeError::GaveUp(_))), "{result:?}");
    assert_eq!(messages.len(), 2, "a hello and progress, no answer: {messages:?}");
}

#[test]
fn a_worker_that_nobody_hears_ends() {
    /// Takes so many writes and no more.
    struct Deaf(u32);
    impl Write for Deaf {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for writes in [0, 1, 2] {
        let result = serve(&mut Puppet, line("a").as_slice(), Deaf(writes));
        assert!(matches!(result, Err(ServeError::Write(_))), "after {writes} writes: {result:?}");
    }
}

#[test]
fn each_run_of_a_job_is_answered_under_its_name() {
    let id = |digit: &str| digit.repeat(32).parse().expect("a run id");
    let row = |digit| Neighbour { run: id(digit), attempt: 2, seed: Seed(1), folder: "/nowhere".into() };
    let (result, messages) = served(&line_of("any", vec![row("1"), row("2")]));
    result.expect("an end is no error");
    let ends: Vec<_> = messages
        .iter()
        .filter_map(|message| if let FromWorker::Diverged { run, .. } = message { Some(run) } else { None })
        .collect();
    assert_eq!(ends, [&id("0"), &id("1"), &id("2")]);
}
