//! `POST /v2/Services`: makes a Service (T21).

use super::{Settings, put::put, settings::friendly_name, shown::Shown};
use crate::http::{
    Face,
    shown::json,
    twilio::{Refused, auth::Account, form::Form, page::Base},
};
use axum::{extract::State, http::StatusCode, response::Response};
use std::sync::Arc;

pub(in crate::http::twilio) async fn handle(
    State(face): State<Arc<Face>>,
    account: Account,
    base: Base,
    form: Form,
) -> Result<Response, Refused> {
    friendly_name(&form)?;
    let mut settings = Settings::default().with(&form)?;
    settings.made_here = true;
    let _changing = face.changing.lock().await;
    let id = format!("service_{:024x}", u128::from_be_bytes(face.chance.bytes()) >> 32);
    let service = put(&face, &id, None, (&form, settings)).await?;
    Ok(json(StatusCode::CREATED, &Shown::new(&service, &account, &base)))
}
