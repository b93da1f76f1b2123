//! Tokens that have been used: each counts once, so that one that leaks opens nothing a second time.

use std::collections::BTreeSet;

use por_protocol::digest::Digest;

use super::token::Bearer;

/// 100 bytes each; at the longest life of a token, more than 1,000 statements a second.
const MAX_TOKENS: usize = 1 << 20;

/// The tokens that were used and have not ended.
#[derive(Default)]
pub(super) struct UsedTokens {
    /// By when they end, so that those come out first.
    used: BTreeSet<(u64, Digest)>,
}

/// What is known of a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It was not used yet.
    First,
    /// It was used before.
    Again,
    /// There are too many to remember; none is let through that could not be told from a used one.
    Full,
}

impl UsedTokens {
    /// Whether the token may be used.
    pub(super) fn look(&mut self, bearer: &Bearer, now: u64) -> Use {
        // What has ended is refused for that already.
        self.used = self.used.split_off(&(now, Digest::from_bytes([0; 32])));
        if self.used.contains(&key(bearer)) {
            Use::Again
        } else if self.used.len() >= MAX_TOKENS {
            Use::Full
        } else {
            Use::First
        }
    }

    /// Uses the token up.
    pub(super) fn take(&mut self, bearer: &Bearer) {
        self.used.insert(key(bearer));
    }
}

fn key(bearer: &Bearer) -> (u64, Digest) {
    (bearer.expires, Digest::of(bearer.number.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(number: &str, expires: u64) -> Bearer {
        Bearer {
            account: "alice".into(),
            number: number.into(),
            expires,
        }
    }

    #[test]
    fn a_10_a_token_counts_once() {
        let mut used = UsedTokens::default();
        assert_eq!(used.look(&bearer("1", 100), 10), Use::First);
        // Looking uses nothing up.
        assert_eq!(used.look(&bearer("1", 100), 10), Use::First);
        used.take(&bearer("1", 100));
        assert_eq!(used.look(&bearer("2", 100), 10), Use::First);
        assert_eq!(used.look(&bearer("1", 100), 10), Use::Again);
        assert_eq!(used.look(&bearer("1", 100), 99), Use::Again);
    }

    #[test]
    fn ended_tokens_are_forgotten_and_a_full_memory_lets_nothing_through() {
        let mut used = UsedTokens::default();
        for number in 0..MAX_TOKENS as u64 {
            let name = Digest::of(&number.to_le_bytes());
            used.used.insert((100 + number % 2, name));
        }
        assert_eq!(used.look(&bearer("new", 150), 50), Use::Full);
        assert_eq!(used.look(&bearer("new", 150), 101), Use::First);
        assert_eq!(used.used.len(), MAX_TOKENS / 2);
    }
}
