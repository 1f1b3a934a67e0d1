//! A client that costs next to nothing: one kept connection, HTTP/1.1, one request at a time. It shares two cores with
//! the server that it measures, so it parses no more of an answer than where it ends.

use crate::house::Trouble;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest that one answer may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Bytes of an answer that are kept; of what is longer only the length is.
const KEPT: usize = 1 << 20;

/// A kept connection.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
    out: Vec<u8>,
}

/// What came back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    /// The status.
    pub(super) status: u16,
    /// Bytes of the body, its framing not counted.
    pub(super) length: usize,
    /// The body; nothing where it was longer than is kept.
    pub(super) body: &'a [u8],
}

impl Answer<'_> {
    /// # Errors
    /// The answer in words, where it has another status.
    pub(super) fn must_be(&self, status: u16) -> Result<(), Trouble> {
        if self.status == status {
            return Ok(());
        }
        let said: String = String::from_utf8_lossy(self.body).chars().take(300).collect();
        Err(Trouble(format!("answered {} instead of {status}: {said}", self.status)))
    }

    /// The first text of that name in a JSON body, without reading the rest.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let text = std::str::from_utf8(self.body).ok()?;
        let (_, rest) = text.split_once(&format!("\"{name}\":\""))?;
        rest.split('"').next()
    }
}

/// A request without its fixed header fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// `GET` or `POST`.
    pub(super) method: &'a str,
    /// Path and query.
    pub(super) path: &'a str,
    /// The API key.
    pub(super) token: &'a str,
    /// `Idempotency-Key`, where it has one.
    pub(super) key: Option<&'a str>,
    /// Type and bytes of the body.
    pub(super) body: Option<(&'a str, &'a [u8])>,
    /// Name and value of a cookie, where there is one.
    pub(super) cookie: &'a str,
    /// Whether the answer may be compressed.
    pub(super) compressed: bool,
}

impl<'a> Asked<'a> {
    /// A reading one.
    pub(super) const fn get(path: &'a str, token: &'a str) -> Self {
        Self { method: "GET", path, token, key: None, body: None, cookie: "", compressed: false }
    }

    /// A JSON body under an idempotency key.
    pub(super) const fn post(path: &'a str, token: &'a str, key: &'a str, json: &'a [u8]) -> Self {
        Self { key: Some(key), body: Some(("application/json", json)), method: "POST", ..Self::get(path, token) }
    }

    /// With a cookie.
    pub(super) const fn with_cookie(self, cookie: &'a str) -> Self {
        Self { cookie, ..self }
    }

    /// Whose answer may be compressed.
    pub(super) const fn compressed(self) -> Self {
        Self { compressed: true, ..self }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let mut put = |parts: &[&str]| parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        put(&[self.method, " ", self.path, " HTTP/1.1\r\nhost: 127.0.0.1\r\n"]);
        if !self.token.is_empty() {
            put(&["authorization: Bearer ", self.token, "\r\n"]);
        }
        if !self.cookie.is_empty() {
            put(&["cookie: ", self.cookie, "\r\n"]);
        }
        if self.compressed {
            put(&["accept-encoding: gzip\r\n"]);
        }
        if let Some(key) = self.key {
            put(&["idempotency-key: ", key, "\r\n"]);
        }
        match self.body {
            Some((kind, body)) => {
                put(&["content-type: ", kind, "\r\ncontent-length: ", &body.len().to_string(), "\r\n\r\n"]);
                out.extend_from_slice(body);
            }
            None if self.method == "POST" => put(&["content-length: 0\r\n\r\n"]),
            None => put(&["\r\n"]),
        }
    }
}

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
}

/// A head that has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    bytes: usize,
    framing: Framing,
}

