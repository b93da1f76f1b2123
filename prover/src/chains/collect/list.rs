//! The list of addresses: CSV in, the same CSV with balances and evidence out.

use std::collections::BTreeMap;
use std::path::Path;

use por_protocol::amount::ExactAmount;
use por_protocol::asset::{AssetTable, Instance};
use por_protocol::book_row::Evidence;
use por_protocol::ownership::{Address, Network};

use crate::error::Error;
use crate::reserves::find_instance;

/// What one line of the list turns into.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) network: Network,
    pub(super) address: Address,
    pub(super) instance: Instance,
    /// What the list itself says, for readings by hand.
    pub(super) stated: String,
    /// What the list itself says is pledged or locked.
    pub(super) pledged: ExactAmount,
    /// How the list says that the address signs, and what it signed: contract wallets are asked about it.
    pub(super) scheme: String,
    pub(super) signature: String,
    pub(super) found: Option<Found>,
}

#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) amount: ExactAmount,
    pub(super) encumbered: ExactAmount,
    /// What the chain itself says is staked.
    pub(super) staked: ExactAmount,
    pub(super) evidence: Evidence,
}

/// The header, the records as they stand, and what each of them says.
pub(super) type List = (csv::StringRecord, Vec<csv::StringRecord>, Vec<Line>);

pub(super) fn read_list(path: &Path, assets: &AssetTable) -> Result<List, Error> {
    let malformed = |error: csv::Error| {
        let line = error.position().map_or(0, csv::Position::line);
        wrong(
            path,
            line,
            &error.to_string(),
            "Write: network,address,asset",
        )
    };
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(malformed)?.clone();
    let column = |name: &str| header.iter().position(|column| column == name);
    let (Some(network), Some(address), Some(asset)) =
        (column("network"), column("address"), column("asset"))
    else {
        let why = "it has no columns network, address and asset";
        return Err(wrong(path, 1, why, "Write: network,address,asset"));
    };
    let (amount, pledged) = (column("amount"), column("encumbered"));
    let (scheme, signature) = (column("scheme"), column("signature"));
    let (mut records, mut lines) = (Vec::new(), Vec::new());
    let mut seen = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(malformed)?;
        let number = record.position().map_or(0, csv::Position::line);
        let field = |column: usize| record.get(column).unwrap_or_default();
        let fail = |(why, remedy): (String, String)| wrong(path, number, &why, &remedy);
        let parsed: Network = field(network).parse().map_err(|error| {
            let why = format!("network: {error}");
            wrong(
                path,
                number,
                &why,
                "Name the chain by its CAIP-2 id, such as eip155:1.",
            )
        })?;
        let address = Address::parse(&parsed, field(address)).map_err(|error| {
            let why = format!("address: {error}");
            wrong(path, number, &why, "Write an address of this chain.")
        })?;
        let instance = find_instance(assets, field(network), field(asset))
            .map_err(fail)?
            .clone();
        let text = pledged.map(field).unwrap_or_default();
        let pledged = match text {
            "" => Ok(ExactAmount::ZERO),
            text => ExactAmount::from_units(text, instance.decimals),
        };
        let pledged = pledged.map_err(|error| {
            let why = format!("encumbered: {error}");
            wrong(
                path,
                number,
                &why,
                "Write plain decimal units, such as 12.5.",
            )
        })?;
        let key = (instance.id.clone(), address.as_str().to_string());
        if let Some(first) = seen.insert(key, number) {
            let why = format!("this coin and address stand in line {first} already");
            return Err(wrong(
                path,
                number,
                &why,
                "Write each address once for each coin.",
            ));
        }
        lines.push(Line {
            number,
            network: parsed,
            address,
            instance,
            stated: amount.map(field).unwrap_or_default().into(),
            pledged,
            scheme: scheme.map(field).unwrap_or_default().into(),
            signature: signature.map(field).unwrap_or_default().into(),
            found: None,
        });
        records.push(record);
    }
    Ok((header, records, lines))
}

/// The list with three columns filled in or added; and `staked`, where the list has it and says nothing.
pub(super) fn filled(
    header: &csv::StringRecord,
    records: &[csv::StringRecord],
    lines: &[Line],
) -> Result<Vec<u8>, csv::Error> {
    let added = ["amount", "evidence", "encumbered"];
    let mut writer = csv::Writer::from_writer(Vec::new());
    let kept: Vec<usize> = (0..header.len())
        .filter(|column| {
            !header
                .get(*column)
                .is_some_and(|name| added.contains(&name))
        })
        .collect();
    let names = kept.iter().filter_map(|column| header.get(*column));
    writer.write_record(names.chain(added))?;
    for (record, line) in records.iter().zip(lines) {
        let units = |amount: ExactAmount| amount.to_units(line.instance.decimals);
        let (amount, evidence, encumbered) = line.found.map_or_else(Default::default, |found| {
            let encumbered = match found.encumbered {
                ExactAmount::ZERO => String::new(),
                other => units(other),
            };
            (units(found.amount), found.evidence.as_str(), encumbered)
        });
        let staked = line.found.map(|found| found.staked);
        let staked = staked
            .filter(|staked| *staked > ExactAmount::ZERO)
            .map(units);
        let fields = kept.iter().filter_map(|column| {
            let stated = record.get(*column)?;
            let is_open = stated.is_empty() && header.get(*column) == Some("staked");
            Some(staked.as_deref().filter(|_| is_open).unwrap_or(stated))
        });
        writer.write_record(fields.chain([amount.as_str(), evidence, encumbered.as_str()]))?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

pub(super) fn wrong(path: &Path, line: u64, why: &str, remedy: &str) -> Error {
    Error::Line {
        path: path.to_owned(),
        line,
        why: why.into(),
        remedy: remedy.into(),
    }
}
