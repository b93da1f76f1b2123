//! A node of a TRON chain: TRX at an exact block where the node keeps the history, TRC-20 tokens from the solid state.
//!
//! `getaccountbalance` answers for the block that it is given, on nodes that keep balances' history
//! (`storage.balance.history.lookup`); on others the newest solid state is read. Contracts are only ever asked there. Where
//! a reading is of a later block than the snapshot's, it says so. Frozen (staked) TRX is not in the balance and not counted.
//!
//! What an account holds whose own key has less weight than its owner permission asks for is encumbered: others rule it.
//! Whether that is so is read of the solid state.
//!
//! Not noticed: a history that was switched off for a while before the block, and on again.
//!
//! Source: TRON HTTP API `/wallet/getblockbynum`, `/wallet/getblockbalance`, `/wallet/getaccountbalance`,
//! `/walletsolidity/getnowblock`, `/walletsolidity/getaccount`, `/walletsolidity/triggerconstantcontract`; java-tron's
//! `Wallet.getAccountBalance`, `AccountTraceStore.getPrevBalance`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use por_protocol::amount::ExactAmount;
use serde_json::{Value, json};

use super::error::{ChainError, Fault};
use super::evm::exact_of;
use super::json_rpc::JsonRpc;
use super::reading::{Asked, Block, ChainReader, Reading};

/// A node that was asked which chain it is of.
#[derive(Debug)]
pub struct TronNode<'a> {
    rpc: &'a JsonRpc,
    solidity: &'a JsonRpc,
    network: String,
}

