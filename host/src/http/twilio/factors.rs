//! Factors: the authenticator apps of an entity. Those that are pushed to and passkeys are refused.

mod create;
mod fetch;
mod list;
mod refused;
mod remove;
mod settings;
mod shown;
mod update;

use super::{Refused, auth::Called, form::Form, sid};
use crate::{
    factor::{FactorName, Metadata},
    http::Face,
    seal::{FactorId, Typed},
};
use axum::{Router, routing::get};
use std::sync::Arc;

/// The routes of this part of the face.
pub(super) fn routes() -> Router<Arc<Face>> {
    const ALL: &str = "/Services/{service}/Entities/{identity}/Factors";
    Router::new()
        .route(ALL, get(list::handle).post(create::handle))
        .route(&format!("{ALL}/{{sid}}"), get(fetch::handle).post(update::handle).delete(remove::handle))
}

/// The factor that the path names; what is no SID of one is nobody's.
fn id(called: &Called) -> Result<FactorId, Refused> {
    sid::factor(called.name("sid")).ok_or_else(|| called.missing())
}

/// What a factor is to be called, if that is said.
fn friendly_name(form: &Form) -> Result<Option<FactorName>, Refused> {
    let wrong =
        |error: crate::factor::InvalidFactorName| Refused::invalid("FriendlyName", &error.to_string());
    form.text("FriendlyName")?.map(|name| FactorName::try_from(name.to_owned()).map_err(wrong)).transpose()
}

/// The code that comes with a request, if one does.
pub(super) fn auth_payload(form: &Form) -> Result<Option<Typed>, Refused> {
    let wrong = |error: crate::seal::InvalidTyped| Refused::invalid("AuthPayload", &error.to_string());
    form.text("AuthPayload")?.map(|typed| Typed::read(typed).map_err(wrong)).transpose()
}

/// What the caller wants to be kept under this name, if anything.
pub(super) fn metadata(form: &Form, name: &str) -> Result<Option<Metadata>, Refused> {
    let wrong = |error: crate::factor::InvalidMetadata| Refused::invalid(name, &error.to_string());
    form.text(name)?.map(|json| Metadata::read(json).map_err(wrong)).transpose()
}
