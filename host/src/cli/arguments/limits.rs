//! What may be typed after `passrelay limits`.

use super::secret;
use clap::{Args, Subcommand};
use provider_api::Secret;

/// What to do with limits.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Limits {
    /// Show how much of each limit is used
    Show(Subject),
    /// Forget what was counted, locks as well
    ///
    /// A member who is locked has two counts, the recipient's and the member's own: free both.
    Free(Subject),
}

/// Whom limits are about.
#[derive(Debug, Args)]
pub(in crate::cli) struct Subject {
    /// The application's id
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) application: String,
    #[command(flatten)]
    pub(in crate::cli) whom: Whom,
}

/// At most one of them; without any the application as a whole.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(in crate::cli) struct Whom {
    /// A phone number with `+` and country code, an e-mail address, or what the channel takes
    #[arg(long, value_name = "RECIPIENT", value_parser = secret)]
    pub(in crate::cli) to: Option<Secret>,
    /// The application's own id of a member
    #[arg(long, value_name = "ID", value_parser = secret)]
    pub(in crate::cli) member: Option<Secret>,
    /// The identity of an entity with authenticator apps
    #[arg(long, value_name = "IDENTITY", value_parser = secret)]
    pub(in crate::cli) entity: Option<Secret>,
    /// The id of an API key, or of one in the configuration `sha256:` and its digest
    #[arg(long, value_name = "ID", value_parser = secret)]
    pub(in crate::cli) api_key: Option<Secret>,
    /// The network address of members
    #[arg(long, value_name = "IP", value_parser = secret)]
    pub(in crate::cli) ip: Option<Secret>,
}
