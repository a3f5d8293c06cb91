use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use sweep_disk::{Disk, Lock, OsDisk, Sharing};
use tempfile::TempDir;

use super::{
    Door, DoorError,
    answer::{Guard, Reply, answer},
    request::{Malformed, Visit},
    shelf::Showcase,
    token::VisitToken,
};
use crate::{frame::sample::Sample, report::Report};

const PORT: u16 = 8080;

/// A folder with a report, and whatever else lies in results.
fn results() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let written = Report::write(folder.path(), &Sample::finished(3).frame()).expect("a report");
    assert!(written.paths.len() > 5);
    fs::write(folder.path().join("plan.json"), "{}").expect("writable");
    folder
}

fn guard() -> Guard {
    Guard { token: VisitToken::drawn().expect("randomness"), port: PORT }
}

fn asking(guard: &Guard, path: &str) -> Visit {
    let cookies =
        vec![("other".to_owned(), "1".to_owned()), (format!("sweep-{PORT}"), guard.token.text().to_owned())];
    let host = format!("127.0.0.1:{PORT}");
    Visit { is_head: false, path: path.to_owned(), query: None, host, cookies }
}

fn status(answer: &Reply) -> String {
    answer.head().split(' ').nth(1).expect("a status").to_owned()
}

#[test]
fn what_is_no_plain_request_is_refused() {
    let host = "Host: 127.0.0.1:1";
    for (head, why) in [
        ("", Malformed::Garbled),
        ("GET / HTTP/1.1", Malformed::Garbled),
        ("GET /", Malformed::Garbled),
        ("GET  / HTTP/1.1\r\nHost: a", Malformed::Garbled),
        ("GET / HTTP/2.0\r\nHost: a", Malformed::Garbled),
        ("GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: a", Malformed::Garbled),
        ("G\u{e9}T / HTTP/1.1\r\nHost: a", Malformed::Garbled),
        ("GET /\u{0} HTTP/1.1\r\nHost: a", Malformed::Garbled),
        ("GET / HTTP/1.1\nHost: a", Malformed::Garbled),
        ("GET / HTTP/1.1\r\nHost: a\rCookie: b", Malformed::Garbled),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a", Malformed::Garbled),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded: b", Malformed::Garbled),
        ("GET / HTTP/1.1\r\nHost : a", Malformed::Garbled),
        ("GET / HTTP/1.1\r\nHost: a\r\nnonsense", Malformed::Garbled),
        ("POST / HTTP/1.1\r\nHost: a", Malformed::Method),
        ("get / HTTP/1.1\r\nHost: a", Malformed::Method),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5", Malformed::Body),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked", Malformed::Body),
        ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket", Malformed::Body),
    ] {
        assert_eq!(Visit::parse(head.as_bytes()), Err(why), "{head:?}");
    }
    assert_eq!(Visit::parse(b"GET / HTTP/1.1\r\nHost: \xff"), Err(Malformed::Garbled));
    let many = format!("GET / HTTP/1.1\r\n{host}{}", "\r\nA: b".repeat(64));
    assert_eq!(Visit::parse(many.as_bytes()), Err(Malformed::Garbled));

    let plain = format!("HEAD /a?b?c HTTP/1.1\r\n{host}\r\ncontent-length:0\r\nCOOKIE: x=1; y=2=3;z");
    let request = Visit::parse(plain.as_bytes()).expect("a request");
    let cookies = [("x".to_owned(), "1".to_owned()), ("y".to_owned(), "2=3".to_owned())];
    assert!(request.is_head && request.cookies == cookies, "{request:?}");
    assert_eq!(
        (request.path.as_str(), request.query.as_deref(), request.host.as_str()),
        ("/a", Some("b?c"), "127.0.0.1:1")
    );
}

