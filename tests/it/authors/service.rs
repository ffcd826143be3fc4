//! A delivery service that is only played: it answers every request alike and keeps what it was asked.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

/// Listens on loopback; gives its address and the requests, each as its head and its body.
pub(super) fn answering(status: &'static str, body: &'static str) -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (asked, requests) = channel();
    // Ends with the test program.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(stream, status, body, &asked);
        }
    });
    (address, requests)
}

fn answer(mut stream: TcpStream, status: &str, body: &str, asked: &Sender<(String, String)>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let length =
        head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut sent = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut sent).unwrap();
    let bytes = body.len();
    // Kept before it is answered: whoever has the answer finds the request. The test may have looked at enough.
    let _kept = asked.send((head, String::from_utf8(sent).unwrap()));
    write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {bytes}\r\n\r\n{body}")
        .unwrap();
}
