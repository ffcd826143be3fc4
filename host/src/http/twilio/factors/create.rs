//! `POST /v2/Services/{sid}/Entities/{identity}/Factors`: enrolls an app; the one answer that tells its secret.

use super::{friendly_name, metadata, settings, shown::NewShown};
use crate::{
    factor::NewFactor,
    http::{
        Face,
        shown::json,
        twilio::{Refused, auth::Called, entities, form::Form, page::Base},
    },
    seal::SharedSecret,
};
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

pub(super) async fn handle(
    State(face): State<Arc<Face>>,
    called: Called,
    base: Base,
    form: Form,
) -> Result<Response, Refused> {
    let identity = entities::identity(&called)
        .map_err(|_| Refused::invalid("Identity", "expected 8 to 64 letters, digits and dashes"))?;
    match form.needed("FactorType", 32)? {
        "totp" => {}
        "push" | "passkeys" => {
            return Err(Refused::not_here("factors of another `FactorType` than `totp`"));
        }
        _ => return Err(Refused::invalid("FactorType", "expected `totp`")),
    }
    let name = friendly_name(&form)?.ok_or_else(|| Refused::invalid("FriendlyName", "it is missing"))?;
    let usual = settings::of_service(&called.service.settings);
    let totp = usual.changed(settings::change(&form)?).map_err(settings::out_of_range)?;
    let brought = form.text("Binding.Secret")?.map(SharedSecret::read).transpose();
    let secret = brought.map_err(|error| Refused::invalid("Binding.Secret", &error.to_string()))?;
    let metadata = metadata(&form, "Metadata")?;
    let new = NewFactor { name, totp, secret, metadata };
    let made = face.verifier.make_factor(&called.service.application, identity.clone(), new).await;
    let made = made.map_err(|error| Refused::of_factor(error, &called))?;
    Ok(json(StatusCode::CREATED, &NewShown::new(&made, &identity, &called, &base)))
}
