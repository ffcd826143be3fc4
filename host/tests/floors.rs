//! The floors of the host: a module uses only what is below it.
#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test that cannot go on fails loudly")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Top first; ARCHITECTURE.md shows the same.
const FLOORS: [&[&str]; 11] = [
    &["main"],
    // `fuzz` is part of no program: what strangers may send, tried at every floor that meets them.
    &["cli", "fuzz"],
    &["app"],
    &["http"],
    &["verifier", "outbox", "config"],
    &["store", "plugin"],
    &["verification", "member", "delivery", "factor"],
    &["application", "event", "route", "template"],
    &["limit"],
    &["seal"],
    &["clock", "metrics", "telemetry", "phone"],
];

#[test]
fn a_module_uses_only_lower_floors() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = BTreeSet::new();
    for file in files(&source) {
        let inside = file.strip_prefix(&source).unwrap();
        let module =
            inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let floor = floor_of(module);
        assert!(floor.is_some(), "`{module}` stands on no floor");
        seen.insert(module.to_owned());
        for used in used_modules(&fs::read_to_string(&file).unwrap()) {
            let below = floor_of(&used) > floor;
            let shown = inside.display();
            assert!(used == module || below, "{shown}: `{module}` uses `{used}`, which is not below it");
        }
    }
    let all: BTreeSet<String> = FLOORS.concat().into_iter().map(str::to_owned).collect();
    assert_eq!(seen, all, "every module has its floor, and every floor its modules");
}

#[test]
fn there_are_no_drawers() {
    for file in files(Path::new(env!("CARGO_MANIFEST_DIR"))) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let drawers = ["mod", "utils", "util", "common", "helpers", "prelude", "types", "core"];
        assert!(!drawers.contains(&name), "{name}");
    }
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The modules behind every `crate::` of a text: `crate::a::…`, and each of `crate::{a::…, b::{…}, c}`.
fn used_modules(text: &str) -> BTreeSet<String> {
    let code =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut used = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        // `$crate` is another crate's, and a name may end with the word.
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + found.len()..];
        match rest.strip_prefix('{') {
            Some(list) => used.extend(entries(list)),
            None => used.extend(first_word(rest)),
        }
    }
    used
}

/// The first words of the entries of a list, up to its closing brace.
fn entries(list: &str) -> Vec<String> {
    let (mut depth, mut begin, mut found) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.extend(first_word(list[begin..at].trim_start()));
                begin = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!word.is_empty()).then_some(word)
}
