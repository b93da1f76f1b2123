//! HTTP to witnesses: bounded in time and size, no redirects, no proxy.
//!
//! A server decides nothing here but its own answer: it cannot make this program wait longer, read more, or ask somebody
//! else.

use std::time::Duration;

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
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(deadline))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .build();
        Self {
            agent: config.into(),
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
}
