//! `passrelay providers new NAME`: makes the crate of a new provider, which builds, tests and loads as it is.

mod api;
mod crate_folder;

use crate::cli::{
    arguments::New,
    page::{Page, one_line},
    trouble::Trouble,
};
use api::Api;
use provider_api::is_word;
use serde_json::json;

/// The files of the crate by their names in it. They are real files, so that they are read, and compiled by the tests.
const FILES: [(&str, &str); 6] = [
    ("Cargo.toml", include_str!("new/scaffold/manifest.toml")),
    ("src/lib.rs", include_str!("new/scaffold/lib.rs")),
    ("src/tests.rs", include_str!("new/scaffold/tests.rs")),
    ("sample.json", include_str!("new/scaffold/sample.json")),
    ("README.md", include_str!("new/scaffold/README.md")),
    (".gitignore", include_str!("new/scaffold/gitignore")),
];

/// Names that another crate of the build has, or that cargo keeps for itself.
const TAKEN: [&str; 10] = [
    "alloc",
    "core",
    "proc_macro",
    "provider_api",
    "schemars",
    "serde",
    "serde_json",
    "std",
    "test",
    "tracing",
];

/// The words of Rust (The Rust Reference, "Keywords", edition 2024) that a name may consist of.
const KEYWORDS: &str = "abstract as async await become box break const continue crate do dyn else enum extern false \
                        final fn for gen if impl in let loop macro match mod move mut override priv pub ref return \
                        self static struct super trait true try type typeof unsafe unsized use virtual where while \
                        yield";

/// Makes the crate and says what to type next.
pub(super) fn run(asked: &New) -> Result<Page, Trouble> {
    let name = asked.name.as_str();
    check(name)?;
    let api = Api::read(asked.api.as_deref())?;
    let files = FILES.map(|(file, text)| (file, filled(text, name, &api)));
    let folder = asked.directory.join(name);
    let folder = folder.strip_prefix(".").unwrap_or(&folder);
    crate_folder::make(folder, &files)?;
    let shown = folder.display().to_string();
    let next = [
        format!("cd {} && cargo test", quoted(&shown)),
        "cargo build --release".to_owned(),
        format!("passrelay providers conform target/release/lib{name}.so"),
    ];
    let from = match &asked.api {
        Some(_) => "",
        None => "\nit takes provider-api from the registry; `--api PATH|GIT` names another place",
    };
    let text = format!("made `{shown}` with {} files{from}\n\nnext:\n  {}", files.len(), next.join("\n  "));
    let json = json!({
        "folder": folder,
        "files": files.map(|(file, _)| file),
        "next": next,
    });
    Ok(Page::new(text, json))
}

fn check(name: &str) -> Result<(), Trouble> {
    if !is_word(name) {
        let trouble = Trouble::new(format!("`{}` is no name for a provider", one_line(name)));
        return Err(trouble.with_hint(match near(name) {
            Some(near) => format!("a name is 1 to 32 of `a`-`z`, `0`-`9` and `_`, a letter first: `{near}`"),
            None => "a name is 1 to 32 of `a`-`z`, `0`-`9` and `_`, a letter first".to_owned(),
        }));
    }
    let taken = if TAKEN.contains(&name) {
        "the name of a crate that it is built with"
    } else if KEYWORDS.split(' ').any(|word| word == name) {
        "a word of Rust"
    } else {
        return Ok(());
    };
    Err(Trouble::new(format!("`{name}` is {taken}")).with_hint(format!("for example `{name}_sms`")))
}

/// The name that was probably meant: `Acme-SMS` as `acme_sms`.
fn near(name: &str) -> Option<String> {
    let near: String = name.to_lowercase().replace(['-', ' ', '.'], "_");
    is_word(&near).then_some(near)
}

fn filled(text: &str, name: &str, api: &Api) -> String {
    text.replace("PROVIDER_API", api.dependency())
        .replace("PROVIDER_ID", name)
        .replace("PROVIDER_TITLE", &title(name))
        .replace("PROVIDER_VARIABLE", &format!("{}_API_KEY", name.to_uppercase()))
}

/// What people call it until its author knows better: `acme_sms` as `Acme sms`.
fn title(name: &str) -> String {
    let (first, rest) = name.split_at_checked(1).unwrap_or((name, ""));
    format!("{}{}", first.to_uppercase(), rest.replace('_', " "))
}

/// A path as a shell takes it for one word.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(name: &str, folder: &std::path::Path) -> Result<Page, Trouble> {
        run(&New { name: name.to_owned(), api: None, directory: folder.to_owned() })
    }

    #[test]
    fn no_placeholder_is_left_and_each_file_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let page = new("acme_sms", folder.path()).unwrap();
        for (file, _) in FILES {
            let text = std::fs::read_to_string(folder.path().join("acme_sms").join(file)).unwrap();
            assert!(!text.contains("PROVIDER_"), "{file}: {text}");
        }
        let manifest = std::fs::read_to_string(folder.path().join("acme_sms/Cargo.toml")).unwrap();
        let version = provider_api::API_VERSION;
        assert!(manifest.contains(&format!("\npassrelay-provider-api = \"{version}\"\n")), "{manifest}");
        let last: Vec<&str> = page.text.lines().rev().take(3).collect();
        assert_eq!(last[0], "  passrelay providers conform target/release/libacme_sms.so");
        assert!(
            last[1] == "  cargo build --release" && last[2].ends_with("acme_sms && cargo test"),
            "{last:?}"
        );
    }

    #[test]
    fn a_name_that_is_none_is_told_with_one_that_is() {
        let folder = tempfile::tempdir().unwrap();
        for (name, hint) in [
            ("Acme-SMS", "a letter first: `acme_sms`"),
            ("../etc", "a letter first"),
            ("", "a letter first"),
            ("serde", "for example `serde_sms`"),
            ("try", "for example `try_sms`"),
        ] {
            let told = new(name, folder.path()).unwrap_err().text();
            assert!(told.ends_with(hint) && told.lines().count() == 2, "{told}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
    }

    #[test]
    fn a_path_is_one_word_for_a_shell() {
        assert_eq!(quoted("a/b_c-1.d"), "a/b_c-1.d");
        assert_eq!(quoted("it's here"), r"'it'\''s here'");
    }
}
