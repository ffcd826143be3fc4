//! `GET /v1/verifications` and `GET /v1/deliveries`: what there is, by where it stands, whom it is about and when.

use super::{
    Face, Problem,
    auth::Caller,
    openapi::Operation,
    person::{Errors, recipient},
    problem::FieldError,
    shown::{Shown, ShownDelivery, json},
};
use crate::{
    delivery::{Delivery, known_failures},
    seal::{DeliveryId, VerificationId},
    verification::Status,
    verifier::{Page, Wanted, WantedDeliveries, WantedVerifications},
};
use axum::{
    extract::{FromRequestParts, Query, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use jiff::Timestamp;
use provider_api::{Channel, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// The most on a page, and how many where nothing is said.
const MOST: usize = 100;
const USUAL: usize = 20;

/// What becomes of a delivery.
const OUTCOMES: [&str; 4] = ["queued", "sent", "failed", "unknown"];

fn failures() -> Vec<String> {
    known_failures().map(|failure| failure.as_str().to_owned()).collect()
}

/// What may stand behind the `?` of the list of verifications.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedVerifications {
    /// Where they stand.
    #[schemars(with = "Option<Status>")]
    status: Option<String>,
    /// What they are for.
    purpose: Option<String>,
    /// The recipient, in full.
    to: Option<String>,
    /// Made at this time or later.
    #[schemars(with = "Option<Timestamp>")]
    since: Option<String>,
    /// Made before this time.
    #[schemars(with = "Option<Timestamp>")]
    until: Option<String>,
    /// The `next` of the page before.
    #[schemars(with = "Option<VerificationId>")]
    after: Option<String>,
    /// How many on a page.
    #[schemars(with = "Option<Limit>")]
    limit: Option<String>,
}

/// What may stand behind the `?` of the lists of deliveries, an application's and the operators'.
#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedDeliveries {
    /// What became of them: `queued`, `sent`, `failed` or `unknown`.
    #[schemars(extend("enum" = OUTCOMES))]
    status: Option<String>,
    /// The kind of failure.
    #[schemars(extend("enum" = failures()))]
    failure: Option<String>,
    /// Through which provider.
    provider: Option<String>,
    /// On which channel.
    channel: Option<String>,
    /// Of which application; a key of an application may name its own only.
    application: Option<String>,
    /// The recipient, in full.
    to: Option<String>,
    /// Made at this time or later.
    #[schemars(with = "Option<Timestamp>")]
    since: Option<String>,
    /// Made before this time.
    #[schemars(with = "Option<Timestamp>")]
    until: Option<String>,
    /// The `next` of the page before.
    #[schemars(with = "Option<DeliveryId>")]
    after: Option<String>,
    /// How many on a page.
    #[schemars(with = "Option<Limit>")]
    limit: Option<String>,
}

/// How many on a page, for the document.
#[derive(JsonSchema)]
#[schemars(inline, extend("minimum" = 1, "maximum" = MOST, "default" = USUAL))]
struct Limit(#[expect(dead_code, reason = "stands for its schema")] usize);

#[derive(Serialize, JsonSchema)]
struct Verifications {
    /// Newest first.
    verifications: Vec<Shown>,
    /// What to say in `after` for the page behind this one; absent on the last. A page may be short, or empty, and have one: the
    /// server looks at a bounded number of records for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Deliveries<'a> {
    /// Newest first.
    deliveries: Vec<Listed<'a>>,
    /// What to say in `after` for the page behind this one; absent on the last. A page may be short, or empty, and have one: the
    /// server looks at a bounded number of records for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A delivery outside of its verification: it says to which it belongs.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ListedDelivery")]
struct Listed<'a> {
    /// The verification that it belongs to.
    #[schemars(with = "VerificationId")]
    verification: &'a str,
    #[serde(flatten)]
    delivery: ShownDelivery<'a>,
}

impl<'a> Listed<'a> {
    fn new(delivery: &'a Delivery) -> Self {
        Self { verification: delivery.verification.as_str(), delivery: ShownDelivery::new(delivery) }
    }
}

/// What stands behind the `?`, of one exact shape.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(asked)| Self(asked)).map_err(|rejection| {
            let said = rejection.body_text();
            let said = said.rsplit_once("query string: ").map_or(said.as_str(), |(_, said)| said);
            Problem::invalid(&[FieldError::new("", said.chars().take(300).collect::<String>())])
        })
    }
}

