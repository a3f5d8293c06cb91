//! What a browser asks, as bytes of a stranger: the head of an HTTP request, of which little is understood and the rest refused.

/// Most headers of a request.
const MOST_HEADERS: usize = 64;

/// A request that is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Visit {
    /// Whether the answer's body is not wanted.
    pub(super) is_head: bool,
    /// What is asked for, as it was written: nothing is decoded.
    pub(super) path: String,
    /// What stands behind a `?`.
    pub(super) query: Option<String>,
    /// Whom the browser believes to speak to.
    pub(super) host: String,
    /// All cookies.
    pub(super) cookies: Vec<(String, String)>,
}

/// Why a request is refused before it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// It is no request.
    Garbled,
    /// It does something other than read.
    Method,
    /// It brings something along.
    Body,
    /// It is too long.
    Long,
    /// It took too long to arrive.
    Late,
}

/// Where the head of a request ends, if it is there as a whole.
pub(super) fn head_of(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n")
}

impl Visit {
    /// Understands a head, which is given without the empty line at its end.
    pub(super) fn parse(head: &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(head).map_err(|_| Malformed::Garbled)?;
        let mut lines = text.split("\r\n");
        if text.split("\r\n").any(|line| line.bytes().any(|byte| !matches!(byte, b' '..=b'~' | b'\t'))) {
            return Err(Malformed::Garbled);
        }
        let parts: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
        let [method, target, "HTTP/1.1" | "HTTP/1.0"] = parts[..] else { return Err(Malformed::Garbled) };
        if !is_word(method) || !target.starts_with('/') {
            return Err(Malformed::Garbled);
        }
        let is_head = match method {
            "GET" => false,
            "HEAD" => true,
            _ => return Err(Malformed::Method),
        };
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let mut host = None;
        let mut cookies = Vec::new();
        for (before, line) in lines.enumerate() {
            let (name, value) = line.split_once(':').ok_or(Malformed::Garbled)?;
            if before == MOST_HEADERS || !is_word(name) {
                return Err(Malformed::Garbled);
            }
            let value = value.trim_matches([' ', '\t']);
            match name.to_ascii_lowercase().as_str() {
                // Two would be one too many to believe.
                "host" if host.is_some() => return Err(Malformed::Garbled),
                "host" => host = Some(value.to_owned()),
                "cookie" => cookies.extend(value.split(';').filter_map(cookie)),
                "content-length" if value != "0" => return Err(Malformed::Body),
                "transfer-encoding" | "upgrade" | "expect" => return Err(Malformed::Body),
                _ => {}
            }
        }
        let host = host.ok_or(Malformed::Garbled)?;
        Ok(Self { is_head, path: path.to_owned(), query, host, cookies })
    }
}

/// A word of HTTP.
fn is_word(text: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_inside)
}

fn cookie(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.trim_matches([' ', '\t']).split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
}
