//! HTTP to witnesses, hosts, buckets and nodes: bounded in time and size, no redirects, no proxy.
//!
//! A server decides nothing here but its own answer: it cannot make this program wait longer, read more, or ask somebody
//! else.

use std::io::Read;
use std::time::Duration;

use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

/// How often a file is asked for.
const TRIES: u32 = 3;
/// Between two tries, times the number of tries.
const PAUSE: Duration = Duration::from_millis(500);

/// What all requests of this program have in common. The caller adds its deadlines.
pub(crate) fn rules() -> ConfigBuilder<AgentScope> {
    ureq::Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
}

/// A client with one deadline for each whole exchange.
pub struct Client {
    agent: ureq::Agent,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Client {
    /// A client that gives up after this long.
    #[must_use]
    pub fn new(deadline: Duration) -> Self {
        Self {
            agent: rules().timeout_global(Some(deadline)).build().into(),
        }
    }

    /// Posts a body and reads an answer of at most `limit` bytes.
    ///
    /// # Errors
    /// What the network said; a longer answer.
    pub fn post(
        &self,
        url: &str,
        content_type: &str,
        body: &[u8],
        limit: u64,
    ) -> Result<Reply, ureq::Error> {
        let mut response = self
            .agent
            .post(url)
            .header("content-type", content_type)
            .send(body)?;
        let status = response.status().as_u16();
        let body = response
            .body_mut()
            .with_config()
            .limit(limit)
            .read_to_vec()?;
        Ok(Reply { status, body })
    }

    /// Gets a file: the status, and its content to be read. Tried again where the connection or the server fails for the
    /// moment.
    ///
    /// # Errors
    /// What the network said.
    pub fn get(&self, url: &str) -> Result<(u16, impl Read + use<>), ureq::Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            let pause = match self.agent.get(url).call() {
                Err(error) if tries >= TRIES => return Err(error),
                Ok(response) if response.status().is_server_error() && tries < TRIES => PAUSE,
                Ok(response) => {
                    let status = response.status().as_u16();
                    return Ok((status, response.into_body().into_reader()));
                }
                Err(_) => PAUSE,
            };
            std::thread::sleep(pause * tries);
        }
    }
}

/// What went wrong. The words never hold a URL: one that is signed would be a credential.
#[must_use]
pub fn describe(cause: &ureq::Error) -> String {
    match cause {
        ureq::Error::Timeout(_) => "no answer in time".into(),
        ureq::Error::HostNotFound => "the host is not found".into(),
        ureq::Error::ConnectionFailed => "cannot connect".into(),
        ureq::Error::Io(cause) => cause.to_string(),
        ureq::Error::RequireHttpsOnly(_) => {
            "plain HTTP is refused unless the environment allows it".into()
        }
        ureq::Error::Rustls(cause) => cause.to_string(),
        ureq::Error::Protocol(_) => "it does not speak HTTP".into(),
        _ => "the request failed".into(),
    }
}
