//! HTTP/1.1 as far as one request and one answer need it, by hand: connections can then be cut anywhere.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A request, not judged yet.
pub(super) struct Request {
    pub(super) line: String,
    /// Names in lower case and values.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What came in.
pub(super) enum Heard {
    Request(Request),
    /// What is no request, and why.
    Nonsense(String),
    /// The other side hung up.
    Nothing,
}

impl Request {
    /// The value of a header that is there exactly once.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        values.next().filter(|_| values.next().is_none()).map(|(_, value)| value.as_str())
    }
}

/// Reads a request to the end of its body.
pub(super) async fn hear(stream: &mut TcpStream) -> Heard {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return Heard::Nothing,
        }
    }
    let Ok(head) = String::from_utf8(head) else { return Heard::Nonsense("the head is no text".to_owned()) };
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let mut request = Request { line, headers, body: Vec::new() };
    let Some(length) = request.header("content-length").and_then(|length| length.parse().ok()) else {
        return Heard::Nonsense(format!("`{}` has no `content-length`", request.line));
    };
    request.body = vec![0; length];
    match stream.read_exact(&mut request.body).await {
        Ok(_) => Heard::Request(request),
        Err(_) => Heard::Nothing,
    }
}

/// Writes an answer, or the first `cut` bytes of its body, and hangs up.
pub(super) async fn say(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(&str, &str)],
    body: &[u8],
    cut: Option<usize>,
) {
    let length = body.len();
    let headers: String = headers.iter().map(|(name, value)| [name, ": ", value, "\r\n"].concat()).collect();
    let head =
        format!("HTTP/1.1 {status} Status\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n");
    let shown = body.get(..cut.unwrap_or(body.len())).unwrap_or(body);
    // Whoever has read enough may hang up before the end.
    let _sent = stream.write_all(&[head.as_bytes(), shown].concat()).await;
    let _closed = stream.shutdown().await;
}
