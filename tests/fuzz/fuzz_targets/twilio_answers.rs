//! Fuzzes `twilio_answers`: what it promises stands in the provider `sms_twilio`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sms_twilio::fuzz::twilio_answers(bytes));
