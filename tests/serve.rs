//! `sweep serve`: a page in a browser until Ctrl-C.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::export::small_sweep;

#[test]
fn it_says_where_serves_and_ends_well_at_ctrl_c() {
    let bench = small_sweep();
    let mut command = bench.command(["serve", "r", "--format", "json"]);
    let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("sweep starts");
    let mut lines = BufReader::new(server.stdout.take().expect("a pipe"));
    let mut text = String::new();
    while !text.ends_with("}\n") {
        assert!(lines.read_line(&mut text).expect("text") > 0, "it ended with {text}");
    }
    let said: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let url = said["url"].as_str().expect("an address");
    let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address");
    assert!(host.starts_with("127.0.0.1:"), "{url}");
    let ask = |path: &str, cookie: &str| {
        let mut stream = TcpStream::connect(host).expect("it listens");
        write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\n{cookie}\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        answer
    };
    let welcome = ask(path, "");
    let cookie =
        welcome.split("Set-Cookie: ").nth(1).and_then(|rest| rest.split(';').next()).expect("a cookie");
    let page = ask("", &format!("Cookie: {cookie}\r\n"));
    assert!(page.ends_with(&bench.read("r/report.html")), "{}", &page[..page.len().min(400)]);
    assert!(ask("plan.json", &format!("Cookie: {cookie}\r\n")).starts_with("HTTP/1.1 404 "));
    let id = Pid::from_raw(server.id().cast_signed()).expect("a process");
    kill_process(id, Signal::INT).expect("a child of ours");
    assert_eq!(server.wait().expect("a child of ours").code(), Some(0));
    let refused = bench.sweep(["serve", "nothing"]).expect_code(4);
    assert!(refused.stderr.contains("can't serve `nothing`"), "{}", refused.stderr);
}
