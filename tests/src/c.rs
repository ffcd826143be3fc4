//! Providers in C, compiled for one test.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The top of the sources.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a workspace").to_owned()
}

/// Compiles sources, named from the top, into a shared library, and gives its bytes. `arguments` are the compiler's.
///
/// # Panics
///
/// When the compiler refuses.
pub fn compiled(sources: &[&str], arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a private folder");
    let file = folder.path().join("library.so");
    let mut command = Command::new("cc");
    command.args(["-shared", "-fPIC", "-O1", "-std=gnu99", "-pthread", "-Wall", "-Wextra", "-Werror"]);
    command.args(["-Wno-unused-function", "-I"]).arg(top().join("provider-api/include")).arg("-o").arg(&file);
    let told = command.args(sources.iter().map(|source| top().join(source))).args(arguments).output();
    let told = told.expect("there is a compiler of C");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    std::fs::read(file).expect("the compiler wrote a library")
}

/// The example, `examples/c-webhook`.
pub fn webhook() -> Vec<u8> {
    compiled(&["examples/c-webhook/c_webhook.c", "examples/c-webhook/json.c"], &[])
}

/// The library that misbehaves, `tests/c/unruly.c`.
pub fn unruly(arguments: &[&str]) -> Vec<u8> {
    compiled(&["tests/c/unruly.c"], arguments)
}
