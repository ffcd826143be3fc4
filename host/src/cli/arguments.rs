//! What may be typed.

mod limits;
mod verify;

pub(super) use limits::{Limits, Subject};
pub(super) use verify::{Caller, Verify, VerifyStart};

use crate::{
    plugin::{Isolation, Sandbox},
    template::Locale,
};
use clap::{Args, Parser, Subcommand};
use provider_api::{Channel, Secret, is_word};
use std::{convert::Infallible, path::PathBuf};

/// Proves that a person holds a phone number or an e-mail address.
#[derive(Debug, Parser)]
#[command(name = "passrelay", version, propagate_version = true, after_help = EXIT_CODES)]
pub(super) struct Arguments {
    /// The configuration file [default: `passrelay.toml` here if it exists, else built-in defaults]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Write one JSON document instead of text
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// What to do
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  what was asked for failed
  2  wrong usage
  3  mistakes in the configuration: all of them are told";

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve the API until told to stop
    Serve,
    /// Check the configuration and the libraries, then exit
    ///
    /// Fails with 3 if the configuration has mistakes, and with 1 if an enabled provider has no usable library or
    /// does not open. Providers are opened once for it; nothing is sent.
    Check,
    /// Look at everything that somebody who helps would ask first, each with its remedy
    ///
    /// Configuration, providers, files, disk, ports, a server that lives, limits, clock. Fails with 1 if something does
    /// not work. Providers are opened once for it, and make what they make when they open (`dry_run` its outbox); nothing
    /// is sent, and nothing that the server keeps is made or changed.
    Doctor,
    /// Look at providers and their libraries, and try them
    #[command(subcommand)]
    Providers(Providers),
    /// Tell which methods a member would be offered
    Methods(Methods),
    /// Make, list and revoke API keys, and rotate the server's own
    ///
    /// API keys are those of the server that runs, over its admin socket; where none runs, those in its store.
    #[command(subcommand)]
    Keys(Keys),
    /// Find messages, newest first: what became of them, and why one did not arrive
    ///
    /// Of the server that runs, over its admin socket; where none runs, in its store. Recipients are masked.
    Deliveries(Deliveries),
    /// Show how much of each limit is used, and let somebody go
    ///
    /// Of the server that runs, over its admin socket; where none runs, in its store.
    #[command(subcommand)]
    Limits(Limits),
    /// Start and check a verification of the server that runs, as an application would
    ///
    /// Over the public API, at `server.listen`, with an API key of the configuration or of `--key-file`.
    #[command(subcommand)]
    Verify(Verify),
    /// Send a code of your own, outside of any verification
    ///
    /// The code is read from standard input, one line, or from `--code-file`: what stands among the arguments every
    /// user of the machine can read.
    Send(Send),
    /// Copy the store into a new file, also while a server works on it
    ///
    /// The copy is whole and as of one moment. The key file is not in it: without that it cannot be read.
    Backup {
        /// The new file
        #[arg(value_name = "FILE")]
        copy: PathBuf,
    },
}

/// What to do with API keys.
#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Make a key: it is told once
    New(NewKey),
    /// List the keys that were made at run time, without their secrets
    List,
    /// Revoke a key: the next request with it is refused
    Revoke {
        /// The key's id: what stands between `prk_` and the next `_`
        #[arg(value_name = "ID", value_parser = secret)]
        id: Secret,
    },
    /// Add a fresh key to the server's own key file: what is made from its next start on is made under that
    ///
    /// No older line is taken out: what was made under it needs it.
    Rotate,
}

/// A key that is to be made.
#[derive(Debug, Args)]
pub(super) struct NewKey {
    /// The id of the application that calls with it
    #[arg(long, value_name = "ID")]
    pub(super) application: Option<String>,
    /// What it is good for: `application`, `account` (every application) or `operator` (operator routes over TCP)
    #[arg(long, value_name = "SCOPE")]
    pub(super) scope: Option<String>,
    /// What you call it, for example `ci`
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// When it ends, for example `2027-01-31T00:00:00Z` [default: when it is revoked]
    #[arg(long, value_name = "TIME")]
    pub(super) expires_at: Option<String>,
}

