//! Attacks 4.3: what customers are shown. What `por verify` ends with follows from the verdict: refused is exit code 1,
//! undecided 6, undecided for `unsupported` 5.

mod published;

use acceptance::sample::{
    Ledger, Lies, NOW, SampleBook, SampleExchange, StatementParts, Terms, Tree, assert_refused,
    assert_undecided, assert_verified, btc, eth, verify, verify_with,
};
use por_protocol::account::AccountId;
use por_protocol::amount::{Amount, Decimals, ExactAmount};
use por_protocol::book_row::Total;
use por_protocol::digest::Digest;
use por_protocol::hex_bytes::{HexBytes, HexSecret};
use por_protocol::liabilities::{Shape, prove_total};
use por_protocol::report::Outcome;
use por_protocol::run_key::{RunKey, Secrets, Subject};
use por_protocol::verify::{Trust, verify_statement};
use published::audited;

fn altered(alter: impl FnOnce(&mut StatementParts)) -> Vec<u8> {
    let mut parts = SampleExchange::small().statement("amara");
    alter(&mut parts);
    parts.encode()
}

#[test]
fn u_01_a_balance_that_is_not_the_committed_one_is_refused() {
    let file = altered(|parts| {
        parts.core.books[0].exact = ExactAmount::from_steps(999_999_999);
        parts.core.books[0].amount = Amount::from_atoms(999_999_999);
    });
    assert_refused(&verify(&file), "leaf-included", "leaf-opening");
}

#[test]
fn u_02_the_leaf_of_another_customer_with_the_same_balance_is_refused() {
    let mut parts = SampleExchange::small().statement("farid");
    assert_eq!(parts.core.books[0].amount.atoms(), 150_000_000);
    assert_verified(&verify(&parts.encode()));
    parts.core.account = AccountId::new("amara").unwrap();
    assert_refused(&verify(&parts.encode()), "leaf-included", "leaf-opening");
}

/// The small exchange in which amara and farid, who have the same balance, were both given amara's leaf.
fn one_leaf_for_two() -> SampleExchange {
    let mut exchange = SampleExchange::small().clone();
    let book: &mut SampleBook = &mut exchange.books[0];
    let at = |account| usize::try_from(book.index_of(account).unwrap()).unwrap();
    let (amara, farid) = (at("amara"), at("farid"));
    book.leaves[farid] = book.leaves[amara].clone();
    let shape = Shape::new(16).unwrap();
    let secrets = secrets(3);
    let children: Vec<_> = book
        .leaves
        .iter()
        .map(|leaf| leaf.child(&book.ctx))
        .collect();
    let tree = Tree::build(
        &book.ctx,
        &shape,
        &secrets,
        &children,
        &Lies::default(),
        None,
    );
    (book.row.root.commitment, book.row.root.hash) = (tree.root.commitment, tree.root.hash);
    let secret = tree.root_secret();
    let proof = prove_total(
        &book.ctx,
        &tree.root,
        &secret,
        secrets.total_seed(&book.ctx),
    );
    book.row.total = Total::Public {
        amount: secret.amount,
        proof: HexBytes(proof.to_vec()),
    };
    book.tree = tree;
    exchange
}

fn secrets(number: u8) -> Secrets {
    let mut key = [number; 32];
    key[0] = !number;
    RunKey::from_bytes(key)
        .unwrap()
        .secrets(&Digest::of(b"plan"))
}

#[test]
fn u_03_one_leaf_for_two_customers_is_refused_by_one_and_seen_by_the_auditor() {
    let exchange = one_leaf_for_two();
    let amara = exchange.statement("amara");
    assert_verified(&verify(&amara.encode()));
    let mut farid = amara;
    farid.core.account = AccountId::new("farid").unwrap();
    assert_refused(&verify(&farid.encode()), "leaf-included", "leaf-opening");
    assert_refused(&audited(&exchange), "siblings-non-negative", "duplicate");
}

#[test]
fn u_04_the_account_is_hashed_as_the_customer_knows_it() {
    // The text that the customer types is compared byte for byte, and bound by a 32-byte hash: no salt makes two
    // accounts one.
    let file = SampleExchange::small().statement("amara").encode();
    let policy = Terms::default().policy();
    let named = |account| {
        let trust = Trust {
            policy: Some(policy.as_bytes()),
            account: Some(account),
            now: Some(NOW),
        };
        verify_with(&file, &trust)
    };
    assert_verified(&named("amara"));
    for other in ["Amara", "amara ", "аmara", "bao", ""] {
        assert_refused(&named(other), "account-expected", "mismatch");
    }
    let file = altered(|parts| parts.core.books[0].salt = HexSecret([7; 32]));
    assert_refused(&verify(&file), "leaf-included", "leaf-opening");
}

