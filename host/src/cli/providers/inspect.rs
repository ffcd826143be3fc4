//! `passrelay providers inspect FILE`: everything that a library's file tells, without running any of it.

use crate::{
    cli::{
        Exit,
        page::{Page, one_line},
        providers::hosts,
        table::words,
        trouble::Trouble,
    },
    config::{Draft, Environment},
    plugin::{Inspection, Signature},
};
use serde_json::{Value, json};
use std::path::Path;

/// What stands where the file does not say.
const UNKNOWN: &str = "-";

/// Looks at a file, wherever it is. One that would be refused is told as far as it can be read.
pub(super) fn run(file: Option<&Path>, library: &Path) -> Result<Page, Trouble> {
    let draft = Draft::load(file, Environment::process());
    let inspection = Inspection::of(library, draft.libraries());
    match (&inspection.refusal, inspection.bytes) {
        (Some(refusal), None) => Err(Trouble::refused(refusal)),
        _ => Ok(page(library, &inspection)),
    }
}

fn page(file: &Path, inspection: &Inspection) -> Page {
    let exit = if inspection.refusal.is_some() { Exit::Failed } else { Exit::Done };
    Page::new(text(file, inspection), object(file, inspection)).with_exit(exit)
}

fn text(file: &Path, inspection: &Inspection) -> String {
    let Inspection { owner, mode, bytes, sha256, signature, facts, refusal } = inspection;
    let note = facts.as_ref().and_then(|facts| facts.note.as_ref());
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    let entries = facts.as_ref().and_then(|facts| facts.exports).map(|exports| {
        let entries = [(exports.rust, "rust"), (exports.c, "c")];
        entries.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
    });
    let told = [
        ("file", Some(file.display().to_string())),
        ("bytes", number(*bytes)),
        ("sha256", sha256.clone()),
        ("owner", owner.zip(*mode).map(|(owner, mode)| format!("user {owner}, mode {mode:03o}"))),
        ("signature", signature.as_ref().map(signature_text)),
        ("machine", facts.as_ref().map(|facts| facts.machine.clone())),
        ("library", note.map(|note| note.id.clone())),
        ("version", note.map(|note| note.version.clone())),
        ("api", note.map(|note| note.api.clone())),
        ("needs host", note.map(|note| note.host.clone())),
        ("panic", note.map(|note| note.panic.clone())),
        ("channels", note.map(|note| words(&note.channels))),
        ("capabilities", note.map(|note| words(&note.capabilities))),
        ("needs", note.map(|note| words(&note.needs))),
        ("hosts", note.map(|note| hosts::shown(&note.hosts))),
        ("linked to", facts.as_ref().map(|facts| words(&facts.needed))),
        ("glibc", facts.as_ref().and_then(|facts| facts.glibc.clone())),
        ("entry points", entries),
        ("constructors", number(facts.as_ref().and_then(|facts| facts.constructors))),
    ];
    let mut lines: Vec<String> = told
        .into_iter()
        .map(|(name, told)| {
            (name, told.filter(|told| !told.is_empty()).unwrap_or_else(|| UNKNOWN.to_owned()))
        })
        .map(|(name, told)| format!("{name:<12}  {}", one_line(&told)))
        .collect();
    match refusal {
        None => {
            lines.push("admission     not refused; its trial, which runs it, is still to come".to_owned());
        }
        Some(refusal) => {
            lines.push(format!("admission     refused: {}", one_line(&refusal.reason)));
            lines.extend(refusal.hint.iter().map(|hint| format!("hint: {}", one_line(hint))));
        }
    }
    lines.join("\n")
}

fn signature_text(signature: &Signature) -> String {
    match signature {
        Signature::None => "none".to_owned(),
        Signature::Unverified(key) => format!("of the key {key}, not verified: no `libraries.signers`"),
        Signature::Good(key) => format!("good, of the key {key}"),
        Signature::Bad(why) => format!("bad: {why}"),
    }
}

fn object(file: &Path, inspection: &Inspection) -> Value {
    let Inspection { owner, mode, bytes, sha256, signature, facts, refusal } = inspection;
    let (state, signer, why) = match signature {
        None => (None, None, None),
        Some(Signature::None) => (Some("none"), None, None),
        Some(Signature::Unverified(key)) => (Some("unverified"), Some(key), None),
        Some(Signature::Good(key)) => (Some("good"), Some(key), None),
        Some(Signature::Bad(why)) => (Some("bad"), None, Some(why)),
    };
    let note = facts.as_ref().and_then(|facts| facts.note.as_ref());
    let exports = facts.as_ref().and_then(|facts| facts.exports);
    json!({
        "file": file,
        "bytes": bytes,
        "sha256": sha256,
        "owner": owner,
        "mode": mode.map(|mode| format!("{mode:03o}")),
        "signature": { "state": state, "key": signer.map(ToString::to_string), "reason": why },
        "machine": facts.as_ref().map(|facts| &facts.machine),
        "id": note.map(|note| &note.id),
        "version": note.map(|note| &note.version),
        "api": note.map(|note| &note.api),
        "host": note.map(|note| &note.host),
        "panic": note.map(|note| &note.panic),
        "channels": note.map(|note| &note.channels),
        "capabilities": note.map(|note| &note.capabilities),
        "needs": note.map(|note| &note.needs),
        "hosts": note.map(|note| &note.hosts),
        "linked_to": facts.as_ref().map(|facts| &facts.needed),
        "glibc": facts.as_ref().and_then(|facts| facts.glibc.as_ref()),
        "entry_points": exports.map(|exports| json!({ "rust": exports.rust, "c": exports.c })),
        "constructors": facts.as_ref().and_then(|facts| facts.constructors),
        "refused": refusal.is_some(),
        "reason": refusal.as_ref().map(|refusal| &refusal.reason),
        "hint": refusal.as_ref().and_then(|refusal| refusal.hint.as_ref()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Refusal;

    #[test]
    fn of_a_file_that_is_nothing_is_told_what_it_is_and_why_it_is_refused() {
        let refusal = Refusal {
            file: "libx.so".into(),
            id: None,
            sha256: None,
            reason: "not\u{1b} a library".to_owned(),
            hint: Some("take another".to_owned()),
        };
        let inspection = Inspection {
            owner: Some(0),
            mode: Some(0o644),
            bytes: Some(7),
            sha256: Some("00ff".to_owned()),
            signature: Some(Signature::None),
            facts: None,
            refusal: Some(refusal),
        };
        let page = page(Path::new("libx.so"), &inspection);
        let lines: Vec<&str> = page.text.lines().collect();
        assert_eq!(
            lines[..6],
            [
                "file          libx.so",
                "bytes         7",
                "sha256        00ff",
                "owner         user 0, mode 644",
                "signature     none",
                "machine       -",
            ]
        );
        assert_eq!(lines[lines.len() - 2..], ["admission     refused: not a library", "hint: take another"]);
        assert_eq!(
            (page.exit, &page.json["refused"], &page.json["id"]),
            (Exit::Failed, &json!(true), &Value::Null)
        );
    }
}
