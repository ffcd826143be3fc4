//! The provider as a host sees it, in this process.

use super::DryRun;
use provider_api::{
    Address, Candidate, Channel, DeliveryError, Failure, Member, Message, Payload, Recipient,
    testing::{FakeHost, Harness, Sample, conforms, json},
};
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn outbox(&self) -> PathBuf {
        self.0.path().join("outbox.jsonl")
    }

    fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.outbox()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Opens with these keys and the outbox.
    fn open(&self, mut config: Value) -> Result<Harness<DryRun>, DeliveryError> {
        config["outbox"] = json!(self.outbox());
        Harness::with_host(FakeHost::new()).open(config)
    }
}

fn message(recipient: &str) -> Message {
    let sms = Channel::new("sms").unwrap();
    let text = "493817 is your code.";
    Message::new("m1", sms, Recipient::new(recipient), Payload::code("493817"), text)
}

fn failure(dry_run: &Harness<DryRun>, recipient: &str) -> Option<Failure> {
    dry_run.deliver(&message(recipient)).err().map(|error| error.failure)
}

// J1, J4: the provider carries a payload it did not make.
#[test]
fn every_message_becomes_one_line_of_json() {
    let folder = Folder::new();
    let dry_run = folder.open(json!({})).unwrap();
    let mut mail = message("ada@example.com");
    mail.channel = Channel::new("email").unwrap();
    mail.subject = Some("Your\nlink".to_owned());
    mail.payload = Payload::link("https://otp.example.com/l/1");
    assert_eq!(dry_run.deliver(&message("+447700900123")).unwrap().reference.as_deref(), Some("m1"));
    dry_run.deliver(&mail).unwrap();

    let lines = folder.lines();
    assert_eq!(
        lines[0],
        json!({
            "at": 1_767_225_600_000_i64, "message": "m1", "delivery": "", "channel": "sms",
            "recipient": "+447700900123", "payload": "code", "code": "493817", "text": "493817 is your code.",
            "subject": null, "locale": null, "purpose": "generic", "expires_at_ms": 0,
            "test": false, "repeated": false,
        })
    );
    assert_eq!(lines[1]["link"], "https://otp.example.com/l/1");
    assert_eq!((&lines[1]["subject"], lines.len()), (&json!("Your\nlink"), 2));
}

#[test]
fn the_outbox_is_for_its_owner_alone() {
    let folder = Folder::new();
    folder.open(json!({})).unwrap();
    assert_eq!(fs::metadata(folder.outbox()).unwrap().permissions().mode() & 0o777, 0o600);

    fs::set_permissions(folder.outbox(), fs::Permissions::from_mode(0o640)).unwrap();
    let error = folder.open(json!({})).unwrap_err();
    assert_eq!(error.failure, Failure::Misconfigured);
    assert!(error.text.contains("`chmod 600 ") && error.text.contains("mode 640"), "{error}");
}

#[test]
fn an_outbox_of_another_user_is_refused() {
    let folder = Folder::new();
    folder.open(json!({})).unwrap();
    if std::os::unix::fs::chown(folder.outbox(), Some(4321), None).is_err() {
        assert!(std::env::var_os("CI").is_none(), "CI runs as root");
        // Past the capture of the test runner: it has to be seen.
        std::io::Write::write_all(
            &mut std::io::stderr(),
            b"LEFT OUT: only root can give a file to another user\n",
        )
        .unwrap();
        return;
    }
    let error = folder.open(json!({})).unwrap_err();
    assert_eq!(error.failure, Failure::Misconfigured);
    assert!(error.text.contains("another user (uid 4321)"), "{error}");
}

#[test]
fn an_outbox_that_cannot_be_is_told() {
    let folder = Folder::new();
    for (outbox, said) in [
        (folder.0.path().join("missing/outbox.jsonl"), "whose folder does not exist"),
        (folder.0.path().to_owned(), "no regular file"),
        (PathBuf::from("/dev/null"), "no regular file"),
        (PathBuf::new(), "`outbox` is empty"),
    ] {
        let error = Harness::<DryRun>::open(json!({ "outbox": outbox })).unwrap_err();
        assert_eq!(error.failure, Failure::Misconfigured);
        assert!(error.text.contains(said), "{error}");
    }
    let error = Harness::<DryRun>::open(json!({})).unwrap_err();
    assert_eq!(error.text, "the configuration is wrong: the key `outbox` is missing");
}

#[test]
fn it_fails_with_every_failure_it_is_told_to() {
    let folder = Folder::new();
    for expected in Failure::known() {
        let dry_run = folder.open(json!({ "fail": [expected.as_str()] })).unwrap();
        assert_eq!(failure(&dry_run, "+447700900123"), Some(expected));
    }
    assert!(folder.lines().is_empty());
}

