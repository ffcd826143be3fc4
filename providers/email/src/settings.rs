//! What the configuration means, with every mistake told that can be known before a mail is sent.

use crate::{
    Email,
    config::{Auth, Config, Tls},
    connect::Server,
    login::{Login, Token},
    mail::{Author, clean},
    oauth::OAuthClient,
    relay::Relay,
};
use lettre::{
    message::Mailbox,
    transport::smtp::{
        authentication::Mechanism,
        client::{Certificate, TlsParameters},
        extension::ClientId,
    },
};
use provider_api::{DeliveryError, EmailAddress, Host, Secret};
use std::{net::IpAddr, path::Path};

/// The most connections of one provider.
const MOST_CONNECTIONS: u16 = 64;

fn wrong(text: impl Into<String>) -> DeliveryError {
    DeliveryError::misconfigured(text)
}

/// Reads the configuration. Sends nothing and needs no network.
pub(crate) fn provider(config: Config, host: Host) -> Result<Email, DeliveryError> {
    let author = author(&config)?;
    if config.member_email_field.trim().is_empty() {
        return Err(wrong("`member_email_field` is empty; it names a field of the member such as `email`"));
    }
    if !(1..=MOST_CONNECTIONS).contains(&config.connections) {
        return Err(wrong(format!("`connections` is a number from 1 to {MOST_CONNECTIONS}")));
    }
    let server = server(&config, &author)?;
    let (member_field, dry_run_in_test) = (config.member_email_field.clone(), config.dry_run_in_test);
    let connections = usize::from(config.connections);
    let login = login(config, &host)?;
    Ok(Email { relay: Relay::new(server, login, connections), author, member_field, dry_run_in_test, host })
}

fn author(config: &Config) -> Result<Author, DeliveryError> {
    let from = mailbox("from", &config.from)?;
    let reply_to = config.reply_to.as_deref().map(|text| mailbox("reply_to", text)).transpose()?;
    Ok(Author { from, reply_to })
}

/// Reads `a@b` or `Name <a@b>`.
fn mailbox(key: &str, text: &str) -> Result<Mailbox, DeliveryError> {
    if text.chars().any(char::is_control) {
        return Err(wrong(format!("`{key}` holds a line break or another control character; remove it")));
    }
    let (name, address) = match text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim(), address),
        None => ("", text),
    };
    let name = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(name).trim();
    let form = "write `login@example.com` or `Example <login@example.com>`";
    let address =
        EmailAddress::parse(address).map_err(|why| wrong(format!("`{key}` is no mailbox: {why}; {form}")))?;
    let address = address.as_str().parse().map_err(|_| wrong(format!("`{key}` is no mailbox; {form}")))?;
    Ok(Mailbox::new((!name.is_empty()).then(|| clean(name)), address))
}

fn server(config: &Config, author: &Author) -> Result<Server, DeliveryError> {
    let host = config.host.trim();
    if host.is_empty()
        || host.len() > 255
        || !host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:_".contains(&b))
    {
        return Err(wrong(
            "`host` is no name of a server; write it alone, as in `smtp.example.com`, and the port in `port`",
        ));
    }
    let ip = host.parse::<IpAddr>();
    if ip.is_err() && host.contains(':') {
        return Err(wrong("`host` holds a port; write the name alone and the port in `port`"));
    }
    let loopback = ip.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |ip| ip.is_loopback());
    if config.tls == Tls::None && !loopback {
        return Err(wrong(
            "`tls` is \"none\" and `host` is another machine: codes would travel unencrypted; use \"implicit\" or \"starttls\"",
        ));
    }
    if config.tls == Tls::None && config.ca_file.is_some() {
        return Err(wrong("`ca_file` is of no use with `tls = \"none\"`; remove one of them"));
    }
    if config.port == Some(0) {
        return Err(wrong("`port` is 0; usual ports are 465 and 587"));
    }
    let port = config.port.unwrap_or(match config.tls {
        Tls::Implicit => 465,
        Tls::Upgraded => 587,
        Tls::None => 25,
    });
    let hello = config.hello.as_deref().map_or_else(|| author.from.email.domain(), str::trim);
    if hello.is_empty() || hello.len() > 255 || !hello.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(wrong("`hello` is no name of a machine; write it as in `otp.example.com`"));
    }
    let hello = ClientId::Domain(hello.to_owned());
    let tls_parameters =
        if config.tls == Tls::None { None } else { Some(tls_parameters(host, config.ca_file.as_deref())?) };
    Ok(Server { host: host.to_owned(), port, tls: config.tls, tls_parameters, hello })
}

