use std::io::{self, Write};

use sweep_protocol::{
    FORMAT,
    message::{FromWorker, MAX_LINE},
    terms,
};
use tch::Device;

use super::{Place, ServeError, serve};

const CPU: Place = Place { name: terms::Device::Cpu, device: Device::Cpu };

fn said(input: &[u8]) -> (Result<(), ServeError>, Vec<FromWorker>) {
    let mut output = Vec::new();
    let result = serve(CPU, None, input, &mut output);
    let messages = output
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("a message"))
        .collect();
    (result, messages)
}

#[test]
fn a_worker_says_hello_and_ends_with_its_input() {
    let (result, messages) = said(b"");
    result.expect("an end is no error");
    let [FromWorker::Hello(hello)] = messages.as_slice() else { panic!("one hello, not {messages:?}") };
    assert_eq!((hello.format, hello.engine.as_str()), (FORMAT, "torch"));
    assert!(hello.version.contains("torch 2."), "{}", hello.version);
}

#[test]
fn what_is_no_message_ends_the_worker() {
    assert!(matches!(said(b"{}\n").0, Err(ServeError::Garbage(_))));
    assert!(matches!(said(b"\n").0, Err(ServeError::Garbage(_))));
    let mut long = vec![b' '; MAX_LINE + 1];
    assert!(matches!(said(&long).0, Err(ServeError::TooLong)));
    long.truncate(100);
    assert!(said(&long).0.is_ok(), "an unfinished line is the end of an orchestrator that died");
}

#[test]
fn a_worker_that_nobody_hears_ends() {
    struct Deaf;
    impl Write for Deaf {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert!(matches!(serve(CPU, None, &b""[..], Deaf), Err(ServeError::Write(_))));
}