/// Which deliveries to find.
#[derive(Debug, Args)]
pub(super) struct Deliveries {
    /// Only those to this phone number, with `+` and country code, or e-mail address
    #[arg(long, value_name = "RECIPIENT", value_parser = secret)]
    pub(super) to: Option<Secret>,
    /// Only those that are `queued`, `sent`, `failed` or `unknown`
    #[arg(long, value_name = "STATUS")]
    pub(super) status: Option<String>,
    /// Only those that failed in this way, for example `not_reachable` or `too_late`
    #[arg(long, value_name = "FAILURE")]
    pub(super) failure: Option<String>,
    /// Only those of this provider
    #[arg(long, value_name = "ID")]
    pub(super) provider: Option<String>,
    /// Only those on this channel
    #[arg(long, value_name = "CHANNEL")]
    pub(super) channel: Option<String>,
    /// Only those of this application
    #[arg(long, value_name = "ID")]
    pub(super) application: Option<String>,
    /// Only those made at this time or later, for example `2026-01-31T00:00:00Z`
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<String>,
    /// Only those made before this time
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<String>,
    /// How many at most, up to 100 [default: 20]
    #[arg(long, value_name = "NUMBER")]
    pub(super) limit: Option<String>,
    /// Those that follow this one: the last line of the list before names it
    #[arg(long, value_name = "ID")]
    pub(super) after: Option<String>,
}

/// What to do with providers.
#[derive(Debug, Subcommand)]
pub(super) enum Providers {
    /// List the configured providers and how they are
    ///
    /// Those of the server that runs, with what happened to them, over its admin socket; where none runs, each is opened
    /// once for it.
    List,
    /// Forget what a provider did: one that is quarantined gets messages again
    ///
    /// Of the server that runs, over its admin socket; where none runs, of the next one.
    Free {
        /// The provider's id
        #[arg(value_name = "ID")]
        provider: String,
    },
    /// Tell all that a library's file says, without running any of it
    Inspect {
        /// The library's file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the JSON Schema of a library's configuration
    Schema {
        /// A provider's or library's id, or a library's file
        #[arg(value_name = "ID_OR_FILE")]
        library: String,
    },
    /// Print the documentation of a library and its keys
    Docs {
        /// A provider's or library's id, or a library's file
        #[arg(value_name = "ID_OR_FILE")]
        library: String,
    },
    /// Send a test message through a provider
    Test(Test),
    /// For authors: make the crate of a new provider
    New(New),
    /// For authors: ask a library everything that holds for all of them
    ///
    /// Nothing is sent: HTTP requests of the library are answered by the sample's `http`.
    Conform(Conform),
    /// For authors: send a test message through a library, without a server
    Try(Try),
}

/// The crate of a new provider.
#[derive(Debug, Args)]
pub(super) struct New {
    /// The provider's id, its crate's and its folder's name: a lower-case word
    #[arg(value_name = "NAME")]
    pub(super) name: String,
    /// Where provider-api is: a path, a git address or a version [default: this program's version of it]
    #[arg(long, value_name = "PATH|GIT|VERSION")]
    pub(super) api: Option<String>,
    /// The folder in which to make the new one
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) directory: PathBuf,
}

/// What to ask, of which library.
#[derive(Debug, Args)]
pub(super) struct Conform {
    /// The library's file
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// A right configuration and a message that is taken [default: `sample.json` here]
    #[arg(long, value_name = "SAMPLE.json")]
    pub(super) sample: Option<PathBuf>,
    /// Where the library runs: `process` or `thread`
    #[arg(long, value_name = "ISOLATION", default_value = "process", value_parser = isolation)]
    pub(super) isolation: Isolation,
    /// What its process may do: `strict`, `network` or `off`
    #[arg(long, value_name = "SANDBOX", default_value = "strict", value_parser = sandbox)]
    pub(super) sandbox: Sandbox,
}

/// What to try, with which keys, and to whom.
#[derive(Debug, Args)]
pub(super) struct Try {
    /// The library's file
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// A TOML file with the library's own keys at its top level: what would stand in `[providers.ID.config]`
    #[arg(long, value_name = "KEYS.toml", required = true)]
    pub(super) config: PathBuf,
    #[command(flatten)]
    pub(super) message: TestMessage,
    /// Let it reach loopback, private and link-local addresses: a service that is only played
    #[arg(long)]
    pub(super) allow_private_addresses: bool,
    /// What its process may do: `strict`, `network` or `off`
    #[arg(long, value_name = "SANDBOX", default_value = "strict", value_parser = sandbox)]
    pub(super) sandbox: Sandbox,
}

/// Which provider to test.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// The provider's id
    #[arg(value_name = "ID")]
    pub(super) provider: String,
    #[command(flatten)]
    pub(super) message: TestMessage,
}

/// Whom to send a test message, and how.
#[derive(Debug, Args)]
pub(super) struct TestMessage {
    /// A phone number with `+` and country code, an e-mail address, or what the channel takes
    #[arg(long, value_name = "RECIPIENT", value_parser = secret)]
    pub(super) to: Secret,
    /// The channel [default: the one that the library serves and that fits the recipient]
    #[arg(long, value_name = "CHANNEL", value_parser = channel)]
    pub(super) channel: Option<Channel>,
    /// Which text to send, for example `sign_in`
    #[arg(long, value_name = "PURPOSE", default_value = "generic", value_parser = purpose)]
    pub(super) purpose: String,
    /// The language of the text, for example `de` [default: that of the number's country, else the site's]
    #[arg(long, value_name = "TAG")]
    pub(super) locale: Option<Locale>,
}

