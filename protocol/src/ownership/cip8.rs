//! Cardano CIP-8: a message inside `COSE_Sign1`, by the payment key of the address.
//!
//! Checked: the protected header says EdDSA and holds the bytes of the claimed address; `public_key` is a `COSE_Key` of
//! Ed25519; BLAKE2b-224 of its 32 bytes is the address's payment part; the payload is the message, or BLAKE2b-224 of it
//! where the unprotected header says `hashed`; the signature over `Sig_structure` holds strictly (see `ed25519`).
//!
//! The unprotected header is not signed: it has `hashed` and nothing else, so that nothing can be changed in it unseen. A
//! key id may stand in the protected header and in the key; where both do, they are equal.
//!
//! # Layout
//!
//! ```text
//! COSE_Sign1 = [bstr {1: -8, ?4: bstr, "address": bstr}, {"hashed": bool}, bstr payload, bstr signature (64)]
//! COSE_Key   = {1: 1, ?2: bstr, 3: -8, -1: 6, -2: bstr (32)}
//! ```
//!
//! both untagged and in the strict CBOR of `cbor`; the signature text is lower-case hex of the first, as wallets return it
//! (CIP-30).
//!
//! Not shown: anything about the stake part of the address.
//!
//! Cost: one signature check. Source: CIP-8, CIP-30 `signData`; RFC 9052 §4.2, §4.4, §7; RFC 9053 §2.2, §7.2.

use super::address::{Address, AddressKind};
use super::cardano_address;
use super::cbor::{Label, Reader, signature1};
use super::ed25519::{self, SIGNATURE_BYTES};
use super::error::OwnershipError;
use super::hash::blake2b_224;
use super::network::Network;
use super::scheme::Scheme;
use alloc::string::ToString;

/// Longest `COSE_Sign1` in bytes: the challenge fits many times over.
const MAX_BYTES: usize = 64 * 1024;

/// EdDSA (RFC 9053 §2.2), octet key pairs and Ed25519 (§7).
const EDDSA: i64 = -8;
const OKP: i64 = 1;
const ED25519: i64 = 6;

struct Sign1<'a> {
    protected: &'a [u8],
    address: &'a [u8],
    key_id: Option<&'a [u8]>,
    hashed: bool,
    payload: &'a [u8],
    signature: [u8; SIGNATURE_BYTES],
}

struct Key<'a> {
    key_id: Option<&'a [u8]>,
    point: [u8; 32],
}

/// Checks one `COSE_Sign1`.
pub(super) fn verify(
    claimed: &Address,
    message: &[u8],
    public_key: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    let (Network::Cardano(chain), AddressKind::Cardano(parts)) =
        (*claimed.network(), *claimed.kind())
    else {
        return Err(OwnershipError::SchemeNotForNetwork {
            scheme: Scheme::Cip8,
            network: *claimed.network(),
        });
    };
    if signature.len() > 2 * MAX_BYTES {
        return Err(OwnershipError::SignatureLength {
            expected: MAX_BYTES,
            found: signature.len() / 2,
        });
    }
    if signature.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(OwnershipError::SignatureEncoding);
    }
    let bytes = hex::decode(signature).map_err(|_| OwnershipError::SignatureEncoding)?;
    let sign1 = read_sign1(&bytes)?;
    let key = read_key(public_key)?;
    if sign1.address != parts.to_bytes() {
        return Err(OwnershipError::CoseOther { what: "address" });
    }
    if let (Some(one), Some(other)) = (sign1.key_id, key.key_id)
        && one != other
    {
        return Err(OwnershipError::CoseOther { what: "key id" });
    }
    let hash = blake2b_224(&key.point);
    if hash != *parts.payment() {
        let found = cardano_address::address(chain, parts.with_payment(hash))?;
        return Err(OwnershipError::WrongSigner {
            expected: claimed.to_string(),
            found: found.to_string(),
        });
    }
    let holds_message = if sign1.hashed {
        sign1.payload == blake2b_224(message)
    } else {
        sign1.payload == message
    };
    if !holds_message {
        return Err(OwnershipError::CoseOther { what: "payload" });
    }
    let signed = signature1(sign1.protected, sign1.payload);
    ed25519::verify(&key.point, &signed, &sign1.signature)
}

fn read_sign1(bytes: &[u8]) -> Result<Sign1<'_>, OwnershipError> {
    let other = |what| OwnershipError::CoseOther { what };
    let mut reader = Reader::new(bytes);
    if reader.array()? != 4 {
        return Err(OwnershipError::CborMalformed);
    }
    let protected = reader.bytes()?;
    if (reader.map()?, reader.label()?) != (1, Label::Text(b"hashed")) {
        return Err(other("unprotected header"));
    }
    let hashed = reader.boolean()?;
    let payload = reader.bytes()?;
    let signature = reader.bytes()?;
    reader.finish()?;
    let signature = signature
        .try_into()
        .map_err(|_| OwnershipError::SignatureLength {
            expected: SIGNATURE_BYTES,
            found: signature.len(),
        })?;
    let (mut algorithm, mut key_id, mut address) = (None, None, None);
    let mut header = Reader::new(protected);
    for _ in 0..header.map()? {
        let label = header.label()?;
        let repeated = match label {
            Label::Integer(1) => algorithm.replace(header.integer()?).is_some(),
            Label::Integer(4) => key_id.replace(header.bytes()?).is_some(),
            Label::Text(b"address") => address.replace(header.bytes()?).is_some(),
            // `crit` and all else could ask for something that is not done here.
            _ => true,
        };
        if repeated {
            return Err(other("protected header"));
        }
    }
    header.finish()?;
    if algorithm != Some(EDDSA) {
        return Err(other("algorithm"));
    }
    Ok(Sign1 {
        protected,
        address: address.ok_or(other("address"))?,
        key_id,
        hashed,
        payload,
        signature,
    })
}

fn read_key(bytes: &[u8]) -> Result<Key<'_>, OwnershipError> {
    let other = |what| OwnershipError::CoseOther { what };
    let (mut kind, mut algorithm, mut curve) = (None, None, None);
    let (mut key_id, mut point) = (None, None);
    let mut reader = Reader::new(bytes);
    for _ in 0..reader.map()? {
        let repeated = match reader.label()? {
            Label::Integer(1) => kind.replace(reader.integer()?).is_some(),
            Label::Integer(2) => key_id.replace(reader.bytes()?).is_some(),
            Label::Integer(3) => algorithm.replace(reader.integer()?).is_some(),
            Label::Integer(-1) => curve.replace(reader.integer()?).is_some(),
            Label::Integer(-2) => point.replace(reader.bytes()?).is_some(),
            _ => true,
        };
        if repeated {
            return Err(other("key"));
        }
    }
    reader.finish()?;
    if (kind, algorithm, curve) != (Some(OKP), Some(EDDSA), Some(ED25519)) {
        return Err(other("key"));
    }
    let point = point.ok_or(other("key"))?;
    Ok(Key {
        key_id,
        point: point
            .try_into()
            .map_err(|_| OwnershipError::PublicKeyMalformed)?,
    })
}
