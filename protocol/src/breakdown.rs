//! The columns a regulator asks for: what of each asset's reserves is wrapped, staked, encumbered, lent or the exchange's own
//! token, who has its keys and how far from a network they are (SPEC §7.3).
//!
//! Sums over the reserve rows, at full precision. Each part names the evidence that its amount rests on, the class of that
//! before a checker's own nodes raise it, and apart from both what the *label* rests on: a balance that is proven does not
//! prove that its keys are cold.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use crate::amount::{Decimals, ExactAmount};
use crate::asset::{Asset, AssetId};
use crate::balances::Class;
use crate::book_row::Evidence;
use crate::error::Error;
use crate::reserve_row::{ReserveRow, scale};
use crate::state_proof::TokenRegistry;

/// What a part is a part by. Within `custody`, `custodian` and `coin` the parts add up to the reserves; of the others there is
/// only what is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Which coin on which chain; one that is another token than the asset is wrapped.
    Coin,
    /// Cold, warm or hot.
    Custody,
    /// Who has the keys.
    Custodian,
    /// Staked.
    Staked,
    /// Not to be used, so that it covers nothing.
    Encumbered,
    /// Of what is encumbered, what somebody else has on loan.
    Lent,
}

/// What the label of a part rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The coin's CAIP-19 id, and the verifier's own list of token contracts.
    TokenList,
    /// The exchange's word, signed with the attestation: class D.
    Exchange,
    /// The exchange's word or the evidence, which shows what is frozen, immature or reserved; an audit checks that all of
    /// this is within the amount, and what is pledged beside it is the exchange's word.
    ExchangeOrEvidence,
    /// Nobody says.
    NotStated,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Which column.
    pub column: Column,
    /// The label in it; empty where the column has only one.
    pub label: String,
    /// Whether the coin is another token than the asset's id says; only under `coin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrapped: Option<bool>,
    /// What the amount rests on.
    pub evidence: Evidence,
    /// The class of that evidence without a checker's nodes: of the weakest row.
    pub class: Class,
    /// What the label rests on.
    pub basis: Basis,
    /// At the asset's ledger decimals.
    pub amount: ExactAmount,
}

/// All parts of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Breakdown {
    /// The asset.
    pub asset: AssetId,
    /// Whether the exchange says that it issues this token itself.
    pub own_token: bool,
    /// Decimals of all amounts here.
    pub decimals: Decimals,
    /// All reserves, encumbered ones included.
    pub reserves: ExactAmount,
    /// The parts, sorted by column, label and evidence.
    pub parts: Vec<Part>,
}

type Key = (Column, String, Evidence, Basis);

/// Breaks the reserves of one asset down; `rows` may hold those of others, which are passed over.
///
/// # Errors
/// [`Error::TotalOverflow`]; [`Error::Mismatch`] for a coin that is not what `tokens` knows by the asset's name.
pub fn break_down(
    asset: &Asset,
    rows: &[ReserveRow],
    tokens: &TokenRegistry,
) -> Result<Breakdown, Error> {
    let wrapped = tokens.check_asset(asset)?.wrapped;
    let mut reserves = ExactAmount::ZERO;
    let mut sums: BTreeMap<Key, (ExactAmount, Class)> = BTreeMap::new();
    for row in rows {
        let mut own = asset.instances().iter();
        let Some(instance) = own.find(|own| own.id == row.instance) else {
            continue;
        };
        let exact = |amount| scale(amount, instance.decimals, asset.ledger_decimals());
        let whole = exact(row.amount)?;
        reserves = add(reserves, whole)?;
        let holding = row.holding.clone().unwrap_or_default();
        let said = |label: Option<String>| match label {
            Some(label) => (label, Basis::Exchange),
            None => (String::new(), Basis::NotStated),
        };
        let custody = said(holding.custody.map(|custody| custody.to_string()));
        let coin = (row.instance.to_string(), Basis::TokenList);
        let part = |amount: Option<ExactAmount>| amount.map(exact).transpose();
        let none = (String::new(), Basis::Exchange);
        let encumbered = match shows_encumbrance(row) {
            true => (String::new(), Basis::ExchangeOrEvidence),
            false => none.clone(),
        };
        let parts = [
            (Column::Coin, coin, Some(whole)),
            (Column::Custody, custody, Some(whole)),
            (Column::Custodian, said(holding.custodian), Some(whole)),
            (Column::Staked, none.clone(), part(holding.staked)?),
            (Column::Encumbered, encumbered, part(row.encumbered)?),
            (Column::Lent, none, part(holding.lent)?),
        ];
        for (column, (label, basis), amount) in parts {
            let Some(amount) = amount else { continue };
            let class = Class::unconfirmed(row);
            let (sum, weakest) = sums
                .entry((column, label, row.evidence, basis))
                .or_insert((ExactAmount::ZERO, class));
            *sum = add(*sum, amount)?;
            *weakest = class.max(*weakest);
        }
    }
    let parts = sums.into_iter();
    let parts = parts.map(|((column, label, evidence, basis), (amount, class))| Part {
        wrapped: (column == Column::Coin).then(|| wrapped.iter().any(|id| id.as_str() == label)),
        column,
        label,
        evidence,
        class,
        basis,
        amount,
    });
    Ok(Breakdown {
        asset: asset.id().clone(),
        own_token: asset.is_own_token(),
        decimals: asset.ledger_decimals(),
        reserves,
        parts: parts.collect(),
    })
}

/// Whether the evidence of a row tells of amounts that cannot be moved: immature outputs, holders that a token has frozen,
/// what a ledger keeps back.
fn shows_encumbrance(row: &ReserveRow) -> bool {
    match row.evidence {
        Evidence::UtxoSet => true,
        Evidence::EvmStateProof => row.instance.native().is_none(),
        Evidence::AgreedReadings => !row.network.starts_with("eip155:"),
        Evidence::ContractCall | Evidence::SignedReading => false,
    }
}

fn add(sum: ExactAmount, amount: ExactAmount) -> Result<ExactAmount, Error> {
    sum.checked_add(amount).map_err(|_| Error::TotalOverflow)
}
