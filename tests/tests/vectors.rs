//! Every vector of `fixtures/vectors`: a new file is a new test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use acceptance::{vector_cases, vectors};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vectors")
}

/// Text of every case, by its path below the folder.
fn stored() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for object in std::fs::read_dir(folder()).unwrap() {
        let object = object.unwrap().path();
        if !object.is_dir() {
            continue;
        }
        for case in std::fs::read_dir(&object).unwrap() {
            let case = case.unwrap().path();
            let name = case.strip_prefix(folder()).unwrap();
            let name = name.to_str().unwrap().to_owned();
            found.insert(name, std::fs::read_to_string(&case).unwrap());
        }
    }
    found
}

#[test]
fn every_vector_gives_what_it_expects() {
    let stored = stored();
    assert!(stored.len() > 300, "{} vectors", stored.len());
    let mut failures = Vec::new();
    for (name, text) in &stored {
        if let Err(why) = vectors::run(text) {
            failures.push(format!("{name}: {why}"));
        }
        let object = name.split('/').next().unwrap();
        assert!(
            text.contains(&format!("\"object\": \"{object}\"")),
            "{name} lies in the wrong folder"
        );
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_generator_makes_the_same_bytes() {
    let (made, stored) = (vector_cases::all(), stored());
    let remedy = "run `cargo run --release -p acceptance --bin make-vectors` and look at the diff";
    for (name, text) in &made {
        assert_eq!(stored.get(name), Some(text), "{name}: {remedy}");
    }
    for name in stored.keys() {
        assert!(
            made.contains_key(name),
            "{name} is not made by the generator: {remedy}"
        );
    }
}

#[test]
fn a_wrong_expectation_is_noticed() {
    let text = std::fs::read_to_string(folder().join("tile/negative-child.json")).unwrap();
    assert!(vectors::run(&text.replace("\"expect\": \"range\"", "\"expect\": \"ok\"")).is_err());
    assert!(vectors::run(&text.replace("\"object\": \"tile\"", "\"object\": \"tale\"")).is_err());
    assert!(vectors::run(&text.replace("\"expect\"", "\"extra\": \"\", \"expect\"")).is_err());
    assert!(vectors::run("{}").is_err());
}
