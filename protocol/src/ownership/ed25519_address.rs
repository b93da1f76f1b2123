//! Addresses that are one Ed25519 key or its hash: Aptos, Sui, Polkadot, NEAR.
//!
//! | chain | 32 bytes | text |
//! |---|---|---|
//! | Aptos | SHA3-256(key ‖ `00`) | `0x` and 64 hex digits; leading zeros may be left out, and are canonical |
//! | Sui | BLAKE2b-256(`00` ‖ key) | `0x` and 64 hex digits |
//! | Polkadot | the key | Base58 of `00` ‖ key ‖ BLAKE2b-512("SS58PRE" ‖ `00` ‖ key)\[..2\] |
//! | NEAR | the key | 64 hex digits |
//!
//! Hex is lower-case. *Undecided*: NEAR's named accounts, whose keys stand in the ledger only; SS58 texts of other networks
//! are refused.
//!
//! Aptos and NEAR let an account change its keys: a signature shows the key that the account began with.
//!
//! Source: Aptos "Accounts" and AIP-40; Sui "Keys and Addresses"; Polkadot "SS58 address format"; NEAR "Account ID".

use super::address::{Address, AddressKind};
use super::base58;
use super::error::OwnershipError;
use super::hash::{blake2b_256, blake2b_512, sha3_256};
use super::network::Network;
use super::other_chains::Ed25519Chain;
use alloc::format;
use alloc::string::String;

/// SS58 prefix of Polkadot, and what its checksum begins with.
const POLKADOT_PREFIX: u8 = 0;
const SS58: &[u8] = b"SS58PRE";

/// Reads the text of an address.
///
/// # Errors
///
/// `AddressMalformed`, `AddressChecksum`, `AddressOfOtherNetwork`, `AddressUnsupported`, `AddressZero`.
pub(super) fn parse(chain: Ed25519Chain, text: &str) -> Result<Address, OwnershipError> {
    let malformed = OwnershipError::AddressMalformed;
    let bytes = match chain {
        Ed25519Chain::Aptos => {
            let digits = text.strip_prefix("0x").ok_or(malformed.clone())?;
            let short_ok = digits.len() == 64 || !digits.starts_with('0');
            if digits.is_empty() || digits.len() > 64 || !short_ok {
                return Err(malformed);
            }
            lower_hex(&format!("{digits:0>64}"))
        }
        Ed25519Chain::Sui => lower_hex(text.strip_prefix("0x").ok_or(malformed.clone())?),
        Ed25519Chain::Near if text.contains('.') => {
            return Err(OwnershipError::AddressUnsupported);
        }
        Ed25519Chain::Near => lower_hex(text),
        Ed25519Chain::Polkadot => Some(parse_ss58(chain, text)?),
    }
    .ok_or(malformed)?;
    if bytes == [0; 32] {
        return Err(OwnershipError::AddressZero);
    }
    Ok(address(chain, bytes))
}

/// The address of a key.
pub(super) fn of_key(chain: Ed25519Chain, key: &[u8; 32]) -> Address {
    let bytes = match chain {
        Ed25519Chain::Aptos => sha3_256(&[key, &[0]]),
        Ed25519Chain::Sui => blake2b_256(&[&[0], key]),
        Ed25519Chain::Polkadot | Ed25519Chain::Near => *key,
    };
    address(chain, bytes)
}

fn address(chain: Ed25519Chain, bytes: [u8; 32]) -> Address {
    let text: String = match chain {
        Ed25519Chain::Aptos | Ed25519Chain::Sui => format!("0x{}", hex::encode(bytes)),
        Ed25519Chain::Near => hex::encode(bytes),
        Ed25519Chain::Polkadot => {
            let [first, second] = ss58_checksum(&bytes);
            let text = [
                [POLKADOT_PREFIX].as_slice(),
                bytes.as_slice(),
                &[first, second],
            ];
            base58::encode(&text.concat())
        }
    };
    Address::with_text(Network::Ed25519(chain), AddressKind::Ed25519(bytes), text)
}

