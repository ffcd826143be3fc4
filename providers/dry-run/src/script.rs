//! What goes wrong, for whom and how often: `throttled to +447700900123 first 2`.

use provider_api::{Failure, Message};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// One entry of `fail`.
#[derive(Debug)]
pub(crate) struct Script {
    behaviour: Behaviour,
    /// The only recipient it is for.
    to: Option<String>,
    /// How many messages it is still for.
    left: Option<AtomicU64>,
}

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Fail(Failure),
    /// Too much, and how long to wait.
    Throttled(Duration),
    /// Taken, but late.
    Slow(Duration),
    /// Never answered.
    Hang,
    Panic,
}

impl Script {
    /// Reads an entry; the words say what is wrong, without quoting a recipient.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let behaviour = Behaviour::parse(words.next().unwrap_or_default())?;
        let mut script = Self { behaviour, to: None, left: None };
        while let Some(word) = words.next() {
            let next = words.next();
            match (word, next) {
                ("to", Some(recipient)) if script.to.is_none() => script.to = Some(recipient.to_owned()),
                ("first", Some(count)) if script.left.is_none() => {
                    let count = count.parse().map_err(|_| "needs a number after `first`, as in `first 2`")?;
                    script.left = Some(AtomicU64::new(count));
                }
                _ => return Err("reads `BEHAVIOUR [to RECIPIENT] [first NUMBER]`, each part once".to_owned()),
            }
        }
        Ok(script)
    }

    /// What becomes of this message, if the entry is for it; one that is for the first few is then used up by one.
    pub(crate) fn applies(&self, message: &Message) -> Option<Behaviour> {
        if self.to.as_deref().is_some_and(|to| to != message.recipient.as_str()) {
            return None;
        }
        if let Some(left) = &self.left {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).ok()?;
        }
        Some(self.behaviour.clone())
    }
}

impl Behaviour {
    fn parse(word: &str) -> Result<Self, String> {
        match word {
            "hang" => return Ok(Self::Hang),
            "panic" => return Ok(Self::Panic),
            _ => {}
        }
        if let Some(pause) = word.strip_prefix("slow:") {
            let pause =
                parse_pause(pause).ok_or("needs a time after `slow:`, as in `slow:200ms` or `slow:2s`")?;
            return Ok(Self::Slow(pause));
        }
        if let Some(pause) = word.strip_prefix("throttled:") {
            let pause = parse_pause(pause)
                .ok_or("needs a time after `throttled:`, as in `throttled:500ms` or `throttled:30s`")?;
            return Ok(Self::Throttled(pause));
        }
        Failure::known().find(|failure| failure.as_str() == word).map(Self::Fail).ok_or_else(|| {
            let known: Vec<String> = Failure::known().map(|failure| format!("`{failure}`")).collect();
            format!(
                "begins with none of `slow:200ms`, `throttled:30s`, `hang`, `panic`, {}",
                known.join(", ")
            )
        })
    }
}

fn parse_pause(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let count: u64 = digits.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        _ => None,
    }
}

/// Panics, because the operator asked for it.
#[expect(clippy::panic, reason = "the operator asked for it")]
pub(crate) fn panic() -> ! {
    panic!("`fail` says so")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_what_to_whom_and_how_often() {
        let script = Script::parse("throttled to +447700900123 first 2").unwrap();
        assert_eq!(script.behaviour, Behaviour::Fail(Failure::Throttled));
        assert_eq!(script.to.as_deref(), Some("+447700900123"));
        assert_eq!(script.left.unwrap().into_inner(), 2);
        assert_eq!(
            Script::parse("slow:200ms").unwrap().behaviour,
            Behaviour::Slow(Duration::from_millis(200))
        );
        assert_eq!(
            Script::parse("slow:2s first 1").unwrap().behaviour,
            Behaviour::Slow(Duration::from_secs(2))
        );
        assert_eq!(
            Script::parse("throttled:30s to +447700900123").unwrap().behaviour,
            Behaviour::Throttled(Duration::from_secs(30))
        );
        assert_eq!(Script::parse("hang").unwrap().behaviour, Behaviour::Hang);
    }

    #[test]
    fn every_failure_can_be_asked_for() {
        for failure in Failure::known() {
            assert_eq!(Script::parse(failure.as_str()).unwrap().behaviour, Behaviour::Fail(failure));
        }
    }

    #[test]
    fn a_mistake_is_told_without_the_recipient() {
        for (text, said) in [
            ("", "begins with none of"),
            ("trottled to +447700900123", "begins with none of"),
            ("slow:soon", "needs a time after `slow:`"),
            ("slow:5", "needs a time after `slow:`"),
            ("throttled:later", "needs a time after `throttled:`"),
            ("unavailable:30s", "begins with none of"),
            ("throttled first two", "needs a number after `first`"),
            ("throttled +447700900123", "reads `BEHAVIOUR"),
            ("throttled to", "reads `BEHAVIOUR"),
            ("throttled to +447700900123 to +447700900124", "each part once"),
        ] {
            let wrong = Script::parse(text).unwrap_err();
            assert!(wrong.contains(said) && !wrong.contains("7700900"), "{text}: {wrong}");
        }
    }
}
