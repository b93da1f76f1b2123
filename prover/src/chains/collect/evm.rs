//! Balances on an EVM chain: proofs from state where the token is known, calls and readings where it is not.

use std::collections::BTreeMap;

use por_protocol::amount::ExactAmount;
use por_protocol::attestation::SnapshotBlock;
use por_protocol::balances::{EvmRecord, ReadingRecord, annex_name};
use por_protocol::book_row::Evidence;
use por_protocol::hex_bytes::HexBytes;
use por_protocol::ownership::Address;
use por_protocol::state_proof::{Account, EvmAddress, StoredBalance, TokenRegistry};

use super::list::{Found, Line};
use super::wallets::collect_wallets;
use super::{CollectedBlock, Harvest, Known, jsonl, now};
use crate::chains::config::ChainConfig;
use crate::chains::error::{ChainError, Fault};
use crate::chains::evm::{EvmBlock, EvmNode, exact_of};
use crate::terminal::progress;

/// The block of the snapshot, on which all nodes must agree.
fn agreed_block(
    chain: &ChainConfig,
    nodes: &[(&str, EvmNode<'_>)],
) -> Result<EvmBlock, ChainError> {
    let mut agreed: Option<EvmBlock> = None;
    for (_, node) in nodes {
        let height = match (&agreed, chain.height) {
            (Some(block), _) => block.header.number(),
            (None, Some(height)) => height,
            (None, None) => node.tip()?.saturating_sub(chain.depth),
        };
        let block = node.block(height)?;
        if let Some(other) = agreed.as_ref().filter(|other| other.rlp != block.rlp) {
            let why = format!(
                "block {height} is {} there, and {} at the first node",
                block.header.hash(),
                other.header.hash()
            );
            return Err(node.fault(Fault::Disagreement, why));
        }
        agreed = agreed.or(Some(block));
    }
    agreed.ok_or_else(|| ChainError::new(&chain.network, Fault::Unreachable, "it has no node"))
}

pub(super) fn collect_evm(
    chain: &ChainConfig,
    nodes: &[(&str, EvmNode<'_>)],
    known: Known<'_>,
    lines: &mut [&mut Line],
    collected: &mut Harvest,
) -> Result<(), ChainError> {
    let block = agreed_block(chain, nodes)?;
    let height = block.header.number();
    let bar = progress::bar(lines.len() as u64, "balances");
    let mut records = Vec::new();
    if chain.evidence == Some(Evidence::AgreedReadings) {
        read_evm(nodes, height, lines, collected, &bar)?;
    } else if let Some((_, node)) = nodes.first() {
        prove_native(node, &block, lines, &mut records, &bar)?;
        prove_tokens(node, &block, known.tokens, lines, &mut records, &bar)?;
        call_tokens(nodes, height, lines, &mut records, &bar)?;
    }
    check_decimals(nodes, height, known.tokens, lines)?;
    bar.finish_and_clear();
    collect_wallets(nodes, &block, known.challenge, lines, collected)?;
    // What was read of several requests must be of one chain.
    for (_, node) in nodes {
        if node.block(height)?.rlp != block.rlp {
            let why = format!("block {height} was replaced while it was read");
            return Err(node.fault(Fault::OtherBlock, why));
        }
    }
    collected.blocks.push(CollectedBlock {
        block: SnapshotBlock {
            network: chain.network.clone(),
            height,
            hash: block.header.hash(),
            muhash: None,
        },
        time: Some(block.header.time()),
    });
    if !records.is_empty() {
        let first = EvmRecord::Block {
            network: chain.network.clone(),
            header: HexBytes(block.rlp),
        };
        let network = lines.first().map(|line| line.network);
        let name = network
            .and_then(|network| annex_name(&network))
            .unwrap_or_default();
        let bytes = jsonl(std::iter::once(&first).chain(&records));
        collected.annexes.insert(name, bytes);
    }
    Ok(())
}

fn false_proof(node: &EvmNode<'_>, error: &impl std::fmt::Display) -> ChainError {
    node.fault(Fault::False, format!("eth_getProof: {error}"))
}

/// The 20 bytes of an address that was parsed as one of an EVM chain.
fn holder(line: &Line) -> EvmAddress {
    EvmAddress::of(&line.address).unwrap_or(EvmAddress::from_bytes([0; 20]))
}

fn contract(line: &Line) -> Option<EvmAddress> {
    let (_, contract) = line.instance.id.as_str().split_once("/erc20:")?;
    EvmAddress::from_hex(contract)
}

fn prove_native(
    node: &EvmNode<'_>,
    block: &EvmBlock,
    lines: &mut [&mut Line],
    records: &mut Vec<EvmRecord>,
    bar: &indicatif::ProgressBar,
) -> Result<(), ChainError> {
    let mut lines: Vec<_> = lines
        .iter_mut()
        .filter(|line| contract(line).is_none())
        .collect();
    let addresses: Vec<_> = lines.iter().map(|line| holder(line)).collect();
    let height = block.header.number();
    let proofs = node.account_proofs(&addresses, height, |done| bar.inc(done as u64))?;
    for ((line, address), proof) in lines.iter_mut().zip(&addresses).zip(proofs) {
        let account = Account::prove(block.header.state_root(), address, &proof.account)
            .map_err(|error| false_proof(node, &error))?;
        let amount = account.map_or(Ok(ExactAmount::ZERO), |account| account.balance());
        line.found = Some(Found {
            amount: amount.map_err(|error| false_proof(node, &error))?,
            encumbered: line.pledged,
            staked: ExactAmount::ZERO,
            evidence: Evidence::EvmStateProof,
        });
        records.push(EvmRecord::Account {
            address: line.address.as_str().into(),
            proof: proof.account,
        });
    }
    Ok(())
}

fn prove_tokens(
    node: &EvmNode<'_>,
    block: &EvmBlock,
    tokens: &TokenRegistry,
    lines: &mut [&mut Line],
    records: &mut Vec<EvmRecord>,
    bar: &indicatif::ProgressBar,
) -> Result<(), ChainError> {
    let mut by_contract: BTreeMap<EvmAddress, Vec<(&mut Line, [u8; 32])>> = BTreeMap::new();
    for line in lines.iter_mut() {
        let slot = tokens
            .find(&line.instance.id)
            .and_then(|token| token.layout.slot_of(&holder(line)));
        if let (Some(contract), Some(slot)) = (contract(line), slot) {
            by_contract.entry(contract).or_default().push((line, slot));
        }
    }
    for (contract, mut lines) in by_contract {
        let frozen_slot = |line: &Line| {
            let token = tokens.find(&line.instance.id)?;
            token.frozen_slot_of(&holder(line))
        };
        // A line's balance, and behind it the line's place among the frozen.
        let slots: Vec<_> = lines
            .iter()
            .flat_map(|(line, slot)| [Some(*slot), frozen_slot(line)])
            .flatten()
            .collect();
        let proof = node.storage_proofs(contract, &slots, block.header.number(), |_| ())?;
        let account = Account::prove(block.header.state_root(), &contract, &proof.account)
            .map_err(|error| false_proof(node, &error))?;
        let text = format!("0x{}", hex::encode(contract.as_bytes()));
        let network = lines.first().map(|(line, _)| line.network);
        let address = network.and_then(|network| Address::parse(&network, &text).ok());
        let known = records.iter().any(|record| {
            matches!((record, &address), (EvmRecord::Account { address: other, .. }, Some(own)) if other == own.as_str())
        });
        if let Some(address) = address.filter(|_| !known) {
            records.push(EvmRecord::Account {
                address: address.as_str().into(),
                proof: proof.account,
            });
        }
        let mut proofs = proof.storage.into_iter();
        for (line, slot) in &mut lines {
            let missing = || node.fault(Fault::Malformed, "eth_getProof: a slot is missing");
            let nodes = proofs.next().ok_or_else(missing)?;
            let frozen = match frozen_slot(line) {
                Some(slot) => Some((slot, proofs.next().ok_or_else(missing)?)),
                None => None,
            };
            let token = tokens.find(&line.instance.id);
            let stored = match (&account, token) {
                (Some(account), Some(token)) => {
                    let read = || {
                        let mut stored =
                            token.layout.balance_in(&account.storage(slot, &nodes)?)?;
                        if let Some((slot, nodes)) = &frozen {
                            stored.frozen |= account.storage(slot, nodes)? != [0; 32];
                        }
                        Ok(stored)
                    };
                    read().map_err(|error: por_protocol::error::Error| false_proof(node, &error))?
                }
                _ => StoredBalance {
                    amount: ExactAmount::ZERO,
                    frozen: false,
                },
            };
            line.found = Some(Found {
                amount: stored.amount,
                encumbered: if stored.frozen {
                    stored.amount
                } else {
                    line.pledged
                },
                staked: ExactAmount::ZERO,
                evidence: Evidence::EvmStateProof,
            });
            records.push(EvmRecord::Storage {
                instance: line.instance.id.clone(),
                address: line.address.as_str().into(),
                proof: nodes,
                frozen: frozen.map(|(_, nodes)| nodes),
            });
            bar.inc(1);
        }
    }
    Ok(())
}

/// Tokens whose storage is not known, or holds no balances: what the contract answers, the same from all nodes.
fn call_tokens(
    nodes: &[(&str, EvmNode<'_>)],
    height: u64,
    lines: &mut [&mut Line],
    records: &mut Vec<EvmRecord>,
    bar: &indicatif::ProgressBar,
) -> Result<(), ChainError> {
    let mut lines: Vec<_> = lines
        .iter_mut()
        .filter(|line| line.found.is_none())
        .collect();
    let asked: Vec<_> = lines
        .iter()
        .filter_map(|line| Some((contract(line)?, holder(line))))
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let mut agreed: Option<Vec<[u8; 32]>> = None;
    for (_, node) in nodes {
        let words = node.token_balances(&asked, height, |_| ())?;
        if agreed.as_ref().is_some_and(|agreed| *agreed != words) {
            let why = "eth_call: it returns another balance than the first node";
            return Err(node.fault(Fault::Disagreement, why));
        }
        agreed = agreed.or(Some(words));
    }
    for (line, word) in lines.iter_mut().zip(agreed.unwrap_or_default()) {
        let amount = exact_of(&word).ok_or_else(|| {
            let why = "balanceOf returned more than 128 bits";
            ChainError::new(&line.instance.id.to_string(), Fault::Malformed, why)
        })?;
        line.found = Some(Found {
            amount,
            encumbered: line.pledged,
            staked: ExactAmount::ZERO,
            evidence: Evidence::ContractCall,
        });
        records.push(EvmRecord::Call {
            instance: line.instance.id.clone(),
            address: line.address.as_str().into(),
            result: HexBytes(word.to_vec()),
        });
        bar.inc(1);
    }
    Ok(())
}

/// Contracts that the registry knows have its decimals; every node is asked about the others.
fn check_decimals(
    nodes: &[(&str, EvmNode<'_>)],
    height: u64,
    tokens: &TokenRegistry,
    lines: &[&mut Line],
) -> Result<(), ChainError> {
    let unknown = lines
        .iter()
        .filter(|line| tokens.find(&line.instance.id).is_none());
    let asked: BTreeMap<_, _> = unknown
        .filter_map(|line| Some((contract(line)?, line.instance.decimals)))
        .collect();
    for (_, node) in nodes {
        for (contract, decimals) in &asked {
            node.check_decimals(contract, *decimals, height)?;
        }
    }
    Ok(())
}

/// What several nodes say, without proofs.
fn read_evm(
    nodes: &[(&str, EvmNode<'_>)],
    height: u64,
    lines: &mut [&mut Line],
    collected: &mut Harvest,
    bar: &indicatif::ProgressBar,
) -> Result<(), ChainError> {
    if let [(_, node)] = nodes {
        let why = "agreed readings need two nodes, and it is the only one";
        return Err(node.fault(Fault::NotAvailable, why));
    }
    for (name, node) in nodes {
        let (mut native, mut calls) = (Vec::new(), Vec::new());
        for line in lines.iter() {
            match contract(line) {
                None => native.push(holder(line)),
                Some(contract) => calls.push((contract, holder(line))),
            }
        }
        let mut native = node.native_balances(&native, height, |_| ())?.into_iter();
        let mut calls = node.token_balances(&calls, height, |_| ())?.into_iter();
        for line in lines.iter_mut() {
            let amount = match contract(line) {
                None => native.next(),
                Some(_) => calls.next().and_then(|word| exact_of(&word)),
            };
            let amount =
                amount.ok_or_else(|| node.fault(Fault::Malformed, "a balance is missing"))?;
            if line.found.is_some_and(|found| found.amount != amount) {
                let why = format!("the balance of {} is another there", line.address);
                return Err(node.fault(Fault::Disagreement, why));
            }
            line.found = Some(Found {
                amount,
                encumbered: line.pledged,
                staked: ExactAmount::ZERO,
                evidence: Evidence::AgreedReadings,
            });
            collected.readings.push(ReadingRecord {
                instance: line.instance.id.clone(),
                address: line.address.as_str().into(),
                amount,
                node: (*name).into(),
                slot: height,
                answered: None,
                time: now(),
            });
            bar.inc(1);
        }
    }
    Ok(())
}
