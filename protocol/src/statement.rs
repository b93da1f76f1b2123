//! The statement: the one file a customer receives (SPEC §8).
//!
//! A magic line, then sections `<name> <length>\n<bytes>\n`: first `core`, a note signed by the statement key; then
//! unsigned attachments, each bound by what the core or the attestation says. Attachments are typed: a verifier skips a
//! type it does not know (and says so), and answers "cannot tell" if one it needs is missing.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use crate::account::AccountId;
use crate::amount::{Amount, ExactAmount};
use crate::asset::AssetId;
use crate::book_row::{MAX_ROW_BYTES, book_name};
use crate::digest::Digest;
use crate::error::Error;
use crate::hex_bytes::HexSecret;
use crate::json;
use crate::kind::Kind;
use crate::suite::{STATEMENT_FORMAT, require, require_format};

/// A customer with every asset of a large exchange stays far below; more is refused before it is read.
pub const MAX_STATEMENT_BYTES: usize = 50_000_000;
/// A core with 4,096 books of 400 bytes.
const MAX_CORE_BYTES: usize = 2_000_000;
/// Log proof and what else may come.
const MAX_SECTIONS: usize = 32;

/// What the exchange says of one account in one book.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct OpenedBook {
    /// Asset id.
    pub asset: String,
    /// Kind of book.
    pub kind: Kind,
    /// Index of the account's leaf.
    pub index: u64,
    /// The balance as the ledger has it, at the asset's `ledger_decimals`.
    pub exact: ExactAmount,
    /// `exact` rounded up to atoms: the amount in the leaf.
    pub amount: Amount,
    /// Blinding of the commitment, 64 hex characters.
    pub blinding: HexSecret,
    /// Salt of the leaf hash, 64 hex characters.
    pub salt: HexSecret,
}

json::object!(OpenedBook {
    asset,
    kind,
    index,
    exact,
    amount,
    blinding,
    salt
});

impl OpenedBook {
    /// `BTC/owed`.
    #[must_use]
    pub fn name(&self) -> String {
        book_name(&self.asset, self.kind)
    }
}

/// The signed core.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Core {
    /// [`STATEMENT_FORMAT`].
    pub format: String,
    /// SHA-256 of the exact attestation bytes.
    pub attestation: Digest,
    /// The account as the customer knows it.
    pub account: AccountId,
    /// Every book the account is in.
    pub books: Vec<OpenedBook>,
    /// The exchange's word that the account has no other balance in any book; always true.
    pub no_other_balance: bool,
}

json::object!(Core {
    format,
    attestation,
    account,
    books,
    no_other_balance
});

impl Core {
    /// Parses and checks the text of the core's note.
    ///
    /// # Errors
    /// [`Error::Unsupported`], [`Error::Syntax`], [`Error::Vacuous`], [`Error::Duplicate`], [`Error::Field`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bytes = text.as_bytes();
        require_format("statement format", bytes, MAX_CORE_BYTES, STATEMENT_FORMAT)?;
        let core: Self = json::parse("statement", bytes, MAX_CORE_BYTES)?;
        require("statement format", &core.format, STATEMENT_FORMAT)?;
        if core.books.is_empty() {
            return Err(Error::Vacuous {
                what: "the statement's list of books",
            });
        }
        if !core.no_other_balance {
            return Err(Error::Field {
                what: "no_other_balance",
                why: "it must be true".into(),
            });
        }
        for (index, book) in core.books.iter().enumerate() {
            AssetId::new(book.asset.as_str()).map_err(|error| Error::Field {
                what: "asset",
                why: error.to_string(),
            })?;
            let same = |other: &OpenedBook| other.asset == book.asset && other.kind == book.kind;
            if core.books.iter().take(index).any(same) {
                return Err(Error::Duplicate {
                    what: "book",
                    found: book.name(),
                });
            }
        }
        Ok(core)
    }
}

/// A book row with its place under the attestation's books root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedRow<'a> {
    /// Index of the row in `books.jsonl`.
    pub index: u64,
    /// RFC 6962 audit path, from the row up.
    pub path: Vec<Digest>,
    /// The exact row bytes.
    pub row: &'a [u8],
}

#[derive(Serialize)]
struct RowPlace {
    index: u64,
    path: Vec<Digest>,
}

json::object!(RowPlace { index, path });

/// Names of the sections, in the order in which they are written.
const SECTIONS: [&str; 5] = ["core", "attestation", "books", "tiles", "log-proof"];

/// A statement's sections, undecoded but for their framing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Note of the core.
    pub core: &'a [u8],
    /// The attestation's note.
    pub attestation: Option<&'a [u8]>,
    /// Book rows with their paths, one for each book of the core, in its order.
    pub books: Option<&'a [u8]>,
    /// Tiles from the root to the leaf, for each book of the core, in its order.
    pub tiles: Option<&'a [u8]>,
    /// A `c2sp.org/tlog-proof@v1` of the attestation.
    pub log_proof: Option<&'a [u8]>,
    /// Names of sections this version does not know.
    pub skipped: Vec<&'a str>,
}

