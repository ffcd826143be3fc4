//! The host's own tables, and the syntax of the file.

use super::{environment, told};
use crate::config::{Draft, shelf::Shelf};
use std::path::Path;

/// A mistake is told in at most three lines with a hint where one is known; nothing starts.
#[test]
fn each_bad_file_is_told_exactly() {
    for (text, expected) in [
        // syntax
        ("[server\nlisten = \"127.0.0.1:1\"\n", &["1:8: unclosed table, expected `]`"][..]),
        (
            "[log]\nformat = \"json\"\nformat = \"text\"\n",
            &["3:1: the key `format` stands here a second time"],
        ),
        ("[log]\n[log]\n", &["2:2: the key `log` stands here a second time"]),
        ("[applications.web]\nname = \n", &["2:8: string values must be quoted, expected literal string"]),
        // unknown keys
        ("[servr]\n", &["1:2: unknown key `servr`\nhint: did you mean `server`?"]),
        ("[server]\n  lisen = 1\n", &["2:3: unknown key `lisen` in `server`\nhint: did you mean `listen`?"]),
        ("[keys]\nrotation = 1\n", &["2:1: unknown key `rotation` in `keys`\nhint: known here: `file`"]),
        ("[keys]\n\"a\\nb\" = 1\n", &["2:1: unknown key `…` in `keys`\nhint: known here: `file`"]),
        // types
        (
            "server = 1\n",
            &["1:10: `server` must be a table, not a whole number\nhint: write it as `[server]`"],
        ),
        (
            "[keys]\nfile = 1\n",
            &["2:8: `keys.file` must be a text, not a whole number\nhint: write it in quotes: \"…\""],
        ),
        ("[keys]\nfile = \" \"\n", &["2:8: `keys.file` is empty"]),
        (
            "[smscx]\ntoken_life = \"2d\"\n[webhooks]\nallow_private_addresses = 1\n",
            &[
                "2:14: `smscx.token_life` must be one of `1d`, `1w`, `endless`\nhint: did you mean `1d`?",
                "4:27: `webhooks.allow_private_addresses` must be `true` or `false`, not a whole number\nhint: without quotes",
            ],
        ),
        // the host
        (
            "[server]\nlisten = \"localhost:8080\"\n",
            &[
                "2:10: `server.listen` must be an IP address and a port\nhint: for example \"127.0.0.1:8080\"; \
               \"0.0.0.0:8080\" or \"[::]:8080\" for every interface",
            ],
        ),
        (
            "[server]\nadmin = \"localhost:8081\"\n",
            &[
                "2:9: `server.admin` names neither a Unix socket nor an IP address and port\nhint: for example \"unix:passrelay-admin.sock\", \
               \"127.0.0.1:9090\", a list of both, or \"off\" for none",
            ],
        ),
        (
            "[server]\nadmin = [\"unix: \", \"off\", \"unix:a\", \"unix:b\", \"[::1]:1\", 2]\n",
            &[
                "2:10: `server.admin` names neither a Unix socket nor an IP address and port\nhint: for example \"unix:passrelay-admin.sock\", \
               \"127.0.0.1:9090\", a list of both, or \"off\" for none",
                "2:20: `server.admin` names neither a Unix socket nor an IP address and port\nhint: for example \"unix:passrelay-admin.sock\", \
               \"127.0.0.1:9090\", a list of both, or \"off\" for none",
                "2:37: `server.admin` names a second of its kind\nhint: one Unix socket and one address at most",
                "2:58: `server.admin` must be a text, not a whole number\nhint: write it in quotes: \"…\"",
            ],
        ),
        (
            "[server]\nadmin = false\n",
            &["2:9: `server.admin` must be a text, not `true` or `false`\nhint: write it in quotes: \"…\""],
        ),
        (
            "[site]\nsupport_email = \"help\"\n",
            &["2:17: `site.support_email` is no e-mail address: an e-mail address has exactly one `@`"],
        ),
        (
            "store.url = \"postgres://u:hunter2@db/p\"\n",
            &["1:13: `store.url` names PostgreSQL, which comes with a later version of Passrelay\n\
               hint: \"sqlite:passrelay.db\", or \"memory:\", which forgets everything when it ends"],
        ),
        (
            "[store]\nurl = \"sqlite: \"\n",
            &["2:7: `store.url` names no store\n\
               hint: \"sqlite:passrelay.db\", or \"memory:\", which forgets everything when it ends"],
        ),
        (
            "[store]\nurl = \"redis:\"\n",
            &["2:7: `store.url` names no store\n\
               hint: \"sqlite:passrelay.db\", or \"memory:\", which forgets everything when it ends"],
        ),
        (
            "[libraries]\ndirectories = []\n",
            &["2:15: `libraries.directories` is an empty list\nhint: for example [\"providers\"]"],
        ),
        (
            "[libraries]\ndirectories = [\"a\", \"a\"]\ncopies = \"a\"\n",
            &[
                "2:21: `libraries.directories` names this folder a second time",
                "3:10: `libraries.copies` is one of `libraries.directories`\nhint: name a folder of its own",
            ],
        ),
        (
            "[log]\nfilter = \"info,=\"\nformat = \"jsn\"\n",
            &[
                "2:10: `log.filter` is no filter\n\
                 hint: for example \"info\", \"warn,passrelay=debug\" or \"info,provider=trace\"",
                "3:10: `log.format` must be one of `text`, `json`\nhint: did you mean `json`?",
            ],
        ),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn each_mistake_in_the_signers_is_told_exactly() {
    let mistakes: [(&str, &[&str]); 2] = [
        (
            "[libraries]\nsigners = []\n",
            &[
                "2:11: `libraries.signers` is an empty list\nhint: for example [\"RW…\"]; without the key, libraries need no signature",
            ],
        ),
        (
            "[libraries]\nsigners = [\n  \"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\",\n  \"RWQf6LRCGA9i53ml\", 1,\n  \
             \"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\",\n]\n",
            &[
                "4:3: `libraries.signers` is no public key of minisign\nhint: the line of a `.pub` file that begins with `RW`",
                "4:23: `libraries.signers` must be a text, not a whole number\nhint: write it in quotes: \"…\"",
                "5:3: `libraries.signers` names this key a second time",
            ],
        ),
    ];
    for (text, expected) in mistakes {
        assert_eq!(told(text), expected, "{text}");
    }
}

/// Whoever wanted signatures and wrote them down wrongly gets no unsigned library tried.
#[test]
fn a_mistake_in_the_signers_trusts_nobody() {
    let signers = |text: &str| {
        Draft::parse(text, Path::new("p.toml"), environment()).libraries().signers.as_ref().map(Vec::len)
    };
    assert_eq!(signers("[libraries]\ndirectories = [\"a\"]\n"), None);
    for wrong in ["signers = []", "signers = [\"RW\"]", "signers = 1", "signer = [\"RW\"]"] {
        assert_eq!(signers(&format!("[libraries]\n{wrong}\n")), Some(0), "{wrong}");
    }
}

/// It is made under another name, `.PID`, which may be longer than its own.
#[test]
fn a_socket_whose_path_is_too_long_is_a_mistake() {
    let written = |name: &str| format!("[server]\nadmin = \"unix:/run/{name}\"\n");
    for name in ["x".repeat(103), format!("{}/s", "x".repeat(94))] {
        let expected = "2:9: `server.admin` needs a path of 108 bytes; a socket's has at most 107\nhint: name a shorter one, \
            for example \"unix:/run/passrelay/admin.sock\", or \"off\" for none";
        assert_eq!(told(&written(&name)), [expected]);
    }
    for name in ["x".repeat(102), format!("{}/s", "x".repeat(93))] {
        assert_eq!(told(&written(&name)), [""; 0]);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_one_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere.toml");
    let load = |path: &Path| {
        Draft::load(Some(path), environment()).finish_with(&Shelf::new([], &[], &[])).unwrap_err().to_string()
    };
    assert_eq!(
        load(&path),
        format!(
            "{}: cannot be read: No such file or directory (os error 2)\nhint: name another file with `--config FILE`\n\
             1 mistake: nothing is started",
            path.display()
        )
    );
    let latin = folder.path().join("latin.toml");
    std::fs::write(&latin, b"[site]\nname = \"caf\xe9\"\n").unwrap();
    assert_eq!(
        load(&latin),
        format!("{}:2:12: this is no UTF-8\n1 mistake: nothing is started", latin.display())
    );
}
