//! Keys, addresses and signatures made by the crates, and what both sides say of them.

use base64ct::{Base64, Encoding as _};
use bip322::{LockParams, Verification};
use bitcoin::opcodes::all::OP_CHECKMULTISIG;
use bitcoin::secp256k1::{All, Secp256k1, SecretKey};
use bitcoin::{
    Address as TheirAddress, CompressedPublicKey, NetworkKind, PrivateKey, PublicKey, ScriptBuf,
    Sequence, absolute::LockTime,
};
use por_protocol::ownership::{Address, Claim, Message, Network, OwnershipError, Scheme};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};

pub const MAINNET: &str = "bip122:000000000019d6689c085ae165831e93";
pub const REGTEST: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";

/// Keys for each kind of address.
pub const KEYS: u64 = 6;

/// What a verifier says; both sides tell "false" from "not for me to say".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Valid,
    Invalid,
    Undecided,
}

pub fn ours(scheme: Scheme, network: &str, address: &str, message: &str, signature: &str) -> Said {
    let network: Network = network.parse().unwrap();
    let address = match Address::parse(&network, address) {
        Ok(address) => address,
        Err(error) => return said(&Err(error)),
    };
    let message = Message::Bytes(message.as_bytes());
    said(&Claim::new(scheme, &address, message, &[signature]).verify())
}

pub fn said(result: &Result<(), OwnershipError>) -> Said {
    match result {
        Ok(()) => Said::Valid,
        Err(error) if error.is_undecided() => Said::Undecided,
        Err(_) => Said::Invalid,
    }
}

pub fn theirs(scheme: Scheme, address: &str, message: &str, signature: &str) -> Said {
    let verdict = match scheme {
        Scheme::SignMessage => {
            return match bip322::verify_legacy_encoded(address, message, signature) {
                Ok(()) => Said::Valid,
                Err(_) => Said::Invalid,
            };
        }
        Scheme::Bip322Simple => bip322::verify_simple_encoded(address, message, signature),
        _ => bip322::verify_full_encoded(address, message, signature),
    };
    match verdict {
        // A signature under a lock is good at another time: no state of our own.
        Ok(Verification::Valid { time, age }) => {
            let unlocked = time == LockTime::ZERO && age == Sequence(0);
            if unlocked {
                Said::Valid
            } else {
                Said::Undecided
            }
        }
        Ok(Verification::Inconclusive) => Said::Undecided,
        Err(_) => Said::Invalid,
    }
}

/// A signature, and what it belongs to.
pub struct Signed {
    pub kind: &'static str,
    pub scheme: Scheme,
    pub network: &'static str,
    pub address: String,
    pub message: String,
    pub signature: String,
}

impl Signed {
    pub fn ours(&self, signature: &str) -> Said {
        ours(
            self.scheme,
            self.network,
            &self.address,
            &self.message,
            signature,
        )
    }

    pub fn theirs(&self, signature: &str) -> Said {
        theirs(self.scheme, &self.address, &self.message, signature)
    }

    /// Refused by us, valid to them.
    #[track_caller]
    pub fn only_theirs(&self, signature: &str) {
        assert_eq!(
            self.theirs(signature),
            Said::Valid,
            "{} {signature}",
            self.kind
        );
        assert_eq!(
            self.ours(signature),
            Said::Invalid,
            "{} {signature}",
            self.kind
        );
    }

    pub fn bytes(&self) -> Vec<u8> {
        let text = ["smp", "ful"]
            .iter()
            .find_map(|prefix| self.signature.strip_prefix(prefix));
        Base64::decode_vec(text.unwrap_or(&self.signature)).unwrap()
    }
}

/// Draws keys and messages; everything follows from the seed.
pub struct Maker {
    pub rng: ChaCha20Rng,
    pub secp: Secp256k1<All>,
}

impl Maker {
    pub fn new(seed: u64) -> Self {
        Self {
            rng: ChaCha20Rng::seed_from_u64(seed),
            secp: Secp256k1::new(),
        }
    }

    pub fn key(&mut self, compressed: bool) -> PrivateKey {
        let mut secret = [0; 32];
        self.rng.fill_bytes(&mut secret);
        let inner = SecretKey::from_slice(&secret).unwrap();
        PrivateKey {
            compressed,
            network: NetworkKind::Main,
            inner,
        }
    }

    pub fn public(&self, key: &PrivateKey) -> PublicKey {
        key.public_key(&self.secp)
    }

    /// Of any length up to the three encodings of a length, in any script.
    pub fn message(&mut self) -> String {
        let length = [0, 1, 40, 252, 253, 300, 66_000][self.rng.next_u32() as usize % 7];
        let letters = ['a', ' ', '\n', 'é', '本', '😀', '\u{0}'];
        let mut message = String::new();
        while message.len() < length {
            message.push(letters[self.rng.next_u32() as usize % letters.len()]);
        }
        message
    }

    pub fn network(&mut self) -> (bitcoin::Network, &'static str) {
        if self.rng.next_u32().is_multiple_of(2) {
            (bitcoin::Network::Bitcoin, MAINNET)
        } else {
            (bitcoin::Network::Regtest, REGTEST)
        }
    }

