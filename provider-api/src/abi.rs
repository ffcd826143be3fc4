//! The frozen surface between a host and a library: nothing here changes within major version 1.
//!
//! Meaning travels in messages ([`frame`]: a JSON head and a raw blob), never in types. A new operation is a new
//! number, a new field is an optional one, and whoever does not know an operation answers [`Reply::UnknownOp`].
//!
//! # How it grows
//!
//! Within 1.x no type here gains, loses or moves a field or a method; hosts and libraries of all 1.x are held to that by
//! their layouts, in both directions. What may be added, each time with the next minor version:
//!
//! - an operation, as a number that was never used: who does not know it answers [`Reply::UnknownOp`], and the caller
//!   goes on as if the other side had done what it would by default;
//! - a key of a message, optional and with a default: readers ignore keys that they do not know;
//! - a word, such as a failure or a channel: readers keep the raw word of one that they do not know;
//! - a capability: a word in the manifest, and the host asks for nothing that is not declared there.
//!
//! A library that cannot do without something newer says so as the least host in its note, and an older host refuses it
//! in one line, without loading it. Nothing is ever taken away: that would be 2.0.
//!
//! # Version history
//!
//! **1.0** — the root module (`describe`, `open`), the provider's object (`call`), the host's object (`call`, `query`,
//! `callsite`, `trace`). Operations of a provider: `DELIVER`, `AVAILABILITY`, `HEALTH`, `CLOSE`, `SET_MAX_LEVEL`. Operations
//! of a host: `HTTP`, `SLEEP`; its queries: `MAX_LEVEL`, `NOW`. `HTTP` reaches what the key `hosts` of note and manifest
//! declares; a library without the key reaches no host. A form of host that 1.0 does not know would make it refuse the
//! library, so a new one comes with a newer least host.
#![expect(unsafe_code, reason = "the derives and traits of abi_stable expand to unsafe code")]
#![expect(unused_qualifications, reason = "code written by abi_stable's macros")]
#![expect(clippy::pedantic, reason = "code written by abi_stable's macros")]

use abi_stable::{
    StableAbi,
    library::RootModule,
    package_version_strings,
    sabi_types::VersionStrings,
    std_types::{RArc, RBox, RVec},
};
use async_ffi::FfiFuture;

pub use host_object::*;
pub use instance_object::*;

pub mod frame;
pub mod ops;

/// What a call answers: a frame, or that the operation is not known.
#[repr(u8)]
#[derive(StableAbi, Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The answer of the operation.
    Ok(RVec<u8>),
    /// A `DeliveryError`.
    Err(RVec<u8>),
    /// A `DeliveryError` made of a panic.
    Panicked(RVec<u8>),
    /// The callee does not know the operation.
    UnknownOp,
}

/// An opened provider and the frame of its `OpenAnswer`.
#[repr(C)]
#[derive(StableAbi)]
pub struct Opened {
    pub instance: InstanceBox,
    pub answer: RVec<u8>,
}

/// What `open` answers: the provider, or the frame of a `DeliveryError`.
#[repr(u8)]
#[derive(StableAbi)]
pub enum OpenReply {
    Ok(Opened),
    Err(RVec<u8>),
}

/// The provider's object, as the host owns it.
pub type InstanceBox = FfiInstance_TO<'static, RBox<()>>;

/// The host's object, as a provider shares it.
pub type HostBox = FfiHost_TO<'static, RArc<()>>;

#[expect(non_local_definitions, reason = "`sabi_trait` of abi_stable 0.11 expands to them")]
mod instance_object {
    use super::{FfiFuture, RVec, Reply};
    use abi_stable::sabi_trait;

    /// What a provider hands out.
    #[sabi_trait]
    pub trait FfiInstance: Send + Sync {
        #[sabi(last_prefix_field)]
        fn call(&self, op: u32, request: RVec<u8>) -> FfiFuture<Reply>;
    }
}

#[expect(non_local_definitions, reason = "`sabi_trait` of abi_stable 0.11 expands to them")]
mod host_object {
    use super::{FfiFuture, RVec, Reply};
    use abi_stable::{sabi_trait, std_types::RSlice};

    /// What the host hands in.
    #[sabi_trait]
    pub trait FfiHost: Clone + Send + Sync {
        /// A service: HTTP, sleep, ….
        fn call(&self, op: u32, request: RVec<u8>) -> FfiFuture<Reply>;
        /// A question that is answered at once; 0 means that the host does not know it, never "no".
        fn query(&self, op: u32, argument: u64) -> u64;
        /// Makes a tracing callsite known (JSON); its id, or 0 where the host takes no more.
        fn callsite(&self, description: RSlice<'_, u8>) -> u64;
        /// A tracing event or a span's life; 0 means that the host does not know the operation.
        #[sabi(last_prefix_field)]
        fn trace(&self, op: u32, callsite: u64, span: u64, values: RSlice<'_, u8>) -> u64;
    }
}

/// What a library exports.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = ProviderModRef, prefix_fields = ProviderModPrefix)))]
#[sabi(missing_field(option))]
pub struct ProviderMod {
    /// The frame of the `Manifest`.
    pub describe: extern "C" fn() -> RVec<u8>,
    /// Opens a provider with a frame of its configuration.
    #[sabi(last_prefix_field)]
    pub open: extern "C" fn(host: HostBox, config: RVec<u8>) -> FfiFuture<OpenReply>,
}

impl RootModule for ProviderModRef {
    abi_stable::declare_root_module_statics! {ProviderModRef}
    const BASE_NAME: &'static str = "passrelay_provider";
    const NAME: &'static str = "passrelay_provider";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}
