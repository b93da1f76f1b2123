//! The challenge as EIP-712 typed data: the same fields, for wallets that show them one by one.
//!
//! One fixed type, so that no program has to interpret a foreign one:
//!
//! ```text
//! EIP712Domain(string name,string version,uint256 chainId)
//! Challenge(string statement,string entity,string logOrigin,string network,address account,string bitcoinBlock,string bitcoinBlockTime,string nonce)
//! ```
//!
//! The domain is `por challenge`, version `1`, and the chain id of the address's network; the fields hold what the lines
//! of the text hold. The verifier encodes them itself and takes no typed data from the publisher.
//!
//! Source: EIP-712.

use super::address::{Address, AddressKind};
use super::challenge::{Challenge, STATEMENT};
use super::error::OwnershipError;
use super::hash::keccak256;
use super::network::Network;
use super::scheme::Scheme;
use super::typed_data::TypedData;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::Serialize;

/// Name of the domain, which a wallet shows as who asks.
const DOMAIN_NAME: &str = "por challenge";

/// Version of the domain; a change of the types changes it.
const DOMAIN_VERSION: &str = "1";

/// Members of the domain, in their order.
const DOMAIN_FIELDS: [Field; 3] = [
    Field::new("name", "string"),
    Field::new("version", "string"),
    Field::new("chainId", "uint256"),
];

/// Members of the message, in their order.
const MESSAGE_FIELDS: [Field; 8] = [
    Field::new("statement", "string"),
    Field::new("entity", "string"),
    Field::new("logOrigin", "string"),
    Field::new("network", "string"),
    Field::new("account", "address"),
    Field::new("bitcoinBlock", "string"),
    Field::new("bitcoinBlockTime", "string"),
    Field::new("nonce", "string"),
];

/// A member of a struct: its name and its Solidity type.
#[derive(Clone, Copy, Serialize)]
struct Field {
    name: &'static str,
    r#type: &'static str,
}

impl Field {
    const fn new(name: &'static str, r#type: &'static str) -> Self {
        Self { name, r#type }
    }
}

/// What `eth_signTypedData_v4` takes, in the order that wallets show.
#[derive(Serialize)]
struct Document<'a> {
    types: Types,
    #[serde(rename = "primaryType")]
    primary_type: &'static str,
    domain: Domain,
    message: Fields<'a>,
}

#[derive(Serialize)]
struct Types {
    #[serde(rename = "EIP712Domain")]
    domain: [Field; 3],
    #[serde(rename = "Challenge")]
    challenge: [Field; 8],
}

#[derive(Serialize)]
struct Domain {
    name: &'static str,
    version: &'static str,
    /// Decimal text: a number beyond 2⁵³ would be rounded by wallets.
    #[serde(rename = "chainId")]
    chain_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    statement: &'static str,
    entity: &'a str,
    log_origin: &'a str,
    network: String,
    account: &'a str,
    bitcoin_block: String,
    bitcoin_block_time: String,
    nonce: String,
}

impl Challenge {
    /// The typed data that `address` signs under the scheme `eip712`.
    ///
    /// # Errors
    ///
    /// `SchemeNotForNetwork` for an address of another kind of chain.
    pub fn typed_data(&self, address: &Address) -> Result<TypedData, OwnershipError> {
        let (account, chain_id) = account(address)?;
        let fields = self.fields(address);
        let text = |text: &str| keccak256(&[text.as_bytes()]);
        let domain = [
            type_hash("EIP712Domain", &DOMAIN_FIELDS),
            text(DOMAIN_NAME),
            text(DOMAIN_VERSION),
            word(&chain_id.to_be_bytes()),
        ];
        let message = [
            type_hash("Challenge", &MESSAGE_FIELDS),
            text(fields.statement),
            text(fields.entity),
            text(fields.log_origin),
            text(&fields.network),
            word(&account),
            text(&fields.bitcoin_block),
            text(&fields.bitcoin_block_time),
            text(&fields.nonce),
        ];
        TypedData::from_encoded(domain.concat(), message.concat())
    }

    /// The same as a JSON document for `eth_signTypedData_v4`, on one line.
    ///
    /// # Errors
    ///
    /// `SchemeNotForNetwork` for an address of another kind of chain.
    pub fn typed_data_json(&self, address: &Address) -> Result<String, OwnershipError> {
        let (_, chain_id) = account(address)?;
        let document = Document {
            types: Types {
                domain: DOMAIN_FIELDS,
                challenge: MESSAGE_FIELDS,
            },
            primary_type: "Challenge",
            domain: Domain {
                name: DOMAIN_NAME,
                version: DOMAIN_VERSION,
                chain_id: chain_id.to_string(),
            },
            message: self.fields(address),
        };
        serde_json::to_string(&document).map_err(|_| OwnershipError::TypedDataMalformed)
    }

    fn fields<'a>(&'a self, address: &'a Address) -> Fields<'a> {
        Fields {
            statement: STATEMENT,
            entity: &self.entity,
            log_origin: &self.log_origin,
            network: address.network().to_string(),
            account: address.as_str(),
            bitcoin_block: self.block.hash().to_string(),
            bitcoin_block_time: self.block.time().to_string(),
            nonce: self.nonce.to_string(),
        }
    }
}

fn account(address: &Address) -> Result<([u8; 20], u64), OwnershipError> {
    match (address.kind(), address.network()) {
        (AddressKind::Evm(account), Network::Evm(chain)) => Ok((*account, chain.get())),
        (_, network) => Err(OwnershipError::SchemeNotForNetwork {
            scheme: Scheme::Eip712,
            network: *network,
        }),
    }
}

/// Keccak-256 of `name(type member,…)`.
fn type_hash(name: &str, fields: &[Field]) -> [u8; 32] {
    let members: Vec<String> = fields
        .iter()
        .map(|field| alloc::format!("{} {}", field.r#type, field.name))
        .collect();
    keccak256(&[alloc::format!("{name}({})", members.join(",")).as_bytes()])
}

/// Bytes at the end of a word of 32.
fn word(bytes: &[u8]) -> [u8; 32] {
    let mut word = [0; 32];
    for (place, byte) in word.iter_mut().rev().zip(bytes.iter().rev()) {
        *place = *byte;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_the_documented_ones() {
        let documented: Vec<&str> = include_str!("challenge_twin.rs")
            .lines()
            .skip_while(|line| *line != "//! ```text")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| &line[4..])
            .collect();
        let [domain, message] = documented.as_slice() else {
            panic!("two types are documented");
        };
        assert_eq!(
            type_hash("EIP712Domain", &DOMAIN_FIELDS),
            keccak256(&[domain.as_bytes()])
        );
        assert_eq!(
            type_hash("Challenge", &MESSAGE_FIELDS),
            keccak256(&[message.as_bytes()])
        );
    }
}
