//! Access tokens on their way: from an authorization server through the host's HTTP to the mail server.

use super::{BOTH, delivery, world};
use harness::smtp::{Mechanism, Smtp, Tls};
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// An authorization server that gives out `token-number-N` for the Nth request, and every form that it was sent.
async fn authorization() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let forms = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&forms);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let form = form(&mut stream).await;
            let number = {
                let mut kept = kept.lock().unwrap();
                kept.push(form);
                kept.len()
            };
            let body = format!(
                r#"{{"access_token":"token-number-{number}","token_type":"Bearer","expires_in":3600}}"#
            );
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.get_mut().write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, forms)
}

/// The body of a request.
async fn form(stream: &mut BufReader<TcpStream>) -> String {
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(number) = line.to_lowercase().strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    String::from_utf8(body).unwrap()
}

/// The first token is refused by the mail server, the second is good: one mail, two requests, nothing of it told.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_fetched_and_fetched_anew_when_it_is_refused() {
    for isolation in BOTH {
        let (url, forms) = authorization().await;
        let smtp =
            Smtp::with_login(Tls::None, &[Mechanism::Xoauth2], "otp@example.org", &["token-number-2"]).await;
        let keys = format!(
            r#"
            tls = "none"
            port = {}
            username = "otp@example.org"
            [providers.email.config.oauth]
            token_url = "{url}"
            client_id = "app"
            client_secret = "secret-of-the-application"
            refresh_token = "refresh-token-of-the-mailbox"
            "#,
            smtp.port()
        );
        let world = world(isolation, &keys).await;
        for secret in
            ["secret-of-the-application", "refresh-token-of-the-mailbox", "token-number-1", "token-number-2"]
        {
            world.keeps_secret(secret);
        }
        let delivery = delivery(&world).await;
        assert_eq!(delivery["status"], "sent", "{delivery}");
        let form = "grant_type=refresh_token&refresh_token=refresh-token-of-the-mailbox&client_id=app\
                    &client_secret=secret-of-the-application";
        assert_eq!(*forms.lock().unwrap(), [form, form]);
        let mail = smtp.mails().remove(0);
        assert_eq!((mail.login.as_ref().unwrap().0, mail.connection), (Mechanism::Xoauth2, 2));
        world.keeps_secret(&super::code(&mail));
        world.stop().await;
    }
}
