//! What left, as `dry_run` writes it down.

use super::{Codes, Witness, word};
use serde_json::Value;
use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

/// The outbox of `dry_run`, read as it grows.
#[derive(Debug)]
pub struct Delivered {
    file: PathBuf,
    read: u64,
    /// The code of each message.
    pub codes: Codes,
    /// The messages that came marked as repeated.
    pub repeated: HashSet<String>,
}

impl Delivered {
    /// What is delivered into this file.
    pub fn into(file: &Path) -> Self {
        Self { file: file.to_owned(), read: 0, codes: Codes::new(), repeated: HashSet::new() }
    }

    /// Reads what came since.
    ///
    /// # Panics
    ///
    /// When a message came twice without being marked as repeated, or with another code.
    pub fn update(&mut self) {
        let fresh = self.fresh().unwrap_or_default();
        let Some(end) = fresh.iter().rposition(|byte| *byte == b'\n') else { return };
        for line in fresh[..end].split(|byte| *byte == b'\n') {
            let line: Value = serde_json::from_slice(line).expect("a line of JSON");
            let (message, code) = (word(&line["message"]), word(&line["code"]));
            if let Some(first) = self.codes.get(&message) {
                assert_eq!(line["repeated"], true, "a message came twice and is not marked: {message}");
                assert_eq!(first, &code, "a message came again with another code: {message}");
            }
            if line["repeated"] == true {
                self.repeated.insert(message.clone());
            }
            self.codes.insert(message, code);
        }
        self.read += end as u64 + 1;
    }

    /// What stands in the file behind what was read; it may not be there yet.
    fn fresh(&self) -> io::Result<Vec<u8>> {
        let (mut file, mut fresh) = (File::open(&self.file)?, Vec::new());
        file.seek(SeekFrom::Start(self.read))?;
        file.read_to_end(&mut fresh)?;
        Ok(fresh)
    }

    /// Reads until every message is there that these callers must get.
    ///
    /// # Panics
    ///
    /// When one never comes.
    pub async fn wait_for<'a>(&mut self, callers: impl IntoIterator<Item = &'a Witness>) {
        let mut open: Vec<&str> = callers.into_iter().flat_map(Witness::expected).collect();
        for _ in 0..1_200 {
            self.update();
            open.retain(|message| !self.codes.contains_key(*message));
            if open.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} messages never left: {open:?}", open.len());
    }
}
