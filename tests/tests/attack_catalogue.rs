//! The list of attacks in `protocol/notes/attacks.md`, held against the tests that the tree has.
//!
//! A test is about a row if its name holds the row's id: `t_08_…`, or `u_13_b_09_…` for two of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const CATALOGUE: &str = include_str!("../../protocol/notes/attacks.md");
/// Rooms whose tests count.
const ROOMS: [&str; 5] = ["protocol", "prover", "tests", "verifier-wasm", "web"];
/// Rows that have no test, and say why in its place.
const WITHOUT_TEST: [&str; 2] = ["R-12", "K-06"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the tree") {
        let path = entry.expect("an entry of it").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !["node_modules", "target", "dist"].contains(&name.as_ref()) {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") || name.ends_with(".test.ts") {
            found.push(path);
        }
    }
}

/// The ids at the start of a test's name: `s_01_s_11_text` gives S-01 and S-11. Number 00 is no attack: what it names holds
/// before anything is tampered with.
fn ids(name: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut parts = name.split('_');
    while let (Some(letter), Some(number)) = (parts.next(), parts.next()) {
        let is_id = letter.len() == 1
            && letter.bytes().all(|byte| byte.is_ascii_lowercase())
            && number.len() == 2
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && number != "00";
        if !is_id {
            break;
        }
        ids.push(format!("{}-{number}", letter.to_uppercase()));
    }
    ids
}

/// Names in a file that begin with an id: of functions, and of calls of `test(` and `it(`.
fn names(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in source.lines() {
        let line = line.trim_start();
        let rest = line.strip_prefix("fn ").or_else(|| {
            let call = line.strip_prefix("test(").or(line.strip_prefix("it("))?;
            call.strip_prefix(['\'', '"', '`'])
        });
        let name: String = rest
            .unwrap_or_default()
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        if !ids(&name).is_empty() {
            names.push(name);
        }
    }
    names
}

/// Id → files whose tests are about it.
fn tested() -> BTreeMap<String, BTreeSet<String>> {
    let root = root();
    let mut files = Vec::new();
    for room in ROOMS {
        sources(&root.join(room), &mut files);
    }
    let mut tested: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files {
        let source = fs::read_to_string(&path).expect("a source file in UTF-8");
        let file = path.strip_prefix(&root).expect("a file of the tree");
        for id in names(&source).iter().flat_map(|name| ids(name)) {
            let files = tested.entry(id).or_default();
            files.insert(file.to_string_lossy().into_owned());
        }
    }
    tested
}

/// Id → files that the catalogue names for it.
fn listed() -> BTreeMap<String, BTreeSet<String>> {
    let mut listed = BTreeMap::new();
    for line in CATALOGUE.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let (Some(id), Some(tests)) = (cells.first(), cells.last()) else {
            continue;
        };
        let name = id.to_lowercase().replace('-', "_");
        if ids(&name) != [id.to_string()] {
            continue;
        }
        let files = tests
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        let twice = listed.insert(id.to_string(), files);
        assert_eq!(twice, None, "{id} stands twice");
    }
    listed
}

#[test]
fn every_attack_has_its_tests_and_every_test_its_attack() {
    let (listed, tested) = (listed(), tested());
    // Nothing to compare would pass.
    assert!(listed.len() >= 180, "{} rows were found", listed.len());
    for (id, files) in &listed {
        let found = tested.get(id).cloned().unwrap_or_default();
        assert_eq!(*files, found, "files of the tests about {id}");
        let excused = WITHOUT_TEST.contains(&id.as_str());
        assert_eq!(found.is_empty(), excused, "{id} has tests, or says why not");
    }
    let known: BTreeSet<_> = listed.keys().collect();
    let strange: Vec<_> = tested.keys().filter(|id| !known.contains(id)).collect();
    assert!(
        strange.is_empty(),
        "tests about rows that are not there: {strange:?}"
    );
}
