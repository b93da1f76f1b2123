//! The verdict on one row of a published wallet file.
//!
//! Checked, where the row has no owners: the address's own key signed the fixed text; for a script, as many of its distinct
//! keys as its threshold. Where it has owners: each signature is by the owner in the same place, and no owner stands twice.
//!
//! An owner's signature says nothing about the contract or the validator in the address column, unless something links the
//! two: a proof of the Safe's storage ([`Links`]), not this file. Without one, only an owner that *is* the address speaks for
//! it.

use por_protocol::ownership::{Address, Claim, Message, Network, OwnershipError, Scheme};
use serde::Serialize;

use super::layout::{Layout, Row};
use super::links::Links;
use super::names::{Chain, chain};
use crate::ownership::line::Verdict;

/// What a row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The address's own keys signed the text, at some time, for somebody.
    Undated,
    /// Owners signed the text, who by the storage of the Safe at the address speak for it; as undated as any.
    OwnerLinked,
    /// Owners signed the text, and nothing links them to the address.
    OwnerNotLinked,
    /// Shown not to hold, or unreadable.
    Invalid,
    /// Not judged.
    Undecided,
}

/// The verdict on one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowVerdict {
    /// Coin, as the publisher names it.
    pub coin: String,
    /// CAIP-2 id; the publisher's name where no chain of that name is known.
    pub network: String,
    /// Canonical address; as written where it could not be read.
    pub address: String,
    /// The one scheme that was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<&'static str>,
    /// The text that was signed.
    pub message: String,
    /// What the row shows.
    pub verdict: Finding,
    /// `ok`, or the code of what is in the way, and words.
    pub reason: String,
    /// Who signed: canonical addresses, each once.
    pub signers: Vec<String>,
}

impl From<OwnershipError> for Stop {
    fn from(error: OwnershipError) -> Self {
        Self(Verdict::from(error))
    }
}

/// A verdict that ends the work on a row.
struct Stop(Verdict);

fn invalid(code: &str, why: &str) -> Stop {
    Stop(Verdict::invalid(code, why))
}

impl RowVerdict {
    /// A row that cannot be read.
    pub(super) fn unreadable(why: &str) -> Self {
        let verdict = Verdict::invalid("row-malformed", why);
        Self::of(&Row::default(), String::new()).stopped(verdict)
    }

    /// Judges a row.
    pub(super) fn judge(layout: Layout, row: &Row, links: &Links) -> Self {
        // The column that names the network decides, where there is one.
        let name = if row.network.is_empty() {
            &row.coin
        } else {
            &row.network
        };
        let verdict = Self::of(row, name.clone());
        let Some(chain) = chain(layout, name) else {
            let why = format!("no chain is known by the name {}", name.escape_debug());
            return verdict.stopped(Verdict::undecided("network-unsupported", why));
        };
        let network = match chain.network.parse::<Network>() {
            Ok(network) => network,
            Err(error) => return verdict.stopped(error.into()),
        };
        let mut verdict = Self {
            network: chain.network.to_owned(),
            ..verdict
        };
        let finding = match verdict.check(row, chain, network) {
            Ok(finding) => finding,
            Err(Stop(stop)) => return verdict.stopped(stop),
        };
        let (verdict_is, reason) = match finding {
            Finding::OwnerNotLinked => {
                match links.block_of(chain.network, &verdict.address, &verdict.signers) {
                    Some(height) => (
                        Finding::OwnerLinked,
                        format!("owner-linked: by the Safe's storage at block {height}, unconfirmed"),
                    ),
                    None => (
                        finding,
                        "owner-not-linked: owners signed, and nothing here links them to the address"
                            .to_owned(),
                    ),
                }
            }
            _ => (finding, "ok".to_owned()),
        };
        Self {
            verdict: verdict_is,
            reason,
            ..verdict
        }
    }

    fn of(row: &Row, network: String) -> Self {
        Self {
            coin: row.coin.clone(),
            network,
            address: row.address.clone(),
            scheme: None,
            message: row.message.clone(),
            verdict: Finding::Undecided,
            reason: String::new(),
            signers: Vec::new(),
        }
    }

