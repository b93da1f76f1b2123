//! Group elements, scalars, leaves.

use por_protocol::amount::Amount;
use por_protocol::liabilities::{Blinding, Commitment, LeafOpening, Salt};

use super::Cases;
use super::trees::context_input;
use crate::sample::{Terms, btc};

/// p = 2²⁵⁵ − 19, the field's modulus: zero, written another way.
const FIELD_MODULUS: &str = "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
/// l, the group order: zero, written another way.
const GROUP_ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

pub(super) fn add(cases: &mut Cases) {
    points(cases);
    scalars(cases);
    leaves(cases);
}

fn points(cases: &mut Cases) {
    let void = hex::encode(Commitment::void().as_bytes());
    let base = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";
    let high_bit = void.get(..62).unwrap_or_default().to_owned() + "91";
    let one = "01".to_owned() + &"00".repeat(31);
    let two = "02".to_owned() + &"00".repeat(31);
    for (case, description, bytes, expect) in [
        ("base", "B, the generator of values.", base, "ok"),
        (
            "blinding-base",
            "B̃, the generator of blindings and the commitment of a void slot.",
            &void,
            "ok",
        ),
        (
            "identity",
            "The identity: it would commit to nothing with no blinding.",
            &"00".repeat(32),
            "identity",
        ),
        (
            "field-modulus",
            "The field's modulus p: the identity, written another way.",
            FIELD_MODULUS,
            "encoding",
        ),
        (
            "all-ones",
            "2²⁵⁶ − 1, beyond the field.",
            &"ff".repeat(32),
            "encoding",
        ),
        (
            "two-to-255-less-1",
            "2²⁵⁵ − 1, beyond the field.",
            &("ff".repeat(31) + "7f"),
            "encoding",
        ),
        (
            "negative",
            "1 is odd, and so the encoding of no element: canonical ones are even.",
            &one,
            "encoding",
        ),
        (
            "not-on-the-curve",
            "2 is the encoding of no element.",
            &two,
            "encoding",
        ),
        (
            "high-bit",
            "B̃ with the unused highest bit set.",
            &high_bit,
            "encoding",
        ),
    ] {
        cases.add("point", case, description, &[("bytes", bytes)], expect);
    }
}

fn scalars(cases: &mut Cases) {
    let one = "01".to_owned() + &"00".repeat(31);
    let largest = GROUP_ORDER.replacen("ed", "ec", 1);
    let above = GROUP_ORDER.replacen("ed", "ee", 1);
    for (case, description, bytes, expect) in [
        ("one", "The blinding of a void slot.", one.as_str(), "ok"),
        ("largest", "l − 1.", &largest, "ok"),
        (
            "zero",
            "A blinding of zero shows the amount to whoever tries all amounts.",
            &"00".repeat(32),
            "zero-blinding",
        ),
        (
            "group-order",
            "l: zero, written another way.",
            GROUP_ORDER,
            "encoding",
        ),
        (
            "group-order-and-one",
            "l + 1: one, written another way.",
            &above,
            "encoding",
        ),
        ("all-ones", "2²⁵⁶ − 1.", &"ff".repeat(32), "encoding"),
    ] {
        cases.add("scalar", case, description, &[("bytes", bytes)], expect);
    }
}

fn leaves(cases: &mut Cases) {
    let (terms, book) = (Terms::default(), btc());
    let ctx = terms.context(&book.asset, book.leaf_count).ctx();
    let context = context_input(&terms, &book);
    let salt = "42".repeat(32);
    let blinding = "07".to_owned() + &"00".repeat(31);
    let mut leaf = |case: &str, description: &str, account: &str, amount: &str, r: &str, expect| {
        let mut input: Vec<(&str, &str)> = context
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        input.extend([
            ("account", account),
            ("amount", amount),
            ("blinding", r),
            ("salt", &salt),
        ]);
        let vector = cases.add("leaf", case, description, &input, expect);
        if expect != "ok" {
            return;
        }
        let bytes = hex::decode(r).expect("hex").try_into().expect("32 bytes");
        let blinding = Blinding::from_bytes(bytes).expect("a blinding");
        let opening = LeafOpening {
            account,
            amount: Amount::from_atoms(amount.parse().expect("a number")),
            blinding: &blinding,
            salt: &Salt::from_bytes([0x42; 32]),
        };
        let node = opening.node(&ctx).expect("a leaf");
        vector
            .giving("ctx", hex::encode(ctx.as_bytes()))
            .giving("commitment", hex::encode(node.commitment.as_bytes()))
            .giving("hash", node.hash.to_string());
    };
    leaf(
        "known",
        "A leaf with its context, commitment and hash.",
        "amara",
        "150000000",
        &blinding,
        "ok",
    );
    leaf(
        "zero",
        "An amount of zero is an amount.",
        "amara",
        "0",
        &blinding,
        "ok",
    );
    leaf(
        "largest",
        "2⁶⁴ − 1 atoms.",
        "amara",
        "18446744073709551615",
        &blinding,
        "ok",
    );
    leaf(
        "padding",
        "A padding leaf: no account, no amount.",
        "",
        "0",
        &blinding,
        "ok",
    );
    leaf(
        "not-ascii",
        "The account is hashed byte for byte.",
        "börse@例え.jp",
        "1",
        &blinding,
        "ok",
    );
    leaf(
        "boundary-1",
        "Account ‘olal’ and an amount; beside boundary-2.",
        "olal",
        "1",
        &blinding,
        "ok",
    );
    leaf(
        "boundary-2",
        "Account ‘olalo’: fields do not run into each other.",
        "olalo",
        "1",
        &blinding,
        "ok",
    );
    leaf(
        "zero-blinding",
        "A blinding of zero is refused.",
        "amara",
        "1",
        &"00".repeat(32),
        "zero-blinding",
    );
    leaf(
        "blinding-not-canonical",
        "l as a blinding.",
        "amara",
        "1",
        GROUP_ORDER,
        "encoding",
    );
}
