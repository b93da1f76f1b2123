//! `por reserves collect`: reads balances from the exchange's own nodes.

use std::path::PathBuf;

use crate::chains::collect::collect;
use crate::chains::config::ChainsConfig;
use crate::commands::HomeArg;
use crate::commands::challenge::ChallengeArgs;
use crate::error::{Error, Exit};
use crate::home::Home;
use crate::tell;

/// Read balances and their evidence from your own nodes
#[derive(Debug, clap::Args)]
pub struct Collect {
    /// The exchange's folder.
    #[command(flatten)]
    pub home: HomeArg,
    /// Nodes and blocks: chains.toml
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// CSV with the columns network,address,asset; others are kept
    #[arg(long, value_name = "FILE")]
    pub reserves: PathBuf,
    /// The Bitcoin block that dates the signatures, as for `por challenge`: needed where contracts are asked (eip1271)
    #[arg(long, value_name = "FILE")]
    pub block_header: Option<PathBuf>,
    /// The regulator's nonce, as for `por challenge`
    #[arg(
        long,
        value_name = "HEX",
        default_value = "",
        requires = "block_header"
    )]
    pub nonce: String,
    /// New folder for the list with its balances, and for their evidence
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

impl Collect {
    /// # Errors
    /// [`Error::Line`] for a wrong line, [`Error::Chain`] for what a node does or says; nothing is written then.
    pub fn run(self) -> Result<Exit, Error> {
        let home = Home::at(&self.home.home);
        let challenge = match self.block_header {
            Some(block_header) => {
                let settings = home.settings()?;
                let nonce = self.nonce;
                let terms = ChallengeArgs {
                    block_header,
                    nonce,
                };
                Some(terms.read(&settings.entity, &settings.log_origin)?.1)
            }
            None => None,
        };
        let summary = collect(
            &ChainsConfig::read(&self.config)?,
            &home.assets()?,
            &home.tokens()?,
            challenge.as_ref(),
            &self.reserves,
            &self.out,
        )?;
        tell!(
            "Collected {} balances on {} chains. Next: por attest --reserves {} --collected {}.",
            summary.reserves,
            summary.chains,
            self.out.join("reserves.csv").display(),
            self.out.display()
        );
        Ok(Exit::Ok)
    }
}
