//! EIP-712 typed data of any type, read strictly.
//!
//! Checked before anything is hashed: the document has types, primary type, domain and message and nothing else; every
//! struct of the message has exactly the members of its type, so that nothing is shown that is not signed; the domain has
//! only the members that EIP-712 names, and `EIP712Domain`, where it is written out, lists exactly those in their order;
//! a chain id in the domain is that of the address.
//!
//! Undecided: domains of other members, types that contain themselves, types that unfold to more than
//! [`MAX_UNFOLDED`] members.
//!
//! Source: EIP-712; encoding by alloy-dyn-abi.

use std::collections::HashMap;

use alloy_dyn_abi::TypedData as AlloyTypedData;
use por_protocol::ownership::{Network, TypedData};
use serde_json::{Map, Value};

use super::line::Verdict;

/// Members that a type may unfold to: types nest, so that a short document can stand for exponentially many.
const MAX_UNFOLDED: u64 = 10_000;

/// Members of a domain in their only order, with their types.
const DOMAIN: [(&str, &str); 5] = [
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
];

const DOMAIN_TYPE: &str = "EIP712Domain";

/// Structs by name, each with its members' names and types.
type Types<'a> = HashMap<&'a str, Vec<(&'a str, &'a str)>>;

/// Encodes a document for an address on `network`.
///
/// # Errors
/// The verdict, invalid or undecided.
pub fn encode(network: &Network, document: &Value) -> Result<TypedData, Verdict> {
    let members = object(document, "typed_data")?;
    for key in members.keys() {
        if !matches!(key.as_str(), "types" | "primaryType" | "domain" | "message") {
            return Err(malformed(format!("unknown member {key:?}")));
        }
    }
    let types = read_types(object(member(members, "types")?, "types")?)?;
    let primary = member(members, "primaryType")?
        .as_str()
        .ok_or_else(|| malformed("primaryType is no text"))?;
    if primary == DOMAIN_TYPE || !types.contains_key(primary) {
        return Err(malformed("primaryType names no struct of types"));
    }
    check_domain(object(member(members, "domain")?, "domain")?, &types)?;
    unfolded(&types, primary, &mut Vec::new(), &mut HashMap::new())?;
    check_shape(&types, primary, member(members, "message")?)?;
    let typed: AlloyTypedData =
        serde_json::from_value(document.clone()).map_err(|error| malformed(error.to_string()))?;
    check_chain(network, &typed)?;
    let encode = || {
        let mut message = typed.type_hash()?.to_vec();
        message.extend(typed.encode_data()?);
        let mut domain = typed.domain.type_hash().to_vec();
        domain.extend(typed.domain.encode_data());
        Ok((domain, message))
    };
    let (domain, message) =
        encode().map_err(|error: alloy_dyn_abi::Error| malformed(error.to_string()))?;
    TypedData::from_encoded(domain, message).map_err(Verdict::from)
}

fn malformed(why: impl std::fmt::Display) -> Verdict {
    Verdict::invalid("typed-data-malformed", why)
}

fn undecided(why: impl std::fmt::Display) -> Verdict {
    Verdict::undecided("typed-data-unsupported", why)
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, Verdict> {
    value
        .as_object()
        .ok_or_else(|| malformed(format!("{what} is no object")))
}

fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a Value, Verdict> {
    members
        .get(name)
        .ok_or_else(|| malformed(format!("{name} is missing")))
}

fn read_types(types: &Map<String, Value>) -> Result<Types<'_>, Verdict> {
    let mut read = Types::new();
    for (name, fields) in types {
        let wrong = || malformed(format!("the type {name:?} is no list of names and types"));
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for field in fields.as_array().ok_or_else(wrong)? {
            let field = field.as_object().ok_or_else(wrong)?;
            let text = |key: &str| field.get(key).and_then(Value::as_str);
            let (Some(name), Some(kind), 2) = (text("name"), text("type"), field.len()) else {
                return Err(wrong());
            };
            if pairs.iter().any(|(other, _)| *other == name) {
                return Err(wrong());
            }
            pairs.push((name, kind));
        }
        read.insert(name, pairs);
    }
    Ok(read)
}

fn check_domain(domain: &Map<String, Value>, types: &Types<'_>) -> Result<(), Verdict> {
    if let Some(other) = domain
        .keys()
        .find(|key| DOMAIN.iter().all(|(name, _)| name != key))
    {
        return Err(undecided(format!("a domain with {other:?}")));
    }
    if domain.values().any(Value::is_null) {
        return Err(malformed("a member of the domain is null"));
    }
    let present: Vec<(&str, &str)> = DOMAIN
        .into_iter()
        .filter(|(name, _)| domain.contains_key(*name))
        .collect();
    match types.get(DOMAIN_TYPE) {
        Some(written) if *written != present => Err(undecided(
            "EIP712Domain lists other members than the domain has, or in another order",
        )),
        _ => Ok(()),
    }
}

/// The struct behind a member's type, through any arrays.
fn base(kind: &str) -> &str {
    kind.split('[').next().unwrap_or(kind)
}

/// How many members `name` unfolds to; `path` holds the structs around it.
fn unfolded<'a>(
    types: &Types<'a>,
    name: &'a str,
    path: &mut Vec<&'a str>,
    known: &mut HashMap<&'a str, u64>,
) -> Result<u64, Verdict> {
    if let Some(count) = known.get(name) {
        return Ok(*count);
    }
    if path.contains(&name) || path.len() > 32 {
        return Err(undecided("a type that contains itself, or nests too deep"));
    }
    path.push(name);
    let mut count = 1_u64;
    for (_, kind) in types.get(name).into_iter().flatten() {
        let inner = base(kind);
        count = count.saturating_add(if types.contains_key(inner) {
            unfolded(types, inner, path, known)?
        } else {
            1
        });
    }
    path.pop();
    if count > MAX_UNFOLDED {
        return Err(undecided("a type with too many members"));
    }
    known.insert(name, count);
    Ok(count)
}

/// Does the value have exactly the members of its type, at every depth?
fn check_shape(types: &Types<'_>, kind: &str, value: &Value) -> Result<(), Verdict> {
    if let Some(items) = kind
        .strip_suffix(']')
        .and_then(|array| array.rsplit_once('['))
    {
        let list = value
            .as_array()
            .ok_or_else(|| malformed(format!("no list where {kind} is meant")))?;
        return list
            .iter()
            .try_for_each(|item| check_shape(types, items.0, item));
    }
    let Some(fields) = types.get(kind) else {
        return if value.is_null() || value.is_object() || value.is_array() {
            Err(malformed(format!("no value where {kind} is meant")))
        } else {
            Ok(())
        };
    };
    let members = object(value, kind)?;
    if members.len() != fields.len() {
        return Err(malformed(format!("{kind} has other members than its type")));
    }
    fields
        .iter()
        .try_for_each(|(name, kind)| check_shape(types, kind, member(members, name)?))
}

fn check_chain(network: &Network, typed: &AlloyTypedData) -> Result<(), Verdict> {
    match (network, typed.domain.chain_id) {
        (Network::Evm(chain), Some(found)) if found.to_string() != chain.get().to_string() => {
            Err(Verdict::from(
                por_protocol::ownership::OwnershipError::TypedDataOtherChain {
                    found: found.to_string(),
                },
            ))
        }
        _ => Ok(()),
    }
}
