//! Makes the folder of a new crate: whole, or not at all, and never over anything that is there.

use crate::cli::trouble::Trouble;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Writes the files into a folder that takes its name when all of them are there.
pub(super) fn make(folder: &Path, files: &[(&str, String)]) -> Result<(), Trouble> {
    let shown = folder.display();
    if folder.symlink_metadata().is_ok() {
        return Err(in_the_way(folder));
    }
    let draft = draft_of(folder);
    let made = write(&draft, files)
        .and_then(|()| Ok(renameat_with(CWD, &draft, CWD, folder, RenameFlags::NOREPLACE)?));
    made.map_err(|cause| {
        // What is left of it stands under a name of its own; who cannot remove it could not make it either.
        let _removed = fs::remove_dir_all(&draft);
        if cause.kind() == io::ErrorKind::AlreadyExists {
            return in_the_way(folder);
        }
        Trouble::new(format!("cannot make `{shown}`: {cause}"))
            .with_hint("name a folder that is there and yours with `--directory DIR`")
    })
}

fn in_the_way(folder: &Path) -> Trouble {
    Trouble::new(format!("`{}` is there already, and nothing is overwritten", folder.display()))
        .with_hint("take another name, or another folder with `--directory DIR`")
}

/// Beside the folder, so that renaming it moves no bytes.
fn draft_of(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().display();
    folder.with_file_name(format!(".{name}.{}.draft", std::process::id()))
}

fn write(draft: &Path, files: &[(&str, String)]) -> io::Result<()> {
    fs::create_dir(draft)?;
    fs::create_dir(draft.join("src"))?;
    files.iter().try_for_each(|(name, text)| fs::write(draft.join(name), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn what_is_there_is_named_and_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "mine").unwrap();
        fs::create_dir(folder.path().join("empty")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
        for name in ["file", "empty", "link"] {
            let told = make(&folder.path().join(name), &[("a", String::new())]).unwrap_err().text();
            assert!(told.contains(&format!("/{name}` is there already")), "{told}");
        }
        assert_eq!(left(folder.path()).len(), 3);
        assert_eq!(fs::read_to_string(folder.path().join("file")).unwrap(), "mine");
    }

    #[test]
    fn what_fails_half_way_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = [("a", String::new()), ("no/such/folder", String::new())];
        let told = make(&folder.path().join("new"), &files).unwrap_err().text();
        assert!(told.contains("cannot make `") && told.contains("\nhint: name a folder"), "{told}");
        assert!(left(folder.path()).is_empty());
    }
}
