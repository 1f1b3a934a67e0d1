//! TLS to the server: certificate and name are always verified, against the public authorities or the one that the URL names.

use crate::Fault;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// The parameter of the URL that names a file of certificates (PEM), as libpq calls it. The driver does not know it.
const ROOT: &str = "sslrootcert=";

/// The URL without the file of authorities, and that file.
pub(super) fn split_root(url: &str) -> (String, Option<PathBuf>) {
    let Some((place, parameters)) = url.split_once('?') else { return (url.to_owned(), None) };
    let (roots, others): (Vec<&str>, Vec<&str>) = parameters.split('&').partition(|parameter| parameter.starts_with(ROOT));
    let root = roots.last().and_then(|parameter| parameter.strip_prefix(ROOT)).map(|path| PathBuf::from(decoded(path)));
    let others = others.join("&");
    (if others.is_empty() { place.to_owned() } else { format!("{place}?{others}") }, root)
}

/// `%20` is a space, and so on; what is no such escape stands for itself.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = (byte == b'%').then(|| after.get(..2)).flatten().and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(escaped) => {
                out.push(escaped);
                rest = &after[2..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// How connections are encrypted. Only `root` counts where it is given: an operator with an authority of their own trusts
/// no other one with their database.
pub(super) fn connect(root: Option<&Path>) -> Result<MakeRustlsConnect, Fault> {
    let roots = match root {
        Some(path) => read(path)?,
        None => rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::NoConnection(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn read(path: &Path) -> Result<rustls::RootCertStore, Fault> {
    let unusable = |why: String| Fault::Schema(format!("sslrootcert: {}: {why}", path.display()));
    let mut roots = rustls::RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() { Err(unusable("there is no certificate in it".to_owned())) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_authorities_is_taken_out_of_the_url() {
        let split = |url: &str| {
            let (url, root) = split_root(url);
            (url, root.map(|path| path.display().to_string()))
        };
        for (url, rest, root) in [
            ("postgres://a@b/c", "postgres://a@b/c", None),
            ("postgres://a@b/c?sslmode=require", "postgres://a@b/c?sslmode=require", None),
            ("postgres://a@b/c?sslrootcert=/etc/ca.pem", "postgres://a@b/c", Some("/etc/ca.pem")),
            ("postgres://a@b/c?sslmode=require&sslrootcert=/my%20files/100%.pem&x=y", "postgres://a@b/c?sslmode=require&x=y", Some("/my files/100%.pem")),
        ] {
            assert_eq!(split(url), (rest.to_owned(), root.map(str::to_owned)), "{url}");
        }
    }
}
