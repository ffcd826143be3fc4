//! A delivery service on loopback, for one test.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// A service that has read a request and waits for the test to say what becomes of it.
pub(super) struct Asked {
    pub(super) request: String,
    pub(super) stream: TcpStream,
}

/// Listens; gives its URL and whoever asked.
pub(super) async fn listen() -> (String, mpsc::UnboundedReceiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/messages", listener.local_addr().unwrap());
    let (asked, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => request.push(byte),
                    Err(_) => break,
                }
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            if asked.send(Asked { request, stream }).is_err() {
                return;
            }
        }
    });
    (url, requests)
}

/// Answers every request with this head and body.
pub(super) async fn answering(head: &str, body: Vec<u8>) -> String {
    let (url, mut requests) = listen().await;
    let head = format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    tokio::spawn(async move {
        while let Some(Asked { mut stream, .. }) = requests.recv().await {
            // Whoever has read enough may hang up before the end.
            let _sent = stream.write_all(&[head.as_bytes(), &body].concat()).await;
        }
    });
    url
}

/// A URL where nobody listens.
pub(super) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/messages", listener.local_addr().unwrap())
}
