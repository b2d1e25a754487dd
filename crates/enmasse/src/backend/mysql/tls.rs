//! TLS by rustls, with the `ssl-mode`s of MySQL's own client.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/connection-options.html#option_general_ssl-mode>

use enmasse_core::error::Result;
use mysql_async::SslOpts;
use rustls::crypto::{CryptoProvider, ring};

use crate::backend::url::{DatabaseUrl, configuration};

/// The requested host name if a certificate for any name is accepted. The driver recognises an error about
/// the name by this word in its text, which rustls's text contains only as the requested name. The
/// certificate's issuer and dates are still checked.
const ANY_HOST: &str = "NotValidForName";

/// Takes `ssl-mode` and `ssl-ca` out of a URL; `None` without `ssl-mode`.
pub(super) fn from_url(url: &mut DatabaseUrl) -> Result<Option<Option<SslOpts>>> {
    let mode = url.take("ssl-mode");
    let upper = mode.as_deref().map(str::to_ascii_uppercase);
    let roots = url.take("ssl-ca");
    let base = SslOpts::default();
    let options = match (upper.as_deref(), &roots) {
        (None, None) => return Ok(None),
        (Some("DISABLED"), _) => return Ok(Some(None)),
        (Some("REQUIRED"), None) => {
            base.with_danger_accept_invalid_certs(true).with_danger_skip_domain_validation(true)
        }
        // A given certificate implies that it is checked.
        (None | Some("REQUIRED" | "VERIFY_CA"), _) => {
            base.with_danger_skip_domain_validation(true).with_danger_tls_hostname_override(Some(ANY_HOST))
        }
        (Some("VERIFY_IDENTITY"), _) => base,
        (Some(_), _) => {
            let other = mode.unwrap_or_default();
            return Err(configuration(format!(
                "The URL's parameter 'ssl-mode' must be DISABLED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY, not '{other}'"
            )));
        }
    };
    let roots: Vec<Vec<u8>> = match roots {
        Some(path) => {
            let pem = std::fs::read(&path).map_err(|error| {
                configuration(format!("The URL's ssl-ca cannot be read: {error}")).with_source(error)
            })?;
            vec![pem]
        }
        None if options.accept_invalid_certs() => Vec::new(),
        None => {
            let native = rustls_native_certs::load_native_certs().certs;
            native.into_iter().map(|certificate| certificate.to_vec()).collect()
        }
    };
    let has_roots = !roots.is_empty();
    let roots = roots.into_iter().map(Into::into).collect();
    Ok(Some(Some(options.with_root_certs(roots).with_disable_built_in_roots(has_roots))))
}

/// The driver uses the process's cryptography provider, and panics without one if two are compiled in.
pub(super) fn ensure_provider() {
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster.
        _ = ring::default_provider().install_default();
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;
    use rustls::{CertificateError, Error};

    use super::ANY_HOST;

    /// The text that the driver searches for in an error if the name does not matter.
    const LOOKED_FOR: &str = "NotValidForName";

    #[test]
    fn d08_only_an_error_of_the_name_is_taken_for_one() {
        let expected = ServerName::try_from(ANY_HOST).unwrap();
        for presented in [vec![], vec!["DnsName(\"db.example\")".to_owned()]] {
            let of_name = CertificateError::NotValidForNameContext { expected: expected.clone(), presented };
            assert!(Error::from(of_name).to_string().contains(LOOKED_FOR));
        }
        for other in
            [CertificateError::UnknownIssuer, CertificateError::Expired, CertificateError::BadSignature]
        {
            assert!(!Error::from(other).to_string().contains(LOOKED_FOR));
        }
    }
}
