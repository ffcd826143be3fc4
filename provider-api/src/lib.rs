#![doc = include_str!("../README.md")]

mod address;
mod channel;
mod failure;
mod manifest;
mod member;
mod message;
mod secret;
mod word;

pub use address::{
    Address, AddressKind, EmailAddress, InvalidAddress, InvalidEmail, InvalidPhone, PhoneNumber, Recipient,
};
pub use channel::{Channel, InvalidChannel, is_word};
pub use failure::{DeliveryError, Failure};
pub use manifest::{AVAILABILITY, EVERY_CHANNEL, Manifest, OpenAnswer};
pub use member::{Availability, Candidate, Member};
pub use message::{Cost, Message, Payload, PayloadKind, Receipt};
pub use secret::Secret;
