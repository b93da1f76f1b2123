use super::testing::*;
use super::*;
use proptest::prelude::*;

fn decimals(value: u8) -> Decimals {
    Decimals::new(value).unwrap()
}

fn exact(text: &str, places: u8) -> Result<u128, &'static str> {
    ExactAmount::from_units(text, decimals(places))
        .map(ExactAmount::steps)
        .map_err(|e| e.code())
}

#[test]
fn d_14_a_sign_is_refused() {
    for text in ["-1", "-0", "+5", "-", "+", "+0.1"] {
        assert_eq!(exact(text, 8), Err("amount-sign"), "{text}");
        assert!(text.parse::<Amount>().is_err(), "{text}");
    }
}

#[test]
fn d_15_other_notations_are_refused() {
    for (text, code) in [
        ("1e5", "amount-exponent"),
        ("1E-3", "amount-exponent"),
        ("1.5e3", "amount-exponent"),
        ("0x10", "amount-character"),
        ("1_000", "amount-character"),
        ("1,000.5", "amount-character"),
        ("1 000", "amount-character"),
        (" 1", "amount-character"),
        ("1 ", "amount-character"),
        ("1.0.0", "amount-character"),
        ("1'000", "amount-character"),
        ("1\u{a0}000", "amount-character"),
    ] {
        assert_eq!(exact(text, 18), Err(code), "{text}");
    }
}

#[test]
fn d_16_words_and_nothing_are_refused() {
    assert_eq!(exact("", 8), Err("amount-empty"));
    for text in ["NaN", "inf", "Infinity", "null", "None", "\0"] {
        assert_eq!(exact(text, 8), Err("amount-character"), "{text:?}");
    }
}

#[test]
fn d_17_the_limits_are_exact() {
    assert_eq!(
        "18446744073709551615".parse::<Amount>().map(Amount::atoms),
        Ok(u64::MAX)
    );
    assert_eq!(
        "18446744073709551616".parse::<Amount>(),
        Err(AmountError::TooLarge { bits: 64 })
    );
    // 2^64 wei is 18 ETH and a little: far from a limit.
    assert_eq!(exact("18.446744073709551616", 18), Ok(1 << 64));
    assert_eq!(
        exact("340282366920938463463374607431768211455", 0),
        Ok(u128::MAX)
    );
    assert_eq!(
        exact("340282366920938463463374607431768211456", 0),
        Err("amount-too-large")
    );
    assert_eq!(
        exact("3.40282366920938463463374607431768211456", 38),
        Err("amount-too-large")
    );
    assert_eq!(exact("340282366920938463464", 18), Err("amount-too-large"));
    assert_eq!(exact(&"9".repeat(1000), 18), Err("amount-too-large"));
}

#[test]
fn d_18_more_decimals_than_the_asset_are_refused_zeros_included() {
    assert_eq!(exact("0.00000001", 8), Ok(1));
    assert_eq!(exact("1.50", 8), Ok(150_000_000));
    assert_eq!(exact("0.000000001", 8), Err("amount-too-many-decimals"));
    assert_eq!(exact("0.100000000", 8), Err("amount-too-many-decimals"));
    assert_eq!(exact("1.0", 0), Err("amount-too-many-decimals"));
    assert_eq!(
        exact(&format!("0.{}", "1".repeat(300)), 38),
        Err("amount-too-many-decimals")
    );
}

#[test]
fn d_19_leading_zeros_and_bare_points_are_refused() {
    for (text, code) in [
        ("007", "amount-leading-zero"),
        ("00", "amount-leading-zero"),
        ("00.5", "amount-leading-zero"),
        (".5", "amount-missing-whole"),
        (".", "amount-missing-whole"),
        (". 5", "amount-missing-whole"),
        ("5.", "amount-missing-fraction"),
    ] {
        assert_eq!(exact(text, 8), Err(code), "{text}");
    }
    assert_eq!(exact("0", 8), Ok(0));
    assert_eq!(exact("0.0", 8), Ok(0));
}

#[test]
fn d_20_digits_of_other_scripts_are_refused() {
    for text in ["１２", "٣", "1２", "1.٣", "１.5"] {
        assert_eq!(exact(text, 8), Err("amount-character"), "{text}");
    }
}

#[test]
fn m_04_atoms_have_one_spelling() {
    for text in [
        "+5", "007", "-1", "1.0", "1e3", "1_000", "", " 1", "1 ", "0x1", "１",
    ] {
        assert!(text.parse::<Amount>().is_err(), "{text:?}");
        assert!(text.parse::<ExactAmount>().is_err(), "{text:?}");
    }
}

#[test]
fn m_04_amounts_in_json_are_strings() {
    assert_eq!(
        serde_json::to_string(&Amount::MAX).unwrap(),
        "\"18446744073709551615\""
    );
    assert_eq!(
        serde_json::from_str::<Amount>("\"7\"").unwrap(),
        Amount::from_atoms(7)
    );
    for text in [
        "7",
        "7.0",
        "1e21",
        "\"+5\"",
        "\"07\"",
        "\"7.0\"",
        "null",
        "[7]",
        "\"18446744073709551616\"",
    ] {
        assert!(serde_json::from_str::<Amount>(text).is_err(), "{text}");
    }
    assert!(serde_json::from_str::<ExactAmount>("7").is_err());
    assert!(serde_json::from_str::<Decimals>("39").is_err());
    assert!(serde_json::from_str::<Decimals>("-1").is_err());
    assert!(serde_json::from_str::<Decimals>("\"8\"").is_err());
}

