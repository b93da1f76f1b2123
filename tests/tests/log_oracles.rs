//! The log against implementations by others, for every size up to 300: `ct-merkle` (roots, inclusion, consistency),
//! `tlog_tiles` (Go's tlog in Rust: stored hashes, proofs, tiles, checkpoints) and `signed_note`.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use por_protocol::digest::Digest;
use por_protocol::log::tiles::LogTree;
use por_protocol::log::{Checkpoint, TreeSize, prove_consistency, verify_consistency};
use por_protocol::merkle::{RowTree, verify_row};
use por_protocol::note::{KeyName, Note, PublicKey, SecretKey};
use sha2::Sha256;
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{Hash, HashReader, Tile};

const SIZES: usize = 300;

fn entries() -> Vec<Vec<u8>> {
    (0..SIZES)
        .map(|entry| format!("entry {entry}").into_bytes())
        .collect()
}

fn origin() -> KeyName {
    KeyName::new("example.com/por").unwrap()
}

fn joined(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// Hashes in the order in which Go's tlog stores them.
struct Stored(Vec<Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let read = |index: &u64| self.0[usize::try_from(*index).unwrap()];
        Ok(indexes.iter().map(read).collect())
    }
}

fn stored(entries: &[Vec<u8>]) -> Stored {
    let mut stored = Stored(Vec::new());
    for (index, entry) in (0..).zip(entries) {
        let hashes = tlog_tiles::stored_hashes(index, entry, &stored).unwrap();
        stored.0.extend(hashes);
    }
    stored
}

#[test]
fn roots_and_proofs_are_those_of_ct_merkle() {
    let entries = entries();
    let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for size in 1..=SIZES {
        theirs.push(entries[size - 1].clone());
        let ours = LogTree::new(entries[..size].to_vec());
        assert_eq!(
            ours.root().as_bytes()[..],
            theirs.root().as_bytes()[..],
            "{size}"
        );
        let rows = RowTree::from_leaves(ours.leaves());
        // Every index of small trees, and a few of each large one.
        for index in (0..size).filter(|index| size < 70 || index % 37 == size % 37) {
            let path = rows.path(index);
            assert_eq!(
                joined(&path),
                theirs.prove_inclusion(index).as_bytes(),
                "{index} of {size}"
            );
            let (index, count) = (index as u64, size as u64);
            let entry = &entries[usize::try_from(index).unwrap()];
            assert_eq!(
                verify_row("entry", entry, index, count, &path, &ours.root()),
                Ok(())
            );
        }
        for older in 1..=size {
            let proof = prove_consistency(ours.leaves(), TreeSize::new(older as u64)).unwrap();
            // Theirs answers for at least one addition.
            if older < size && (size < 70 || older % 23 == size % 23) {
                let expected = theirs.prove_consistency(size - older);
                assert_eq!(joined(&proof), expected.as_bytes(), "{older} of {size}");
            }
        }
    }
}

#[test]
fn proofs_tiles_and_checkpoints_are_those_of_tlog_tiles() {
    let entries = entries();
    let stored = stored(&entries);
    for size in 1..=SIZES {
        let ours = LogTree::new(entries[..size].to_vec());
        let count = size as u64;
        let root = tlog_tiles::tree_hash(count, &stored).unwrap();
        assert_eq!(*ours.root().as_bytes(), root.0, "{size}");
        let head = |tree: &LogTree, size: u64| Checkpoint {
            origin: origin(),
            size: TreeSize::new(size),
            root: tree.root(),
        };
        let text = head(&ours, count).to_text();
        let theirs = tlog_tiles::Checkpoint::new("example.com/por", count, root, "").unwrap();
        assert_eq!(text.as_bytes(), theirs.to_bytes());
        assert_eq!(Checkpoint::parse(&text).unwrap(), head(&ours, count));

        let index = count / 3;
        let path = RowTree::from_leaves(ours.leaves()).path(usize::try_from(index).unwrap());
        let expected = tlog_tiles::prove_record(count, index, &stored).unwrap();
        assert_eq!(
            joined(&path),
            expected.iter().flat_map(|hash| hash.0).collect::<Vec<_>>()
        );

        for older in (1..=size).filter(|older| size < 40 || older % 19 == size % 19) {
            let older_tree = LogTree::new(entries[..older].to_vec());
            let proof = prove_consistency(ours.leaves(), TreeSize::new(older as u64)).unwrap();
            let expected = tlog_tiles::prove_tree(count, older as u64, &stored).unwrap();
            assert_eq!(
                joined(&proof),
                expected.iter().flat_map(|hash| hash.0).collect::<Vec<_>>()
            );
            let (older, newer) = (head(&older_tree, older as u64), head(&ours, count));
            assert_eq!(verify_consistency(&older, &newer, &proof), Ok(()));
        }

        // Go's tlog counts a tile once its width changes; the standard's files are those, and entry bundles beside them.
        let files = ours.files(TreeSize::new(count - 1)).unwrap();
        let expected = Tile::new_tiles(8, count - 1, count);
        let tiles: Vec<_> = files
            .iter()
            .filter(|file| !file.path.starts_with("tile/entries/"))
            .collect();
        assert_eq!(tiles.len(), expected.len(), "{size}");
        for (file, tile) in tiles.iter().zip(&expected) {
            // Version 0.2.0 of the oracle writes its tile height into the path, which the standard does not have.
            assert_eq!(file.path, tile.path().replacen("tile/8/", "tile/", 1));
            assert_eq!(file.bytes, tile.read_data(&stored).unwrap());
        }
    }
}

#[test]
fn notes_are_those_of_signed_note() {
    let seed: [u8; 32] = std::array::from_fn(|index| index as u8);
    let ours = SecretKey::new(origin(), &seed).unwrap();
    let theirs = StandardVerifier::new(&ours.public().to_string()).unwrap();
    let known = VerifierList::new(vec![Box::new(theirs)]);
    let text = "example.com/por\n1\ncW7iGMI2gnn3Wa2gxv5htJSdluIsq49Y2KZAhktKlsQ=\n";
    let note = ours.sign(text).unwrap();
    let read = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
    let (verified, unverified) = read.verify(&known).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 0));
    assert_eq!(read.text(), text.as_bytes());
    assert!(
        signed_note::Note::from_bytes(note.replace("\n1\n", "\n2\n").as_bytes())
            .unwrap()
            .verify(&known)
            .is_err()
    );
    // And the other way round: the key file is the form of Go's package in both.
    let signer = StandardSigner::new(&ours.to_text()).unwrap();
    let mut written = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
    written.add_sigs(&[&signer]).unwrap();
    let bytes = written.to_bytes();
    assert_eq!(bytes, note.as_bytes(), "Ed25519 is deterministic");
    let public = PublicKey::from_vkey(&ours.public().to_string()).unwrap();
    assert_eq!(
        Note::parse(&bytes).unwrap().verify("note", &public),
        Ok(text)
    );
}
