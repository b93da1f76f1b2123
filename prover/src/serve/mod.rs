//! `por serve`: hands each signed-in customer the own statement, and everybody the publication.
//!
//! It holds no secret key and no run key: the openings were signed before (`por statement --openings`), and everything
//! else in a statement is public. Which account is asked for stands in the token alone, so in no URL and in no log.

mod metrics;
mod publication;
mod quota;
mod replay;
mod routes;
mod statements;
mod token;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::error::Error;
use crate::http::{self, Site};

/// What to serve, and to whom.
#[derive(Debug)]
pub struct Options {
    /// Folder of the publication.
    pub publication: PathBuf,
    /// Archives of signed openings, one for each attestation.
    pub openings: Vec<PathBuf>,
    /// What tokens must be.
    pub tokens: TokenOptions,
    /// Statements that one account may ask for in a minute.
    pub per_minute: NonZeroU32,
    /// Address for customers.
    pub listen: SocketAddr,
    /// Address for operators: metrics and health.
    pub operator: SocketAddr,
}

/// What a token must be.
#[derive(Debug)]
pub struct TokenOptions {
    /// JWKS file with the gateway's public keys.
    pub jwks: PathBuf,
    /// The `aud` that a token must have.
    pub audience: String,
    /// The `iss` that it must have.
    pub issuer: Option<String>,
    /// The claim that holds the account.
    pub account_claim: String,
}

/// Serves until the process is told to stop. `ready` is called with the two addresses, customers' first.
///
/// # Errors
/// [`Error::Io`]; [`Error::Input`] for a file that is not what it should be; [`Error::Refused`] if archives and
/// publication do not belong together.
pub fn serve(
    options: &Options,
    clock: fn() -> u64,
    ready: impl FnOnce(&[SocketAddr]),
) -> Result<(), Error> {
    let (customers, operators) = routes::routers(options, clock)?;
    let sites = vec![
        Site {
            listen: options.listen,
            router: customers,
        },
        Site {
            listen: options.operator,
            router: operators,
        },
    ];
    http::serve(sites, ready)
}
