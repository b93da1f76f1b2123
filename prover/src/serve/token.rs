//! Bearer tokens: JWT (RFC 7519) signed with Ed25519 (`EdDSA`, RFC 8037) by the exchange's gateway, under the keys of a
//! JWKS file (RFC 7517).
//!
//! The key says what the algorithm is, never the token. A token names its key, its audience, when it was made and when it
//! ends (at most [`MAX_LIFE`] later), its own number (`jti`: it counts once) and the account.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Once;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ed25519_dalek::{Signature, VerifyingKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};
use serde_json::{Map, Value};
use signature::Verifier;

use super::TokenOptions;
use crate::error::Error;

/// Longer tokens are not looked at.
const MAX_BYTES: usize = 4096;
/// The longest time between `iat` and `exp`, in seconds: tokens are made for one download.
const MAX_LIFE: u64 = 600;
/// How far the gateway's clock may be ahead, in seconds.
const LEEWAY: u64 = 30;
/// `jti` and `kid` are names and no data.
const MAX_NAME_BYTES: usize = 128;

/// Checks tokens.
pub(super) struct Tokens {
    keys: BTreeMap<String, DecodingKey>,
    validation: Validation,
    claim: String,
}

/// What a token says.
pub(super) struct Bearer {
    /// The account, as the customer knows it.
    pub(super) account: String,
    /// The token's own number.
    pub(super) number: String,
    /// When it ends, in seconds since 1970.
    pub(super) expires: u64,
}

impl Tokens {
    /// Reads the gateway's public keys.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] for what is no JWKS, another kind of key, a key without name, or a private key.
    pub(super) fn read(options: &TokenOptions) -> Result<Self, Error> {
        install_provider();
        let path = &options.jwks;
        let file = std::fs::read(path).map_err(Error::io(path))?;
        let keys = keys(path, &file)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[&options.audience]);
        validation.set_required_spec_claims(&["aud", "exp"]);
        if let Some(issuer) = &options.issuer {
            validation.set_issuer(&[issuer]);
            validation.set_required_spec_claims(&["aud", "exp", "iss"]);
        }
        // Times are checked below, against the caller's clock.
        validation.validate_exp = false;
        Ok(Self {
            keys,
            validation,
            claim: options.account_claim.clone(),
        })
    }

    /// What the token says; `None` whatever is wrong with it, so that nobody learns what.
    pub(super) fn check(&self, token: &str, now: u64) -> Option<Bearer> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.alg != Algorithm::EdDSA {
            return None;
        }
        let key = self.keys.get(header.kid.as_deref()?)?;
        let claims = jsonwebtoken::decode::<Map<String, Value>>(token, key, &self.validation);
        let claims = claims.ok()?.claims;
        let time = |name: &str| claims.get(name).and_then(Value::as_u64);
        let (made, expires) = (time("iat")?, time("exp")?);
        let begins = match claims.get("nbf") {
            Some(_) => time("nbf")?,
            None => made,
        };
        let latest = now.checked_add(LEEWAY)?;
        let timely = now < expires && made <= latest && begins <= latest;
        if !timely || expires.checked_sub(made)? > MAX_LIFE {
            return None;
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let number = text("jti").filter(|number| (1..=MAX_NAME_BYTES).contains(&number.len()))?;
        Some(Bearer {
            account: text(&self.claim)?.to_owned(),
            number: number.to_owned(),
            expires,
        })
    }
}

/// The keys of a JWKS file, by name.
fn keys(path: &Path, file: &[u8]) -> Result<BTreeMap<String, DecodingKey>, Error> {
    let refuse = |why: &str| {
        Error::input(
            path,
            why,
            "Write a JWKS (RFC 7517) of Ed25519 public keys, each with a kid: the gateway's keys that sign its tokens.",
        )
    };
    let json: Value = serde_json::from_slice(file).map_err(|error| refuse(&error.to_string()))?;
    let listed = json.get("keys").and_then(Value::as_array);
    if listed.is_some_and(|keys| keys.iter().any(|key| key.get("d").is_some())) {
        return Err(refuse(
            "it holds a private key, which belongs to the gateway alone",
        ));
    }
    let set: JwkSet = serde_json::from_value(json).map_err(|error| refuse(&error.to_string()))?;
    let mut keys = BTreeMap::new();
    for key in set.keys {
        let AlgorithmParameters::OctetKeyPair(parameters) = &key.algorithm else {
            return Err(refuse("a key is not of type OKP"));
        };
        if parameters.curve != EllipticCurve::Ed25519 {
            return Err(refuse("a key is on another curve than Ed25519"));
        }
        let algorithm = key.common.key_algorithm;
        if algorithm.is_some_and(|algorithm| algorithm != KeyAlgorithm::EdDSA) {
            return Err(refuse("a key is for another algorithm than EdDSA"));
        }
        let purpose = key.common.public_key_use;
        if purpose.is_some_and(|purpose| purpose != PublicKeyUse::Signature) {
            return Err(refuse("a key is not for signatures"));
        }
        let bytes = Base64UrlUnpadded::decode_vec(&parameters.x).unwrap_or_default();
        if verifying_key(&bytes).is_none() {
            return Err(refuse("a key is no Ed25519 public key"));
        }
        let name = key.common.key_id.unwrap_or_default();
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            return Err(refuse("a key has no kid"));
        }
        if keys
            .insert(name, DecodingKey::from_ed_der(&bytes))
            .is_some()
        {
            return Err(refuse("two keys have the same kid"));
        }
    }
    if keys.is_empty() {
        return Err(refuse("it holds no key"));
    }
    Ok(keys)
}