fn lower_hex(digits: &str) -> Option<[u8; 32]> {
    if digits.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

fn parse_ss58(chain: Ed25519Chain, text: &str) -> Result<[u8; 32], OwnershipError> {
    let malformed = OwnershipError::AddressMalformed;
    let bytes: [u8; 35] = base58::decode(text).ok_or(malformed.clone())?;
    let (prefix, rest) = bytes.split_first().ok_or(malformed.clone())?;
    // The prefixes below 64 have one byte; 46 and 47 are reserved.
    match *prefix {
        POLKADOT_PREFIX => {}
        other if other < 64 => {
            return Err(OwnershipError::AddressOfOtherNetwork {
                network: Network::Ed25519(chain),
            });
        }
        _ => return Err(malformed),
    }
    let (key, checksum) = rest.split_first_chunk::<32>().ok_or(malformed)?;
    if checksum == ss58_checksum(key) {
        Ok(*key)
    } else {
        Err(OwnershipError::AddressChecksum)
    }
}

fn ss58_checksum(key: &[u8; 32]) -> [u8; 2] {
    let [first, second, ..] = blake2b_512(&[SS58, &[POLKADOT_PREFIX], key]);
    [first, second]
}

#[cfg(test)]
mod tests {
    use super::*;
    use OwnershipError::*;

    /// Rows of `fixtures/published-wallets/signatures.json`: a key and the address that its publisher gives.
    #[test]
    fn published_addresses_are_those_of_their_keys() {
        for (chain, key, text) in [
            (
                Ed25519Chain::Aptos,
                "04d1885cf7d4add68ebf2953c1e3406c5ee0e9b9d6c07782ec6bae9fa4bd9335",
                "0x4062a7375a1ab2bb8bc33d2c1cb2f6b0afa1cef98ea7a5afec7afc96675fe1d",
            ),
            (
                Ed25519Chain::Sui,
                "4b4c3343b6c3efcd579cd6d6877d5a953166f19825d595296fec109d1f5e0950",
                "0xdf7c04c9bebf4b35bd8c66a92469f0b66cf77ce8586b6262709a897659f4e772",
            ),
            (
                Ed25519Chain::Polkadot,
                "c776bfbeeeb0b1ddd1ce6cccf55ce795f5306bf63de37d72e5af50b3be23ce49",
                "15WXogcgXnHsZ1FeuNc6cg34i8R6JCXgWrDLNLERLLesJ7bf",
            ),
            (
                Ed25519Chain::Near,
                "b1e2af21d50c8940aaebe9650bd3e09eb49f3945c6ec2d917de0d64cdfaf3fba",
                "b1e2af21d50c8940aaebe9650bd3e09eb49f3945c6ec2d917de0d64cdfaf3fba",
            ),
        ] {
            let key = hex::decode(key).unwrap().try_into().unwrap();
            assert_eq!(parse(chain, text), Ok(of_key(chain, &key)), "{text}");
        }
    }

    #[test]
    fn s_12_a_left_out_zero_is_no_other_address() {
        let short = "0x4062a7375a1ab2bb8bc33d2c1cb2f6b0afa1cef98ea7a5afec7afc96675fe1d";
        let long = short.replace("0x", "0x0");
        let address = parse(Ed25519Chain::Aptos, short).unwrap();
        assert_eq!(address.as_str(), long);
        assert_eq!(parse(Ed25519Chain::Aptos, &long), Ok(address));
        assert_eq!(parse(Ed25519Chain::Sui, short), Err(AddressMalformed));
    }

    /// Alice of Substrate's documentation, under the generic prefix 42 and under Polkadot's.
    #[test]
    fn s_12_one_key_under_two_ss58_prefixes_is_one_address() {
        let polkadot = Ed25519Chain::Polkadot;
        let generic = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        assert!(matches!(
            parse(polkadot, generic),
            Err(AddressOfOtherNetwork { .. })
        ));
        let alice = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5";
        assert_eq!(parse(polkadot, alice).unwrap().as_str(), alice);
        assert_eq!(
            parse(polkadot, &alice.replace("Sp5", "Sp6")),
            Err(AddressChecksum)
        );
    }

    #[test]
    fn s_09_other_texts_are_refused() {
        let digits = "b1e2af21d50c8940aaebe9650bd3e09eb49f3945c6ec2d917de0d64cdfaf3fba";
        for (chain, text) in [
            (Ed25519Chain::Near, digits[1..].to_owned()),
            (Ed25519Chain::Near, digits.to_uppercase()),
            (Ed25519Chain::Near, format!("0x{digits}")),
            (Ed25519Chain::Sui, digits.to_owned()),
            (Ed25519Chain::Sui, format!("0x{digits}0")),
            (Ed25519Chain::Aptos, "0x".to_owned()),
            (Ed25519Chain::Aptos, "0x01".to_owned()),
            (Ed25519Chain::Aptos, format!("0x{digits}0")),
            (Ed25519Chain::Aptos, format!("0x{}", digits.to_uppercase())),
            (Ed25519Chain::Polkadot, digits.to_owned()),
        ] {
            assert_eq!(parse(chain, &text), Err(AddressMalformed), "{text}");
        }
        let named = parse(Ed25519Chain::Near, "exchange.near").unwrap_err();
        assert!(named.is_undecided());
    }
}
