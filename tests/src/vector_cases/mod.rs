//! Makes every vector of `fixtures/vectors`, from fixed seeds: the expectation is written down here, by hand; `output` is
//! what the code gave when the vector was made, pinned by the file.

mod addresses;
mod documents;
mod points;
mod state_proofs;
mod statements;
mod texts;
mod trees;

use std::collections::BTreeMap;

use crate::vectors::Vector;

/// All vectors while they are made.
#[derive(Default)]
pub struct Cases(BTreeMap<String, Vector>);

impl Cases {
    /// Adds one; `case` becomes its file name.
    ///
    /// # Panics
    /// If the object has such a case already.
    pub fn add(
        &mut self,
        object: &str,
        case: &str,
        description: &str,
        input: &[(&str, &str)],
        expect: &str,
    ) -> &mut Vector {
        let path = format!("{object}/{case}.json");
        assert!(!self.0.contains_key(&path), "{path} is made twice");
        self.0.entry(path).or_insert(Vector {
            object: object.into(),
            description: description.into(),
            input: input
                .iter()
                .map(|(name, text)| ((*name).into(), (*text).into()))
                .collect(),
            expect: expect.into(),
            output: BTreeMap::new(),
        })
    }
}

impl Vector {
    /// Pins one fact of the result.
    pub fn giving(&mut self, name: &str, text: impl Into<String>) -> &mut Self {
        self.output.insert(name.into(), text.into());
        self
    }
}

/// Every vector: path below `fixtures/vectors`, and the exact text of the file.
///
/// # Panics
/// If a case cannot be made: a fault of the generator.
#[must_use]
pub fn all() -> BTreeMap<String, String> {
    let mut cases = Cases::default();
    points::add(&mut cases);
    texts::add(&mut cases);
    documents::add(&mut cases);
    addresses::add(&mut cases);
    trees::add(&mut cases);
    statements::add(&mut cases);
    state_proofs::add(&mut cases);
    let write = |vector: &Vector| {
        let mut text = serde_json::to_string_pretty(vector).expect("a vector has a JSON form");
        text.push('\n');
        text
    };
    let files = cases.0.iter();
    files
        .map(|(path, vector)| (path.clone(), write(vector)))
        .collect()
}

/// `text` with the one occurrence of `from` changed.
fn changed(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from} in {text}");
    text.replace(from, to)
}
