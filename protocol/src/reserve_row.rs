//! A row of `reserves.jsonl`: one address with its ownership signature and what its balance rests on (SPEC §7.3).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use crate::amount::{Amount, Decimals, ExactAmount};
use crate::asset::{Asset, InstanceId};
use crate::attestation::Attestation;
use crate::book_row::{BookRow, Evidence, ReserveSum};
use crate::error::Error;
use crate::hex_bytes::HexBytes;
use crate::holding::Holding;
use crate::json;
use crate::ownership::{
    Address, BitcoinBlock, Challenge, ChallengeNonce, Claim, Message, Network, OwnershipError,
    POW_FLOOR, Scheme,
};

/// An address with a multisig witness fits many times over.
const MAX_ROW_BYTES: usize = 64 * 1024;

/// One reserve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReserveRow {
    /// CAIP-2 id of the chain.
    pub network: String,
    /// Canonical address on it.
    pub address: String,
    /// CAIP-19 id of the coin; it belongs to exactly one asset.
    pub instance: InstanceId,
    /// Balance at the snapshot, an integer at the instance's decimals.
    pub amount: ExactAmount,
    /// The part of `amount` that cannot be used (frozen, locked, immature); it covers nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encumbered: Option<ExactAmount>,
    /// What the balance rests on.
    pub evidence: Evidence,
    /// Name of the signature scheme.
    pub scheme: String,
    /// Signatures as that scheme's wallets print them.
    pub signatures: Vec<String>,
    /// The multisig script behind the address, where the scheme needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<HexBytes>,
    /// A public key that the address does not give, where the scheme needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<HexBytes>,
    /// The exact framed bytes that were signed, where the scheme needs them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<HexBytes>,
    /// How the exchange says that it holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holding: Option<Holding>,
}

json::object!(ReserveRow {
    network,
    address,
    instance,
    amount,
    encumbered: present,
    evidence,
    scheme,
    signatures,
    script: present,
    public_key: present,
    frame: present,
    holding: present
});

impl ReserveRow {
    /// Parses the exact bytes of a row.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::TooLarge`]; [`Error::Field`] for a holding that contradicts the row.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let row: Self = json::parse("reserve row", bytes, MAX_ROW_BYTES)?;
        if let Some(holding) = &row.holding {
            holding.check(&row)?;
        }
        Ok(row)
    }

    /// Parses network and address, which must be canonical.
    ///
    /// # Errors
    /// [`Error::Field`], [`Error::Unsupported`].
    pub fn parsed_address(&self) -> Result<Address, Error> {
        let network: Network = self.network.parse().map_err(refuse)?;
        let address = Address::parse(&network, &self.address).map_err(refuse)?;
        if address.as_str() != self.address {
            return Err(Error::Field {
                what: "address",
                why: format!("its canonical form is {}", address.as_str()),
            });
        }
        if self.instance.chain() != self.network {
            return Err(Error::Mismatch {
                what: "network",
                why: "the coin lives on another chain".into(),
            });
        }
        Ok(address)
    }

    /// Whether its voice is a contract, which speaks only at a block: see `balances::Wallets`.
    #[must_use]
    pub fn needs_state(&self) -> bool {
        matches!(self.scheme.parse(), Ok(Scheme::Eip1271 | Scheme::Safe))
    }

    /// The one signature of a contract wallet: `0x` and hex.
    ///
    /// # Errors
    /// [`Error::Field`] for another number of them, another encoding, or a member that the scheme does not use.
    pub fn only_signature(&self) -> Result<&str, Error> {
        let refuse = |why: &str| Error::Field {
            what: "ownership",
            why: why.into(),
        };
        if self.script.is_some() || self.public_key.is_some() || self.frame.is_some() {
            return Err(refuse("the scheme takes no script, public key or frame"));
        }
        let [signature] = self.signatures.as_slice() else {
            return Err(refuse("the scheme takes one signature"));
        };
        let digits = signature.strip_prefix("0x");
        if digits.is_none_or(|digits| hex::decode(digits).is_err()) {
            return Err(refuse("the signature is not 0x and hex"));
        }
        Ok(signature)
    }

    /// Verifies the signature over the challenge that the verifier builds itself.
    ///
    /// # Errors
    /// [`Error::Signature`], [`Error::Unsupported`] for what cannot be decided, [`Error::Field`].
    pub fn verify_ownership(&self, challenge: &Challenge) -> Result<(), Error> {
        let address = self.parsed_address()?;
        let scheme: Scheme = self.scheme.parse().map_err(refuse)?;
        let signatures: Vec<&str> = self.signatures.iter().map(String::as_str).collect();
        let (text, twin);
        let message = if scheme == Scheme::Eip712 {
            twin = challenge.typed_data(&address).map_err(refuse)?;
            Message::TypedData(&twin)
        } else {
            text = challenge.text(&address);
            Message::Bytes(text.as_bytes())
        };
        Claim {
            script: self.script.as_ref().map(|hex| hex.0.as_slice()),
            public_key: self.public_key.as_ref().map(|hex| hex.0.as_slice()),
            frame: self.frame.as_ref().map(|hex| hex.0.as_slice()),
            ..Claim::new(scheme, &address, message, &signatures)
        }
        .verify()
        .map_err(refuse)
    }
}

/// An ownership error in the crate's own words: undecided is "unsupported", never "passed".
fn refuse(error: OwnershipError) -> Error {
    if error == OwnershipError::NeedsState {
        // Nothing of another version would help, but a record that is not there (S-08).
        Error::Missing {
            what: "what a contract wallet's signature needs (needs state: its record in the wallets annex)",
        }
    } else if error.is_undecided() {
        Error::Unsupported {
            what: "ownership proof",
            found: error.to_string(),
        }
    } else {
        Error::Field {
            what: "ownership",
            why: error.to_string(),
        }
    }
}

