//! The same listener behind TLS.
//!
//! A hello that never comes to its end holds nobody else up: each is answered in a task of its
//! own, within a bound, and at most so many at once.

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io::Result;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A hello takes no longer.
const HELLO: Duration = Duration::from_secs(10);
/// So many at once.
const HELLOS: usize = 256;

type Greeted = (TlsStream<TcpStream>, SocketAddr);

/// Certificate (with those that it stands on) and key.
pub fn config(certificate: &Path, key: &Path) -> std::result::Result<ServerConfig, String> {
    let unfit = |path: &Path, error: &dyn std::fmt::Display| format!("{} cannot be used: {error}", path.display());
    let chain: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate).map_err(|error| unfit(certificate, &error))?.collect();
    let chain = chain.map_err(|error| unfit(certificate, &error))?;
    let key_of = PrivateKeyDer::from_pem_file(key).map_err(|error| unfit(key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unfit(certificate, &error))?;
    let mut config =
        builder.with_no_client_auth().with_single_cert(chain, key_of).map_err(|error| unfit(certificate, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Connections whose hello came to its end.
pub struct TlsListener {
    greeted: mpsc::Receiver<Greeted>,
    address: Result<SocketAddr>,
    accepting: tokio::task::JoinHandle<()>,
}

impl TlsListener {
    pub fn new(mut listener: TcpListener, config: ServerConfig) -> Self {
        let address = listener.local_addr();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (ready, greeted) = mpsc::channel(HELLOS);
        let room = Arc::new(Semaphore::new(HELLOS));
        let accepting = tokio::spawn(async move {
            loop {
                let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
                let (stream, peer) = Listener::accept(&mut listener).await;
                let (acceptor, ready) = (acceptor.clone(), ready.clone());
                tokio::spawn(async move {
                    let _place = place;
                    if let Ok(Ok(stream)) = tokio::time::timeout(HELLO, acceptor.accept(stream)).await {
                        // A listener that is gone takes nobody in.
                        let _ = ready.send((stream, peer)).await;
                    }
                });
            }
        });
        Self { greeted, address, accepting }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Greeted {
        match self.greeted.recv().await {
            Some(greeted) => greeted,
            // Nobody knocks any more.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        self.address.as_ref().copied().map_err(|error| error.kind().into())
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
