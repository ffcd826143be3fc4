//! The file that messages are written to: one JSON object a line, for its owner alone.

use provider_api::{DeliveryError, Message, PayloadKind};
use serde::Serialize;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// The open file. Any number of providers and processes may append to one file: each line is a single write.
#[derive(Debug)]
pub(crate) struct Outbox {
    file: File,
}

/// A message as it stands in the file.
#[derive(Serialize)]
pub(crate) struct Line<'a> {
    /// Milliseconds since 1970-01-01 UTC.
    at: i64,
    message: &'a str,
    delivery: &'a str,
    channel: &'a str,
    recipient: &'a str,
    payload: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    text: &'a str,
    subject: Option<&'a str>,
    locale: Option<&'a str>,
    purpose: &'a str,
    /// Milliseconds since 1970-01-01 UTC.
    expires_at_ms: i64,
    test: bool,
    repeated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a str>,
}

impl<'a> Line<'a> {
    pub(crate) fn new(message: &'a Message, now_ms: i64) -> Self {
        let value = message.payload.expose();
        Self {
            at: now_ms,
            message: &message.id,
            delivery: &message.delivery_id,
            channel: message.channel.as_str(),
            recipient: message.recipient.as_str(),
            payload: message.payload.kind.as_str(),
            code: (message.payload.kind == PayloadKind::Code).then_some(value),
            link: (message.payload.kind == PayloadKind::Link).then_some(value),
            text: &message.text,
            subject: message.subject.as_deref(),
            locale: message.locale.as_deref(),
            purpose: &message.purpose,
            expires_at_ms: message.expires_at_ms,
            test: message.test,
            repeated: message.repeated,
            sender: message.sender.as_deref(),
        }
    }
}

impl Outbox {
    /// Opens the file, or makes it with mode 0600.
    pub(crate) fn open(path: &Path) -> Result<Self, DeliveryError> {
        let wrong = |text: String| DeliveryError::misconfigured(format!("`outbox` {text}"));
        let shown = path.display();
        if path.as_os_str().is_empty() {
            return Err(wrong("is empty; it names a file such as `outbox.jsonl`".to_owned()));
        }
        // Asked before it is opened: opening a pipe would wait for a reader.
        if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(wrong(format!("is `{shown}`, which is no regular file")));
        }
        let cannot = |cause: io::Error| match cause.kind() {
            ErrorKind::NotFound => {
                wrong(format!("is `{shown}`, whose folder does not exist; make the folder"))
            }
            _ => wrong(format!("is `{shown}`, which cannot be opened for writing: {cause}")),
        };
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(cannot)?;
        let metadata = file.metadata().map_err(cannot)?;
        let owner = metadata.uid();
        let own = own_user().map_err(|cause| wrong(format!("cannot be judged without `/proc`: {cause}")))?;
        if owner != own && owner != 0 {
            return Err(wrong(format!(
                "is `{shown}`, which belongs to another user (uid {owner}), and it is to hold codes; name another file"
            )));
        }
        let mode = metadata.permissions().mode();
        if mode & 0o077 != 0 {
            let mode = mode & 0o777;
            return Err(wrong(format!(
                "is `{shown}`, which others can reach (mode {mode:03o}), and it is to hold codes; run `chmod 600 {shown}`"
            )));
        }
        Ok(Self { file })
    }

    /// Appends a line with a single write.
    pub(crate) fn append(&self, line: &Line<'_>) -> Result<(), DeliveryError> {
        let mut bytes = serde_json::to_vec(line)
            .map_err(|_| DeliveryError::broken("the message cannot be written as JSON"))?;
        bytes.push(b'\n');
        match (&self.file).write(&bytes) {
            Ok(written) if written == bytes.len() => Ok(()),
            Ok(_) => {
                Err(DeliveryError::unknown("only a part of the line went to `outbox`; is the disk full?"))
            }
            Err(cause) => Err(DeliveryError::unavailable(format!("cannot write to `outbox`: {cause}"))),
        }
    }
}

/// The user as whom this process acts.
fn own_user() -> io::Result<u32> {
    // The owner of this folder is the effective user: proc_pid(5).
    fs::metadata("/proc/self").map(|own| own.uid())
}
