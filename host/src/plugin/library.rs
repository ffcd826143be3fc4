//! Loads a library that was inspected and tried before, and asks it what it is.
#![expect(unsafe_code, reason = "loading foreign code is unsafe by nature; this is the only place that does")]

use super::c_entry::{Entry, TableError};
use abi_stable::{
    StableAbi,
    abi_stability::abi_checking::check_layout_compatibility,
    library::{AbiHeader, AbiHeaderRef, LibHeader, ROOT_MODULE_LOADER_NAME, RootModule},
    sabi_types::VersionNumber,
    std_types::RVec,
    type_layout::TypeLayout,
};
use async_ffi::FfiFuture;
use libloading::os::unix::{self, RTLD_LOCAL, RTLD_NOW};
use provider_api::{
    Manifest,
    abi::{HostBox, OpenReply, ProviderModRef, frame},
};
use std::{error::Error, mem::ManuallyDrop, path::Path};

/// A loaded library. It stays loaded until the process ends: a Rust library that ran once cannot be unloaded.
#[derive(Clone, Copy)]
pub(crate) enum Library {
    /// One of `export_provider!`, whose types were compared with ours.
    Rust(ProviderModRef),
    /// One with the entry point of the header.
    C(Entry),
}

/// Why a library that looked right is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("the system cannot load it: {0}")]
    Open(String),
    #[error("it has no entry point of a provider")]
    NoEntry,
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("built with abi_stable {theirs}, this host needs {ours}")]
    AbiStable { theirs: String, ours: String },
    #[error("built with provider-api {theirs}, this host speaks {ours}", ours = provider_api::API_VERSION)]
    Major { theirs: String },
    #[error("it says nothing about the layout of its types")]
    NoLayout,
    #[error("its types are laid out differently: {0}")]
    Layout(String),
    #[error("its entry point failed: {0}")]
    Entry(String),
    #[error("what it says of itself is unreadable: {0}")]
    Manifest(String),
}

/// Loads one of the system's own libraries, for good, before another one that is linked to it. That this fails the other
/// one tells better.
pub(crate) fn preload(name: &str) {
    // SAFETY: constructors run here of a file in the system's own folders: the name is no path, and nothing tells the
    // linker of other folders.
    let library = unsafe { unix::Library::open(Some(name), RTLD_NOW | RTLD_LOCAL) };
    let _stays = library.map(ManuallyDrop::new);
}

impl Library {
    /// Loads a private copy; checks versions and layouts before anything but its constructors has run.
    pub(crate) fn load(copy: &Path) -> Result<Self, LoadError> {
        // SAFETY: constructors of the file run here. That is what loading means; the file was inspected and tried in
        // another process before.
        let library = unsafe { unix::Library::open(Some(copy), RTLD_NOW | RTLD_LOCAL) };
        // Never closed, not even when a check below fails: its constructors may have started threads.
        let library = ManuallyDrop::new(library.map_err(|cause| LoadError::Open(chain(&cause, copy)))?);
        let Some(header) = header_of(&library)? else {
            let entry = Entry::of(&library).ok_or(LoadError::NoEntry)?;
            return Ok(Self::C(entry?));
        };
        check_version(header)?;
        check_layout(header)?;
        // SAFETY: the layouts were compared above, in both directions.
        let module = unsafe { header.init_root_module_with_unchecked_layout::<ProviderModRef>() };
        module.map(Self::Rust).map_err(|cause| LoadError::Entry(brief(&cause.to_string())))
    }

    /// What the library says of itself.
    pub(crate) fn describe(self) -> Result<Manifest, LoadError> {
        match self {
            Self::Rust(module) => frame::decode(&module.describe()())
                .map(|(manifest, _)| manifest)
                .map_err(|cause| LoadError::Manifest(cause.to_string())),
            Self::C(entry) => entry.describe().map_err(LoadError::Manifest),
        }
    }

    /// Opens a provider with the frame of its configuration.
    pub(crate) fn open(self, host: HostBox, config: RVec<u8>) -> FfiFuture<OpenReply> {
        match self {
            Self::Rust(module) => module.open()(host, config),
            Self::C(entry) => entry.open(host, config),
        }
    }
}

/// The header of a library in Rust; of any other there is none.
fn header_of(library: &unix::Library) -> Result<Option<&'static LibHeader>, LoadError> {
    let name = ROOT_MODULE_LOADER_NAME.trim_end_matches('\0');
    // SAFETY: abi_stable exports a static of this type under this name; `is_valid` checks its magic before use.
    let Ok(symbol) = (unsafe { library.get::<AbiHeaderRef>(name) }) else { return Ok(None) };
    let header = *symbol;
    if !header.is_valid() {
        let version = |header: &AbiHeader| format!("{}.{}", header.abi_major, header.abi_minor);
        return Err(LoadError::AbiStable { theirs: version(&header), ours: version(&AbiHeader::VALUE) });
    }
    header.upgrade().map(Some).map_err(|cause| LoadError::Entry(brief(&cause.to_string())))
}

