//! What an operator can say to this provider.

use provider_api::{JsonSchema, Secret, schemars};
use std::path::PathBuf;

/// Sends e-mail through an SMTP server.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The name of the mail server that takes your mail, as it stands in its certificate: `smtp.example.com`.
    pub(crate) host: String,

    /// The port of the mail server. By default 465 for `tls = "implicit"`, 587 for `"starttls"`, 25 for `"none"`.
    #[serde(default)]
    pub(crate) port: Option<u16>,

    /// How the connection is encrypted: `"implicit"` from its first byte, `"starttls"` by the command STARTTLS, without
    /// which nothing is sent, `"none"` for a mail server on this very machine.
    #[serde(default)]
    pub(crate) tls: Tls,

    /// A file with the certificates (PEM) of a certificate authority of your own, trusted in addition to the system's.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub(crate) ca_file: Option<PathBuf>,

    /// The name to log in with, often the mailbox's address. Without it there is no login.
    #[serde(default)]
    pub(crate) username: Option<String>,

    /// The password to log in with; services with a second factor give out an app password for it.
    #[serde(default)]
    pub(crate) password: Option<Secret>,

    /// How to log in: `"plain"`, `"login"` or `"xoauth2"`. By default `"xoauth2"` with a token, else `"plain"` or
    /// `"login"`, whichever the server offers.
    #[serde(default)]
    pub(crate) auth: Option<Auth>,

    /// An OAuth 2.0 access token to log in with in place of a password. It is not refreshed: see `oauth` for that.
    #[serde(default)]
    pub(crate) access_token: Option<Secret>,

    /// Where OAuth 2.0 access tokens come from, in place of `password` and `access_token`.
    #[serde(default)]
    pub(crate) oauth: Option<OAuth>,

    /// Whom the mails are from: `login@example.com` or `Example <login@example.com>`.
    pub(crate) from: String,

    /// Where answers go to, if not to `from`.
    #[serde(default)]
    pub(crate) reply_to: Option<String>,

    /// The member field that holds the e-mail address.
    #[serde(default = "email")]
    pub(crate) member_email_field: String,

    /// Whether a test of this provider sends nothing and only shows what would be sent.
    #[serde(default)]
    pub(crate) dry_run_in_test: bool,

    /// How many connections there are to the server at most. They stay open between mails.
    #[serde(default = "connections")]
    pub(crate) connections: u16,

    /// How this provider introduces itself to the server. By default with the domain of `from`.
    #[serde(default)]
    pub(crate) hello: Option<String>,
}

/// How the connection is encrypted.
#[derive(serde::Deserialize, JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tls {
    /// From the first byte (RFC 8314).
    #[default]
    Implicit,
    /// By STARTTLS, without which nothing is sent (RFC 3207).
    #[serde(rename = "starttls")]
    Upgraded,
    /// Not at all; only to this very machine.
    None,
}

/// How to log in.
#[derive(serde::Deserialize, JsonSchema, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Auth {
    /// SASL PLAIN (RFC 4616).
    Plain,
    /// LOGIN, for servers that know nothing else.
    Login,
    /// An OAuth 2.0 access token.
    Xoauth2,
}

/// Where OAuth 2.0 access tokens come from (RFC 6749).
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OAuth {
    /// The token endpoint of the authorization server, an `https` address.
    pub(crate) token_url: String,

    /// The name under which this application is registered there.
    pub(crate) client_id: String,

    /// The secret of this application.
    #[serde(default)]
    pub(crate) client_secret: Option<Secret>,

    /// The refresh token that the mailbox's owner was given. Without it the application asks for itself (grant type
    /// `client_credentials`).
    #[serde(default)]
    pub(crate) refresh_token: Option<Secret>,

    /// What the token is to be good for, if the authorization server wants to know.
    #[serde(default)]
    pub(crate) scope: Option<String>,
}

fn email() -> String {
    "email".to_owned()
}

fn connections() -> u16 {
    4
}
