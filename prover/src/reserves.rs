//! The reserves file: CSV `network,address,asset,amount,scheme,signature`, and, as `por reserves collect` adds them,
//! `evidence` and `encumbered`, in any order.
//!
//! `asset` is an asset id or, where an asset has several coins on one chain, the CAIP-19 id of the coin; `amount` is in
//! units at the coin's own decimals; several signatures of one address stand in one field, separated by spaces. Where a
//! scheme needs more, three columns follow, `script,public_key,frame`, in hex and empty where they are not used. How the
//! exchange holds a reserve stands in `custody,custodian,staked,lent`, empty where it does not say.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use por_protocol::amount::ExactAmount;
use por_protocol::asset::{AssetTable, Instance};
use por_protocol::book_row::Evidence;
use por_protocol::hex_bytes::HexBytes;
use por_protocol::holding::{Custody, Holding};
use por_protocol::ownership::{Address, Challenge, Network};
use por_protocol::reserve_row::ReserveRow;

use crate::error::Error;

/// All columns; those from [`REQUIRED`] on may be left out, and stand in any order.
pub const FULL_HEADER: [&str; 15] = [
    "network",
    "address",
    "asset",
    "amount",
    "scheme",
    "signature",
    "script",
    "public_key",
    "frame",
    "evidence",
    "encumbered",
    "custody",
    "custodian",
    "staked",
    "lent",
];
const REQUIRED: usize = 6;

/// Reads the file and checks every signature over `challenge`. Rows come back sorted by coin and address.
///
/// # Errors
/// [`Error::Line`] for the first wrong line, [`Error::Io`].
pub fn read_reserves(
    path: &Path,
    assets: &AssetTable,
    challenge: &Challenge,
) -> Result<Vec<ReserveRow>, Error> {
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    let mut reader = csv::ReaderBuilder::new().from_reader(file);
    let header = reader.headers().map_err(|error| malformed(path, &error))?;
    let Some(columns) = columns(header) else {
        return Err(line_error(
            path,
            1,
            "the header is not the one expected",
            &format!("Write: {}", FULL_HEADER[..REQUIRED].join(",")),
        ));
    };
    let mut rows = Vec::new();
    let mut seen = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| malformed(path, &error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let fields = columns.map(|column| {
            let field = column.and_then(|column| record.get(column));
            field.unwrap_or_default()
        });
        let row = parse_row(assets, fields)
            .map_err(|(why, remedy)| line_error(path, line, &why, &remedy))?;
        // What a contract says stands in an annex; `attest` reads it.
        let owned = if row.needs_state() {
            row.only_signature().map(drop)
        } else {
            row.verify_ownership(challenge)
        };
        owned.map_err(|error| {
            line_error(
                path,
                line,
                &format!("{} {}: {error}", row.network, row.address),
                "Sign the text that `por challenge` prints for this address, with the scheme named.",
            )
        })?;
        match seen.entry((row.instance.clone(), row.address.clone())) {
            Entry::Occupied(first) => {
                return Err(line_error(
                    path,
                    line,
                    &format!(
                        "this coin and address stand in line {} already",
                        first.get()
                    ),
                    "Write each address once for each coin, or its balance would count twice.",
                ));
            }
            Entry::Vacant(place) => place.insert(line),
        };
        rows.push(row);
    }
    rows.sort_by(|left, right| {
        (&left.instance, &left.address).cmp(&(&right.instance, &right.address))
    });
    Ok(rows)
}

type Complaint = (String, String);

/// Where each column stands; `None` if one is missing, unknown or there twice.
fn columns(header: &csv::StringRecord) -> Option<[Option<usize>; 15]> {
    let place = |name: &str| header.iter().position(|column| column == name);
    let columns = FULL_HEADER.map(place);
    let found = columns.iter().flatten().count();
    let required = columns.iter().take(REQUIRED).all(Option::is_some);
    (required && found == header.len()).then_some(columns)
}