fn check_version(header: &LibHeader) -> Result<(), LoadError> {
    let theirs = header.version_strings();
    match (VersionNumber::new(theirs), VersionNumber::new(ProviderModRef::VERSION_STRINGS)) {
        (Ok(theirs), Ok(ours)) if theirs.major == ours.major => Ok(()),
        _ => Err(LoadError::Major { theirs: theirs.version.as_str().chars().take(40).collect() }),
    }
}

fn check_layout(header: &LibHeader) -> Result<(), LoadError> {
    let theirs = header.layout().ok_or(LoadError::NoLayout)?;
    compatible(<ProviderModRef as StableAbi>::LAYOUT, theirs)
}

/// `abi_stable` by itself accepts only a library that is newer than the host; a host needs both directions.
fn compatible(ours: &'static TypeLayout, theirs: &'static TypeLayout) -> Result<(), LoadError> {
    let Err(cause) = check_layout_compatibility(ours, theirs) else { return Ok(()) };
    check_layout_compatibility(theirs, ours).map_err(|_| LoadError::Layout(brief(&cause.to_string())))
}

/// The words of an error and of all that caused it, without the copy's long name: nobody dropped it in under that.
fn chain(error: &dyn Error, copy: &Path) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    let name = copy.display().to_string();
    short(&words.replace(&format!("{name}: "), "").replace(&name, "it"))
}

/// The telling lines of `abi_stable`'s long reports: the last mistake, and the field it was made in.
fn brief(report: &str) -> String {
    let lines = || report.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(at) =
        lines().enumerate().filter(|(_, line)| line.starts_with("Error:")).map(|(at, _)| at).last()
    else {
        return short(lines().next().unwrap_or("no reason given"));
    };
    let error = lines().nth(at).unwrap_or_default().trim_start_matches("Error:");
    let field = lines().skip(at).find_map(|line| line.strip_prefix("field_name:"));
    short(&field.map_or_else(|| error.to_owned(), |field| format!("{error} (`{field}`)")))
}

/// One line that leaves room for the file's name and a hint.
fn short(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A boundary of the same names in another version: with these fields and methods.
    macro_rules! boundary {
        ($version:ident, [$($method:ident),*], [$($before:ident: $kind:ty,)*], [$($field:ident),*]) => {
            mod $version {
                #![expect(non_local_definitions, reason = "`sabi_trait` of abi_stable 0.11 expands to them")]
                #![expect(clippy::pedantic, reason = "code written by abi_stable's macros")]
                #![expect(dead_code, reason = "only its layout is looked at")]
                use abi_stable::{StableAbi, sabi_trait, std_types::{RBox, RVec}};

                #[sabi_trait]
                pub(super) trait Instance: Send + Sync {
                    #[sabi(last_prefix_field)]
                    fn call(&self, op: u32, request: RVec<u8>) -> RVec<u8>;
                    $(fn $method(&self) -> u32 { 0 })*
                }

                #[repr(C)]
                #[derive(StableAbi)]
                #[sabi(kind(Prefix(prefix_ref = ModuleRef, prefix_fields = ModulePrefix)))]
                #[sabi(missing_field(option))]
                pub(super) struct Module {
                    $(pub(super) $before: $kind,)*
                    pub(super) describe: extern "C" fn() -> RVec<u8>,
                    #[sabi(last_prefix_field)]
                    pub(super) open: extern "C" fn(RVec<u8>) -> Instance_TO<'static, RBox<()>>,
                    $(pub(super) $field: extern "C" fn() -> u32,)*
                }
            }
        };
    }

    boundary!(first, [], [], []);
    boundary!(later, [retire], [], [count]);
    boundary!(latest, [retire, resume], [], [count, size]);
    boundary!(inserted, [], [flags: u64,], []);

    /// Trap A6: the library is older than the host, or newer, by a function of the module and a method of the object.
    #[test]
    fn a_library_with_more_or_less_at_the_end_fits_and_one_with_something_in_between_does_not() {
        let [first, later, latest, inserted] = [
            <first::ModuleRef as StableAbi>::LAYOUT,
            <later::ModuleRef as StableAbi>::LAYOUT,
            <latest::ModuleRef as StableAbi>::LAYOUT,
            <inserted::ModuleRef as StableAbi>::LAYOUT,
        ];
        for (ours, theirs) in [
            (first, first),
            (first, later),
            (later, first),
            (later, latest),
            (latest, later),
            (latest, first),
        ] {
            assert!(compatible(ours, theirs).is_ok(), "{:?}", compatible(ours, theirs));
        }
        assert!(check_layout_compatibility(later, first).is_err(), "one direction would not do");
        for (ours, theirs) in [(first, inserted), (inserted, first), (later, inserted), (inserted, later)] {
            let error = compatible(ours, theirs).unwrap_err().to_string();
            assert!(error.len() < 300 && error.lines().count() == 1, "{error}");
        }
    }
}