/// A key that is a point of full order.
fn verifying_key(bytes: &[u8]) -> Option<VerifyingKey> {
    let key = VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
    (!key.is_weak()).then_some(key)
}

/// The library's cryptography: this one algorithm, by the strict rules of RFC 8032.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_: &Algorithm, _: &EncodingKey| Err(unsupported()),
    verifier_factory: |algorithm: &Algorithm, key: &DecodingKey| {
        if *algorithm != Algorithm::EdDSA {
            return Err(unsupported());
        }
        let key = verifying_key(key.try_get_as_bytes()?).ok_or_else(unsupported)?;
        Ok(Box::new(StrictEd25519(key)))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error says that there is one already, and there is no other than this.
        let _ = PROVIDER.install_default();
    });
}

fn unsupported() -> JwtError {
    ErrorKind::InvalidAlgorithm.into()
}

struct StrictEd25519(VerifyingKey);

impl Verifier<Vec<u8>> for StrictEd25519 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let signature = Signature::from_slice(signature)?;
        self.0.verify_strict(message, &signature)
    }
}

impl JwtVerifier for StrictEd25519 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_790_000_000;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn base64(bytes: &[u8]) -> String {
        Base64UrlUnpadded::encode_string(bytes)
    }

    fn jwks() -> Value {
        let x = base64(key().verifying_key().as_bytes());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "use": "sig", "alg": "EdDSA", "x": x}]})
    }

    fn tokens_of(jwks: &Value) -> Result<Tokens, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        std::fs::write(&path, jwks.to_string()).unwrap();
        Tokens::read(&TokenOptions {
            jwks: path,
            audience: "statements".into(),
            issuer: Some("gateway".into()),
            account_claim: "sub".into(),
        })
    }

    fn header() -> Value {
        json!({"alg": "EdDSA", "kid": "k1", "typ": "JWT"})
    }

    fn claims() -> Value {
        json!({"sub": "alice", "aud": "statements", "iss": "gateway", "iat": NOW - 5, "exp": NOW + 60, "jti": "1"})
    }

    fn signed(header: &Value, claims: &Value) -> String {
        let text = format!(
            "{}.{}",
            base64(header.to_string().as_bytes()),
            base64(claims.to_string().as_bytes())
        );
        let signature = key().sign(text.as_bytes());
        format!("{text}.{}", base64(&signature.to_bytes()))
    }

    fn with(mut object: Value, name: &str, value: Value) -> Value {
        let map = object.as_object_mut().unwrap();
        if value.is_null() {
            map.remove(name);
        } else {
            map.insert(name.into(), value);
        }
        object
    }

    #[test]
    fn a_token_of_the_gateway_names_the_account() {
        let tokens = tokens_of(&jwks()).unwrap();
        let bearer = tokens.check(&signed(&header(), &claims()), NOW).unwrap();
        assert_eq!(
            (bearer.account.as_str(), bearer.number.as_str()),
            ("alice", "1")
        );
        assert_eq!(bearer.expires, NOW + 60);
        let among = with(claims(), "aud", json!(["other", "statements"]));
        assert!(tokens.check(&signed(&header(), &among), NOW).is_some());
    }

    #[test]
    fn a_01_a_token_that_is_expired_early_or_for_another_use_is_refused() {
        let tokens = tokens_of(&jwks()).unwrap();
        for (name, value) in [
            ("exp", json!(NOW)),
            ("exp", json!(NOW - 1)),
            ("exp", json!(NOW + 596)),
            ("exp", json!("1790000060")),
            ("exp", json!(1_790_000_060.5)),
            ("exp", Value::Null),
            ("iat", json!(NOW + 31)),
            ("iat", json!(-1)),
            ("iat", Value::Null),
            ("nbf", json!(NOW + 31)),
            ("nbf", json!("soon")),
            ("aud", json!("wallet")),
            ("aud", json!([])),
            ("aud", Value::Null),
            ("iss", json!("another")),
            ("iss", Value::Null),
            ("jti", json!("")),
            ("jti", json!(1)),
            ("jti", json!("x".repeat(129))),
            ("jti", Value::Null),
            ("sub", json!(["alice"])),
            ("sub", Value::Null),
        ] {
            let token = signed(&header(), &with(claims(), name, value.clone()));
            assert!(tokens.check(&token, NOW).is_none(), "{name}: {value}");
        }
    }

    #[test]
    fn a_10_no_other_algorithm_and_no_other_key_signs_a_token() {
        use hmac::Mac as _;
        let tokens = tokens_of(&jwks()).unwrap();
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("None")),
            ("alg", json!("HS256")),
            ("alg", json!("ES256")),
            ("alg", json!("RS256")),
            ("alg", Value::Null),
            ("kid", json!("k2")),
            ("kid", Value::Null),
        ] {
            let token = signed(&with(header(), name, value.clone()), &claims());
            assert!(tokens.check(&token, NOW).is_none(), "{name}: {value}");
        }
        let (header_text, claims_text) = (header().to_string(), claims().to_string());
        // Unsigned; and signed as if the public key were a shared secret.
        let none = with(header(), "alg", json!("none")).to_string();
        let unsigned = format!(
            "{}.{}.",
            base64(none.as_bytes()),
            base64(claims_text.as_bytes())
        );
        assert!(tokens.check(&unsigned, NOW).is_none());
        let confused = with(header(), "alg", json!("HS256")).to_string();
        let text = format!(
            "{}.{}",
            base64(confused.as_bytes()),
            base64(claims_text.as_bytes())
        );
        let mut mac =
            hmac::Hmac::<sha2::Sha256>::new_from_slice(key().verifying_key().as_bytes()).unwrap();
        mac.update(text.as_bytes());
        let tag = base64(&mac.finalize().into_bytes());
        assert!(tokens.check(&format!("{text}.{tag}"), NOW).is_none());
        // Another key, a changed text, a cut signature, more than a token.
        let text = format!(
            "{}.{}",
            base64(header_text.as_bytes()),
            base64(claims_text.as_bytes())
        );
        let strange = SigningKey::from_bytes(&[8; 32]).sign(text.as_bytes());
        assert!(
            tokens
                .check(&format!("{text}.{}", base64(&strange.to_bytes())), NOW)
                .is_none()
        );
        let good = signed(&header(), &claims());
        let other = claims_text.replace("alice", "bobby");
        let parts: Vec<_> = good.split('.').collect();
        let forged = format!("{}.{}.{}", parts[0], base64(other.as_bytes()), parts[2]);
        for token in [
            forged,
            good[..good.len() - 2].to_owned(),
            format!("{good}.x"),
            format!("{good}="),
            format!(" {good}"),
            String::new(),
            "..".to_owned(),
            "a.b.c".to_owned(),
            "x".repeat(5000),
        ] {
            assert!(tokens.check(&token, NOW).is_none(), "{token}");
        }
        assert!(tokens.check(&good, NOW).is_some());
    }

    #[test]
    fn a_key_file_holds_named_ed25519_public_keys_and_nothing_else() {
        let changed = |name: &str, value: Value| {
            let mut jwks = jwks();
            let key = jwks["keys"][0].take();
            jwks["keys"][0] = with(key, name, value);
            jwks
        };
        let twice = json!({"keys": [jwks()["keys"][0], jwks()["keys"][0]]});
        // The neutral element: it would verify what nobody signed.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        for (jwks, why) in [
            (changed("d", json!(base64(&[7; 32]))), "private key"),
            (changed("kty", json!("RSA")), ""),
            (changed("crv", json!("Ed448")), ""),
            (changed("alg", json!("HS256")), "another algorithm"),
            (changed("use", json!("enc")), "not for signatures"),
            (
                changed("x", json!(base64(&[7; 31]))),
                "no Ed25519 public key",
            ),
            (
                changed("x", json!(base64(&neutral))),
                "no Ed25519 public key",
            ),
            (changed("kid", Value::Null), "no kid"),
            (twice, "same kid"),
            (json!({"keys": []}), "no key"),
            (json!([]), ""),
        ] {
            let error = tokens_of(&jwks).err().expect(why);
            assert!(matches!(error, Error::Input { .. }), "{error}");
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
