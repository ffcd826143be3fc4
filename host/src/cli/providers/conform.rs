//! `passrelay providers conform FILE`: asks a library everything that holds for all of them, and says what is wrong.

mod skeleton;

use crate::{
    cli::{
        Exit,
        arguments::Conform,
        page::{Page, one_line, printable},
        trouble::Trouble,
        wiring,
    },
    config::{Draft, Environment},
};
use provider_api::{
    DeliveryError, Manifest,
    testing::{Sample, conformance::Report},
};
use serde_json::json;
use std::{io::ErrorKind, path::Path};

/// The sample that is taken where none is named.
const SAMPLE: &str = "sample.json";

/// Runs the suite; without a sample it says what one is.
pub(super) async fn run(file: Option<&Path>, asked: Conform) -> Result<Page, Trouble> {
    let draft = Draft::load(file, Environment::process());
    let library = wiring::inspect(&asked.file, draft.libraries()).await?;
    let manifest = library.manifest.clone();
    let Some(sample) = sample(asked.sample.as_deref())? else {
        return Ok(skeleton::page(&manifest));
    };
    let (report, unanswered) = wiring::conform(library, asked.isolation, asked.sandbox, sample).await?;
    Ok(page(&asked.file, &manifest, &report, unanswered))
}

/// The sample that is named, else the one that lies here, else none.
fn sample(named: Option<&Path>) -> Result<Option<Sample>, Trouble> {
    let path = named.unwrap_or(Path::new(SAMPLE));
    let shown = path.display();
    match std::fs::read_to_string(path) {
        Err(cause) if named.is_none() && cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Trouble::new(format!("cannot read the sample `{shown}`: {cause}"))
            .with_hint("name another one with `--sample FILE`, or none to see what a sample is")),
        Ok(text) => Sample::from_json(&text).map(Some).map_err(|cause| {
            Trouble::new(format!("`{shown}` is no sample: {cause}")).with_hint(
                "it has `config`, `message`, and perhaps `member` and `http`; see provider-api's page",
            )
        }),
    }
}

fn page(file: &Path, manifest: &Manifest, report: &Report, unanswered: usize) -> Page {
    let broken = report.violated().len();
    let conforms = broken == 0 && unanswered == 0;
    let mut text = vec![printable(report.to_string().trim_end())];
    text.extend(not_taken(report).map(|why| format!("note: the sample's message is not taken: {why}")));
    if unanswered > 0 {
        text.push(format!(
            "the library sent {unanswered} HTTP requests, and the sample does not say what is answered:"
        ));
        text.push("    add `\"http\": { \"status\": 200, \"body\": \"…\" }` as its service would".to_owned());
    }
    let (id, rules) = (&manifest.id, report.rules.len());
    text.push(match (broken, conforms) {
        (_, true) => format!("`{id}` conforms: {rules} rules hold"),
        (0, false) => format!("`{id}` was not really asked: it needs a sample with `http`"),
        (broken, false) => format!("`{id}` does not conform: {broken} of {rules} rules are violated"),
    });
    let json = json!({
        "conforms": conforms,
        "library": id,
        "version": manifest.version,
        "file": file,
        "unanswered_requests": unanswered,
        "rules": report.rules.iter().map(|line| json!({
            "rule": line.rule, "holds": line.holds(), "violations": line.violations,
        })).collect::<Vec<_>>(),
        "transcript": report.transcript,
    });
    Page::new(text.join("\n"), json).with_exit(if conforms { Exit::Done } else { Exit::Failed })
}

/// Why the sample's own message was not taken: that breaks no rule, and yet it is probably not what was meant.
fn not_taken(report: &Report) -> Option<String> {
    let step = report.transcript.iter().find(|step| step.step == "deliver")?;
    let error: DeliveryError = serde_json::from_value(step.answer.get("err")?.clone()).ok()?;
    Some(one_line(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn report(violations: &[&str], delivered: &Value) -> Report {
        serde_json::from_value(json!({
            "rules": [
                { "rule": "manifest_is_complete", "violations": [] },
                { "rule": "sample_message_is_answered", "violations": violations },
            ],
            "transcript": [{ "step": "deliver", "answer": delivered }],
        }))
        .unwrap()
    }

    fn told(report: &Report, unanswered: usize) -> Page {
        let mut manifest = Manifest::default();
        manifest.id = "acme".to_owned();
        page(Path::new("libacme.so"), &manifest, report, unanswered)
    }

    #[test]
    fn a_line_is_told_for_each_rule() {
        let page = told(&report(&[], &json!({ "ok": {} })), 0);
        assert_eq!(
            page.text,
            "ok       manifest_is_complete\nok       sample_message_is_answered\n`acme` conforms: 2 rules hold"
        );
        assert_eq!((page.exit, &page.json["conforms"]), (Exit::Done, &json!(true)));
    }

    #[test]
    fn a_violation_fails_and_stands_below_its_rule() {
        let page = told(&report(&["`deliver` panics:\u{1b}[31m boom"], &json!({ "panicked": {} })), 0);
        assert_eq!(
            page.text,
            "ok       manifest_is_complete\nVIOLATED sample_message_is_answered\n         \
             `deliver` panics: [31m boom\n`acme` does not conform: 1 of 2 rules are violated"
        );
        assert_eq!((page.exit, &page.json["rules"][1]["holds"]), (Exit::Failed, &json!(false)));
    }

    #[test]
    fn a_sample_that_answers_nothing_or_is_not_taken_is_told() {
        let refused = json!({ "err": { "failure": "rejected", "text": "no such\nsender" } });
        let page = told(&report(&[], &refused), 0);
        assert!(page.text.contains("\nnote: the sample's message is not taken: rejected: no such sender\n"));
        assert_eq!(page.exit, Exit::Done);
        let page = told(&report(&[], &refused), 7);
        assert!(
            page.text.ends_with("\n`acme` was not really asked: it needs a sample with `http`"),
            "{}",
            page.text
        );
        assert_eq!((page.exit, &page.json["unanswered_requests"]), (Exit::Failed, &json!(7)));
    }
}
