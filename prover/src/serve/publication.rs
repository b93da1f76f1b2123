//! The publication's files, as any web host serves them: whole or by range, and never anything else of the disk.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any_service;
use tower_http::services::{ServeDir, ServeFile};

use crate::publication::{TOP_FILES, TOP_FOLDERS, served_as};

/// Files that never change once they are there.
const FOR_EVER: &str = "public, max-age=31536000, immutable, no-transform";
/// Files that are asked for anew each time.
const NEVER_STALE: &str = "no-cache, no-transform";
/// A path of a publication has five parts.
const MAX_PATH_BYTES: usize = 256;

/// Serves the files below `folder`; 404 for whatever is no file of a publication.
pub(super) fn router(folder: &Path) -> Router {
    // Folders are not listed and not redirected to: a redirect is made of the path, which anybody chooses.
    let files = ServeDir::new(folder).append_index_html_on_directories(false);
    Router::new()
        .route("/", any_service(ServeFile::new(folder.join("index.html"))))
        .fallback_service(files)
        .layer(middleware::from_fn(public_files))
}

async fn public_files(request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, "GET, HEAD")];
        return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
    }
    let path = request.uri().path().to_owned();
    let path = path.trim_start_matches('/');
    if !is_public(request.uri().path()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut response = next.run(request).await;
    // What the library answers for a name that cannot be a file's is the same as for one that is none.
    if response.status().is_client_error() && response.status() != StatusCode::RANGE_NOT_SATISFIABLE
    {
        return StatusCode::NOT_FOUND.into_response();
    }
    let cache = if response.status().is_success() && is_for_ever(path) {
        FOR_EVER
    } else {
        NEVER_STALE
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if headers.contains_key(header::CONTENT_TYPE) {
        // The same types as from a bucket.
        let kind = served_as(if path.is_empty() { "index.html" } else { path });
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response.map(Body::new)
}

/// Whether a path can be one of a publication's: plain characters, no hidden part, and a beginning that it has.
fn is_public(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
    if path == "/" {
        return true;
    }
    let Some(path) = path.strip_prefix('/') else {
        return false;
    };
    path.len() <= MAX_PATH_BYTES
        && path.bytes().all(plain)
        && path
            .split('/')
            .enumerate()
            .all(|(place, part)| (place == 0 && part == ".well-known") || !part.starts_with('.'))
        && path.split('/').all(|part| !part.is_empty())
        && match path.split_once('/') {
            Some((top, _)) => TOP_FOLDERS.contains(&top),
            None => TOP_FILES.contains(&path),
        }
}

/// Attestations, full tiles of the log and assets (named by their content) are written once. A log's tile that is not
/// full yet has its width in its name, so it is written once, too.
fn is_for_ever(path: &str) -> bool {
    ["attestations/", "rotations/", "log/tile/", "assets/"]
        .iter()
        .any(|folder| path.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_03_only_paths_of_a_publication_are_looked_at() {
        for path in [
            "/",
            "/index.html",
            "/policy",
            "/log/checkpoint",
            "/log/tile/0/x001/234.p/5",
            "/.well-known/proof-of-reserves.json",
            "/attestations/000000/tiles/BTC-owed/1/000000.pack",
            "/assets/index-B_x.js",
        ] {
            assert!(is_public(path), "{path}");
        }
        for path in [
            "",
            "//",
            "/..",
            "/../policy",
            "/log/../policy",
            "/log/..%2f..%2fetc",
            "/%2e%2e/policy",
            "/policy%00",
            "/policy/",
            "/policyx",
            "/log",
            "/log/",
            "/log//checkpoint",
            "/.por.tmp",
            "/.por.lock",
            "/log/.hidden",
            "/.well-known/.hidden",
            "/attestations/.well-known",
            "/attestations/ı",
            "/keys/log.key",
            "/log\\checkpoint",
        ] {
            assert!(!is_public(path), "{path}");
        }
        assert!(!is_public(&format!("/assets/{}", "x".repeat(300))));
    }
}
