//! `POST /v2/Services/{sid}/Entities/{identity}/Challenges`: asks a factor for a code, and judges the one that comes with it.

use super::shown::Shown;
use crate::{
    factor::{Details, InvalidMetadata, NewChallenge},
    http::{
        Face,
        shown::json,
        twilio::{
            Refused,
            auth::Called,
            dates, entities,
            factors::{auth_payload, metadata},
            form::Form,
            page::Base,
            sid,
        },
    },
};
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
    form: Form,
) -> Result<Response, Refused> {
    let identity = entities::identity(&called)?;
    let wrong = || Refused::invalid("FactorSid", "expected `YF` and 32 hexadecimal digits");
    let factor = sid::factor(form.needed("FactorSid", 64)?).ok_or_else(wrong)?;
    let date = |text| {
        dates::read(text).ok_or_else(|| Refused::invalid("ExpirationDate", "expected a date (ISO 8601)"))
    };
    let fields = form.all("Details.Fields").into_iter().filter(|field| !field.is_empty());
    let details = Details::read(form.text("Details.Message")?, fields).map_err(|error| {
        let name = if error == InvalidMetadata::Message { "Details.Message" } else { "Details.Fields" };
        Refused::invalid(name, &error.to_string())
    })?;
    let new = NewChallenge {
        expires_at: form.text("ExpirationDate")?.map(date).transpose()?,
        details,
        hidden: metadata(&form, "HiddenDetails")?,
    };
    let typed = auth_payload(&form)?;
    let asked = face.verifier.challenge(&called.service.application, &identity, factor, new, typed).await;
    let asked = asked.map_err(|error| Refused::of_factor(error, &called))?;
    Ok(json(StatusCode::CREATED, &Shown::new(&asked.challenge, asked.at, &identity, &called, &base)))
}
