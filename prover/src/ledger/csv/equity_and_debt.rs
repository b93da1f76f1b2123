//! Ledgers in CSV with one row per account and columns of equity and debt per asset, as exchanges with margin accounts
//! publish them: `rn,id,e_btc,d_btc,btc,vl_btc,m_btc,pm_btc,e_eth,…,total_net_balance_usdt`.
//!
//! Read are `id` (the account), and of each asset `e_` (what the account is owed) and `d_` (what it owes). A debt is never
//! subtracted from what is owed: a customer with 5 BTC who owes 3 ETH is owed 5 BTC. Debts are summed by asset and
//! reported apart. Where the equity is 0, the account is not in that asset's book; its rows are its equities, not
//! its columns.
//!
//! Checked here: that each asset has both columns and is in the asset table; that there is no column of another meaning;
//! that no account has two rows, whatever is in them. *Not* read, because it follows from the rest and carries
//! floating-point noise: the row number `rn`, the net balance `btc`, what serves as collateral `vl_`, `m_`, `pm_`, the total.

use std::io::BufRead;
use std::path::Path;

use por_protocol::account::AccountId;
use por_protocol::amount::ExactAmount;

use super::super::error::Reason;
use super::super::intake::{At, Intake};
use super::super::lines::{Fault, Line, Lines, Stop};
use super::check_field_count;

const ACCOUNT: &str = "id";
const EQUITY: &str = "e_";
const DEBT: &str = "d_";
/// Of an asset: its collateral by kind of loan.
const COLLATERAL: [&str; 3] = ["vl_", "m_", "pm_"];
/// Of the row.
const IGNORED: [&str; 2] = ["rn", "total_net_balance_usdt"];

/// Which columns are read, by their position.
pub(super) struct Columns {
    account: usize,
    assets: Vec<AssetColumns>,
    /// The names of those that are not.
    not_read: Vec<String>,
    count: usize,
}

struct AssetColumns {
    /// Position in the asset table.
    asset: usize,
    equity: usize,
    debt: usize,
}

impl Columns {
    /// Is this the header of such a ledger?
    pub(super) fn are_named_in(header: &Line<'_>) -> bool {
        let named = |wanted: &dyn Fn(&str) -> bool| {
            let mut fields = header.fields.iter();
            fields.any(|field| wanted(&field.value(header.text)))
        };
        named(&|name| name == ACCOUNT) && named(&|name| name.starts_with(EQUITY))
    }

    pub(super) fn read(intake: &Intake<'_>, header: &Line<'_>) -> Result<Self, Fault> {
        let names: Vec<_> = header
            .fields
            .iter()
            .map(|field| field.value(header.text))
            .collect();
        let find = |wanted: &str| names.iter().position(|name| name == wanted);
        let mut columns = Self {
            account: 0,
            assets: Vec::new(),
            not_read: Vec::new(),
            count: names.len(),
        };
        for (position, (name, field)) in names.iter().zip(header.fields).enumerate() {
            let fault = |reason| header.fault(field.start, reason);
            if find(name) != Some(position) {
                let name = name.clone().into_owned().into();
                return Err(fault(Reason::DuplicateColumn { name }));
            }
            if name == ACCOUNT {
                columns.account = position;
            } else if let Some(symbol) = name.strip_prefix(EQUITY) {
                let asset = asset(intake, symbol).map_err(fault)?;
                let debt = format!("{DEBT}{symbol}");
                let missing = |name: String| fault(Reason::MissingColumn { name: name.into() });
                columns.assets.push(AssetColumns {
                    asset,
                    equity: position,
                    debt: find(&debt).ok_or_else(|| missing(debt))?,
                });
            } else if let Some(symbol) = name.strip_prefix(DEBT) {
                asset(intake, symbol).map_err(fault)?;
                let equity = format!("{EQUITY}{symbol}");
                if find(&equity).is_none() {
                    let name = equity.into();
                    return Err(fault(Reason::MissingColumn { name }));
                }
            } else {
                let symbol = COLLATERAL.iter().find_map(|kind| name.strip_prefix(kind));
                let of_asset = format!("{EQUITY}{}", symbol.unwrap_or(name));
                if !IGNORED.contains(&&**name) && find(&of_asset).is_none() {
                    return Err(fault(Reason::UnknownPosition));
                }
                columns.not_read.push(name.clone().into_owned());
            }
        }
        Ok(columns)
    }

    pub(super) fn not_read(self) -> Vec<String> {
        self.not_read
    }
}

/// The position in the table of an asset, which such a ledger writes in small letters.
fn asset(intake: &Intake<'_>, symbol: &str) -> Result<usize, Reason> {
    if symbol.contains(|c: char| c.is_ascii_uppercase()) {
        return Err(Reason::UnknownPosition);
    }
    intake.asset(&symbol.to_ascii_uppercase())
}

/// Reads the rows behind the header, and counts them.
pub(super) fn read_rows(
    intake: &mut Intake<'_>,
    columns: &Columns,
    path: &Path,
    source: u16,
    lines: &mut Lines<impl BufRead>,
) -> Result<u64, Stop> {
    let mut fields = Vec::new();
    let mut rows = 0;
    while let Some(line) = lines.next(&mut fields)? {
        read_row(intake, columns, path, source, &line)?;
        rows += 1;
    }
    Ok(rows)
}

fn read_row(
    intake: &mut Intake<'_>,
    columns: &Columns,
    path: &Path,
    source: u16,
    line: &Line<'_>,
) -> Result<(), Stop> {
    check_field_count(line, columns.count)?;
    let account = &line.fields[columns.account];
    let text = account.value(line.text);
    AccountId::check(&text).map_err(|error| {
        let at = account.position(line.text, error.offset());
        line.fault(at, Reason::Account(error))
    })?;
    let at = At {
        source,
        line: line.number,
    };
    intake.push_account(&text, at)?;
    for AssetColumns {
        asset,
        equity,
        debt,
    } in &columns.assets
    {
        let decimals = intake.at(*asset).ledger_decimals();
        let read = |column: usize| {
            let field = &line.fields[column];
            ExactAmount::from_units(&field.value(line.text), decimals).map_err(|error| {
                let at = field.position(line.text, error.offset());
                line.fault(at, Reason::Amount(error))
            })
        };
        let (owed, owes) = (read(*equity)?, read(*debt)?);
        if owed.steps() > 0 {
            intake
                .push(&text, *asset, owed, at)?
                .map_err(|reason| line.fault(line.fields[*equity].start, reason))?;
        }
        intake
            .add_debt(*asset, owes)
            .map_err(|reason| line.fault(line.fields[*debt].start, reason))?;
    }
    intake.look_at(&text, || {
        line.fault(account.start, Reason::Empty).place(path)
    });
    Ok(())
}