#[test]
fn t_12_sums_never_wrap() {
    assert_eq!(
        Amount::MAX.checked_add(Amount::from_atoms(1)),
        Err(AmountError::TooLarge { bits: 64 })
    );
    assert_eq!(
        Amount::checked_sum([Amount::from_atoms(u64::MAX - 1), Amount::from_atoms(1)]),
        Ok(Amount::MAX)
    );
    assert!(
        Amount::checked_sum([
            Amount::from_atoms(u64::MAX),
            Amount::from_atoms(0),
            Amount::from_atoms(1)
        ])
        .is_err()
    );
    assert!(
        ExactAmount::from_steps(u128::MAX)
            .checked_add(ExactAmount::from_steps(1))
            .is_err()
    );
}

#[test]
fn u_13_b_09_liabilities_round_up_and_reserves_down() {
    let (wei, kept) = (decimals(18), decimals(8));
    let value = ExactAmount::from_units("0.123456789", wei).unwrap();
    assert_eq!(
        value.round_up(wei, kept).unwrap(),
        Amount::from_atoms(12_345_679)
    );
    assert_eq!(
        value.round_down(wei, kept).unwrap(),
        Amount::from_atoms(12_345_678)
    );
    // An exact value is not moved, and one step above it is.
    let exact = ExactAmount::from_steps(30_000_000_000);
    assert_eq!(exact.round_up(wei, kept), Ok(Amount::from_atoms(3)));
    assert_eq!(
        ExactAmount::from_steps(30_000_000_001).round_up(wei, kept),
        Ok(Amount::from_atoms(4))
    );
    assert_eq!(
        ExactAmount::from_steps(1).round_up(wei, kept),
        Ok(Amount::from_atoms(1))
    );
    assert_eq!(
        ExactAmount::from_steps(0).round_up(wei, kept),
        Ok(Amount::ZERO)
    );
    // To finer decimals nothing is rounded.
    assert_eq!(
        ExactAmount::from_steps(5).round_down(kept, decimals(9)),
        Ok(Amount::from_atoms(50))
    );
    let edge = ExactAmount::from_steps(u128::from(u64::MAX) * 10);
    assert_eq!(edge.round_up(decimals(1), decimals(0)), Ok(Amount::MAX));
    assert!(
        ExactAmount::from_steps(u128::from(u64::MAX) * 10 + 1)
            .round_up(decimals(1), decimals(0))
            .is_err()
    );
    assert!(
        ExactAmount::from_steps(u128::MAX)
            .round_up(decimals(0), decimals(38))
            .is_err()
    );
    assert!(
        ExactAmount::from_steps(u128::MAX)
            .round_up(decimals(0), decimals(0))
            .is_err()
    );
}

#[test]
fn units_have_one_canonical_text() {
    for (atoms, places, text) in [
        (150_000_000, 8, "1.5"),
        (200_000_000, 8, "2"),
        (1, 8, "0.00000001"),
        (0, 8, "0"),
        (70, 0, "70"),
    ] {
        assert_eq!(Amount::from_atoms(atoms).to_units(decimals(places)), text);
    }
    assert_eq!(
        ExactAmount::from_steps(u128::MAX).to_units(decimals(38)),
        "3.40282366920938463463374607431768211455"
    );
}

#[test]
fn k_03_debug_shows_no_amount() {
    assert_eq!(
        format!(
            "{:?} {:?}",
            Amount::from_atoms(4711),
            ExactAmount::from_steps(4711)
        ),
        "Amount(redacted) ExactAmount(redacted)"
    );
}

#[test]
fn an_offending_character_is_shown_harmlessly() {
    let error = ExactAmount::from_units("12\u{1b}[2J", decimals(8)).unwrap_err();
    assert_eq!(error.to_string(), "the amount holds U+001B (at byte 2)");
    let error = ExactAmount::from_units("1,5", decimals(8)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the amount holds `,` (U+002C) (at byte 1)"
    );
}

proptest! {
    #[test]
    fn atoms_survive_display_and_parse(amount in arb_amount()) {
        prop_assert_eq!(amount.to_string().parse::<Amount>(), Ok(amount));
    }

    #[test]
    fn units_survive_display_and_parse(amount in arb_exact_amount(), places in arb_decimals()) {
        prop_assert_eq!(ExactAmount::from_units(&amount.to_units(places), places), Ok(amount));
        prop_assert_eq!(amount.to_string().parse::<ExactAmount>(), Ok(amount));
    }

    #[test]
    fn what_parses_is_the_only_spelling(text in "[0-9]{1,25}") {
        if let Ok(amount) = text.parse::<Amount>() {
            prop_assert_eq!(amount.to_string(), text);
        }
    }

    #[test]
    fn up_and_down_differ_by_at_most_one_atom(value in any::<u64>(), from in 0..=38u8, to in 0..=38u8) {
        let (from, to) = (decimals(from), decimals(to));
        let value = ExactAmount::from_steps(u128::from(value));
        if let (Ok(up), Ok(down)) = (value.round_up(from, to), value.round_down(from, to)) {
            prop_assert!(up >= down && up.atoms() - down.atoms() <= 1);
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>(), places in arb_decimals()) {
        let _ = ExactAmount::from_units(&text, places).map_err(|e| (e.code(), e.to_string(), e.offset()));
        let _ = text.parse::<Amount>();
    }

    #[test]
    fn no_nearly_right_text_panics(text in "[-+]?[0-9]{0,45}[.eE,]?[0-9]{0,45}", places in arb_decimals()) {
        let _ = ExactAmount::from_units(&text, places);
        let _ = text.parse::<ExactAmount>();
    }
}
