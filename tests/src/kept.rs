//! One kept HTTP/1.1 connection, as cheap as can be: a load generator shares the machine with what it measures.

use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A connection on which one request follows the other.
#[derive(Debug)]
pub struct Kept {
    stream: TcpStream,
    answer: Vec<u8>,
}

/// An answer, until the next request.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

/// A request, ready to be written as it is.
///
/// `body` is JSON or nothing; `headers` are whole lines with their ends.
pub fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    request_of("application/json", method, path, headers, body)
}

/// The same with a body of another kind.
pub fn request_of(kind: &str, method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let kind = if body.is_empty() { String::new() } else { format!("content-type: {kind}\r\n") };
    format!(
        "{method} {path} HTTP/1.1\r\nhost: passrelay\r\n{headers}{kind}content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The header with an API key.
pub fn bearer(key: &str) -> String {
    format!("authorization: Bearer {key}\r\n")
}

impl Kept {
    /// Connects.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub async fn to(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(4096) })
    }

    /// Writes a request and reads its answer.
    ///
    /// # Errors
    ///
    /// When the connection breaks off, or what comes is no answer with a `content-length`.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Heard<'_>> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some((status, head, length)) = head(&self.answer)?
                && self.answer.len() >= head + length
            {
                return Ok(Heard { status, body: &self.answer[head..head + length] });
            }
        }
    }
}

/// Status, length of the head, and length of the body, once the head is whole.
fn head(answer: &[u8]) -> io::Result<Option<(u16, usize, usize)>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "no answer with a `content-length`");
    let text = str::from_utf8(&answer[..end]).map_err(|_| odd())?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let length = lines.filter_map(|line| line.split_once(": ")).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok()).flatten()
    });
    Ok(Some((status.ok_or_else(odd)?, end + 4, length.ok_or_else(odd)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(head(&answer[..40]).unwrap(), None);
        assert_eq!(head(answer).unwrap(), Some((201, answer.len() - 2, 2)));
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(head(b"SSH-2.0\r\n\r\n").is_err());
    }
}
