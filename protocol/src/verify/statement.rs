//! Numbered verification of a statement (SPEC §9). The comment before each check names its step.
//!
//! Claim when the verdict is *verified*: the exchange that the policy names has signed an attestation whose tree holds
//! this account with this amount in each book of the statement, beside no negative amount, under the published total.
//! Cost: a few milliseconds a book (one multiscalar multiplication over all its tiles), and the generators once.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::authenticity::{authenticate, check_time, usable_policy};
use super::book::{book_facts, record_coverage};
use crate::attestation::{Attestation, verify_row_total};
use crate::balances::Classes;
use crate::book_row::BookRow;
use crate::digest::Digest;
use crate::error::Error;
use crate::liabilities::{Blinding, LeafOpening, Salt, TILE_BYTES, Tile, verify_path};
use crate::log::LogProof;
use crate::merkle::verify_row;
use crate::note::Note;
use crate::range_proof::{Generators, RangeStatement, verify_batch};
use crate::report::{BookFacts, Checks, Facts, Report, StatementFacts, Step, Tiles, facts};
use crate::statement::{AttachedRow, Core, OpenedBook, Statement, parse_attached_rows};

/// What the checker brings along: nothing of it may come from the file that is judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trust<'a> {
    /// Policy text (C2SP tlog-policy); `None` means every authenticity check answers "cannot tell".
    pub policy: Option<&'a [u8]>,
    /// The account the customer expects to see, where the caller asked for it.
    pub account: Option<&'a str>,
    /// Unix seconds now, from the caller's clock; asked only where no witnesses date the log.
    pub now: Option<u64>,
}

/// A verifier with its generators, which take longer to make than a statement to check: make one, use it often.
#[derive(Default)]
pub struct Verifier {
    generators: Generators,
}

/// Verifies one statement file with generators of its own. See [`Verifier::statement`].
#[must_use]
pub fn verify_statement(statement: &[u8], trust: &Trust<'_>) -> Report {
    Verifier::default().statement(statement, trust)
}

impl Verifier {
    /// The generators, for other checks.
    #[must_use]
    pub const fn generators(&self) -> &Generators {
        &self.generators
    }

    /// Verifies a statement file. Never fails: whatever is wrong is a check of the report.
    #[must_use]
    pub fn statement(&self, file: &[u8], trust: &Trust<'_>) -> Report {
        self.statement_in(file, trust, Checks::default())
    }

    /// As [`Verifier::statement`], for whoever wants to be told of each check ([`Checks::telling`]). The report alone
    /// decides.
    #[must_use]
    pub fn statement_in(&self, file: &[u8], trust: &Trust<'_>, mut checks: Checks) -> Report {
        // Step 1: form. Nothing else can be said of a file that cannot be read.
        let parts = match Parts::parse(file) {
            Ok(parts) => parts,
            Err(error) => {
                checks.record(Step::WellFormed, None, Err(error));
                return checks.into_report(None, None, Vec::new());
            }
        };
        checks.record(Step::WellFormed, None, Ok(parts.facts()));
        let Parts {
            core, attestation, ..
        } = &parts;

        // Steps 2 to 5: authenticity, from the policy alone.
        let proof = parts.log_proof.as_ref().ok_or(Error::Missing {
            what: "log proof of the statement",
        });
        let policy = usable_policy(trust.policy);
        let log = authenticate(
            &mut checks,
            policy.as_ref(),
            &parts.attestation_note,
            attestation,
            proof,
        );
        // Step 6: nobody can know balances of the future.
        let now = trust.now;
        let cosigned = log.as_ref().and_then(|log| log.time);
        checks.record(Step::InOrder, None, check_time(attestation, cosigned, now));

        // Step 7: the exchange signed this core for this attestation.
        checks.record(Step::StatementSigned, None, parts.check_core_signature());

        // Step 8: the account the customer named.
        if let Some(expected) = trust.account {
            let result = if core.account.as_str() == expected {
                Ok(Facts::new())
            } else {
                let why = "the statement is for another account".into();
                Err(Error::Mismatch {
                    what: "account",
                    why,
                })
            };
            checks.record(Step::AccountExpected, None, result);
        }

        let mut books = Vec::new();
        let mut tiles = parts.tiles;
        for (opened, attached) in core.books.iter().zip(&parts.rows) {
            let depth = attached.depth().saturating_mul(TILE_BYTES);
            // The lengths were checked in step 1; a short remainder fails step 21 by its length.
            let (path, rest) = tiles.split_at_checked(depth).unwrap_or((tiles, &[]));
            tiles = rest;
            books.push(self.book(&mut checks, &parts, opened, attached, path));
        }
        let facts = StatementFacts {
            entity: attestation.entity.clone(),
            log_origin: attestation.log_origin.clone(),
            period: attestation.period.to_string(),
            sequence: attestation.sequence,
            snapshot_time: attestation.snapshot.time,
            account: core.account.as_str().to_string(),
            attestation: core.attestation.to_string(),
        };
        checks.into_report(Some(facts), log, books)
    }

