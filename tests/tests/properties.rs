//! Properties of everything that reads bytes from outside: nothing panics, and no change of a true statement makes
//! another one that is verified too.

use std::sync::OnceLock;

use acceptance::sample::{SampleExchange, verify};
use por_protocol::attestation::Attestation;
use por_protocol::book_row::BookRow;
use por_protocol::note::Note;
use por_protocol::plan::Plan;
use por_protocol::policy::Policy;
use por_protocol::report::{BookFacts, Included, Report, StatementFacts};
use por_protocol::reserve_row::ReserveRow;
use por_protocol::statement::{Core, Statement, parse_attached_rows};
use proptest::collection::vec;
use proptest::prelude::*;

fn honest() -> &'static (Vec<u8>, Report) {
    static HONEST: OnceLock<(Vec<u8>, Report)> = OnceLock::new();
    HONEST.get_or_init(|| {
        let file = SampleExchange::small().statement("amara").encode();
        let report = verify(&file);
        (file, report)
    })
}

/// What a customer is shown.
fn shown(report: &Report) -> (Option<&StatementFacts>, &[BookFacts]) {
    (report.statement.as_ref(), &report.books)
}

/// One way to break a file.
#[derive(Clone, Debug)]
enum Tweak {
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Truncate(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Repeat(prop::sample::Index, usize),
}

fn arb_tweak() -> impl Strategy<Value = Tweak> {
    use prop::sample::Index;
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Tweak::Set(at, byte)),
        // Bytes that mean something to the parsers.
        2 => (any::<Index>(), prop::sample::select(b"0123456789abcdef\n \"{}[],:+-".to_vec())).prop_map(|(at, byte)| Tweak::Set(at, byte)),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Tweak::Insert(at, byte)),
        1 => any::<Index>().prop_map(Tweak::Remove),
        1 => any::<Index>().prop_map(Tweak::Truncate),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(left, right)| Tweak::Swap(left, right)),
        1 => (any::<Index>(), 1..64_usize).prop_map(|(at, length)| Tweak::Repeat(at, length)),
    ]
}

fn apply(tweak: &Tweak, file: &mut Vec<u8>) {
    if file.is_empty() {
        return;
    }
    let length = file.len();
    match tweak {
        Tweak::Set(at, byte) => file[at.index(length)] = *byte,
        Tweak::Insert(at, byte) => file.insert(at.index(length), *byte),
        Tweak::Remove(at) => drop(file.remove(at.index(length))),
        Tweak::Truncate(at) => file.truncate(at.index(length)),
        Tweak::Swap(left, right) => file.swap(left.index(length), right.index(length)),
        Tweak::Repeat(at, run) => {
            let at = at.index(length);
            let copy = file[at..(at + run).min(length)].to_vec();
            file.splice(at..at, copy);
        }
    }
}

/// Everything that parses bytes from outside.
fn parse_all(bytes: &[u8]) {
    if let Ok(statement) = Statement::parse(bytes) {
        for rows in 0..3 {
            drop(parse_attached_rows(
                statement.books.unwrap_or_default(),
                rows,
            ));
        }
    }
    if let Ok(note) = Note::parse(bytes) {
        drop(Core::parse(note.unverified_text()));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(Core::parse(text));
    }
    drop(parse_attached_rows(bytes, 1));
    drop(Policy::parse(bytes));
    drop(Attestation::parse(bytes));
    drop(BookRow::parse(bytes));
    drop(ReserveRow::parse(bytes));
    drop(Plan::parse(bytes));
}

#[test]
fn the_report_of_the_untouched_file_is_verified() {
    assert_eq!(honest().1.included, Included::Verified);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_changed_statement_is_never_verified_with_other_facts(tweaks in vec(arb_tweak(), 1..4)) {
        let (file, before) = honest();
        let mut changed = file.clone();
        for tweak in &tweaks {
            apply(tweak, &mut changed);
        }
        let after = verify(&changed);
        if after.included == Included::Verified {
            prop_assert_eq!(shown(&after), shown(before));
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..400)) {
        parse_all(&bytes);
        prop_assert!(verify(&bytes).included != Included::Verified);
    }

    #[test]
    fn random_text_that_begins_well_never_panics(
        start in prop::sample::select(vec!["por/statement/v1\n", "por/statement/v1\ncore ", "log ", "{", "{\"format\":\"", "— "]),
        text in "[ -~\n—é]{0,200}",
    ) {
        parse_all(format!("{start}{text}").as_bytes());
    }

    #[test]
    fn changed_documents_never_panic(which in 0..4_usize, tweaks in vec(arb_tweak(), 1..6)) {
        let exchange = SampleExchange::small();
        let mut bytes = match which {
            0 => exchange.row_bytes().swap_remove(0),
            1 => exchange.reserve_bytes().swap_remove(0),
            2 => exchange.terms.policy().into_bytes(),
            _ => exchange.sign(&exchange.attestation()).into_bytes(),
        };
        for tweak in &tweaks {
            apply(tweak, &mut bytes);
        }
        parse_all(&bytes);
    }
}

/// Every single bit of the file, and every byte set to what parsers care about: no sampling.
#[test]
fn no_single_byte_of_a_statement_can_be_changed_to_show_other_facts() {
    let (file, before) = honest();
    for at in 0..file.len() {
        let mut changed = file.clone();
        for byte in [file[at] ^ 1, file[at] ^ 0x80, b'0', b' '] {
            changed[at] = byte;
            let after = verify(&changed);
            if after.included == Included::Verified {
                assert_eq!(shown(&after), shown(before), "byte {at} set to {byte}");
            }
        }
    }
}
