//! Builds, copies and serves the examples.

fn main() {}
