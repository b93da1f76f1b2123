//! A Safe's owners: several keys that speak for one contract wallet, once its storage says who they are.
//!
//! Checked, for the wallet `W` on chain `c`, its owners and threshold as its storage has them at a block:
//! `h = Keccak-256(0x19 ‖ 0x01 ‖ Keccak-256(D ‖ c ‖ W) ‖ Keccak-256(M ‖ Keccak-256(eip191(message))))`, where `D` and `M` are the
//! type hashes of `EIP712Domain(uint256 chainId,address verifyingContract)` and `SafeMessage(bytes message)`, and
//! `eip191` is the hash that `personal_sign` signs. The one signature is `r ‖ s ‖ v` of 65 bytes for each signer, in
//! strictly ascending order of the signers, every one of them an owner, at least as many as the threshold:
//! * `v` 27 or 28: the owner signed `h`;
//! * `v` 31 or 32: the owner signed the 32 bytes `h` with `personal_sign`, and 4 was added.
//!
//! Stricter than the contract, which reads the first `threshold` signatures and no further: one that does not hold is
//! refused wherever it stands. Owners that are contracts (`v` 0) and hashes approved on the chain (`v` 1) are undecided.
//!
//! Not proven: that no module of the Safe can move its coins without the owners.
//!
//! Source: safe-smart-account 1.4.1, `Safe.checkNSignatures`, `CompatibilityFallbackHandler.isValidSignature`; EIP-712; EIP-1271.

use super::ecdsa;
use super::error::OwnershipError;
use super::evm::{address_bytes, message_hash};
use super::hash::keccak256;
use super::network::EvmChainId;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use k256::ecdsa::RecoveryId;

/// `r ‖ s ‖ v`.
const SIGNATURE_BYTES: usize = 65;
/// A Safe of more owners is none of an exchange's.
pub(crate) const MAX_OWNERS: usize = 64;

/// The hash that a contract wallet is asked about: that of `personal_sign`, so that its owners' wallets show the text.
#[must_use]
pub fn eip1271_hash(message: &[u8]) -> [u8; 32] {
    message_hash(message)
}

/// Who speaks for a Safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafeOwners {
    chain: EvmChainId,
    wallet: [u8; 20],
    owners: BTreeSet<[u8; 20]>,
    threshold: usize,
}

impl SafeOwners {
    /// The owners and threshold that the storage of `wallet` was proven to hold.
    ///
    /// # Errors
    ///
    /// `ThresholdMissed` for a threshold of zero, or of more than there are owners.
    pub fn new(
        chain: EvmChainId,
        wallet: [u8; 20],
        owners: BTreeSet<[u8; 20]>,
        threshold: usize,
    ) -> Result<Self, OwnershipError> {
        if threshold == 0 || threshold > owners.len() {
            return Err(OwnershipError::ThresholdMissed {
                expected: threshold,
                found: owners.len(),
            });
        }
        Ok(Self {
            chain,
            wallet,
            owners,
            threshold,
        })
    }

    /// The owners.
    #[must_use]
    pub const fn owners(&self) -> &BTreeSet<[u8; 20]> {
        &self.owners
    }

    /// How many of them must sign.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// The hash that owners sign for a message.
    #[must_use]
    pub fn message_hash(&self, message: &[u8]) -> [u8; 32] {
        let mut chain = [0; 32];
        if let Some(low) = chain.last_chunk_mut::<8>() {
            *low = self.chain.get().to_be_bytes();
        }
        let domain = keccak256(&[
            &keccak256(&[b"EIP712Domain(uint256 chainId,address verifyingContract)"]),
            &chain,
            &[0; 12],
            &self.wallet,
        ]);
        let content = keccak256(&[
            &keccak256(&[b"SafeMessage(bytes message)"]),
            &keccak256(&[&eip1271_hash(message)]),
        ]);
        keccak256(&[&[0x19, 0x01], &domain, &content])
    }

    /// Checks the owners' signatures over a message.
    ///
    /// # Errors
    ///
    /// Any [`OwnershipError`] means *not proven*.
    pub fn verify(&self, message: &[u8], signatures: &str) -> Result<(), OwnershipError> {
        let hash = self.message_hash(message);
        let blob = decode(signatures)?;
        let mut last: Option<[u8; 20]> = None;
        let mut count = 0_usize;
        for signature in blob.chunks(SIGNATURE_BYTES) {
            let signer = recover(&hash, signature)?;
            match last {
                Some(last) if last == signer => return Err(OwnershipError::SignerRepeated),
                Some(last) if last > signer => return Err(OwnershipError::OwnerOrder),
                _ => last = Some(signer),
            }
            if !self.owners.contains(&signer) {
                return Err(OwnershipError::SignerUnknown);
            }
            count = count.saturating_add(1);
        }
        if count < self.threshold {
            return Err(OwnershipError::ThresholdMissed {
                expected: self.threshold,
                found: count,
            });
        }
        Ok(())
    }
}

fn decode(text: &str) -> Result<Vec<u8>, OwnershipError> {
    let digits = text
        .strip_prefix("0x")
        .ok_or(OwnershipError::SignatureEncoding)?;
    // Length before content: nothing longer is decoded.
    let bytes = digits.len() / 2;
    let whole = !digits.is_empty() && digits.len().is_multiple_of(2 * SIGNATURE_BYTES);
    if !whole || bytes > MAX_OWNERS.saturating_mul(SIGNATURE_BYTES) {
        return Err(OwnershipError::SignatureLength {
            expected: SIGNATURE_BYTES,
            found: bytes,
        });
    }
    hex::decode(digits).map_err(|_| OwnershipError::SignatureEncoding)
}