fn parse_row(assets: &AssetTable, fields: [&str; 15]) -> Result<ReserveRow, Complaint> {
    let [
        network,
        address,
        asset,
        amount,
        scheme,
        signature,
        script,
        public_key,
        frame,
        evidence,
        encumbered,
        custody,
        custodian,
        staked,
        lent,
    ] = fields;
    let parsed: Network = network.parse().map_err(|error| {
        (
            format!("network: {error}"),
            "Name the chain by its CAIP-2 id, such as eip155:1.".into(),
        )
    })?;
    let address = Address::parse(&parsed, address).map_err(|error| {
        (
            format!("address: {error}"),
            "Write an address of this chain.".into(),
        )
    })?;
    let instance = find_instance(assets, network, asset)?;
    let amount = ExactAmount::from_units(amount, instance.decimals).map_err(|error| {
        (
            format!("amount: {error}"),
            "Write plain decimal units, such as 12.5.".into(),
        )
    })?;
    let evidence = match evidence {
        "" => Evidence::SignedReading,
        name => Evidence::ALL
            .into_iter()
            .find(|evidence| evidence.as_str() == name)
            .ok_or_else(|| {
                (
                    "evidence: there is no such kind".to_string(),
                    "Write what `por reserves collect` writes, or leave it empty.".to_string(),
                )
            })?,
    };
    let row = ReserveRow {
        network: network.into(),
        address: address.as_str().into(),
        instance: instance.id.clone(),
        amount,
        encumbered: parse_part("encumbered", encumbered, instance)?,
        evidence,
        scheme: scheme.into(),
        signatures: signature
            .split(' ')
            .filter(|part| !part.is_empty())
            .map(Into::into)
            .collect(),
        script: parse_hex("script", script)?,
        public_key: parse_hex("public_key", public_key)?,
        frame: parse_hex("frame", frame)?,
        holding: Some(Holding {
            custody: parse_custody(custody)?,
            custodian: (!custodian.is_empty()).then(|| custodian.into()),
            staked: parse_part("staked", staked, instance)?,
            lent: parse_part("lent", lent, instance)?,
        })
        .filter(|holding| !holding.is_empty()),
    };
    if let Some(holding) = &row.holding {
        holding.check(&row).map_err(|error| {
            let remedy = "Correct the columns custody, custodian, staked and lent of this line.";
            (error.to_string(), remedy.to_string())
        })?;
    }
    Ok(row)
}

fn parse_custody(text: &str) -> Result<Option<Custody>, Complaint> {
    if text.is_empty() {
        return Ok(None);
    }
    let found = Custody::ALL
        .into_iter()
        .find(|custody| custody.as_str() == text);
    found.map(Some).ok_or_else(|| {
        (
            "custody: there is no such kind".into(),
            "Write cold, warm or hot, or leave it empty.".into(),
        )
    })
}

/// A part of an amount, in units; empty where there is none.
fn parse_part(
    name: &str,
    text: &str,
    instance: &Instance,
) -> Result<Option<ExactAmount>, Complaint> {
    if text.is_empty() {
        return Ok(None);
    }
    let amount = ExactAmount::from_units(text, instance.decimals);
    amount.map(Some).map_err(|error| {
        (
            format!("{name}: {error}"),
            "Write plain decimal units, such as 12.5.".into(),
        )
    })
}

fn parse_hex(name: &str, text: &str) -> Result<Option<HexBytes>, Complaint> {
    if text.is_empty() {
        return Ok(None);
    }
    let bytes = hex::decode(text).map_err(|error| {
        (
            format!("{name}: {error}"),
            "Write the bytes in hex, or leave the field empty.".into(),
        )
    })?;
    Ok(Some(HexBytes(bytes)))
}

pub(crate) fn find_instance<'a>(
    assets: &'a AssetTable,
    network: &str,
    asset: &str,
) -> Result<&'a Instance, Complaint> {
    let of_chain = |instance: &&Instance| instance.id.chain() == network;
    let found: Vec<&Instance> = match assets.find(asset) {
        Some((_, asset)) => asset.instances().iter().filter(of_chain).collect(),
        None => assets
            .iter()
            .flat_map(|asset| asset.instances())
            .filter(of_chain)
            .filter(|instance| instance.id.as_str() == asset)
            .collect(),
    };
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err((
            format!("asset: the asset table has no such coin on {network}"),
            "Add the instance to the asset table, or correct the line.".into(),
        )),
        _ => Err((
            format!("asset: the asset has several coins on {network}"),
            "Name the coin by its CAIP-19 id.".into(),
        )),
    }
}

fn malformed(path: &Path, error: &csv::Error) -> Error {
    let line = error.position().map_or(0, csv::Position::line);
    line_error(
        path,
        line,
        &error.to_string(),
        &format!("Write: {}", FULL_HEADER.join(",")),
    )
}

fn line_error(path: &Path, line: u64, why: &str, remedy: &str) -> Error {
    Error::Line {
        path: path.to_owned(),
        line,
        why: why.into(),
        remedy: remedy.into(),
    }
}
