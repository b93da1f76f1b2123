//! The HTTP of a bucket: object_store says what to ask, ureq asks it. So every request of this program has one TLS stack,
//! and the same rules: no redirects, no proxy, deadlines, plain HTTP only where the environment allows it.

use std::fmt;
use std::io::Read;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body::{Body, Frame};
use object_store::ClientConfigKey;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpResponseBody, HttpService,
};
use ureq::http::Method;

use crate::http::{describe, rules};

/// To resolve a name and to connect.
const CONNECT: Duration = Duration::from_secs(10);
/// From the end of a request to the head of its answer.
const ANSWER: Duration = Duration::from_secs(60);
/// A whole exchange: 512 MiB at one megabyte a second.
const EXCHANGE: Duration = Duration::from_secs(600);
/// Read at a time.
const BLOCK: usize = 1 << 16;
/// An error or the answer to a write is a few lines; what is longer is cut off.
const MAX_MESSAGE_BYTES: u64 = 1 << 20;

/// Makes clients that go through ureq.
#[derive(Debug)]
pub(super) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let http = options.get_config_value(&ClientConfigKey::AllowHttp);
        let config = rules()
            .https_only(http.as_deref() != Some("true"))
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .timeout_global(Some(EXCHANGE))
            .build();
        Ok(HttpClient::new(Service(config.into())))
    }
}

struct Service(ureq::Agent);

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Service")
    }
}

#[async_trait]
impl HttpService for Service {
    /// Blocks: each bucket has a runtime of its own, and asks one thing at a time.
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let reading = matches!(parts.method, Method::GET | Method::HEAD);
        let body = whole(body)?;
        let bodiless = reading || (parts.method == Method::DELETE && body.is_empty());
        let response = if bodiless {
            let request = ureq::http::Request::from_parts(parts, ());
            self.0.run(request)
        } else {
            let request = ureq::http::Request::from_parts(parts, body.as_ref());
            self.0.run(request)
        };
        let (parts, body) = response.map_err(error)?.into_parts();
        let limit = if reading && parts.status.is_success() {
            // The caller counts what it reads.
            u64::MAX
        } else {
            MAX_MESSAGE_BYTES
        };
        let reader: Box<dyn Read + Send> = Box::new(body.into_reader().take(limit));
        let body = HttpResponseBody::new(Answer(Mutex::new(reader)));
        Ok(HttpResponse::from_parts(parts, body))
    }
}

/// A request's body in one piece; those of this program are.
fn whole(mut body: HttpRequestBody) -> Result<Bytes, HttpError> {
    let mut context = Context::from_waker(std::task::Waker::noop());
    let mut pieces: Vec<Bytes> = Vec::new();
    while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut context) {
        pieces.extend(frame?.into_data().ok());
        if body.is_end_stream() {
            break;
        }
    }
    Ok(match pieces.as_slice() {
        [one] => one.clone(),
        pieces => pieces.concat().into(),
    })
}

/// An answer's body, read as it is asked for.
struct Answer(Mutex<Box<dyn Read + Send>>);

impl Body for Answer {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let mut block = Vec::with_capacity(BLOCK);
        let mut reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Poll::Ready(
            match (&mut *reader).take(BLOCK as u64).read_to_end(&mut block) {
                Ok(0) => None,
                Ok(_) => Some(Ok(Frame::data(block.into()))),
                Err(cause) => Some(Err(error(cause.into()))),
            },
        )
    }
}

/// What may be tried again.
fn error(cause: ureq::Error) -> HttpError {
    let kind = match &cause {
        ureq::Error::Timeout(_) => HttpErrorKind::Timeout,
        ureq::Error::ConnectionFailed => HttpErrorKind::Connect,
        ureq::Error::Io(cause) => io_kind(cause.kind()),
        _ => HttpErrorKind::Unknown,
    };
    HttpError::new(kind, std::io::Error::other(describe(&cause)))
}

fn io_kind(kind: std::io::ErrorKind) -> HttpErrorKind {
    use std::io::ErrorKind;
    match kind {
        ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable => HttpErrorKind::Connect,
        ErrorKind::TimedOut => HttpErrorKind::Timeout,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => HttpErrorKind::Interrupted,
        _ => HttpErrorKind::Unknown,
    }
}
