//! Policies that are read, policies that are refused, and what they say of a head.

use super::*;
use crate::digest::Digest;
use crate::log::TreeSize;
use crate::note::{SecretKey, WitnessSecretKey};

const ORIGIN: &str = "example.com/por";

fn seed(number: u8) -> [u8; 32] {
    let mut seed = [number; 32];
    seed[0] = 0x5e;
    seed
}

fn key(number: u8) -> SecretKey {
    SecretKey::new(KeyName::new(ORIGIN).unwrap(), &seed(number)).unwrap()
}

fn witness(number: u8) -> WitnessSecretKey {
    let name = KeyName::new(&format!("witness.example/{number}")).unwrap();
    WitnessSecretKey::new(name, &seed(number)).unwrap()
}

fn approver(number: u8) -> SecretKey {
    SecretKey::new(KeyName::new("example.com/role").unwrap(), &seed(number)).unwrap()
}

/// A log line, the witnesses X1 to X3 and Y1, and these lines.
fn policy(rest: &str) -> Result<Policy, Error> {
    let mut text = format!("# ours\n\nlog {} https://example.com/\n", key(1).public());
    for (name, number) in [("X1", 11), ("X2", 12), ("X3", 13), ("Y1", 14)] {
        text += &format!("\twitness {name}  {}\n", witness(number).public());
    }
    Policy::parse((text + rest).as_bytes())
}

fn checkpoint() -> String {
    Checkpoint {
        origin: KeyName::new(ORIGIN).unwrap(),
        size: TreeSize::new(1),
        root: Digest::of(b"root"),
    }
    .to_text()
}

/// A signed head with cosignatures of these witnesses at these times.
fn head(cosigned: &[(u8, u64)]) -> String {
    let text = checkpoint();
    let lines = cosigned
        .iter()
        .map(|(number, time)| witness(*number).cosign(&text, *time).unwrap());
    key(1).sign(&text).unwrap() + &lines.collect::<String>()
}

#[test]
fn honest_policies_are_read() {
    let none = policy("quorum none\n").unwrap();
    assert_eq!(none.log_origin().as_str(), ORIGIN);
    assert_eq!(none.log_url(), Some("https://example.com/"));
    assert_eq!(none.witnesses().len(), 4);
    assert!(!none.witnesses_required());
    let rest = format!(
        "quorum X1\nlog {}\n#por maximum-head-age 45d\n#por maximum-signature-age 400d\n",
        key(2).public()
    );
    let rotated = policy(&rest).unwrap();
    assert_eq!(rotated.logs().len(), 2);
    assert_eq!(rotated.maximum_head_age(), Some(45 * 86_400));
    assert_eq!(rotated.maximum_signature_age(), Some(400 * 86_400));
}

#[test]
fn wrong_policies_name_the_line() {
    let (log, other) = (key(1).public(), witness(14).public());
    let stranger = SecretKey::new(KeyName::new("other.example").unwrap(), &seed(9)).unwrap();
    for (rest, reason) in [
        (format!("log {log}\nquorum none\n"), "line 8"),
        (
            format!("log {}\nquorum none\n", stranger.public()),
            "a second log",
        ),
        ("quorum Z\n".into(), "line 8"),
        (format!("witness Z {other}\nquorum none\n"), "stands twice"),
        (format!("witness Z {log}\nquorum none\n"), "type 0x04"),
        ("group X1 1 Y1\nquorum none\n".into(), "is taken"),
        ("group none 1 Y1\nquorum none\n".into(), "is taken"),
        ("group G 2 X1\nquorum G\n".into(), "threshold"),
        ("group G 0 X1\nquorum G\n".into(), "threshold"),
        ("group G 01 X1\nquorum G\n".into(), "threshold"),
        ("group G all\nquorum G\n".into(), "threshold"),
        ("group G any X1 X1\nquorum G\n".into(), "stands twice"),
        (
            "group G any X1\ngroup H all X1 X2\nquorum H\n".into(),
            "another group",
        ),
        ("quorum X1\nquorum X1\n".into(), "a second quorum"),
        ("maximum 3\nquorum none\n".into(), "line 8"),
        ("#por nonsense\nquorum none\n".into(), "line 8"),
        (
            "#por maximum-head-age 45\nquorum X1\n".into(),
            "number of days",
        ),
        (
            "#por maximum-head-age +4d\nquorum X1\n".into(),
            "number of days",
        ),
        (
            "#por maximum-head-age 45d\nquorum none\n".into(),
            "needs a quorum",
        ),
        (
            format!("#por approver cfo {}\nquorum none\n", approver(20).public()),
            "no `#por approvals`",
        ),
        (
            format!("#por approver cfo {log}\nquorum none\n"),
            "stands twice",
        ),
        ("#por approvals 1 cfo\nquorum none\n".into(), "not defined"),
        (String::new(), "no `quorum`"),
    ] {
        let error = policy(&rest).unwrap_err().to_string();
        assert!(error.contains(reason), "{rest}: {error}");
    }
    let error = Policy::parse(b"quorum none\n").unwrap_err().to_string();
    assert!(error.contains("no `log"), "{error}");
}

