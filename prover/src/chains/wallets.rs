//! Contract wallets at a node: the question that EIP-1271 defines, and one whose only right answer is no.

use por_protocol::balances::{ProbeRecord, is_yes};
use por_protocol::hex_bytes::HexBytes;
use por_protocol::ownership::{Challenge, eip1271_hash};
use por_protocol::reserve_row::ReserveRow;
use por_protocol::state_proof::EvmAddress;

use super::error::{ChainError, Fault};
use super::evm::EvmNode;

/// First four bytes of Keccak-256 of `isValidSignature(bytes32,bytes)`.
const IS_VALID_SIGNATURE: [u8; 4] = [0x16, 0x26, 0xba, 0x7e];

/// The call's data: selector, hash, offset and length of the signature, the signature padded to whole words.
fn question(hash: &[u8; 32], signature: &[u8]) -> Vec<u8> {
    let mut call = [&IS_VALID_SIGNATURE[..], hash].concat();
    for number in [64, signature.len() as u64] {
        call.extend([0; 24]);
        call.extend(number.to_be_bytes());
    }
    call.extend(signature);
    call.extend(std::iter::repeat_n(
        0,
        signature.len().next_multiple_of(32) - signature.len(),
    ));
    call
}

/// What the contract answers; a contract that fails answers nothing.
pub(super) fn ask(
    node: &EvmNode<'_>,
    wallet: &EvmAddress,
    hash: &[u8; 32],
    signature: &[u8],
    height: u64,
) -> Result<Vec<u8>, ChainError> {
    let answer = node.ask(wallet, &question(hash, signature), height)?;
    Ok(answer.unwrap_or_default())
}

/// Asks about a hash and a signature drawn at random, of as many bytes as the real one has.
pub(super) fn probe(
    node: &EvmNode<'_>,
    wallet: &EvmAddress,
    length: usize,
    height: u64,
) -> Result<ProbeRecord, ChainError> {
    let mut hash = [0; 32];
    let mut signature = vec![0; length.max(65)];
    getrandom::fill(&mut hash)
        .and_then(|()| getrandom::fill(&mut signature))
        .map_err(|error| node.fault(Fault::NotAvailable, format!("no random bytes: {error}")))?;
    let result = ask(node, wallet, &hash, &signature, height)?;
    Ok(ProbeRecord {
        hash: HexBytes(hash.to_vec()),
        signature: HexBytes(signature),
        result: HexBytes(result),
    })
}

/// The bytes of a line's or a row's signature.
pub(super) fn signature_bytes(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

/// Asks all contracts of the rows again.
pub(super) fn recheck_wallets(
    node: &EvmNode<'_>,
    rows: &[&ReserveRow],
    challenge: &Challenge,
    height: u64,
) -> Result<(), ChainError> {
    for row in rows {
        let says = |what: &str| {
            let why = format!("the contract {} {what}", row.address);
            Err(node.fault(Fault::False, why))
        };
        let signature = row
            .signatures
            .first()
            .and_then(|text| signature_bytes(text));
        let address = row.parsed_address().ok();
        let wallet = address.as_ref().and_then(EvmAddress::of);
        let (Some(signature), Some(address), Some(wallet)) = (signature, address, wallet) else {
            return says("has no signature to ask about");
        };
        let hash = eip1271_hash(challenge.text(&address).as_bytes());
        if !is_yes(&ask(node, &wallet, &hash, &signature, height)?) {
            return says("says no to its signature");
        }
        if is_yes(&probe(node, &wallet, signature.len(), height)?.result.0) {
            return says("says yes to what nobody signed, which is no signature");
        }
    }
    Ok(())
}
