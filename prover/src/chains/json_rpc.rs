//! A strict JSON-RPC 2.0 client over HTTP, made for nodes that may lie, hang or flood.
//!
//! * one time limit over the whole call, one size limit on the reply, no compression that could unfold;
//! * no redirects, no proxies from the environment, and no link-local, multicast or unspecified address, which is where
//!   clouds keep their metadata services (B-08): checked on the addresses that are connected to, after the name was looked up;
//! * credentials come from a file that only its owner can read, never from the URL, and stand in no error;
//! * every reply must have the id of its request, and each request of a batch exactly one reply.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use base64ct::{Base64, Encoding as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use zeroize::Zeroizing;

use super::error::{ChainError, Fault};
use crate::error::Error;
use crate::files::secret_file;
use crate::http;

/// Where a node is, and how it knows us.
pub struct Endpoint {
    url: String,
    shown: String,
    authorization: Option<Zeroizing<String>>,
}

impl Endpoint {
    /// Parses a URL, and reads the credentials that go with it.
    ///
    /// The file holds one line: `user:password` (the cookie that Bitcoin nodes write is such a file), or `Bearer <token>`.
    ///
    /// # Errors
    /// [`Error::Refused`] for a URL that is not HTTP, has credentials in it, or a file that holds none; [`Error::Io`].
    pub fn new(url: &str, credentials: Option<&Path>) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Error::refused(
                format!("the URL of a node {why}"),
                "Write http://host:port or https://host:port, and put credentials into a file.",
            )
        };
        let uri: Uri = url.parse().map_err(|_| refuse("cannot be read"))?;
        let scheme = uri.scheme_str().unwrap_or_default().to_string();
        let (Some(authority), "http" | "https") = (uri.authority(), scheme.as_str()) else {
            return Err(refuse("is not of http or https"));
        };
        // What stands on a command line stands in the process list and the shell's history.
        if authority.as_str().contains('@') {
            return Err(refuse("has credentials in it"));
        }
        Ok(Self {
            url: url.into(),
            // A path may hold a key too.
            shown: format!("{scheme}://{authority}"),
            authorization: credentials.map(read_credentials).transpose()?,
        })
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

fn read_credentials(path: &Path) -> Result<Zeroizing<String>, Error> {
    let bytes = secret_file::read(path)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let line = text.strip_suffix('\n').unwrap_or(text);
    if line.is_empty() || line.contains(|c: char| c.is_control()) {
        let remedy = "Write one line: user:password, or Bearer and a token.";
        return Err(Error::input(path, "it holds no credentials", remedy));
    }
    if line.starts_with("Bearer ") {
        return Ok(Zeroizing::new(line.into()));
    }
    let encoded = Zeroizing::new(Base64::encode_string(line.as_bytes()));
    Ok(Zeroizing::new(format!("Basic {}", encoded.as_str())))
}

/// How much a node may take of us.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the look-up of the name to the last byte of the reply.
    pub time: Duration,
    /// Bytes of a reply.
    pub reply_bytes: u64,
    /// Requests in one batch.
    pub batch: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(120),
            // A thousand proofs have some 20 MB as hex.
            reply_bytes: 128 << 20,
            batch: 1000,
        }
    }
}

/// A node that is asked.
pub struct JsonRpc {
    endpoint: Endpoint,
    limits: Limits,
    agent: Agent,
}

impl fmt::Debug for JsonRpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.endpoint.fmt(f)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply<'a> {
    #[serde(default, rename = "jsonrpc")]
    _version: Option<String>,
    id: Option<u64>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RpcError {
    code: i64,
    message: String,
}

impl JsonRpc {
    /// A client of this node.
    #[must_use]
    pub fn new(endpoint: Endpoint, limits: Limits) -> Self {
        let config = http::rules()
            .timeout_global(Some(limits.time))
            .timeout_connect(Some(limits.time.min(Duration::from_secs(10))))
            .user_agent("por")
            .build();
        Self {
            endpoint,
            limits,
            agent: Agent::with_parts(
                config,
                DefaultConnector::default(),
                GuardedResolver::default(),
            ),
        }
    }

