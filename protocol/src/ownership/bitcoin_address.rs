//! Bitcoin addresses: Base58Check and bech32, strictly, for one chain.
//!
//! Checked: Base58Check with the chain's version byte (P2PKH, P2SH); bech32 for version 0 (P2WPKH, P2WSH) and bech32m
//! for version 1 (P2TR), with the chain's prefix, whole text in one case, zero padding bits. The public test networks
//! share their prefixes, and regtest shares the version bytes with them: what an address cannot tell is left to the
//! network named beside it.
//!
//! Source: Bitcoin wiki "Address"; BIP-13, BIP-141, BIP-173, BIP-350, BIP-341.

use super::address::{Address, AddressKind};
use super::base58;
use super::error::OwnershipError;
use super::network::{BitcoinChain, Network};
use alloc::string::String;
use alloc::vec::Vec;
use bech32::primitives::decode::SegwitHrpstring;
use bech32::{Hrp, segwit};

/// Reads the text of an address of `chain`.
///
/// # Errors
///
/// As [`Address::parse`].
pub(super) fn parse(chain: BitcoinChain, text: &str) -> Result<Address, OwnershipError> {
    let other_network = OwnershipError::AddressOfOtherNetwork {
        network: Network::Bitcoin(chain),
    };
    let Ok(segwit) = SegwitHrpstring::new(text) else {
        let (version, hash) = base58::decode_address(text)?;
        let kind = match version {
            version if version == chain.p2pkh_version() => AddressKind::P2pkh(hash),
            version if version == chain.p2sh_version() => AddressKind::P2sh(hash),
            0x00 | 0x05 | 0x6f | 0xc4 => return Err(other_network),
            _ => return Err(OwnershipError::AddressMalformed),
        };
        return Address::from_bitcoin(chain, kind);
    };
    match segwit.hrp().to_lowercase().as_str() {
        prefix if prefix == chain.address_prefix() => {}
        "bc" | "tb" | "bcrt" => return Err(other_network),
        _ => return Err(OwnershipError::AddressMalformed),
    }
    let program: Vec<u8> = segwit.byte_iter().collect();
    let malformed = |_| OwnershipError::AddressMalformed;
    let kind = match (segwit.witness_version().to_u8(), program.len()) {
        (0, 20) => AddressKind::P2wpkh(program.try_into().map_err(malformed)?),
        (0, 32) => AddressKind::P2wsh(program.try_into().map_err(malformed)?),
        (1, 32) => AddressKind::P2tr(program.try_into().map_err(malformed)?),
        // Programs whose rules are not set yet.
        _ => return Err(OwnershipError::ScriptUnsupported),
    };
    let address = Address::from_bitcoin(chain, kind)?;
    // Whatever the decoder let pass: the text must be the canonical one, up to all capitals.
    if address.as_str() == text || address.as_str().to_ascii_uppercase() == text {
        Ok(address)
    } else {
        Err(OwnershipError::AddressMalformed)
    }
}

/// The canonical text of an address.
///
/// # Errors
///
/// `AddressMalformed` for kinds that Bitcoin does not have.
pub(super) fn text(chain: BitcoinChain, kind: &AddressKind) -> Result<String, OwnershipError> {
    let malformed = OwnershipError::AddressMalformed;
    let (version, program): (_, &[u8]) = match kind {
        AddressKind::P2pkh(hash) => return Ok(base58::encode_address(chain.p2pkh_version(), hash)),
        AddressKind::P2sh(hash) => return Ok(base58::encode_address(chain.p2sh_version(), hash)),
        AddressKind::P2wpkh(program) => (segwit::VERSION_0, program),
        AddressKind::P2wsh(program) => (segwit::VERSION_0, program),
        AddressKind::P2tr(program) => (segwit::VERSION_1, program),
        _ => return Err(malformed),
    };
    let Ok(prefix) = Hrp::parse(chain.address_prefix()) else {
        return Err(malformed);
    };
    segwit::encode(prefix, version, program).map_err(|_| malformed)
}
