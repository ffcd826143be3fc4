//! Rules: what is unknown is declined, what is garbage is refused, what is asked is answered.

use super::{
    Session,
    exam::{Answer, Exam},
};
use crate::{
    AVAILABILITY, Availability, Candidate, Manifest,
    abi::{frame, ops},
};
use serde_json::json;

/// Asks everything but messages.
pub(super) fn ask(exam: &mut Exam<'_>, session: &dyn Session, manifest: &Manifest) {
    unknown_operations(exam, session);
    garbage(exam, session, manifest);
    health(exam, session);
    log_level(exam, session);
    availability(exam, session, manifest);
}

fn unknown_operations(exam: &mut Exam<'_>, session: &dyn Session) {
    exam.rule("unknown_operations_are_declined");
    for op in [0, 9_999, u32::MAX] {
        let answer = exam.call(&format!("operation {op}"), session, op, frame::encode(&(), &[]).into(), &[]);
        exam.demand(answer.is_unknown_op(), || {
            format!("operation {op} is answered, and no host knows it: leave answering to `export_provider!`")
        });
    }
}

fn garbage(exam: &mut Exam<'_>, session: &dyn Session, manifest: &Manifest) {
    exam.rule("garbage_is_refused");
    let mut asked = vec![("deliver", ops::DELIVER), ("set_max_level", ops::SET_MAX_LEVEL)];
    if manifest.declares(AVAILABILITY) {
        asked.push(("availability", ops::AVAILABILITY));
    }
    for (name, op) in asked {
        for (what, request) in requests_of_garbage() {
            let step = format!("{name} with {what}");
            let answer = exam.call(&step, session, op, request, &[]);
            exam.demand(answer.is_err(), || {
                format!("`{name}` takes {what} for a request: leave reading requests to `export_provider!`")
            });
        }
    }
}

fn requests_of_garbage() -> Vec<(&'static str, Vec<u8>)> {
    let frame = |head: &str| {
        let mut bytes = u32::try_from(head.len()).unwrap_or_default().to_le_bytes().to_vec();
        bytes.extend_from_slice(head.as_bytes());
        bytes
    };
    vec![
        ("nothing", Vec::new()),
        ("three bytes", vec![1, 2, 3]),
        ("a huge head", vec![0xff, 0xff, 0xff, 0xff, b'{', b'}']),
        ("a head cut short", vec![9, 0, 0, 0, b'{', b'}']),
        ("an empty head", frame("")),
        ("no JSON", frame("{\"id\":")),
        ("no UTF-8", vec![2, 0, 0, 0, 0xc3, 0x28]),
        ("null", frame("null")),
        ("an empty object", frame("{}")),
        ("wrong types", frame("{\"id\":7,\"recipient\":[],\"channel\":\"SMS\",\"member\":true}")),
        ("deep nesting", frame(&"[".repeat(10_000))),
    ]
}

fn health(exam: &mut Exam<'_>, session: &dyn Session) {
    exam.rule("health_answers");
    let answer = exam.call("health", session, ops::HEALTH, frame::encode(&(), &[]).into(), &[]);
    exam.demand(answer.is_ok() || answer.is_err(), || {
        "`health` does not answer: return `Ok(())`, or an `Err` with what stands in the way".to_owned()
    });
}

fn log_level(exam: &mut Exam<'_>, session: &dyn Session) {
    exam.rule("log_level_is_taken");
    for level in [0, 5, 3] {
        let step = format!("set_max_level {level}");
        let answer = exam.call(&step, session, ops::SET_MAX_LEVEL, frame::encode(&level, &[]).into(), &[]);
        exam.demand(answer.is_ok(), || {
            format!("the log level {level} is not taken: leave `set_max_level` to `export_provider!`")
        });
    }
}

fn availability(exam: &mut Exam<'_>, session: &dyn Session, manifest: &Manifest) {
    exam.rule("availability_is_as_declared");
    let message = &exam.sample.message;
    let recipient = message.recipient.clone();
    let candidate = Candidate::new(exam.sample.member.clone(), message.channel.clone(), recipient.clone());
    let request = frame::encode(&candidate, &[]);
    let answer = exam.call(
        "availability",
        session,
        ops::AVAILABILITY,
        request.into(),
        &[("the full recipient", recipient.as_str())],
    );
    if !manifest.declares(AVAILABILITY) {
        exam.demand(answer.is_unknown_op(), || {
            "`availability` answers and is not declared: add `capabilities = [\"availability\"]` to \
             `export_provider!`"
                .to_owned()
        });
        return;
    }
    let Answer::Ok(value) = answer else {
        exam.demand(false, || {
            "`availability` is declared and does not answer: return an `Availability` for every member, or take the \
             capability out of `export_provider!`"
                .to_owned()
        });
        return;
    };
    let reachable = serde_json::from_value::<Availability>(value);
    exam.demand(reachable.is_ok(), || {
        "`availability` answers something else: return an `Availability`".to_owned()
    });
    exam.demand(
        reachable.is_ok_and(|it| it.available || it.reason.as_deref().is_some_and(crate::is_word)),
        || {
            "`availability` says no without a reason: `Availability::unavailable` takes a lower-case word such as \
             `landline`"
                .to_owned()
        },
    );

    let stranger = json!({
        "member": { "id": "a\u{0}\r\n", "fields": { "": "\u{1f600}" }, "added_later": 1 },
        "channel": "a_channel_of_the_future", "recipient": "", "added_later": {},
    });
    let request = frame::encode(&stranger, &[]);
    let answer = exam.call("availability of a stranger", session, ops::AVAILABILITY, request.into(), &[]);
    exam.demand(answer.is_ok(), || {
        "`availability` does not answer for a stranger: a member may lack its id, its name and every field, and the \
         channel may be a newer one"
            .to_owned()
    });
}
