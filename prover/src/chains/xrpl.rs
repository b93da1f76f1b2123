//! A node of the XRP Ledger: balances and the reserve at an exact, validated ledger.
//!
//! `account_info` and `ledger_entry` answer for the ledger whose index they are given, and say which one that was; an answer
//! for another ledger, or for one that is not validated, is refused. The reserve that the ledger withholds from an account
//! (base, and increment for each object it owns) is encumbered, and so is everything where the master key, which signs the
//! challenge, is switched off: others rule the account then.
//!
//! Source: XRPL public API methods `server_info`, `ledger`, `account_info`, `ledger_entry`; ledger entry types FeeSettings,
//! AccountRoot (`lsfDisableMaster`).

use por_protocol::amount::ExactAmount;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{ChainError, Fault};
use super::json_rpc::JsonRpc;
use super::reading::{Asked, Block, ChainReader, Reading};

/// Ledger entry id of the one FeeSettings object.
const FEE_SETTINGS: &str = "4BC50C9B0D8515D3EAAE1E74B29A95804346C491EE1A95BF25E4AAB854A6A651";
/// The flag of an account whose master key signs nothing any more (`lsfDisableMaster`).
const DISABLE_MASTER: u32 = 0x0010_0000;
/// The ledger counts its seconds from 2000-01-01T00:00:00Z on; this is that instant in Unix seconds.
const RIPPLE_EPOCH: u64 = 946_684_800;

/// A node that was asked which network it is of.
#[derive(Debug)]
pub struct XrplNode<'a> {
    rpc: &'a JsonRpc,
    network_id: u64,
}

#[derive(Deserialize)]
struct Envelope {
    result: Value,
}

#[derive(Deserialize)]
struct AccountRoot {
    #[serde(rename = "Account")]
    account: String,
    #[serde(rename = "Balance")]
    balance: String,
    #[serde(rename = "Flags")]
    flags: u32,
    #[serde(rename = "OwnerCount")]
    owner_count: u64,
}

/// Drops that the ledger withholds.
struct Reserve {
    base: u64,
    increment: u64,
}

impl<'a> XrplNode<'a> {
    /// Asks the node which network it is of.
    ///
    /// # Errors
    /// [`ChainError`]; a node that does not name its network is refused, since any network can be made to look like the main
    /// one otherwise.
    pub fn connect(rpc: &'a JsonRpc) -> Result<Self, ChainError> {
        let info = ask(rpc, "server_info", json!({}))?
            .ok_or_else(|| rpc.fault(Fault::Malformed, "server_info: nothing was found"))?;
        let network_id = info["info"]["network_id"].as_u64().ok_or_else(|| {
            rpc.fault(
                Fault::NotAvailable,
                "server_info: it does not name its network_id",
            )
        })?;
        Ok(Self { rpc, network_id })
    }

    /// A result of the exact ledger; `None` where the entry is not there.
    fn at_ledger(
        &self,
        method: &str,
        mut params: Value,
        (index, hash): (u64, &str),
    ) -> Result<Option<Value>, ChainError> {
        params["ledger_index"] = json!(index);
        let Some(result) = ask(self.rpc, method, params)? else {
            return Ok(None);
        };
        if result["validated"] != json!(true) {
            let why = format!("{method}: the ledger is not validated");
            return Err(self.rpc.fault(Fault::NotAvailable, why));
        }
        let same_hash = match result.get("ledger_hash") {
            Some(Value::String(found)) => found.eq_ignore_ascii_case(hash),
            None => true,
            Some(_) => false,
        };
        if result["ledger_index"].as_u64() != Some(index) || !same_hash {
            let why = format!("{method}: it answers for another ledger than {index}");
            return Err(self.rpc.fault(Fault::OtherBlock, why));
        }
        Ok(Some(result))
    }

