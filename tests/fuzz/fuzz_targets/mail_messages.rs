//! Fuzzes `mail_messages`: what it promises stands in the provider `email`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| email::fuzz::mail_messages(bytes));
