//! Connections within bounds: no more at a time than there is room for, and none that is silent
//! for long. Each takes a file descriptor, and the store needs some as well.

use axum::serve::Listener;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

/// So many at a time; a process may usually open 1,024 files.
const MOST: usize = 400;
/// Whoever connects has something to ask: so long it may take to begin.
const FIRST_WORD: Duration = Duration::from_secs(15);
/// Longer than any answer takes; then a connection that says nothing is closed.
const SILENCE: Duration = Duration::from_secs(10 * 60);

/// A listener that hands on no more connections than there is room for; others wait outside.
pub struct Capped<L> {
    inner: L,
    room: Arc<Semaphore>,
}

impl<L> Capped<L> {
    pub fn over(inner: L) -> Self {
        Self { inner, room: Arc::new(Semaphore::new(MOST)) }
    }
}

impl<L: Listener> Listener for Capped<L> {
    type Io = Held<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        // It is never closed; and if it were, the connection is still to be answered.
        let place = Arc::clone(&self.room).acquire_owned().await.ok();
        let (inner, peer) = self.inner.accept().await;
        (Held { inner, patience: Box::pin(tokio::time::sleep(FIRST_WORD)), _place: place }, peer)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.inner.local_addr()
    }
}

/// A connection that keeps its place until it is closed.
pub struct Held<I> {
    inner: I,
    patience: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl<I> Held<I> {
    fn is_heard(&mut self) {
        self.patience.as_mut().reset(Instant::now() + SILENCE);
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Held<I> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        let read = Pin::new(&mut this.inner).poll_read(context, into);
        if read.is_ready() {
            if into.filled().len() > before {
                this.is_heard();
            }
            return read;
        }
        match this.patience.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nothing was said for long"))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Held<I> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write(context, bytes);
        if matches!(written, Poll::Ready(Ok(_))) {
            this.is_heard();
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write_vectored(context, parts);
        if matches!(written, Poll::Ready(Ok(_))) {
            this.is_heard();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::{Capped, FIRST_WORD, MOST};
    use axum::serve::Listener as _;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn no_more_come_in_than_there_is_room_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let mut capped = Capped::over(listener);
        let mut inside = Vec::new();
        let mut outside = Vec::new();
        for _ in 0..MOST {
            outside.push(TcpStream::connect(address).await.expect("connected"));
            inside.push(capped.accept().await.0);
        }
        outside.push(TcpStream::connect(address).await.expect("connected"));
        let one_more = tokio::time::timeout(std::time::Duration::from_millis(100), capped.accept()).await;
        assert!(one_more.is_err(), "it waits outside");
        inside.pop();
        capped.accept().await;
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_says_nothing_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let mut capped = Capped::over(listener);
        let _outside = TcpStream::connect(address).await.expect("connected");
        let (mut held, _) = capped.accept().await;
        let began = tokio::time::Instant::now();
        let read = held.read_u8().await.expect_err("nothing comes");
        assert_eq!(read.kind(), std::io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= FIRST_WORD);
    }
}
