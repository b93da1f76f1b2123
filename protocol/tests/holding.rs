//! What an exchange says of how it holds a reserve has one spelling, and contradicts nothing.
#![allow(missing_docs, reason = "tests")]

use por_protocol::asset::Asset;
use por_protocol::error::Error;
use por_protocol::reserve_row::ReserveRow;
use serde_json::{Value, json};

fn row(holding: Value) -> Result<ReserveRow, Error> {
    let row = json!({
        "network": "eip155:1",
        "address": "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf",
        "instance": "eip155:1/slip44:60",
        "amount": "100",
        "encumbered": "10",
        "evidence": "signed_reading",
        "scheme": "eip191",
        "signatures": [],
        "holding": holding,
    });
    ReserveRow::parse(row.to_string().as_bytes())
}

#[test]
fn a_holding_survives_its_round_trip() {
    let holding =
        json!({"custody": "warm", "custodian": "Vault Trust", "staked": "100", "lent": "10"});
    let row = row(holding.clone()).unwrap();
    assert_eq!(serde_json::to_value(&row).unwrap()["holding"], holding);
}

#[test]
fn a_holding_that_contradicts_its_row_or_has_a_second_spelling_is_refused() {
    for (holding, why) in [
        (json!({}), "says nothing"),
        (json!(null), ""),
        (json!({"custody": null}), ""),
        (json!({"custody": "Cold"}), ""),
        (json!({"cold": true}), ""),
        (json!({"custodian": ""}), "the name"),
        (json!({"custodian": "a".repeat(65)}), "the name"),
        (json!({"custodian": "two\nlines"}), "the name"),
        (json!({"custodian": "@sum(A1)"}), "starts with none of"),
        (json!({"staked": "0"}), "a part of nothing"),
        (json!({"staked": "101"}), "more is staked"),
        (json!({"lent": "11"}), "encumbered too"),
        (json!({"lent": 1}), ""),
    ] {
        let error = row(holding.clone()).unwrap_err().to_string();
        assert!(error.contains(why), "{holding}: {error}");
    }
}

#[test]
fn an_own_token_is_said_in_one_way() {
    let asset = |own: Value| {
        let mut asset = json!({
            "id": "EXT", "name": "Exchange token", "decimals": 8,
            "instance": [{"id": "eip155:1/erc20:0x7e5f4552091a69125d5dfcb7b8c2659029395bdf", "decimals": 8}],
        });
        if own != Value::Null {
            asset["own_token"] = own;
        }
        serde_json::from_value::<Asset>(asset)
    };
    let plain = asset(Value::Null).unwrap();
    assert!(!plain.is_own_token());
    assert!(
        serde_json::to_value(&plain)
            .unwrap()
            .get("own_token")
            .is_none()
    );
    let own = asset(json!(true)).unwrap();
    assert!(own.is_own_token());
    assert_eq!(serde_json::to_value(&own).unwrap()["own_token"], true);
    for wrong in [json!(false), json!("true"), json!(1)] {
        asset(wrong).unwrap_err();
    }
}
