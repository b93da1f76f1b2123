//! Serving HTTP/1.1 to anybody: requests that never end, connections that nobody reads, and too many of either cost those
//! who open them their connection, and nobody else an answer.

use std::future::Future as _;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

use crate::error::Error;

/// A request line with its headers; 431 for more.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// From the moment a request could begin to the end of its headers; an idle connection ends then too.
const HEAD: Duration = Duration::from_secs(5);
/// How long a connection lives on which no byte moves: longer than a router takes to say that a request is late.
const IDLE: Duration = Duration::from_secs(30);
/// How long a connection lives at most: enough for a pack of tiles over a slow line.
const LIFE: Duration = Duration::from_secs(600);
/// How long requests at work are waited for once the program is told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// More connections than one machine's readers need at one time.
const MAX_CONNECTIONS: u64 = 16_384;
/// Files that the program needs besides its connections: packs, archives, databases.
const OWN_FILES: u64 = 256;

/// Where to listen, and what answers there.
pub(crate) struct Site {
    pub(crate) listen: SocketAddr,
    pub(crate) router: Router,
}

/// Serves until the process is told to stop (SIGINT, SIGTERM): then requests at work are finished and no new ones taken.
/// `ready` is called with the addresses, which the system chose where port 0 was asked for.
///
/// # Errors
/// [`Error::Io`] if an address cannot be listened on.
pub(crate) fn serve(sites: Vec<Site>, ready: impl FnOnce(&[SocketAddr])) -> Result<(), Error> {
    let connections = Arc::new(Semaphore::new(connections()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::io(Path::new("the HTTP server")))?;
    runtime.block_on(async {
        let mut listening = Vec::new();
        let mut addresses = Vec::new();
        for site in sites {
            let place = site.listen.to_string();
            let fault = |source| Error::io(Path::new(&place))(source);
            let listener = TcpListener::bind(site.listen).await.map_err(fault)?;
            let fault = |source| Error::io(Path::new(&place))(source);
            addresses.push(listener.local_addr().map_err(fault)?);
            listening.push((listener, site.router));
        }
        ready(&addresses);
        let (stop, stopping) = tokio::sync::watch::channel(());
        let sites: Vec<_> = listening
            .into_iter()
            .map(|(listener, router)| {
                let (free, stopping) = (Arc::clone(&connections), stopping.clone());
                tokio::spawn(answer(listener, router, free, stopping))
            })
            .collect();
        stopped().await;
        // An error says that no site is left, and there is nothing to stop.
        let _ = stop.send(());
        for site in sites {
            // A site that panicked has nothing left to finish.
            let _ = site.await;
        }
        Ok(())
    })
}

/// As many as the system lets this process have, its own files left out: each is a file, and may have another one open that
/// it answers from.
fn connections() -> usize {
    let limits = getrlimit(Resource::Nofile);
    let wanted = 2 * MAX_CONNECTIONS + OWN_FILES;
    let possible = limits.maximum.unwrap_or(u64::MAX).min(wanted);
    let raised = Rlimit {
        current: Some(limits.current.unwrap_or(u64::MAX).max(possible)),
        maximum: limits.maximum,
    };
    // Where it may not be raised, what there is has to do.
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => possible,
        Err(_) => limits.current.unwrap_or(wanted),
    };
    let connections = (files.saturating_sub(OWN_FILES) / 2).clamp(1, MAX_CONNECTIONS);
    usize::try_from(connections).unwrap_or(1)
}

/// One address: takes connections until it is told to stop, then waits for those at work.
async fn answer(
    listener: TcpListener,
    router: Router,
    free: Arc<Semaphore>,
    mut stopping: tokio::sync::watch::Receiver<()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MAX_HEAD_BYTES);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &free) => accepted,
            _ = stopping.changed() => break,
        };
        let Ok((stream, permit)) = accepted else {
            // No more files, or a connection that ended before it began: others may do better in a moment.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let io = TokioIo::new(Bounded::new(stream, permit));
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(http.serve_connection(io, service));
        tokio::spawn(async move {
            // What a client does to its own connection is no event.
            let _ = connection.await;
        });
    }
    drop(listener);
    // Whoever is still reading has had the time.
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

async fn accept(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(free).acquire_owned().await;
    let permit = permit.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, permit))
}

/// A connection that fails when its time is over, or when no byte has moved for too long.
struct Bounded {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    idle: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl Bounded {
    fn new(stream: TcpStream, permit: OwnedSemaphorePermit) -> Self {
        Self {
            stream,
            end: Box::pin(sleep(LIFE)),
            idle: Box::pin(sleep(IDLE)),
            _permit: permit,
        }
    }

    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        self.end.as_mut().poll(context).is_ready() || self.idle.as_mut().poll(context).is_ready()
    }

    fn moved(&mut self) {
        self.idle.as_mut().reset(Instant::now() + IDLE);
    }
}

fn over() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

impl AsyncRead for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.moved();
        }
        if self.is_over(context) {
            return Poll::Ready(Err(over()));
        }
        polled
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        if matches!(polled, Poll::Ready(Ok(1..))) {
            self.moved();
        }
        if self.is_over(context) {
            return Poll::Ready(Err(over()));
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
