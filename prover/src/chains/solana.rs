//! A node of a Solana cluster: lamports and SPL tokens, from the finalised state.
//!
//! No node answers for a past slot: a call gives the newest finalised state that is no older than `minContextSlot`, and says
//! of which slot it was. Where that is later than the snapshot's slot, the reading says so.
//!
//! What cannot be moved by the address's own key is encumbered: lamports of an account that a program owns, or that holds
//! data, as durable nonces do, which an authority rules; and tokens of a frozen account.
//!
//! What is in stake accounts belongs to the wallet that may withdraw it, and is counted with the wallet's own lamports. They
//! are listed before and after those: otherwise what is withdrawn meanwhile would be counted twice.
//!
//! Source: Solana RPC HTTP methods `getGenesisHash`, `getSlot`, `getBlock`, `getMultipleAccounts`, `getProgramAccounts`,
//! `getTokenAccountsByOwner`; layouts of SPL Token's `Account` (165 bytes) and `Mint` (82 bytes).

use std::collections::{BTreeMap, BTreeSet};

use base64ct::{Base64, Encoding as _};
use por_protocol::amount::ExactAmount;
use serde::Deserialize;
use serde_json::json;

use super::error::{ChainError, Fault};
use super::json_rpc::JsonRpc;
use super::reading::{Asked, Block, ChainReader, Reading};
use super::stake::{self, Held, Moment};

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
struct RawListed {
    pubkey: String,
    account: RawAccount,
}

