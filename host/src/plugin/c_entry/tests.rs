//! The header as compilers read it: what it says is what this host does.

use super::{
    services::{ERROR, OK, UNKNOWN_OP},
    table::layout,
};
use crate::plugin::worker::LARGEST_REPLY;
use provider_api::abi::ops;
use std::{fs, path::Path, process::Command};

fn numbers() -> Vec<(&'static str, usize)> {
    let words = [
        ("PASSRELAY_OK", OK),
        ("PASSRELAY_ERROR", ERROR),
        ("PASSRELAY_UNKNOWN_OP", UNKNOWN_OP),
        ("PASSRELAY_DELIVER", ops::DELIVER),
        ("PASSRELAY_AVAILABILITY", ops::AVAILABILITY),
        ("PASSRELAY_HEALTH", ops::HEALTH),
        ("PASSRELAY_CLOSE", ops::CLOSE),
        ("PASSRELAY_HOST_HTTP", ops::HOST_HTTP),
        ("PASSRELAY_HOST_SLEEP", ops::HOST_SLEEP),
    ];
    let mut numbers = vec![("PASSRELAY_LARGEST", LARGEST_REPLY)];
    numbers.extend(words.map(|(name, number)| (name, number as usize)));
    numbers.extend(layout());
    numbers
}

/// In C of 1999 and of today and in C++, with all that they warn of.
#[test]
fn the_header_says_what_the_host_does_in_c_and_in_cpp() {
    let folder = tempfile::tempdir().unwrap();
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("../provider-api/include");
    let version = provider_api::API_VERSION;
    let holds = |(index, (what, number)): (usize, (&str, usize))| {
        format!("typedef char number_{index}[({what}) == {number} ? 1 : -1];")
    };
    let mut lines: Vec<String> = numbers().into_iter().enumerate().map(holds).collect();
    lines.insert(0, "#include \"passrelay_provider.h\"".to_owned());
    lines.extend([
        "static const char version[] = PASSRELAY_API_VERSION;".to_owned(),
        format!("typedef char version_is[sizeof version == sizeof \"{version}\" ? 1 : -1];"),
        "PASSRELAY_NOTE(\"{}\");".to_owned(),
        "int main(void) { return version[0] + (int)sizeof(version_is); }\n".to_owned(),
    ]);
    let source = lines.join("\n");
    for (name, compiler, standard) in
        [("a.c", "cc", "-std=c99"), ("b.c", "cc", "-std=c17"), ("c.cc", "c++", "-std=c++17")]
    {
        let file = folder.path().join(name);
        fs::write(&file, &source).unwrap();
        let mut command = Command::new(compiler);
        command.args([standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I"]);
        let told = command.args([&header, &file]).output().unwrap();
        assert!(told.status.success(), "{name}: {}", String::from_utf8_lossy(&told.stderr));
    }
}