#[test]
fn nobody_is_let_in_without_the_token_or_under_another_name() {
    let folder = results();
    let (guard, shelf) = (guard(), Showcase::of(folder.path().to_owned()));
    let told = |request: Visit| answer(&Ok(request), &guard, &shelf);
    let known = asking(&guard, "/report.html");
    assert_eq!(status(&told(known.clone())), "200");
    assert_eq!(status(&told(Visit { host: format!("localhost:{PORT}"), ..known.clone() })), "200");
    for host in
        ["evil.example:8080", "127.0.0.1", "127.0.0.1:8081", "127.0.0.1:8080.evil.example", "", "[::1]:8080"]
    {
        assert_eq!(status(&told(Visit { host: host.to_owned(), ..known.clone() })), "403", "{host}");
    }
    let other = VisitToken::drawn().expect("randomness");
    for (name, value) in
        [("sweep-8080", other.text()), ("sweep-8080", ""), ("sweep-8081", guard.token.text())]
    {
        let cookies = vec![(name.to_owned(), value.to_owned())];
        for path in ["/", "/report.html", "/nothing"] {
            let asked = Visit { cookies: cookies.clone(), ..asking(&guard, path) };
            assert_eq!(status(&told(asked)), "403", "whether there is `{path}` is not said");
        }
    }
    let arriving = |path: &str, token: &str| {
        let query = Some(format!("token={token}"));
        told(Visit { cookies: Vec::new(), query, ..asking(&guard, path) })
    };
    assert_eq!(status(&arriving("/", other.text())), "403");
    assert_eq!(status(&arriving("/", &guard.token.text()[1..])), "403");
    assert_eq!(status(&arriving("/report.html", guard.token.text())), "403", "there is one way in");
    let welcome = arriving("/", guard.token.text()).head();
    let cookie =
        format!("Set-Cookie: sweep-8080={}; Path=/; HttpOnly; SameSite=Strict\r\n", guard.token.text());
    assert!(welcome.starts_with("HTTP/1.1 303 ") && welcome.contains(&cookie), "{welcome}");
    assert!(welcome.contains("\r\nLocation: /\r\n"), "the token leaves the address: {welcome}");
}

#[test]
fn all_of_a_report_is_there_and_nothing_else() {
    let folder = results();
    let dir = folder.path();
    let shelf = Showcase::of(dir.to_owned());
    let written = Report::write(dir, &Sample::finished(3).frame()).expect("a report");
    for path in &written.paths {
        let name = path.strip_prefix(dir).expect("inside").to_str().expect("ASCII");
        let is_for_programs = path.extension().is_some_and(|ending| ending == "parquet");
        assert_eq!(shelf.find(&format!("/{name}")).is_some(), !is_for_programs, "{name}");
    }
    let run = "0123456789abcdef0123456789abcdef";
    fs::create_dir_all(dir.join("runs").join(run)).expect("writable");
    for file in ["worker.log", "model.safetensors"] {
        fs::write(dir.join("runs").join(run).join(file), "x").expect("writable");
    }
    for folder in [dir.join("runs"), dir.join("runs").join(run)] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).expect("ours");
    }
    fs::write(dir.join("figures/secret.svg"), "x").expect("writable");
    assert!(shelf.find(&format!("/runs/{run}/worker.log")).is_some());
    for path in [
        "",
        "report.html",
        "//report.html",
        "/./report.html",
        "/report.html/",
        "/REPORT.HTML",
        "/%72eport.html",
        "/figures",
        "/figures/",
        "/figures/secret.svg",
        "/figures/../plan.json",
        "/figures/..%2fplan.json",
        "/figures/scores.svg.png",
        "/../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/etc/passwd",
        "/plan.json",
        "/journal.jsonl",
        "/runs",
        "/runs/../worker.log",
        &format!("/runs/{run}/model.safetensors"),
        &format!("/runs/{run}/../../plan.json"),
        &format!("/runs/{}/worker.log", run.to_uppercase()),
    ] {
        assert!(shelf.find(path).is_none(), "{path}");
    }
}

#[test]
fn no_link_leads_out() {
    let folder = results();
    let dir = folder.path();
    let outside = results();
    let relinked = |name: &str, target: &Path| {
        let place = dir.join(name);
        let gone = if place.is_dir() { fs::remove_dir_all(&place) } else { fs::remove_file(&place) };
        gone.expect("it was there");
        symlink(target, place).expect("writable");
    };
    let shelf = Showcase::of(dir.to_owned());
    assert!(shelf.find("/report.html").is_some() && shelf.find("/figures/scores.png").is_some());
    relinked("report.html", &outside.path().join("report.html"));
    relinked("points.csv", &outside.path().join("points.csv"));
    relinked("figures", &outside.path().join("figures"));
    for path in ["/", "/report.html", "/points.csv", "/figures/scores.png"] {
        assert!(shelf.find(path).is_none(), "{path}");
    }
    // What others can write to is not shown either.
    fs::set_permissions(dir.join("runs.csv"), fs::Permissions::from_mode(0o666)).expect("ours");
    assert!(shelf.find("/runs.csv").is_none());
}