/// What the document says of the verifications.
pub(super) fn told_verifications(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("listVerifications", "Lists the verifications of the application")
        .of_caller()
        .query::<AskedVerifications>()
        .answer::<Verifications>(200, "A page of them, newest first")
}

/// What the document says of the deliveries.
pub(super) fn told_deliveries(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("listDeliveries", "Lists the deliveries of the application")
        .of_caller()
        .query::<AskedDeliveries>()
        .answer::<Deliveries<'static>>(200, "A page of them, newest first")
}

/// The same for operators.
pub(super) fn told_all_deliveries(operation: Operation<'_>) -> Operation<'_> {
    operation
        .named("listDeliveries", "Lists the deliveries of every application")
        .of_operator()
        .of_store()
        .query::<AskedDeliveries>()
        .answer::<Deliveries<'static>>(200, "A page of them, newest first")
}

pub(super) async fn verifications(
    State(face): State<Arc<Face>>,
    Caller(application): Caller,
    Asked(asked): Asked<AskedVerifications>,
) -> Result<Response, Problem> {
    let AskedVerifications { status, purpose, to, since, until, after, limit } = asked;
    let mut errors = Errors::default();
    let all = errors.wanted([to, since, until, limit]);
    let status = errors.one_of("status", status, &Status::ALL.map(|status| (status.as_str(), status)));
    let purpose = purpose.map(|purpose| errors.purpose(Some(purpose)));
    let after = errors.cursor(after, |id| id.parse::<VerificationId>().is_ok());
    errors.none()?;
    let all = Wanted { application: Some(application.id.clone()), after, ..all };
    let page = face.verifier.verifications(&WantedVerifications { all, status, purpose }).await?;
    let shown = page.items.iter().map(|found| Shown::new(found, None, page.at)).collect();
    Ok(json(StatusCode::OK, &Verifications { verifications: shown, next: page.next }))
}

pub(super) async fn deliveries(
    State(face): State<Arc<Face>>,
    Caller(application): Caller,
    Asked(asked): Asked<AskedDeliveries>,
) -> Result<Response, Problem> {
    let mut wanted = read(asked)?;
    if wanted.all.application.as_ref().is_some_and(|named| *named != application.id) {
        let detail = "this key lists the deliveries of its own application";
        return Err(Problem::invalid(&[FieldError::new("application", detail)]));
    }
    wanted.all.application = Some(application.id.clone());
    Ok(show(&face.verifier.deliveries(&wanted).await?))
}

/// The same for operators: of every application.
pub(super) async fn all_deliveries(
    State(face): State<Arc<Face>>,
    Asked(asked): Asked<AskedDeliveries>,
) -> Result<Response, Problem> {
    Ok(show(&face.verifier.deliveries(&read(asked)?).await?))
}

fn read(asked: AskedDeliveries) -> Result<WantedDeliveries, Problem> {
    let AskedDeliveries { status, failure, provider, channel, application, to, since, until, after, limit } =
        asked;
    let mut errors = Errors::default();
    let all = errors.wanted([to, since, until, limit]);
    let outcomes = OUTCOMES.map(|word| (word, word));
    let outcome = errors.one_of("status", status, &outcomes);
    let known: Vec<Failure> = known_failures().collect();
    let failures: Vec<(&str, &Failure)> = known.iter().map(|failure| (failure.as_str(), failure)).collect();
    let failure = errors.one_of("failure", failure, &failures).cloned();
    let channel = channel.and_then(|word| {
        Channel::new(&word).map_err(|_| errors.add("channel", "expected a channel such as `sms`")).ok()
    });
    for (field, value) in [("provider", &provider), ("application", &application)] {
        if value.as_deref().is_some_and(|value| !provider_api::is_word(value)) {
            errors.add(field, "expected a name of the configuration");
        }
    }
    let after = errors.cursor(after, |id| id.parse::<DeliveryId>().is_ok());
    errors.none()?;
    let all = Wanted { application, after, ..all };
    Ok(WantedDeliveries { all, outcome, failure, provider, channel })
}

fn show(page: &Page<Delivery>) -> Response {
    let deliveries = page.items.iter().map(Listed::new).collect();
    json(StatusCode::OK, &Deliveries { deliveries, next: page.next.clone() })
}

impl Errors {
    fn wanted(&mut self, [to, since, until, limit]: [Option<String>; 4]) -> Wanted {
        if let Some(to) = &to {
            self.text("to", to.trim());
        }
        let mut time = |field, text: Option<String>| {
            let read = text.as_deref().map(str::parse);
            if matches!(read, Some(Err(_))) {
                self.add(field, "expected a time such as `2026-01-02T03:04:05Z`");
            }
            read.and_then(Result::ok)
        };
        let (since, until) = (time("since", since), time("until", until));
        let most = match limit.as_deref().map(str::parse) {
            None => USUAL,
            Some(Ok(most)) if (1..=MOST).contains(&most) => most,
            Some(_) => {
                self.add("limit", format!("expected a number from 1 to {MOST}"));
                USUAL
            }
        };
        let to = to.map(|to| recipient(with_plus(&to).trim()));
        Wanted { application: None, to, since, until, after: None, most }
    }

    fn one_of<T: Clone>(&mut self, field: &str, word: Option<String>, words: &[(&str, T)]) -> Option<T> {
        let word = word?;
        let found = words.iter().find(|(known, _)| *known == word);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.add(field, format!("expected one of `{}`", known.join("`, `")));
        }
        found.map(|(_, meaning)| meaning.clone())
    }

    fn cursor(&mut self, after: Option<String>, is_one: impl Fn(&str) -> bool) -> Option<String> {
        if after.as_deref().is_some_and(|after| !is_one(after)) {
            self.add("after", "expected the `next` of the page before");
        }
        after
    }
}

