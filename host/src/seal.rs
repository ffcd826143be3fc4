//! Keys, chance and what is made of them: codes, ids, digests; nothing in here is ever printed.

mod api_keys;
mod chance;
mod code;
mod core_dump;
mod derive;
mod id;
mod key_file;
mod keys;
mod made_key;
mod own_code;
mod ring;
mod rotate;
mod sealed;
mod typed;
mod wiped;

pub use api_keys::{ApiKeys, public_name};
pub use chance::Chance;
pub use code::Code;
pub use core_dump::forbid_core_dumps;
pub use derive::CodeInput;
pub use id::{DeliveryId, InvalidId, VerificationId};
pub use key_file::KeyFileError;
#[cfg(test)]
pub(crate) use keys::tests::keys as keys_of;
pub use keys::{Key, Keys};
pub use made_key::{MadeKey, Presented, Proof};
pub use own_code::is_same;
pub use ring::{KeyRing, NotTaken, Taking};
pub use rotate::Rotated;
pub use sealed::{OpenError, Sealed};
pub use typed::{InvalidTyped, Typed};
