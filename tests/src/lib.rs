//! What every end-to-end test stands on: real libraries in a private folder, a clock that stands still, a program.

#![expect(clippy::expect_used, reason = "a test that has nothing to stand on fails loudly")]

mod libraries;
pub mod log;

pub use libraries::{Dropped, built, program, provider};
