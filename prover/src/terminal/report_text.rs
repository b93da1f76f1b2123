//! A report in words, for people at a terminal.

use std::fmt::Write as _;

use por_protocol::amount::{Amount, Decimals, ExactAmount};
use por_protocol::report::{
    BookFacts, Check, Covered, Included, LogFacts, Outcome, Report, StatementFacts, TotalFacts,
};
use por_protocol::shown;

/// The question that the headline verdict answers.
#[derive(Clone, Copy, Debug)]
pub enum Question {
    /// Of a statement.
    Included,
    /// Of a publication.
    BooksTrue,
}

impl Question {
    const fn words(self) -> &'static str {
        match self {
            Self::Included => "Included?",
            Self::BooksTrue => "Books true?",
        }
    }
}

/// Facts of checks that passed which a reader should know all the same.
const TOLD: [&str; 10] = [
    "approved_by",
    "cosigned_by",
    "delegated",
    "readings_of_later_blocks",
    "safes_with_modules",
    "signed_after",
    "logged_before",
    "superseded_by",
    "supersedes",
    "wrapped",
];

/// The whole report as text; `brought` is what the checker came with.
#[must_use]
pub fn render(report: &Report, question: Question, brought: &[(&str, String)]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_report(&mut text, report, question, brought);
    text
}

fn write_report(
    out: &mut String,
    report: &Report,
    question: Question,
    brought: &[(&str, String)],
) -> std::fmt::Result {
    writeln!(out, "{}  {}", question.words(), included(report.included))?;
    if let Some(facts) = &report.statement {
        writeln!(out, "  account      {}", facts.account)?;
        if !report
            .checks
            .iter()
            .any(|check| check.id == "account-expected")
        {
            writeln!(
                out,
                "               Is this your account, spelt exactly so? This check did not ask."
            )?;
        }
    }
    let signed = report.statement.as_ref().map(StatementFacts::signed);
    if let Some(facts) = signed.as_ref().or(report.attestation.as_ref()) {
        writeln!(
            out,
            "  exchange     {} ({})",
            facts.entity, facts.log_origin
        )?;
        writeln!(
            out,
            "  period       {}, attestation {}",
            facts.period, facts.sequence
        )?;
        writeln!(out, "  snapshot     {}", time(facts.snapshot_time))?;
        writeln!(out, "  attestation  {}", facts.digest)?;
    }
    if let Some(head) = &report.log {
        writeln!(out, "  log head     {}", log_head(head))?;
    }
    for (name, value) in brought {
        writeln!(out, "  {name:<12} {value}")?;
    }
    if report.books.iter().any(|book| book.amount.is_some()) {
        writeln!(out, "\nIs this your balance?")?;
        for book in &report.books {
            writeln!(out, "  {:<8} {}", book.asset, balance(book))?;
        }
    }
    if !report.books.is_empty() {
        writeln!(out, "\nCovered?")?;
        for book in &report.books {
            writeln!(out, "  {:<8} {}", book.asset, coverage(book))?;
        }
        let mut classes: Vec<&str> = Vec::new();
        for sum in report.books.iter().flat_map(|book| &book.reserves) {
            if !classes.contains(&sum.class) {
                classes.push(sum.class);
            }
        }
        for class in classes {
            writeln!(out, "  class {class}: {}", class_words(class))?;
        }
    }
    writeln!(out, "\nChecks")?;
    for check in &report.checks {
        write_check(out, check)?;
    }
    writeln!(out, "\nNot proven by this")?;
    for item in &report.not_proven {
        writeln!(out, "  - {}", item.text)?;
    }
    Ok(())
}

fn write_check(out: &mut String, check: &Check) -> std::fmt::Result {
    let mark = match check.outcome {
        Outcome::Passed => "ok  ",
        Outcome::Failed => "FAIL",
        Outcome::CannotTell => "?   ",
    };
    let book = check
        .book
        .as_ref()
        .map(|book| format!(" [{book}]"))
        .unwrap_or_default();
    writeln!(
        out,
        "  {mark} {:>2} {}{book}: {}",
        check.step, check.id, check.claim
    )?;
    if let (Some(reason), Some(detail)) = (check.reason, &check.detail) {
        writeln!(out, "          {reason}: {detail}")?;
        if reason == "node-hash" || detail.ends_with("is damaged") {
            writeln!(
                out,
                "          The copy is damaged: fetch it again before you accuse anybody."
            )?;
        }
    }
    for name in TOLD {
        if let Some(value) = check.facts.get(name) {
            let (name, value) = (name.replace('_', " "), shown::line(value));
            writeln!(out, "          {name}: {value}")?;
        }
    }
    Ok(())
}

