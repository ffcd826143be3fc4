//! Fuzzes `token_answers`: what it promises stands in the provider `email`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| email::fuzz::token_answers(bytes));
