//! TLS by rustls, with libpq's `sslmode`s.
//!
//! <https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>

use std::sync::Arc;

use enmasse_core::error::{Error, Result};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::backend::url::{DatabaseUrl, configuration};

/// The requirements on the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trust {
    /// None: the connection is only encrypted.
    Anything,
    /// Signed by a trusted authority.
    Signed,
    /// Signed by a trusted authority, for the requested host.
    SignedForHost,
}

/// Takes `sslmode` and `sslrootcert` out of a URL.
pub(super) fn from_url(url: &mut DatabaseUrl) -> Result<(SslMode, MakeRustlsConnect)> {
    let mode = url.take("sslmode").unwrap_or_else(|| "prefer".to_owned());
    let root = url.take("sslrootcert");
    let (mode, trust) = match (mode.as_str(), &root) {
        ("disable", _) => (SslMode::Disable, Trust::Anything),
        ("prefer", _) => (SslMode::Prefer, Trust::Anything),
        // As in libpq, a root certificate implies that it is checked.
        ("require", None) => (SslMode::Require, Trust::Anything),
        ("require" | "verify-ca", _) => (SslMode::Require, Trust::Signed),
        ("verify-full", _) => (SslMode::Require, Trust::SignedForHost),
        (other, _) => {
            return Err(configuration(format!(
                "The URL's parameter 'sslmode' must be disable, prefer, require, verify-ca or verify-full, not '{other}'"
            )));
        }
    };
    Ok((mode, connector(trust, root.as_deref())?))
}

fn connector(trust: Trust, root: Option<&str>) -> Result<MakeRustlsConnect> {
    // Not the process's default provider: asking for it panics if two are compiled in.
    let provider = Arc::new(ring::default_provider());
    let chain = match trust {
        Trust::Anything => None,
        Trust::Signed | Trust::SignedForHost => {
            let roots = Arc::new(roots(root)?);
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build();
            Some(verifier.map_err(tls)?)
        }
    };
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { trust, chain, provider }))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// The certificates of a file, or those of the operating system.
fn roots(file: Option<&str>) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    let certificates = match file {
        None | Some("system") => rustls_native_certs::load_native_certs().certs,
        Some(path) => CertificateDer::pem_file_iter(path)
            .and_then(|found| found.collect::<Result<Vec<_>, _>>())
            .map_err(|error| configuration(format!("The URL's sslrootcert cannot be read: {error}")))?,
    };
    store.add_parsable_certificates(certificates);
    if store.is_empty() {
        return Err(configuration(match file {
            Some(_) => "The file of the URL's parameter 'sslrootcert' has no certificate in it",
            None => "The operating system has no root certificates: name a file by 'sslrootcert'",
        }));
    }
    Ok(store)
}

fn tls(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    configuration(format!("TLS cannot be set up: {error}")).with_source(error)
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is checked last.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.trust == Trust::Signed => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
