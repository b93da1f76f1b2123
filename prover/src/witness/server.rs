//! The witness's HTTP side (c2sp.org/tlog-witness): `POST /add-checkpoint`, `GET /<origin hash>/checkpoint`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use por_protocol::log::Refusal;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use super::state::{Fault, State};
use crate::error::Error;
use crate::http::{self, Site};
use crate::tell;

/// A request is a checkpoint and up to 63 hashes.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// No honest request takes longer, whatever the network.
const DEADLINE: Duration = Duration::from_secs(20);
type Witness = Arc<Mutex<State>>;

/// Serves until the process is told to stop; whatever was promised is on disk by then. `ready` is called with the address,
/// which the system chose where port 0 was asked for.
///
/// # Errors
/// [`Error::Io`] if the address cannot be listened on.
pub fn serve(
    state: State,
    listen: SocketAddr,
    clock: fn() -> u64,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), Error> {
    let router = router(state, clock);
    http::serve(vec![Site { listen, router }], |addresses| {
        addresses.first().copied().map(ready);
    })
}

fn router(state: State, clock: fn() -> u64) -> Router {
    let witness: Witness = Arc::new(Mutex::new(state));
    Router::new()
        .route(
            "/add-checkpoint",
            post(move |witness, body| add_checkpoint(witness, body, clock)),
        )
        .route("/{origin}/checkpoint", get(checkpoint))
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            DEADLINE,
        ))
        .with_state(witness)
}

async fn add_checkpoint(
    Shared(witness): Shared<Witness>,
    body: Bytes,
    clock: fn() -> u64,
) -> Response {
    let answer = blocking(move || {
        let mut state = witness.lock().unwrap_or_else(PoisonError::into_inner);
        state.add_checkpoint(&body, clock())
    })
    .await;
    match answer {
        Some(Ok(line)) => text(StatusCode::OK, "text/plain; charset=utf-8", line),
        Some(Err(Fault::Refused(refusal))) => refuse(&refusal),
        Some(Err(Fault::Own(error))) => {
            tell!("por witness: {error}");
            own_fault()
        }
        None => own_fault(),
    }
}

async fn checkpoint(Shared(witness): Shared<Witness>, Path(origin): Path<String>) -> Response {
    let answer = blocking(move || {
        let state = witness.lock().unwrap_or_else(PoisonError::into_inner);
        state.head(&origin)
    })
    .await;
    match answer {
        Some(Ok(Some(note))) => text(StatusCode::OK, "text/plain; charset=utf-8", note),
        Some(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Some(Err(error)) => {
            tell!("por witness: {error}");
            own_fault()
        }
        None => own_fault(),
    }
}

/// Disk work off the threads that serve the network. `None` if it panicked: no answer is made up then.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

fn refuse(refusal: &Refusal) -> Response {
    let status =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match refusal {
        // The standard has a body for this status 409, and asks for the type with it; none for that of two roots.
        Refusal::OtherSize(size) => text(status, "text/x.tlog.size", format!("{size}\n")),
        Refusal::UnknownLog(_) => text(
            status,
            PLAIN,
            "this witness does not follow that log\n".into(),
        ),
        Refusal::Malformed(error)
        | Refusal::NotSigned(error)
        | Refusal::OtherRoot(error)
        | Refusal::Inconsistent(error) => text(status, PLAIN, format!("{error}\n")),
    }
}

const PLAIN: &str = "text/plain; charset=utf-8";

fn own_fault() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn text(status: StatusCode, kind: &'static str, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}
