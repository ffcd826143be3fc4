//! Tests a provider as a host would call it, in the author's own process: through the whole boundary, without a file.
//!
//! [`Harness`] is for the author's own questions, with a [`FakeHost`] whose answers the test writes. [`conforms`] asks
//! the questions that hold for every provider, and [`conformance`] asks them at any door: also a loaded library's.

pub use conformance::{Report, Sample, conforms};
pub use fake_host::FakeHost;
pub use harness::{Harness, HarnessBuilder};
pub use serde_json::json;

mod block_on;
pub mod conformance;
mod fake_host;
mod harness;

#[cfg(test)]
mod tests;
