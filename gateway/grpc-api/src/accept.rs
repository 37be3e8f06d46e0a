//! Accepting connections: bounded in number, each handshake bounded in time.
//!
//! Handshakes run beside the accept loop, so that a slow peer holds up nobody.
//! A connection carries its peer's identity, read once.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use exchange::PeerCertificate;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use crate::{Config, identity};

/// A connection whose peer is known.
pub(crate) struct PeerStream {
    stream: TlsStream<TcpStream>,
    peer: Arc<PeerCertificate>,
    /// The connection's place among those allowed.
    _place: OwnedSemaphorePermit,
}

/// Established connections waiting to be served; more wait in the kernel.
const ESTABLISHED_QUEUE: usize = 16;

/// Pause after a failed accept: out of file descriptors, the loop must not spin.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// Connections, and the work of accepting them: the caller polls both.
pub(crate) fn incoming(
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
    config: &Config,
) -> (
    ReceiverStream<io::Result<PeerStream>>,
    impl Future<Output = ()> + Send + use<>,
) {
    let (sender, receiver) = mpsc::channel(ESTABLISHED_QUEUE);
    let places = Arc::new(Semaphore::new(config.max_connections));
    let accepting = accept(
        listener,
        TlsAcceptor::from(tls),
        places,
        config.handshake_timeout,
        sender,
    );
    (ReceiverStream::new(receiver), accepting)
}

/// Accepts until nobody takes connections any more. Handshakes under way end with it.
async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    places: Arc<Semaphore>,
    timeout: Duration,
    sender: mpsc::Sender<io::Result<PeerStream>>,
) {
    let mut handshakes = JoinSet::new();
    while !sender.is_closed() {
        while handshakes.try_join_next().is_some() {}
        let place = Arc::clone(&places)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, or the peer gave up: neither ends the service.
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a connection was not accepted"
                );
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                continue;
            }
        };
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        handshakes.spawn(async move {
            match tokio::time::timeout(timeout, handshake(&acceptor, stream, place)).await {
                Ok(Ok(stream)) => drop(sender.send(Ok(stream)).await),
                Ok(Err(error)) => tracing::info!(
                    error = &error as &dyn std::error::Error,
                    "a TLS handshake failed"
                ),
                Err(_) => tracing::info!("a TLS handshake took too long"),
            }
        });
    }
}

async fn handshake(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    place: OwnedSemaphorePermit,
) -> io::Result<PeerStream> {
    stream.set_nodelay(true)?;
    let stream = acceptor.accept(stream).await?;
    let leaf = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(<[_]>::first);
    let leaf = leaf.ok_or_else(|| io::Error::other("the client sent no certificate"))?;
    let peer = Arc::new(identity::of(leaf));
    Ok(PeerStream {
        stream,
        peer,
        _place: place,
    })
}

impl Connected for PeerStream {
    type ConnectInfo = Arc<PeerCertificate>;

    fn connect_info(&self) -> Self::ConnectInfo {
        Arc::clone(&self.peer)
    }
}

impl AsyncRead for PeerStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for PeerStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
