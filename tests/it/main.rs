//! End to end: real libraries, real processes, real sockets.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails loudly"
)]

mod admin;
mod api;
mod authors;
mod boundary;
mod canary;
mod cli;
mod crash;
mod email;
mod sms_twilio;
mod smscx;
mod twilio;
