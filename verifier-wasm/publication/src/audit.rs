//! All tiles of the attestation that a statement holds, a few hundred at a time, for workers that share the books.
//!
//! The attestation is the statement's own, whose signatures the report judges; the list of books must be the one that it
//! binds. Then a walk from the root down: what [`Audit::verify`] returns of one subtree are the tops of those below it, so
//! every byte that is judged hangs on the signed root, whoever fetched it. The same steps as `por audit` (SPEC §10, steps 11
//! and 21 to 23), by the same code.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use por_protocol::attestation::{Attestation, verify_row_total};
use por_protocol::book_row::BookRow;
use por_protocol::digest::Digest;
use por_protocol::error::Error;
use por_protocol::liabilities::{
    Commitment, Node, PackRange, Position, Shape, Subtree, TILE_BYTES, pack_name, pack_ranges,
    unit_bottom, verify_subtree,
};
use por_protocol::note::Note;
use por_protocol::range_proof::Generators;
use por_protocol::statement::Statement;
use por_wasm_runtime::{Thrown, thrown};
use wasm_bindgen::prelude::wasm_bindgen;

/// A top as it travels between the page and its workers: level, index, commitment, hash.
const TOP_BYTES: usize = 1 + 8 + 32 + 32;
/// Of a leaf, the first half of its hash comes back: enough to tell any two leaves of a tree apart.
const LEAF_BYTES: usize = 16;

/// The books of one attestation.
#[wasm_bindgen]
pub struct Audit {
    attestation: Attestation,
    books: Vec<BookRow>,
    generators: Generators,
}

#[wasm_bindgen]
impl Audit {
    /// Reads the attestation of `statement` and compares `books`, byte for byte a `books.jsonl`, with what it binds.
    ///
    /// # Errors
    ///
    /// Throws where either cannot be read, or the list is another one.
    #[wasm_bindgen(constructor)]
    pub fn new(statement: &[u8], books: &[u8]) -> Result<Self, Thrown> {
        Self::open(statement, books).map_err(|error| thrown(&error))
    }

    /// The books as JSON: `[{name, folder, tiles, leaves}]`; numbers are texts. `folder` is that of the book's tiles.
    #[must_use]
    pub fn books(&self) -> String {
        list(self.books.iter().map(|row| {
            let tiles = Shape::new(row.leaf_count).map_or(0, |shape| shape.tiles());
            let (name, kind) = (row.name(), row.kind.as_str());
            let folder = format!(
                "{:06}/tiles/{}-{kind}",
                self.attestation.sequence,
                row.asset.id()
            );
            let leaves = row.leaf_count;
            format!(
                r#"{{"name":"{name}","folder":"{folder}","tiles":"{tiles}","leaves":"{leaves}"}}"#
            )
        }))
    }

    /// The top of a whole book, after its total was found to be what the root opens to.
    ///
    /// # Errors
    ///
    /// Throws where the total is another one.
    pub fn root(&self, book: usize) -> Result<Vec<u8>, Thrown> {
        let row = self.book(book).map_err(|error| thrown(&error))?;
        let top = (|| {
            let context = self.attestation.context(row)?;
            verify_row_total(&self.generators, &context.ctx(), row, &[])?;
            Ok(encode(context.shape.root(), &row.root.node()))
        })();
        top.map_err(|error| thrown(&error))
    }

    /// Where the tiles of the subtree of `top` lie, as JSON: `[{pack, offset, length, whole}]`, in the order that
    /// [`Audit::verify`] takes them. `pack` is a path in the book's folder, `whole` the bytes that the file must have.
    ///
    /// # Errors
    ///
    /// Throws for a top that is none.
    pub fn ranges(&self, book: usize, top: &[u8]) -> Result<String, Thrown> {
        let ranges = (|| {
            let shape = Shape::new(self.book(book)?.leaf_count)?;
            let subtree = decode(top, &shape)?;
            let ranges = pack_ranges(&shape, &subtree, unit_bottom(subtree.top.level));
            Ok(list(ranges.into_iter().map(|range| {
                let pack = pack_name(range.level, range.pack);
                let PackRange {
                    offset,
                    length,
                    whole,
                    ..
                } = range;
                format!(
                    r#"{{"pack":"{pack}","offset":{offset},"length":{length},"whole":{whole}}}"#
                )
            })))
        })();
        ranges.map_err(|error| thrown(&error))
    }