#[test]
fn u_05_nothing_is_verified_on_the_word_of_the_file_itself() {
    let file = SampleExchange::small().statement("amara").encode();
    let report = verify_statement(&file, &Trust::default());
    assert_undecided(&report, "attestation-signed", "missing");
    // A whole exchange made up by somebody else, with keys of its own.
    let made_up = Terms {
        log_origin: "made-up.example/por".into(),
        ..Terms::default()
    };
    let made_up = SampleExchange::build(&made_up, &[btc()], &Lies::default());
    let file = made_up.statement("amara").encode();
    assert_refused(&verify(&file), "attestation-signed", "signature");
}

#[test]
fn u_06_a_statement_lists_all_own_books_and_says_that_there_are_no_others() {
    let core = SampleExchange::small().statement("amara").core_text();
    for claim in ["\"no_other_balance\": false", "\"no_other_balance\": null"] {
        let text = core.replace("\"no_other_balance\": true", claim);
        let file = SampleExchange::small()
            .statement("amara")
            .encode_text(&text);
        let reason = if claim.ends_with("false") {
            "field"
        } else {
            "syntax"
        };
        assert_refused(&verify(&file), "well-formed", reason);
    }
    let without = core.replace(",\n  \"no_other_balance\": true", "");
    let file = SampleExchange::small()
        .statement("amara")
        .encode_text(&without);
    assert_refused(&verify(&file), "well-formed", "syntax");
    // With a book left out the claim is false, signed, and in the customer's hands: the report lists the books there are.
    let mut parts = SampleExchange::honest().statement("amara");
    parts.core.books.pop();
    parts.rows.pop();
    parts.tiles.pop();
    let report = verify(&parts.encode());
    let books: Vec<&str> = report
        .books
        .iter()
        .map(|book| book.asset.as_str())
        .collect();
    assert_eq!(books, ["BTC", "ETH"]);
}

#[test]
fn u_07_a_balance_of_another_time_shows_its_time() {
    let poorer = Ledger {
        rows: vec![("amara".into(), 0)],
        ..btc()
    };
    let exchange = SampleExchange::build(&Terms::default(), &[poorer], &Lies::default());
    let report = verify(&exchange.statement("amara").encode());
    // True of the tree; whether it is the customer's balance only the customer can say.
    assert_verified(&report);
    assert_eq!(report.books[0].amount.as_deref(), Some("0"));
    let facts = report.statement.unwrap();
    assert_eq!(
        (facts.snapshot_time, facts.period.as_str()),
        (1_793_404_800, "2026-10")
    );
}

#[test]
fn u_08_paths_of_another_length_or_index_are_refused() {
    let deep = || SampleExchange::honest().statement("grace");
    assert_verified(&verify(&deep().encode()));
    let with = |alter: &dyn Fn(&mut StatementParts)| {
        let mut parts = deep();
        alter(&mut parts);
        verify(&parts.encode())
    };
    let tile = por_protocol::liabilities::TILE_BYTES;
    let starts_at_a_tile = |parts: &mut StatementParts| drop(parts.tiles[0].drain(..tile));
    assert_refused(&with(&starts_at_a_tile), "well-formed", "length");
    let too_short = |parts: &mut StatementParts| parts.tiles[0].truncate(2 * tile);
    assert_refused(&with(&too_short), "well-formed", "length");
    let too_long = |parts: &mut StatementParts| parts.tiles[0].extend(vec![0; tile]);
    assert_refused(&with(&too_long), "well-formed", "length");
    for beyond in [272, 1 << 40, u64::MAX] {
        let beyond = |parts: &mut StatementParts| parts.core.books[0].index = beyond;
        assert_refused(&with(&beyond), "leaf-included", "leaf-index");
    }
    let index = deep().core.books[0].index;
    let neighbour = |parts: &mut StatementParts| parts.core.books[0].index = index ^ 1;
    assert_refused(&with(&neighbour), "leaf-included", "leaf-opening");
    let elsewhere = |parts: &mut StatementParts| parts.core.books[0].index = (index + 16) % 256;
    assert_refused(&with(&elsewhere), "leaf-included", "node-hash");
}

