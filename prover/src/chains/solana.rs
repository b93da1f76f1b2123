//! A node of a Solana cluster: lamports and SPL tokens, from the finalised state.
//!
//! No node answers for a past slot: a call gives the newest finalised state that is no older than `minContextSlot`, and says
//! of which slot it was. Where that is later than the snapshot's slot, the reading says so.
//!
//! What cannot be moved by the address's own key is encumbered: lamports of an account that a program owns, or that holds
//! data, as durable nonces do, which an authority rules; and tokens of a frozen account.
//!
//! Source: Solana RPC HTTP methods `getGenesisHash`, `getSlot`, `getBlock`, `getMultipleAccounts`,
//! `getTokenAccountsByOwner`; layouts of SPL Token's `Account` (165 bytes) and `Mint` (82 bytes).

use base64ct::{Base64, Encoding as _};
use por_protocol::amount::ExactAmount;
use serde::Deserialize;
use serde_json::json;

use super::error::{ChainError, Fault};
use super::json_rpc::JsonRpc;
use super::reading::{Asked, Block, ChainReader, Reading};

/// Most accounts in one call.
const ACCOUNTS: usize = 100;
const SYSTEM_PROGRAM: &str = "11111111111111111111111111111111";
/// SPL Token, and Token-2022, whose accounts begin alike.
const TOKEN_PROGRAMS: [&str; 2] = [
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
    "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqXEpPxuEb",
];
const TOKEN_ACCOUNT_BYTES: usize = 165;
const MINT_BYTES: usize = 82;
const INITIALIZED: u8 = 1;
const FROZEN: u8 = 2;

/// A node that was asked which cluster it is of.
#[derive(Debug)]
pub struct SolanaNode<'a> {
    rpc: &'a JsonRpc,
    network: String,
}

#[derive(Deserialize)]
struct InContext<T> {
    context: Context,
    value: T,
}

#[derive(Deserialize)]
struct Context {
    slot: u64,
}

#[derive(Deserialize)]
struct RawAccount {
    lamports: u64,
    owner: String,
    data: (String, String),
}

#[derive(Deserialize)]
struct RawTokenAccount {
    pubkey: String,
    account: RawAccount,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBlock {
    blockhash: String,
    block_time: Option<u64>,
}

impl<'a> SolanaNode<'a> {
    /// Asks the node which cluster it is of.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn connect(rpc: &'a JsonRpc) -> Result<Self, ChainError> {
        let genesis: String = rpc.call("getGenesisHash", json!([]))?;
        let reference = genesis
            .get(..32)
            .ok_or_else(|| rpc.fault(Fault::Malformed, "getGenesisHash: it is no hash"))?;
        if !reference.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(rpc.fault(Fault::Malformed, "getGenesisHash: it is no hash"));
        }
        Ok(Self {
            rpc,
            network: format!("solana:{reference}"),
        })
    }

    /// Checks the slot that an answer is of.
    fn answered(&self, method: &str, found: u64, slot: u64) -> Result<(), ChainError> {
        if found < slot {
            let why = format!("{method}: it answers for slot {found}, before {slot}");
            return Err(self.rpc.fault(Fault::OtherBlock, why));
        }
        Ok(())
    }

    fn accounts(
        &self,
        addresses: &[&str],
        slot: u64,
    ) -> Result<Vec<(Option<RawAccount>, u64)>, ChainError> {
        const METHOD: &str = "getMultipleAccounts";
        let mut all = Vec::new();
        for chunk in addresses.chunks(ACCOUNTS) {
            let rules =
                json!({ "commitment": "finalized", "encoding": "base64", "minContextSlot": slot });
            let reply: InContext<Vec<Option<RawAccount>>> =
                self.rpc.call(METHOD, json!([chunk, rules]))?;
            self.answered(METHOD, reply.context.slot, slot)?;
            if reply.value.len() != chunk.len() {
                let why = format!(
                    "{METHOD}: {} accounts of {}",
                    reply.value.len(),
                    chunk.len()
                );
                return Err(self.rpc.fault(Fault::Malformed, why));
            }
            let at = reply.context.slot;
            all.extend(reply.value.into_iter().map(|account| (account, at)));
        }
        Ok(all)
    }

    fn data(&self, what: &str, account: &RawAccount) -> Result<Vec<u8>, ChainError> {
        let (text, encoding) = &account.data;
        let bytes = (encoding == "base64")
            .then(|| Base64::decode_vec(text).ok())
            .flatten();
        bytes.ok_or_else(|| {
            self.rpc
                .fault(Fault::Malformed, format!("{what}: its data is not base64"))
        })
    }

    /// The contract's own word on its decimals: an amount at others is another amount (B-04).
    fn check_mint(&self, asked: &Asked<'_>, mint: &str, slot: u64) -> Result<(), ChainError> {
        let fail = |why: String| Err(self.rpc.fault(Fault::False, format!("{mint}: {why}")));
        let found = self.accounts(&[mint], slot)?;
        let Some((Some(account), _)) = found.first() else {
            return fail("there is no such mint".into());
        };
        let data = self.data(mint, account)?;
        if !TOKEN_PROGRAMS.contains(&account.owner.as_str())
            || data.len() < MINT_BYTES
            || data[45] != INITIALIZED
        {
            return fail("it is no mint of a token program".into());
        }
        if data[44] != asked.decimals {
            return fail(format!(
                "it has {} decimals, not {}",
                data[44], asked.decimals
            ));
        }
        Ok(())
    }

    fn tokens(&self, asked: &Asked<'_>, mint: &str, slot: u64) -> Result<Reading, ChainError> {
        const METHOD: &str = "getTokenAccountsByOwner";
        let malformed = |why: &str| self.rpc.fault(Fault::Malformed, format!("{METHOD}: {why}"));
        let rules =
            json!({ "commitment": "finalized", "encoding": "base64", "minContextSlot": slot });
        let reply: InContext<Vec<RawTokenAccount>> = self
            .rpc
            .call(METHOD, json!([asked.address, { "mint": mint }, rules]))?;
        self.answered(METHOD, reply.context.slot, slot)?;
        let key = |text: &str| {
            let bytes = bs58::decode(text).into_vec().ok();
            bytes.filter(|bytes| bytes.len() == 32)
        };
        let (own, coin) = (key(asked.address), key(mint));
        let (mut total, mut frozen) = (0_u128, 0_u128);
        let mut seen = std::collections::BTreeSet::new();
        for RawTokenAccount { pubkey, account } in reply.value {
            if !seen.insert(pubkey) {
                return Err(malformed("an account stands twice"));
            }
            let data = self.data(METHOD, &account)?;
            if !TOKEN_PROGRAMS.contains(&account.owner.as_str()) || data.len() < TOKEN_ACCOUNT_BYTES
            {
                return Err(malformed("it is no token account"));
            }
            if Some(&data[..32]) != coin.as_deref() || Some(&data[32..64]) != own.as_deref() {
                return Err(malformed("an account is of another mint or owner"));
            }
            let amount = data[64..72].try_into().map_or(0, u64::from_le_bytes);
            let amount = u128::from(amount);
            match data[108] {
                INITIALIZED => {}
                FROZEN => frozen += amount,
                _ => return Err(malformed("an account is not initialised")),
            }
            total += amount;
        }
        Ok(Reading::at(
            ExactAmount::from_steps(total),
            ExactAmount::from_steps(frozen),
            reply.context.slot,
            slot,
        ))
    }
}

