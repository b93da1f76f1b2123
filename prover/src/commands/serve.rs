//! `por serve`: statements for signed-in customers, and the publication for everybody.

use std::io::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use super::now;
use crate::error::{Error, Exit};
use crate::serve::{Options, TokenOptions, serve};
use crate::tell;

/// Serve statements to signed-in customers, and the publication to everybody; holds no key
#[derive(Debug, clap::Args)]
pub struct ServeCommand {
    /// Folder of the publication
    pub publication: PathBuf,
    /// Signed openings, written by `por statement --all --openings`; once for each attestation
    #[arg(long, value_name = "FILE", required = true)]
    pub openings: Vec<PathBuf>,
    /// JWKS file: the Ed25519 public keys that the exchange's gateway signs tokens with
    #[arg(long, value_name = "FILE")]
    pub jwks: PathBuf,
    /// What a token's aud must be
    #[arg(long, value_name = "TEXT")]
    pub audience: String,
    /// What a token's iss must be [default: not looked at]
    #[arg(long, value_name = "TEXT")]
    pub issuer: Option<String>,
    /// The claim of a token that holds the account, as the ledger spells it
    #[arg(long, value_name = "CLAIM", default_value = "sub")]
    pub account_claim: String,
    /// Statements that one account may ask for in a minute
    #[arg(long, value_name = "N", default_value = "30")]
    pub per_minute: NonZeroU32,
    /// Address to listen on; put a proxy with TLS before it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8020")]
    pub listen: SocketAddr,
    /// Address for operators: /metrics (Prometheus) and /v1/health
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8021")]
    pub operator_listen: SocketAddr,
}

impl ServeCommand {
    /// # Errors
    /// As [`serve`].
    pub fn run(self) -> Result<Exit, Error> {
        let options = Options {
            publication: self.publication,
            openings: self.openings,
            tokens: TokenOptions {
                jwks: self.jwks,
                audience: self.audience,
                issuer: self.issuer,
                account_claim: self.account_claim,
            },
            per_minute: self.per_minute,
            listen: self.listen,
            operator: self.operator_listen,
        };
        serve(&options, now, |addresses| {
            if let [customers, operators] = addresses {
                tell!(
                    "Statements on http://{customers}/v1/statement, the publication on http://{customers}/, \
                     metrics on http://{operators}/metrics. Stop it with Ctrl-C."
                );
            }
            // Scripts that start a server wait for this line.
            let _ = std::io::stderr().flush();
        })?;
        Ok(Exit::Ok)
    }
}
