//! `por window`: what moved at the listed addresses around the snapshot, by the checker's own nodes.

use std::fmt::Write as _;
use std::path::PathBuf;

use por_protocol::amount::ExactAmount;
use por_protocol::asset::Instance;

use super::balances::NodeArgs;
use super::{print, read_policy};
use crate::chains::window::{Movement, bitcoin_window, count_new, evm_window};
use crate::error::{Error, Exit};
use crate::publication::{AuthenticLists, Publication, authentic_lists};

/// Ask your own nodes what moved at the listed addresses around the snapshot: coins borrowed for a day come and go
#[derive(Debug, clap::Args)]
pub struct WindowCommand {
    /// The publication
    #[arg(value_name = "PUBLICATION")]
    pub publication: PathBuf,
    /// The policy: the exchange's public keys, from a source you trust
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// The attestation [default: the last one]
    #[arg(long)]
    pub sequence: Option<u64>,
    /// Blocks before and after the snapshot's; a day has 144 of Bitcoin and 7200 of Ethereum
    #[arg(long, value_name = "BLOCKS")]
    pub blocks: u64,
    /// Nodes of the own.
    #[command(flatten)]
    pub nodes: NodeArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

impl WindowCommand {
    /// # Errors
    /// [`Error::Untrue`] for a publication that is not the exchange's; [`Error::Chain`]; [`Error::Refused`] without a node.
    pub fn run(self) -> Result<Exit, Error> {
        let (policy, _) = read_policy(&self.policy)?;
        let nodes = self.nodes.read()?;
        if nodes.bitcoin.is_empty() && nodes.ethereum.is_empty() {
            return Err(Error::refused(
                "no node is named to ask",
                "Name your own with --bitcoin-rpc or --ethereum-rpc.",
            ));
        }
        let publication = Publication::at(&self.publication);
        let lists = authentic_lists(&publication, &policy, self.sequence)?;
        let snapshot = &lists.attestation.snapshot;
        let mut movements = Vec::new();
        for rpc in &nodes.bitcoin {
            movements.extend(bitcoin_window(rpc, snapshot, &lists.reserves, self.blocks)?);
        }
        for rpc in &nodes.ethereum {
            movements.extend(evm_window(rpc, snapshot, &lists.reserves, self.blocks)?);
        }
        // Months without a list that can be read, such as before the first one, are nothing to compare with.
        let earlier = lists.attestation.sequence.checked_sub(1);
        if let Some(sequence) = earlier
            && let Ok(earlier) = authentic_lists(&publication, &policy, Some(sequence))
        {
            count_new(&mut movements, &lists.reserves, &earlier.reserves);
        }
        let text = if self.json {
            serde_json::to_string(&movements).map_err(|error| Error::Io {
                path: "movements".into(),
                source: error.into(),
            })? + "\n"
        } else {
            words(&lists, &movements)
        };
        print(text.as_bytes())?;
        Ok(Exit::Ok)
    }
}

fn words(lists: &AuthenticLists, movements: &[Movement]) -> String {
    let attestation = &lists.attestation;
    let mut text = format!(
        "Around the snapshot of {}, attestation {} of {}, by your own nodes:\n",
        attestation.entity, attestation.sequence, attestation.period
    );
    for movement in movements {
        let of = |instance: &&Instance| instance.id == movement.instance;
        let instance = lists
            .books
            .iter()
            .flat_map(|row| row.asset.instances())
            .find(of);
        let units = |amount: ExactAmount| match instance {
            Some(instance) => amount.to_units(instance.decimals),
            None => format!("{} steps", amount.steps()),
        };
        let (first, at, last) = movement.heights;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{}", movement.instance);
        let _ = writeln!(text, "  block {first:<12} {}", units(movement.before));
        let _ = writeln!(
            text,
            "  block {at:<12} {}   came {} (of {} addresses, {} were empty before{})",
            units(movement.at),
            units(movement.came),
            movement.addresses,
            movement.empty_before,
            movement
                .new
                .map_or_else(String::new, |new| format!(", {new} not in the list before"))
        );
        let _ = match (last, movement.after, movement.left) {
            (Some(last), Some(after), Some(left)) => {
                writeln!(
                    text,
                    "  block {last:<12} {}   left {}",
                    units(after),
                    units(left)
                )
            }
            _ => writeln!(
                text,
                "  later          not yet: the chain has not come so far"
            ),
        };
    }
    text + "\nFacts, and no verdict: large sums that come right before a snapshot and leave right after it ask for an explanation.\n"
}
