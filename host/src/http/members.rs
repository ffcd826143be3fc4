//! `GET|PUT|DELETE /v1/members/{id}`: the members that an application stored, their addresses masked.

use super::{
    Face, Problem,
    auth::Caller,
    body::Body,
    openapi::{IF_MATCH, IF_NONE_MATCH, Operation},
    person::{Errors, FIELDS, is_short},
    problem::FieldError,
    shown::json,
};
use crate::{
    application::Application,
    verifier::{MemberError, Precondition, Stored, VerifyError},
};
use axum::{
    extract::{FromRequestParts, Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use provider_api::{Member, Recipient};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json as value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// So many digits may be a phone number, however it is written.
const DIGITS: usize = 6;

/// What is asked of a `PUT`: the whole member.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PutMemberRequest")]
pub(super) struct Request {
    /// The same as in the path, or left out.
    id: Option<String>,
    /// What to call the member in messages.
    #[schemars(length(min = 1, max = 256))]
    name: Option<String>,
    /// The member's language, a BCP 47 tag such as `en-GB`.
    locale: Option<String>,
    /// What providers read addresses from, by name; at most 32, each of at most 256 bytes.
    #[serde(default)]
    #[schemars(extend("maxProperties" = FIELDS))]
    fields: BTreeMap<String, String>,
}

/// A member as an answer shows it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Member")]
struct Shown<'a> {
    /// The application's own id of the member.
    id: &'a str,
    /// What to call the member in messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// The member's language, a BCP 47 tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
    /// Its fields; whatever may be an address is masked.
    fields: BTreeMap<&'a str, String>,
    /// When it was stored first.
    created_at: Timestamp,
    /// When it was changed last.
    updated_at: Timestamp,
}

/// The member that the path names: 1 to 256 bytes without control characters; another is nobody's, and nobody's to be.
pub(super) struct Id(String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().map(|Path(id)| id).filter(|id| is_short(id)).map(Self);
        id.ok_or_else(|| {
            if parts.method == Method::PUT {
                return Problem::invalid(&[FieldError::new("id", MALFORMED)]);
            }
            not_found()
        })
    }
}

/// What is wrong with an id that no member can have.
const MALFORMED: &str = "expected 1 to 256 bytes without control characters, as the last part of the path";

/// The id of a member, for the document.
#[derive(JsonSchema)]
#[schemars(inline)]
struct MemberId(
    #[schemars(length(min = 1, max = 256))]
    #[expect(dead_code, reason = "stands for its schema")]
    String,
);

