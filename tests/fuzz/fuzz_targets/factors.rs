//! Fuzzes `factors`: what it promises stands in `passrelay::fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| passrelay::fuzz::run("factors", bytes));
