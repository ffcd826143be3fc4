//! The parameters of a start, each held to Twilio's rule and told with Twilio's code.

use super::{CHANNEL, PURPOSE, TAGS, channel};
use crate::{
    http::{
        person::recipient,
        twilio::{Refused, auth::Called, form::Form, services::in_messages},
    },
    member::{Person, To},
    phone::{Kind, planned},
    seal::Typed,
    template::{Locale, Payment, Wording},
    verification::Notes,
    verifier::{Asker, Barred, OwnLimit, Start, Verifier, Within},
};
use axum::http::StatusCode;
use serde_json::Value;

/// The most bytes of a recipient and of most other texts.
const LONGEST: usize = 256;

/// The most tags, and the most characters of each name and value.
const TAGS_AT_MOST: usize = 10;
const LONGEST_TAG: usize = 128;

/// What a start asks for.
pub(super) struct Asked {
    /// The start, by the first choice of channel.
    pub(super) start: Start,
    /// What takes the place of its channel where that does not reach.
    pub(super) otherwise: Option<crate::application::Method>,
    /// The channel as the caller calls it.
    pub(super) channel: String,
    /// The recipient in its one form.
    pub(super) to: String,
    /// Whether no country is known to have such a number, in a Service that looks: only the safe list lets it pass.
    pub(super) is_unplanned: bool,
    /// The limits of the Service that it names, each with whom it counts, and the channels that it must not go by.
    pub(super) within: Within,
}

/// A call cannot say so that nobody mistakes it what a payment is.
const PAYMENT_BY_CALL: Barred = Barred { channel: "call", reason: "payment_by_call" };

/// What `SkipSmsToLandlines` bars.
const SMS_TO_LANDLINE: Barred = Barred { channel: "sms", reason: "sms_to_landline" };

/// Reads the parameters of `POST …/Verifications`.
pub(super) fn read(verifier: &Verifier, called: &Called, form: &Form) -> Result<Asked, Refused> {
    let to = form.needed("To", LONGEST)?.trim();
    let word = form.needed("Channel", LONGEST)?;
    let configuration = form.object("ChannelConfiguration")?;
    let on = |channel: &str| verifier.method_on(&called.service.application, channel);
    let chosen = channel::read(word, configuration.as_ref(), on)?;
    let payment = payment(called, form)?;
    let code = custom_code(called, form, payment.is_some())?;
    let (mut notes, tags) = (Notes::default(), tags(form)?);
    for (name, text) in [(CHANNEL, Some(word)), (TAGS, tags)] {
        if let Some(text) = text {
            notes.keep(name, text).map_err(|error| Refused::invalid("Tags", &error.to_string()))?;
        }
    }
    refuse_what_is_not_here(form, word)?;
    let wording = wording(called, form, word, payment.is_some())?;
    let (is_unplanned, is_landline) = look_up(called, to);
    let start = Start {
        person: Person::To(To(to.to_owned())),
        method: chosen.method,
        purpose: PURPOSE.to_owned(),
        locale: locale(form)?,
        policy: None,
        code,
        payment,
        wording,
        supersedes: false,
        idempotency: None,
        asker: asker(called, form)?,
        notes,
        webhook: None,
    };
    let to = recipient(to).as_str().to_owned();
    let by_call = start.payment.is_some().then_some(PAYMENT_BY_CALL);
    let barred = by_call.into_iter().chain(is_landline.then_some(SMS_TO_LANDLINE)).collect();
    let within = Within { own: rate_limits(called, form)?, barred };
    Ok(Asked { start, otherwise: chosen.otherwise, channel: word.to_owned(), to, is_unplanned, within })
}

/// With `LookupEnabled`, whether no plan has the number, and with `SkipSmsToLandlines` whether it is a landline (T24).
fn look_up(called: &Called, to: &str) -> (bool, bool) {
    let settings = &called.service.settings;
    if !settings.lookup_enabled || !to.starts_with('+') {
        return (false, false);
    }
    let planned = planned(to, None).ok().filter(|planned| planned.flaw.is_none());
    let Some(planned) = planned else { return (true, false) };
    (false, settings.skip_sms_to_landlines && planned.kind == Kind::Landline)
}

fn asker(called: &Called, form: &Form) -> Result<Asker, Refused> {
    let ip = form.text("DeviceIp")?.map(str::parse).transpose();
    let ip = ip.map_err(|_| Refused::invalid("DeviceIp", "expected an IP address"))?;
    if form.text("RiskCheck")?.is_some_and(|word| !["enable", "disable"].contains(&word)) {
        return Err(Refused::invalid("RiskCheck", "expected `enable` or `disable`"));
    }
    Ok(Asker { api_key: called.account.api_key.clone(), ip })
}

fn locale(form: &Form) -> Result<Option<String>, Refused> {
    let tag = form.short("Locale", LONGEST)?;
    if tag.is_some_and(|tag| tag.parse::<Locale>().is_err()) {
        return Err(Refused::invalid("Locale", "expected a language tag such as `en` or `pt-BR`"));
    }
    Ok(tag.map(str::to_owned))
}