    /// Steps 19 to 24 for one book.
    fn book(
        &self,
        checks: &mut Checks,
        parts: &Parts<'_>,
        opened: &OpenedBook,
        attached: &ParsedRow<'_>,
        path: &[u8],
    ) -> BookFacts {
        let name = opened.name();
        let row = &attached.parsed;
        // Step 19: the row is under the attestation's books root and is the one the core speaks of.
        checks.record(
            Step::BookListed,
            Some(&name),
            parts.check_listed(opened, attached),
        );
        // Step 20: rounded up, once.
        let rounded = row.asset.ledger_decimals();
        let rounded = match opened.exact.round_up(rounded, row.asset.decimals()) {
            Ok(amount) if amount == opened.amount => Ok(Facts::new()),
            _ => Err(Error::Rounding),
        };
        checks.record(Step::AmountRounded, Some(&name), rounded);

        let context = parts.attestation.context(row);
        let ctx = context.as_ref().ok().map(crate::context::BookContext::ctx);
        let opening = (|| {
            let blinding = Blinding::from_bytes(opened.blinding.0)?;
            let salt = Salt::from_bytes(opened.salt.0);
            let (context, ctx) = (
                context.clone()?,
                ctx.ok_or(Error::Missing {
                    what: "book context",
                })?,
            );
            let leaf = LeafOpening {
                account: parts.core.account.as_str(),
                amount: opened.amount,
                blinding: &blinding,
                salt: &salt,
            };
            verify_path(
                &ctx,
                &context.shape,
                &row.root.node(),
                opened.index,
                &leaf.node(&ctx)?,
                path,
            )
        })();
        // Step 21: the leaf is in the tree.
        let (tiles, result) = match opening {
            Ok(tiles) => (tiles, Ok(path_facts(opened, row, path))),
            Err(error) => (Vec::new(), Err(error)),
        };
        let included = checks.record(Step::LeafIncluded, Some(&name), result);
        // Step 22: the range proof of every tile on the path.
        let ranges = match (&ctx, included) {
            (Some(ctx), true) => {
                let statements: Vec<RangeStatement<'_>> = tiles
                    .iter()
                    .map(|tile: &Tile<'_>| tile.range_statement(ctx))
                    .collect();
                verify_batch(&self.generators, &statements, &[])
                    .map_err(|(_, error)| error)
                    .map(|()| {
                        let proofs = statements.len().to_string();
                        facts([("range_proofs", proofs)])
                    })
            }
            _ => Err(Error::Missing {
                what: "a path that leads to the root",
            }),
        };
        checks.record(Step::SiblingsNonNegative, Some(&name), ranges);
        // Step 23: the total belongs to the root.
        let total = match &ctx {
            Some(ctx) => verify_row_total(&self.generators, ctx, row, &[]).map(|()| Facts::new()),
            None => Err(Error::Missing {
                what: "book context",
            }),
        };
        checks.record(Step::TotalProven, Some(&name), total);
        // Step 24: coverage, from figures that hold.
        let covered = record_coverage(checks, &name, row, Tiles::Judged);
        let mut facts = book_facts(row, checks, covered, &Classes::unchecked());
        facts.index = Some(opened.index);
        facts.exact = Some(opened.exact.to_string());
        facts.amount = Some(opened.amount.to_string());
        facts
    }
}

fn path_facts(opened: &OpenedBook, row: &BookRow, path: &[u8]) -> Facts {
    facts([
        ("leaf_index", opened.index.to_string()),
        ("leaf_count", row.leaf_count.to_string()),
        (
            "tiles",
            path.len().checked_div(TILE_BYTES).unwrap_or(0).to_string(),
        ),
        ("root_hash", row.root.hash.to_string()),
    ])
}

/// A statement whose parts are all there and well-formed.
struct Parts<'a> {
    statement: Statement<'a>,
    core_note: Note<'a>,
    core: Core,
    attestation_note: Note<'a>,
    attestation: Attestation,
    rows: Vec<ParsedRow<'a>>,
    tiles: &'a [u8],
    log_proof: Option<LogProof<'a>>,
}

