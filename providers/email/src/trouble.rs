//! What is wrong when the server cannot be talked to, in words that say what to change.

use crate::{config::Tls, connect::Server, refusal, stage::Stage};
use lettre::transport::smtp::Error;
use provider_api::DeliveryError;
use rustls::{CertificateError, Error as TlsError};
use std::{
    error::Error as StdError,
    io::{self, ErrorKind},
};

/// A conversation that broke off at this stage, or a reply that refuses.
pub(crate) fn during(stage: Stage, server: &Server, cause: &Error) -> DeliveryError {
    if cause.status().is_some() {
        return refusal::of(stage, cause);
    }
    let server = server.named();
    if stage == Stage::End {
        return DeliveryError::unknown(format!(
            "the connection to {server} was lost before it confirmed the mail; it may have taken it"
        ));
    }
    DeliveryError::unavailable(format!(
        "the connection to {server} was lost while {}; the mail was not taken",
        stage.doing()
    ))
}

/// A handing-over whose time was over at this stage.
pub(crate) fn out_of_time(stage: Stage, server: &Server) -> DeliveryError {
    let named = server.named();
    match (stage, server.tls) {
        (Stage::End, _) => {
            DeliveryError::unknown(format!("{named} did not confirm the mail in time; it may have taken it"))
        }
        (Stage::Queue, _) => {
            DeliveryError::unavailable("all connections to the mail server are in use; raise `connections`")
        }
        (Stage::Token, _) => DeliveryError::unavailable(
            "`oauth.token_url` gave no access token in time; the mail was not sent",
        ),
        (Stage::Connect, Tls::Implicit) => DeliveryError::unavailable(format!(
            "{named} accepts the connection and says nothing; if it wants STARTTLS, as on port 587, set `tls = \"starttls\"`"
        )),
        (Stage::Connect, _) => DeliveryError::unavailable(format!(
            "{named} accepts the connection and says nothing; if it speaks TLS from the first byte, as on port 465, set `tls = \"implicit\"`"
        )),
        _ => DeliveryError::unavailable(format!(
            "{named} did not answer in time while {}; the mail was not taken",
            stage.doing()
        )),
    }
}

/// A connection that did not come about.
pub(crate) fn connecting(server: &Server, cause: &Error) -> DeliveryError {
    if cause.status().is_some() {
        return refusal::of(Stage::Connect, cause);
    }
    if let Some(tls) = tls_error(cause) {
        return encrypting(server, tls);
    }
    unreached(server, io_error(cause).map(io::Error::kind))
}

/// A connection that the system could not make, or that broke off.
pub(crate) fn unreached(server: &Server, why: Option<ErrorKind>) -> DeliveryError {
    let named = server.named();
    match why {
        Some(ErrorKind::ConnectionRefused) => DeliveryError::unavailable(format!(
            "{named} refuses the connection; look at `host` and `port`, and whether the mail server runs"
        )),
        Some(ErrorKind::TimedOut) => DeliveryError::unavailable(format!(
            "{named} does not answer; look at `host` and `port`, and whether a firewall stands between (many networks block port 25)"
        )),
        Some(ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable) => DeliveryError::unavailable(
            format!("no network leads to {named}; look at `host` and at this machine's network"),
        ),
        Some(_) => DeliveryError::unavailable(format!(
            "{named} broke the connection off before it was ready; look at `port` and `tls`"
        )),
        None => DeliveryError::unavailable(format!(
            "{named} does not speak SMTP or hung up; look at `port` and `tls`"
        )),
    }
}

/// TLS that did not come about.
fn encrypting(server: &Server, cause: &TlsError) -> DeliveryError {
    let named = server.named();
    let text = match cause {
        TlsError::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            format!("the certificate of {named} has expired; whoever runs the server must renew it")
        }
        TlsError::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => format!("the certificate of {named} is not valid yet; look at this machine's clock"),
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!(
            "the certificate of {named} is for another name; set `host` to the name that stands in it"
        ),
        TlsError::InvalidCertificate(CertificateError::Other(why))
            if why.to_string().contains("CaUsedAsEndEntity") =>
        {
            format!(
                "the certificate of {named} is an authority's (`CA:TRUE`) and no server's; make one with `CA:FALSE`, as `openssl req -x509 -addext basicConstraints=critical,CA:FALSE` does"
            )
        }
        TlsError::InvalidCertificate(_) => format!(
            "the certificate of {named} is not signed by an authority that this machine trusts; if it is your own, name its file in `ca_file`"
        ),
        TlsError::InvalidMessage(_) if server.tls == Tls::Upgraded => format!(
            "{named} says something unencrypted after STARTTLS: it is broken, or somebody between puts words into its mouth; use `tls = \"implicit\"` if it can"
        ),
        TlsError::InvalidMessage(_) => format!(
            "{named} does not speak TLS from the first byte; set `tls = \"starttls\"`, usually with port 587, or the port for implicit TLS, usually 465"
        ),
        other => format!("TLS with {named} does not come about: {other}"),
    };
    DeliveryError::misconfigured(text)
}

fn chain(cause: &Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(Some(cause as &(dyn StdError + 'static)), |cause: &&(dyn StdError + 'static)| {
        (*cause).source()
    })
}

fn io_error(cause: &Error) -> Option<&io::Error> {
    chain(cause).find_map(|cause| cause.downcast_ref())
}

/// rustls hides its errors inside of I/O errors.
fn tls_error(cause: &Error) -> Option<&TlsError> {
    chain(cause).find_map(|cause| match cause.downcast_ref::<io::Error>() {
        Some(wrapped) => wrapped.get_ref()?.downcast_ref(),
        None => cause.downcast_ref(),
    })
}
