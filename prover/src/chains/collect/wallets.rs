//! Contract wallets and delegated accounts of a chain: their storage where it is known, their answers where it is not.

use std::collections::{BTreeMap, BTreeSet};

use por_protocol::balances::{
    CallRecord, DelegationRecord, OWNERS_SLOT, SENTINEL_OWNER, SafeOwner, SafeRecord, WalletRecord,
    owner_slot, wallet_annex_name,
};
use por_protocol::hex_bytes::HexBytes;
use por_protocol::ownership::{Address, Challenge, Network, Scheme, eip1271_hash};
use por_protocol::state_proof::{Account, EvmAddress};

use super::list::Line;
use super::{Harvest, jsonl};
use crate::chains::error::{ChainError, Fault};
use crate::chains::evm::{EvmBlock, EvmNode};
use crate::chains::wallets::{ask, probe, signature_bytes};

/// Code of a delegated account (EIP-7702), before the 20 bytes of the address whose code it runs.
const DELEGATION: [u8; 3] = [0xef, 0x01, 0x00];
/// Owners that a Safe is followed to: its list could be made to go on for ever.
const MAX_OWNERS: usize = 64;
/// Slots of the singleton, the owner count and the threshold.
const SLOTS: [u8; 3] = [0, 3, 4];
const MODULES_LIST: u8 = 1;