    /// Verifies all tiles of the subtree of `top`, whose records follow one another in `records`. Returns the tops below them,
    /// or, of a subtree that ends in leaves, 16 bytes of each leaf's hash.
    ///
    /// # Errors
    ///
    /// Throws, with the place, where any byte is not what the root binds, or any range proof is false.
    pub fn verify(&self, book: usize, top: &[u8], records: &[u8]) -> Result<Vec<u8>, Thrown> {
        self.verify_top(book, top, records)
            .map_err(|error| thrown(&error))
    }

    fn open(statement: &[u8], books: &[u8]) -> Result<Self, Error> {
        let note = Statement::parse(statement)?
            .attestation
            .ok_or(Error::Missing {
                what: "attestation",
            })?;
        let attestation = Attestation::parse(Note::parse(note)?.unverified_text().as_bytes())?;
        Ok(Self {
            books: attestation.bound_books(books)?,
            attestation,
            generators: Generators::new(),
        })
    }

    fn book(&self, book: usize) -> Result<&BookRow, Error> {
        self.books.get(book).ok_or(Error::Missing { what: "book" })
    }

    fn verify_top(&self, book: usize, top: &[u8], records: &[u8]) -> Result<Vec<u8>, Error> {
        let context = self.attestation.context(self.book(book)?)?;
        let (ctx, shape) = (context.ctx(), context.shape);
        let subtree = decode(top, &shape)?;
        let bottom = unit_bottom(subtree.top.level);
        let mut levels = Vec::new();
        let mut rest = records;
        for level in (bottom..=subtree.top.level).rev() {
            let (_, count) = subtree.span(&shape, level);
            let bytes = usize::try_from(count).unwrap_or(usize::MAX);
            let Some((records, below)) = rest.split_at_checked(bytes.saturating_mul(TILE_BYTES))
            else {
                return Err(Error::Length {
                    what: "level of tiles",
                    expected: count.saturating_mul(TILE_BYTES as u64),
                    found: rest.len() as u64,
                });
            };
            levels.push(records);
            rest = below;
        }
        if !rest.is_empty() {
            return Err(Error::Length {
                what: "subtree",
                expected: records.len().saturating_sub(rest.len()) as u64,
                found: records.len() as u64,
            });
        }
        let below = verify_subtree(&self.generators, &ctx, &shape, &subtree, &levels, &[])?;
        let mut bytes = Vec::new();
        for (position, node) in &below {
            if bottom == 1 {
                bytes.extend(node.hash.as_bytes().iter().take(LEAF_BYTES));
            } else {
                bytes.extend(encode(*position, node));
            }
        }
        Ok(bytes)
    }
}

/// Are all leaves different? `leaves` has 16 bytes of each: one leaf given to two accounts would stand in the tree twice.
#[wasm_bindgen]
#[must_use]
pub fn leaves_differ(leaves: &[u8]) -> bool {
    let (chunks, rest) = leaves.as_chunks::<LEAF_BYTES>();
    let mut chunks = chunks.to_vec();
    chunks.sort_unstable();
    rest.is_empty() && chunks.windows(2).all(|pair| pair.first() != pair.last())
}

/// A JSON list of items that are JSON. Names of books and packs hold no character that JSON escapes.
fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(","))
}

fn encode(position: Position, node: &Node) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(TOP_BYTES);
    bytes.push(position.level);
    bytes.extend(position.index.to_le_bytes());
    bytes.extend(node.commitment.as_bytes());
    bytes.extend(node.hash.as_bytes());
    bytes
}

fn decode(top: &[u8], shape: &Shape) -> Result<Subtree, Error> {
    let wrong = || Error::Length {
        what: "top",
        expected: TOP_BYTES as u64,
        found: top.len() as u64,
    };
    let (level, rest) = top.split_first().ok_or_else(wrong)?;
    let (index, rest) = rest.split_first_chunk().ok_or_else(wrong)?;
    let (commitment, rest) = rest.split_first_chunk().ok_or_else(wrong)?;
    let hash = rest.try_into().map_err(|_| wrong())?;
    let top = Position {
        level: *level,
        index: u64::from_le_bytes(*index),
    };
    // A leaf, or a place outside the tree, would be a subtree of no tiles, of which nothing is false.
    if top.level == 0 || top.level > shape.depth() || top.index >= shape.nodes(top.level) {
        return Err(Error::Missing {
            what: "tile of the tree",
        });
    }
    let node = Node {
        commitment: Commitment::from_bytes(commitment)?,
        hash: Digest::from_bytes(hash),
    };
    Ok(Subtree { top, node })
}
