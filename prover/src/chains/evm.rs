//! A node of an EVM chain: header, account and storage proofs, `balanceOf`.
//!
//! Source: Ethereum execution APIs (`eth_*`), EIP-1186 for `eth_getProof`.

use por_protocol::amount::{Decimals, ExactAmount};
use por_protocol::hex_bytes::HexBytes;
use por_protocol::state_proof::{EvmAddress, EvmHeader};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::{ChainError, Fault};
use super::json_rpc::JsonRpc;

/// A header's fields as `eth_getBlockByNumber` names them, in the order of its RLP; what forks added may be absent.
const HEADER_FIELDS: [(&str, Form); 21] = [
    ("parentHash", Form::Bytes),
    ("sha3Uncles", Form::Bytes),
    ("miner", Form::Bytes),
    ("stateRoot", Form::Bytes),
    ("transactionsRoot", Form::Bytes),
    ("receiptsRoot", Form::Bytes),
    ("logsBloom", Form::Bytes),
    ("difficulty", Form::Quantity),
    ("number", Form::Quantity),
    ("gasLimit", Form::Quantity),
    ("gasUsed", Form::Quantity),
    ("timestamp", Form::Quantity),
    ("extraData", Form::Bytes),
    ("mixHash", Form::Bytes),
    ("nonce", Form::Bytes),
    ("baseFeePerGas", Form::Quantity),
    ("withdrawalsRoot", Form::Bytes),
    ("blobGasUsed", Form::Quantity),
    ("excessBlobGas", Form::Quantity),
    ("parentBeaconBlockRoot", Form::Bytes),
    ("requestsHash", Form::Bytes),
];
/// Slots asked for in one call; nodes refuse more than 1,024.
const SLOTS: usize = 256;
/// First four bytes of Keccak-256 of `balanceOf(address)`.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
/// First four bytes of Keccak-256 of `decimals()`.
const DECIMALS: [u8; 4] = [0x31, 0x3c, 0xe5, 0x67];

#[derive(Clone, Copy)]
enum Form {
    Bytes,
    Quantity,
}

/// A node that was asked which chain it is of.
#[derive(Debug)]
pub struct EvmNode<'a> {
    rpc: &'a JsonRpc,
    chain_id: u64,
}

/// A block's header, and the exact bytes its hash is taken over.
#[derive(Clone, Debug)]
pub struct EvmBlock {
    /// RLP.
    pub rlp: Vec<u8>,
    /// The same, parsed.
    pub header: EvmHeader,
}

/// An answer to `eth_getProof`: nodes of the account, and of each slot asked for. The values that a node states beside
/// them are not read: what counts is what the proofs prove.
pub struct EvmProof {
    /// From the state root down.
    pub account: Vec<HexBytes>,
    /// For each slot, from the storage root down.
    pub storage: Vec<Vec<HexBytes>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawProof {
    address: String,
    account_proof: Vec<String>,
    storage_proof: Vec<RawStorage>,
}

#[derive(Deserialize)]
struct RawStorage {
    key: String,
    proof: Vec<String>,
}

impl<'a> EvmNode<'a> {
    /// Asks the node which chain it is of.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn connect(rpc: &'a JsonRpc) -> Result<Self, ChainError> {
        let id: String = rpc.call("eth_chainId", json!([]))?;
        let chain_id = quantity(&id)
            .and_then(|bytes| u64_of(&bytes))
            .ok_or_else(|| rpc.fault(Fault::Malformed, "eth_chainId: it is no number"))?;
        Ok(Self { rpc, chain_id })
    }

    /// CAIP-2 id of its chain.
    #[must_use]
    pub fn network(&self) -> String {
        format!("eip155:{}", self.chain_id)
    }