impl Line {
    /// Connects.
    pub(super) async fn connect(address: SocketAddr) -> Result<Self, Trouble> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 << 10), out: Vec::with_capacity(1 << 10) })
    }

    /// Asks and waits for the whole answer.
    ///
    /// # Errors
    /// The server hung up, speaks no HTTP, or took too long.
    pub(super) async fn ask(&mut self, asked: &Asked<'_>) -> Result<Answer<'_>, Trouble> {
        self.out.clear();
        asked.write(&mut self.out);
        let (head, length) = tokio::time::timeout(PATIENCE, self.exchange()).await.map_err(|_| Trouble(format!("{}: no answer in time", asked.path)))??;
        let body = self.buffer.get(head.bytes..head.bytes + length).filter(|_| head.framing == Framing::Length(length)).unwrap_or_default();
        Ok(Answer { status: head.status, length, body })
    }

    async fn exchange(&mut self) -> Result<(Head, usize), Trouble> {
        self.stream.write_all(&self.out).await?;
        self.buffer.clear();
        let head = loop {
            self.more().await?;
            if let Some(head) = head(&self.buffer)? {
                break head;
            }
        };
        let length = match head.framing {
            Framing::Length(length) => {
                self.body(head.bytes, length).await?;
                length
            }
            Framing::Chunked => self.chunks(head.bytes).await?,
        };
        Ok((head, length))
    }

    async fn more(&mut self) -> Result<usize, Trouble> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(Trouble("the server hung up".into())),
            read => Ok(read),
        }
    }

    /// Reads on until the body is there; what is longer than is kept is thrown away on the way.
    async fn body(&mut self, from: usize, length: usize) -> Result<(), Trouble> {
        let mut seen = self.buffer.len() - from;
        while seen < length {
            if length > KEPT {
                self.buffer.truncate(from);
            }
            seen += self.more().await?;
        }
        Ok(())
    }

    /// Counts the bytes of the chunks.
    async fn chunks(&mut self, from: usize) -> Result<usize, Trouble> {
        self.buffer.drain(..from);
        let mut length = 0;
        loop {
            let line_end = loop {
                match self.buffer.windows(2).position(|two| two == b"\r\n") {
                    Some(at) => break at,
                    None => self.more().await?,
                };
            };
            let text = std::str::from_utf8(&self.buffer[..line_end]).unwrap_or("");
            let size = usize::from_str_radix(text.split(';').next().unwrap_or("").trim(), 16).map_err(|_| Trouble(format!("{text}: is no chunk")))?;
            // The chunk with its two line ends; the last one has no bytes and, from our server, no trailers.
            let mut left = line_end + 2 + size + 2;
            while left > self.buffer.len() {
                left -= self.buffer.len();
                self.buffer.clear();
                self.more().await?;
            }
            self.buffer.drain(..left);
            if size == 0 {
                return Ok(length);
            }
            length += size;
        }
    }
}

/// Status, end of the head and framing, once the whole head is there.
fn head(buffer: &[u8]) -> Result<Option<Head>, Trouble> {
    let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&buffer[..at]).map_err(|_| Trouble("a head that is no text".into()))?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| Trouble("an answer without a status".into()))?;
    let mut framing = Framing::Length(0);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            framing = Framing::Length(value.trim().parse().map_err(|_| Trouble("a length that is none".into()))?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            framing = Framing::Chunked;
        }
    }
    Ok(Some(Head { status, bytes: at + 4, framing }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn a_request_is_written_as_http_wants_it() {
        let mut out = Vec::new();
        Asked::post("/v1/x", "tpp_1", "k", b"{}").write(&mut out);
        let wanted = "POST /v1/x HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer tpp_1\r\nidempotency-key: k\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(String::from_utf8_lossy(&out), wanted);
    }

    #[test]
    fn a_field_is_found_without_reading_the_whole() {
        let answer = Answer { status: 201, length: 0, body: br#"{"id":"ord_1","items":[{"id":"itm_1"}]}"# };
        assert_eq!((answer.field("id"), answer.field("x")), (Some("ord_1"), None));
        assert!(answer.must_be(201).is_ok() && answer.must_be(200).is_err_and(|error| error.0.contains("ord_1")));
    }

    #[test]
    fn an_answer_ends_where_its_head_says() {
        let wanted = Head { status: 201, bytes: 43, framing: Framing::Length(3) };
        assert_eq!(head(b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\n{}\n").ok().flatten(), Some(wanted));
        assert_eq!(head(b"HTTP/1.1 201 Created\r\nContent-Le").ok().flatten(), None);
        assert!(head(b"nonsense\r\n\r\n").is_err());
    }

    #[tokio::test]
    async fn chunks_and_long_bodies_are_read_to_their_end_and_the_line_goes_on() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = async {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let long = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}", KEPT * 3, "x".repeat(KEPT * 3));
            for answer in [
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n10;x\r\n0123456789abcdef\r\n0\r\n\r\n",
                &long,
                "HTTP/1.1 204 No Content\r\n\r\n",
            ] {
                let mut request = [0; 512];
                let _ = stream.read(&mut request).await.expect("a request");
                for piece in answer.as_bytes().chunks(7_919) {
                    stream.write_all(piece).await.expect("written");
                }
            }
        };
        let client = async {
            let mut line = Line::connect(address).await.expect("connected");
            let mut seen = Vec::new();
            for _ in 0..3 {
                let answer = line.ask(&Asked::get("/", "")).await.expect("an answer");
                seen.push((answer.status, answer.length));
            }
            seen
        };
        let ((), seen) = tokio::join!(server, client);
        assert_eq!(seen, [(200, 19), (200, KEPT * 3), (204, 0)]);
    }
}
