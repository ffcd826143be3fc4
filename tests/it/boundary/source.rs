//! What the source and the files of the libraries have to be for the rest to hold.

use harness::built;
use object::{Object, ObjectSymbol};
use passrelay::plugin::inspect;
use proptest::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The workspace's folder.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Section E: two libraries in one process must not find each other's functions.
#[test]
fn a_library_exports_one_symbol_and_that_is_its_root_module() {
    for id in ["chaos", "dry_run"] {
        let bytes = fs::read(built(id)).unwrap();
        let file = object::File::parse(bytes.as_slice()).unwrap();
        let exported: Vec<&str> = file
            .dynamic_symbols()
            .filter(|symbol| symbol.is_definition() && symbol.is_global())
            .map(|symbol| symbol.name().unwrap())
            .collect();
        assert_eq!(exported, ["_1as_0lib_1header_0root_bmodule_bloader"], "{id}");
    }
}

/// Trap F1: a workspace build unites features, so one that changes behaviour would change every library's.
#[test]
fn the_boundary_has_no_cargo_features() {
    let manifest = fs::read_to_string(workspace().join("provider-api/Cargo.toml")).unwrap();
    assert!(!manifest.contains("[features]") && !manifest.contains("optional = true"), "{manifest}");
}

/// Trap C4: a bare `into_ffi()` aborts the process when its future panics in its drop, so it stands only where a guard
/// or nothing of a provider's is inside.
#[test]
fn futures_cross_the_boundary_only_where_they_are_guarded() {
    let allowed = [
        "provider-api/src/glue.rs",
        "provider-api/src/glue/instance.rs",
        "provider-api/src/testing/fake_host.rs",
        "host/src/plugin/c_entry.rs",
        "host/src/plugin/c_entry/instance.rs",
        "host/src/plugin/thread.rs",
        "host/src/plugin/worker/remote.rs",
    ];
    let mut found = Vec::new();
    for folder in ["host/src", "provider-api/src", "provider-api/tokio/src", "providers"] {
        sources(&workspace().join(folder), &mut found);
    }
    let root = workspace();
    for file in found {
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let crosses = fs::read_to_string(&file).unwrap().contains("into_ffi()");
        assert!(!crosses || allowed.contains(&name.as_str()), "{name} lets a future cross the boundary");
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The headers, the note and the dynamic section: a flip in the megabytes between them is the loader's to bear.
fn telling_part() -> &'static [u8] {
    static LIBRARY: OnceLock<Vec<u8>> = OnceLock::new();
    LIBRARY.get_or_init(|| fs::read(built("chaos")).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Trap A3: whatever the file is, reading it is safe.
    #[test]
    fn a_mutated_library_is_inspected_without_a_panic(
        near in prop::collection::vec((0..4096_usize, any::<u8>()), 0..8),
        far in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = telling_part().to_vec();
        for (at, byte) in near {
            bytes[at] = byte;
        }
        for (at, byte) in far {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _verdict = inspect(&bytes);
    }
}