/// Adds the chain's wallets annex, if any address needs one.
pub(super) fn collect_wallets(
    nodes: &[(&str, EvmNode<'_>)],
    block: &EvmBlock,
    challenge: Option<&Challenge>,
    lines: &[&mut Line],
    collected: &mut Harvest,
) -> Result<(), ChainError> {
    let (Some((_, node)), Some(first)) = (nodes.first(), lines.first()) else {
        return Ok(());
    };
    let network = first.network;
    let mut asked: BTreeMap<&str, &Line> = BTreeMap::new();
    for line in lines {
        asked.entry(line.address.as_str()).or_insert(line);
    }
    let mut records = Vec::new();
    let mut keys = Vec::new();
    for line in asked.values() {
        match line.scheme.parse() {
            Ok(Scheme::Safe) => records.push(WalletRecord::Safe(safe(node, block, line)?)),
            Ok(Scheme::Eip1271) => {
                records.push(WalletRecord::Call(answers(nodes, block, challenge, line)?));
            }
            // Lists without signatures are collected too, and signed later.
            _ => keys.extend(EvmAddress::of(&line.address).map(|address| (*line, address))),
        }
    }
    records.extend(delegations(node, block, &keys)?);
    let Some(name) = wallet_annex_name(&network).filter(|_| !records.is_empty()) else {
        return Ok(());
    };
    let head = WalletRecord::Block {
        network: network.to_string(),
        header: HexBytes(block.rlp.clone()),
    };
    let bytes = jsonl(std::iter::once(&head).chain(&records));
    collected.annexes.insert(name, bytes);
    Ok(())
}

fn wallet_of(node: &EvmNode<'_>, line: &Line) -> Result<EvmAddress, ChainError> {
    EvmAddress::of(&line.address)
        .ok_or_else(|| node.fault(Fault::Malformed, format!("{} is no account", line.address)))
}

fn canonical(network: &Network, address: &EvmAddress) -> Option<String> {
    let text = format!("0x{}", hex::encode(address.as_bytes()));
    let parsed = Address::parse(network, &text).ok()?;
    Some(parsed.as_str().to_string())
}

/// A Safe's storage, link by link: each owner is known from the proof of the one before.
fn safe(node: &EvmNode<'_>, block: &EvmBlock, line: &Line) -> Result<SafeRecord, ChainError> {
    let wallet = wallet_of(node, line)?;
    let height = block.header.number();
    let root = block.header.state_root();
    let fail = |why: String| node.fault(Fault::False, format!("{}: {why}", line.address));
    let word = |number: u8| {
        let mut slot = [0; 32];
        slot[31] = number;
        slot
    };
    let mut slots: Vec<[u8; 32]> = SLOTS.into_iter().map(word).collect();
    slots.push(owner_slot(MODULES_LIST, &SENTINEL_OWNER));
    slots.push(owner_slot(OWNERS_SLOT, &SENTINEL_OWNER));
    let proof = node.storage_proofs(wallet, &slots, height, |_| ())?;
    let account = Account::prove(root, &wallet, &proof.account)
        .map_err(|error| fail(error.to_string()))?
        .ok_or_else(|| fail("there is no such contract at this block".into()))?;
    let read = |slot: &[u8; 32], nodes: &[HexBytes]| {
        let word = account.storage(slot, nodes);
        let word = word.map_err(|error| fail(error.to_string()))?;
        match word.split_last_chunk::<20>() {
            Some((high, low)) if high.iter().all(|byte| *byte == 0) => {
                Ok(EvmAddress::from_bytes(*low))
            }
            _ => Err(fail("its storage is not a Safe's".into())),
        }
    };
    let Ok([singleton, owner_count, threshold, modules, first]) =
        <[Vec<HexBytes>; 5]>::try_from(proof.storage)
    else {
        return Err(node.fault(Fault::Malformed, "eth_getProof: slots are missing"));
    };
    let master = read(&slots[0], &singleton)?;
    let mut next = read(&slots[4], &first)?;
    let mut owners = Vec::new();
    while next != SENTINEL_OWNER {
        if owners.len() == MAX_OWNERS || next == EvmAddress::from_bytes([0; 20]) {
            return Err(fail("its storage has no list of owners that ends".into()));
        }
        let address =
            canonical(&line.network, &next).ok_or_else(|| fail("an owner is no address".into()))?;
        let slot = owner_slot(OWNERS_SLOT, &next);
        let proof = node.storage_proofs(wallet, &[slot], height, |_| ())?;
        let nodes = proof.storage.into_iter().next().unwrap_or_default();
        next = read(&slot, &nodes)?;
        owners.push(SafeOwner {
            address,
            next: nodes,
        });
    }
    let singleton_account = node.account_proofs(&[master], height, |_| ())?;
    let singleton_account = singleton_account.into_iter().next();
    Ok(SafeRecord {
        address: line.address.as_str().into(),
        account: proof.account,
        singleton_account: singleton_account
            .map(|proof| proof.account)
            .unwrap_or_default(),
        singleton,
        owner_count,
        threshold,
        modules,
        first,
        owners,
    })
}

/// What the contract answers, the same at all nodes.
fn answers(
    nodes: &[(&str, EvmNode<'_>)],
    block: &EvmBlock,
    challenge: Option<&Challenge>,
    line: &Line,
) -> Result<CallRecord, ChainError> {
    let height = block.header.number();
    let no =
        |why: &str| ChainError::new(line.address.as_str(), Fault::NotAvailable, why.to_string());
    let challenge = challenge.ok_or_else(|| {
        no("a contract is asked about its signature of the challenge: name --block-header")
    })?;
    let signature =
        signature_bytes(&line.signature).ok_or_else(|| no("its signature is not 0x and hex"))?;
    let hash = eip1271_hash(challenge.text(&line.address).as_bytes());
    let mut agreed: Option<CallRecord> = None;
    for (_, node) in nodes {
        let wallet = wallet_of(node, line)?;
        let result = ask(node, &wallet, &hash, &signature, height)?;
        if agreed
            .as_ref()
            .is_some_and(|agreed| agreed.result.0 != result)
        {
            let why = format!("the contract {} answers otherwise there", line.address);
            return Err(node.fault(Fault::Disagreement, why));
        }
        if agreed.is_none() {
            agreed = Some(CallRecord {
                address: line.address.as_str().into(),
                hash: HexBytes(hash.to_vec()),
                signature: HexBytes(signature.clone()),
                result: HexBytes(result),
                probe: probe(node, &wallet, signature.len(), height)?,
            });
        }
    }
    agreed.ok_or_else(|| no("it has no node"))
}

/// Which of the accounts that sign by a key run another's code.
fn delegations(
    node: &EvmNode<'_>,
    block: &EvmBlock,
    keys: &[(&Line, EvmAddress)],
) -> Result<Vec<WalletRecord>, ChainError> {
    let height = block.header.number();
    let accounts: Vec<EvmAddress> = keys.iter().map(|(_, address)| *address).collect();
    let codes = node.codes(&accounts, height)?;
    let mut seen = BTreeSet::new();
    let mut records = Vec::new();
    for ((line, address), code) in keys.iter().zip(codes) {
        let delegate = code.strip_prefix(&DELEGATION);
        let Some(delegate) = delegate.and_then(|rest| <[u8; 20]>::try_from(rest).ok()) else {
            continue;
        };
        let delegate = canonical(&line.network, &EvmAddress::from_bytes(delegate));
        let Some(delegate) = delegate.filter(|_| seen.insert(*address)) else {
            continue;
        };
        let proof = node.account_proofs(&[*address], height, |_| ())?;
        records.push(WalletRecord::Delegated(DelegationRecord {
            address: line.address.as_str().into(),
            delegate,
            account: proof
                .into_iter()
                .next()
                .map(|proof| proof.account)
                .unwrap_or_default(),
        }));
    }
    Ok(records)
}
