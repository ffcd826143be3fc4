//! The Passrelay server: proves that a person holds a phone number or an e-mail address.

pub mod app;
pub mod application;
pub mod cli;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod event;
pub mod factor;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
pub mod http;
pub mod limit;
pub mod member;
pub mod metrics;
pub mod outbox;
pub mod phone;
pub mod plugin;
pub mod route;
pub mod seal;
pub mod store;
pub mod telemetry;
pub mod template;
pub mod verification;
pub mod verifier;
