//! Who may ask, and what they are told.

use std::io::{self, Read};

use super::{
    request::{Malformed, Visit},
    shelf::{Showcase, ShownFile},
    token::VisitToken,
};

/// Says who may ask: whoever has the token, under the name of this machine alone.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) token: VisitToken,
    pub(super) port: u16,
}

impl Guard {
    /// Whether the browser speaks to us under a name that is ours. A page of a stranger can lead its own name to this machine,
    /// but it can't lie about that name.
    fn is_ours(&self, host: &str) -> bool {
        ["127.0.0.1", "localhost"].iter().any(|name| host == format!("{name}:{}", self.port))
    }

    /// Whether an address has the token.
    fn is_in_address(&self, query: Option<&str>) -> bool {
        query.and_then(|query| query.strip_prefix("token=")).is_some_and(|token| self.token.is(token))
    }

    /// Whether the browser has been let in.
    fn is_known(&self, cookies: &[(String, String)]) -> bool {
        let name = self.cookie();
        cookies.iter().any(|(other, value)| *other == name && self.token.is(value))
    }

    /// Cookies of one machine are shared by its ports, so each has a name of its own.
    fn cookie(&self) -> String {
        format!("sweep-{}", self.port)
    }
}

/// What a browser is told.
#[derive(Debug)]
pub(super) enum Reply {
    /// A sentence, under a status.
    Said(&'static str, &'static str),
    /// The token is right: keep this cookie, and ask again without the token in the address.
    Welcome(String),
    /// A file.
    File(ShownFile),
}

/// What is answered to a request.
pub(super) fn answer(request: &Result<Visit, Malformed>, guard: &Guard, shelf: &Showcase) -> Reply {
    let request = match request {
        Ok(request) => request,
        Err(malformed) => return refusal(*malformed),
    };
    if !guard.is_ours(&request.host) {
        return Reply::Said("403 Forbidden", "This is not the name under which this page is served.");
    }
    if request.path == "/" && guard.is_in_address(request.query.as_deref()) {
        let (name, token) = (guard.cookie(), guard.token.text());
        return Reply::Welcome(format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict"));
    }
    if !guard.is_known(&request.cookies) {
        return Reply::Said("403 Forbidden", "Open the address that `sweep serve` has printed.");
    }
    match shelf.find(&request.path) {
        Some(shown) => Reply::File(shown),
        None => Reply::Said("404 Not Found", "There is nothing here; `sweep report` makes the report."),
    }
}

fn refusal(malformed: Malformed) -> Reply {
    match malformed {
        Malformed::Garbled => Reply::Said("400 Bad Request", "This is no request that is understood here."),
        Malformed::Method => Reply::Said("405 Method Not Allowed", "Here one can read, and no more."),
        Malformed::Body => Reply::Said("413 Content Too Large", "A request has no body here."),
        Malformed::Long => Reply::Said("431 Request Header Fields Too Large", "The request is too long."),
        Malformed::Late => Reply::Said("408 Request Timeout", "The request took too long."),
    }
}

/// The policy of what is no page: it shows nothing but itself and does nothing.
const STILL: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

impl Reply {
    /// All lines in front of the body.
    pub(super) fn head(&self) -> String {
        let (status, kind, length, policy) = match self {
            Self::Said(status, sentence) => {
                (*status, "text/plain; charset=utf-8", sentence.len() as u64 + 1, STILL)
            }
            Self::Welcome(_) => ("303 See Other", "text/plain; charset=utf-8", 0, STILL),
            Self::File(shown) => {
                ("200 OK", shown.kind, shown.length, shown.policy.as_deref().unwrap_or(STILL))
            }
        };
        let mut head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\
             Content-Security-Policy: {policy}\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
             Cache-Control: no-store\r\nX-Frame-Options: DENY\r\nCross-Origin-Resource-Policy: same-origin\r\n\
             Cross-Origin-Opener-Policy: same-origin\r\n"
        );
        match self {
            Self::Said(status, _) if status.starts_with("405") => head += "Allow: GET, HEAD\r\n",
            Self::Welcome(cookie) => head.extend(["Location: /\r\nSet-Cookie: ", cookie, "\r\n"]),
            _ => {}
        }
        head + "\r\n"
    }

    /// What is behind them, of the length that they say at most.
    pub(super) fn into_body(self) -> Box<dyn Read> {
        match self {
            Self::Said(_, sentence) => Box::new(io::Cursor::new(format!("{sentence}\n"))),
            Self::Welcome(_) => Box::new(io::empty()),
            Self::File(shown) => Box::new(shown.file.take(shown.length)),
        }
    }
}