/// Amount and payee: both or none, and both wherever the Service is for payments (PSD2).
fn payment(called: &Called, form: &Form) -> Result<Option<Payment>, Refused> {
    let given = [form.text("Amount")?, form.text("Payee")?];
    let settings = &called.service.settings;
    match given {
        [None, None] if !settings.psd2_enabled => Ok(None),
        [Some(_), Some(_)] if !settings.psd2_enabled && !called.service.is_native() => {
            let message = "Amount and Payee: the Service is not for payments (`Psd2Enabled`)";
            Err(Refused::new(StatusCode::FORBIDDEN, 60204, message))
        }
        [Some(amount), Some(payee)] => {
            for (name, text) in [("Amount", amount), ("Payee", payee)] {
                Payment::admit(text).map_err(|why| Refused::invalid(name, &why.to_string()))?;
            }
            Ok(Some(Payment { amount: amount.to_owned(), payee: payee.to_owned() }))
        }
        _ => Err(Refused::half_a_payment()),
    }
}

fn custom_code(called: &Called, form: &Form, is_payment: bool) -> Result<Option<Typed>, Refused> {
    const NAME: &str = "CustomCode";
    let Some(text) = form.text(NAME)? else { return Ok(None) };
    if !called.service.settings.custom_code_enabled && !called.service.is_native() {
        let message = "CustomCode: the Service takes none (`CustomCodeEnabled`)";
        return Err(Refused::new(StatusCode::FORBIDDEN, 60204, message));
    }
    if is_payment {
        return Err(Refused::invalid(NAME, "the code of a payment is made from Amount and Payee"));
    }
    let code = Typed::read(text).map_err(|why| Refused::invalid(NAME, &why.to_string()))?;
    called.service.application.admit_own_code(&code).map_err(|why| Refused::invalid(NAME, &why))?;
    Ok(Some(code))
}

/// At most ten pairs of texts, as they were written.
fn tags(form: &Form) -> Result<Option<&str>, Refused> {
    const NAME: &str = "Tags";
    let Some(tags) = form.object(NAME)? else { return Ok(None) };
    let is_short = |text: &str| text.chars().count() <= LONGEST_TAG;
    let fits = |(name, value): (&String, &Value)| is_short(name) && value.as_str().is_some_and(is_short);
    if tags.len() > TAGS_AT_MOST || !tags.iter().all(fits) {
        let why =
            format!("expected at most {TAGS_AT_MOST} pairs of texts of at most {LONGEST_TAG} characters");
        return Err(Refused::invalid(NAME, &why));
    }
    form.text(NAME)
}

/// The Service's own limits that a start names: `{"end_user_ip": "192.0.2.1"}`.
fn rate_limits(called: &Called, form: &Form) -> Result<Vec<OwnLimit>, Refused> {
    const NAME: &str = "RateLimits";
    let mut own = Vec::new();
    for (name, whom) in form.object(NAME)?.unwrap_or_default() {
        let whom = match whom {
            Value::String(whom) if !whom.is_empty() && whom.len() <= LONGEST => whom,
            Value::Number(whom) => whom.to_string(),
            _ => return Err(Refused::invalid(NAME, "expected each limit's name with a text")),
        };
        let limits = &called.service.settings.rate_limits;
        let limit = limits.iter().find(|limit| limit.unique_name == name);
        let limit = limit.ok_or_else(|| Refused::invalid(NAME, "the Service has no such limit"))?;
        let each = |rate| OwnLimit { rate, name: name.clone(), whom: whom.clone() };
        own.extend(limit.rates().map(each));
    }
    Ok(own)
}

/// What the message says: whom it speaks for, and the mark by which an Android app finds it.
fn wording(called: &Called, form: &Form, channel: &str, is_payment: bool) -> Result<Wording, Refused> {
    let own = match form.short("CustomFriendlyName", LONGEST)? {
        Some(name) => {
            in_messages("CustomFriendlyName", name)?;
            Some(name.to_owned())
        }
        None => Some(called.service.settings.friendly_name.clone()).filter(|_| !called.service.is_native()),
    };
    let hash = form.text("AppHash")?;
    if hash.is_some() && channel != "sms" {
        let message = "AppHash goes with the channel `sms` only";
        return Err(Refused::new(StatusCode::BAD_REQUEST, 60602, message));
    }
    let is_hash = |hash: &str| {
        hash.len() == 11 && hash.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
    };
    if hash.is_some_and(|hash| !is_hash(hash)) {
        return Err(Refused::invalid("AppHash", "expected the 11 characters of an app's hash"));
    }
    // As Google's SMS Retriever wants it: the mark first, the hash last.
    let of_payment = if is_payment { " {{ amount }} to {{ payee }}." } else { "" };
    let text =
        hash.map(|hash| format!("<#> {{{{ code }}}} is your {{{{ site_name }}}} code.{of_payment}\n{hash}"));
    let warns = called.service.settings.do_not_share_warning_enabled;
    Ok(Wording { site_name: own, text, sender: None, warns })
}

fn refuse_what_is_not_here(form: &Form, channel: &str) -> Result<(), Refused> {
    if form.text("TemplateSid")?.is_some() {
        let (code, message) = match channel {
            "sms" => (
                60228,
                "TemplateSid: Passrelay has no templates of Twilio's; texts stand in its configuration",
            ),
            _ => (60408, "TemplateSid goes with the channel `sms` only"),
        };
        return Err(Refused::new(StatusCode::BAD_REQUEST, code, message));
    }
    if form.text("SendDigits")?.is_some() && ["call", "voice"].contains(&channel) {
        return Err(Refused::not_here("SendDigits, keys pressed before a call speaks"));
    }
    Ok(())
}
