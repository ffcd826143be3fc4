//! The Passrelay server: proves that a person holds a phone number or an e-mail address.

pub mod clock;
pub mod plugin;