fn tls_parameters(host: &str, ca_file: Option<&Path>) -> Result<TlsParameters, DeliveryError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(file) = ca_file {
        for certificate in certificates(file)? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build_rustls().map_err(|cause| match ca_file {
        Some(file) => wrong(format!("`ca_file` is `{}`, which holds no usable certificate: {cause}", file.display())),
        None => wrong(format!(
            "the system has no certificates to judge servers by; install them (`ca-certificates`) or set `ca_file`: {cause}"
        )),
    })
}

fn certificates(file: &Path) -> Result<Vec<Certificate>, DeliveryError> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let shown = file.display();
    let pem = std::fs::read(file)
        .map_err(|cause| wrong(format!("`ca_file` is `{shown}`, which cannot be read: {cause}")))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.ok().filter(|found| !found.is_empty());
    let none = || wrong(format!("`ca_file` is `{shown}`, which is no PEM file with certificates"));
    let read = |der: CertificateDer<'_>| Certificate::from_der(der.to_vec()).map_err(|_| none());
    found.ok_or_else(none)?.into_iter().map(read).collect()
}

fn login(config: Config, host: &Host) -> Result<Login, DeliveryError> {
    let Config { username, password, auth, access_token, oauth, .. } = config;
    let given = [password.is_some(), access_token.is_some(), oauth.is_some()];
    let username = username.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let Some(username) = username else {
        return match (given.contains(&true), auth) {
            (false, None) => Ok(Login::None),
            (true, _) => Err(wrong(
                "`username` is missing; whoever has a password or a token has a name to log in with",
            )),
            (false, Some(_)) => Err(wrong("`auth` is set and `username` is missing; set both or neither")),
        };
    };
    if given.iter().filter(|given| **given).count() > 1 {
        return Err(wrong(
            "only one of `password`, `access_token` and `oauth` can be set; remove the others",
        ));
    }
    let by_token = match (&password, auth) {
        (None, None | Some(Auth::Xoauth2)) => true,
        (None, Some(_)) if given.contains(&true) => {
            return Err(wrong("`auth` takes a password and a token is set; remove `auth` or set `password`"));
        }
        (Some(_), Some(Auth::Xoauth2)) => {
            return Err(wrong(
                "`auth` is \"xoauth2\", which takes `access_token` or `oauth`, and `password` is set",
            ));
        }
        _ => false,
    };
    if by_token {
        let token = match (access_token, oauth) {
            (Some(token), _) => Token::Fixed(sendable("access_token", token)?),
            (None, Some(oauth)) => Token::Fetched(Box::new(OAuthClient::new(oauth, host.clone())?)),
            (None, None) => {
                return Err(wrong(
                    "`username` is set without anything to prove it; set `password`, `access_token` or `oauth`",
                ));
            }
        };
        return Ok(Login::Token { username, token });
    }
    let Some(password) = password else {
        return Err(wrong("`password` is missing; `auth` and `username` are of no use without it"));
    };
    let mechanisms = match auth {
        Some(Auth::Plain) => &[Mechanism::Plain][..],
        Some(Auth::Login) => &[Mechanism::Login],
        _ => &[Mechanism::Plain, Mechanism::Login],
    };
    Ok(Login::Password { username, password: sendable("password", password)?, mechanisms })
}

/// A line break in a secret is a slip of the file it came from, and a NUL cannot be sent by PLAIN.
fn sendable(key: &str, secret: Secret) -> Result<Secret, DeliveryError> {
    match secret.expose() {
        "" => Err(wrong(format!("`{key}` is empty; set it or remove it"))),
        text if text.chars().any(char::is_control) => {
            Err(wrong(format!("`{key}` holds a line break or another control character; remove it")))
        }
        _ => Ok(secret),
    }
}
