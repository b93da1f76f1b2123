//! The parser beside `serde_json`, which is its oracle.

use proptest::prelude::*;

use super::*;

/// What the general parser makes of it, under the same rules for numbers and keys.
fn general(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

fn assert_same(bytes: &[u8]) {
    assert_eq!(
        parse(bytes).ok(),
        general(bytes),
        "{}",
        String::from_utf8_lossy(bytes)
    );
}

#[test]
fn rfc_8259_is_read_and_refused_as_by_the_general_parser() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let keys = |count: usize| {
        let keys: Vec<String> = (0..count).map(|key| format!("\"{key}\":0")).collect();
        format!("{{{}}}", keys.join(","))
    };
    let owned = [
        nested(126),
        nested(127),
        nested(128),
        nested(129),
        keys(64),
        keys(65),
    ];
    for text in owned.iter().map(String::as_str).chain([
        "",
        " ",
        "null",
        "nul",
        "nulll",
        "true",
        "false",
        "TRUE",
        "\u{feff}1",
        "0",
        "00",
        "01",
        "-0",
        "-1",
        "-",
        "+1",
        "1.0",
        "1.",
        ".5",
        "1e3",
        "1E+2",
        "0e0",
        "1a",
        "1 2",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
        "NaN",
        "Infinity",
        "[]",
        "[ ]",
        "[1]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,,2]",
        "[",
        "]",
        "[1",
        "[1,",
        "{}",
        "{ }",
        "{\"a\":1}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{a:1}",
        "{1:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"\":{\"\":{}}}",
        "{",
        "{\"a\":1",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\",
        "\"a\nb\"",
        "\"a\tb\"",
        "\"\u{0}\"",
        "\"\u{7f}\"",
        "\"\\n\\r\\t\\b\\f\\/\\\\\\\"\"",
        "\"\\a\"",
        "\"\\x41\"",
        "\"\\'\"",
        "\"\\é\"",
        "\"\\u00e9\"",
        "\"\\u00E9\"",
        "\"\\u00g9\"",
        "\"\\u+0e9\"",
        "\"\\u00e\"",
        "\"\\u\"",
        "\"\\uD83D\\uDE00\"",
        "\"\\ud83d\"",
        "\"\\ud83d\\n\"",
        "\"\\ud83dx\"",
        "\"\\ude00\"",
        "\"\\ude00\\ud83d\"",
        "\"\\ud83d\\ud83d\"",
        "\"\\ud83d\\u0041\"",
        "\"\\uffff\"",
        "\"\\u0000\"",
        "\"é€😀\"",
        "\u{a0}1",
        "\u{2003}1",
        "\u{b}1",
        "\u{c}1",
        "\t\r\n 1 \t\r\n",
        "1\u{0}",
        "// c\n1",
        "/**/1",
        "'a'",
        "[1]x",
        "{}{}",
    ]) {
        assert_same(text.as_bytes());
    }
    for bytes in [
        &b"\"\xff\""[..],
        b"\"\xc0\x80\"",
        b"\"\xed\xa0\x80\"",
        b"\xff",
        b"1\xff",
        b"\"\xf4\x90\x80\x80\"",
        b"\xef\xbb\xbf1",
    ] {
        assert_same(bytes);
    }
}

#[test]
fn errors_say_what_and_where() {
    for (text, why) in [
        (r#"{"a":1,"a":2}"#, "duplicate key `a` at byte 12"),
        (r#"{"a":-1}"#, "a negative number at byte 5"),
        ("[1]x", "trailing characters at byte 3"),
        ("[1", "expected `,` or `]` at byte 2"),
    ] {
        assert_eq!(parse(text.as_bytes()), Err(why.into()));
    }
}

fn arb_token() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\":",
        "\"b\":",
        "{\"a\":",
        "[1,",
        "null",
        "true",
        "false",
        " ",
        "\n",
        "\"",
        "\\",
        "\"\\u",
        "d83d",
        "\\ude00",
        "0",
        "1",
        "-",
        ".",
        "e",
        "\"x\"",
        "\"\"",
        "18446744073709551615",
        "}]",
        "é",
    ]);
    prop_oneof![
        8 => fixed.prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
        1 => any::<u64>().prop_map(|number| format!("{number}")),
        1 => any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tokens_give_what_the_general_parser_gives(tokens in prop::collection::vec(arb_token(), 0..12)) {
        let text = tokens.concat();
        prop_assert_eq!(parse(text.as_bytes()).ok(), general(text.as_bytes()), "{}", text);
    }

    #[test]
    fn changed_bytes_give_what_the_general_parser_gives(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let text = r#"{"format":"por/x/v1","list":[{"a":"\u00e9\n","b":17,"c":null},[true,false,[]]],"d":{"é":0}}"#;
        let mut bytes = Vec::from(text);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        prop_assert_eq!(parse(&bytes).ok(), general(&bytes), "{}", String::from_utf8_lossy(&bytes));
    }
}
