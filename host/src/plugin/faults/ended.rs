//! What the last threads of earlier servers left behind, read at the next start.

use crate::plugin::{crash::EXIT, trial};
use jiff::Timestamp;
use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::{fs::OpenOptionsExt, process::ExitStatusExt},
    path::Path,
    process::ExitStatus,
};

/// The most bytes that are read: hundreds of lines, where each start finds one.
const LONGEST: u64 = 64 << 10;

/// A provider that ended the server, as its thread wrote it down.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) provider: String,
    /// The SHA-256 of its library.
    pub(super) library: String,
    /// How, in words.
    pub(super) how: String,
}

/// Who they were, when the last of them did it, and the file, to be emptied once that is kept elsewhere.
pub(super) fn read(file: &Path) -> io::Result<Option<(Vec<Ended>, Timestamp, File)>> {
    let opened = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOFOLLOW).open(file);
    let file = match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let at = Timestamp::try_from(file.metadata()?.modified()?).map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    (&file).take(LONGEST).read_to_end(&mut bytes)?;
    let lines: Vec<_> = String::from_utf8_lossy(&bytes).lines().filter_map(line).collect();
    Ok(Some((lines, at, file)))
}

/// One line; what is no whole one says nothing.
fn line(line: &str) -> Option<Ended> {
    let mut words = line.split(' ');
    let (provider, library, signal) = (words.next()?, words.next()?, words.next()?.parse().ok()?);
    let is_hash = library.len() == 64 && library.bytes().all(|byte| byte.is_ascii_hexdigit());
    let how = if signal == EXIT { "exit".to_owned() } else { trial::ending(ExitStatus::from_raw(signal)) };
    let whole = provider_api::is_word(provider) && is_hash && words.next().is_none();
    whole.then(|| Ended { provider: provider.to_owned(), library: library.to_owned(), how })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_provider_library_and_signal_and_one_that_was_cut_off_nothing() {
        let hash = "0a".repeat(32);
        let ended = |text: &str| line(text).map(|ended| (ended.provider, ended.how));
        let told = |how: &str| Some(("sms".to_owned(), how.to_owned()));
        assert_eq!(ended(&format!("sms {hash} 11")), told("signal 11 (SIGSEGV)"));
        assert_eq!(ended(&format!("sms {hash} 00")), told("exit"));
        for cut in [
            "",
            "sms",
            "sms 0a 11",
            &format!("sms {hash}"),
            &format!("sms {hash} 11 x"),
            &format!("S-S {hash} 11"),
        ] {
            assert_eq!(ended(cut), None, "{cut}");
        }
    }
}
