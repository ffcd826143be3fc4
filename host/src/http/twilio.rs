//! Twilio Verify v2 under `/v2`: translates to our use cases and holds no rule of its own.

mod attempts;
pub(super) mod auth;
mod challenges;
pub(super) mod dates;
mod entities;
mod factors;
pub(super) mod form;
mod lookups;
mod not_here;
pub(super) mod page;
pub(super) mod problem;
mod rate_limits;
mod routes;
mod safe_list;
pub(super) mod services;
pub(super) mod sid;
mod verification_check;
mod verifications;

pub(super) use problem::Refused;
pub(super) use routes::router;
