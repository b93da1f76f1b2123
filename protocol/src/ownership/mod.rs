//! Proof that an address is under control: a dated challenge, and one signature scheme that answers it.
//!
//! Checked by [`Claim::verify`]: the key behind `address` signed exactly these bytes, by exactly the scheme
//! named. The bytes are the [`Challenge`] text, which the verifier builds itself; its block's work is checked by
//! [`BitcoinBlock::verify_work`].
//!
//! Not proven: that the signer owns the coins and did not borrow the signature, that nobody else holds the key
//! too, and any balance.
//!
//! # Example
//!
//! ```
//! use por_protocol::ownership::testing::SampleKey;
//! use por_protocol::ownership::{
//!     BitcoinBlock, Challenge, ChallengeNonce, Claim, EvmChainId, Message, POW_FLOOR, Scheme,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let header = hex::decode(include_str!("../../../fixtures/bitcoin/mainnet-968566.hex").trim_end()).map_err(|e| e.to_string())?;
//! let block = BitcoinBlock::from_bytes(&header)?;
//! block.verify_work(&POW_FLOOR)?;
//! let challenge = Challenge::new("Example Exchange", "log.example.com/por", block, ChallengeNonce::default())?;
//!
//! let key = SampleKey::from_secret(&[7; 32])?;
//! let address = key.evm_address(EvmChainId::new(1).ok_or("zero")?)?;
//! let text = challenge.text(&address);
//! let signature = key.sign_eip191(text.as_bytes())?;
//!
//! Claim::new(Scheme::Eip191, &address, Message::Bytes(text.as_bytes()), &[&signature]).verify()?;
//! # Ok(())
//! # }
//! ```
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod address;
mod adr36;
mod base58;
mod bip322;
mod bitcoin_address;
mod bitcoin_block;
mod cardano_address;
mod cash_address;
mod cbor;
mod challenge;
mod challenge_twin;
mod cip8;
mod claim;
mod ecdsa;
mod ed25519;
mod ed25519_address;
mod error;
mod evm;
mod hash;
mod multisig;
mod network;
mod other_chains;
mod prefixed;
mod safe;
mod scheme;
mod script;
mod signed_message;
mod solana;
pub mod testing;
mod tron;
mod typed_data;
mod utxo_address;
mod xrpl;

pub use address::Address;
pub use bitcoin_block::{BitcoinBlock, BlockHash, BlockTime, POW_FLOOR, Target};
pub use challenge::{CHALLENGE_FORMAT, Challenge, ChallengeNonce};
pub use claim::{Claim, Message};
pub use error::OwnershipError;
pub use network::{BitcoinChain, EvmChainId, Network, SolanaCluster, TronChain};
pub use other_chains::{CardanoChain, CosmosChain, Ed25519Chain, UtxoChain, XrplChain};
pub(crate) use safe::MAX_OWNERS;
pub use safe::{SafeOwners, eip1271_hash};
pub use scheme::Scheme;
pub use typed_data::TypedData;
