//! Proof that an address is under control: a dated challenge, and one signature scheme that answers it.
//!
//! Checked by [`verify_ownership`]: the key behind `address` signed exactly these bytes, by exactly the scheme
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
//!     BitcoinBlock, Challenge, ChallengeNonce, EvmChainId, POW_FLOOR, Scheme, verify_ownership,
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
//! verify_ownership(address.network(), Scheme::Eip191, &address, text.as_bytes(), &[&signature])?;
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
mod bip322;
mod bitcoin_block;
mod challenge;
mod ecdsa;
mod eip191;
mod error;
mod hash;
mod network;
mod scheme;
pub mod testing;

pub use address::Address;
pub use bitcoin_block::{BitcoinBlock, BlockHash, BlockTime, POW_FLOOR, Target};
pub use challenge::{CHALLENGE_FORMAT, Challenge, ChallengeNonce};
pub use error::OwnershipError;
pub use network::{BitcoinChain, EvmChainId, Network};
pub use scheme::Scheme;

/// Checks that the key behind `address` signed `message` by `scheme`, on `network`.
///
/// `message` is the whole message, never its digest. Each signature is the text that the scheme's wallets print.
/// Exactly one scheme is used; another that would fit is not tried.
///
/// # Errors
///
/// Any [`OwnershipError`] means *not proven*; see [`OwnershipError::is_undecided`].
pub fn verify_ownership(
    network: &Network,
    scheme: Scheme,
    address: &Address,
    message: &[u8],
    signatures: &[&str],
) -> Result<(), OwnershipError> {
    if address.network() != network {
        return Err(OwnershipError::AddressOfOtherNetwork { network: *network });
    }
    let verify = match (scheme, network) {
        (Scheme::Eip191, Network::Evm(_)) => eip191::verify,
        (Scheme::Bip322Simple, Network::Bitcoin(_)) => bip322::verify,
        _ => {
            return Err(OwnershipError::SchemeNotForNetwork {
                scheme,
                network: *network,
            });
        }
    };
    let [signature] = signatures else {
        return Err(OwnershipError::SignatureCount {
            expected: 1,
            found: signatures.len(),
        });
    };
    verify(address, message, signature)
}