    /// `m` of `n` keys, and the keys that sign.
    pub fn multisig(&mut self) -> (ScriptBuf, Vec<PrivateKey>) {
        let count = 1 + self.rng.next_u32() % 5;
        let threshold = 1 + self.rng.next_u32() % count;
        let keys: Vec<PrivateKey> = (0..count).map(|_| self.key(true)).collect();
        let script = self.script(threshold, &keys);
        let first = (count - threshold) as usize;
        (script, keys[first..].to_vec())
    }

    pub fn script(&self, threshold: u32, keys: &[PrivateKey]) -> ScriptBuf {
        let mut script = ScriptBuf::builder().push_int(threshold.into());
        for key in keys {
            script = script.push_key(&self.public(key));
        }
        let count = i64::try_from(keys.len()).unwrap();
        script
            .push_int(count)
            .push_opcode(OP_CHECKMULTISIG)
            .into_script()
    }

    /// One signature for each kind of address and form that both sides know.
    pub fn signatures(&mut self) -> Vec<Signed> {
        let (network, ours) = self.network();
        let mut made = Vec::new();
        let mut add =
            |kind, scheme, address: TheirAddress, keys: &[PrivateKey], script, message: &str| {
                let address = address.to_string();
                let wif: Vec<String> = keys.iter().map(|key| key.to_wif()).collect();
                let script: Option<&ScriptBuf> = script;
                let script = script.map(|script| hex::encode(script.as_bytes()));
                let signature = match scheme {
                    Scheme::SignMessage => bip322::sign_legacy_encoded(&address, message, &wif[0]),
                    Scheme::Bip322Simple => {
                        bip322::sign_simple_encoded(&address, message, &wif, script.as_deref())
                    }
                    _ => {
                        let locks = LockParams::default();
                        bip322::sign_full_encoded(&address, message, &wif, script.as_deref(), locks)
                    }
                };
                made.push(Signed {
                    kind,
                    scheme,
                    network: ours,
                    address,
                    message: message.into(),
                    signature: signature.unwrap(),
                });
            };
        for compressed in [true, false] {
            let key = self.key(compressed);
            let message = self.message();
            let address = TheirAddress::p2pkh(self.public(&key), network);
            for scheme in [Scheme::SignMessage, Scheme::Bip322Full] {
                add("P2PKH", scheme, address.clone(), &[key], None, &message);
            }
        }
        let key = self.key(true);
        let message = self.message();
        let public = CompressedPublicKey(self.public(&key).inner);
        let nested = TheirAddress::p2shwpkh(&public, network);
        add(
            "P2SH-P2WPKH",
            Scheme::Bip322Full,
            nested,
            &[key],
            None,
            &message,
        );
        let plain = TheirAddress::p2wpkh(&public, network);
        let taproot = TheirAddress::p2tr(&self.secp, public.0.into(), None, network);
        let (script, keys) = self.multisig();
        let p2wsh = TheirAddress::p2wsh(&script, network);
        for scheme in [Scheme::Bip322Simple, Scheme::Bip322Full] {
            add("P2WPKH", scheme, plain.clone(), &[key], None, &message);
            add("P2TR", scheme, taproot.clone(), &[key], None, &message);
            add(
                "P2WSH",
                scheme,
                p2wsh.clone(),
                &keys,
                Some(&script),
                &message,
            );
        }
        let nested = TheirAddress::p2shwsh(&script, network);
        add(
            "P2SH-P2WSH",
            Scheme::Bip322Full,
            nested,
            &keys,
            Some(&script),
            &message,
        );
        let bare = TheirAddress::p2sh(&script, network).unwrap();
        add(
            "P2SH",
            Scheme::Bip322Full,
            bare,
            &keys,
            Some(&script),
            &message,
        );
        made
    }

    /// The bytes with something small done to them.
    pub fn mutated(&mut self, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let place = self.rng.next_u32() as usize % bytes.len();
        let byte = self.rng.next_u32().to_le_bytes()[0];
        match self.rng.next_u32() % 7 {
            0 => bytes[place] ^= 1 << (byte % 8),
            1 => bytes[place] = byte,
            2 => bytes.truncate(place),
            3 => bytes.push(byte),
            4 => bytes.insert(place, byte),
            5 => drop(bytes.remove(place)),
            // The front of one, the back of another.
            _ => {
                bytes.truncate(place);
                bytes.extend_from_slice(other.get(place..).unwrap_or_default());
            }
        }
        bytes
    }
}

/// Every kind of address that both sides know, under both networks, with messages of all lengths.
pub fn all_signatures(seed: u64) -> Vec<Signed> {
    (0..KEYS)
        .flat_map(|round| Maker::new(seed + round).signatures())
        .collect()
}

pub fn encoded(object: &impl bitcoin::consensus::Encodable) -> Vec<u8> {
    let mut bytes = Vec::new();
    object.consensus_encode(&mut bytes).unwrap();
    bytes
}
