//! All rows against all evidence (SPEC §10 step 17).

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::reading::{self, READINGS_ANNEX};
use super::{EvmAnnex, UtxoAnnex, Wallets, annex_name, is_evidence, mismatch};
use crate::asset::Asset;
use crate::attestation::{Snapshot, SnapshotBlock};
use crate::book_row::Evidence;
use crate::error::{Error, Judged};
use crate::ownership::Network;
use crate::report::Facts;
use crate::reserve_row::ReserveRow;
use crate::state_proof::TokenRegistry;

/// What [`verify_balances`] judges.
pub struct BalanceEvidence<'a> {
    /// Time and blocks of the attestation.
    pub snapshot: &'a Snapshot,
    /// The assets of its books.
    pub assets: &'a [&'a Asset],
    /// Its reserve rows.
    pub rows: &'a [ReserveRow],
    /// Exact bytes of its annexes, whose digests were checked, by name.
    pub annexes: &'a BTreeMap<String, Vec<u8>>,
}

/// Checks every row's balance against its evidence, and that evidence annexes hold nothing else.
///
/// # Errors
/// What is false about the first balance that is not what its evidence says; only where none is, [`Error::Missing`] for a
/// token that `tokens` does not know, and [`Error::Unsupported`].
pub fn verify_balances(
    evidence: &BalanceEvidence<'_>,
    tokens: &TokenRegistry,
) -> Result<Facts, Error> {
    let mut facts = Facts::new();
    let mut judged = Judged::default();
    judged.take(check_coins(evidence, tokens, &mut facts));
    let mut chains: BTreeMap<&str, Vec<&ReserveRow>> = BTreeMap::new();
    let mut readings = Vec::new();
    for row in evidence.rows {
        let namespace = row.network.split(':').next().unwrap_or_default();
        // A chain's own coin has no contract to call.
        if row.evidence == Evidence::ContractCall && row.instance.native().is_some() {
            let why = format!("no {} shows {}", row.evidence.as_str(), row.instance);
            judged.take(mismatch::<()>("evidence", why));
            continue;
        }
        match (row.evidence, namespace) {
            (Evidence::EvmStateProof | Evidence::ContractCall, "eip155")
            | (Evidence::UtxoSet, "bip122") => {
                chains.entry(row.network.as_str()).or_default().push(row);
            }
            (Evidence::SignedReading | Evidence::AgreedReadings, _) => readings.push(row),
            (other, _) => {
                let why = format!("{} has no {}", row.network, other.as_str());
                judged.take(mismatch::<()>("evidence", why));
            }
        }
    }
    // Their records are verified here; which rows they speak for is step 13's. Without them nobody can say which accounts
    // run another's code.
    let mut expected = Vec::new();
    if let Some(wallets) = judged.take(Wallets::read(evidence.snapshot, evidence.annexes)) {
        for (network, rows) in &chains {
            let name = verify_chain(evidence, (tokens, &wallets), network, rows);
            expected.extend(judged.take(name));
        }
        let used = judged.take(wallets.check_used(evidence.rows));
        facts.extend(used.unwrap_or_default());
    }
    let bytes = evidence.annexes.get(READINGS_ANNEX);
    let read = reading::verify(
        bytes.map(Vec::as_slice).unwrap_or_default(),
        evidence.snapshot,
        &readings,
    );
    facts.extend(judged.take(read).unwrap_or_default());
    judged.finish()?;
    // An annex by an evidence's name that nothing rests on would look like evidence.
    for name in evidence.annexes.keys() {
        if is_evidence(name)
            && name != READINGS_ANNEX
            && !Wallets::is_annex(name)
            && !expected.contains(name)
        {
            return mismatch("annex", format!("no reserve rests on {name}"));
        }
    }
    facts.insert("balances", evidence.rows.len().to_string());
    Ok(facts)
}

/// The rows of one chain against its annex, whose name it gives.
fn verify_chain(
    evidence: &BalanceEvidence<'_>,
    (tokens, wallets): (&TokenRegistry, &Wallets),
    network: &str,
    rows: &[&ReserveRow],
) -> Result<String, Error> {
    let parsed: Network = network.parse().map_err(|_| Error::Unsupported {
        what: "network",
        found: crate::json::shorten(network),
    })?;
    let block = block_of(evidence.snapshot, network)?;
    let name = annex_name(&parsed).unwrap_or_default();
    let Some(bytes) = evidence.annexes.get(&name) else {
        return mismatch("annex", format!("reserves on {network} rest on {name}"));
    };
    let time = evidence.snapshot.time;
    match parsed {
        Network::Evm(_) => {
            let annex = EvmAnnex::parse(&parsed, bytes)?;
            annex.verify(block, time, rows, tokens, wallets)?;
        }
        _ => UtxoAnnex::parse(&parsed, bytes)?.verify(&parsed, block, time, rows)?,
    }
    Ok(name)
}

fn block_of<'a>(snapshot: &'a Snapshot, network: &str) -> Result<&'a SnapshotBlock, Error> {
    let block = snapshot
        .blocks
        .iter()
        .find(|block| block.network == network);
    block.ok_or_else(|| Error::Mismatch {
        what: "snapshot",
        why: format!("there are reserves on {network} and no block of it"),
    })
}

/// Contracts are those that the registry knows by their name, and a chain has one native coin: a second name of it would
/// count every balance again.
fn check_coins(
    evidence: &BalanceEvidence<'_>,
    tokens: &TokenRegistry,
    facts: &mut Facts,
) -> Result<(), Error> {
    let mut native = BTreeMap::new();
    let mut notes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for asset in evidence.assets {
        let checked = tokens.check_asset(asset)?;
        let mut note = |name, text| notes.entry(name).or_default().push(text);
        for id in checked.wrapped {
            note("wrapped", format!("{} counts {id}", asset.id()));
        }
        for id in checked.test_networks {
            note("test_networks", format!("{} counts {id}", asset.id()));
        }
        for instance in checked.unknown {
            let text = format!("{} at {}", instance.id, instance.decimals);
            note("decimals_unchecked", text);
        }
        for instance in asset.instances() {
            if instance.id.native().is_none() {
                continue;
            }
            let chain = instance.id.chain();
            let known = ["eip155:", "bip122:", "tron:", "solana:", "xrpl:"]
                .iter()
                .any(|known| chain.starts_with(known));
            if let Some(other) = native.insert(chain, &instance.id).filter(|_| known) {
                let why = format!("{other} and {} are one native coin", instance.id);
                return mismatch("instance", why);
            }
        }
    }
    for (name, texts) in notes {
        facts.insert(name, texts.join("; "));
    }
    Ok(())
}
