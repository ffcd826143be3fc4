//! Which server, and what it must prove of itself.

use super::wrong;
use crate::{
    config::{Config, Tls},
    connect::Server,
    mail::Author,
};
use lettre::transport::smtp::{
    client::{Certificate, TlsParameters},
    extension::ClientId,
};
use provider_api::DeliveryError;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::{net::IpAddr, path::Path};

/// Reads where the server is and how it is spoken to.
pub(super) fn read(config: &Config, author: &Author) -> Result<Server, DeliveryError> {
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
    if ServerName::try_from(host).is_err() {
        return Err(wrong("`host` is no name that a certificate can be for; look at its spelling"));
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
    let shown = file.display();
    let pem = std::fs::read(file)
        .map_err(|cause| wrong(format!("`ca_file` is `{shown}`, which cannot be read: {cause}")))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.ok().filter(|found| !found.is_empty());
    let none = || wrong(format!("`ca_file` is `{shown}`, which is no PEM file with certificates"));
    let read = |der: CertificateDer<'_>| Certificate::from_der(der.to_vec()).map_err(|_| none());
    found.ok_or_else(none)?.into_iter().map(read).collect()
}
