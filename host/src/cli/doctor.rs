//! `passrelay doctor`: everything that somebody who helps would ask first, each with its remedy.

mod files;
mod machine;
mod older;
mod server;

use super::{
    Exit,
    page::{Page, one_line},
    setup::{self, Setup},
    trouble::Trouble,
    wiring,
};
use crate::{
    clock::Clock,
    config::Mistake,
    plugin::{ProviderState, ProviderStatus},
};
use serde::Serialize;
use serde_json::json;
use std::path::Path;

/// What was looked at, and how it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    /// What was looked at, in one or two words that stay the same.
    name: &'static str,
    state: State,
    /// What was found.
    detail: String,
    /// What to do about it; none where all is well.
    remedy: Option<String>,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// It works, but somebody may be sorry.
    Warn,
    /// It does not work.
    Fail,
}

impl Finding {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, state: State::Ok, detail: one_line(&detail.into()), remedy: None }
    }

    fn warn(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(one_line(&remedy.into()));
        Self { name, state: State::Warn, detail: one_line(&detail.into()), remedy }
    }

    fn fail(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Fail, ..Self::warn(name, detail, remedy) }
    }

    /// Of an error whose words may end with a line `hint: …`.
    fn failed(name: &'static str, error: &dyn std::error::Error, otherwise: &str) -> Self {
        match Trouble::told(error) {
            Trouble::Failed { what, hint } => {
                Self::fail(name, what, hint.unwrap_or_else(|| otherwise.to_owned()))
            }
            told @ Trouble::Misconfigured(_) => Self::fail(name, told.to_string(), otherwise),
        }
    }
}

/// Looks at everything. Nothing is sent, and of what the server keeps nothing is made or changed. Libraries are copied and
/// providers opened once, as by `check`: what a provider makes when it opens is made.
pub(super) async fn run(file: Option<&Path>) -> Result<Page, Trouble> {
    let now = Clock::system().now();
    let mut findings = Vec::new();
    match setup::load(file).await {
        Ok(setup) => {
            findings.extend(configuration(&setup));
            findings.extend(providers(&setup).await?);
            findings.extend(files::look(&setup.config, now));
            findings.extend(server::look(&setup.config.server).await);
        }
        Err(Trouble::Misconfigured(mistakes)) => {
            let finding = |mistake: &Mistake| {
                let told = mistake.to_string();
                let what = told.split_once("\nhint: ").map_or(told.as_str(), |(what, _)| what);
                let hint = mistake.hint.clone().unwrap_or_else(|| "see examples/passrelay.toml".to_owned());
                Finding::fail("configuration", what, hint)
            };
            findings.extend(mistakes.iter().map(finding));
        }
        Err(trouble) => findings.push(Finding::failed("libraries", &trouble, "see `passrelay check`")),
    }
    findings.extend(machine::look(now));
    Ok(page(&findings))
}

fn configuration(setup: &Setup) -> Vec<Finding> {
    let config = &setup.config;
    let named = config.file.as_ref().map_or_else(
        || "there is no file: the built-in defaults".to_owned(),
        |file| format!("`{}` has no mistake, and what it names is set", file.display()),
    );
    let mut findings = vec![Finding::ok("configuration", named)];
    if config.applications.is_empty() {
        let remedy = "configure one as `[applications.ID]`";
        let detail = "there is none in the file: unless one was made at run time, nobody can call";
        findings.push(Finding::warn("applications", detail, remedy));
    }
    for refusal in setup.libraries.refused() {
        let detail = format!("`{}` was refused: {}", refusal.file.display(), refusal.reason);
        let remedy = refusal.hint.clone().unwrap_or_else(|| "replace it, or take it away".to_owned());
        findings.push(Finding::warn("libraries", detail, remedy));
    }
    findings
}

async fn providers(setup: &Setup) -> Result<Vec<Finding>, Trouble> {
    let status = wiring::provider_status(setup).await?;
    if status.is_empty() {
        let remedy =
            "drop a library into a folder of `libraries.directories`, and configure `[providers.ID]`";
        return Ok(vec![Finding::warn("providers", "there is none: nothing can be delivered", remedy)]);
    }
    let canary = |status: &ProviderStatus| {
        let reason = status.canary.as_ref()?.why_idle()?;
        let otherwise = "its provider has all deliveries; see `passrelay providers list`";
        let (why, hint) = reason.split_once("\nhint: ").unwrap_or((reason, otherwise));
        Some(Finding::warn("canary", format!("that of `{}` has no share: {why}", status.id), hint))
    };
    let canaries: Vec<Finding> = status.iter().filter_map(canary).collect();
    let finding = |status: ProviderStatus| {
        let id = &status.id;
        match status.state {
            ProviderState::Ready => Finding::ok("provider", format!("`{id}` opens")),
            ProviderState::Disabled => Finding::ok("provider", format!("`{id}` is disabled")),
            ProviderState::Resting(why) | ProviderState::Failed(why) => {
                let (why, hint) =
                    why.split_once("\nhint: ").unwrap_or((&why, "see its keys: `passrelay providers docs`"));
                Finding::fail("provider", format!("`{id}` does not open: {why}"), hint)
            }
        }
    };
    Ok(status.into_iter().map(finding).chain(canaries).collect())
}

fn page(findings: &[Finding]) -> Page {
    let width = findings.iter().map(|finding| finding.name.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for Finding { name, state, detail, remedy } in findings {
        lines.push(format!("{:4}  {name:width$}  {detail}", state.as_str()));
        lines.extend(remedy.as_ref().map(|remedy| format!("{:4}  {:width$}  hint: {remedy}", "", "")));
    }
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let (warnings, failures) = (count(State::Warn), count(State::Fail));
    lines.push(format!("{failures} failed, {warnings} to look at, {} ok", count(State::Ok)));
    let json = json!({ "ok": failures == 0, "findings": findings });
    let exit = if failures == 0 { Exit::Done } else { Exit::Failed };
    Page::new(lines.join("\n"), json).with_exit(exit)
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_ends_with_1_and_a_warning_does_not() {
        let (ok, warn) = (Finding::ok("keys", "fine"), Finding::warn("user", "it is\nroot", "be another"));
        let shown = page(&[ok.clone(), warn.clone()]);
        assert_eq!(
            (shown.text.as_str(), shown.exit),
            (
                "ok    keys  fine\nwarn  user  it is root\n            hint: be another\n0 failed, 1 to look at, 1 ok",
                Exit::Done
            )
        );
        let shown = page(&[ok, warn, Finding::fail("clock", "wrong", "set it")]);
        assert_eq!(shown.exit, Exit::Failed);
        let expected = json!({"name": "clock", "state": "fail", "detail": "wrong", "remedy": "set it"});
        assert_eq!((&shown.json["findings"][2], &shown.json["ok"]), (&expected, &json!(false)));
    }
}
