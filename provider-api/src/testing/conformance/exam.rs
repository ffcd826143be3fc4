//! Asks, writes down every answer, and holds each against what is true of all answers.

use super::{Line, Report, Sample, Session, Step};
use crate::{
    DeliveryError, Failure, Message, Receipt,
    abi::{Reply, frame, ops},
};
use serde_json::{Value, json};

/// The rule that every answer of every other rule is also held against.
const REVEALS_NOTHING: &str = "answers_reveal_nothing";

/// What to do about an answer that did not come, by a panic or otherwise.
const NEVER: &str = "return an `Err` rather than panic, end the process or wait for ever";

/// What no answer may hold: its name and itself.
pub(super) type Secrets<'a> = &'a [(&'a str, &'a str)];

/// The suite while it runs.
pub(super) struct Exam<'a> {
    pub(super) sample: &'a Sample,
    report: Report,
    revealed: Line,
}

/// An answer as the rules look at it.
pub(super) enum Answer {
    Ok(Value),
    Err(DeliveryError),
    /// Already a violation.
    Panicked,
    UnknownOp,
}

impl Answer {
    pub(super) fn is_ok(&self) -> bool {
        matches!(self, Self::Ok(_))
    }

    pub(super) fn is_err(&self) -> bool {
        matches!(self, Self::Err(_))
    }

    pub(super) fn is_unknown_op(&self) -> bool {
        matches!(self, Self::UnknownOp)
    }
}

impl<'a> Exam<'a> {
    pub(super) fn new(sample: &'a Sample) -> Self {
        let revealed = Line { rule: REVEALS_NOTHING.to_owned(), violations: Vec::new() };
        Self { sample, report: Report::default(), revealed }
    }

    pub(super) fn finish(mut self) -> Report {
        self.report.rules.push(self.revealed);
        self.report
    }

    /// Begins a rule; what is demanded from now on belongs to it.
    pub(super) fn rule(&mut self, rule: &str) {
        self.report.rules.push(Line { rule: rule.to_owned(), violations: Vec::new() });
    }

    /// Holds the current rule against something.
    pub(super) fn demand(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if let Some(line) = self.report.rules.last_mut()
            && !holds
        {
            line.violations.push(violation());
        }
    }

    /// Writes an answer down.
    pub(super) fn note(&mut self, step: &str, answer: Value) {
        self.report.transcript.push(Step { step: step.to_owned(), answer });
    }

    /// No answer may hold any of these; each comes with what it is, because it is not quoted here either.
    pub(super) fn reveals_nothing(&mut self, step: &str, answer: &Value, secrets: Secrets<'_>) {
        for (name, secret) in secrets {
            if secret.len() >= 4 && holds(answer, secret) {
                self.revealed.violations.push(format!(
                    "{step}: the answer holds {name} that was handed in: leave it out, or show `Message::masked`"
                ));
            }
        }
    }

    /// Calls and judges the answer.
    pub(super) fn call(
        &mut self,
        step: &str,
        session: &dyn Session,
        op: u32,
        request: Vec<u8>,
        secrets: Secrets<'_>,
    ) -> Answer {
        let reply = session.call(op, request);
        self.judge(step, method(op), reply, secrets)
    }

    /// Hands a message over; the answer must be a receipt, or an error the host can act on.
    pub(super) fn deliver(&mut self, step: &str, session: &dyn Session, message: &Message) -> Answer {
        let reply = session.call(ops::DELIVER, frame::encode(message, &[]).into());
        self.judge_delivery(step, reply, message)
    }

    /// Judges the answer to a message.
    pub(super) fn judge_delivery(&mut self, step: &str, reply: Reply, message: &Message) -> Answer {
        let [code, recipient] = [message.payload.expose(), message.recipient.as_str()];
        let answer = self.judge(
            step,
            "deliver",
            reply,
            &[("the code or link", code), ("the full recipient", recipient)],
        );
        match &answer {
            Answer::Ok(value) => {
                let receipt = serde_json::from_value::<Receipt>(value.clone());
                let simulated = receipt.as_ref().is_ok_and(|receipt| receipt.simulated);
                self.demand(!simulated || message.test, || {
                    format!(
                        "{step}: `deliver` only simulates a message that is no test: look at `Message::test` first"
                    )
                });
                self.demand(receipt.is_ok(), || {
                    format!("{step}: `deliver` answers something else: return a `Receipt`")
                });
            }
            Answer::Err(error) => {
                let known = Failure::known().any(|failure| failure == error.failure);
                self.demand(known, || {
                    format!(
                        "{step}: `deliver` fails with `{}`, which no host knows: use a kind of `Failure`",
                        error.failure
                    )
                });
                self.demand(error.failure != Failure::Broken, || {
                    format!(
                        "{step}: `deliver` calls itself broken ({}): say what it is, `rejected` for what you do not know",
                        error.text
                    )
                });
            }
            Answer::Panicked => {}
            Answer::UnknownOp => self.demand(false, || {
                format!("{step}: `deliver` is not known: leave answering to `export_provider!`")
            }),
        }
        answer
    }

    fn judge(&mut self, step: &str, method: &str, reply: Reply, secrets: Secrets<'_>) -> Answer {
        let (kind, bytes) = match reply {
            Reply::UnknownOp => {
                self.note(step, json!("unknown_op"));
                return Answer::UnknownOp;
            }
            Reply::Ok(bytes) => ("ok", bytes),
            Reply::Err(bytes) => ("err", bytes),
            Reply::Panicked(bytes) => ("panicked", bytes),
        };
        let Ok((head, _)) = frame::decode::<Value>(&bytes) else {
            self.note(step, json!({ kind: "unreadable" }));
            self.demand(false, || {
                format!("{step}: no host can read what `{method}` answers: leave that to `export_provider!`")
            });
            return Answer::Panicked;
        };
        self.note(step, json!({ kind: head }));
        self.reveals_nothing(step, &head, secrets);
        if kind == "ok" {
            return Answer::Ok(head);
        }
        match serde_json::from_value::<DeliveryError>(head) {
            Ok(error) if kind == "err" => Answer::Err(error),
            Ok(error) => {
                self.demand(false, || {
                    format!("{step}: `{method}` does not come back: {}; {NEVER}", error.text)
                });
                Answer::Panicked
            }
            Err(_) => {
                self.demand(false, || {
                    format!("{step}: `{method}` fails with what no host can read: return a `DeliveryError`")
                });
                Answer::Panicked
            }
        }
    }
}

/// What an author calls an operation.
fn method(op: u32) -> &'static str {
    match op {
        ops::DELIVER => "deliver",
        ops::AVAILABILITY => "availability",
        ops::HEALTH => "health",
        ops::CLOSE => "close",
        ops::SET_MAX_LEVEL => "set_max_level",
        _ => "call",
    }
}

/// Whether the secret stands in any text of the answer.
fn holds(answer: &Value, secret: &str) -> bool {
    match answer {
        Value::String(text) => text.contains(secret),
        Value::Array(list) => list.iter().any(|value| holds(value, secret)),
        Value::Object(keys) => keys.iter().any(|(key, value)| key.contains(secret) || holds(value, secret)),
        _ => false,
    }
}
