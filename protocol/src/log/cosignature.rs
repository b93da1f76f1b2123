//! A witness's word: at this time, this was the largest consistent head I had seen (c2sp.org/tlog-cosignature, v1).
//!
//! Signed bytes: `cosignature/v1 LF time <Unix seconds> LF <text of the checkpoint>`; the signature line holds
//! `u64 time, big-endian ‖ Ed25519 signature`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::Error;
use crate::note::{Note, WitnessKey, WitnessSecretKey};

/// What the error calls it.
const WHAT: &str = "witness's cosignature";
/// The standard allows no later time.
const MAX_TIME: u64 = i64::MAX as u64;

/// A verified cosignature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// When the witness signed, in Unix seconds by its own clock.
    pub time: u64,
}

impl WitnessSecretKey {
    /// Cosigns the text of a checkpoint, giving the signature line with its line feed. Whoever calls this has checked that
    /// the checkpoint extends the last one that this key signed.
    ///
    /// # Errors
    /// [`Error::Field`] for a time of zero or beyond 2^63 − 1.
    pub fn cosign(&self, checkpoint: &str, time: u64) -> Result<String, Error> {
        if time == 0 || time > MAX_TIME {
            return Err(Error::Field {
                what: "time of a cosignature",
                why: "it must lie between 1 and 2^63 - 1".into(),
            });
        }
        let mut signature = Vec::from(time.to_be_bytes());
        signature.extend_from_slice(&self.sign_bytes(&message(checkpoint, time)));
        Ok(self.public().line(&signature))
    }
}

impl Note<'_> {
    /// The cosignature of one witness; `None` if it has not signed. Where it signed more than once, the latest counts, as
    /// one.
    ///
    /// # Errors
    /// [`Error::Signature`] if any of its lines is false.
    pub fn cosignature(&self, key: &WitnessKey) -> Result<Option<Cosignature>, Error> {
        Ok(self.latest(key)?.map(|(signed, _)| signed))
    }

    /// The signature line of [`Note::cosignature`], written anew: one line of this key, whatever else the note holds.
    ///
    /// # Errors
    /// As [`Note::cosignature`].
    pub fn cosignature_line(&self, key: &WitnessKey) -> Result<Option<String>, Error> {
        Ok(self.latest(key)?.map(|(_, bytes)| key.line(bytes)))
    }

    fn latest(&self, key: &WitnessKey) -> Result<Option<(Cosignature, &[u8])>, Error> {
        let refuse = |why| Error::Signature { what: WHAT, why };
        let mut latest: Option<(Cosignature, &[u8])> = None;
        for bytes in self.signatures_of(key) {
            let (time, signature) = bytes
                .split_first_chunk::<8>()
                .filter(|(_, signature)| signature.len() == 64)
                .ok_or_else(|| refuse("it has not 72 bytes"))?;
            let time = u64::from_be_bytes(*time);
            if time == 0 || time > MAX_TIME {
                return Err(refuse("its time is not valid"));
            }
            key.verify_bytes(WHAT, &message(self.unverified_text(), time), signature)?;
            if latest.is_none_or(|(other, _)| other.time < time) {
                latest = Some((Cosignature { time }, bytes));
            }
        }
        Ok(latest)
    }
}

fn message(checkpoint: &str, time: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{checkpoint}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::{KeyName, SecretKey};

    const TEXT: &str = "example.com/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    fn seed(number: u8) -> [u8; 32] {
        let mut seed = [number; 32];
        seed[0] = 0x5e;
        seed
    }

    fn witness(number: u8) -> WitnessSecretKey {
        let name = KeyName::new("witness.example/w").unwrap();
        WitnessSecretKey::new(name, &seed(number)).unwrap()
    }

    fn note(lines: &[String]) -> String {
        let name = KeyName::new("example.com/log").unwrap();
        let log = SecretKey::new(name, &seed(1)).unwrap();
        log.sign(TEXT).unwrap() + &lines.concat()
    }

    #[test]
    fn a_cosignature_carries_its_time() {
        let witness = witness(2);
        let text = note(&[witness.cosign(TEXT, 1_679_315_147).unwrap()]);
        let note = Note::parse(text.as_bytes()).unwrap();
        assert_eq!(
            note.cosignature(&witness.public()),
            Ok(Some(Cosignature {
                time: 1_679_315_147
            }))
        );
        assert_eq!(note.cosignature(&self::witness(3).public()), Ok(None));
    }

    #[test]
    fn the_example_of_the_standard_has_the_key_id_of_its_type() {
        // The first four bytes of the example's signature line: SHA-256(name LF 0x04 key); the key is not given there,
        // so only the form can be checked: id, time 1679315147, 64 bytes.
        let line = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
        use base64ct::Encoding as _;
        let bytes = base64ct::Base64::decode_vec(line).unwrap();
        assert_eq!(bytes.len(), 4 + 8 + 64);
        assert_eq!(bytes[4..12], 1_679_315_147_u64.to_be_bytes());
    }

    #[test]
    fn l_08_a_false_or_cut_cosignature_of_a_known_key_refuses_the_note() {
        let witness = witness(2);
        let good = witness.cosign(TEXT, 9).unwrap();
        let other = witness
            .cosign(
                "example.com/log\n2\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                9,
            )
            .unwrap();
        let cut = witness.public().line(&[0; 71]);
        let timeless = witness.public().line(&[0; 72]);
        for bad in [other, cut, timeless] {
            let text = note(&[good.clone(), bad]);
            let note = Note::parse(text.as_bytes()).unwrap();
            assert!(note.cosignature(&witness.public()).is_err());
        }
        assert!(witness.cosign(TEXT, 0).is_err());
        assert!(witness.cosign(TEXT, u64::MAX).is_err());
    }

    #[test]
    fn l_08_signing_twice_counts_once_and_as_the_latest() {
        let witness = witness(2);
        let lines = [9, 7].map(|time| witness.cosign(TEXT, time).unwrap());
        let text = note(&lines);
        let note = Note::parse(text.as_bytes()).unwrap();
        assert_eq!(
            note.cosignature(&witness.public()),
            Ok(Some(Cosignature { time: 9 }))
        );
    }
}
