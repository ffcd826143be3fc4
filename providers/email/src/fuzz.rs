//! What strangers may put into a mail, and what an authorization server may answer, as functions of bytes. Run over kept
//! corpora by every test, and by a fuzzer for as long as one likes; nothing of it is part of the library.

use crate::{
    mail::{Author, Mail},
    oauth,
};
use provider_api::{Channel, EmailAddress, HttpResponse, Message, Payload, Recipient};

/// The headers of a mail, in their order.
const HEADERS: [&str; 11] = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// The recipient, then each behind a line `---`: the subject, the id, the text, the HTML part.
///
/// # Panics
///
/// When anything but our own headers stands in the head, the mail could end before its end, or a line is too long.
pub fn mail_messages(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parts: Vec<&str> = text.split("\n---\n").collect();
    let [recipient, subject, id, text, html] =
        [0, 1, 2, 3, 4].map(|at| parts.get(at).copied().unwrap_or_default());
    let (Ok(channel), Ok(from)) = (Channel::new("email"), "Example <otp@example.org>".parse()) else {
        return;
    };
    let author = Author { from, reply_to: None };
    let recipient = Recipient::new(recipient);
    let mut message = Message::new(id, channel, recipient.clone(), Payload::code("493817"), text);
    message.subject = Some(subject.to_owned());
    message.html = Some(html.to_owned());
    match Mail::compose(&author, &message, 1_767_225_600_000) {
        Ok(mail) => {
            let address = EmailAddress::parse(recipient.as_str());
            assert!(address.is_ok_and(|address| {
                mail.envelope().to().first().is_some_and(|to| to.to_string() == address.as_str())
            }));
            assert_eq!((mail.envelope().to().len(), mail.id().matches('@').count()), (1, 1));
            whole(&mail.data());
            let preview = mail.preview(&author, &message);
            // A mask keeps the domain, whatever digits it has.
            let in_domain = recipient.as_str().contains("493817");
            assert!(in_domain || preview.iter().all(|line| !line.contains("493817")), "the code is shown");
        }
        Err(error) => {
            let told = &error.text;
            // Words of our own sentence are no address.
            let is_telling = recipient.as_str().len() >= 12 && !recipient.as_str().contains(' ');
            assert!(!is_telling || !told.contains(recipient.as_str()), "{told}");
        }
    }
}

fn whole(data: &str) {
    assert!(data.is_ascii() && data.ends_with("\r\n.\r\n"));
    let lines: Vec<&str> = data.strip_suffix("\r\n").unwrap_or(data).split("\r\n").collect();
    assert!(
        lines.iter().all(|line| line.len() <= 998 && !line.contains(['\r', '\n', '\0'])),
        "a line breaks the mail"
    );
    assert_eq!(lines.iter().filter(|line| **line == ".").count(), 1, "it ends before its end");
    let head = lines.iter().take_while(|line| !line.is_empty());
    let names: Vec<&str> = head
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split_once(':').map_or(*line, |(name, _)| name))
        .collect();
    let mut known = HEADERS.iter();
    assert!(
        names.iter().all(|name| known.any(|header| header == name)),
        "a header is a stranger's: {names:?}"
    );
}

/// The status of an authorization server's answer on the first line, then its body: no token and no word of it is told.
///
/// # Panics
///
/// When an error tells what the server said.
pub fn token_answers(bytes: &[u8]) {
    const MARKER: &str = "ya29.marker";
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (status, body) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(status) = status.trim().parse() else { return };
    match oauth::granted(&HttpResponse::new(status, body)) {
        Ok(granted) => assert!(!format!("{:?}", granted.access_token).contains(MARKER)),
        Err(error) => {
            let told = format!("{error:?}");
            assert!(!told.contains(MARKER) && told.len() < 1_000, "{told}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    #[test]
    fn every_kept_input_holds_what_its_target_promises() {
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus");
        for name in ["mail_messages", "token_answers"] {
            let target = if name == "mail_messages" { mail_messages } else { token_answers };
            let inputs: Vec<_> = fs::read_dir(corpora.join(name)).unwrap().collect();
            assert!(!inputs.is_empty(), "{name}");
            for input in inputs {
                let path = input.unwrap().path();
                let bytes = fs::read(&path).unwrap();
                let held = std::panic::catch_unwind(|| target(&bytes));
                assert!(held.is_ok(), "{}", path.display());
            }
        }
    }
}
