//! One claim as a JSON line writes it, and the verdict on it.
//!
//! Texts are taken as they are; bytes are hex with or without `0x`. Exactly one of `message`, `message_hex` and
//! `typed_data` is there. A name that this version does not know is undecided, a line that cannot be read is invalid.

use std::fmt;

use por_protocol::ownership::{Address, Claim, Message, Network, OwnershipError, Scheme};
use serde::{Deserialize, Serialize};

use super::strict_json::StrictJson;
use super::typed_data;

/// Networks that wallets' connectors write in hex, and their CAIP-2 ids.
const OTHER_SPELLINGS: [(&str, &str); 3] = [
    ("tron:0x2b6653dc", "tron:728126428"),
    ("tron:0x94a9059e", "tron:2494104990"),
    ("tron:0xcd8690dc", "tron:3448148188"),
];

/// A claim of ownership in words.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimLine {
    /// CAIP-2 id of the chain.
    pub network: String,
    /// Name of the one scheme that is tried.
    pub scheme: String,
    /// Address on the chain.
    pub address: String,
    /// The message, if it is text.
    pub message: Option<String>,
    /// The message, if it is bytes.
    pub message_hex: Option<String>,
    /// The typed data, for `eip712`.
    pub typed_data: Option<StrictJson>,
    /// The signatures, as the scheme's wallets print them.
    pub signatures: Vec<String>,
    /// The multisig script behind the address.
    pub script: Option<String>,
    /// A public key that the address does not give.
    pub public_key: Option<String>,
    /// The exact framed bytes that were signed.
    pub frame: Option<String>,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether the address is shown to be under control.
    pub verdict: Outcome,
    /// `ok`, or the code of what is in the way, and words.
    pub reason: String,
}

/// The three outcomes; only the first one proves anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The key behind the address signed the message.
    Valid,
    /// It is shown that this claim does not hold.
    Invalid,
    /// This version cannot judge the claim: not proven, not refuted.
    Undecided,
}

impl Verdict {
    /// The claim does not hold.
    pub fn invalid(code: &str, why: impl fmt::Display) -> Self {
        Self {
            verdict: Outcome::Invalid,
            reason: format!("{code}: {why}"),
        }
    }

    /// The claim cannot be judged.
    pub fn undecided(code: &str, why: impl fmt::Display) -> Self {
        Self {
            verdict: Outcome::Undecided,
            reason: format!("{code}: {why}"),
        }
    }
}

impl From<OwnershipError> for Verdict {
    fn from(error: OwnershipError) -> Self {
        if error.is_undecided() {
            Self::undecided(error.code(), &error)
        } else {
            Self::invalid(error.code(), &error)
        }
    }
}

impl ClaimLine {
    /// Reads one line of a batch.
    ///
    /// # Errors
    /// An invalid verdict that names what is malformed.
    pub fn parse(line: &[u8]) -> Result<Self, Verdict> {
        let wrong = |why: String| Verdict::invalid("line-malformed", why);
        // The library would take a list for an object.
        if !line.trim_ascii_start().starts_with(b"{") {
            return Err(wrong("not a JSON object".into()));
        }
        serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))
    }

    /// Names typed data by its JSON text.
    ///
    /// # Errors
    /// An invalid verdict for what is no strict JSON.
    pub fn set_typed_data(&mut self, text: &str) -> Result<(), Verdict> {
        let value = serde_json::from_str(text)
            .map_err(|error| Verdict::invalid("typed-data-malformed", error))?;
        self.typed_data = Some(value);
        Ok(())
    }

    /// Judges the claim.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.verify() {
            Ok(()) => Verdict {
                verdict: Outcome::Valid,
                reason: "ok".into(),
            },
            Err(verdict) => verdict,
        }
    }

    fn verify(&self) -> Result<(), Verdict> {
        let network = OTHER_SPELLINGS
            .into_iter()
            .find(|(other, _)| *other == self.network)
            .map_or(self.network.as_str(), |(_, id)| id);
        let network: Network = network.parse()?;
        let scheme: Scheme = self.scheme.parse()?;
        let address = Address::parse(&network, &self.address)?;
        let signatures: Vec<&str> = self.signatures.iter().map(String::as_str).collect();
        let script = bytes("script", self.script.as_deref())?;
        let public_key = bytes("public_key", self.public_key.as_deref())?;
        let frame = bytes("frame", self.frame.as_deref())?;
        let message_bytes = bytes("message_hex", self.message_hex.as_deref())?;
        let typed;
        let message = match (&self.message, &message_bytes, &self.typed_data) {
            (Some(text), None, None) => Message::Bytes(text.as_bytes()),
            (None, Some(bytes), None) => Message::Bytes(bytes),
            (None, None, Some(StrictJson(document))) => {
                typed = typed_data::encode(&network, document)?;
                Message::TypedData(&typed)
            }
            _ => {
                return Err(Verdict::invalid(
                    "line-malformed",
                    "expected exactly one of `message`, `message_hex`, `typed_data`",
                ));
            }
        };
        let claim = Claim {
            script: script.as_deref(),
            public_key: public_key.as_deref(),
            frame: frame.as_deref(),
            ..Claim::new(scheme, &address, message, &signatures)
        };
        Ok(claim.verify()?)
    }
}

fn bytes(name: &str, text: Option<&str>) -> Result<Option<Vec<u8>>, Verdict> {
    text.map(|text| {
        hex::decode(text.strip_prefix("0x").unwrap_or(text))
            .map_err(|error| Verdict::invalid("line-malformed", format!("{name}: {error}")))
    })
    .transpose()
}
