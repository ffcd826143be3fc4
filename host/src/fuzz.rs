//! What strangers may send, as functions of bytes: run over kept corpora by every test, and by a fuzzer for as long as
//! one likes. Nothing of it is part of the program.

mod addresses;
mod factors;
mod members;
mod seals;
mod texts;

use crate::{config, http, plugin};

#[cfg(test)]
mod corpora;

/// A target: it panics where the bytes break a promise.
type Target = fn(&[u8]);

/// Every target of the host, by the name of its corpus in `tests/fuzz/corpus`.
pub const TARGETS: [(&str, Target); 14] = [
    ("addresses", addresses::read),
    ("callsites", plugin::fuzz::callsites),
    ("configurations", |bytes| on_text(bytes, config::fuzz::configuration)),
    ("factors", |bytes| on_text(bytes, factors::said)),
    ("frames", plugin::fuzz::frames),
    ("libraries", plugin::fuzz::library),
    ("member_names", members::name),
    ("provider_answers", plugin::fuzz::answer),
    ("requests", |bytes| on_text(bytes, http::fuzz::requests)),
    ("schemas", |bytes| on_text(bytes, config::fuzz::schema)),
    ("sealed", seals::sealed),
    ("service_calls", plugin::fuzz::service_call),
    ("templates", texts::template),
    ("typed_codes", members::typed),
];

/// Runs one target.
///
/// # Panics
///
/// When the bytes break a promise, and when there is no such target.
pub fn run(target: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    assert!(found.is_some(), "there is no target `{target}`");
    if let Some((_, run)) = found {
        run(bytes);
    }
}

/// The bytes as a text, if they are one.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Parts of a text that are kept apart by a line `---`.
fn parts(bytes: &[u8]) -> Vec<&str> {
    text(bytes).map(|text| text.split("\n---\n").collect()).unwrap_or_default()
}

fn on_text(bytes: &[u8], target: fn(&str)) {
    if let Some(text) = text(bytes) {
        target(text);
    }
}