/// A number whose `+` was not written as `%2B`: in a query it is read as a blank.
fn with_plus(to: &str) -> String {
    match to.strip_prefix(' ').filter(|number| number.starts_with(|c: char| c.is_ascii_digit())) {
        Some(number) => format!("+{number}"),
        None => to.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{failures, read};
    use crate::http::tests::{get, house};
    use serde_json::json;

    #[tokio::test]
    async fn a_number_is_found_however_it_is_written() {
        let house = house();
        let (id, _) = house.begun().await;
        for to in ["%2B447700900123", "+447700900123", "%20%2B447700900123%0A"] {
            let found = get(&house, &format!("/v1/verifications?to={to}")).await;
            assert_eq!((found.status, &found.body["verifications"][0]["id"]), (200, &json!(id)), "{to}");
        }
        for to in ["%2B447700900124", "447700900123", "ada@example.com"] {
            let found = get(&house, &format!("/v1/verifications?to={to}")).await;
            assert_eq!((found.status, &found.body["verifications"]), (200, &json!([])), "{to}");
        }
    }

    #[test]
    fn every_kind_of_failure_may_be_asked_for_the_hosts_own_too() {
        assert!(failures().iter().any(|word| word == crate::delivery::TOO_LATE));
        for word in failures() {
            let asked = super::AskedDeliveries { failure: Some(word.clone()), ..Default::default() };
            let wanted = read(asked).unwrap_or_else(|_| panic!("{word} is refused"));
            assert_eq!(wanted.failure.unwrap().as_str(), word);
        }
    }
}
