//! The one line that makes a crate a library a host can load.

/// Exports a [`Provider`](crate::Provider) from this crate, which must be of the type `cdylib`.
///
/// `id` and `channels` are required: the id is a lower-case word of at most 32 letters, digits and `_`, a channel
/// likewise, or `"*"` for every one. The rest may be left out, but keeps its order:
///
/// | key | meaning | by default |
/// |---|---|---|
/// | `title` | what people call it | the id |
/// | `capabilities` | what it answers for beyond `open` and `deliver`: `"availability"` | none |
/// | `needs` | what it needs beyond the host's services: `"files"`, `"network"` | nothing |
/// | `hosts` | the hosts that its HTTP requests go to, see below | none |
/// | `readme` | its documentation in Markdown: `include_str!("../README.md")` | empty |
///
/// A host in `hosts` is `"api.example.com"` (at the ports 443 and 80), `"api.example.com:8443"`, `"*.example.com"` (any
/// name below), `"{base_url}"` or `"{oauth.token_url}"` (host and port of the URL that stands in the configuration under
/// this key, or is its default), or `"*"` (every host, which operators are told). Names are written in lower case and
/// Punycode. A request to any other host is refused, and an operator may permit fewer.
///
/// A crate built with `panic = "abort"` does not compile: no host could contain its panics. Nor does one whose id or
/// channel is no such word, or whose host is none.
///
/// # Examples
///
/// ```no_run,standalone_crate
/// # use provider_api::{DeliveryError, Host, JsonSchema, Message, Provider, Receipt};
/// # #[derive(serde::Deserialize, JsonSchema)] struct Config {}
/// # struct Carrier;
/// # impl Provider for Carrier {
/// #     type Config = Config;
/// #     async fn open(_: Config, _: Host) -> Result<Self, DeliveryError> { Ok(Self) }
/// #     async fn deliver(&self, _: Message) -> Result<Receipt, DeliveryError> { Ok(Receipt::default()) }
/// # }
/// provider_api::export_provider!(
///     Carrier, id = "carrier", channels = ["sms", "call"], title = "Carrier Ltd.", hosts = ["api.carrier.example"],
/// );
/// ```
///
/// ```compile_fail,E0080,standalone_crate
/// # use provider_api::{DeliveryError, Host, JsonSchema, Message, Provider, Receipt};
/// # #[derive(serde::Deserialize, JsonSchema)] struct Config {}
/// # struct Carrier;
/// # impl Provider for Carrier {
/// #     type Config = Config;
/// #     async fn open(_: Config, _: Host) -> Result<Self, DeliveryError> { Ok(Self) }
/// #     async fn deliver(&self, _: Message) -> Result<Receipt, DeliveryError> { Ok(Receipt::default()) }
/// # }
/// provider_api::export_provider!(Carrier, id = "Carrier Ltd.", channels = ["sms"]);
/// ```
///
/// ```compile_fail,E0080,standalone_crate
/// # use provider_api::{DeliveryError, Host, JsonSchema, Message, Provider, Receipt};
/// # #[derive(serde::Deserialize, JsonSchema)] struct Config {}
/// # struct Carrier;
/// # impl Provider for Carrier {
/// #     type Config = Config;
/// #     async fn open(_: Config, _: Host) -> Result<Self, DeliveryError> { Ok(Self) }
/// #     async fn deliver(&self, _: Message) -> Result<Receipt, DeliveryError> { Ok(Receipt::default()) }
/// # }
/// provider_api::export_provider!(Carrier, id = "carrier", channels = ["sms"], hosts = ["https://api.example.com"]);
/// ```
#[macro_export]
macro_rules! export_provider {
    (
        $provider:ty, id = $id:literal, channels = [$first:literal $(, $channel:literal)* $(,)?]
        $(, title = $title:expr)?
        $(, capabilities = [$($capability:literal),* $(,)?])?
        $(, needs = [$($need:literal),* $(,)?])?
        $(, hosts = [$($host:literal),* $(,)?])?
        $(, readme = $readme:expr)?
        $(,)?
    ) => {
        const _: () = {
            #[cfg(panic = "abort")]
            compile_error!("a provider must be built with panic = \"unwind\": a host cannot contain an abort");

            assert!($crate::is_word($id), "the id is no lower-case word of at most 32 letters, digits and `_`");
            $(assert!($crate::__boundary::is_channel($channel), "a channel is no lower-case word");)*
            assert!($crate::__boundary::is_channel($first), "a channel is no lower-case word");
            $($(assert!($crate::__boundary::is_host($host), "a host is none such as `api.example.com`");)*)?

            use $crate::__boundary::{
                CheckTypeLayout, Exported, Facts, FfiFuture, HostBox, LibHeader, OpenReply, PrefixTypeTrait, ProviderMod,
                ProviderModRef, RVec, RootModuleResult, call_root_module_loader,
            };

            const FACTS: Facts = Facts {
                id: $id,
                version: env!("CARGO_PKG_VERSION"),
                host: $crate::LEAST_HOST,
                title: concat!($($title)?),
                readme: concat!($($readme)?),
                channels: &[$first $(, $channel)*],
                capabilities: &[$($($capability),*)?],
                needs: &[$($($need),*)?],
                hosts: &[$($($host),*)?],
            };

            // Tells `testing::conforms` what this line says. Local, so that a type of another crate can be exported too.
            enum Here {}
            impl Exported<Here> for $provider {
                const FACTS: Facts = FACTS;
            }

            extern "C" fn describe() -> RVec<u8> {
                $crate::__boundary::describe::<$provider>(&FACTS)
            }

            extern "C" fn open(host: HostBox, config: RVec<u8>) -> FfiFuture<OpenReply> {
                $crate::__boundary::open::<$provider>(&FACTS, host, config)
            }

            fn root() -> ProviderModRef {
                PrefixTypeTrait::leak_into_prefix(ProviderMod { describe, open })
            }

            extern "C" fn load() -> RootModuleResult {
                call_root_module_loader(root)
            }

            // The symbol that abi_stable 0.11 looks for; `provider_api` asserts that the two are one.
            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            static ROOT: LibHeader =
                // SAFETY: `load` answers the root module whose type and layout stand beside it.
                unsafe { LibHeader::from_constructor::<ProviderModRef>(load, CheckTypeLayout::Yes) };

            const PARTS: &[&str] = &[
                "{\"id\":\"", $id,
                "\",\"version\":\"", env!("CARGO_PKG_VERSION"),
                "\",\"api\":\"", $crate::API_VERSION,
                "\",\"host\":\"", $crate::LEAST_HOST,
                "\",\"panic\":\"unwind\",\"channels\":[\"", $first, "\"" $(, ",\"", $channel, "\"")*,
                "],\"capabilities\":[", $crate::__boundary::quoted!($($($capability),*)?),
                "],\"needs\":[", $crate::__boundary::quoted!($($($need),*)?),
                "],\"hosts\":[", $crate::__boundary::quoted!($($($host),*)?), "]}",
            ];

            #[used]
            #[unsafe(link_section = ".note.passrelay.provider")]
            static NOTE: $crate::note::Raw<{ $crate::note::size(PARTS) }> = $crate::note::Raw::new(PARTS);
        };
    };
}