    /// The node as people know it.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.rpc.shown()
    }

    /// A fault of this node.
    pub fn fault(&self, fault: Fault, why: impl Into<String>) -> ChainError {
        self.rpc.fault(fault, why)
    }

    /// Height of its last block.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn tip(&self) -> Result<u64, ChainError> {
        let tip: String = self.rpc.call("eth_blockNumber", json!([]))?;
        quantity(&tip)
            .and_then(|bytes| u64_of(&bytes))
            .ok_or_else(|| self.fault(Fault::Malformed, "eth_blockNumber: it is no number"))
    }

    /// The block at a height, its header put together from its fields and checked against its hash.
    ///
    /// # Errors
    /// [`ChainError`]; [`Fault::NotAvailable`] where the node has no such block.
    pub fn block(&self, height: u64) -> Result<EvmBlock, ChainError> {
        const METHOD: &str = "eth_getBlockByNumber";
        let malformed =
            |why: &str| self.fault(Fault::Malformed, format!("{METHOD} {height}: {why}"));
        let block: Option<Map<String, Value>> = self
            .rpc
            .call(METHOD, json!([hex_quantity(height), false]))?;
        let Some(block) = block else {
            let why = format!("it has no block {height}");
            return Err(self.fault(Fault::NotAvailable, why));
        };
        let mut items = Vec::new();
        for (index, (name, form)) in HEADER_FIELDS.iter().enumerate() {
            let text = match block.get(*name) {
                Some(Value::String(text)) => text,
                None | Some(Value::Null) if index >= 15 => break,
                _ => return Err(malformed(&format!("its {name} is missing"))),
            };
            let bytes = match form {
                Form::Bytes => data(text),
                Form::Quantity => quantity(text),
            };
            items.push(rlp(
                &bytes.ok_or_else(|| malformed(&format!("its {name} is malformed")))?
            ));
        }
        let rlp = rlp_list(&items.concat());
        let header = EvmHeader::parse(&rlp).map_err(|error| malformed(&error.to_string()))?;
        // Fields of a later fork, or none of a block's: either way these are not the bytes that were hashed.
        if block.get("hash").and_then(Value::as_str) != Some(header.hash().as_str()) {
            return Err(malformed("its header does not have its hash"));
        }
        if header.number() != height {
            return Err(malformed("it is another block"));
        }
        Ok(EvmBlock { rlp, header })
    }

    /// Proofs of accounts at a height.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn account_proofs(
        &self,
        addresses: &[EvmAddress],
        height: u64,
        done: impl FnMut(usize),
    ) -> Result<Vec<EvmProof>, ChainError> {
        let asked: Vec<_> = addresses
            .iter()
            .map(|address| (*address, Vec::new()))
            .collect();
        self.proofs(&asked, height, done)
    }

    /// Proofs of a contract and of storage slots in it.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn storage_proofs(
        &self,
        contract: EvmAddress,
        slots: &[[u8; 32]],
        height: u64,
        done: impl FnMut(usize),
    ) -> Result<EvmProof, ChainError> {
        let asked: Vec<_> = slots
            .chunks(SLOTS)
            .map(|slots| (contract, slots.to_vec()))
            .collect();
        let mut all = EvmProof {
            account: Vec::new(),
            storage: Vec::new(),
        };
        for proof in self.proofs(&asked, height, done)? {
            all.account = proof.account;
            all.storage.extend(proof.storage);
        }
        Ok(all)
    }

    fn proofs(
        &self,
        asked: &[(EvmAddress, Vec<[u8; 32]>)],
        height: u64,
        done: impl FnMut(usize),
    ) -> Result<Vec<EvmProof>, ChainError> {
        const METHOD: &str = "eth_getProof";
        let height = hex_quantity(height);
        let params: Vec<Value> = asked
            .iter()
            .map(|(address, slots)| {
                let slots: Vec<String> = slots.iter().map(hex_data).collect();
                json!([hex_data(address.as_bytes()), slots, height])
            })
            .collect();
        let raw: Vec<RawProof> = self
            .rpc
            .batch(METHOD, &params, done)
            .map_err(|error| self.no_state(error))?;
        let malformed = |why: &str| self.fault(Fault::Malformed, format!("{METHOD}: {why}"));
        let nodes = |nodes: &[String]| {
            let nodes: Option<Vec<_>> = nodes.iter().map(|node| data(node).map(HexBytes)).collect();
            nodes.ok_or_else(|| malformed("a node is not hex"))
        };
        asked
            .iter()
            .zip(&raw)
            .map(|((address, slots), raw)| {
                if EvmAddress::from_hex(&raw.address) != Some(*address) {
                    return Err(malformed("it is of another address"));
                }
                if raw.storage_proof.len() != slots.len() {
                    return Err(malformed("it has another number of slots"));
                }
                let storage = slots.iter().zip(&raw.storage_proof).map(|(slot, raw)| {
                    // Some nodes print the key as a number, some as 32 bytes.
                    if padded(&raw.key).as_ref() != Some(slot) {
                        return Err(malformed("it is of another slot"));
                    }
                    nodes(&raw.proof)
                });
                Ok(EvmProof {
                    storage: storage.collect::<Result<_, _>>()?,
                    account: nodes(&raw.account_proof)?,
                })
            })
            .collect()
    }

    /// What `balanceOf` of token contracts returns for holders, 32 bytes each.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn token_balances(
        &self,
        asked: &[(EvmAddress, EvmAddress)],
        height: u64,
        done: impl FnMut(usize),
    ) -> Result<Vec<[u8; 32]>, ChainError> {
        const METHOD: &str = "eth_call";
        let height = hex_quantity(height);
        let params: Vec<Value> = asked
            .iter()
            .map(|(contract, holder)| {
                let call = [&BALANCE_OF[..], &[0; 12], holder.as_bytes()].concat();
                json!([{ "to": hex_data(contract.as_bytes()), "data": hex_data(&call) }, height])
            })
            .collect();
        let results: Vec<String> = self
            .rpc
            .batch(METHOD, &params, done)
            .map_err(|error| self.no_state(error))?;
        let word = |text: &String| {
            let word = data(text).and_then(|bytes| bytes.try_into().ok());
            word.ok_or_else(|| self.fault(Fault::Malformed, "eth_call: it returned no number"))
        };
        results.iter().map(word).collect()
    }

    /// Checks a token contract's own word on its decimals: an amount at others is another amount (B-04).
    ///
    /// # Errors
    /// [`ChainError`]; [`Fault::False`] where it says others, [`Fault::NotAvailable`] where it says none.
    pub fn check_decimals(
        &self,
        contract: &EvmAddress,
        decimals: Decimals,
        height: u64,
    ) -> Result<(), ChainError> {
        let shown = hex_data(contract.as_bytes());
        let word = self.ask(contract, &DECIMALS, height)?;
        let word = word.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let word = word.ok_or_else(|| {
            let why = format!("the contract {shown} does not say its decimals: list it with --tokens, or in tokens.json");
            self.fault(Fault::NotAvailable, why)
        })?;
        let stated = ExactAmount::from_steps(u128::from(decimals.get()));
        if exact_of(&word) != Some(stated) {
            let why = format!(
                "the contract {shown} has other decimals than {}",
                decimals.get()
            );
            return Err(self.fault(Fault::False, why));
        }
        Ok(())
    }

    /// What a contract returns; `None` where it fails of itself.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn ask(
        &self,
        contract: &EvmAddress,
        call: &[u8],
        height: u64,
    ) -> Result<Option<Vec<u8>>, ChainError> {
        const METHOD: &str = "eth_call";
        // How nodes say that it was the contract and not they who failed.
        const FAILED: [&str; 4] = ["revert", "invalid opcode", "out of gas", "outofgas"];
        let params = json!([{ "to": hex_data(contract.as_bytes()), "data": hex_data(call) }, hex_quantity(height)]);
        match self.rpc.call::<String>(METHOD, params) {
            Ok(text) => match data(&text) {
                Some(bytes) => Ok(Some(bytes)),
                None => Err(self.fault(Fault::Malformed, "eth_call: it returned no bytes")),
            },
            Err(error) => {
                let words = error.why.to_lowercase();
                if error.fault == Fault::NodeError && FAILED.iter().any(|word| words.contains(word))
                {
                    return Ok(None);
                }
                Err(self.no_state(error))
            }
        }
    }

    /// The code of accounts at a height, as the node states it.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn codes(&self, accounts: &[EvmAddress], height: u64) -> Result<Vec<Vec<u8>>, ChainError> {
        let height = hex_quantity(height);
        let params: Vec<Value> = accounts
            .iter()
            .map(|account| json!([hex_data(account.as_bytes()), height]))
            .collect();
        let codes: Vec<String> = self
            .rpc
            .batch("eth_getCode", &params, |_| ())
            .map_err(|error| self.no_state(error))?;
        let code = |text: &String| {
            data(text).ok_or_else(|| self.fault(Fault::Malformed, "eth_getCode: it is no code"))
        };
        codes.iter().map(code).collect()
    }

    /// Native balances at a height, as the node states them.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn native_balances(
        &self,
        holders: &[EvmAddress],
        height: u64,
        done: impl FnMut(usize),
    ) -> Result<Vec<ExactAmount>, ChainError> {
        let height = hex_quantity(height);
        let params: Vec<Value> = holders
            .iter()
            .map(|holder| json!([hex_data(holder.as_bytes()), height]))
            .collect();
        let results: Vec<String> = self
            .rpc
            .batch("eth_getBalance", &params, done)
            .map_err(|error| self.no_state(error))?;
        let amount = |text: &String| {
            let amount = quantity(text).and_then(|bytes| exact_of(&bytes));
            amount.ok_or_else(|| self.fault(Fault::Malformed, "eth_getBalance: it is no balance"))
        };
        results.iter().map(amount).collect()
    }

    /// Nodes say in words of their own that they no longer keep a state.
    fn no_state(&self, error: ChainError) -> ChainError {
        const WORDS: [&str; 7] = [
            "missing trie node",
            "pruned",
            "distance to target block exceeds",
            "state not available",
            "historical state",
            "no state",
            "out of range",
        ];
        let words = error.why.to_lowercase();
        if error.fault == Fault::NodeError && WORDS.iter().any(|known| words.contains(known)) {
            return self.fault(Fault::NotAvailable, error.why);
        }
        error
    }
}