    /// The node as people know it.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.endpoint.shown
    }

    /// A fault of this node.
    pub fn fault(&self, fault: Fault, why: impl Into<String>) -> ChainError {
        ChainError::new(&self.endpoint.shown, fault, why)
    }

    /// One call.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn call<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, ChainError> {
        let body = self.post(method, &request(0, method, &params))?;
        let reply: Reply<'_> = self.parse(method, &body)?;
        self.result(method, 0, &reply)
    }

    /// The same call for each of `params`, in batches; results in their order.
    ///
    /// # Errors
    /// [`ChainError`] for the first that fails.
    pub fn batch<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &[Value],
        mut done: impl FnMut(usize),
    ) -> Result<Vec<T>, ChainError> {
        let mut results = Vec::with_capacity(params.len());
        for chunk in params.chunks(self.limits.batch.max(1)) {
            let requests: Vec<Value> = (0..)
                .zip(chunk)
                .map(|(id, params)| request(id, method, params))
                .collect();
            let body = self.post(method, &Value::Array(requests))?;
            // A node that refuses the whole batch answers with one error.
            if body.trim_ascii_start().starts_with(b"{") {
                let reply: Reply<'_> = self.parse(method, &body)?;
                let why = match self.result::<Value>(method, 0, &reply) {
                    Err(error) if error.fault == Fault::NodeError => return Err(error),
                    _ => format!("{method}: one reply to a batch of {}", chunk.len()),
                };
                return Err(self.fault(Fault::Malformed, why));
            }
            let mut replies: Vec<Reply<'_>> = self.parse(method, &body)?;
            replies.sort_by_key(|reply| reply.id);
            if replies.len() != chunk.len() {
                let why = format!("{method}: {} replies to {}", replies.len(), chunk.len());
                return Err(self.fault(Fault::Malformed, why));
            }
            for (id, reply) in (0..).zip(&replies) {
                results.push(self.result(method, id, reply)?);
            }
            done(chunk.len());
        }
        Ok(results)
    }

    fn parse<'a, T: Deserialize<'a>>(&self, method: &str, body: &'a [u8]) -> Result<T, ChainError> {
        serde_json::from_slice(body)
            .map_err(|error| self.fault(Fault::Malformed, format!("{method}: {error}")))
    }

    fn result<T: DeserializeOwned>(
        &self,
        method: &str,
        id: u64,
        reply: &Reply<'_>,
    ) -> Result<T, ChainError> {
        let malformed = |why: String| self.fault(Fault::Malformed, format!("{method}: {why}"));
        if let Some(error) = reply.error.filter(|error| error.get() != "null") {
            let error: RpcError =
                serde_json::from_str(error.get()).map_err(|error| malformed(error.to_string()))?;
            // Untrusted text on somebody's terminal: short, and without control characters.
            let message: String = error
                .message
                .chars()
                .take(200)
                .flat_map(char::escape_debug)
                .collect();
            let why = format!("{method}: {message} ({})", error.code);
            return Err(self.fault(Fault::NodeError, why));
        }
        if reply.id != Some(id) {
            return Err(malformed("the reply is to another request".into()));
        }
        let result = reply.result.map_or("null", RawValue::get);
        serde_json::from_str(result).map_err(|error| malformed(error.to_string()))
    }

    /// A call of an API that is not JSON-RPC: `body` to the node's URL and `path`, under the same limits.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn rest<T: DeserializeOwned>(
        &self,
        path: &str,
        method: &str,
        body: &Value,
    ) -> Result<T, ChainError> {
        let url = match path {
            "" => self.endpoint.url.clone(),
            path => format!("{}/{path}", self.endpoint.url.trim_end_matches('/')),
        };
        let body = self.post_to(&url, method, body)?;
        self.parse(method, &body)
    }

    fn post(&self, method: &str, request: &Value) -> Result<Vec<u8>, ChainError> {
        self.post_to(&self.endpoint.url, method, request)
    }

    fn post_to(&self, url: &str, method: &str, request: &Value) -> Result<Vec<u8>, ChainError> {
        let mut call = self
            .agent
            .post(url)
            .header("content-type", "application/json");
        if let Some(authorization) = &self.endpoint.authorization {
            call = call.header("authorization", authorization.as_str());
        }
        let fault = |error: ureq::Error| {
            let fault = match &error {
                ureq::Error::Timeout(_) => Fault::TimedOut,
                ureq::Error::BodyExceedsLimit(_) => Fault::TooLarge,
                ureq::Error::Other(_) => Fault::Forbidden,
                ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                    Fault::TimedOut
                }
                ureq::Error::Http(_) | ureq::Error::Protocol(_) => Fault::Malformed,
                _ => Fault::Unreachable,
            };
            self.fault(fault, format!("{method}: {error}"))
        };
        let mut response = call.send(request.to_string()).map_err(fault)?;
        match response.status().as_u16() {
            // Bitcoin nodes send an error of their own with status 404 or 500.
            200 | 404 | 500 => {}
            401 | 403 => {
                return Err(self.fault(Fault::Unauthorized, format!("{method}: not authorized")));
            }
            300..=399 => {
                let why = format!("{method}: it redirects, which is not followed");
                return Err(self.fault(Fault::Forbidden, why));
            }
            status => {
                let why = format!("{method}: HTTP status {status}");
                return Err(self.fault(Fault::Unreachable, why));
            }
        }
        response
            .body_mut()
            .with_config()
            .limit(self.limits.reply_bytes)
            .read_to_vec()
            .map_err(fault)
    }
}

fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// Looks names up, and refuses addresses where no node is but a machine's own secrets may be.
#[derive(Debug, Default)]
struct GuardedResolver(DefaultResolver);

#[derive(Debug)]
struct ForbiddenAddress(IpAddr);

impl fmt::Display for ForbiddenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no node is asked at {}", self.0)
    }
}

impl std::error::Error for ForbiddenAddress {}

impl Resolver for GuardedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = self.0.resolve(uri, config, timeout)?;
        match addresses.iter().find(|address| is_forbidden(address.ip())) {
            Some(address) => Err(ureq::Error::Other(Box::new(ForbiddenAddress(address.ip())))),
            None => Ok(addresses),
        }
    }
}

fn is_forbidden(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_link_local() || v4.is_multicast() || v4.is_unspecified() || v4.is_broadcast()
            // The metadata services of two clouds that are not link-local.
                || matches!(v4.octets(), [100, 100, 100, 200] | [168, 63, 129, 16])
        }
        IpAddr::V6(v6) => {
            v6.is_unicast_link_local()
                || v6.is_multicast()
                || v6.is_unspecified()
                || v6.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b_08_addresses_of_metadata_services_are_forbidden() {
        for bad in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "fe80::1",
            "fd00:ec2::254",
            "::",
            "ff02::1",
        ] {
            assert!(is_forbidden(bad.parse().unwrap()), "{bad}");
        }
        for good in ["127.0.0.1", "10.0.0.5", "::1", "192.168.1.2", "8.8.8.8"] {
            assert!(!is_forbidden(good.parse().unwrap()), "{good}");
        }
    }

    #[test]
    fn b_08_a_metadata_address_is_refused_before_anything_is_sent() {
        let endpoint = Endpoint::new("http://169.254.169.254/latest/meta-data", None).unwrap();
        let error = JsonRpc::new(endpoint, Limits::default())
            .call::<Value>("eth_chainId", json!([]))
            .unwrap_err();
        assert_eq!(error.fault, Fault::Forbidden, "{error}");
    }

    #[test]
    fn k_01_urls_with_credentials_are_refused_and_errors_show_no_path() {
        for bad in [
            "http://user:secret@127.0.0.1:8332",
            "ftp://127.0.0.1",
            "127.0.0.1:8545",
            "file:///etc/passwd",
            "http://",
            "",
        ] {
            let error = Endpoint::new(bad, None).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        let endpoint =
            Endpoint::new("https://node.example:8545/v3/secret?key=secret", None).unwrap();
        assert_eq!(endpoint.shown(), "https://node.example:8545");
        assert!(!format!("{endpoint:?}").contains("secret"));
    }
}
