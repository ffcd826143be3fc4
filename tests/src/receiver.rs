//! Whoever receives webhooks: a server on loopback that keeps what came, and answers as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};

/// Real time that is enough for anything: what takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A receiver of webhooks. It is gone when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    /// Where it listens, with a path that nobody guesses.
    pub url: String,
    answers: Arc<Mutex<VecDeque<String>>>,
    received: mpsc::UnboundedReceiver<Received>,
    serving: JoinHandle<()>,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// `POST /…`, without the protocol.
    pub line: String,
    /// Names in lower case and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Received {
    /// The value of a header.
    ///
    /// # Panics
    ///
    /// When it is not there.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("no `{name}` in {:?}", self.headers)).1
    }

    /// Whether a header is there.
    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known == name)
    }

    /// The body, which is JSON.
    ///
    /// # Panics
    ///
    /// When it is not.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

impl Receiver {
    /// Listens. Whatever comes is answered with 204, unless [`Receiver::answers`] says otherwise.
    ///
    /// # Panics
    ///
    /// When the system gives no socket.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let address = listener.local_addr().expect("an address");
        let answers: Arc<Mutex<VecDeque<String>>> = Arc::default();
        let (sender, received) = mpsc::unbounded_channel();
        let said = Arc::clone(&answers);
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = hear(&mut stream).await else { continue };
                let next = said.lock().expect("nobody panicked").pop_front();
                let answer = next.unwrap_or_else(|| "204 No Content\r\n".to_owned());
                let head = format!("HTTP/1.1 {answer}connection: close\r\ncontent-length: 0\r\n\r\n");
                // Whoever has read enough may hang up before the end.
                let _sent = stream.write_all(head.as_bytes()).await;
                let _told = sender.send(request);
            }
        });
        Self { url: format!("http://{address}/hook?token=s3cret"), answers, received, serving }
    }

    /// Answers the next requests in this way: a status with its reason, then headers, each with its line's end.
    ///
    /// # Panics
    ///
    /// Never: nobody panics while it is held.
    pub fn answers(&self, answers: &[&str]) {
        let mut next = self.answers.lock().expect("nobody panicked");
        next.extend(answers.iter().map(|answer| (*answer).to_owned()));
    }

    /// The next request.
    ///
    /// # Panics
    ///
    /// When none comes.
    pub async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(PATIENCE, self.received.recv()).await;
        next.expect("a webhook comes").expect("it is still listening")
    }

    /// Whether nothing came that was not asked for yet.
    pub fn is_idle(&mut self) -> bool {
        self.received.is_empty()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn hear(stream: &mut TcpStream) -> Option<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers: Vec<(String, String)> =
        headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { line, headers, body })
}