fn at(operation: Operation<'_>) -> Operation<'_> {
    operation.of_caller().at::<MemberId>("The application's own id of the member", "42")
}

/// What the document says of `GET`.
pub(super) fn told_get(operation: Operation<'_>) -> Operation<'_> {
    at(operation.named("fetchMember", "Shows a stored member, its addresses masked"))
        .problem(404, "member-not-found")
        .answer::<Shown<'static>>(200, "The member")
        .tagged()
}

/// What the document says of `PUT`.
pub(super) fn told_put(operation: Operation<'_>) -> Operation<'_> {
    let ada = value!({ "name": "Ada", "locale": "en", "fields": { "mobile": "+447700900123" } });
    at(operation.named("putMember", "Stores a member, or replaces one as a whole"))
        .asked(&IF_MATCH)
        .asked(&IF_NONE_MATCH)
        .body::<Request>(&[("member", ada)])
        .answer::<Shown<'static>>(200, "The member, which was there before")
        .answer::<Shown<'static>>(201, "The member, which is new")
        .tagged()
        .problem(409, "too-many-members")
        .problem(412, "precondition-failed")
}

/// What the document says of `DELETE`.
pub(super) fn told_delete(operation: Operation<'_>) -> Operation<'_> {
    at(operation.named("deleteMember", "Forgets a stored member"))
        .problem(404, "member-not-found")
        .asked(&IF_MATCH)
        .nothing("It is forgotten")
        .problem(412, "precondition-failed")
}

pub(super) async fn get(
    State(face): State<Arc<Face>>,
    Caller(application): Caller,
    Id(id): Id,
) -> Result<Response, Problem> {
    let stored = face.verifier.member(&application, &id).await?;
    Ok(answer(&face, StatusCode::OK, &stored))
}

pub(super) async fn put(
    State(face): State<Arc<Face>>,
    Caller(application): Caller,
    Id(id): Id,
    headers: HeaderMap,
    Body { request, .. }: Body<Request>,
) -> Result<Response, Problem> {
    let member = read(id, request)?;
    let only = precondition(&headers)?;
    let (stored, is_new) = face.verifier.put_member(&application, member, only).await?;
    Ok(answer(&face, if is_new { StatusCode::CREATED } else { StatusCode::OK }, &stored))
}

pub(super) async fn delete(
    State(face): State<Arc<Face>>,
    Caller(application): Caller,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    face.verifier.remove_member(&application, &id, precondition(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The stored member that a request names by `member_id`, if it names one and nothing else.
pub(super) async fn named(
    face: &Face,
    application: &Application,
    id: Option<&str>,
) -> Result<Option<Member>, Problem> {
    let Some(id) = id else { return Ok(None) };
    if !is_short(id) {
        return Err(not_found());
    }
    Ok(Some(face.verifier.member(application, id).await?.member))
}

fn read(id: String, request: Request) -> Result<Member, Problem> {
    let Request { id: said, name, locale, fields } = request;
    let mut errors = Errors::default();
    if said.is_some_and(|said| said != id) {
        errors.add("id", "is another than the path names: leave it out");
    }
    if let Some(name) = &name {
        errors.text("name", name);
    }
    errors.fields("fields", &fields);
    let locale = errors.locale("locale", locale);
    errors.none()?;
    let mut member = Member::with_fields(fields);
    (member.id, member.name, member.locale) = (Some(id), name, locale);
    Ok(member)
}

/// `If-Match` and `If-None-Match: *` (RFC 9110 section 13.1).
fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    match (texts(headers, &header::IF_MATCH)?, texts(headers, &header::IF_NONE_MATCH)?) {
        (None, None) => Ok(Precondition::None),
        (None, Some(only)) if only == "*" => Ok(Precondition::Absent),
        (Some(only), None) if only == "*" => Ok(Precondition::Present),
        (Some(tags), None) => {
            // A weak tag never matches.
            let strong = |tag: &str| Some(tag.trim().strip_prefix('"')?.strip_suffix('"')?.to_owned());
            Ok(Precondition::Tagged(tags.split(',').filter_map(strong).collect()))
        }
        (_, Some(_)) => {
            let detail = "only `*` is understood, and not beside `If-Match`";
            Err(Problem::invalid(&[FieldError::new("If-None-Match", detail)]))
        }
    }
}

fn texts(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, Problem> {
    let mut all = Vec::new();
    for value in headers.get_all(name) {
        let text = value.to_str();
        all.push(text.map_err(|_| Problem::invalid(&[FieldError::new(name.as_str(), "is no text")]))?.trim());
    }
    Ok(if all.is_empty() { None } else { Some(all.join(",")) })
}

fn answer(face: &Face, status: StatusCode, stored: &Stored) -> Response {
    let addresses = declared(face);
    let shown = |(field, value): (&String, &String)| {
        let mask = addresses.contains(field) || may_be_an_address(value);
        if mask && !value.is_empty() { Recipient::new(value.trim()).masked() } else { value.clone() }
    };
    let Stored { member, created_at, updated_at, .. } = stored;
    let mut response = json(
        status,
        &Shown {
            id: member.id.as_deref().unwrap_or_default(),
            name: member.name.as_deref(),
            locale: member.locale.as_deref(),
            fields: member.fields.iter().map(|field| (field.0.as_str(), shown(field))).collect(),
            created_at: *created_at,
            updated_at: *updated_at,
        },
    );
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", stored.tag())) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The fields that open providers read addresses from.
fn declared(face: &Face) -> BTreeSet<String> {
    let providers = face.tester.providers();
    let lanes = providers.status().into_iter().filter_map(|status| providers.lane(&status.id));
    lanes
        .flat_map(|lane| lane.addresses().iter().map(|address| address.field.clone()).collect::<Vec<_>>())
        .collect()
}

/// Whether somebody may be reached by it, as strictly or loosely as it is written.
fn may_be_an_address(value: &str) -> bool {
    value.contains('@') || value.chars().filter(|c| c.is_numeric()).count() >= DIGITS
}

fn not_found() -> Problem {
    let detail = "this application has stored no member of that id";
    Problem::new(StatusCode::NOT_FOUND, "member-not-found", "member not found", detail)
}

impl From<MemberError> for Problem {
    fn from(error: MemberError) -> Self {
        match error {
            MemberError::NotFound => not_found(),
            MemberError::Full(most) => {
                let detail = format!(
                    "the application has its {most} members: remove one, or have the operator raise `members` in `[limits]`"
                );
                Self::new(StatusCode::CONFLICT, "too-many-members", "too many members", detail)
            }
            MemberError::Precondition => {
                let detail = "the member was changed meanwhile, or is there already: fetch it again";
                let status = StatusCode::PRECONDITION_FAILED;
                Self::new(status, "precondition-failed", "precondition failed", detail)
            }
            MemberError::Store(error) => VerifyError::Store(error).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::http::tests::{Answer, House, house, put};
    use crate::http::tests::{delete, get, get_as, post};
    use serde_json::{Value, json};

    async fn ada(house: &House) -> Answer {
        let fields = json!({"mobile": " +447700900123\r\n", "home": "(020) 7946 0123", "email": "ada@example.com",
                            "plan": "gold", "empty": ""});
        put(house, "/v1/members/42", &json!({"name": "Ada", "locale": "en", "fields": fields}), &[]).await
    }

    #[tokio::test]
    async fn a_member_is_stored_shown_masked_replaced_and_forgotten() {
        let house = house();
        get(&house, "/v1/members/42").await.is_problem(404, "member-not-found");
        let made = ada(&house).await;
        made.is(
            201,
            &json!({
                "id": "42", "name": "Ada", "locale": "en",
                "fields": {"mobile": "+44•••••••123", "home": "•••23", "email": "a•••@example.com", "plan": "gold",
                           "empty": ""},
                "created_at": "2023-11-14T22:13:20Z", "updated_at": "2023-11-14T22:13:20Z",
            }),
        );
        get(&house, "/v1/members/42").await.is(200, &made.body);
        let changed = put(&house, "/v1/members/42", &json!({"id": "42"}), &[]).await;
        assert_eq!((changed.status, &changed.body["fields"]), (200, &json!({})));
        assert_ne!(changed.headers["etag"], made.headers["etag"]);
        assert_eq!(delete(&house, "/v1/members/42").await.status, 204);
        delete(&house, "/v1/members/42").await.is_problem(404, "member-not-found");
        get(&house, "/v1/members/42").await.is_problem(404, "member-not-found");
    }

    #[tokio::test]
    async fn a_change_may_depend_on_what_the_caller_saw() {
        let house = house();
        let path = "/v1/members/42";
        let tag = ada(&house).await.headers["etag"].to_str().unwrap().to_owned();
        let change =
            async |name: &'static str, value: &str| put(&house, path, &json!({}), &[(name, value)]).await;
        change("if-none-match", "*").await.is_problem(412, "precondition-failed");
        change("if-match", "\"0-0\"").await.is_problem(412, "precondition-failed");
        change("if-match", &format!("W/{tag}")).await.is_problem(412, "precondition-failed");
        change("if-none-match", &tag).await.is_problem(400, "invalid-request");
        assert_eq!(change("if-match", &format!("\"x\", {tag}")).await.status, 200);
        change("if-match", &tag).await.is_problem(412, "precondition-failed");
        assert_eq!(change("if-match", "*").await.status, 200);
        let nobody = put(&house, "/v1/members/43", &json!({}), &[("if-match", "*")]).await;
        nobody.is_problem(412, "precondition-failed");
        let new = put(&house, "/v1/members/43", &json!({}), &[("if-none-match", "*")]).await;
        assert_eq!(new.status, 201);
    }

    #[tokio::test]
    async fn a_member_is_its_applications_own() {
        let house = house();
        ada(&house).await;
        get_as(&house, "key-of-shop", "/v1/members/42").await.is_problem(404, "member-not-found");
        get_as(&house, "", "/v1/members/42").await.is_problem(401, "unauthorized");
    }

    #[tokio::test]
    async fn what_is_too_much_is_told_all_at_once() {
        let house = house();
        let mut fields: serde_json::Map<String, Value> =
            (0..32).map(|n| (format!("f{n:02}"), json!("x"))).collect();
        fields.insert("long".to_owned(), json!("x".repeat(257)));
        let bad = json!({"id": "43", "name": "", "locale": "?", "fields": fields});
        let told = put(&house, "/v1/members/42", &bad, &[]).await;
        told.is_problem(400, "invalid-request");
        let named: Vec<&str> = told.body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        assert_eq!(named, ["id", "name", "fields", "fields.long", "locale"]);
        get(&house, "/v1/members/42").await.is_problem(404, "member-not-found");
        for bad in ["x".repeat(257), "%00".to_owned(), "%ff".to_owned()] {
            let path = format!("/v1/members/{bad}");
            get(&house, &path).await.is_problem(404, "member-not-found");
            delete(&house, &path).await.is_problem(404, "member-not-found");
            let told = put(&house, &path, &json!({}), &[]).await;
            told.is_problem(400, "invalid-request");
            assert_eq!(told.body["errors"][0]["field"], "id");
        }
    }

    #[tokio::test]
    async fn a_stored_member_is_named_by_its_id() {
        let house = house();
        for path in ["/v1/verifications", "/v1/methods"] {
            post(&house, path, &json!({"member_id": "42"})).await.is_problem(404, "member-not-found");
            let both = json!({"member_id": "42", "member": {}});
            post(&house, path, &both).await.is_problem(400, "invalid-request");
        }
        ada(&house).await;
        let told = post(&house, "/v1/methods", &json!({"member_id": "42"})).await;
        assert_eq!((told.status, &told.body["methods"]), (200, &json!([])));
        post(&house, "/v1/verifications", &json!({"member_id": "42"}))
            .await
            .is_problem(422, "method-unavailable");
    }
}
