#![doc = include_str!("../README.md")]
#![expect(
    clippy::test_attr_in_doctest,
    reason = "the README's tests are compiled and run in `examples/carrier.rs`"
)]

mod address;
mod channel;
mod export;
mod failure;
mod host;
mod manifest;
mod member;
mod message;
mod provider;
mod secret;
mod segments;
mod word;

#[doc(hidden)]
pub mod abi;
mod glue;
#[doc(hidden)]
pub mod hosts;
pub mod note;
pub mod testing;
#[doc(hidden)]
pub mod trace;

pub use address::{
    Address, AddressKind, EmailAddress, InvalidAddress, InvalidEmail, InvalidPhone, PhoneNumber, Recipient,
};
pub use channel::{Channel, InvalidChannel, is_word};
pub use failure::{DeliveryError, Failure};
pub use host::{Host, HttpRequest, HttpResponse};
pub use manifest::{AVAILABILITY, EVERY_CHANNEL, FILES, Manifest, NETWORK, OpenAnswer};
pub use member::{Availability, Candidate, Member};
pub use message::{Cost, Message, Payload, PayloadKind, Receipt};
pub use provider::Provider;
pub use schemars::{self, JsonSchema};
pub use secret::Secret;
pub use segments::{Encoding, Segments};
pub use tracing;

#[doc(hidden)]
pub use export::boundary as __boundary;

/// The version of this crate, which is the version of the boundary.
pub const API_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The least version of this crate that a host must be built with to run what is built with this one.
pub const LEAST_HOST: &str = "1.0.0";

#[cfg(test)]
mod tests {
    #[test]
    fn the_readme_shows_the_example_as_it_is_tested() {
        let example = include_str!("../examples/carrier.rs");
        let blocks: Vec<&str> = include_str!("../README.md")
            .split("```rust,standalone_crate\n")
            .skip(1)
            .filter_map(|rest| rest.split("\n```").next())
            .collect();
        let (_caption, shown) = example.split_once('\n').unwrap();
        assert_eq!(blocks.join("\n\n"), shown.trim_end());
    }
}
