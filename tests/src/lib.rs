//! What every end-to-end test stands on: real libraries in a private folder, a clock that stands still, a program.

mod libraries;

pub use libraries::{Dropped, built, program, provider};
