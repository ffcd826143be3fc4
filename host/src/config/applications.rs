//! `[applications.ID]`: who may call, with which keys, methods and policy.

use super::{
    environment::Environment,
    limits,
    policy::{bounds, policy},
    providers::WORD,
    report::Report,
    secret,
    section::{Field, Section},
    templates::{self, Texts},
    test_recipients,
};
use crate::{
    application::{Application, Events, Method, Policy, ServiceSid, is_sender},
    event::is_webhook_url,
    limit::Rules,
    seal::WebhookSecret,
    template::{PURPOSES, Site},
};
use provider_api::{Channel, Secret, is_word};
use std::collections::BTreeMap;

const SHORTEST_KEY: usize = 20;
const KEYS_HINT: &str =
    "for example api_keys = [{ env = \"PASSRELAY_WEB_KEY\" }]; `openssl rand -hex 24` makes a good one";
const METHODS_HINT: &str = "for example methods = [\"sms:code\", \"email:code\"]";

const SENDERS_HINT: &str =
    "names, numbers or short codes of 3 to 34 visible ASCII characters, for example senders = [\"Acme\"]";

/// An application whose methods are not yet held against the routes.
#[derive(Clone)]
pub(super) struct Typed {
    /// What is known of it.
    pub(super) application: Application,
    /// Where each of its methods stands.
    pub(super) methods_at: Vec<usize>,
    /// What its messages say, by channel.
    pub(super) templates: BTreeMap<Channel, Texts>,
}

/// What the rest of the file says that applications stand on.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    /// Whom messages speak for.
    pub(super) site: &'a Site,
    /// How codes are made for an application that says nothing.
    pub(super) code: &'a Policy,
    /// The limits of an application that says nothing.
    pub(super) limits: &'a Rules,
    /// Whether they may name test recipients.
    pub(super) may_test: bool,
}

/// Reads `[applications]`.
pub(super) fn read(
    applications: &Section<'_>,
    environment: &Environment,
    ground: &Ground<'_>,
    report: &mut Report,
) -> Vec<Typed> {
    let mut taken: Vec<(String, Secret)> = Vec::new();
    let mut read = Vec::new();
    for field in applications.fields() {
        let typed = application(&field, environment, ground, &mut taken, report);
        if let Some(sid) = typed.as_ref().map(|typed| typed.application.service_sid())
            && read.iter().any(|other: &Typed| other.application.service_sid() == sid)
        {
            let what = format!("`{}` has the `service_sid` of another application", field.path);
            report.mistake(field.key_at, what, Some("each Service has its own".to_owned()));
        }
        read.extend(typed);
    }
    read
}

fn application(
    field: &Field<'_>,
    environment: &Environment,
    ground: &Ground<'_>,
    taken: &mut Vec<(String, Secret)>,
    report: &mut Report,
) -> Option<Typed> {
    let mut table = field.table(report)?;
    let keys = table
        .find("api_keys")
        .and_then(|field| field.list(KEYS_HINT, report))
        .unwrap_or_default()
        .iter()
        .filter_map(|item| key(item, field.key, environment, taken, report))
        .collect();
    let secret = table.find("webhook_secret").and_then(|field| webhook_secret(&field, environment, report));
    let mut typed = settings(field.key, keys, table, ground, report);
    typed.application.events.secret = secret;
    if !is_word(field.key) {
        let what = format!("`{}` is no name for an application", field.path);
        report.mistake(field.key_at, what, Some(WORD.to_owned()));
        return None;
    }
    Some(typed)
}

/// Reads the table of an application, but for its keys: those of one that is made at run time stand elsewhere.
pub(super) fn settings(
    id: &str,
    keys: Vec<Secret>,
    mut table: Section<'_>,
    ground: &Ground<'_>,
    report: &mut Report,
) -> Typed {
    let Ground { site, code, limits, may_test } = *ground;
    let methods: Vec<(Method, usize)> = table
        .require("methods", METHODS_HINT, report)
        .and_then(|field| field.list(METHODS_HINT, report))
        .map(|items| methods(&items, report))
        .unwrap_or_default();
    let preferred = table.find("preferred").and_then(|field| preferred(&field, &methods, report));
    let bounds = bounds(table.table("bounds", report), report);
    let policy = policy(table.table("code", report), &bounds, code, report);
    let test_recipients = test_recipients::read(&table.table("test_recipients", report), may_test, report);
    let senders = table.find("senders").map(|field| senders(&field, report)).unwrap_or_default();
    let url = table.find("webhook_url").and_then(|field| webhook_url(&field, report));
    let events = Events { url, secret: None };
    let templates = by_channel(&table.table("templates", report), site, report);
    let limits = limits::read(table.table("limits", report), limits, report);
    let service_sid = table.find("service_sid").and_then(|field| service_sid(&field, report));
    table.close(report);
    let (methods, methods_at) = methods.into_iter().unzip();
    let id = id.to_owned();
    let application = Application {
        id,
        keys,
        methods,
        preferred,
        policy,
        bounds,
        test_recipients,
        senders,
        events,
        limits,
        service_sid,
    };
    Typed { application, methods_at, templates }
}

