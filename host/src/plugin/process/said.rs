//! What a process writes to its standard error: its last words, and what its sandbox refused.

use crate::plugin::{log::Log, sandbox::read_refusal};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::ChildStderr,
};

/// Lines of one process's standard error that are passed on to the log.
const MOST_LINES: usize = 200;

/// The bytes of a line that are read: what is shown of it ends well before.
const LONGEST_LINE: u64 = 4096;

/// Passes what a process writes to its standard error on to the log: cleaned, cut, and not for ever.
pub(super) async fn pass_on(errors: ChildStderr, log: Log) {
    let mut errors = BufReader::new(errors);
    let mut said = 0;
    loop {
        let mut line = Vec::new();
        match (&mut errors).take(LONGEST_LINE).read_until(b'\n', &mut line).await {
            Ok(1..) => {}
            _ => return,
        }
        let text = String::from_utf8_lossy(&line);
        let mut text = text.trim_end();
        // Told however much was said before.
        if let Some((before, refused, call)) = read_refusal(text) {
            log.refused(refused, call);
            text = before;
        }
        if said < MOST_LINES && !(text.is_empty() && line.starts_with(b"passrelay-sandbox")) {
            said += 1;
            log.said(text);
        }
        // The rest of an endless line is no line of its own: half a secret at its beginning would not be known for one.
        let mut more = !line.ends_with(b"\n");
        while more {
            line.clear();
            let read = (&mut errors).take(LONGEST_LINE).read_until(b'\n', &mut line).await;
            more = read.is_ok_and(|bytes| bytes > 0) && !line.ends_with(b"\n");
        }
        // Read to the end all the same: a full pipe would block the process.
    }
}