impl<'a> Statement<'a> {
    /// Splits a file into its sections.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Unsupported`] for another version, [`Error::Syntax`].
    pub fn parse(file: &'a [u8]) -> Result<Self, Error> {
        if file.len() > MAX_STATEMENT_BYTES {
            return Err(Error::TooLarge {
                what: "statement",
                limit: MAX_STATEMENT_BYTES as u64,
                found: file.len() as u64,
            });
        }
        let refuse = |why: &str| Error::Syntax {
            what: "statement",
            why: why.into(),
        };
        let (magic, mut rest) =
            split_line(file).ok_or_else(|| refuse("it is not a statement file"))?;
        if !magic.starts_with("por/statement/") {
            return Err(refuse("it is not a statement file"));
        }
        require("statement format", magic, STATEMENT_FORMAT)?;
        let mut sections: Vec<(&str, &[u8])> = Vec::new();
        while !rest.is_empty() {
            if sections.len() == MAX_SECTIONS {
                return Err(refuse("it has more than 32 sections"));
            }
            let (header, after) =
                split_line(rest).ok_or_else(|| refuse("a section header is malformed"))?;
            let (name, length) = header
                .split_once(' ')
                .ok_or_else(|| refuse("a section header is malformed"))?;
            let word = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            if name.is_empty() || name.len() > 32 || !name.bytes().all(word) {
                return Err(refuse("a section name is malformed"));
            }
            let strict = length.bytes().all(|byte| byte.is_ascii_digit())
                && (length == "0" || !length.starts_with('0'));
            let length: usize = length
                .parse()
                .ok()
                .filter(|_| strict)
                .ok_or_else(|| refuse("a section length is malformed"))?;
            let (bytes, after) = after
                .split_at_checked(length)
                .ok_or_else(|| refuse("it is cut short"))?;
            rest = after
                .strip_prefix(b"\n")
                .ok_or_else(|| refuse("a section does not end where its length says"))?;
            if sections.iter().any(|(other, _)| *other == name) {
                return Err(Error::Duplicate {
                    what: "section",
                    found: name.into(),
                });
            }
            sections.push((name, bytes));
        }
        let known = |wanted: &str| {
            sections
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, bytes)| *bytes)
        };
        Ok(Self {
            core: known("core").ok_or(Error::Missing {
                what: "core of the statement",
            })?,
            attestation: known("attestation"),
            books: known("books"),
            tiles: known("tiles"),
            log_proof: known("log-proof"),
            skipped: sections
                .iter()
                .map(|(name, _)| *name)
                .filter(|name| !SECTIONS.contains(name))
                .collect(),
        })
    }

    /// Writes a file from its parts; `rows` in the order of the core's books. A file without a log proof can be issued
    /// before the attestation is logged, and proves only what its signatures prove.
    #[must_use]
    pub fn encode(
        core: &str,
        attestation: &[u8],
        rows: &[AttachedRow<'_>],
        tiles: &[u8],
        log_proof: Option<&str>,
    ) -> Vec<u8> {
        let mut books = Vec::new();
        for attached in rows {
            let place = RowPlace {
                index: attached.index,
                path: attached.path.clone(),
            };
            // A list of digests always has a JSON form.
            books.extend_from_slice(&serde_json::to_vec(&place).unwrap_or_default());
            books.push(b'\n');
            books.extend_from_slice(attached.row);
            books.push(b'\n');
        }
        let mut file = Vec::from(STATEMENT_FORMAT.as_bytes());
        file.push(b'\n');
        let sections = [
            Some(core.as_bytes()),
            Some(attestation),
            Some(&books),
            Some(tiles),
            log_proof.map(str::as_bytes),
        ];
        for (name, bytes) in SECTIONS.iter().zip(sections) {
            let Some(bytes) = bytes else { continue };
            file.extend_from_slice(name.as_bytes());
            file.push(b' ');
            file.extend_from_slice(bytes.len().to_string().as_bytes());
            file.push(b'\n');
            file.extend_from_slice(bytes);
            file.push(b'\n');
        }
        file
    }
}

/// Splits the `books` section into its rows.
///
/// # Errors
/// [`Error::Syntax`]; [`Error::Count`] unless there are exactly `expected` rows.
pub fn parse_attached_rows(section: &[u8], expected: usize) -> Result<Vec<AttachedRow<'_>>, Error> {
    let refuse = |why: &str| Error::Syntax {
        what: "books section",
        why: why.into(),
    };
    let lines = match section.strip_suffix(b"\n") {
        Some(lines) => lines,
        None => return Err(refuse("it must end in a line feed")),
    };
    let mut lines = lines.split(|byte| *byte == b'\n');
    let mut rows = Vec::new();
    while let Some(place) = lines.next() {
        let row = lines
            .next()
            .ok_or_else(|| refuse("a place without its row"))?;
        let RowPlace { index, path } = json::parse("place of a book row", place, MAX_ROW_BYTES)?;
        rows.push(AttachedRow { index, path, row });
        if rows.len() > expected {
            break;
        }
    }
    if rows.len() != expected {
        return Err(Error::Count {
            what: "attached book rows",
            expected: expected as u64,
            found: rows.len() as u64,
        });
    }
    Ok(rows)
}

/// A line of at most 64 ASCII characters, and what follows its line feed.
fn split_line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().take(65).position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    let line = core::str::from_utf8(line)
        .ok()
        .filter(|line| line.is_ascii())?;
    Some((line, rest.strip_prefix(b"\n")?))
}
