//! What the service can be told to do instead of answering as usual.

use super::{answer::Answer, wire::say};
use serde_json::json;
use tokio::{net::TcpStream, sync::watch};

/// What becomes of a request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Play {
    /// Answers as usual.
    Take,
    /// Refuses it: an HTTP status and a code. The words hold the number and the text.
    Refuse(u16, u32),
    /// Refuses it for now: 429, code 20429, with this `Retry-After`.
    Throttle(&'static str),
    /// Takes it and says at once that it failed with this code.
    Fail(u32),
    /// Answers with this status and a page that is not Twilio's.
    Page(u16),
    /// Holds the usual answer until it is let go.
    Hold,
    /// Hangs up before reading.
    CutBeforeReading,
    /// Hangs up after reading.
    CutAfterReading,
    /// Hangs up in the middle of the usual answer.
    CutInTheAnswer,
    /// Takes it with JSON that breaks off, but whole as HTTP.
    Malformed,
    /// Takes it with an answer of more than 1 MiB.
    Huge,
    /// Sends elsewhere: to this URL.
    Redirect(String),
}

impl Play {
    pub(super) fn hangs_up_at_once(&self) -> bool {
        matches!(self, Self::CutBeforeReading)
    }
}

/// A play with what it needs.
pub(super) struct Played {
    pub(super) play: Play,
    /// The usual answer.
    pub(super) answer: Answer,
    pub(super) released: watch::Receiver<bool>,
}

const JSON: (&str, &str) = ("content-type", "application/json");

impl Played {
    /// Answers on this connection, or hangs up.
    pub(super) async fn to(mut self, stream: &mut TcpStream) {
        let usual = self.answer.body.to_string();
        let taken = self.answer.status;
        match self.play {
            Play::Take => say(stream, taken, &[JSON], usual.as_bytes(), None).await,
            Play::Refuse(status, code) => {
                let words = format!("{} was not sent '{}'", self.answer.body["to"], self.answer.body["body"]);
                let refusal = Answer::error(status, code, &words).body.to_string();
                say(stream, status, &[JSON], refusal.as_bytes(), None).await;
            }
            Play::Throttle(pause) => {
                let refusal = Answer::error(429, 20_429, "Too Many Requests").body.to_string();
                let headers = [JSON, ("retry-after", pause), ("twilio-reached-rate-limit", "true")];
                say(stream, 429, &headers, refusal.as_bytes(), None).await;
            }
            Play::Fail(code) => {
                let mut body = self.answer.body;
                (body["status"], body["error_code"]) = (json!("failed"), json!(code));
                say(stream, taken, &[JSON], body.to_string().as_bytes(), None).await;
            }
            Play::Page(status) => {
                let page = [("content-type", "text/html")];
                say(stream, status, &page, b"<html>gateway</html>", None).await;
            }
            Play::Hold => {
                // Whoever asked may hang up meanwhile; the answer is then for nobody.
                drop(self.released.wait_for(|released| *released).await);
                say(stream, taken, &[JSON], usual.as_bytes(), None).await;
            }
            Play::CutBeforeReading | Play::CutAfterReading => {}
            Play::CutInTheAnswer => say(stream, taken, &[JSON], usual.as_bytes(), Some(40)).await,
            Play::Malformed => {
                say(stream, taken, &[JSON], usual.split_at(40).0.as_bytes(), None).await;
            }
            Play::Huge => say(stream, taken, &[JSON], &vec![b' '; (1 << 20) + 1], None).await,
            Play::Redirect(location) => say(stream, 307, &[("location", &location)], b"", None).await,
        }
    }
}
