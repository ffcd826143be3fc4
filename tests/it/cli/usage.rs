//! Help, wrong usage, and a reader that has gone away.

use super::CONFIGURATION;
use harness::Console;
use std::process::Stdio;

#[test]
fn help_and_version_go_to_standard_output() {
    let console = Console::with(&[]);
    for (arguments, words) in [
        ("--help", "Exit codes:\n  0  done\n"),
        ("help", "Usage: "),
        ("serve --help", "Serve the API until told to stop"),
        ("providers --help", "Send a test message through a provider"),
        ("--version", "passrelay 0.1.0"),
    ] {
        let told = console.run(arguments);
        assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
        assert!(told.out.contains(words), "{told:?}");
    }
}

#[test]
fn wrong_usage_is_told_in_two_lines_and_repeats_no_secret() {
    let console = Console::with(&[]);
    for (arguments, what) in [
        ("frobnicate", "unrecognized subcommand 'frobnicate'"),
        ("serve --prot 1", "unexpected argument '--prot'"),
        ("check 482913", "one argument too many"),
        ("send", "required arguments were not provided: --to <RECIPIENT> --channel <CHANNEL>"),
        ("send --to a --channel SMS", "`SMS` is no channel"),
        ("send --to a --channel sms --code 482913", "unexpected argument '--code' found"),
        ("send --to a --channel sms --code=482913", "unexpected argument '--code' found"),
        ("send --to a --channel sms 482913", "one argument too many"),
        ("providers inspect", "required arguments were not provided: <FILE>"),
        ("methods", "required arguments were not provided: --field <NAME=VALUE>"),
    ] {
        let told = console.run(arguments);
        told.is_trouble(2, what, "");
        assert!(told.err.lines().count() == 2 && !told.err.contains("482913"), "{told:?}");
    }
    assert_eq!(console.run("").code, 2);
    assert_eq!(console.run("providers").code, 2);
}

/// `passrelay … | head -1` must not end in a panic.
#[test]
fn a_reader_that_has_gone_away_is_no_reason_to_panic() {
    let console = Console::configured(CONFIGURATION);
    for arguments in
        ["--help", "check", "check --json", "providers docs dry_run", "providers docs nobody", "frobnicate"]
    {
        for closed_err in [false, true] {
            let mut command = console.command(arguments.split(' '));
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            drop(child.stdout.take());
            if closed_err {
                drop(child.stderr.take());
            }
            let output = child.wait_with_output().unwrap();
            let err = String::from_utf8(output.stderr).unwrap();
            assert!(
                output.status.code().is_some_and(|code| code <= 2),
                "{arguments}: {:?} {err}",
                output.status
            );
            assert!(!err.contains("panicked"), "{arguments}: {err}");
        }
    }
}