impl Attestation {
    /// The challenge that every ownership signature of this attestation must sign; its block's work is checked.
    ///
    /// # Errors
    /// [`Error::Missing`] without challenge terms, [`Error::Field`] if they are not valid.
    pub fn challenge(&self) -> Result<Challenge, Error> {
        let terms = self.challenge.as_ref().ok_or(Error::Missing {
            what: "challenge of the reserves",
        })?;
        let block = BitcoinBlock::from_bytes(&terms.block.0).map_err(refuse)?;
        block.verify_work(&POW_FLOOR).map_err(refuse)?;
        let nonce = ChallengeNonce::from_bytes(&terms.nonce.0).map_err(refuse)?;
        Challenge::new(&self.entity, &self.log_origin, block, nonce).map_err(refuse)
    }
}

/// Sums reserves by asset and evidence: at full precision, rounded down once, each (coin, address) counted once.
pub struct ReserveSums<'a> {
    assets: &'a [&'a Asset],
    seen: BTreeSet<(InstanceId, String)>,
    sums: BTreeMap<(usize, Evidence), Sum>,
}

/// Exact, at the asset's ledger decimals.
#[derive(Clone, Copy, Default)]
struct Sum {
    free: ExactAmount,
    encumbered: ExactAmount,
}

impl<'a> ReserveSums<'a> {
    /// For these assets.
    #[must_use]
    pub const fn new(assets: &'a [&'a Asset]) -> Self {
        Self {
            assets,
            seen: BTreeSet::new(),
            sums: BTreeMap::new(),
        }
    }

    /// Adds one row.
    ///
    /// # Errors
    /// [`Error::Duplicate`] for an address that was counted, [`Error::Field`] for a coin of no asset or more encumbered
    /// than there is, [`Error::TotalOverflow`].
    pub fn add(&mut self, row: &ReserveRow) -> Result<(), Error> {
        let place = self.assets.iter().enumerate().find_map(|(index, asset)| {
            let instance = asset
                .instances()
                .iter()
                .find(|instance| instance.id == row.instance)?;
            Some((index, asset.ledger_decimals(), instance.decimals))
        });
        let (index, ledger, own) = place.ok_or_else(|| Error::Field {
            what: "instance",
            why: format!("{} belongs to no asset of this attestation", row.instance),
        })?;
        if !self
            .seen
            .insert((row.instance.clone(), row.address.clone()))
        {
            return Err(Error::Duplicate {
                what: "reserve",
                found: format!("{} {}", row.instance, row.address),
            });
        }
        let encumbered = row.encumbered.unwrap_or_default();
        let free = row.amount.steps().checked_sub(encumbered.steps());
        let free = free.ok_or_else(|| Error::Field {
            what: "encumbered amount",
            why: format!("{} {} has less than that", row.instance, row.address),
        })?;
        let sum = self.sums.entry((index, row.evidence)).or_default();
        let add = |sum: ExactAmount, amount| {
            let amount = scale(amount, own, ledger)?;
            sum.checked_add(amount).map_err(|_| Error::TotalOverflow)
        };
        sum.free = add(sum.free, ExactAmount::from_steps(free))?;
        sum.encumbered = add(sum.encumbered, encumbered)?;
        Ok(())
    }

    /// The sums of one asset, by evidence.
    ///
    /// # Errors
    /// [`Error::TotalOverflow`].
    pub fn of(&self, asset: &Asset) -> Result<Vec<ReserveSum>, Error> {
        let index = self
            .assets
            .iter()
            .position(|other| other.id() == asset.id());
        let own = self
            .sums
            .iter()
            .filter(|((other, _), _)| Some(*other) == index);
        own.map(|((_, evidence), sum)| {
            let round = |exact: ExactAmount| {
                exact
                    .round_down(asset.ledger_decimals(), asset.decimals())
                    .map_err(|_| Error::TotalOverflow)
            };
            let encumbered = round(sum.encumbered)?;
            Ok(ReserveSum {
                evidence: *evidence,
                amount: round(sum.free)?,
                encumbered: (encumbered != Amount::ZERO).then_some(encumbered),
            })
        })
        .collect()
    }
}

/// To more decimals, exactly.
pub(crate) fn scale(
    amount: ExactAmount,
    from: Decimals,
    to: Decimals,
) -> Result<ExactAmount, Error> {
    let digits = to
        .get()
        .checked_sub(from.get())
        .ok_or(Error::TotalOverflow)?;
    let factor = 10_u128
        .checked_pow(digits.into())
        .ok_or(Error::TotalOverflow)?;
    amount
        .steps()
        .checked_mul(factor)
        .map(ExactAmount::from_steps)
        .ok_or(Error::TotalOverflow)
}

/// Checks the sums that book rows state against the reserve rows (SPEC §10 step 14).
///
/// # Errors
/// [`Error::Mismatch`] naming the first asset whose stated sums are not the computed ones.
pub fn check_sums(books: &[BookRow], sums: &ReserveSums<'_>) -> Result<(), Error> {
    for book in books {
        let mut stated = book.reserves.clone();
        stated.sort_by_key(|sum| sum.evidence);
        if stated != sums.of(&book.asset)? {
            let why = format!(
                "{} states other reserves than its addresses add up to",
                book.asset.id()
            );
            return Err(Error::Mismatch {
                what: "reserves",
                why,
            });
        }
    }
    Ok(())
}