#[test]
fn u_09_a_statement_of_another_epoch_is_refused_and_dated() {
    let old = SampleExchange::small().statement("amara");
    let next = SampleExchange::build(&Terms::next_month(), &[btc()], &Lies::default());
    let mut mixed = next.statement("amara");
    // October's core under November's attestation.
    mixed.core.clone_from(&old.core);
    mixed.terms = Terms::default();
    assert_refused(&verify(&mixed.encode()), "statement-signed", "signature");
    // October's openings and tiles in a core signed for November.
    let mut mixed = next.statement("amara");
    mixed.core.books.clone_from(&old.core.books);
    mixed.tiles.clone_from(&old.tiles);
    assert_refused(&verify(&mixed.encode()), "leaf-included", "node-hash");
    // Shown whole, it says of when it is.
    let report = verify(&old.encode());
    assert_verified(&report);
    assert_eq!(report.statement.unwrap().period, "2026-10");
}

#[test]
fn u_10_a_statement_that_the_customer_made_up_is_refused() {
    let parts = SampleExchange::small().statement("amara");
    let core = parts.core_text();
    let more = core.replace("150000000", "999999999");
    // Under the old signature, and under a key of the customer's own.
    let line = Terms::default()
        .statement_key()
        .signature_line(&core)
        .unwrap();
    let file = parts.encode_note(&format!("{more}\n{line}"));
    assert_refused(&verify(&file), "statement-signed", "signature");
    let own = Terms {
        run_seed: 99,
        ..Terms::default()
    };
    let file = parts.encode_note(&own.statement_key().sign(&more).unwrap());
    assert_refused(&verify(&file), "statement-signed", "signature");
    let file = parts.encode_note(&Terms::default().log_key().sign(&core).unwrap());
    assert_refused(&verify(&file), "statement-signed", "signature");
}

#[test]
fn u_11_an_opening_says_nothing_of_another_leaf() {
    let book = &SampleExchange::small().books[0];
    let own = |account: &str| {
        let index = usize::try_from(book.index_of(account).unwrap()).unwrap();
        let leaf = &book.leaves[index];
        (leaf.blinding.to_bytes(), *leaf.salt.as_bytes())
    };
    let (amara, bao) = (own("amara"), own("bao"));
    assert!(amara.0 != bao.0 && amara.1 != bao.1);
    // All secrets of a leaf are one derivation of the run key and the account: with amara's as the key of that
    // derivation, nothing of bao's comes out.
    for key in [amara.0, amara.1] {
        let secrets = RunKey::from_bytes(key)
            .unwrap()
            .secrets(&Digest::of(b"plan"));
        let (blinding, salt) = secrets.leaf(&book.ctx, Subject::Account("bao")).unwrap();
        assert!(blinding.to_bytes() != bao.0 && *salt.as_bytes() != bao.1);
    }
    // And amara's own secrets open only amara's leaf, whatever account, amount and index are put beside them.
    for index in 0..16 {
        for (account, amount) in [("bao", 1), ("farid", 150_000_000), ("dmitri", 0)] {
            let file = altered(|parts| {
                parts.core.account = AccountId::new(account).unwrap();
                parts.core.books[0].exact = ExactAmount::from_steps(amount);
                parts.core.books[0].amount = Amount::from_atoms(u64::try_from(amount).unwrap());
                parts.core.books[0].index = index;
            });
            assert_refused(&verify(&file), "leaf-included", "leaf-opening");
        }
    }
}

