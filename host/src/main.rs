//! The `passrelay` program.

fn main() {}
