//! `por window`: what moved at the listed addresses around the snapshot, by the checker's own nodes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use por_protocol::amount::{Decimals, ExactAmount};
use por_protocol::asset::AssetId;
use por_protocol::digest::Digest;
use por_protocol::period::Period;
use por_protocol::reserve_row::ReserveRow;
use serde::Serialize;

use super::balances::NodeArgs;
use super::{print, read_policy};
use crate::chains::window::{Heights, Movement, bitcoin_window, count_new, evm_window};
use crate::error::{Error, Exit};
use crate::publication::{AuthenticLists, Publication, authentic_lists};
use crate::tell;

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
    /// Print JSON, which the page draws under "Assets"
    #[arg(long)]
    pub json: bool,
}

/// `format` of what is printed as JSON.
const FORMAT: &str = "por/window/v1";

/// What was found out, and around which snapshot. Nobody signs it: it is the word of whoever asked.
#[derive(Serialize)]
struct Window<'a> {
    format: &'static str,
    log_origin: &'a str,
    /// Of the exact bytes of the attestation.
    attestation: Digest,
    sequence: u64,
    period: &'a Period,
    /// Unix seconds.
    snapshot_time: u64,
    coins: Vec<Coin<'a>>,
}

/// One coin, with the asset that its decimals come from; none where no book has it.
#[derive(Serialize)]
struct Coin<'a> {
    asset: Option<&'a AssetId>,
    decimals: Option<Decimals>,
    #[serde(flatten)]
    movement: Movement,
}

impl<'a> Window<'a> {
    fn new(lists: &'a AuthenticLists, movements: Vec<Movement>) -> Self {
        let coin = |movement: Movement| {
            let found = lists.books.iter().find_map(|row| {
                let mut instances = row.asset.instances().iter();
                let instance = instances.find(|instance| instance.id == movement.instance)?;
                Some((row.asset.id(), instance.decimals))
            });
            let (asset, decimals) = found.unzip();
            Coin {
                asset,
                decimals,
                movement,
            }
        };
        let attestation = &lists.attestation;
        Self {
            format: FORMAT,
            log_origin: &attestation.log_origin,
            attestation: lists.digest,
            sequence: attestation.sequence,
            period: &attestation.period,
            snapshot_time: attestation.snapshot.time,
            coins: movements.into_iter().map(coin).collect(),
        }
    }
}

impl WindowCommand {
    /// # Errors
    /// [`Error::Untrue`] for a publication that is not the exchange's; [`Error::Chain`]; [`Error::Refused`] without a node.
    /// An attestation before it that cannot be compared with is told, with [`Exit::CannotTell`].
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
        let mut exit = Exit::Ok;
        // Before the first attestation there is nothing to compare with. A list that cannot be read is another matter: who
        // damages it would hide which addresses are new.
        if let Some(sequence) = lists.attestation.sequence.checked_sub(1) {
            match authentic_lists(&publication, &policy, Some(sequence)) {
                Ok(earlier) => count_new(&mut movements, &lists.reserves, &earlier.reserves),
                Err(error) => {
                    tell!(
                        "Which addresses are new cannot be told; attestation {sequence}: {error}"
                    );
                    exit = Exit::CannotTell;
                }
            }
        }
        let not_asked = not_asked(&lists.reserves, &movements);
        if !not_asked.is_empty() {
            tell!("No node was asked about {}.", not_asked.join(", "));
        }
        let window = Window::new(&lists, movements);
        let text = if self.json {
            serde_json::to_string_pretty(&window).map_err(|error| Error::Io {
                path: "movements".into(),
                source: error.into(),
            })? + "\n"
        } else {
            words(&lists.attestation.entity, &window)
        };
        print(text.as_bytes())?;
        Ok(exit)
    }
}

/// Coins of which nobody was asked what moved, each once.
fn not_asked<'a>(rows: &'a [ReserveRow], movements: &'a [Movement]) -> Vec<&'a str> {
    let asked: BTreeSet<_> = movements.iter().map(|found| &found.instance).collect();
    let listed: BTreeSet<_> = rows.iter().map(|row| &row.instance).collect();
    let left = listed.difference(&asked);
    left.map(|instance| instance.as_str()).collect()
}

fn words(entity: &str, window: &Window<'_>) -> String {
    let mut text = format!(
        "Around the snapshot of {entity}, attestation {} of {}, by your own nodes:\n",
        window.sequence, window.period
    );
    for Coin {
        decimals, movement, ..
    } in &window.coins
    {
        let units = |amount: ExactAmount| match decimals {
            Some(decimals) => amount.to_units(*decimals),
            None => format!("{} steps", amount.steps()),
        };
        let Heights { before, at, after } = movement.heights;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{}", movement.instance);
        let _ = writeln!(text, "  block {before:<12} {}", units(movement.before));
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
        let _ = match (after, movement.after, movement.left) {
            (Some(height), Some(after), Some(left)) => {
                writeln!(
                    text,
                    "  block {height:<12} {}   left {}",
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What the page's own tests read.
    const FIXTURE: &str = include_str!("../../../fixtures/window/window.json");

    fn coin(asset: Option<&AssetId>, instance: &str, later: Option<(u64, u128, u128)>) -> Movement {
        let exact = ExactAmount::from_steps;
        Movement {
            instance: instance.parse().unwrap(),
            heights: Heights {
                before: 899_856,
                at: 900_000,
                after: later.map(|(height, ..)| height),
            },
            before: exact(1_200_000_000),
            at: exact(9_007_199_254_740_993_000),
            after: later.map(|(_, after, _)| exact(after)),
            came: exact(9_007_199_253_540_993_000),
            left: later.map(|(.., left)| exact(left)),
            addresses: 12,
            empty_before: 3,
            new: asset.map(|_| 2),
        }
    }

    #[test]
    fn what_is_printed_as_json_is_what_the_page_reads() {
        let asset = AssetId::new("BTC").unwrap();
        let bitcoin = "bip122:000000000019d6689c085ae165831e93/slip44:0";
        let known = coin(
            Some(&asset),
            bitcoin,
            Some((900_144, 1_300_000_000, 9_007_199_253_440_993_000)),
        );
        let unknown = coin(None, "eip155:1/slip44:60", None);
        let window = Window {
            format: FORMAT,
            log_origin: "sample.example/por",
            attestation: Digest::of(b"attestation"),
            sequence: 2,
            period: &Period::new("2026-10").unwrap(),
            snapshot_time: 1_793_404_800,
            coins: vec![
                Coin {
                    asset: Some(&asset),
                    decimals: Some(Decimals::new(8).unwrap()),
                    movement: known,
                },
                Coin {
                    asset: None,
                    decimals: None,
                    movement: unknown,
                },
            ],
        };
        assert_eq!(
            serde_json::to_string_pretty(&window).unwrap() + "\n",
            FIXTURE
        );
    }
}
