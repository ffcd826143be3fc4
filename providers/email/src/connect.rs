//! The mail server, and a new connection to it up to the login.

use crate::{config::Tls, trouble, wire::Wire};
use lettre::transport::smtp::{
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};
use provider_api::DeliveryError;
use std::{io::ErrorKind, net::SocketAddr, time::Duration};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

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
        let mut connection = match self.tls {
            Tls::Upgraded => {
                let wire = Wire::new(self.reach(&addresses, limit).await?);
                AsyncSmtpConnection::connect_with_transport(Box::new(wire), &self.hello).await
            }
            Tls::Implicit | Tls::None => {
                let (addresses, tls) = (addresses.as_slice(), self.tls_parameters.clone());
                AsyncSmtpConnection::connect_tokio1(addresses, Some(limit), &self.hello, tls, None).await
            }
        }
        .map_err(|cause| trouble::connecting(self, &cause))?;
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

    /// A connection to the first of these addresses that answers.
    async fn reach(&self, addresses: &[SocketAddr], limit: Duration) -> Result<TcpStream, DeliveryError> {
        let mut why = ErrorKind::TimedOut;
        for address in addresses {
            why = match timeout(limit, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(cause)) => cause.kind(),
                Err(_) => ErrorKind::TimedOut,
            };
        }
        Err(trouble::unreached(self, Some(why)))
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
