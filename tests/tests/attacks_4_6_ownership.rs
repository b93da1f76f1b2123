//! Attacks 4.6 at an audit: lists that an exchange has signed although `por attest` would not write them. The schemes are
//! attacked in `protocol/tests` and the vectors of `ownership`.

mod published;

use acceptance::sample::{
    Lies, SampleExchange, Terms, assert_refused, assert_undecided, assert_verified, eth,
};
use por_protocol::asset::Asset;
use por_protocol::reserve_row::{ReserveRow, ReserveSums};
use published::audited;

/// The exchange with other reserve rows, and books that sum them up.
fn with_rows(honest: &SampleExchange, change: impl FnOnce(&mut Vec<ReserveRow>)) -> SampleExchange {
    let mut exchange = honest.clone();
    change(&mut exchange.reserves);
    let assets: Vec<Asset> = exchange
        .books
        .iter()
        .map(|book| book.row.asset.clone())
        .collect();
    let assets: Vec<&Asset> = assets.iter().collect();
    let mut sums = ReserveSums::new(&assets);
    for (place, row) in exchange.reserves.iter().enumerate() {
        // Our own sums refuse a second row of an address, which a liar's books leave out.
        let again = exchange.reserves[..place]
            .iter()
            .any(|other| other.address == row.address && other.instance == row.instance);
        if !again {
            sums.add(row).unwrap();
        }
    }
    for book in &mut exchange.books {
        book.row.reserves = sums.of(&book.row.asset).unwrap();
    }
    exchange
}

/// What is missing is no other version, which would be exit code 5: its record in an annex.
#[test]
fn s_08_a_contract_wallet_without_its_annex_is_cannot_tell() {
    let ether = SampleExchange::build(&Terms::default(), &[eth()], &Lies::default());
    for scheme in ["eip1271", "safe"] {
        let unheard = with_rows(&ether, |rows| rows[0].scheme = scheme.into());
        assert_undecided(&audited(&unheard), "ownership", "missing");
    }
}

#[test]
fn s_12_an_address_listed_twice_is_refused_however_it_is_written() {
    let bitcoin = SampleExchange::small();
    let ether = SampleExchange::build(&Terms::default(), &[eth()], &Lies::default());
    for (honest, spelled) in [
        (bitcoin, str::to_uppercase as fn(&str) -> String),
        (&ether, |address| address.to_lowercase()),
    ] {
        assert_verified(&audited(&with_rows(honest, |_| ())));
        let twice = with_rows(honest, |rows| rows.push(rows[0].clone()));
        assert_refused(&audited(&twice), "ownership", "duplicate");
        // The same key in another spelling: the address is not in its canonical form, beside the other or alone.
        let again = |rows: &[ReserveRow]| ReserveRow {
            address: spelled(&rows[0].address),
            ..rows[0].clone()
        };
        let both = with_rows(honest, |rows| rows.push(again(rows)));
        assert_refused(&audited(&both), "ownership", "field");
        let alone = with_rows(honest, |rows| rows[0] = again(rows));
        assert_refused(&audited(&alone), "ownership", "field");
    }
}
