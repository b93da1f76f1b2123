//! An exchange's gateway: makes the tokens that `por serve` asks for, by hand, so that the server's library is not its own
//! judge.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::time::{SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

pub const AUDIENCE: &str = "statements.sample.example";

pub fn base64(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[0x67; 32])
}

pub fn jwks() -> String {
    let x = base64(key().verifying_key().as_bytes());
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "gateway-1", "x": x}]}).to_string()
}

pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

/// The claims of an account for the next minute; each call makes another token.
pub fn claims(account: &str) -> Value {
    claims_for(account, 60)
}

/// As [`claims`], for so many seconds.
pub fn claims_for(account: &str, life: u64) -> Value {
    let number: [u8; 16] = {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).unwrap();
        bytes
    };
    let made = now();
    json!({"sub": account, "aud": AUDIENCE, "iat": made, "exp": made + life, "jti": hex::encode(number)})
}

pub fn sign(claims: &Value) -> String {
    let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "gateway-1"});
    let text = format!(
        "{}.{}",
        base64(header.to_string().as_bytes()),
        base64(claims.to_string().as_bytes())
    );
    format!("{text}.{}", base64(&key().sign(text.as_bytes()).to_bytes()))
}

pub fn token(account: &str) -> String {
    sign(&claims(account))
}
