//! `[applications.ID.code]` and `[applications.ID.bounds]`: how codes are made, and how far a start may go from that.

use super::{
    report::Report,
    section::{Field, Section},
};
use crate::{
    application::{Alphabet, Bounds, Policy},
    clock::span,
};
use std::{ops::RangeInclusive, time::Duration};

const ALPHABETS_HINT: &str = "for example alphabets = [\"numeric\"]";

/// Reads `code`: each number within the application's own bounds.
pub(super) fn policy(
    mut code: Section<'_>,
    bounds: &Bounds,
    default: &Policy,
    report: &mut Report,
) -> Policy {
    let at = code.at();
    let length = code.find("length").and_then(|field| field.whole(bounds.length.clone(), report));
    let alphabet = code.find("alphabet").and_then(|field| alphabet(&field, bounds, report));
    let look_alikes = code.find("look_alikes").and_then(|field| field.flag(report));
    let lifetime = code.find("lifetime").and_then(|field| field.span(bounds.lifetime.clone(), report));
    let checks = code.find("checks").and_then(|field| field.whole(bounds.checks.clone(), report));
    let check_once = code.find("check_once").and_then(|field| field.flag(report));
    let sends = code.find("sends").and_then(|field| field.whole(bounds.sends.clone(), report));
    let pause = code.find("pause").and_then(|field| field.span(bounds.pause.clone(), report));
    let fresh = code.find("fresh_on_resend").and_then(|field| field.flag(report));
    let written =
        ["length", "alphabet", "lifetime", "checks", "sends", "pause"].map(|key| code.find(key).is_some());
    let path = code.path().to_owned();
    code.close(report);
    let policy = Policy {
        length: length.unwrap_or(default.length),
        alphabet: alphabet.unwrap_or(default.alphabet),
        look_alikes: look_alikes.unwrap_or(default.look_alikes),
        lifetime: lifetime.unwrap_or(default.lifetime),
        checks: checks.unwrap_or(default.checks),
        check_once: check_once.unwrap_or(default.check_once),
        sends: sends.unwrap_or(default.sends),
        pause: pause.unwrap_or(default.pause),
        fresh_code_on_resend: fresh.unwrap_or(default.fresh_code_on_resend),
    };
    for (key, usual) in outside(&policy, bounds, written) {
        let what = format!(
            "`{path}` lacks `{key}`, and its default of {usual} is out of this application's `bounds`"
        );
        report.mistake(at, what, Some(format!("say `{key}` in `{path}`, or widen the bounds")));
    }
    policy
}

/// The defaults that the application's own bounds rule out: nobody wrote them, so nothing was told of them yet.
fn outside(policy: &Policy, bounds: &Bounds, written: [bool; 6]) -> Vec<(&'static str, String)> {
    let [length, alphabet, lifetime, checks, sends, pause] = written;
    [
        (length || bounds.length.contains(&policy.length), "length", policy.length.to_string()),
        (
            alphabet || bounds.alphabets.contains(&policy.alphabet),
            "alphabet",
            format!("\"{}\"", policy.alphabet.as_str()),
        ),
        (lifetime || bounds.lifetime.contains(&policy.lifetime), "lifetime", span::write(policy.lifetime)),
        (checks || bounds.checks.contains(&policy.checks), "checks", policy.checks.to_string()),
        (sends || bounds.sends.contains(&policy.sends), "sends", policy.sends.to_string()),
        (pause || bounds.pause.contains(&policy.pause), "pause", span::write(policy.pause)),
    ]
    .into_iter()
    .filter(|(is_fine, ..)| !is_fine)
    .map(|(_, key, usual)| (key, usual))
    .collect()
}

fn alphabet(field: &Field<'_>, bounds: &Bounds, report: &mut Report) -> Option<Alphabet> {
    let alphabet = field.word(&Alphabet::NAMED, report)?;
    if !bounds.alphabets.contains(&alphabet) {
        field.wrong("is none of this application's `bounds.alphabets`", None, report);
    }
    Some(alphabet)
}

/// Reads `bounds`: what a start may ask for, by default as much as any policy may say.
pub(super) fn bounds(mut bounds: Section<'_>, report: &mut Report) -> Bounds {
    let widest = Bounds::default();
    let read = Bounds {
        length: whole(&mut bounds, "length", widest.length, report),
        alphabets: bounds
            .find("alphabets")
            .and_then(|field| alphabets(&field, report))
            .unwrap_or(widest.alphabets),
        lifetime: time(&mut bounds, "lifetime", widest.lifetime, report),
        checks: whole(&mut bounds, "checks", widest.checks, report),
        sends: whole(&mut bounds, "sends", widest.sends, report),
        pause: time(&mut bounds, "pause", widest.pause, report),
    };
    bounds.close(report);
    read
}

fn alphabets(field: &Field<'_>, report: &mut Report) -> Option<Vec<Alphabet>> {
    let items = field.list(ALPHABETS_HINT, report)?;
    let words: Vec<Alphabet> = items.iter().filter_map(|item| item.word(&Alphabet::NAMED, report)).collect();
    (!words.is_empty()).then_some(words)
}

fn whole(
    bounds: &mut Section<'_>,
    key: &'static str,
    widest: RangeInclusive<u8>,
    report: &mut Report,
) -> RangeInclusive<u8> {
    range(bounds, key, widest, Field::whole, report)
}

fn time(
    bounds: &mut Section<'_>,
    key: &'static str,
    widest: RangeInclusive<Duration>,
    report: &mut Report,
) -> RangeInclusive<Duration> {
    range(bounds, key, widest, Field::span, report)
}

/// `{ least = …, most = … }`; what is missing is as wide as it may be.
fn range<'a, T: Copy + PartialOrd>(
    bounds: &mut Section<'a>,
    key: &'static str,
    widest: RangeInclusive<T>,
    read: impl Fn(&Field<'a>, RangeInclusive<T>, &mut Report) -> Option<T>,
    report: &mut Report,
) -> RangeInclusive<T> {
    let Some(field) = bounds.find(key) else { return widest };
    let Some(mut table) = field.table(report) else { return widest };
    let least = table.find("least").and_then(|field| read(&field, widest.clone(), report));
    let most = table.find("most").and_then(|field| read(&field, widest.clone(), report));
    table.close(report);
    let (least, most) = (least.unwrap_or(*widest.start()), most.unwrap_or(*widest.end()));
    if least > most {
        field.wrong("has a `least` that is more than its `most`", None, report);
        return widest;
    }
    least..=most
}
