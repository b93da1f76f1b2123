//! `por attest`: puts books and reserves together and signs the attestation.

use std::path::PathBuf;

use por_protocol::attestation::SnapshotBlock;

use super::challenge::ChallengeArgs;
use super::publish::{SigningArgs, explain_to_sign};
use super::{HomeArg, RunArg};
use crate::attest::{AttestInput, Attested, attest};
use crate::chains::collect::Collected;
use crate::coverage::Coverage;
use crate::error::{Error, Exit};
use crate::home::Home;
use crate::publication::AttestationFolder;
use crate::reserves::read_reserves;
use crate::tell;

/// Put books and reserves together and sign the attestation
#[derive(Debug, clap::Args)]
pub struct Attest {
    /// The exchange's folder.
    #[command(flatten)]
    pub home: HomeArg,
    /// The run.
    #[command(flatten)]
    pub run: RunArg,
    /// Reserves: CSV with the columns network,address,asset,amount,scheme,signature
    #[arg(long, value_name = "FILE")]
    pub reserves: PathBuf,
    /// Folder that `por reserves collect` wrote: blocks of the snapshot and evidence of the balances
    #[arg(long, value_name = "DIR")]
    pub collected: Option<PathBuf>,
    /// What dates the signatures.
    #[command(flatten)]
    pub terms: ChallengeArgs,
    /// Block of the snapshot, one for each chain with reserves: NETWORK=HEIGHT=HASH
    #[arg(long, value_name = "NETWORK=HEIGHT=HASH", value_parser = parse_block)]
    pub block: Vec<SnapshotBlock>,
    /// Sequence of the attestation that this one corrects
    #[arg(long, value_name = "SEQUENCE")]
    pub supersedes: Option<u64>,
    /// Attest a run again that is attested and not published; its approvals have to be given again
    #[arg(long)]
    pub again: bool,
    /// Public file to bind into the attestation, such as an auditor's letter
    #[arg(long, value_name = "FILE")]
    pub annex: Vec<PathBuf>,
    /// A log key that is kept elsewhere.
    #[command(flatten)]
    pub signing: SigningArgs,
}

impl Attest {
    /// # Errors
    /// Whatever is wrong with reserves, keys or the run; nothing is signed then.
    pub fn run(mut self) -> Result<Exit, Error> {
        let home = Home::at(&self.home.home);
        let settings = home.settings()?;
        let run = home.run(self.run.run)?;
        if let Some(folder) = &self.collected {
            let collected = Collected::read(folder)?;
            let blocks = collected.blocks_at(run.plan()?.0.snapshot_time)?;
            self.block.extend(blocks);
            self.annex.extend(collected.annexes);
        }
        let (terms, challenge) = self.terms.read(&settings.entity, &settings.log_origin)?;
        let reserves = read_reserves(&self.reserves, &home.assets()?, &challenge)?;
        if let Some(row) = reserves
            .iter()
            .find(|row| !self.block.iter().any(|block| block.network == row.network))
        {
            return Err(Error::refused(
                format!("no --block for {}, where there are reserves", row.network),
                "Name height and hash of the snapshot's block on each chain.",
            ));
        }
        let input = AttestInput {
            entity: &settings.entity,
            again: self.again,
            supersedes: self.supersedes,
            blocks: self.block,
            challenge: Some(terms),
            reserves,
            annexes: &self.annex,
            tokens: &home.tokens()?,
        };
        match attest(&run, &self.signing.signer(&home)?, input)? {
            Attested::ToSign(path) => explain_to_sign(&path, "the log key"),
            Attested::Done(attestation) => {
                let roles = home.policy()?.1.approvers().len();
                let next = if roles == 0 {
                    "por publish"
                } else {
                    "por approve"
                };
                tell!(
                    "Attested run {}: {} books, {} reserves. Next: {next}.",
                    attestation.sequence,
                    attestation.books.count,
                    attestation.reserves.count
                );
                Coverage::read(&AttestationFolder::at(&run.attested_path()))?.tell();
            }
        }
        Ok(Exit::Ok)
    }
}

pub(super) fn parse_block(text: &str) -> Result<SnapshotBlock, String> {
    let mut parts = text.splitn(3, '=');
    match (parts.next(), parts.next().map(str::parse), parts.next()) {
        (Some(network), Some(Ok(height)), Some(hash)) if !hash.is_empty() => Ok(SnapshotBlock {
            network: network.into(),
            height,
            hash: hash.into(),
            muhash: None,
        }),
        _ => Err("write NETWORK=HEIGHT=HASH, such as eip155:1=21000000=0xabc…".into()),
    }
}
