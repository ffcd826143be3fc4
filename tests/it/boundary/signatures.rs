//! Where the operator names signers, a library without the signature of one of them is not even looked into.

use harness::{Author, Dropped, built, program};
use passrelay::plugin::{Libraries, LibrarySettings, Refusal, Signer};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

/// Puts something where the signature should be: into this folder, with this text.
type Put = fn(&Path, &str);

async fn scan(dropped: &Dropped, signers: &[Signer]) -> Libraries {
    let settings = LibrarySettings { signers: Some(signers.to_vec()), ..dropped.settings() };
    Libraries::scan(&settings, &program()).await
}

/// Why the only file there is refused; its note was not read, and nothing was copied.
async fn refused(dropped: &Dropped, signers: &[Signer]) -> Refusal {
    let libraries = scan(dropped, signers).await;
    assert!(libraries.found().is_empty(), "{libraries:?}");
    let [refusal] = libraries.refused() else { panic!("{:?}", libraries.refused()) };
    let line = refusal.to_string();
    assert!(
        line.lines().count() == 1 && line.chars().count() < 300 + refusal.file.as_os_str().len(),
        "{line}"
    );
    assert!(refusal.id.is_none() && refusal.hint.is_some(), "{line}");
    assert_eq!(fs::read_dir(dropped.path().join("copies")).unwrap().count(), 0, "a copy is left");
    refusal.clone()
}

fn file(dropped: &Dropped) -> std::path::PathBuf {
    dropped.path().join("providers/libdry_run.so")
}

fn signature(dropped: &Dropped) -> std::path::PathBuf {
    dropped.path().join("providers/libdry_run.so.minisig")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_one_of_the_signers_signed_is_taken() {
    let (one, other) = (Author::new(), Author::new());
    let dropped = Dropped::with(&["dry_run"]);
    other.sign_file(&file(&dropped));
    let libraries = scan(&dropped, &[one.signer(), other.signer()]).await;
    let library = libraries.by_id("dry_run").unwrap_or_else(|| panic!("{:?}", libraries.refused()));
    assert_eq!(library.signer, Some(other.signer().id()));
    // Without signers, the same file is taken as it always was.
    assert_eq!(dropped.scan().await.by_id("dry_run").unwrap().signer, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_signature_is_told_apart() {
    let (trusted, stranger) = (Author::new(), Author::new());
    let library = fs::read(built("dry_run")).unwrap();
    let good = trusted.sign(&library);
    let wrong = |text: &str| text.to_owned().into_bytes();
    let of = |author: &Author| author.signer().id().to_string();
    let of_stranger = format!("of the key {}; `libraries.signers` has {}", of(&stranger), of(&trusted));
    let does_not_fit = format!("of the key {}, does not fit the file", of(&trusted));
    let cases: [(Option<Vec<u8>>, &str); 9] = [
        (None, "it is not signed: there is no `libdry_run.so.minisig`"),
        (Some(wrong("signed, honestly")), "its signature `libdry_run.so.minisig` is none of minisign's"),
        (Some(Vec::new()), "is none of minisign's"),
        (Some(b"\xff\xfe\n".repeat(4)), "is none of minisign's"),
        (Some(good.clone().into_bytes().into_iter().take(200).collect()), "is none of minisign's"),
        (Some(vec![b'\n'; 4097]), "4097 bytes, and no signature is larger than 4 KiB"),
        (Some(wrong(&stranger.sign(&library))), &of_stranger),
        (Some(wrong(&trusted.sign(b"another file"))), &does_not_fit),
        (Some(wrong(&good.replace("a library", "b library"))), &does_not_fit),
    ];
    for (bytes, reason) in cases {
        let dropped = Dropped::with(&["dry_run"]);
        if let Some(bytes) = bytes {
            fs::write(signature(&dropped), bytes).unwrap();
        }
        let refusal = refused(&dropped, &[trusted.signer()]).await;
        assert!(refusal.reason.contains(reason), "{refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_read_with_the_same_care_as_its_library() {
    let author = Author::new();
    let put_link = |folder: &Path, text: &str| {
        fs::write(folder.join("elsewhere"), text).unwrap();
        symlink(folder.join("elsewhere"), folder.join("libdry_run.so.minisig")).unwrap();
    };
    let put_folder = |folder: &Path, _: &str| fs::create_dir(folder.join("libdry_run.so.minisig")).unwrap();
    let put_writable = |folder: &Path, text: &str| {
        let file = folder.join("libdry_run.so.minisig");
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    };
    let put: [(Put, &str); 3] = [
        (put_link, "a symbolic link"),
        (put_folder, "not a regular file"),
        (put_writable, "may be written by others"),
    ];
    for (put, reason) in put {
        let dropped = Dropped::with(&["dry_run"]);
        put(&dropped.path().join("providers"), &author.sign(&fs::read(file(&dropped)).unwrap()));
        let refusal = refused(&dropped, &[author.signer()]).await;
        assert!(refusal.reason.starts_with("its signature `libdry_run.so.minisig`: "), "{refusal}");
        assert!(refusal.reason.contains(reason), "{refusal}");
    }
}

/// Trap A4: a constructor would run before anybody could check anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_changed_after_it_was_signed_is_neither_parsed_nor_run() {
    let author = Author::new();
    let mut library = fs::read(built("ctor_abort")).unwrap();
    let signature = author.sign(&library);
    for byte in [0, 18, library.len() / 2, library.len() - 1] {
        let dropped = Dropped::new();
        library[byte] ^= 1;
        dropped.put("libctor_abort.so", &library);
        library[byte] ^= 1;
        dropped.put("libctor_abort.so.minisig", signature.as_bytes());
        let refusal = refused(&dropped, &[author.signer()]).await;
        assert!(refusal.reason.ends_with("does not fit the file"), "{refusal}");
    }
    // As it was signed, it is tried: the signature says whose it is, not what it does.
    let dropped = Dropped::with(&["ctor_abort"]);
    dropped.put("libctor_abort.so.minisig", signature.as_bytes());
    let libraries = scan(&dropped, &[author.signer()]).await;
    assert!(libraries.refused()[0].reason.contains("SIGABRT"), "{:?}", libraries.refused());
}

/// Where every key in the list was a mistake, nobody is trusted.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_that_can_be_read_nothing_is_taken() {
    let dropped = Dropped::with(&["dry_run"]);
    Author::new().sign_file(&file(&dropped));
    let refusal = refused(&dropped, &[]).await;
    assert!(refusal.reason.ends_with("`libraries.signers` has none that can be read"), "{refusal}");
}
