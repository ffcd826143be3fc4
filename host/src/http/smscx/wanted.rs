//! The parameters of `POST /otp`: what is asked of a start, or the first thing that is wrong with it.

use super::{Refused, body::Fields};
use crate::{
    application::{Alphabet, Application, OutOfBounds, Overrides, Policy},
    event::is_webhook_url,
    phone::Region,
    template::{Templates, Wording, language_of},
};
use provider_api::AddressKind;
use serde_json::Value;
use std::{fmt, ops::RangeInclusive, time::Duration};
use uuid::Uuid;

/// How long a PIN may live, in seconds (X11).
const TTL: RangeInclusive<i64> = 60..=1800;

/// How often it may be tried (X14).
const CHECKS: RangeInclusive<i64> = 1..=10;

/// How many characters it may have (X10).
const LENGTH: RangeInclusive<i64> = 4..=10;

/// How many characters a sender may have.
const FROM: RangeInclusive<usize> = 3..=15;

/// The most templates of one request: no application speaks more languages at once.
const TEMPLATES: usize = 32;

/// Country codes (ISO 3166-1) that are also the code of a language (ISO 639-1) of many speakers, whom that country does not
/// have: Swedish is none of El Salvador's.
const FOREIGN: [&str; 37] = [
    "af", "am", "ar", "as", "be", "bn", "bs", "ca", "cy", "et", "ga", "gd", "gl", "gu", "km", "kn", "ky",
    "lb", "ml", "mr", "ms", "my", "ne", "pa", "ps", "sd", "si", "sl", "sr", "st", "sv", "tg", "tk", "tl",
    "tn", "tt", "vi",
];

/// What is asked of a start. `Debug` shows neither number nor address.
pub(super) struct Wanted {
    /// In E.164 form.
    pub(super) number: String,
    pub(super) track_id: Option<String>,
    pub(super) wording: Wording,
    pub(super) policy: Policy,
    pub(super) callback: Option<String>,
}

