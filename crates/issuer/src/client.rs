//! Asking the issuer: one request per connection, no redirect, no proxy, so long and so much and no more.

use crate::Trouble;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tradepost_kernel::Secret;

/// How long one request may take in all.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes that an answer may have: key sets of large issuers have some ten thousand.
const LARGEST: usize = 512 << 10;

/// Where somebody is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Whether over TLS.
    pub(crate) tls: bool,
    host: String,
    port: u16,
    path: String,
}

impl Address {
    /// Reads `https://host[:port][/path]`; a query is part of the path.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let uri: Uri = text.parse().map_err(|_| "is no address")?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("must begin with https://"),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or("must name a host and nobody")?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err("must name a host");
        }
        let path = uri.path_and_query().map_or_else(|| "/".to_owned(), |path| path.as_str().to_owned());
        Ok(Self { tls, host, port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }), path })
    }

    /// Whether its host is this machine, by name or number.
    pub(crate) fn is_this_machine(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether there is anything behind a question mark.
    pub(crate) fn has_query(&self) -> bool {
        self.path.contains('?')
    }

    fn host_field(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.tls { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }
}

/// Asks over TLS, trusting the public authorities or those that the operator named.
#[derive(Clone)]
pub(crate) struct Client {
    tls: TlsConnector,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    /// `certificates`: a file of authorities that alone count.
    pub(crate) fn new(certificates: Option<&Path>) -> Result<Self, String> {
        let roots = match certificates {
            Some(path) => read(path)?,
            None => rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Reads a document.
    pub(crate) async fn get<T: DeserializeOwned>(&self, place: &str) -> Result<T, Trouble> {
        self.ask(Method::GET, place, Bytes::new(), None).await
    }

    /// Sends a form.
    pub(crate) async fn post<T: DeserializeOwned>(&self, place: &str, form: Secret<String>, authorization: Option<Secret<String>>) -> Result<T, Trouble> {
        self.ask(Method::POST, place, Bytes::from(form.expose().clone()), authorization).await
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, place: &str, body: Bytes, authorization: Option<Secret<String>>) -> Result<T, Trouble> {
        let address = Address::parse(place).map_err(|why| Trouble::Away(format!("{place} {why}")))?;
        let mut request = Request::builder().method(method.clone()).uri(&address.path).header(HOST, address.host_field()).header(ACCEPT, "application/json");
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if let Some(authorization) = &authorization {
            request = request.header(AUTHORIZATION, authorization.expose());
        }
        let request = request.body(Full::new(body)).map_err(|error| Trouble::Away(error.to_string()))?;
        let (status, bytes) =
            tokio::time::timeout(TIMEOUT, self.send(&address, request)).await.map_err(|_| Trouble::Away(format!("{place} did not answer in time")))??;
        if status != StatusCode::OK {
            // What it says of the reason may quote what was sent.
            return Err(Trouble::Away(format!("{place} answered {status}")));
        }
        serde_json::from_slice(&bytes).map_err(|_| Trouble::Away(format!("{place} did not answer what was asked for")))
    }

    async fn send(&self, address: &Address, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), Trouble> {
        let away = |error: std::io::Error| Trouble::Away(format!("{}: {error}", address.host_field()));
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await.map_err(away)?;
        if !address.tls {
            return talk(stream, address, request).await;
        }
        let name = ServerName::try_from(address.host.clone()).map_err(|_| Trouble::Away(format!("{} is no name", address.host)))?;
        talk(self.tls.connect(name, stream).await.map_err(away)?, address, request).await
    }
}

/// One request and its answer; the connection is driven beside them and ends with them.
async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin + Send, address: &Address, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), Trouble> {
    let away = |error: &dyn std::fmt::Display| Trouble::Away(format!("{}: {error}", address.host_field()));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| away(&error))?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|error| away(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LARGEST).collect().await.map_err(|error| away(&error))?;
        Ok((status, body.to_bytes()))
    };
    tokio::pin!(answer, connection);
    tokio::select! {
        answer = &mut answer => answer,
        // The last of the answer may be in already.
        _ended = &mut connection => answer.await,
    }
}

fn read(path: &Path) -> Result<rustls::RootCertStore, String> {
    let unusable = |why: String| format!("certificates: {}: {why}", path.display());
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() { Err(unusable("there is no certificate in it".into())) } else { Ok(roots) }
}
