//! A certificate authority for one test, and certificates that are good, or wrong in one way each.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use std::{fmt, sync::Arc};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// An authority that nobody trusts by itself.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// What a server shows of itself, with its key.
#[derive(Clone)]
pub struct Identity(pub(super) TlsAcceptor);

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new authority.
    ///
    /// # Panics
    ///
    /// When no certificate can be made, as in all of its methods.
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// The file for `ca_file`.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A good certificate for these names.
    pub fn identity(&self, names: &[&str]) -> Identity {
        self.issue(&params(names))
    }

    /// One that was good until the year 2020.
    pub fn expired(&self, names: &[&str]) -> Identity {
        let mut params = params(names);
        params.not_after = date_time_ymd(2020, 1, 1);
        self.issue(&params)
    }

    fn issue(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key");
        Identity::new(params.signed_by(&key, &self.issuer).expect("a certificate").der().to_vec(), &key)
    }
}

impl Identity {
    /// A certificate that no authority signed.
    ///
    /// # Panics
    ///
    /// When no certificate can be made.
    pub fn self_signed(names: &[&str]) -> Self {
        let key = KeyPair::generate().expect("a key");
        Self::new(params(names).self_signed(&key).expect("a certificate").der().to_vec(), &key)
    }

    /// The certificate of an authority, as `openssl req -x509` makes one, where a server's belongs.
    ///
    /// # Panics
    ///
    /// When no certificate can be made.
    pub fn of_an_authority(names: &[&str]) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = params(names);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self::new(params.self_signed(&key).expect("a certificate").der().to_vec(), &key)
    }

    fn new(certificate: Vec<u8>, key: &KeyPair) -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate.into()], key))
            .expect("a certificate with its key");
        Self(TlsAcceptor::from(Arc::new(config)))
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).expect("names")
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}
