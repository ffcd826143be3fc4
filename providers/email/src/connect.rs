//! The mail server, and a new connection to it up to the login.

use crate::{config::Tls, trouble};
use lettre::transport::smtp::{
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};
use provider_api::DeliveryError;
use std::{net::SocketAddr, time::Duration};
use tokio::net::lookup_host;

/// Where the mail server is and how it is spoken to.
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Tls,
    /// There unless `tls` is none.
    pub(crate) tls_parameters: Option<TlsParameters>,
    pub(crate) hello: ClientId,
}

impl Server {
    /// Connects, encrypts and introduces itself. `limit` is for each TCP connection that is tried.
    ///
    /// # Errors
    ///
    /// With what stands in the way and what to do about it; nothing was sent.
    pub(crate) async fn connect(&self, limit: Duration) -> Result<AsyncSmtpConnection, DeliveryError> {
        let found = lookup_host((self.host.as_str(), self.port)).await;
        let mut addresses: Vec<SocketAddr> = found.map_err(|_| self.unknown_name())?.collect();
        if self.tls == Tls::None {
            addresses.retain(|address| address.ip().is_loopback());
        }
        if addresses.is_empty() {
            return Err(self.unknown_name());
        }
        let implicit = self.tls_parameters.clone().filter(|_| self.tls == Tls::Implicit);
        let connecting = AsyncSmtpConnection::connect_tokio1(
            addresses.as_slice(),
            Some(limit),
            &self.hello,
            implicit,
            None,
        );
        let mut connection = connecting.await.map_err(|cause| trouble::connecting(self, &cause))?;
        if let Some(parameters) = self.tls_parameters.clone().filter(|_| self.tls == Tls::Upgraded) {
            if !connection.can_starttls() {
                return Err(DeliveryError::misconfigured(format!(
                    "{} offers no STARTTLS, and without it nothing is sent; set `tls = \"implicit\"` with the port for it, usually 465",
                    self.named()
                )));
            }
            let upgraded = connection.starttls(parameters, &self.hello).await;
            upgraded.map_err(|cause| trouble::connecting(self, &cause))?;
        }
        Ok(connection)
    }

    /// The server in an error: `smtp.example.com:465`.
    pub(crate) fn named(&self) -> String {
        format!("`{}` on port {}", self.host, self.port)
    }

    fn unknown_name(&self) -> DeliveryError {
        DeliveryError::unavailable(format!(
            "the name `{}` of `host` leads to no address; look at its spelling and at this machine's name server",
            self.host
        ))
    }
}