fn log_head(head: &LogFacts) -> String {
    let entries = match head.size {
        1 => "1 entry".to_string(),
        size => format!("{size} entries"),
    };
    let dated = match head.time {
        Some(seconds) => format!(
            "current at {} by {}",
            time(seconds),
            head.witnesses.join(", ")
        ),
        None => "not dated: the policy asks for no witnesses".into(),
    };
    format!("{entries}, {dated}; later corrections not seen")
}

/// What a class of evidence is worth (SPEC §7.5).
fn class_words(class: &str) -> &'static str {
    match class {
        "A" => "proven against a block that you have confirmed",
        "B" => "read again by your own node",
        "C" => "several nodes agree, which the exchange names",
        "A, block unconfirmed" => {
            "proven against a block that nobody confirmed, so worth no more than D; `por audit` with own nodes can raise it"
        }
        _ => "the exchange's own signed word; `por audit` with own nodes can raise it",
    }
}

fn included(verdict: Included) -> &'static str {
    match verdict {
        Included::Verified => "verified",
        Included::NotVerified => "NOT VERIFIED",
        Included::CannotTell => "cannot tell",
    }
}

fn balance(book: &BookFacts) -> String {
    let exact = book
        .exact
        .as_ref()
        .and_then(|text| text.parse::<ExactAmount>().ok());
    let amount = book
        .amount
        .as_ref()
        .and_then(|text| text.parse::<Amount>().ok());
    let (Some(exact), Some(amount)) = (exact, amount) else {
        return "cannot be read".into();
    };
    let (exact, counted) = (
        decimals(book.ledger_decimals)
            .map(|decimals| exact.to_units(decimals))
            .unwrap_or_default(),
        decimals(book.decimals)
            .map(|decimals| amount.to_units(decimals))
            .unwrap_or_default(),
    );
    if exact == counted {
        exact
    } else {
        format!("{exact}  (counted as {counted}, rounded up)")
    }
}

fn coverage(book: &BookFacts) -> String {
    let verdict = match book.covered {
        Covered::Covered => "covered",
        Covered::NotCovered => "NOT COVERED",
        Covered::CannotTell => "cannot tell",
    };
    let required = match &book.total {
        TotalFacts::Public { amount } => format!("liabilities {}", units(book, amount)),
        TotalFacts::Sealed { bound } => {
            format!("liabilities sealed, at most {}", units(book, bound))
        }
    };
    // Several kinds of evidence may be of one class, before anybody checked them.
    let mut classes: Vec<(String, Option<Amount>)> = Vec::new();
    for sum in &book.reserves {
        let (class, amount) = (sum.class.to_string(), sum.amount.parse::<Amount>().ok());
        match classes.iter_mut().find(|(known, _)| *known == class) {
            Some((_, total)) => {
                *total = total
                    .zip(amount)
                    .and_then(|(total, more)| total.checked_add(more).ok());
            }
            None => classes.push((class, amount)),
        }
    }
    let reserves: Vec<String> = classes
        .iter()
        .map(|(class, amount)| {
            let atoms = amount.map_or(String::new(), |amount| amount.to_string());
            format!("{} (class {class})", units(book, &atoms))
        })
        .collect();
    let reserves = if reserves.is_empty() {
        "none".to_string()
    } else {
        reserves.join(" + ")
    };
    format!("{verdict:<12} {required}; reserves {reserves}")
}

fn units(book: &BookFacts, atoms: &str) -> String {
    let amount = atoms.parse::<Amount>().ok();
    let units =
        amount.and_then(|amount| decimals(book.decimals).map(|decimals| amount.to_units(decimals)));
    units.unwrap_or_else(|| "?".into())
}

fn decimals(value: u8) -> Option<Decimals> {
    Decimals::new(value).ok()
}

/// An instant as RFC 3339, UTC.
#[must_use]
pub fn time(unix: u64) -> String {
    let instant = std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(unix));
    instant.map_or_else(
        || unix.to_string(),
        |instant| humantime::format_rfc3339_seconds(instant).to_string(),
    )
}
