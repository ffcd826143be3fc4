//! Rules: every message is answered, whatever stands in it, however many come, and whoever stops waiting.

use super::{
    Door, Session,
    exam::{Answer, Exam},
};
use crate::{
    Channel, Message, Payload, PayloadKind, Recipient,
    abi::{frame, ops},
};
use serde_json::{Value, json};

/// Hands over the sample and its relatives; whether the sample came back at all: without that there is nothing to compare
/// with, and a provider that waits for ever would be waited for at every question.
pub(super) fn ask(exam: &mut Exam<'_>, session: &dyn Session) -> bool {
    exam.rule("sample_message_is_answered");
    let sample = exam.sample.message.clone();
    let answer = exam.deliver("deliver", session, &sample);
    if matches!(answer, Answer::Panicked) {
        exam.demand(false, || "the rest is asked when `deliver` answers the sample's message".to_owned());
        return false;
    }
    let taken = answer.is_ok();

    exam.rule("unknown_fields_are_ignored");
    let answer = deliver_json(exam, "deliver with unknown fields", session, |message| {
        insert(message, "added_later", json!({ "deep": [1, 2] }));
    });
    exam.demand(answer.is_ok() == taken, || {
        "`deliver` answers otherwise when a message has a field of a newer version: ignore what you do not know"
            .to_owned()
    });

    exam.rule("missing_fields_are_survived");
    deliver_json(exam, "deliver without optional fields", session, |message| {
        if let Value::Object(keys) = message {
            keys.retain(|key, _| ["id", "recipient", "channel", "payload", "text"].contains(&key.as_str()));
        }
    });

    exam.rule("unknown_words_are_survived");
    let mut message = exam.sample.message.clone();
    message.payload.kind = PayloadKind::Other("passkey".to_owned());
    exam.deliver("deliver an unknown payload", session, &message);
    let mut message = exam.sample.message.clone();
    if let Ok(channel) = Channel::new("a_channel_of_the_future") {
        message.channel = channel;
    }
    exam.deliver("deliver on an unknown channel", session, &message);

    exam.rule("hostile_contents_are_survived");
    for (what, text) in hostile_texts() {
        hostile(exam, session, what, &text);
    }

    exam.rule("abandoned_delivery_harms_nothing");
    for _ in 0..3 {
        session.call_and_drop(ops::DELIVER, frame::encode(&sample, &[]).into());
    }
    let answer = exam.deliver("deliver after three abandoned ones", session, &sample);
    exam.demand(answer.is_ok() == taken, || {
        "`deliver` answers otherwise after deliveries that were given up half way: at every `.await` the future may be \
         dropped, so hold no lock and no half-written state across one"
            .to_owned()
    });
    true
}

/// Two at the same time, of one provider and of two.
pub(super) fn ask_two(exam: &mut Exam<'_>, door: &dyn Door, session: &dyn Session) {
    exam.rule("two_deliveries_at_once");
    let [mut first, mut second] = [exam.sample.message.clone(), exam.sample.message.clone()];
    first.id.push_str("-first");
    second.id.push_str("-second");
    let call = |message: &Message| session.call(ops::DELIVER, frame::encode(message, &[]).into());
    let (one, two) = std::thread::scope(|scope| {
        let other = scope.spawn(|| call(&second));
        (call(&first), other.join().ok())
    });
    exam.judge_delivery("the first of two deliveries", one, &first);
    match two {
        Some(two) => drop(exam.judge_delivery("the second of two deliveries", two, &second)),
        None => exam.demand(false, || {
            "`deliver` takes the suite down when it is called twice at once: share state between calls by a lock only"
                .to_owned()
        }),
    }

    exam.rule("two_providers_share_a_library");
    let config = exam.sample.config.clone();
    match door.open(&config) {
        Ok((_, neighbour)) => {
            let message = exam.sample.message.clone();
            exam.deliver("deliver by a second provider", &*neighbour, &message);
            exam.call(
                "close the second provider",
                &*neighbour,
                ops::CLOSE,
                frame::encode(&(), &[]).into(),
                &[],
            );
            drop(neighbour);
            exam.deliver("deliver by the first provider", session, &message);
        }
        Err(error) => exam.demand(false, || {
            format!(
                "`open` refuses a second provider of the same library: {error}; keep state in your struct, not in statics"
            )
        }),
    }
}

/// The same text as text, subject, HTML, purpose and locale, then as recipient, then as payload.
fn hostile(exam: &mut Exam<'_>, session: &dyn Session, what: &str, text: &str) {
    let mut message = exam.sample.message.clone();
    text.clone_into(&mut message.text);
    text.clone_into(&mut message.purpose);
    message.subject = Some(text.to_owned());
    message.html = Some(text.to_owned());
    message.locale = Some(text.to_owned());
    message.tags.insert(text.to_owned(), text.to_owned());
    exam.deliver(&format!("deliver {what} as text"), session, &message);

    let mut message = exam.sample.message.clone();
    message.recipient = Recipient::new(text);
    exam.deliver(&format!("deliver to {what}"), session, &message);

    let mut message = exam.sample.message.clone();
    message.payload = Payload::code(text);
    exam.deliver(&format!("deliver {what} as code"), session, &message);
}

fn hostile_texts() -> [(&'static str, String); 6] {
    [
        ("nothing", String::new()),
        ("zero bytes", "a\0b\0".to_owned()),
        ("line breaks", "a\r\nBcc: eve@example.com\r\n\r\nb".to_owned()),
        (
            "many scripts",
            "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{202e}\u{5e9}\u{5dc} é \u{fdfd}".repeat(20),
        ),
        ("quotes and braces", "\"'`\\{{}}{payload}%s$(x)<b>&amp;".to_owned()),
        ("ten thousand letters", "ä".repeat(10_000)),
    ]
}

fn deliver_json(
    exam: &mut Exam<'_>,
    step: &str,
    session: &dyn Session,
    change: impl FnOnce(&mut Value),
) -> Answer {
    let message = exam.sample.message.clone();
    let mut json = serde_json::to_value(&message).unwrap_or_default();
    change(&mut json);
    let reply = session.call(ops::DELIVER, frame::encode(&json, &[]).into());
    exam.judge_delivery(step, reply, &message)
}

fn insert(json: &mut Value, key: &str, value: Value) {
    if let Value::Object(keys) = json {
        keys.insert(key.to_owned(), value);
    }
}
