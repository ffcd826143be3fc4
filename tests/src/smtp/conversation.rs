//! One connection: lines in, `mailin`'s answers out, with TLS, XOAUTH2 and a test's wishes in between.

use super::{Mechanism, Shared, Step, Tls, Turn, handler::Recorder, line};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use mailin::{Action, AuthMechanism, Session, SessionBuilder};
use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream},
    net::TcpStream,
};

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection being served.
pub(super) struct Conversation {
    stream: BufStream<Box<dyn Stream>>,
    session: Session<Recorder>,
    shared: Arc<Shared>,
    /// Whether the lines that come are those of a mail.
    in_mail: bool,
    /// Whether the other side has said who it is.
    greeted: bool,
}

impl Conversation {
    /// Serves a connection to its end.
    pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>, connection: usize) {
        // A client that breaks off is a thing that tests do.
        drop(Self::run(stream, shared, connection).await);
    }

    async fn run(stream: TcpStream, shared: Arc<Shared>, connection: usize) -> io::Result<()> {
        let recorder = |encrypted| Recorder::new(Arc::clone(&shared), connection, encrypted);
        let (stream, session): (Box<dyn Stream>, _) = match shared.tls.clone() {
            Tls::Implicit(identity) => {
                let mut session = builder(&shared).build(here(), recorder(true));
                session.tls_active();
                (Box::new(identity.0.accept(stream).await?), session)
            }
            Tls::StartTls(_) => {
                (Box::new(stream), builder(&shared).enable_start_tls().build(here(), recorder(true)))
            }
            Tls::None => {
                let mut builder = builder(&shared);
                (Box::new(stream), builder.insecure_enable_plaintext_auth().build(here(), recorder(false)))
            }
        };
        let mut conversation =
            Self { stream: BufStream::new(stream), session, shared, in_mail: false, greeted: false };
        conversation.greet().await?;
        while conversation.answer().await? {}
        Ok(())
    }

    async fn greet(&mut self) -> io::Result<()> {
        if let Some(turn) = self.shared.turn(Step::Greeting) {
            return self.play(&turn).await;
        }
        let greeting = self.session.greeting().buffer()?;
        self.say(&greeting).await
    }

    /// Answers one line; whether there is to be another.
    async fn answer(&mut self) -> io::Result<bool> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(false);
        }
        self.greeted |= line.starts_with(b"EHLO ");
        // Before that it may be TLS, which a test sends to the wrong port.
        if self.greeted {
            self.shared.state().faults.extend(line::fault(&line, self.in_mail));
        }
        if let Some(turn) = self.unusual(&line) {
            self.play(&turn).await?;
            return Ok(true);
        }
        let line = match self.by_token(&line) {
            Some(login) => login,
            None => line,
        };
        let ended = self.in_mail && line == b".\r\n";
        let response = self.session.process(&line);
        if response.action == Action::NoReply {
            return Ok(true);
        }
        self.in_mail = response.code == 354;
        let mut reply = self.announce(&response.buffer()?);
        if response.action == Action::UpgradeTls
            && let Some(Turn::Say(code, text)) = self.shared.turn(Step::StartTls)
        {
            reply.extend(format!("{code} {text}\r\n").bytes());
        }
        self.say(&reply).await?;
        if response.action == Action::UpgradeTls {
            self.encrypt().await?;
        }
        // `mailin` would take what follows a refused mail for more of it.
        Ok(response.action != Action::Close && !(ended && response.is_error))
    }

    /// What the test wants at this line.
    fn unusual(&self, line: &[u8]) -> Option<Turn> {
        if self.in_mail {
            // A reply to the mail is `mailin`'s to give: only it knows when the mail is over.
            let silent = |turn: &Turn| !matches!(turn, Turn::Say(..));
            return if line == b".\r\n" { self.shared.turn_if(Step::End, silent) } else { None };
        }
        let verb = line.get(..4)?.to_ascii_uppercase();
        let step = match verb.as_slice() {
            b"MAIL" => Step::Mail,
            b"RCPT" => Step::Rcpt,
            b"DATA" => Step::Data,
            _ => return None,
        };
        self.shared.turn(step)
    }

    async fn play(&mut self, turn: &Turn) -> io::Result<()> {
        match turn {
            Turn::Say(code, text) => self.say(format!("{code} {text}\r\n").as_bytes()).await,
            Turn::HangUp => Err(io::ErrorKind::ConnectionAborted.into()),
            Turn::Hold => {
                self.shared.held.notify_one();
                tokio::io::copy(&mut self.stream, &mut tokio::io::sink()).await?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    async fn encrypt(&mut self) -> io::Result<()> {
        let Tls::StartTls(identity) = self.shared.tls.clone() else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let nothing: Box<dyn Stream> = Box::new(tokio::io::empty());
        let plain = std::mem::replace(&mut self.stream, BufStream::new(nothing)).into_inner();
        self.stream = BufStream::new(Box::new(identity.0.accept(plain).await?));
        self.session.tls_active();
        Ok(())
    }

    /// The line `AUTH XOAUTH2 …` as the PLAIN login that `mailin` understands.
    fn by_token(&self, line: &[u8]) -> Option<Vec<u8>> {
        let said = std::str::from_utf8(line).ok()?.trim_end().strip_prefix("AUTH XOAUTH2 ")?;
        let said = String::from_utf8(BASE64.decode(said).ok()?).ok()?;
        let (user, token) = said.strip_prefix("user=")?.split_once("\u{1}auth=Bearer ")?;
        let token = token.strip_suffix("\u{1}\u{1}")?;
        let login = BASE64.encode(format!("xoauth2\0{user}\0{token}"));
        self.shared
            .mechanisms
            .contains(&Mechanism::Xoauth2)
            .then(|| format!("AUTH PLAIN {login}\r\n").into_bytes())
    }

    /// Puts the ways to log in that there are in the place of those that `mailin` names.
    fn announce(&self, reply: &[u8]) -> Vec<u8> {
        let reply = String::from_utf8_lossy(reply);
        let names: Vec<&str> = self.shared.mechanisms.iter().map(|mechanism| mechanism.name()).collect();
        reply.replace("AUTH PLAIN LOGIN", &format!("AUTH {}", names.join(" "))).into_bytes()
    }
}

impl Mechanism {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::Xoauth2 => "XOAUTH2",
        }
    }
}

fn builder(shared: &Shared) -> SessionBuilder {
    let mut builder = SessionBuilder::new("mail.test");
    if !shared.mechanisms.is_empty() {
        builder.enable_auth(AuthMechanism::Plain).enable_auth(AuthMechanism::Login);
    }
    builder
}

fn here() -> IpAddr {
    IpAddr::V4(Ipv4Addr::LOCALHOST)
}