/// A 256-bit word as an amount, where it fits.
#[must_use]
pub fn exact_of(bytes: &[u8]) -> Option<ExactAmount> {
    let start = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = bytes.get(start..)?;
    let fits = digits.len() <= 16;
    fits.then(|| {
        let value = digits
            .iter()
            .fold(0, |value: u128, digit| value << 8 | u128::from(*digit));
        ExactAmount::from_steps(value)
    })
}

fn hex_quantity(value: u64) -> String {
    format!("{value:#x}")
}

fn hex_data(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// `0x` and whole bytes.
fn data(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

/// `0x` and at most 64 digits, no leading zero but in `0x0`; big-endian bytes without leading zeros.
fn quantity(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?;
    if digits == "0" {
        return Some(Vec::new());
    }
    if digits.is_empty() || digits.len() > 64 || digits.starts_with('0') {
        return None;
    }
    let odd = if digits.len() % 2 == 1 { "0" } else { "" };
    hex::decode(format!("{odd}{digits}")).ok()
}

fn u64_of(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| {
        bytes
            .iter()
            .fold(0, |value, digit| value << 8 | u64::from(*digit))
    })
}

/// A slot's key in either spelling.
fn padded(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("0x")?;
    let mut word = [0; 32];
    hex::decode_to_slice(format!("{digits:0>64}"), &mut word).ok()?;
    Some(word)
}

/// RLP of bytes.
fn rlp(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [byte] if *byte < 0x80 => vec![*byte],
        _ => [rlp_prefix(0x80, bytes.len()), bytes.to_vec()].concat(),
    }
}

