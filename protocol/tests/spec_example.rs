//! The numbers of SPEC §1, recomputed by the code. The Python program that stands there is the independent source.

use por_protocol::amount::Amount;
use por_protocol::context::BookContext;
use por_protocol::digest::Digest;
use por_protocol::liabilities::{LeafOpening, Position, Shape, void_node};
use por_protocol::run_key::{RunKey, Subject};

const SPEC: &str = include_str!("../SPEC.md");

fn assert_stated(name: &str, value: &[u8]) {
    let line = format!("{name:<10} {}", hex::encode(value));
    assert!(SPEC.contains(&line), "SPEC §1 does not state: {line}");
}

#[test]
fn the_example_of_the_spec_is_what_the_code_computes() {
    let shape = Shape::new(272).unwrap();
    let context = BookContext {
        log_origin: "example.com/por",
        period: "2026-10",
        sequence: 0,
        snapshot_time: 1_793_404_800,
        asset: "BTC",
        kind: "owed",
        decimals: 8,
        shape,
    };
    let ctx = context.ctx();
    let run_key = RunKey::from_bytes(std::array::from_fn(|byte| byte as u8)).unwrap();
    let secrets = run_key.secrets(&Digest::of(b"example plan"));
    let (account, alice) = ("alice@example.com", Subject::Account("alice@example.com"));
    let (blinding, salt) = secrets.leaf(&ctx, alice).unwrap();
    let amount = Amount::from_atoms(150_000_000);
    let leaf = LeafOpening {
        account,
        amount,
        blinding: &blinding,
        salt: &salt,
    }
    .node(&ctx)
    .unwrap();
    assert_stated("ctx", ctx.as_bytes());
    assert_stated("r", &blinding.to_bytes());
    assert_stated("salt", salt.as_bytes());
    assert_stated("leaf hash", leaf.hash.as_bytes());
    assert_stated("order", &secrets.order(&ctx, alice));
    assert_stated("padding 0", &secrets.order(&ctx, Subject::Padding(0)));
    assert_stated(
        "void 1/17",
        void_node(
            &ctx,
            Position {
                level: 1,
                index: 17,
            },
        )
        .hash
        .as_bytes(),
    );
    assert_stated("commitment", leaf.commitment.as_bytes());
    let levels: Vec<u64> = (0..=shape.depth())
        .map(|level| shape.nodes(level))
        .collect();
    assert_eq!(levels, [272, 17, 2, 1]);
}