/// A member to be offered methods.
#[derive(Debug, Args)]
pub(super) struct Methods {
    /// The application's id [default: the only one]
    #[arg(value_name = "APPLICATION")]
    pub(super) application: Option<String>,
    /// A field of the member, for example `mobile=+447700900123`; may be given several times
    #[arg(long = "field", value_name = "NAME=VALUE", required = true, value_parser = secret)]
    pub(super) fields: Vec<Secret>,
    /// The application's own id of the member
    #[arg(long, value_name = "ID")]
    pub(super) member_id: Option<String>,
    /// The member's language, for example `en-GB`
    #[arg(long, value_name = "TAG")]
    pub(super) locale: Option<Locale>,
}

/// What to send, to whom, and how.
#[derive(Debug, Args)]
pub(super) struct Send {
    /// A phone number with `+` and country code, an e-mail address, or what the channel takes
    #[arg(long, value_name = "RECIPIENT", value_parser = secret)]
    pub(super) to: Secret,
    /// The channel
    #[arg(long, value_name = "CHANNEL", value_parser = channel)]
    pub(super) channel: Channel,
    /// The provider's id [default: the channel's route]
    #[arg(long, value_name = "ID")]
    pub(super) provider: Option<String>,
    /// The file whose first line is the code [default: standard input]
    #[arg(long, value_name = "FILE")]
    pub(super) code_file: Option<PathBuf>,
    /// The whole text, `{payload}` for the code [default: the configured text, else the built-in one]
    #[arg(long, value_name = "TEXT", value_parser = secret)]
    pub(super) text: Option<Secret>,
    /// Why the person is asked, for example `sign_in`: picks the text
    #[arg(long, value_name = "PURPOSE", default_value = "generic", value_parser = purpose)]
    pub(super) purpose: String,
    /// The language of the text, for example `de` [default: that of the number's country, else the site's]
    #[arg(long, value_name = "TAG")]
    pub(super) locale: Option<Locale>,
}

fn channel(word: &str) -> Result<Channel, provider_api::InvalidChannel> {
    Channel::new(word)
}

fn isolation(word: &str) -> Result<Isolation, &'static str> {
    match word {
        "process" => Ok(Isolation::Process),
        "thread" => Ok(Isolation::Thread),
        _ => Err("it is `process` or `thread`"),
    }
}

fn sandbox(word: &str) -> Result<Sandbox, &'static str> {
    match word {
        "strict" => Ok(Sandbox::Strict),
        "network" => Ok(Sandbox::Network),
        "off" => Ok(Sandbox::Off),
        _ => Err("it is `strict`, `network` or `off`"),
    }
}

fn purpose(word: &str) -> Result<String, &'static str> {
    if is_word(word) { Ok(word.to_owned()) } else { Err("a purpose is a lower-case word such as `sign_in`") }
}

/// Keeps what was typed out of `Debug`.
fn secret(value: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_well_defined() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_help_names_every_exit_code() {
        let help = Arguments::command().render_help().to_string();
        for exit in super::super::Exit::ALL {
            assert!(help.contains(&format!("\n  {}  ", exit.code())), "{help}");
        }
    }

    #[test]
    fn arguments_are_read_wherever_they_stand() {
        let typed = "passrelay send --to +447700900123 --channel sms --code-file c --json --config x.toml";
        let read = Arguments::try_parse_from(typed.split(' ')).unwrap();
        assert!(read.json);
        assert_eq!(read.config, Some("x.toml".into()));
        let Command::Send(send) = read.command else { panic!("{read:?}") };
        assert_eq!(
            (send.to.expose(), send.purpose.as_str(), send.provider),
            ("+447700900123", "generic", None)
        );
        assert_eq!(send.code_file, Some("c".into()));
    }

    #[test]
    fn no_debug_of_arguments_shows_whom_they_are_about() {
        for typed in [
            "passrelay send --to +447700900123 --channel sms --text 447700900123",
            "passrelay providers test dry_run --to +447700900123",
            "passrelay providers try libx.so --config keys.toml --to +447700900123",
            "passrelay methods --field mobile=+447700900123",
            "passrelay deliveries --to +447700900123",
            "passrelay limits show --application web --to +447700900123",
            "passrelay verify start --to +447700900123",
            "passrelay limits free --application web --member 447700900123",
            "passrelay limits free --application web --ip 7700900::",
        ] {
            let shown = format!("{:?}", Arguments::try_parse_from(typed.split(' ')).unwrap());
            assert!(!shown.contains("7700900"), "{shown}");
        }
    }
}
