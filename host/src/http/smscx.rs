//! The face that callers of SMS.CX know, under `/otp` and `/oauth`: it translates to our use cases and holds no rule.

mod body;
mod caller;
mod cancel;
mod check;
mod named;
mod otp;
mod quota;
mod refused;
mod routes;
mod start;
mod status;
mod token;
mod wanted;

pub(super) use otp::update;
pub(super) use refused::Refused;
pub(super) use routes::{oauth, otp};

#[cfg(test)]
mod tests;