fn recover(hash: &[u8; 32], signature: &[u8]) -> Result<[u8; 20], OwnershipError> {
    let length = || OwnershipError::SignatureLength {
        expected: SIGNATURE_BYTES,
        found: signature.len(),
    };
    let (r, rest) = signature.split_first_chunk::<32>().ok_or_else(length)?;
    let (s, rest) = rest.split_first_chunk::<32>().ok_or_else(length)?;
    let [v] = rest else { return Err(length()) };
    let signed = match v {
        27 | 28 => *hash,
        31 | 32 => message_hash(hash),
        0 | 1 => return Err(OwnershipError::OwnerSignatureKind { found: *v }),
        found => return Err(OwnershipError::RecoveryByte { found: *found }),
    };
    let id = RecoveryId::new(matches!(v, 28 | 32), false);
    address_bytes(&ecdsa::recover(&signed, &ecdsa::from_scalars(*r, *s)?, id)?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::SampleKey;
    use super::*;
    use alloc::format;
    use alloc::string::String;

    const TEXT: &[u8] = b"a challenge";

    fn key(number: u8) -> SampleKey {
        SampleKey::from_secret(&[number; 32]).unwrap()
    }

    fn bytes(number: u8) -> [u8; 20] {
        let chain = EvmChainId::new(1).unwrap();
        let address = key(number).evm_address(chain).unwrap();
        let mut bytes = [0; 20];
        hex::decode_to_slice(&address.as_str()[2..], &mut bytes).unwrap();
        bytes
    }

    fn safe(chain: u64, wallet: u8, threshold: usize) -> Result<SafeOwners, OwnershipError> {
        let owners = [1, 2, 3].map(bytes).into_iter().collect();
        SafeOwners::new(
            EvmChainId::new(chain).unwrap(),
            [wallet; 20],
            owners,
            threshold,
        )
    }

    /// In the order given.
    fn signed(safe: &SafeOwners, numbers: &[u8]) -> String {
        let digits: String = numbers
            .iter()
            .map(|number| String::from(&key(*number).sign_safe(safe, TEXT).unwrap()[2..]))
            .collect::<Vec<String>>()
            .concat();
        format!("0x{digits}")
    }

    fn sorted(numbers: &[u8]) -> Vec<u8> {
        let mut numbers = numbers.to_vec();
        numbers.sort_by_key(|number| bytes(*number));
        numbers
    }

    #[test]
    fn s_08_owners_count_once_in_order_and_up_to_the_threshold() {
        let own = safe(1, 9, 2).unwrap();
        let good = signed(&own, &sorted(&[1, 3]));
        assert_eq!(own.verify(TEXT, &good), Ok(()));
        assert_eq!(own.verify(TEXT, &signed(&own, &sorted(&[1, 2, 3]))), Ok(()));
        let mut backwards = sorted(&[1, 3]);
        backwards.reverse();
        let refused = |numbers: &[u8]| own.verify(TEXT, &signed(&own, numbers)).unwrap_err();
        assert_eq!(refused(&backwards), OwnershipError::OwnerOrder);
        assert_eq!(refused(&[1, 1]), OwnershipError::SignerRepeated);
        assert_eq!(refused(&sorted(&[1, 2, 4])), OwnershipError::SignerUnknown);
        assert_eq!(
            refused(&[1]),
            OwnershipError::ThresholdMissed {
                expected: 2,
                found: 1
            }
        );
        // Another text, wallet or chain is another hash, whose recovered keys own nothing.
        assert!(own.verify(b"another", &good).is_err());
        assert!(safe(1, 8, 2).unwrap().verify(TEXT, &good).is_err());
        assert!(safe(2, 9, 2).unwrap().verify(TEXT, &good).is_err());
    }

    #[test]
    fn s_08_a_threshold_of_none_or_of_more_than_all_is_no_safe() {
        assert!(safe(1, 9, 0).is_err() && safe(1, 9, 4).is_err() && safe(1, 9, 3).is_ok());
    }

    #[test]
    fn s_03_other_forms_of_owners_signatures_are_refused_or_undecided() {
        let own = safe(1, 9, 1).unwrap();
        let good = signed(&own, &[1]);
        let with = |v: u8| {
            own.verify(TEXT, &format!("{}{v:02x}", &good[..130]))
                .unwrap_err()
        };
        for v in [0, 1] {
            assert!(with(v).is_undecided(), "{v}");
        }
        for v in [2, 26, 29, 30, 33, 255] {
            assert_eq!(with(v), OwnershipError::RecoveryByte { found: v });
        }
        // The same signature as if made by `personal_sign`: another key, or none.
        assert!(
            own.verify(TEXT, &format!("{}{:02x}", &good[..130], 31))
                .is_err()
        );
        for bad in [
            "",
            "0x",
            "0x00",
            &good[2..],
            &good[..130],
            &format!("{good}00"),
        ] {
            assert!(own.verify(TEXT, bad).is_err(), "{bad}");
        }
        assert!(own.verify(TEXT, &good.replacen("0x", "0X", 1)).is_err());
        let flood = format!("0x{}", "00".repeat(SIGNATURE_BYTES * (MAX_OWNERS + 1)));
        assert!(matches!(
            own.verify(TEXT, &flood),
            Err(OwnershipError::SignatureLength { .. })
        ));
    }
}
