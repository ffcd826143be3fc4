//! What an operator reads of a delivery: which it was, what the service answered, and of a test what was said.

use crate::{
    cli::page::{one_line, printable},
    delivery::{Answer, Told},
};
use provider_api::DeliveryError;

/// What the lines of a text begin with where they go on.
const INDENT: &str = "\n           ";

/// Tells which it was, then each fact on a line.
pub(super) fn text(told: &Told) -> String {
    let Told { provider, channel, recipient, .. } = told;
    let what = match &told.answer {
        Answer::Receipt { .. } if told.simulated => "simulated: nothing was sent",
        Answer::Receipt { .. } => "handed over",
        Answer::Failure { .. } => "not handed over",
    };
    let mut text = format!("{what} by `{provider}` to {recipient} on `{channel}`");
    if let Answer::Failure { failure, code, text: why, .. } = &told.answer {
        let mut error = DeliveryError::new(failure.clone(), why.as_str());
        error.code.clone_from(code);
        text.push('\n');
        text.push_str(&one_line(&error.to_string()));
    }
    let facts = answered(&told.answer).into_iter().chain(said(told));
    std::iter::once(text).chain(facts.map(|(name, fact)| format!("\n{name:<9}  {fact}"))).collect()
}

fn answered(answer: &Answer) -> Vec<(&'static str, String)> {
    let Answer::Receipt { reference, segments, encoding, cost } = answer else { return Vec::new() };
    let facts = [
        ("reference", reference.clone()),
        ("segments", segments.map(|count| count.to_string())),
        ("encoding", encoding.clone()),
        ("cost", cost.as_ref().map(|cost| format!("{} {}", cost.amount, cost.currency))),
    ];
    facts.into_iter().filter_map(|(name, fact)| Some((name, one_line(&fact?)))).collect()
}

/// What was said, as its lines are; what the provider's preview shows already is not told twice.
fn said(told: &Told) -> Vec<(&'static str, String)> {
    let lines = |text: String| printable(text.trim_end()).lines().collect::<Vec<_>>().join(INDENT);
    let message = told.message.clone();
    let (text, subject, html) =
        message.map_or((None, None, None), |said| (Some(said.text), said.subject, said.html));
    let preview = told.preview.as_ref().filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n"));
    let is_shown = |part: &String| {
        preview.as_ref().is_some_and(|preview| part.lines().all(|line| preview.contains(line.trim())))
    };
    let own = [("subject", subject), ("text", text), ("html", html)];
    let own = own.map(|(name, part)| (name, part.filter(|part| !is_shown(part))));
    let parts = own.into_iter().chain([("preview", preview.clone())]);
    parts.filter_map(|(name, part)| Some((name, lines(part?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use provider_api::{Channel, Failure, Message, Payload, Receipt, Recipient};

    fn message() -> Message {
        let (sms, recipient) = (Channel::new("sms").unwrap(), Recipient::new("+447700900123"));
        Message::new("m", sms, recipient, Payload::code("482913"), "482913 is it.\n\u{1b}Bye")
    }

    #[test]
    fn what_was_handed_over_is_told_without_what_was_said() {
        let receipt = Receipt::new("SM\n1").with_segments(2).with_cost("0.0425", "EUR");
        assert_eq!(
            text(&Told::new("one", &message(), &Ok(receipt))),
            "handed over by `one` to +44•••••••123 on `sms`\nreference  SM 1\nsegments   2\ncost       0.0425 EUR"
        );
    }

    #[test]
    fn what_was_not_handed_over_is_told_on_two_lines() {
        let error = DeliveryError::new(Failure::Rejected, "no such\nnumber").with_code("E17");
        assert_eq!(
            text(&Told::new("one", &message(), &Err(error))),
            "not handed over by `one` to +44•••••••123 on `sms`\nrejected (E17): no such number"
        );
    }

    /// J45, S25: a test shows which it was and what the member would have read.
    #[test]
    fn a_test_is_told_with_what_was_said_line_by_line() {
        let mut message = message();
        message.test = true;
        message.subject = Some("Your code".to_owned());
        let mut receipt = Receipt::default().with_preview(["POST /Messages.json", "Body=482913"]).simulated();
        let whole = receipt.clone().with_preview(["Subject: Your code", "", "482913 is it.", "\u{1b}Bye"]);
        receipt.encoding = Some("GSM-7".to_owned());
        assert_eq!(
            text(&Told::new("one", &message, &Ok(receipt))),
            "simulated: nothing was sent by `one` to +44•••••••123 on `sms`\nencoding   GSM-7\n\
             subject    Your code\ntext       •••••• is it.\n            Bye\n\
             preview    POST /Messages.json\n           Body=••••••"
        );
        assert_eq!(
            text(&Told::new("one", &message, &Ok(whole))),
            "simulated: nothing was sent by `one` to +44•••••••123 on `sms`\n\
             preview    Subject: Your code\n           \n           •••••• is it.\n            Bye"
        );
    }
}
