#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod entered;
mod runtime;
mod task;
mod with_tokio;

pub use task::{Task, spawn};
pub use with_tokio::WithTokio;

#[cfg(test)]
mod tests;
