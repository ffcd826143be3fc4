//! `GET /v2/Services/{sid}`: a Service.

use super::shown::Shown;
use crate::http::{
    shown::json,
    twilio::{auth::Called, page::Base},
};
use axum::{http::StatusCode, response::Response};

pub(in crate::http::twilio) async fn handle(called: Called, base: Base) -> Response {
    json(StatusCode::OK, &Shown::new(&called.service, &called.account, &base))
}