impl ChainReader for SolanaNode<'_> {
    fn network(&self) -> String {
        self.network.clone()
    }

    fn fault(&self, fault: Fault, why: String) -> ChainError {
        self.rpc.fault(fault, why)
    }

    fn tip(&self) -> Result<u64, ChainError> {
        self.rpc
            .call("getSlot", json!([{ "commitment": "finalized" }]))
    }

    fn block(&self, height: u64) -> Result<Block, ChainError> {
        let rules = json!({
            "commitment": "finalized", "transactionDetails": "none", "rewards": false,
            "maxSupportedTransactionVersion": 0,
        });
        let none = |why: &str| {
            let why = format!("getBlock: slot {height} has no {why} there");
            self.rpc.fault(Fault::NotAvailable, why)
        };
        let block: Option<RawBlock> = self.rpc.call("getBlock", json!([height, rules]))?;
        let block = block.ok_or_else(|| none("block"))?;
        let bytes = bs58::decode(&block.blockhash).into_vec();
        if bytes.is_err() || bytes.is_ok_and(|bytes| bytes.len() != 32) {
            return Err(self.rpc.fault(Fault::Malformed, "getBlock: it has no hash"));
        }
        Ok(Block {
            hash: block.blockhash,
            time: block.block_time.ok_or_else(|| none("time"))?,
        })
    }

    fn read(&self, asked: &[Asked<'_>], height: u64, _: &str) -> Result<Vec<Reading>, ChainError> {
        let native: Vec<&str> = asked
            .iter()
            .filter(|asked| asked.token.is_none())
            .map(|asked| asked.address)
            .collect();
        let mut native = self.accounts(&native, height)?.into_iter();
        let mut mints = std::collections::BTreeSet::new();
        let mut readings = Vec::new();
        for asked in asked {
            if let Some(mint) = asked.token {
                if mints.insert(mint) {
                    self.check_mint(asked, mint, height)?;
                }
                readings.push(self.tokens(asked, mint, height)?);
                continue;
            }
            let (account, at) = native.next().unwrap_or((None, height));
            let amount = |lamports: u64| ExactAmount::from_steps(u128::from(lamports));
            readings.push(match account {
                None => Reading::at(ExactAmount::ZERO, ExactAmount::ZERO, at, height),
                Some(account) => {
                    let data = self.data(asked.address, &account)?;
                    let free = account.owner == SYSTEM_PROGRAM && data.is_empty();
                    let held = if free { 0 } else { account.lamports };
                    Reading::at(amount(account.lamports), amount(held), at, height)
                }
            });
        }
        Ok(readings)
    }
}