fn service_sid(field: &Field<'_>, report: &mut Report) -> Option<ServiceSid> {
    let read = field.text(report)?.parse().ok();
    if read.is_none() {
        let hint = "`VA` and 32 hexadecimal digits, as Twilio shows it".to_owned();
        field.wrong("is no SID of a Service", hint, report);
    }
    read
}

fn by_channel(templates: &Section<'_>, site: &Site, report: &mut Report) -> BTreeMap<Channel, Texts> {
    let mut read = BTreeMap::new();
    for field in templates.fields() {
        if PURPOSES.contains(&field.key) {
            let what = format!("`{}` is a purpose, where a channel belongs", field.path);
            let hint = format!("an application's texts stand by channel: `sms.{}`", field.key);
            report.mistake(field.key_at, what, Some(hint));
            continue;
        }
        let texts = templates::texts(&field, site, report);
        if let Ok(channel) = Channel::new(field.key) {
            read.insert(channel, texts.unwrap_or_default());
        } else {
            report.mistake(
                field.key_at,
                format!("`{}` is no name for a channel", field.path),
                Some(WORD.to_owned()),
            );
        }
    }
    read
}

fn key(
    item: &Field<'_>,
    application: &str,
    environment: &Environment,
    taken: &mut Vec<(String, Secret)>,
    report: &mut Report,
) -> Option<Secret> {
    let key = secret::read(item, environment, report)?;
    if key.expose().chars().count() < SHORTEST_KEY {
        item.wrong("holds a key of less than 20 characters", KEYS_HINT.to_owned(), report);
        return None;
    }
    // Anything else cannot be sent in an HTTP header (RFC 9110 section 5.5, RFC 7617 section 2).
    if !key.expose().bytes().all(|b| b.is_ascii_graphic() && b != b':') {
        item.wrong("holds a key with something other than visible ASCII without `:`", None, report);
        return None;
    }
    if let Some((other, _)) = taken.iter().find(|(_, taken)| *taken == key) {
        let why = if other == application {
            "holds the same key twice".to_owned()
        } else {
            format!("holds a key that `applications.{other}` has already")
        };
        item.wrong(&why, "a key says which application calls: each has its own".to_owned(), report);
        return None;
    }
    taken.push((application.to_owned(), key.clone()));
    Some(key)
}

fn webhook_url(field: &Field<'_>, report: &mut Report) -> Option<String> {
    let url = field.text(report)?;
    if !is_webhook_url(url) {
        let hint = "for example \"https://example.com/otp-events\"".to_owned();
        field.wrong("is no `http` or `https` address of at most 2048 characters", hint, report);
    }
    Some(url.to_owned())
}

fn webhook_secret(
    field: &Field<'_>,
    environment: &Environment,
    report: &mut Report,
) -> Option<WebhookSecret> {
    let read = WebhookSecret::read(secret::read(field, environment, report)?.expose());
    if read.is_none() {
        let hint =
            "`whsec_` and 24 to 64 bytes in base64; `echo whsec_$(openssl rand -base64 32)` makes a good one";
        field.wrong("is no secret of webhooks", hint.to_owned(), report);
    }
    read
}

/// Whom a start may have its messages come from.
fn senders(field: &Field<'_>, report: &mut Report) -> Vec<String> {
    let mut senders: Vec<String> = Vec::new();
    for item in field.list(SENDERS_HINT, report).unwrap_or_default() {
        let Some(sender) = item.text(report) else { continue };
        if !is_sender(sender) {
            item.wrong("holds something that is no sender", SENDERS_HINT.to_owned(), report);
        } else if senders.iter().any(|other| other == sender) {
            item.wrong("names this sender a second time", None, report);
        } else {
            senders.push(sender.to_owned());
        }
    }
    senders
}

fn methods(items: &[Field<'_>], report: &mut Report) -> Vec<(Method, usize)> {
    let mut methods: Vec<(Method, usize)> = Vec::new();
    for item in items {
        let Some(method) = method(item, report) else { continue };
        if methods.iter().any(|(other, _)| *other == method) {
            item.wrong("names this method a second time", None, report);
            continue;
        }
        methods.push((method, item.at()));
    }
    methods
}

fn method(item: &Field<'_>, report: &mut Report) -> Option<Method> {
    let written = item.text(report)?;
    let Ok(method) = written.parse::<Method>() else {
        let meant = format!("{written}:code");
        let hint = if meant.parse::<Method>().is_ok() {
            format!("did you mean \"{meant}\"?")
        } else {
            "`CHANNEL:PAYLOAD` or `PROVIDER:PAYLOAD`, for example \"sms:code\"".to_owned()
        };
        item.wrong("holds something that is no method", hint, report);
        return None;
    };
    let hint = Some(format!("this version delivers codes: `{}:code`", method.target));
    match method.payload.as_str() {
        "code" => return Some(method),
        "link" => item.wrong("asks for links, which come with a later version of Passrelay", hint, report),
        _ => item.wrong("asks for an unknown payload", hint, report),
    }
    None
}

fn preferred(field: &Field<'_>, methods: &[(Method, usize)], report: &mut Report) -> Option<Method> {
    let text = field.text(report)?;
    let found = methods.iter().map(|(method, _)| method).find(|method| method.to_string() == text);
    if found.is_none() {
        let names: Vec<String> = methods.iter().map(|(method, _)| method.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        field.wrong("is none of the `methods`", super::suggestion::hint(text, &names), report);
    }
    found.cloned()
}