impl Wanted {
    pub(super) fn read(
        mut fields: Fields,
        application: &Application,
        templates: &Templates,
    ) -> Result<Self, Refused> {
        let number = number(&mut fields)?;
        let sender = sender(&mut fields, application)?;
        let text = text(&mut fields, &number, templates)?;
        let policy = policy(&mut fields, application)?;
        let track_id = track_id(&mut fields)?;
        let callback = callback(&mut fields)?;
        fields.none_left()?;
        let wording = Wording { text, sender, ..Wording::default() };
        Ok(Self { number, track_id, wording, policy, callback })
    }
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wanted")
            .field("track_id", &self.track_id)
            .field("wording", &self.wording)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// The number, by either of its names: in E.164 form, or as it is written in the country that `countryIso` names.
fn number(fields: &mut Fields) -> Result<String, Refused> {
    let empty = || Refused::parameter(2001, "`phoneNumber` is missing, empty or no text");
    let (number, to) = (fields.take("phoneNumber"), fields.take("to"));
    if number.is_some() && to.is_some() {
        return Err(Refused::parameter(2001, "`phoneNumber` and `to` are the same: one of them is enough"));
    }
    let Some(Value::String(number)) = number.or(to) else { return Err(empty()) };
    let country = fields.take("countryIso");
    let number = match number.trim() {
        "" => return Err(empty()),
        // The country of such a number is known.
        number if number.starts_with('+') => number.to_owned(),
        number => region(country)?.international(number).ok_or_else(invalid_number)?,
    };
    AddressKind::Phone.read(&number).map(|read| read.as_str().to_owned()).map_err(|_| invalid_number())
}

fn invalid_number() -> Refused {
    Refused::parameter(2020, "the phone number is none")
}

fn region(country: Option<Value>) -> Result<Region, Refused> {
    match country {
        None => {
            Err(Refused::parameter(2002, "`countryIso` is missing, and the number does not begin with `+`"))
        }
        Some(Value::String(code)) if code.trim().is_empty() => {
            Err(Refused::parameter(2002, "`countryIso` is empty"))
        }
        Some(Value::String(code)) => Region::with_plan(&code.trim().to_ascii_uppercase())
            .ok_or_else(|| Refused::parameter(2003, "`countryIso` is no country, such as `GB`")),
        Some(_) => Err(Refused::parameter(2003, "`countryIso` is no text")),
    }
}

/// The sender; one that the application does not have is left out, as SMS.CX does.
fn sender(fields: &mut Fields, application: &Application) -> Result<Option<String>, Refused> {
    let Some(from) = fields.take("from") else { return Ok(None) };
    let Value::String(from) = from else { return Err(Refused::parameter(2004, "`from` is no text")) };
    if from.is_empty() {
        return Err(Refused::parameter(2004, "`from` is empty"));
    }
    if !FROM.contains(&from.chars().count()) {
        return Err(Refused::parameter(2005, "`from` has 3 to 15 characters"));
    }
    Ok(application.admit_sender(&from).is_ok().then_some(from))
}

/// The template for the number: of its country, else of that country's language, else the one for all (X4, X5).
///
/// That one is compiled and tried; of the others, which are never sent, only what is cheap to see is looked at.
fn text(fields: &mut Fields, number: &str, known: &Templates) -> Result<Option<String>, Refused> {
    let named = fields.0.keys().filter(|name| is_template(name)).cloned().collect::<Vec<_>>();
    if named.len() > TEMPLATES {
        return Err(Refused::parameter(2006, format!("there are more than {TEMPLATES} templates")));
    }
    let mut templates = Vec::new();
    for name in named {
        match fields.take(&name) {
            None => {}
            Some(Value::String(text)) => {
                glance(&name, &text)?;
                templates.push((name, text));
            }
            Some(_) => return Err(Refused::parameter(2006, format!("`{name}` is no text"))),
        }
    }
    let find = |wanted: String| templates.iter().find(|(name, _)| *name == wanted);
    let Some((name, text)) = suffixes(number).into_iter().find_map(find) else { return Ok(None) };
    known.admit(text, false).map_err(|why| Refused::parameter(2006, format!("`{name}` {why}")))?;
    Ok(Some(text.clone()))
}

/// What can be seen of a template without compiling it.
fn glance(name: &str, text: &str) -> Result<(), Refused> {
    let why = if text.chars().count() > Wording::LONGEST_TEXT {
        format!("has more than {} characters", Wording::LONGEST_TEXT)
    } else if !text.contains('{') && !text.contains("[[") {
        "has no placeholder, such as `{{pin}}`".to_owned()
    } else {
        return Ok(());
    };
    Err(Refused::parameter(2006, format!("`{name}` {why}")))
}

/// The names of the templates that are good for a number, the best first. Two letters that are a language the country does
/// not speak are that language.
fn suffixes(number: &str) -> Vec<String> {
    let country = Region::of(number).map(|region| region.as_str().to_ascii_lowercase());
    let country = country.filter(|country| !FOREIGN.contains(&country.as_str()));
    let language = language_of(number).map(|language| language.to_string());
    let own = [country, language].into_iter().flatten().map(|suffix| format!("template_{suffix}"));
    own.chain(["template".to_owned()]).collect()
}

/// `template`, or `template_` and two letters.
fn is_template(name: &str) -> bool {
    let letters = name.strip_prefix("template_").unwrap_or_default();
    name == "template" || letters.len() == 2 && letters.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn policy(fields: &mut Fields, application: &Application) -> Result<Policy, Refused> {
    let ttl = whole(fields, "ttl", &TTL, [2007, 2008, 2009])?;
    let checks = whole(fields, "maxAttempts", &CHECKS, [2010, 2011, 2012])?;
    let alphabet = alphabet(fields)?;
    let length = whole(fields, "pinLength", &LENGTH, [2015, 2016, 2017])?;
    // What lives longer elsewhere does not in this face.
    let most = TTL.end().unsigned_abs();
    let too_long = application.policy.lifetime > Duration::from_secs(most);
    let ttl = ttl.map(i64::unsigned_abs).or_else(|| too_long.then_some(most));
    let lifetime = ttl.map(Duration::from_secs);
    let overrides = Overrides { length, alphabet, lifetime, checks, ..Overrides::default() };
    application.policy_with(&overrides).map_err(|wrong| out_of_bounds(&wrong, &overrides, application))
}

/// A whole number within the bounds of SMS.CX; the codes are those of no number, too small and too large.
fn whole(
    fields: &mut Fields,
    name: &str,
    bounds: &RangeInclusive<i64>,
    [none, small, large]: [u16; 3],
) -> Result<Option<i64>, Refused> {
    let Some(value) = fields.take(name) else { return Ok(None) };
    // Whole, but beyond any bounds of ours.
    let huge = value.as_u64().map(|_| i64::MAX);
    let Some(number) = value.as_i64().or(huge) else {
        return Err(Refused::parameter(none, format!("`{name}` is no whole number")));
    };
    if number < *bounds.start() {
        return Err(Refused::parameter(small, format!("`{name}` is at least {}", bounds.start())));
    }
    if number > *bounds.end() {
        return Err(Refused::parameter(large, format!("`{name}` is at most {}", bounds.end())));
    }
    Ok(Some(number))
}

/// X7–X9
fn alphabet(fields: &mut Fields) -> Result<Option<Alphabet>, Refused> {
    let Some(value) = fields.take("pinType") else { return Ok(None) };
    match value.as_str() {
        Some("") => Err(Refused::parameter(2013, "`pinType` is empty")),
        Some("letters") => Ok(Some(Alphabet::Letters)),
        Some("numbers") => Ok(Some(Alphabet::Numeric)),
        Some("alphanumeric") => Ok(Some(Alphabet::Alphanumeric)),
        _ => Err(Refused::parameter(2014, "`pinType` is `letters`, `numbers` or `alphanumeric`")),
    }
}

/// What SMS.CX would allow and the operator of this server does not.
fn out_of_bounds(wrong: &[OutOfBounds], asked: &Overrides, application: &Application) -> Refused {
    let bounds = &application.bounds;
    let Some(OutOfBounds { field, detail }) = wrong.first() else { return Refused::internal() };
    let less = |asked: Option<i64>, least: u8| asked.is_some_and(|asked| asked < i64::from(least));
    let (name, code) = match *field {
        "length" => ("pinLength", 2017 - u16::from(less(asked.length, *bounds.length.start()))),
        "checks" => ("maxAttempts", 2012 - u16::from(less(asked.checks, *bounds.checks.start()))),
        "alphabet" => ("pinType", 2014),
        _ => {
            let is_less = asked.lifetime.is_some_and(|asked| asked < *bounds.lifetime.start());
            ("ttl", 2009 - u16::from(is_less))
        }
    };
    Refused::parameter(code, format!("`{name}`: {detail}"))
}

/// A UUID of version 1 to 5, kept as it is written.
fn track_id(fields: &mut Fields) -> Result<Option<String>, Refused> {
    let Some(value) = fields.take("trackId") else { return Ok(None) };
    let written = value.as_str().filter(|written| written.len() == 36);
    let read = written.and_then(|written| Uuid::try_parse(written).ok());
    let is_one = read.is_some_and(|id| {
        (1..=5).contains(&id.get_version_num()) && id.get_variant() == uuid::Variant::RFC4122
    });
    let kept = written.filter(|_| is_one).map(str::to_owned);
    kept.map(Some).ok_or_else(|| Refused::parameter(2018, "`trackId` is no UUID of version 1 to 5"))
}

fn callback(fields: &mut Fields) -> Result<Option<String>, Refused> {
    let Some(value) = fields.take("otpCallbackUrl") else { return Ok(None) };
    let url = value.as_str().filter(|url| is_webhook_url(url)).map(str::to_owned);
    url.map(Some).ok_or_else(|| Refused::parameter(2019, "`otpCallbackUrl` is no `http` or `https` address"))
}