    fn stopped(self, verdict: Verdict) -> Self {
        Self {
            verdict: match verdict.verdict {
                crate::ownership::Outcome::Undecided => Finding::Undecided,
                _ => Finding::Invalid,
            },
            reason: verdict.reason,
            signers: Vec::new(),
            ..self
        }
    }

    fn check(&mut self, row: &Row, chain: Chain, network: Network) -> Result<Finding, Stop> {
        if row.message.is_empty() || row.signatures.is_empty() {
            return Err(invalid("row-malformed", "no message or no signature"));
        }
        let address = Address::parse(&network, &row.address);
        if row.owners.is_empty() {
            let address = address?;
            address.as_str().clone_into(&mut self.address);
            self.check_own(row, chain, &address)?;
            self.signers = vec![address.to_string()];
            return Ok(Finding::Undated);
        }
        let address = match address {
            Ok(address) => Some(address),
            // What is staked lies with a validator, whose 48 bytes are no address and sign nothing here.
            Err(_) if is_validator(row) => None,
            Err(error) => return Err(error.into()),
        };
        self.check_owners(row, chain, network)?;
        let own = address.map(|address| address.to_string());
        if let Some(own) = &own {
            self.address.clone_from(own);
        }
        let speaks = own.is_some_and(|own| self.signers == [own]);
        Ok(if speaks {
            Finding::Undated
        } else {
            Finding::OwnerNotLinked
        })
    }

    /// The address's own key or script.
    fn check_own(&mut self, row: &Row, chain: Chain, address: &Address) -> Result<(), Stop> {
        let given = row.script_or_key.as_str();
        let bytes = hex::decode(given.strip_prefix("0x").unwrap_or(given))
            .map_err(|_| invalid("row-malformed", "script or public key is not hex"))?;
        let given = (!bytes.is_empty()).then_some(bytes.as_slice());
        let mut scheme = chain.scheme;
        let (mut script, mut public_key) = (None, None);
        match scheme {
            // Some rows of single keys repeat the address as its script.
            Scheme::SignMessage if given.map(<[u8]>::to_vec) != address.script_pubkey() => {
                script = given;
                if script.is_some() {
                    scheme = Scheme::MultisigSignMessage;
                }
            }
            Scheme::Ed25519Prefixed => public_key = given,
            // Recovered from the signature; whatever stands in the column is not looked at.
            _ => {}
        }
        self.scheme = Some(scheme.as_str());
        let signatures: Vec<&str> = row.signatures.iter().map(String::as_str).collect();
        Claim {
            script,
            public_key,
            ..Claim::new(
                scheme,
                address,
                Message::Bytes(row.message.as_bytes()),
                &signatures,
            )
        }
        .verify()
        .map_err(Stop::from)
    }

    /// Each signature by the owner in its place; the signers are left in `self`.
    fn check_owners(&mut self, row: &Row, chain: Chain, network: Network) -> Result<(), Stop> {
        self.scheme = Some(chain.scheme.as_str());
        if !matches!(network, Network::Evm(_)) {
            let why = "owners are judged on EVM chains only";
            return Err(Stop(Verdict::undecided("owner-unsupported", why)));
        }
        if row.owners.len() != row.signatures.len() {
            let why = "as many owners as signatures are needed";
            return Err(invalid("signature-count", why));
        }
        for (owner, signature) in row.owners.iter().zip(&row.signatures) {
            let owner = Address::parse(&network, owner)?;
            let message = Message::Bytes(row.message.as_bytes());
            Claim::new(chain.scheme, &owner, message, &[signature]).verify()?;
            let owner = owner.to_string();
            if self.signers.contains(&owner) {
                return Err(invalid("signer-repeated", "one owner stands here twice"));
            }
            self.signers.push(owner);
        }
        Ok(())
    }
}

/// A row of staked coins, whose address is a validator's BLS key.
fn is_validator(row: &Row) -> bool {
    let key = row.address.strip_prefix("0x").and_then(|digits| {
        let mut bytes = [0; 48];
        hex::decode_to_slice(digits, &mut bytes).ok()
    });
    !row.kind.is_empty() && row.kind != "Non Staking" && key.is_some()
}
