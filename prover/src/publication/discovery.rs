//! `.well-known/proof-of-reserves.json`: where tools and people begin. It is a signpost, not a trust root: whoever can
//! change it can point elsewhere, so a policy must come from a source of its own.

use por_protocol::policy::Policy;
use serde::Serialize;

use crate::error::Error;
use crate::home::Settings;

/// Format of the file.
const DISCOVERY_FORMAT: &str = "por/discovery/v1";

#[derive(Serialize)]
struct Discovery<'a> {
    format: &'static str,
    entity: &'a str,
    log_origin: &'a str,
    /// Keys of the log, newest last.
    log_keys: Vec<String>,
    /// Paths from the publication's root.
    checkpoint: &'static str,
    policy: &'static str,
    page: &'static str,
    attestations: &'static str,
}

/// The file's bytes.
///
/// # Errors
/// Never in practice: the content has a JSON form.
pub(super) fn discovery_file(settings: &Settings, policy: &Policy) -> Result<Vec<u8>, Error> {
    let discovery = Discovery {
        format: DISCOVERY_FORMAT,
        entity: &settings.entity,
        log_origin: &settings.log_origin,
        log_keys: policy.logs().iter().map(ToString::to_string).collect(),
        checkpoint: "log/checkpoint",
        policy: "policy",
        page: "index.html",
        attestations: "attestations/",
    };
    let mut text = serde_json::to_vec_pretty(&discovery).map_err(|error| Error::Io {
        path: "proof-of-reserves.json".into(),
        source: error.into(),
    })?;
    text.push(b'\n');
    Ok(text)
}