impl<'a> TronNode<'a> {
    /// Asks the node which chain it is of: the last four bytes of its first block's hash (TIP-474). `solidity` is where it
    /// answers for its solid state, if not at the same URL: java-tron has another port for that.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn connect(rpc: &'a JsonRpc, solidity: Option<&'a JsonRpc>) -> Result<Self, ChainError> {
        let id = block_id(rpc, &by_number(rpc, 0)?, Some(0))?.1;
        if let Some(solidity) = solidity {
            let block = post(
                solidity,
                "walletsolidity/getblockbynum",
                &json!({ "num": 0 }),
            )?;
            if block_id(solidity, &block, Some(0))?.1 != id {
                let why = format!(
                    "its chain begins with another block than that of {}",
                    rpc.shown()
                );
                return Err(solidity.fault(Fault::WrongChain, why));
            }
        }
        let tail = id
            .get(56..)
            .and_then(|tail| u32::from_str_radix(tail, 16).ok());
        let reference =
            tail.ok_or_else(|| rpc.fault(Fault::Malformed, "getblockbynum: it has no hash"))?;
        Ok(Self {
            rpc,
            solidity: solidity.unwrap_or(rpc),
            network: format!("tron:{reference}"),
        })
    }

    /// The newest block that will not be replaced.
    fn solid(&self) -> Result<u64, ChainError> {
        const PATH: &str = "walletsolidity/getnowblock";
        let block = post(self.solidity, PATH, &json!({}))?;
        Ok(block_id(self.solidity, &block, None)?.0)
    }

    /// Whether the node wrote down what the block changed: nodes begin with the block at which their history was switched
    /// on, and answer for earlier ones, and with history switched off, as if every account were empty.
    fn has_history(&self, height: u64, hash: &str) -> Result<bool, ChainError> {
        const PATH: &str = "wallet/getblockbalance";
        let request = json!({ "hash": hash, "number": height, "visible": true });
        let reply = match post(self.rpc, PATH, &request) {
            Err(error) if error.fault == Fault::NodeError => return Ok(false),
            reply => reply?,
        };
        match self.identified(PATH, &reply)? {
            (number, found) if number == height && found == hash => Ok(true),
            _ => Err(self.other(PATH, height)),
        }
    }

    /// TRX at the block itself; `None` where the node does not know.
    ///
    /// The answer names the block that changed the balance last. "This block, and nothing" is also what a node answers that
    /// has written down nothing of the account, so that it is no zero; and the balances of the first block are written down
    /// by every node.
    fn at_block(&self, address: &str, height: u64, hash: &str) -> Result<Option<u64>, ChainError> {
        const PATH: &str = "wallet/getaccountbalance";
        let request = json!({
            "account_identifier": { "address": address },
            "block_identifier": { "hash": hash, "number": height },
            "visible": true,
        });
        let reply = match post(self.rpc, PATH, &request) {
            Err(error) if error.fault == Fault::NodeError => return Ok(None),
            reply => reply?,
        };
        let balance = sun(self.rpc, PATH, &reply)?;
        let (changed, found) = self.identified(PATH, &reply)?;
        let is_there = match changed {
            _ if changed > height => false,
            _ if changed == height => found == hash,
            _ => block_id(self.rpc, &by_number(self.rpc, changed)?, Some(changed))?.1 == found,
        };
        if !is_there {
            return Err(self.other(PATH, height));
        }
        let known = changed != 0 && (changed != height || balance != 0);
        Ok(known.then_some(balance))
    }

    /// Height and hash of the block that an answer names.
    fn identified<'r>(&self, path: &str, reply: &'r Value) -> Result<(u64, &'r str), ChainError> {
        let block = &reply["block_identifier"];
        // Left out where it is zero.
        let number = block.get("number").map_or(Some(0), Value::as_u64);
        match (number, block["hash"].as_str()) {
            (Some(number), Some(hash)) => Ok((number, hash)),
            _ => Err(self.rpc.fault(
                Fault::Malformed,
                format!("{path}: it does not name its block"),
            )),
        }
    }

    fn other(&self, path: &str, height: u64) -> ChainError {
        let why = format!("{path}: it answers for another block than {height}");
        self.rpc.fault(Fault::OtherBlock, why)
    }

    /// An account of the solid state.
    fn account(&self, address: &str) -> Result<Account, ChainError> {
        const PATH: &str = "walletsolidity/getaccount";
        let malformed = |why: &str| {
            let why = format!("{PATH}: {why}");
            self.solidity.fault(Fault::Malformed, why)
        };
        let request = json!({ "address": address, "visible": true });
        let account = post(self.solidity, PATH, &request)?;
        // An account that is not there is an empty object; another one's has another address.
        let empty = account.as_object().is_some_and(serde_json::Map::is_empty);
        if !empty && account["address"].as_str() != Some(address) {
            return Err(malformed("it is of another account"));
        }
        let is_ruled = is_ruled_by_its_key(&account, address);
        Ok(Account {
            balance: sun(self.solidity, PATH, &account)?,
            is_ruled: is_ruled.ok_or_else(|| malformed("it has no such permission"))?,
        })
    }

    fn native(
        &self,
        asked: &Asked<'_>,
        account: &Account,
        height: u64,
        exact: Option<&str>,
    ) -> Result<Reading, ChainError> {
        let amount = |sun: u64| ExactAmount::from_steps(u128::from(sun));
        if let Some(hash) = exact
            && let Some(balance) = self.at_block(asked.address, height, hash)?
        {
            let balance = amount(balance);
            return Ok(Reading {
                encumbered_later: true,
                ..Reading::exact(balance, account.held(balance))
            });
        }
        self.since(height, amount(account.balance), account)
    }

    /// A reading of the solid state, of a block no later than the one that is solid after it.
    fn since(
        &self,
        height: u64,
        amount: ExactAmount,
        account: &Account,
    ) -> Result<Reading, ChainError> {
        let now = self.solid()?;
        if now < height {
            return Err(self.not_yet(now, height));
        }
        Ok(Reading::at_least(amount, account.held(amount), now))
    }

    fn not_yet(&self, solid: u64, height: u64) -> ChainError {
        let why = format!("its solid state is block {solid}, before {height}");
        self.solidity.fault(Fault::NotAvailable, why)
    }

    /// The word that a contract returns.
    fn word(&self, contract: &str, call: &str, parameter: &str) -> Result<[u8; 32], ChainError> {
        const PATH: &str = "walletsolidity/triggerconstantcontract";
        let malformed = |why: &str| {
            self.solidity
                .fault(Fault::Malformed, format!("{PATH}: {why}"))
        };
        let request = json!({
            "owner_address": contract, "contract_address": contract,
            "function_selector": call, "parameter": parameter, "visible": true,
        });
        let reply = post(self.solidity, PATH, &request)?;
        if reply["result"]["result"] != json!(true) {
            let why = format!("{PATH}: the contract {contract} does not answer {call}");
            return Err(self.solidity.fault(Fault::NodeError, why));
        }
        let [Value::String(text)] = reply["constant_result"]
            .as_array()
            .map_or(&[][..], Vec::as_slice)
        else {
            return Err(malformed("it returned not one word"));
        };
        let mut word = [0; 32];
        hex::decode_to_slice(text, &mut word).map_err(|_| malformed("it returned no word"))?;
        Ok(word)
    }

    fn tokens(
        &self,
        asked: &Asked<'_>,
        contract: &str,
        account: &Account,
        height: u64,
    ) -> Result<Reading, ChainError> {
        let decimals = exact_of(&self.word(contract, "decimals()", "")?);
        if decimals != Some(ExactAmount::from_steps(u128::from(asked.decimals))) {
            let why = format!("{contract} has other decimals than {}", asked.decimals);
            return Err(self.solidity.fault(Fault::False, why));
        }
        let holder = bs58::decode(asked.address).into_vec().ok();
        let holder = holder.as_deref().and_then(|bytes| bytes.get(1..21));
        let holder = holder.ok_or_else(|| {
            self.rpc
                .fault(Fault::Malformed, format!("{} is no address", asked.address))
        })?;
        let parameter = format!("{:0>64}", hex::encode(holder));
        let word = self.word(contract, "balanceOf(address)", &parameter)?;
        let amount = exact_of(&word).ok_or_else(|| {
            self.solidity
                .fault(Fault::Malformed, "balanceOf returned more than 128 bits")
        })?;
        self.since(height, amount, account)
    }
}