#[test]
fn it_fails_for_whom_and_as_often_as_it_is_told_to() {
    let folder = Folder::new();
    let fail = ["opted_out to +447700900123", "throttled first 2", "slow:2s"];
    let dry_run = folder.open(json!({ "fail": fail })).unwrap();
    let begun = dry_run.host().now_ms();
    assert_eq!(failure(&dry_run, "+447700900199"), Some(Failure::Throttled));
    assert_eq!(failure(&dry_run, "+447700900123"), Some(Failure::OptedOut));
    assert_eq!(failure(&dry_run, "+447700900199"), Some(Failure::Throttled));
    assert_eq!(dry_run.host().now_ms(), begun);
    assert_eq!(failure(&dry_run, "+447700900199"), None);
    assert_eq!(dry_run.host().now_ms(), begun + 2_000);
    assert_eq!(folder.lines().len(), 1);
}

#[test]
fn it_asks_to_be_left_alone_as_long_as_it_is_told_to() {
    let folder = Folder::new();
    let dry_run = folder.open(json!({ "fail": ["throttled:30s first 1", "throttled"] })).unwrap();
    let told = || dry_run.deliver(&message("+447700900123")).unwrap_err();
    let (first, second) = (told(), told());
    assert_eq!((first.failure, first.retry_after_ms), (Failure::Throttled, Some(30_000)));
    assert_eq!((second.failure, second.retry_after_ms), (Failure::Throttled, None));
}

#[test]
fn it_panics_and_hangs_when_told_to() {
    let folder = Folder::new();
    let panicking = folder.open(json!({ "fail": ["panic first 1"] })).unwrap();
    assert_eq!(failure(&panicking, "+447700900123"), Some(Failure::Broken));
    assert_eq!(failure(&panicking, "+447700900123"), None);
    let hanging = folder.open(json!({ "fail": ["hang"] })).unwrap();
    assert!(hanging.abandon(&message("+447700900123")));
}

#[test]
fn a_mistake_names_its_key_and_quotes_no_recipient() {
    let folder = Folder::new();
    for (config, said) in [
        (json!({ "fail": ["slow:2s", "trottled to +447700900123"] }), "`fail[1]` begins with none of"),
        (json!({ "fail": "throttled" }), "`fail` has a value of the wrong kind"),
        (json!({ "unavailable": { "+447700900123": "Because" } }), "`unavailable` has a reason that is no"),
        (json!({ "unavailable": { "+447700900123": 7 } }), "`unavailable.…` has a value of the wrong kind"),
        (json!({ "member_phone_field": " " }), "`member_phone_field` is empty"),
        (json!({ "outbax": "x" }), "the key `outbax` is not known"),
    ] {
        let error = folder.open(config).unwrap_err();
        assert_eq!(error.failure, Failure::Misconfigured);
        assert!(error.text.contains(said) && !error.text.contains("7700900"), "{error}");
    }
}

// J18: a provider reports per member whether it is available.
#[test]
fn chosen_members_are_unavailable() {
    let folder = Folder::new();
    let unavailable = json!({ "42": "opted_out", "+447700900123": "landline" });
    let dry_run = folder.open(json!({ "unavailable": unavailable })).unwrap();
    let ask = |id: &str, recipient: &str| {
        let mut member = Member::default();
        member.id = Some(id.to_owned());
        let sms = Channel::new("sms").unwrap();
        dry_run.availability(&Candidate::new(member, sms, Recipient::new(recipient))).unwrap()
    };
    assert_eq!(ask("42", "+447700900199").reason.as_deref(), Some("opted_out"));
    assert_eq!(ask("7", "+447700900123").reason.as_deref(), Some("landline"));
    assert!(ask("7", "+447700900199").available);
}

// J6: the provider says where the recipient's address stands.
#[test]
fn the_fields_of_the_addresses_are_the_operators_choice() {
    let folder = Folder::new();
    let email = Channel::new("email").ok();
    let usual = folder.open(json!({})).unwrap();
    assert_eq!(usual.addresses(), [Address::email(email.clone(), "email"), Address::phone(None, "mobile")]);
    let own = json!({ "member_phone_field": "cell", "member_email_field": "mail" });
    let own = folder.open(own).unwrap();
    assert_eq!(own.addresses(), [Address::email(email, "mail"), Address::phone(None, "cell")]);
}

/// The host's tests hold the loaded library against the same two files.
#[test]
fn it_conforms_and_its_transcript_is_the_committed_one() {
    let folder = Folder::new();
    let sample = Sample::from_json(include_str!("../sample.json")).unwrap();
    let report = conforms::<DryRun, _>(&sample.with_key("outbox", json!(folder.outbox())));
    report.assert();

    let committed: Value = serde_json::from_str(include_str!("../conformance.json")).unwrap();
    let found = report.transcript_json();
    let beside = std::env::temp_dir().join("dry-run-conformance.json");
    if serde_json::from_str::<Value>(&found).unwrap() != committed {
        fs::write(&beside, found).unwrap();
        panic!("conformance.json differs; if the change is meant, copy {} over it", beside.display());
    }
}