/// Stake accounts by their addresses: lamports and data.
type Stakes = BTreeMap<String, (u64, Vec<u8>)>;

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
        let reply: InContext<Vec<RawListed>> = self
            .rpc
            .call(METHOD, json!([asked.address, { "mint": mint }, rules]))?;
        self.answered(METHOD, reply.context.slot, slot)?;
        let (own, coin) = (key(asked.address), key(mint));
        let (mut total, mut frozen) = (0_u128, 0_u128);
        let mut seen = BTreeSet::new();
        for RawListed { pubkey, account } in reply.value {
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

    /// The stake accounts that `wallet` may withdraw from, and the slot that this is of.
    fn stakes(&self, wallet: &str, slot: u64) -> Result<(Stakes, u64), ChainError> {
        const METHOD: &str = "getProgramAccounts";
        let malformed = |why: &str| self.rpc.fault(Fault::Malformed, format!("{METHOD}: {why}"));
        let rules = json!({
            "commitment": "finalized", "encoding": "base64", "minContextSlot": slot, "withContext": true,
            "filters": [
                { "dataSize": stake::STATE_BYTES },
                { "memcmp": { "offset": stake::WITHDRAWER, "bytes": wallet, "encoding": "base58" } },
            ],
        });
        let reply = self.rpc.call(METHOD, json!([stake::PROGRAM, rules]));
        let reply: InContext<Vec<RawListed>> = reply.map_err(|mut error: ChainError| {
            // Public nodes often leave this call out.
            if matches!(error.fault, Fault::NodeError | Fault::Unauthorized) {
                error.why +=
                    "; no other call finds a wallet's stake accounts: name a node that answers it";
            }
            error
        })?;
        self.answered(METHOD, reply.context.slot, slot)?;
        let mut found = Stakes::new();
        for RawListed { pubkey, account } in reply.value {
            if account.owner != stake::PROGRAM {
                return Err(malformed("an account is of another program"));
            }
            let data = self.data(METHOD, &account)?;
            if found.insert(pubkey, (account.lamports, data)).is_some() {
                return Err(malformed("an account stands twice"));
            }
        }
        Ok((found, reply.context.slot))
    }

    /// Epoch, time and history, by which stakes are free or held.
    fn moment(&self, slot: u64) -> Result<Moment, ChainError> {
        let mut data = Vec::new();
        for (account, _) in self.accounts(&stake::SYSVARS, slot)? {
            let account = account.filter(|account| account.owner == stake::SYSVAR_OWNER);
            let account = account.ok_or_else(|| {
                let why = "getMultipleAccounts: the cluster's clock is missing";
                self.rpc.fault(Fault::Malformed, why)
            })?;
            data.push(self.data("sysvar", &account)?);
        }
        let moment = match data.as_slice() {
            [clock, history] => Moment::parse(clock, history),
            _ => None,
        };
        moment.ok_or_else(|| {
            let why = "getMultipleAccounts: the cluster's clock cannot be read";
            self.rpc.fault(Fault::Malformed, why)
        })
    }

    /// What wallets hold of their own and in stake accounts, in their order.
    fn wallets(&self, wallets: &[&str], slot: u64) -> Result<Vec<Reading>, ChainError> {
        let mut stakes = Vec::new();
        for wallet in wallets {
            let (found, at) = self.stakes(wallet, slot)?;
            if let Some(twice) = found.keys().find(|found| wallets.contains(&found.as_str())) {
                let why = format!(
                    "the stake account {twice} is {wallet}'s, and counted with it: it cannot be listed, too"
                );
                return Err(self.rpc.fault(Fault::False, why));
            }
            stakes.push((found, at));
        }
        let accounts = self.accounts(wallets, slot)?;
        let now = match stakes.iter().all(|(found, _)| found.is_empty()) {
            true => None,
            false => Some(self.moment(slot)?),
        };
        let mut readings = Vec::new();
        for ((wallet, (stakes, at)), (account, read)) in wallets.iter().zip(stakes).zip(accounts) {
            let mut at = at.max(read);
            let (mut amount, mut encumbered, mut staked) = (0, 0, 0);
            if let Some(account) = account {
                let data = self.data(wallet, &account)?;
                let is_free = account.owner == SYSTEM_PROGRAM && data.is_empty();
                amount = u128::from(account.lamports);
                encumbered = if is_free { 0 } else { amount };
            }
            if let Some(now) = now.as_ref().filter(|_| !stakes.is_empty()) {
                let (again, later) = self.stakes(wallet, slot)?;
                if again != stakes {
                    let why = format!(
                        "getProgramAccounts: stake accounts of {wallet} changed while they were read"
                    );
                    return Err(self.rpc.fault(Fault::NotAvailable, why));
                }
                at = at.max(later);
                let withdrawer = key(wallet).unwrap_or_default();
                for (address, (lamports, data)) in &stakes {
                    let held = stake::held(data, *lamports, &withdrawer, now);
                    let held: Held = held.ok_or_else(|| {
                        let why = format!(
                            "getProgramAccounts: {address} is no stake account of {wallet}"
                        );
                        self.rpc.fault(Fault::Malformed, why)
                    })?;
                    amount += u128::from(*lamports);
                    encumbered += u128::from(held.encumbered);
                    staked += u128::from(held.staked);
                }
            }
            let exact = ExactAmount::from_steps;
            readings.push(Reading {
                staked: exact(staked),
                ..Reading::at(exact(amount), exact(encumbered), at, slot)
            });
        }
        Ok(readings)
    }
}

/// The 32 bytes of an address.
fn key(text: &str) -> Option<Vec<u8>> {
    let bytes = bs58::decode(text).into_vec().ok();
    bytes.filter(|bytes| bytes.len() == 32)
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
        let native = asked.iter().filter(|asked| asked.token.is_none());
        let native: Vec<&str> = native.map(|asked| asked.address).collect();
        let mut native = self.wallets(&native, height)?.into_iter();
        let mut mints = BTreeSet::new();
        let mut readings = Vec::new();
        for asked in asked {
            let Some(mint) = asked.token else {
                readings.extend(native.next());
                continue;
            };
            if mints.insert(mint) {
                self.check_mint(asked, mint, height)?;
            }
            readings.push(self.tokens(asked, mint, height)?);
        }
        Ok(readings)
    }
}