#[test]
fn l_08_distinct_witnesses_are_counted_against_the_quorum() {
    let policy = policy("group X 2 X1 X2 X3\ngroup both all X Y1\nquorum both\n").unwrap();
    let time = |cosigned: &[(u8, u64)]| {
        let text = head(cosigned);
        policy.witnessed(&Note::parse(text.as_bytes()).unwrap())
    };
    let met = time(&[(11, 5), (13, 9), (14, 7), (99, 1)]).unwrap();
    assert_eq!(met.cosigners, ["X1", "X3", "Y1"]);
    assert_eq!(met.time, Some(5));
    for short in [
        &[][..],
        &[(11, 5), (14, 7)],
        &[(11, 5), (11, 6), (14, 7)],
        &[(11, 5), (12, 6), (13, 7)],
    ] {
        assert!(
            matches!(time(short), Err(Error::Signature { .. })),
            "{short:?}"
        );
    }
}

#[test]
fn head_time_is_the_latest_that_meets_the_quorum() {
    let policy = policy("group X 2 X1 X2 X3\nquorum X\n").unwrap();
    let time = |cosigned: &[(u8, u64)]| {
        let text = head(cosigned);
        policy
            .witnessed(&Note::parse(text.as_bytes()).unwrap())
            .unwrap()
            .time
    };
    assert_eq!(time(&[(11, 100), (12, 200), (13, 300)]), Some(200));
    // One witness whose clock runs ahead cannot make a head look young.
    assert_eq!(
        time(&[(11, 100), (12, 110), (13, u64::MAX >> 1)]),
        Some(110)
    );
}

#[test]
fn no_time_is_claimed_without_witnesses() {
    let policy = policy("quorum none\n").unwrap();
    let text = head(&[(11, 100)]);
    let witnessed = policy
        .witnessed(&Note::parse(text.as_bytes()).unwrap())
        .unwrap();
    assert_eq!(
        (witnessed.time, witnessed.cosigners),
        (None, ["X1".to_string()].to_vec())
    );
}

#[test]
fn l_08_a_forged_cosignature_refuses_the_head_even_beside_a_quorum() {
    let policy = policy("quorum X1\n").unwrap();
    let mut text = head(&[(11, 5)]);
    text += &witness(12).cosign("other.example\n1\nx\n", 5).unwrap();
    assert!(
        policy
            .witnessed(&Note::parse(text.as_bytes()).unwrap())
            .is_err()
    );
}

#[test]
fn l_07_l_09_heads_of_other_keys_and_logs_are_refused() {
    let policy = policy("quorum none\n").unwrap();
    let read = |text: &str| policy.head(&Note::parse(text.as_bytes()).unwrap());
    let text = checkpoint();
    assert!(read(&key(1).sign(&text).unwrap()).is_ok());
    // The right name, another key; and the right key under another origin.
    assert!(matches!(
        read(&key(2).sign(&text).unwrap()),
        Err(Error::Signature { .. })
    ));
    let renamed = text.replace(ORIGIN, "example.com/other");
    assert!(matches!(
        read(&key(1).sign(&renamed).unwrap()),
        Err(Error::Mismatch { .. })
    ));
    // Unknown signatures beside it mean nothing.
    let more = key(1).sign(&text).unwrap() + &key(2).signature_line(&text).unwrap();
    assert!(read(&more).is_ok());
}

#[test]
fn approvals_are_counted_by_role() {
    let lines: String = [("cfo", 20), ("auditor", 21), ("board", 22)]
        .iter()
        .map(|(role, number)| format!("#por approver {role} {}\n", approver(*number).public()))
        .collect();
    let policy = policy(&format!(
        "{lines}#por approvals 2 cfo auditor board\nquorum none\n"
    ))
    .unwrap();
    let text = "the attestation\n";
    let approved = |numbers: &[u8]| {
        let lines = numbers
            .iter()
            .map(|n| approver(*n).signature_line(text).unwrap());
        let note = key(1).sign(text).unwrap() + &lines.collect::<String>();
        policy.approved(&Note::parse(note.as_bytes()).unwrap())
    };
    assert_eq!(approved(&[22, 20]).unwrap(), ["cfo", "board"]);
    for short in [&[][..], &[20], &[20, 20], &[20, 30]] {
        assert!(approved(short).is_err(), "{short:?}");
    }
    // A false approval refuses the note, even where two others are good.
    let forged = approver(22).signature_line("another text\n").unwrap();
    let note = key(1).sign(text).unwrap()
        + &approver(20).signature_line(text).unwrap()
        + &approver(21).signature_line(text).unwrap()
        + &forged;
    assert!(
        policy
            .approved(&Note::parse(note.as_bytes()).unwrap())
            .is_err()
    );
}