/// RLP of a list of these encodings.
fn rlp_list(payload: &[u8]) -> Vec<u8> {
    [rlp_prefix(0xc0, payload.len()), payload.to_vec()].concat()
}

fn rlp_prefix(base: u8, length: usize) -> Vec<u8> {
    match u8::try_from(length) {
        Ok(short) if short < 56 => vec![base + short],
        _ => {
            let digits = length.to_be_bytes();
            let digits: Vec<u8> = digits.into_iter().skip_while(|digit| *digit == 0).collect();
            // A length has at most eight bytes.
            let width = u8::try_from(digits.len()).unwrap_or(8);
            [vec![base + 55 + width], digits].concat()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b_08_odd_hex_is_refused() {
        for bad in [
            "",
            "0x",
            "0x00",
            "0x01",
            "1",
            "0xg",
            "0x-1",
            "0X1",
            &format!("0x1{}", "0".repeat(64)),
        ] {
            assert_eq!(quantity(bad), None, "{bad}");
        }
        assert_eq!(quantity("0x0"), Some(vec![]));
        assert_eq!(quantity("0x400"), Some(vec![4, 0]));
        for bad in ["", "0x1", "0xabc", "abcd", "0xzz"] {
            assert_eq!(data(bad), None, "{bad}");
        }
        assert_eq!(data("0x"), Some(vec![]));
        assert_eq!(exact_of(&[1; 17]), None);
        assert_eq!(u64_of(&[1; 9]), None);
    }
}
