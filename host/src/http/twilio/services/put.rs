//! Making and changing a Service: an application of the verifier's directory, made at run time.

use super::{Service, Settings};
use crate::{
    clock::span,
    config::MadeApplication,
    http::{
        Face,
        twilio::{Refused, auth::Called, form::Form},
    },
    verifier::{DirectoryError, KeptApplication},
};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The channels that a Service may have whatever the routes are for, the first one the first choice.
const CHANNELS: [&str; 5] = ["sms", "call", "email", "whatsapp", "rcs"];

/// The most Services.
const MOST: usize = 1_000;

/// Makes a Service, or says anew what one is.
pub(super) async fn put(
    face: &Face,
    id: &str,
    before: Option<&KeptApplication>,
    (form, service): (&Form, Settings),
) -> Result<Service, Refused> {
    let directory = face.verifier.directory();
    if before.is_none() && directory.services().len() >= MOST {
        let message = format!("there are {MOST} Services, and no more may be made");
        return Err(Refused::new(StatusCode::BAD_REQUEST, 60200, message));
    }
    let mut settings = before.map(|before| before.settings.clone()).unwrap_or_default();
    code(&mut settings, form, before.is_none())?;
    // Once, when it is made: whoever took some away afterwards meant it.
    if before.is_none() {
        methods(face, &mut settings);
    }
    let made = face.saved.load().application(id, &settings);
    let MadeApplication { application, templates, routes } = made.map_err(|mistakes| {
        let what = mistakes.iter().next().map(|mistake| mistake.what.clone()).unwrap_or_default();
        Refused::new(StatusCode::BAD_REQUEST, 60200, format!("no Service can be made: {what}"))
    })?;
    let sid = application.service_sid().to_string();
    let kept = (settings, Some(service.to_keep()));
    directory.put_service(application, routes, kept, before.is_some()).await?;
    face.says(id, Some(templates));
    tracing::info!(application.id = id, is_new = before.is_none(), "a Service was made or changed");
    directory.service(&sid).map(Service::of).ok_or_else(|| Refused::not_found("/Services"))
}

/// Changes what a Service has besides, as it is now and not as it was when the request waited for its turn.
pub(in crate::http) async fn change<T>(
    face: &Face,
    called: &Called,
    change: impl FnOnce(&mut Settings) -> Result<T, Refused>,
) -> Result<T, Refused> {
    let _changing = face.changing.lock().await;
    let found = face.verifier.directory().service(&called.service.sid).ok_or_else(|| called.missing())?;
    let id = found.application.id.clone();
    let Some(before) = found.stored.clone() else { return Err(DirectoryError::OfFile(id).into()) };
    let mut settings = Service::of(found).settings;
    let changed = change(&mut settings)?;
    put(face, &id, Some(&before), (&Form::default(), settings)).await?;
    Ok(changed)
}

/// How codes are made, as far as a form says; the rest is as `[code]` has it, but for the pause, which Twilio knows none.
fn code(settings: &mut Map<String, Value>, form: &Form, is_new: bool) -> Result<(), Refused> {
    let code = settings.entry("code").or_insert_with(|| json!({}));
    let Some(code) = code.as_object_mut() else { return Ok(()) };
    if is_new {
        code.insert("pause".to_owned(), json!(span::write(Duration::ZERO)));
    }
    if let Some(length) = form.whole("CodeLength", 4..=10)? {
        code.insert("length".to_owned(), json!(length));
    }
    if let Some(ttl) = form.whole("Ttl", 60..=86_400)? {
        code.insert("lifetime".to_owned(), json!(span::write(Duration::from_secs(ttl))));
    }
    if let Some(once) = form.flag("DoForceCheckOnce")? {
        code.insert("check_once".to_owned(), json!(once));
    }
    Ok(())
}

/// Every channel that some provider carries now.
fn methods(face: &Face, settings: &mut Map<String, Value>) {
    let saved = face.saved.load();
    let mut methods: Vec<Value> = Vec::new();
    let routed = face.verifier.directory().channels().into_iter().map(|channel| channel.to_string());
    for channel in CHANNELS.into_iter().map(str::to_owned).chain(routed) {
        let method = json!(format!("{channel}:code"));
        let alone = Map::from_iter([("methods".to_owned(), json!([method]))]);
        if !methods.contains(&method) && saved.application("service", &alone).is_ok() {
            methods.push(method);
        }
    }
    settings.insert("methods".to_owned(), Value::Array(methods));
}
