//! What `mailin` asks back: who may log in, and what becomes of a mail.

use super::{Mail, Mechanism, Shared, Step, Turn};
use mailin::{
    Handler,
    response::{AUTH_OK, INVALID_CREDENTIALS, OK, Response},
};
use std::{io, net::IpAddr, sync::Arc};

/// One connection's side of the protocol.
pub(super) struct Recorder {
    pub(super) shared: Arc<Shared>,
    mail: Mail,
}

impl Recorder {
    pub(super) fn new(shared: Arc<Shared>, connection: usize, encrypted: bool) -> Self {
        let mail = Mail {
            from: String::new(),
            to: Vec::new(),
            content: String::new(),
            connection,
            encrypted,
            login: None,
        };
        Self { shared, mail }
    }

    fn log_in(&mut self, mechanism: Mechanism, username: &str, secret: &str) -> Response {
        let known = self.shared.secrets.iter().any(|good| good == secret) && self.shared.username == username;
        if !known {
            return INVALID_CREDENTIALS;
        }
        self.mail.login = Some((mechanism, username.to_owned()));
        AUTH_OK
    }
}

impl Handler for Recorder {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        from.clone_into(&mut self.mail.from);
        self.mail.to.clear();
        self.mail.content.clear();
        OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        self.mail.to.push(to.to_owned());
        OK
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        self.mail.content.push_str(&String::from_utf8_lossy(line));
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        if let Some(Turn::Say(code, text)) = self.shared.turn(Step::End) {
            return Response::custom(code, text.to_owned());
        }
        self.shared.state().mails.push(self.mail.clone());
        Response::custom(250, "2.0.0 Ok: queued as 4F2C1A".to_owned())
    }

    /// The authorization identity is where the layer around says that this was XOAUTH2.
    fn auth_plain(&mut self, authorization: &str, username: &str, password: &str) -> Response {
        let by_token = authorization == "xoauth2";
        self.log_in(if by_token { Mechanism::Xoauth2 } else { Mechanism::Plain }, username, password)
    }

    fn auth_login(&mut self, username: &str, password: &str) -> Response {
        self.log_in(Mechanism::Login, username, password)
    }
}