    fn reserve(&self, at: (u64, &str)) -> Result<Reserve, ChainError> {
        const METHOD: &str = "ledger_entry";
        let malformed = || {
            self.rpc
                .fault(Fault::Malformed, "ledger_entry: it is no FeeSettings")
        };
        let entry = self.at_ledger(METHOD, json!({ "index": FEE_SETTINGS }), at)?;
        let node = entry.as_ref().map_or(&Value::Null, |entry| &entry["node"]);
        if node["LedgerEntryType"] != json!("FeeSettings") {
            return Err(malformed());
        }
        // Since the amendment XRPFees as texts of drops, before it as numbers under other names.
        let field = |new: &str, old: &str| match (&node[new], &node[old]) {
            (Value::String(text), Value::Null) => drops(text),
            (Value::Null, Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        Ok(Reserve {
            base: field("ReserveBaseDrops", "ReserveBase").ok_or_else(malformed)?,
            increment: field("ReserveIncrementDrops", "ReserveIncrement").ok_or_else(malformed)?,
        })
    }

    fn account(
        &self,
        address: &str,
        reserve: &Reserve,
        at: (u64, &str),
    ) -> Result<Reading, ChainError> {
        const METHOD: &str = "account_info";
        let malformed = |why: &str| self.rpc.fault(Fault::Malformed, format!("{METHOD}: {why}"));
        let Some(mut result) = self.at_ledger(METHOD, json!({ "account": address }), at)? else {
            return Ok(Reading::exact(ExactAmount::ZERO, ExactAmount::ZERO));
        };
        let root: AccountRoot = serde_json::from_value(result["account_data"].take())
            .map_err(|error| malformed(&error.to_string()))?;
        if root.account != address {
            return Err(malformed("it is of another account"));
        }
        let balance = drops(&root.balance).ok_or_else(|| malformed("it has no balance"))?;
        let held = reserve.increment.saturating_mul(root.owner_count);
        let held = match root.flags & DISABLE_MASTER {
            0 => held.saturating_add(reserve.base).min(balance),
            _ => balance,
        };
        let exact = |drops: u64| ExactAmount::from_steps(u128::from(drops));
        Ok(Reading::exact(exact(balance), exact(held)))
    }
}

/// A number of drops, as the API writes it.
fn drops(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && digits).then(|| text.parse().ok()).flatten()
}

/// One method; `None` where what it was asked for does not exist.
fn ask(rpc: &JsonRpc, method: &str, params: Value) -> Result<Option<Value>, ChainError> {
    let request = json!({ "method": method, "params": [params] });
    let Envelope { result } = rpc.rest("", method, &request)?;
    match (result["status"].as_str(), result["error"].as_str()) {
        (Some("success"), None) => Ok(Some(result)),
        (_, Some("actNotFound" | "entryNotFound")) => Ok(None),
        (_, Some("lgrNotFound" | "noCurrent" | "noNetwork")) => Err(rpc.fault(
            Fault::NotAvailable,
            format!("{method}: it has no such ledger"),
        )),
        (_, Some(error)) => {
            let error: String = error
                .chars()
                .take(80)
                .flat_map(char::escape_debug)
                .collect();
            Err(rpc.fault(Fault::NodeError, format!("{method}: {error}")))
        }
        _ => Err(rpc.fault(Fault::Malformed, format!("{method}: it is no answer"))),
    }
}

impl ChainReader for XrplNode<'_> {
    fn network(&self) -> String {
        format!("xrpl:{}", self.network_id)
    }

    fn fault(&self, fault: Fault, why: String) -> ChainError {
        self.rpc.fault(fault, why)
    }

    fn tip(&self) -> Result<u64, ChainError> {
        let result = ask(self.rpc, "ledger", json!({ "ledger_index": "validated" }))?;
        let index = result
            .as_ref()
            .and_then(|result| result["ledger_index"].as_u64());
        index.ok_or_else(|| {
            self.rpc
                .fault(Fault::Malformed, "ledger: it has no ledger_index")
        })
    }

    fn block(&self, height: u64) -> Result<Block, ChainError> {
        const METHOD: &str = "ledger";
        let malformed = |what: &str| {
            let why = format!("{METHOD}: it has no {what}");
            self.rpc.fault(Fault::Malformed, why)
        };
        let result = ask(self.rpc, METHOD, json!({ "ledger_index": height }))?;
        let result = result.ok_or_else(|| malformed("ledger"))?;
        let hash = result["ledger_hash"].as_str().unwrap_or_default();
        if hash.len() != 64 || hex::decode(hash).is_err() {
            return Err(malformed("hash"));
        }
        if result["validated"] != json!(true) || result["ledger_index"].as_u64() != Some(height) {
            let why = format!("{METHOD}: it has no validated ledger {height}");
            return Err(self.rpc.fault(Fault::NotAvailable, why));
        }
        let closed = result["ledger"]["close_time"].as_u64();
        let time = closed.and_then(|closed| closed.checked_add(RIPPLE_EPOCH));
        Ok(Block {
            hash: hash.to_ascii_uppercase(),
            time: time.ok_or_else(|| malformed("close_time"))?,
        })
    }

    fn read(
        &self,
        asked: &[Asked<'_>],
        height: u64,
        hash: &str,
    ) -> Result<Vec<Reading>, ChainError> {
        let at = (height, hash);
        let reserve = self.reserve(at)?;
        let one = |asked: &Asked<'_>| match asked.token {
            None => self.account(asked.address, &reserve, at),
            Some(token) => Err(self.rpc.fault(
                Fault::NotAvailable,
                format!("issued currencies are not read here, and {token} is one"),
            )),
        };
        asked.iter().map(one).collect()
    }
}
