//! How far the handing-over of a mail came: whether it can have been taken depends on nothing else.

use std::sync::atomic::{AtomicU8, Ordering};

/// A step of the conversation with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Stage {
    /// All connections are in use.
    Queue,
    /// Getting an access token.
    Token,
    /// Finding the server, TCP, TLS, greeting, EHLO.
    Connect,
    /// AUTH.
    Login,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA.
    Content,
    /// The mail is on its way with the line that ends it: from here on the server may have taken it.
    End,
}

impl Stage {
    const ALL: [Self; 8] = [
        Self::Queue,
        Self::Token,
        Self::Connect,
        Self::Login,
        Self::Sender,
        Self::Recipient,
        Self::Content,
        Self::End,
    ];

    /// What was going on, as in "while …".
    pub(crate) fn doing(self) -> &'static str {
        match self {
            Self::Queue => "waiting for a free connection",
            Self::Token => "getting an access token",
            Self::Connect => "connecting",
            Self::Login => "logging in",
            Self::Sender => "naming the sender",
            Self::Recipient => "naming the recipient",
            Self::Content => "announcing the mail",
            Self::End => "waiting for the answer to the mail",
        }
    }
}

/// How far one handing-over has come; readable when it was cut short.
#[derive(Debug, Default)]
pub(crate) struct Progress(AtomicU8);

impl Progress {
    pub(crate) fn reach(&self, stage: Stage) {
        self.0.store(stage as u8, Ordering::Relaxed);
    }

    pub(crate) fn stage(&self) -> Stage {
        let reached = usize::from(self.0.load(Ordering::Relaxed));
        Stage::ALL.get(reached).copied().unwrap_or(Stage::End)
    }
}
