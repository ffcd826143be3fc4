//! Where the new crate gets provider-api from: a path, a git address or a version.

use crate::cli::{page::one_line, trouble::Trouble};
use provider_api::API_VERSION;
use std::path::{Path, PathBuf};

/// The package that authors depend on.
const PACKAGE: &str = "passrelay-provider-api";

/// A dependency as it stands in `Cargo.toml`.
#[derive(Debug)]
pub(super) struct Api(String);

impl Api {
    /// Reads what was typed; by default the version that this program is built with.
    pub(super) fn read(typed: Option<&str>) -> Result<Self, Trouble> {
        let Some(typed) = typed else { return Ok(Self(format!("\"{API_VERSION}\""))) };
        let path = Path::new(typed);
        if path.exists() {
            return of_path(path).map(|folder| Self(format!("{{ path = {} }}", text(&folder))));
        }
        if let Some(address) = git_address(typed) {
            return Ok(Self(format!("{{ git = {} }}", text(&address))));
        }
        if is_version(typed) {
            return Ok(Self(text(typed)));
        }
        let trouble =
            Trouble::new(format!("`--api {}` is no path, no git address and no version", one_line(typed)));
        Err(trouble
            .with_hint(format!("for example `--api {API_VERSION}`, or the path of a clone of Passrelay")))
    }

    /// What stands behind `passrelay-provider-api = `.
    pub(super) fn dependency(&self) -> &str {
        &self.0
    }
}

/// The folder of provider-api: the one that was named, or the one of this name in a clone of Passrelay.
fn of_path(named: &Path) -> Result<String, Trouble> {
    let is_it = |folder: &PathBuf| {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        manifest.lines().any(|line| line.trim() == format!("name = \"{PACKAGE}\""))
    };
    let shown = named.display();
    let found = [named.to_owned(), named.join("provider-api")].into_iter().find(is_it).ok_or_else(|| {
        Trouble::new(format!("`{shown}` is not the folder of `{PACKAGE}`"))
            .with_hint("name the folder `provider-api` of a clone of Passrelay, or the clone itself")
    })?;
    let full =
        found.canonicalize().map_err(|cause| Trouble::new(format!("cannot read `{shown}`: {cause}")))?;
    // Cargo reads its file as UTF-8, so such a path cannot be written there.
    full.to_str().map(str::to_owned).ok_or_else(|| Trouble::new(format!("the path of `{shown}` is no UTF-8")))
}

/// An address as cargo reads it, which does not know git's short form `git@example.com:passrelay.git`.
fn git_address(typed: &str) -> Option<String> {
    if typed.contains("://") {
        return Some(typed.to_owned());
    }
    let (host, path) = typed.strip_suffix(".git").and_then(|_| typed.split_once(':'))?;
    Some(format!("ssh://{host}/{path}"))
}

/// A version requirement as cargo reads them (The Cargo Book, "Version requirement syntax").
fn is_version(typed: &str) -> bool {
    typed.split(',').all(|part| {
        let part = part.trim();
        let bare = [">=", "<=", "^", "~", "=", ">", "<"].iter().find_map(|sign| part.strip_prefix(sign));
        is_version_number(bare.unwrap_or(part).trim_start())
    })
}

/// One to three numbers, the last of them perhaps `*`; behind three, words of a pre-release and of a build.
fn is_version_number(text: &str) -> bool {
    let words = |text: &str| {
        text.split('.')
            .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
    };
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (core, early) = text.split_once('-').map_or((text, None), |(core, early)| (core, Some(early)));
    let parts: Vec<&str> = core.split('.').collect();
    let is_number = |part: &str| {
        let plain = part == "0" || !part.starts_with('0');
        plain && part.bytes().all(|b| b.is_ascii_digit()) && part.parse::<u64>().is_ok()
    };
    let (last, first) = parts.split_last().unwrap_or((&"", &[]));
    let more = build.iter().chain(&early).all(|text| parts.len() == 3 && *last != "*" && words(text));
    let star = *last == "*" && !first.is_empty();
    parts.len() <= 3 && first.iter().all(|part| is_number(part)) && (star || is_number(last)) && more
}

/// A text as TOML writes it.
fn text(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_comes_from_is_told_by_its_form() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let path = format!("{{ path = \"{}\" }}", here.join("provider-api").display());
        for (typed, expected) in [
            (None, format!("\"{API_VERSION}\"")),
            (Some("1"), "\"1\"".to_owned()),
            (Some(">=1.2, <2"), "\">=1.2, <2\"".to_owned()),
            (Some("= 1.0.0-rc.1+b7"), "\"= 1.0.0-rc.1+b7\"".to_owned()),
            (Some("1.*"), "\"1.*\"".to_owned()),
            (
                Some("https://git.example.com/passrelay"),
                "{ git = \"https://git.example.com/passrelay\" }".to_owned(),
            ),
            (
                Some("git@example.com:passrelay.git"),
                "{ git = \"ssh://git@example.com/passrelay.git\" }".to_owned(),
            ),
            (here.to_str(), path.clone()),
            (here.join("provider-api").to_str(), path.clone()),
        ] {
            assert_eq!(Api::read(typed).unwrap().dependency(), expected, "{typed:?}");
        }
    }

    #[test]
    fn what_it_cannot_come_from_is_told() {
        for (typed, what) in [
            ("nowhere/provider-api", "is no path, no git address and no version"),
            ("latest", "is no path, no git address and no version"),
            ("1.2.zz", "is no path, no git address and no version"),
            ("1.2.3.4", "is no path, no git address and no version"),
            ("1.2-rc", "is no path, no git address and no version"),
            ("01.2", "is no path, no git address and no version"),
            (">=1,", "is no path, no git address and no version"),
            ("1.*.2", "is no path, no git address and no version"),
            ("1\"\nevil = \"1", "is no path, no git address and no version"),
            ("/", "is not the folder of `passrelay-provider-api`"),
        ] {
            let told = Api::read(Some(typed)).unwrap_err().text();
            assert!(told.contains(what) && told.lines().count() == 2, "{told}");
        }
    }
}
