//! What is answered where: statements to customers by their token, the publication to everybody, health and metrics to
//! operators. `openapi.json` says the same to programs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use super::Options;
use super::metrics::{Asked, Metrics};
use super::publication;
use super::quota::Quotas;
use super::replay::{Use, UsedTokens};
use super::statements::Statements;
use super::token::Tokens;
use crate::error::Error;
use crate::publication::Publication;
use crate::tell;

/// No request has a body.
const MAX_BODY_BYTES: usize = 1024;
/// No honest answer takes longer to begin.
const DEADLINE: Duration = Duration::from_secs(20);
const OPENAPI: &str = include_str!("openapi.json");

struct Service {
    statements: Statements,
    tokens: Tokens,
    used: Mutex<UsedTokens>,
    quotas: Quotas,
    metrics: Metrics,
    clock: fn() -> u64,
}

/// Why there is no statement.
enum Refusal {
    /// The token is none, or not one of the gateway's, or has ended, or was used before.
    Unauthorized,
    /// The token's account has no such statement.
    NotFound,
    /// The account asked too often.
    TooMany(Duration),
    /// Too many tokens are in use.
    Busy,
    /// Our own.
    Fault,
}

/// The answers to customers, and those to operators.
///
/// # Errors
/// As [`super::serve`].
pub(super) fn routers(options: &Options, clock: fn() -> u64) -> Result<(Router, Router), Error> {
    if !Publication::is_at(&options.publication) {
        return Err(Error::refused(
            format!(
                "there is no publication at {}",
                options.publication.display()
            ),
            "Name the folder that `por publish` or `por mirror` wrote.",
        ));
    }
    let publication = Publication::at(&options.publication);
    let statements = Statements::open(&publication, &options.openings)?;
    let service = Arc::new(Service {
        metrics: Metrics::new(statements.sequences().last()),
        statements,
        tokens: Tokens::read(&options.tokens)?,
        used: Mutex::default(),
        quotas: Quotas::per_minute(options.per_minute),
        clock,
    });
    let private = Router::new()
        .route("/v1/statement", get(latest))
        .route("/v1/statement/{sequence}", get(numbered))
        .route_layer(middleware::from_fn(private_answers));
    let customers = Router::new()
        .merge(private)
        .route("/v1/openapi.json", get(openapi))
        .route("/v1/health", get(health))
        .with_state(Arc::clone(&service))
        .fallback_service(publication::router(&options.publication))
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            DEADLINE,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&service),
            counted,
        ))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "no-referrer"))
        // The page brings its own policy; this is what a page cannot say of itself.
        .layer(always(
            header::CONTENT_SECURITY_POLICY,
            "frame-ancestors 'none'",
        ))
        .layer(always(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ));
    let operators = Router::new()
        .route("/metrics", get(metrics))
        .route("/v1/health", get(health))
        .with_state(service);
    Ok((customers, operators))
}

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

async fn latest(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    statement(service, None, &headers).await
}

async fn numbered(
    State(service): State<Arc<Service>>,
    Path(sequence): Path<String>,
    headers: HeaderMap,
) -> Response {
    // What is no number is the number of no attestation; who has no token learns neither.
    let sequence = sequence
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| sequence.parse().ok())
        .flatten();
    statement(service, Some(sequence), &headers).await
}

/// `sequence`: none for the last one; `Some(None)` for what cannot be one.
async fn statement(
    service: Arc<Service>,
    sequence: Option<Option<u64>>,
    headers: &HeaderMap,
) -> Response {
    let token = bearer(headers).map(str::to_owned);
    // Files and signatures, off the threads that serve the network. It panicked if there is no answer; none is made up.
    let work = move || service.answer(token.as_deref(), sequence);
    let answer = tokio::task::spawn_blocking(work).await;
    let (sequence, file) = match answer.unwrap_or(Err(Refusal::Fault)) {
        Ok(found) => found,
        Err(refusal) => return refusal.into_response(),
    };
    let name = format!("attachment; filename=\"statement-{sequence:06}.por\"");
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    (headers, file).into_response()
}

/// The token of the one `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else {
        return None;
    };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

impl Service {
    fn answer(
        &self,
        token: Option<&str>,
        sequence: Option<Option<u64>>,
    ) -> Result<(u64, Vec<u8>), Refusal> {
        let now = (self.clock)();
        let bearer = token
            .and_then(|token| self.tokens.check(token, now))
            .ok_or(Refusal::Unauthorized)?;
        // One after the other: a token that somebody sends once more takes nothing of the account's quota, and one that is
        // refused for the quota is not used up.
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        match used.look(&bearer, now) {
            Use::First => {}
            Use::Again => return Err(Refusal::Unauthorized),
            Use::Full => return Err(Refusal::Busy),
        }
        let quota = self.quotas.take(&bearer.account);
        quota.map_err(Refusal::TooMany)?;
        used.take(&bearer);
        drop(used);
        let sequence = match sequence {
            Some(None) => return Err(Refusal::NotFound),
            Some(sequence) => sequence,
            None => None,
        };
        match self.statements.find(sequence, &bearer.account) {
            Ok(Some((sequence, file))) => Ok((sequence, file.to_vec())),
            Ok(None) => Err(Refusal::NotFound),
            Err(error) => {
                // Names files, and no account.
                tell!("por serve: {error}");
                Err(Refusal::Fault)
            }
        }
    }
}

impl Refusal {
    /// A problem (RFC 9457) that says no more than its status.
    fn into_response(self) -> Response {
        let (status, title) = match &self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "Unauthorized"),
            Self::NotFound => (StatusCode::NOT_FOUND, "Not Found"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
            Self::Fault => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        };
        let body = format!("{{\"title\":\"{title}\",\"status\":{}}}\n", status.as_u16());
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, body).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::TooMany(wait) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
            }
            Self::Busy => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
            }
            Self::NotFound | Self::Fault => {}
        }
        response
    }
}

/// Statements are for one reader and are kept nowhere on the way.
async fn private_answers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Authorization"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

async fn counted(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let asked = if request.uri().path().starts_with("/v1/statement") {
        Asked::Statement
    } else {
        Asked::File
    };
    let begun = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    service.metrics.answered(asked, status, begun.elapsed());
    response
}

async fn health() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, "{\"status\":\"ok\"}\n").into_response()
}

async fn openapi() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, OPENAPI).into_response()
}

async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], service.metrics.text()).into_response()
}