/// Literals as a list of JSON strings: `"a", "b"`.
#[doc(hidden)]
#[macro_export]
macro_rules! __quoted {
    () => { "" };
    ($first:literal $(, $rest:literal)*) => { concat!("\"", $first, "\"" $(, ",\"", $rest, "\"")*) };
}

/// What the macro names; not for people.
#[doc(hidden)]
pub mod boundary {
    pub use crate::{
        __quoted as quoted,
        abi::{HostBox, OpenReply, ProviderMod, ProviderModRef},
        glue::{Facts, describe, open},
        hosts::is_pattern as is_host,
    };
    pub use abi_stable::{
        library::{
            __call_root_module_loader as call_root_module_loader, CheckTypeLayout, LibHeader,
            RootModuleResult,
        },
        prefix_type::PrefixTypeTrait,
        std_types::RVec,
    };
    pub use async_ffi::FfiFuture;

    /// What [`export_provider!`](crate::export_provider) says of a provider. `Here` is a type of the exporting crate.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not exported",
        note = "write `export_provider!({Self}, id = \"…\", channels = [\"…\"]);` in this crate"
    )]
    pub trait Exported<Here> {
        /// What the macro was told.
        const FACTS: Facts;
    }

    /// Whether a manifest may name this as a channel.
    pub const fn is_channel(word: &str) -> bool {
        matches!(word.as_bytes(), b"*") || crate::is_word(word)
    }
}

/// The symbol that the macro exports is the one that `abi_stable` looks for.
const _: () = {
    let theirs = abi_stable::library::ROOT_MODULE_LOADER_NAME.as_bytes();
    let ours = b"_1as_0lib_1header_0root_bmodule_bloader";
    assert!(theirs.len() == ours.len(), "abi_stable changed the name of its symbol");
    let mut i = 0;
    while i < ours.len() {
        #[expect(clippy::indexing_slicing, reason = "runs in the compiler only")]
        let same = theirs[i] == ours[i];
        assert!(same, "abi_stable changed the name of its symbol");
        i += 1;
    }
};
