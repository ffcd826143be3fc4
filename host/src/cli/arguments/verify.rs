//! What may be typed after `passrelay verify`.

use super::secret;
use clap::{Args, Subcommand};
use provider_api::Secret;
use std::path::PathBuf;

/// What to do with a verification.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Verify {
    /// Start one, or send the pending one again, and wait for the delivery
    Start(VerifyStart),
    /// Check a code: fails with 1 if it is not the right one
    ///
    /// The code is read from standard input, one line, or from `--code-file`.
    Check(VerifyCheck),
}

/// As whom to call.
#[derive(Debug, Args)]
pub(in crate::cli) struct Caller {
    /// The application's id [default: the only one of the configuration, or the one whose key it is]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) application: Option<String>,
    /// The file whose first line is an API key [default: the first of the application's `api_keys`]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) key_file: Option<PathBuf>,
}

/// A verification that is to be started.
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyStart {
    /// A phone number with `+` and country code, an e-mail address, or what the channel takes
    #[arg(long, value_name = "RECIPIENT", value_parser = secret)]
    pub(in crate::cli) to: Secret,
    /// By which method, for example `sms:code` [default: the first that reaches the recipient]
    #[arg(long, value_name = "METHOD")]
    pub(in crate::cli) method: Option<String>,
    /// Why the person is asked, for example `sign_in`
    #[arg(long, value_name = "PURPOSE")]
    pub(in crate::cli) purpose: Option<String>,
    /// The language of the message, for example `de`
    #[arg(long, value_name = "TAG")]
    pub(in crate::cli) locale: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) caller: Caller,
}

/// A code that is to be checked.
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyCheck {
    /// The verification's id
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: String,
    /// The file whose first line is the code [default: standard input]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) code_file: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) caller: Caller,
}
