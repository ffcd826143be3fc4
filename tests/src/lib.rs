//! What every end-to-end test stands on: real libraries in a private folder, a clock that stands still, a program.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that has nothing to stand on fails loudly"
)]

pub mod c;
mod conformance;
mod console;
pub mod kept;
mod libraries;
pub mod log;
mod processes;
mod receiver;
mod signing;
pub mod smtp;
pub mod twilio;
pub mod witness;
mod world;

pub use conformance::conform;
pub use console::{Console, Daemon, Server, Told};
pub use libraries::{Dropped, built, program, provider};
pub use processes::Processes;
pub use receiver::{Received, Receiver};
pub use signing::Author;
pub use twilio::Twilio;
pub use world::{ACCOUNT, Answer, KEY, Recipients, TOKEN, World};
