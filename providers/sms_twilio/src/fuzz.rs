//! What Twilio, or whoever stands in for it, may answer, as a function of bytes. Run over a kept corpus by every test,
//! and by a fuzzer for as long as one likes; nothing of it is part of the library.

use crate::answer;
use provider_api::{Channel, Failure, HttpResponse, Message, Payload, Recipient};
use std::time::Duration;

/// An answer as it stands on the wire, in short: the status, headers, an empty line, the body.
///
/// # Panics
///
/// When an error repeats the number, the code or any word of the answer, or asks for more than an hour.
pub fn twilio_answers(bytes: &[u8]) {
    const NUMBER: &str = "7700900123";
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut head = head.lines();
    let Some(Ok(status)) = head.next().map(str::parse) else { return };
    let Ok(sms) = Channel::new("sms") else { return };
    let recipient = Recipient::new(format!("+44{NUMBER}"));
    let message = Message::new("m1", sms, recipient, Payload::code("493817"), "493817 is your code.");
    let mut response = HttpResponse::new(status, body);
    let headers = head.filter_map(|line| line.split_once(':'));
    response.headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    match answer::read(&response, &message, 1_767_225_600_000) {
        Ok(receipt) => {
            assert!((200..=299).contains(&status));
            let reference = receipt.reference.unwrap_or_default();
            assert!(reference.len() == 34 && reference.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            assert!(receipt.segments.is_some_and(|parts| (1..=100).contains(&parts)));
            assert!(receipt.cost.is_none_or(|cost| cost.amount.len() <= 25 && cost.currency.len() == 3));
        }
        Err(error) => {
            let (told, code) = (&error.text, error.code.unwrap_or_default());
            assert!(!told.contains(NUMBER) && !told.contains("493817") && !told.contains("Marker"), "{told}");
            assert!(code.len() <= 10 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
            assert!(
                error
                    .retry_after_ms
                    .is_none_or(|pause| Duration::from_millis(pause) <= Duration::from_hours(1))
            );
            assert!(!matches!(error.failure, Failure::Other(_)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::twilio_answers;
    use std::{fs, path::Path};

    #[test]
    fn every_kept_input_holds_what_its_target_promises() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus/twilio_answers");
        let inputs: Vec<_> = fs::read_dir(corpus).unwrap().collect();
        assert!(!inputs.is_empty());
        for input in inputs {
            let path = input.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let held = std::panic::catch_unwind(|| twilio_answers(&bytes));
            assert!(held.is_ok(), "{}", path.display());
        }
    }
}