#[test]
fn a_page_has_its_own_policy_and_no_laxer_one() {
    let folder = results();
    let shelf = Showcase::of(folder.path().to_owned());
    let policy = |page: &str| {
        fs::write(folder.path().join("report.html"), page).expect("writable");
        shelf.find("/report.html").and_then(|shown| shown.policy).expect("a page")
    };
    let own = shelf.find("/report.html").and_then(|shown| shown.policy).expect("a page");
    let page = fs::read_to_string(folder.path().join("report.html")).expect("a page");
    let inner = own.strip_suffix("; frame-ancestors 'none'").expect("no frame shows it");
    assert!(inner.contains("script-src 'sha256-") && page.contains(&format!("content=\"{inner}\"")), "{own}");
    let meta = |policy: &str| format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">");
    for lax in [
        String::new(),
        meta("default-src *"),
        meta("default-src 'none'; script-src 'unsafe-inline'"),
        meta("default-src 'none'; connect-src https://evil.example"),
        meta("script-src 'sha256-a' https:"),
        meta("default-src 'none'\r\nX: y"),
    ] {
        assert_eq!(policy(&lax), "default-src 'none'; frame-ancestors 'none'", "{lax}");
    }
}

#[test]
fn while_a_sweep_is_under_way_its_live_page_is_in_front() {
    let folder = results();
    let shelf = Showcase::of(folder.path().to_owned());
    let length = |path: &str| shelf.find(path).map(|shown| shown.length);
    fs::write(folder.path().join("live.html"), "live").expect("writable");
    assert_eq!(length("/"), length("/report.html"));
    let lock =
        OsDisk.try_lock(&folder.path().join("sweep.host-1.lock"), "me", Sharing::Sole).expect("a lock");
    assert!(matches!(lock, Lock::Held(_)));
    assert_eq!(length("/"), Some(4));
    drop(lock);
    assert_eq!(length("/"), length("/report.html"));
    fs::remove_file(folder.path().join("report.html")).expect("it was there");
    assert_eq!(length("/"), Some(4), "better than nothing");
}

/// What a socket says to these bytes.
fn said(port: u16, asked: &[u8]) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
    stream.write_all(asked).expect("it reads");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("text");
    said
}

#[test]
fn a_browser_gets_in_by_the_address_and_reads_the_report() {
    let folder = results();
    let door = Door::open(folder.path(), None).expect("a free port");
    let url = door.url();
    let (port, token) = (door.guard.port, door.guard.token.text().to_owned());
    assert_eq!(url, format!("http://127.0.0.1:{port}/?token={token}"));
    assert!(token.len() == 64 && !format!("{door:?}").contains(&token));
    door.attend().expect("threads");
    // Who connects and says nothing keeps no other from being answered, nor who hangs up.
    let silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
    drop(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens"));
    let ask = |what: &str, more: &str| {
        said(port, format!("{what} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n").as_bytes())
    };
    assert!(ask("GET /", "").starts_with("HTTP/1.1 403 "));
    let welcome = ask(&format!("GET /?token={token}"), "");
    let cookie =
        welcome.split("Set-Cookie: ").nth(1).and_then(|rest| rest.split(';').next()).expect("a cookie");
    let cookie = format!("Cookie: {cookie}\r\n");
    let report = fs::read_to_string(folder.path().join("report.html")).expect("a page");
    let got = ask("GET /", &cookie);
    let (head, body) = got.split_once("\r\n\r\n").expect("a head");
    assert!(body == report, "the whole page");
    for line in [
        "HTTP/1.1 200 OK",
        "Content-Type: text/html; charset=utf-8",
        &format!("Content-Length: {}", report.len()),
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
        "Cache-Control: no-store",
        "X-Frame-Options: DENY",
    ] {
        assert!(head.lines().any(|other| other == line), "no `{line}` in\n{head}");
    }
    let only_head = ask("HEAD /", &cookie);
    assert_eq!(only_head.split_once("\r\n\r\n"), Some((head, "")));
    let too_much = format!("POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 9\r\n\r\n012345678");
    assert!(said(port, too_much.as_bytes()).starts_with("HTTP/1.1 405 "));
    let endless = [&b"GET /"[..], &[b'a'; 9000]].concat();
    assert!(said(port, &endless).starts_with("HTTP/1.1 431 "));
    assert!(
        said(port, b"\x16\x03\x01\x02\x00\r\n\r\n").starts_with("HTTP/1.1 400 "),
        "a browser that wants TLS"
    );
    drop(silent);
}

#[test]
fn only_results_of_ours_are_served() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let refused = Door::open(folder.path(), None);
    assert!(matches!(refused, Err(DoorError::NoResults { .. })), "{refused:?}");
    let refused = Door::open(&folder.path().join("none"), None);
    assert!(matches!(refused, Err(DoorError::Unreadable { .. })), "{refused:?}");
    let results = results();
    let door = Door::open(results.path(), None).expect("a free port");
    let again = Door::open(results.path(), Some(door.guard.port));
    assert!(matches!(again, Err(DoorError::Port { .. })), "{again:?}");
    fs::set_permissions(results.path(), fs::Permissions::from_mode(0o777)).expect("ours");
    let refused = Door::open(results.path(), None);
    assert!(matches!(refused, Err(DoorError::Exposed { .. })), "{refused:?}");
}