/// What the solid state has of an account.
struct Account {
    /// In sun.
    balance: u64,
    /// Whether its own key alone moves what it holds.
    is_ruled: bool,
}

impl Account {
    fn held(&self, amount: ExactAmount) -> ExactAmount {
        if self.is_ruled {
            ExactAmount::ZERO
        } else {
            amount
        }
    }
}

/// An account may hand itself over to other keys, or to several; a contract has no key at all. Active permissions do not
/// count: the owner's gives and takes them.
fn is_ruled_by_its_key(account: &Value, address: &str) -> Option<bool> {
    if account["type"] == json!("Contract") {
        return Some(false);
    }
    let Some(permission) = account.get("owner_permission") else {
        return Some(true);
    };
    let threshold = permission["threshold"].as_u64()?;
    for key in permission["keys"].as_array()? {
        if key["address"].as_str()? == address {
            return Some(key["weight"].as_u64()? >= threshold);
        }
    }
    Some(false)
}

/// A balance in sun; absent where it is zero.
fn sun(rpc: &JsonRpc, path: &str, reply: &Value) -> Result<u64, ChainError> {
    match reply.get("balance") {
        None => Ok(0),
        Some(balance) => balance
            .as_u64()
            .ok_or_else(|| rpc.fault(Fault::Malformed, format!("{path}: it is no balance"))),
    }
}

fn by_number(rpc: &JsonRpc, height: u64) -> Result<Value, ChainError> {
    post(rpc, "wallet/getblockbynum", &json!({ "num": height }))
}

/// Height and hash of a block; the first eight bytes of a TRON block's hash are its height.
fn block_id(
    rpc: &JsonRpc,
    block: &Value,
    expected: Option<u64>,
) -> Result<(u64, String), ChainError> {
    let malformed = || rpc.fault(Fault::Malformed, "a block without its id");
    if block.as_object().is_some_and(serde_json::Map::is_empty) {
        return Err(rpc.fault(Fault::NotAvailable, "it has no such block"));
    }
    let id = block["blockID"].as_str().unwrap_or_default();
    if id.len() != 64 || !id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(malformed());
    }
    // Left out where it is zero.
    let number = match block["block_header"]["raw_data"].get("number") {
        None => 0,
        Some(number) => number.as_u64().ok_or_else(malformed)?,
    };
    if u64::from_str_radix(&id[..16], 16) != Ok(number) {
        return Err(malformed());
    }
    if expected.is_some_and(|expected| expected != number) {
        return Err(rpc.fault(Fault::OtherBlock, "it is another block"));
    }
    Ok((number, id.to_string()))
}

/// One call; an error of the node's own stands in the member `Error`.
fn post(rpc: &JsonRpc, path: &str, request: &Value) -> Result<Value, ChainError> {
    let reply: Value = rpc.rest(path, path, request)?;
    let Some(members) = reply.as_object() else {
        return Err(rpc.fault(Fault::Malformed, format!("{path}: it is no object")));
    };
    if let Some(error) = members.get("Error") {
        let error: String = error
            .to_string()
            .chars()
            .take(200)
            .flat_map(char::escape_debug)
            .collect();
        return Err(rpc.fault(Fault::NodeError, format!("{path}: {error}")));
    }
    Ok(reply)
}

impl ChainReader for TronNode<'_> {
    fn network(&self) -> String {
        self.network.clone()
    }

    fn fault(&self, fault: Fault, why: String) -> ChainError {
        self.rpc.fault(fault, why)
    }

    fn tip(&self) -> Result<u64, ChainError> {
        self.solid()
    }

    fn block(&self, height: u64) -> Result<Block, ChainError> {
        let block = by_number(self.rpc, height)?;
        let (_, hash) = block_id(self.rpc, &block, Some(height))?;
        // The node's newest blocks may still be replaced.
        let solid = self.solid()?;
        if solid < height {
            return Err(self.not_yet(solid, height));
        }
        // In milliseconds; left out where it is zero.
        let time = match block["block_header"]["raw_data"].get("timestamp") {
            None => Some(0),
            Some(time) => time.as_u64(),
        };
        let time = time.ok_or_else(|| self.rpc.fault(Fault::Malformed, "it is no time"))?;
        Ok(Block {
            hash,
            time: time / 1000,
        })
    }

    fn read(
        &self,
        asked: &[Asked<'_>],
        height: u64,
        hash: &str,
    ) -> Result<Vec<Reading>, ChainError> {
        let native = asked.iter().any(|asked| asked.token.is_none());
        let exact = (native && self.has_history(height, hash)?).then_some(hash);
        let mut accounts = BTreeMap::new();
        let mut readings = Vec::new();
        for asked in asked {
            let account = match accounts.entry(asked.address) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(self.account(asked.address)?),
            };
            readings.push(match asked.token {
                None => self.native(asked, account, height, exact)?,
                Some(contract) => self.tokens(asked, contract, account, height)?,
            });
        }
        Ok(readings)
    }
}
