//! What a world was trusted with and what it said: no word of the first may stand in the second.

use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What a world was trusted with, and every answer it gave.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    codes: BTreeSet<String>,
    recipients: BTreeSet<String>,
    answers: Vec<String>,
    /// Those in which recipients may stand.
    full: Vec<String>,
}

/// The addresses in a request: whatever stands under `to` and `fields` and is long enough to be one.
#[derive(Debug)]
pub struct Recipients(Vec<String>);

impl Recipients {
    /// Those of a request's body.
    pub fn of(body: &Value) -> Self {
        let fields = body["member"]["fields"].as_object().into_iter().flat_map(|fields| fields.values());
        let values = fields.chain([&body["to"]]).filter_map(Value::as_str).map(str::trim);
        Self(values.filter(|value| value.chars().count() > 6).map(str::to_owned).collect())
    }
}

impl Secrets {
    pub(super) fn trust(&self, Recipients(recipients): Recipients) {
        self.known().recipients.extend(recipients);
    }

    /// Adds something that must never be told: a short word, such as a code, is looked for as a word.
    pub(super) fn keep(&self, secret: &str) {
        let mut known = self.known();
        let kept = if secret.chars().count() > 10 { &mut known.recipients } else { &mut known.codes };
        kept.insert(secret.to_owned());
    }

    pub(super) fn answered(&self, answer: String) {
        self.known().answers.push(answer);
    }

    /// Adds what stands in the outboxes of a folder.
    pub(super) fn collect(&self, folder: &Path) {
        let files = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
        let outboxes = files.filter(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
        for message in outboxes.flat_map(|file| lines(&file)) {
            let word = |name: &str| message[name].as_str().map(str::to_owned);
            self.known().codes.extend(word("code"));
            self.known().recipients.extend(word("recipient").filter(|word| word.chars().count() > 6));
        }
    }

    /// An answer of a face whose contract has recipients in full.
    pub(super) fn answered_in_full(&self, answer: String) {
        self.known().full.push(answer);
    }

    #[track_caller]
    pub(super) fn assert_unseen(&self, place: &str, text: &str) {
        let known = self.known();
        known.assert_unseen(place, text);
    }

    #[track_caller]
    pub(super) fn assert_unanswered(&self) {
        let known = self.known();
        for answer in &known.answers {
            known.assert_unseen("an answer", answer);
        }
        for answer in &known.full {
            known.assert_no_code("an answer", answer);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    #[track_caller]
    fn assert_unseen(&self, place: &str, text: &str) {
        for recipient in &self.recipients {
            let bare = recipient.trim_start_matches('+');
            assert!(!text.contains(bare), "{place} holds the recipient {recipient}: {text}");
        }
        self.assert_no_code(place, text);
    }

    #[track_caller]
    fn assert_no_code(&self, place: &str, text: &str) {
        // A code is looked for as a word: six digits in a row stand in many an id.
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        for code in &self.codes {
            assert!(!words.contains(code.as_str()), "{place} holds the code {code}: {text}");
        }
    }
}

/// The lines of a file of JSON; none if it is not there.
pub(super) fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn known() -> Secrets {
        let secrets = Secrets::default();
        secrets.trust(Recipients::of(&json!({ "to": "ada@example.com" })));
        secrets.trust(Recipients::of(&json!({ "member": { "fields": { "mobile": "+447700900123" } } })));
        secrets.known().codes.insert("123456".to_owned());
        secrets
    }

    #[test]
    fn what_is_masked_or_only_looks_like_a_code_is_let_pass() {
        known().assert_unseen("a log", "+44•••••••123 a•••@example.com ver_01a123456f 1234567");
        known().answered("+44•••••••123".to_owned());
        known().assert_unanswered();
    }

    #[test]
    fn a_code_and_a_recipient_are_found_wherever_they_stand() {
        for leak in ["code=123456", "{\"code\":\"123456\"}", "to=447700900123", "<ada@example.com>"] {
            let secrets = known();
            secrets.answered(leak.to_owned());
            let found =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| secrets.assert_unanswered()));
            assert!(found.is_err(), "{leak}");
        }
    }
}