#[test]
fn u_12_no_leaf_can_be_recomputed_from_the_account_alone() {
    let book = &SampleExchange::small().books[0];
    let published = |account: &str| {
        let index = usize::try_from(book.index_of(account).unwrap()).unwrap();
        book.tree.levels[0][0][index * 64 + 32..][..32].to_vec()
    };
    for account in ["amara", "bao", "dmitri"] {
        let leaf = published(account);
        // Salts that come to mind: none, the account, its hash, the context, the root.
        let guesses = [
            [0; 32],
            [0xff; 32],
            *Digest::of(account.as_bytes()).as_bytes(),
            *book.ctx.as_bytes(),
            *book.row.root.hash.as_bytes(),
        ];
        for salt in guesses {
            for atoms in [0, 1, 150_000_000] {
                let salt = por_protocol::liabilities::Salt::from_bytes(salt);
                let blinding = curve25519_dalek::scalar::Scalar::ONE;
                let blinding = por_protocol::liabilities::Blinding::from_scalar(blinding).unwrap();
                let opening = por_protocol::liabilities::LeafOpening {
                    account,
                    amount: Amount::from_atoms(atoms),
                    blinding: &blinding,
                    salt: &salt,
                };
                assert_ne!(
                    opening.node(&book.ctx).unwrap().hash.as_bytes().as_slice(),
                    leaf
                );
            }
        }
    }
    // 256 bits, no two alike, in no book.
    let mut salts: Vec<[u8; 32]> = SampleExchange::honest()
        .books
        .iter()
        .flat_map(|book| book.leaves.iter().map(|leaf| *leaf.salt.as_bytes()))
        .collect();
    salts.sort_unstable();
    assert!(salts.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn u_13_a_balance_rounded_down_is_refused_and_both_figures_are_shown() {
    let honest = SampleExchange::honest();
    let place = |parts: &StatementParts| {
        let found = parts.core.books.iter().position(|book| book.asset == "ETH");
        found.unwrap()
    };
    let parts = honest.statement("amara");
    let report = verify(&parts.encode());
    assert_verified(&report);
    let shown = &report.books[place(&parts)];
    assert_eq!(shown.exact.as_deref(), Some("1234567890123456789"));
    assert_eq!(shown.amount.as_deref(), Some("1234567891"));
    // The exchange keeps 1.234567890 instead, and says so.
    let mut parts = honest.statement("amara");
    let at = place(&parts);
    parts.core.books[at].amount = Amount::from_atoms(1_234_567_890);
    let report = verify(&parts.encode());
    assert_refused(&report, "amount-rounded", "rounding");
    let (eighteen, nine) = (Decimals::new(18).unwrap(), Decimals::new(9).unwrap());
    let exact = ExactAmount::from_steps(1);
    assert_eq!(exact.round_up(eighteen, nine).unwrap().atoms(), 1);
    assert_eq!(exact.round_down(eighteen, nine).unwrap().atoms(), 0);
    assert_eq!(eth().asset.ledger_decimals(), eighteen);
}

#[test]
fn u_14_two_entries_unknown_fields_and_lists_are_refused() {
    let parts = SampleExchange::small().statement("amara");
    let core = parts.core_text();
    let twice = altered(|parts| {
        parts.core.books.push(parts.core.books[0].clone());
        parts.rows.push(parts.rows[0].clone());
        parts.tiles.push(parts.tiles[0].clone());
    });
    assert_refused(&verify(&twice), "well-formed", "duplicate");
    for (from, to) in [
        ("\"account\"", "\"note\": \"\",\n  \"account\""),
        ("\"account\"", "\"account\": \"bao\",\n  \"account\""),
        ("\"salt\"", "\"hint\": 0,\n      \"salt\""),
        ("\"index\": ", "\"index\": -"),
        ("\"owed\"", "[\"owed\"]"),
    ] {
        let file = parts.encode_text(&core.replacen(from, to, 1));
        assert_refused(&verify(&file), "well-formed", "syntax");
    }
    let file = parts.encode_text(&format!("[{}]\n", core.trim_end()));
    assert_refused(&verify(&file), "well-formed", "syntax");
    let file = parts.encode_text(&core.replace("por/statement/v1", "por/statement/v9"));
    assert_undecided(&verify(&file), "well-formed", "unsupported");
}

#[test]
fn u_15_a_debt_cannot_be_written_and_assets_are_never_netted() {
    let parts = SampleExchange::small().statement("amara");
    let core = parts.core_text();
    for field in ["exact", "amount"] {
        let negative = core.replace(&format!("\"{field}\": \"1"), &format!("\"{field}\": \"-1"));
        assert_ne!(negative, core);
        assert_refused(
            &verify(&parts.encode_text(&negative)),
            "well-formed",
            "syntax",
        );
    }
    let lent = core.replace("\"owed\"", "\"lent\"");
    assert_undecided(
        &verify(&parts.encode_text(&lent)),
        "well-formed",
        "unsupported",
    );
    // Plenty of one asset does not cover another.
    let mut exchange = SampleExchange::honest().clone();
    exchange.books[0].row.reserves[0].amount = Amount::from_atoms(1);
    exchange.books[1].row.reserves[0].amount = Amount::MAX;
    let report = verify(&exchange.statement("amara").encode());
    let covered = report.checks.iter().filter(|check| check.id == "covered");
    let outcomes: Vec<Outcome> = covered.map(|check| check.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Failed, Outcome::Passed, Outcome::Passed]
    );
}

#[test]
fn u_16_one_account_has_one_leaf_in_a_book() {
    // Twice in the ledger is refused where it is read (d_23_i_01 of the CSV reader); two entries of one book in a
    // statement are refused (u_14); a deleted account has no leaf, so that nothing can be shown for it.
    let exchange = SampleExchange::small();
    for account in ["amara", "bao", "carmen"] {
        let leaves = exchange.books[0].leaves.iter();
        assert_eq!(leaves.filter(|leaf| leaf.account == account).count(), 1);
    }
    assert!(exchange.books[0].index_of("deleted").is_none());
    let mut parts = exchange.statement("amara");
    parts.core.account = AccountId::new("deleted").unwrap();
    assert_refused(&verify(&parts.encode()), "leaf-included", "leaf-opening");
}
