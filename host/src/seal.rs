//! Keys, chance and what is made of them: codes, ids, digests; nothing in here is ever printed.

mod api_keys;
mod base32;
mod chance;
mod code;
mod core_dump;
mod derive;
mod fixed_name;
mod id;
mod key_file;
mod keys;
mod made_key;
mod own_code;
mod ring;
mod rotate;
mod sealed;
mod shared_secret;
mod token;
mod typed;
mod webhook_secret;
mod wiped;

pub use api_keys::{ApiKeys, public_name};
pub use chance::Chance;
pub use code::Code;
pub use core_dump::forbid_core_dumps;
pub use derive::CodeInput;
pub use fixed_name::fixed_name;
pub use id::{ChallengeId, DeliveryId, EntityId, FactorId, InvalidId, VerificationId};
pub use key_file::KeyFileError;
#[cfg(test)]
pub(crate) use keys::tests::keys as keys_of;
pub use keys::{Key, Keys};
pub use made_key::{MadeKey, Presented, Proof};
pub use own_code::is_same;
pub use ring::{KeyRing, NotTaken, Taking};
pub use rotate::Rotated;
pub use sealed::{OpenError, Sealed};
pub use shared_secret::{CodeHash, InvalidSecret, SharedSecret};
pub use token::Token;
pub use typed::{InvalidTyped, Typed};
pub use webhook_secret::WebhookSecret;
