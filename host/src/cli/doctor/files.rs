//! The key file, the store and their folders: whose they are, and whether there is room.

use super::{Finding, older};
use crate::{
    cli::page::one_line,
    config::{Config, Store},
    seal::{Chance, Keys},
    store::{self, Look},
};
use jiff::Timestamp;
use rustix::fs::{Access, access, statvfs};
use std::{
    fs::{self, Metadata},
    io::ErrorKind,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

/// With less free space than this somebody should look, and with less than that the store soon takes nothing more.
const ROOM: (u64, u64) = (512 * 1024 * 1024, 32 * 1024 * 1024);

/// Looks at what stands on the disk.
pub(super) fn look(config: &Config, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![keys(&config.keys)];
    findings.extend(folder("key file", &config.keys, true));
    match &config.store {
        Store::Memory => {
            let remedy = "say `url = \"sqlite:passrelay.db\"` in `[store]`";
            findings.push(Finding::warn(
                "store",
                "`memory:` forgets everything when the server ends",
                remedy,
            ));
        }
        Store::Sqlite(path) => {
            let (store, looked) = kept(path, now);
            findings.push(store);
            findings.extend(looked.iter().flat_map(|look| older::look(&config.keys, &look.hanging)));
            findings.extend(folder("store", path, false));
            findings.extend(room(path));
        }
    }
    findings
}

/// Reads the keys as the server would; one that is not there yet is not made.
fn keys(path: &Path) -> Finding {
    match fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            Finding::ok("key file", format!("`{}` is made at the first start", path.display()))
        }
        _ => match Keys::open_or_create(path, &Chance::system()) {
            Ok(keys) => {
                let count = keys.newest_first().count();
                let newest = keys.newest().id();
                let detail = format!(
                    "`{}` is its owner's alone; keys: {count}, the newest `{newest}`",
                    path.display()
                );
                Finding::ok("key file", detail)
            }
            Err(error) => Finding::failed("key file", &error, "see who owns it, and which mode it has"),
        },
    }
}

/// The store's file, and whether it is whole.
fn kept(path: &Path, now: Timestamp) -> (Finding, Option<Look>) {
    match unreachable(path, now) {
        Some(finding) => (finding, None),
        None => whole(path, now),
    }
}

/// Why the store's file is not looked into, if something about the file itself is wrong.
fn unreachable(path: &Path, now: Timestamp) -> Option<Finding> {
    let shown = path.display();
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            return Some(Finding::ok("store", format!("`{shown}` is made at the first start")));
        }
        Err(cause) => {
            return Some(Finding::fail(
                "store",
                format!("`{shown}`: {cause}"),
                "let the server's user read and write it",
            ));
        }
    };
    if !found.is_file() {
        return Some(Finding::fail("store", format!("`{shown}` is no file"), "name a file in `store.url`"));
    }
    let mode = found.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Some(Finding::fail(
            "store",
            format!("`{shown}` is open to others (mode {mode:04o})"),
            format!("chmod 600 {shown}"),
        ));
    }
    if access(path, Access::READ_OK | Access::WRITE_OK).is_err() {
        return Some(Finding::fail(
            "store",
            format!("`{shown}` cannot be written"),
            "let the server's user read and write it",
        ));
    }
    if is_of_the_future(&found, now) {
        let detail = format!("`{shown}` was written in the future: the clock was set back");
        return Some(Finding::warn("store", detail, "set the clock; codes live by it"));
    }
    None
}

/// What a look into the store finds.
fn whole(path: &Path, now: Timestamp) -> (Finding, Option<Look>) {
    let shown = path.display();
    match store::look(path, now) {
        Ok(look) => {
            let finding = if let Some(wrong) = &look.wrong {
                let remedy = "stop the server and put a backup in its place";
                Finding::fail("store", format!("`{shown}` is damaged: {}", one_line(wrong)), remedy)
            } else {
                let size = fs::metadata(path).map_or(0, |found| found.len()) / 1024;
                let Look { schema, records, .. } = look;
                let detail = format!("`{shown}` is whole: {records} records, {size} KiB, schema {schema}");
                Finding::ok("store", detail)
            };
            (finding, Some(look))
        }
        Err(fault) => {
            let finding = Finding::failed("store", &fault, "see who owns it, and what the system's log says");
            (finding, None)
        }
    }
}

/// By more than a time server would set a clock.
fn is_of_the_future(found: &Metadata, now: Timestamp) -> bool {
    found.mtime() > now.as_second() + 300
}

/// The folder in which a file lies, or is to be made: whoever may write to it can put another file in its place.
fn folder(name: &'static str, file: &Path, is_secret: bool) -> Option<Finding> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let shown = folder.display();
    let found = match fs::metadata(folder) {
        Ok(found) => found,
        Err(cause) => {
            return Some(Finding::fail(
                name,
                format!("its folder `{shown}`: {cause}"),
                format!("mkdir -m 700 {shown}"),
            ));
        }
    };
    if (!file.exists() || !is_secret) && access(folder, Access::WRITE_OK).is_err() {
        let detail = format!("its folder `{shown}` cannot be written");
        return Some(Finding::fail(name, detail, "let the server's user write to it"));
    }
    // In a folder with the sticky bit nobody but its owner may replace a file.
    let mode = found.mode() & 0o7777;
    if mode & 0o022 != 0 && mode & 0o1000 == 0 {
        let detail = format!("others may write to its folder `{shown}` (mode {mode:04o}), and so replace it");
        return Some(Finding::warn(name, detail, format!("chmod go-w {shown}")));
    }
    None
}

/// How much the disk of the store still takes.
fn room(store: &Path) -> Option<Finding> {
    let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let disk = statvfs(folder).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let detail = format!("{} MiB are free for the store", free / 1024 / 1024);
    let remedy = "make room: a full disk takes no start and no check";
    Some(match free {
        free if free < ROOM.1 => Finding::fail("disk", detail, remedy),
        free if free < ROOM.0 => Finding::warn("disk", detail, remedy),
        _ => Finding::ok("disk", detail),
    })
}
