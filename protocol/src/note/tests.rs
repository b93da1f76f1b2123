use super::*;

fn key(name: &str, seed: u8) -> SecretKey {
    let mut bytes = [seed; 32];
    bytes[0] = 1;
    SecretKey::new(KeyName::new(name).unwrap(), &bytes).unwrap()
}

#[test]
fn a_vkey_of_the_go_implementation_is_read_and_written() {
    // The example key of golang.org/x/mod/sumdb/note.
    let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(PublicKey::from_vkey(vkey).unwrap().to_string(), vkey);
    let note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let key = PublicKey::from_vkey(vkey).unwrap();
    assert!(
        Note::parse(note.as_bytes())
            .unwrap()
            .verify("note", &key)
            .is_ok()
    );
}

#[test]
fn keys_round_trip() {
    let secret = key("example.com/por", 7);
    assert_eq!(
        SecretKey::from_text(&secret.to_text()).unwrap().public(),
        secret.public()
    );
    assert_eq!(
        PublicKey::from_vkey(&secret.public().to_string()).unwrap(),
        secret.public()
    );
    assert_eq!(format!("{secret:?}"), "SecretKey(example.com/por, secret)");
}

#[test]
fn m_01_any_byte_changed_is_refused() {
    let secret = key("example.com/por", 7);
    let note = secret.sign("hello\n\nworld\n").unwrap();
    let verify = |bytes: &[u8]| {
        Note::parse(bytes)
            .and_then(|note| note.verify("note", &secret.public()).map(str::to_string))
    };
    assert_eq!(verify(note.as_bytes()).unwrap(), "hello\n\nworld\n");
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut broken = note.clone().into_bytes();
            broken[at] ^= 1 << bit;
            assert!(verify(&broken).is_err(), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn l_07_unknown_signatures_are_ignored_and_false_ones_of_a_known_key_refuse_the_note() {
    let (ours, other) = (key("example.com/por", 7), key("other.example/x", 9));
    let text = "hello\n";
    let line = |key: &SecretKey| key.signature_line(text).unwrap();
    let check = |note: String| {
        Note::parse(note.as_bytes())?
            .verify("note", &ours.public())
            .map(drop)
    };
    assert_eq!(
        check(format!("{text}\n{}{}", line(&other), line(&ours))),
        Ok(())
    );
    let same_name = key("example.com/por", 11);
    assert!(check(format!("{text}\n{}", line(&same_name))).is_err());
    let forged = ours.signature_line("other\n").unwrap();
    assert!(check(format!("{text}\n{}{forged}", line(&ours))).is_err());
    assert!(check(format!("{text}\n{}{}", line(&ours), line(&ours))).is_err());
    assert!(check(format!("{text}\n")).is_err());
}