struct ParsedRow<'a> {
    attached: AttachedRow<'a>,
    parsed: BookRow,
}

impl ParsedRow<'_> {
    /// Tiles on a path of this book.
    fn depth(&self) -> usize {
        crate::liabilities::Shape::new(self.parsed.leaf_count)
            .map_or(0, |shape| shape.depth().into())
    }
}

impl<'a> Parts<'a> {
    fn parse(file: &'a [u8]) -> Result<Self, Error> {
        let statement = Statement::parse(file)?;
        let core_note = Note::parse(statement.core)?;
        let core = Core::parse(core_note.unverified_text())?;
        let attestation = statement.attestation.ok_or(Error::Missing {
            what: "attestation of the statement",
        })?;
        let attestation_note = Note::parse(attestation)?;
        let attestation = Attestation::parse(attestation_note.unverified_text().as_bytes())?;
        let books = statement.books.ok_or(Error::Missing {
            what: "book rows of the statement",
        })?;
        let rows = parse_attached_rows(books, core.books.len())?
            .into_iter()
            .map(|attached| {
                Ok(ParsedRow {
                    parsed: BookRow::parse(attached.row)?,
                    attached,
                })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let tiles = statement.tiles.ok_or(Error::Missing {
            what: "tiles of the statement",
        })?;
        let expected: usize = rows
            .iter()
            .map(|row| row.depth().saturating_mul(TILE_BYTES))
            .sum();
        if tiles.len() != expected {
            return Err(Error::Length {
                what: "tiles section",
                expected: expected as u64,
                found: tiles.len() as u64,
            });
        }
        let log_proof = statement.log_proof.map(LogProof::parse).transpose()?;
        if let Some(proof) = &log_proof {
            proof.checkpoint()?;
        }
        Ok(Self {
            log_proof,
            statement,
            core_note,
            core,
            attestation_note,
            attestation,
            rows,
            tiles,
        })
    }

    fn facts(&self) -> Facts {
        let mut facts = facts([("books", self.core.books.len().to_string())]);
        if !self.statement.skipped.is_empty() {
            facts.insert("skipped_sections", self.statement.skipped.join(" "));
        }
        facts
    }

    fn check_core_signature(&self) -> Result<Facts, Error> {
        let key = self.attestation.statement_public_key()?;
        self.core_note.verify("statement", &key)?;
        let attestation = Digest::of(self.attestation_note.unverified_text().as_bytes());
        if attestation != self.core.attestation {
            let why = "the statement was signed for another attestation".into();
            return Err(Error::Mismatch {
                what: "attestation",
                why,
            });
        }
        Ok(facts([
            ("statement_key", key.to_string()),
            ("attestation", attestation.to_string()),
        ]))
    }

    fn check_listed(&self, opened: &OpenedBook, row: &ParsedRow<'_>) -> Result<Facts, Error> {
        let AttachedRow {
            index,
            path,
            row: bytes,
        } = &row.attached;
        let books = &self.attestation.books;
        verify_row("book row", bytes, *index, books.count, path, &books.root)?;
        if row.parsed.asset.id().as_str() != opened.asset || row.parsed.kind != opened.kind {
            let why: String = format!(
                "the row is of {}, the statement of {}",
                row.parsed.name(),
                opened.name()
            );
            return Err(Error::Mismatch { what: "book", why });
        }
        Ok(facts([
            ("row", index.to_string()),
            ("rows", books.count.to_string()),
        ]))
    }
}
