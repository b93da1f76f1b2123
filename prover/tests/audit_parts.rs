//! `por audit` in parts and with a record: every tile is verified by somebody, and no part says more than it checked.
#![allow(missing_docs, reason = "tests")]

mod support;

use std::fs;

use support::Sample;

/// One leaf more than a unit of 4,096 holds, so that there are two units.
const LEAVES: &str = "BTC=4112";

fn flip(sample: &Sample, tile: usize, byte: usize) {
    let pack = sample.at("publication/attestations/000000/tiles/BTC-owed/1/000000.pack");
    let mut bytes = fs::read(&pack).unwrap();
    bytes[tile * 1952 + byte] ^= 1;
    fs::write(&pack, bytes).unwrap();
}

#[test]
fn parts_add_up_to_the_whole_and_to_nothing_less() {
    let sample = Sample::new(&["BTC"], 40);
    sample.plan(&["--leaves", LEAVES]).expect(0);
    sample.finish();
    let lines = |name: &str| fs::read_to_string(sample.at(name)).unwrap().lines().count();

    // A part verifies its own tiles only, and says so, however often it is run.
    for part in ["1/2", "2/2", "2/2"] {
        let record = format!("record-{}", &part[..1]);
        sample
            .audit(&["--part", part, "--resume", &record])
            .says(6, &["cannot tell", "the other parts' tiles"]);
        assert_eq!(lines(&record), 1);
    }
    sample.audit(&["--part", "1/2"]).expect(6);
    // More parts than units: some have nothing to verify, and claim nothing.
    sample
        .audit(&["--part", "3/3", "--resume", "record-none"])
        .expect(6);
    assert_eq!(lines("record-none"), 0);
    // One part's lines are not enough for anybody.
    fs::copy(sample.at("record-1"), sample.at("half")).unwrap();
    sample
        .audit(&["--part", "1/2", "--resume", "half"])
        .expect(6);
    // Together they are.
    let both = fs::read_to_string(sample.at("record-1")).unwrap()
        + &fs::read_to_string(sample.at("record-2")).unwrap();
    sample.write("both", &both);
    sample.audit(&["--resume", "both"]).expect(0);
    assert_eq!(lines("both"), 2);
    // Without --part, whatever is left is verified.
    sample.audit(&["--resume", "half"]).expect(0);
    assert_eq!(lines("half"), 2);

    // A record is about roots, not files: a byte changed since is found, in a range proof as anywhere.
    let damaged = sample.copy();
    damaged.write("both", &both);
    flip(&damaged, 256, 1951);
    damaged.audit(&["--resume", "both"]).says(1, &["node-hash"]);
    // Nor does a part pass over damage in the tiles of another.
    damaged.audit(&["--part", "1/2"]).says(1, &["node-hash"]);

    for wrong in ["0/2", "3/2", "2", "1/0"] {
        sample.audit(&["--part", wrong]).expect(2);
    }
    sample.write("other", "something else\n");
    sample
        .audit(&["--resume", "other"])
        .refuses(3, &["other:1"]);
    assert_eq!(sample.read("other"), "something else\n");
}
