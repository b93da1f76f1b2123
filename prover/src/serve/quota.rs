//! How many statements an account may ask for: GCRA, so many a minute with that many at once.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use por_protocol::digest::Digest;

/// Accounts that are remembered before those with their whole quota are forgotten.
const REMEMBERED: usize = 1 << 16;

/// Counts by account.
pub(super) struct Quotas {
    limiter: DefaultKeyedRateLimiter<Digest>,
    clock: DefaultClock,
}

impl Quotas {
    pub(super) fn per_minute(count: NonZeroU32) -> Self {
        Self {
            limiter: RateLimiter::keyed(Quota::per_minute(count)),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a request of an account.
    ///
    /// # Errors
    /// How long the account has to wait.
    pub(super) fn take(&self, account: &str) -> Result<(), Duration> {
        if self.limiter.len() > REMEMBERED {
            self.limiter.retain_recent();
        }
        let refused = self.limiter.check_key(&Digest::of(account.as_bytes()));
        refused.map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_06_an_account_gets_its_quota_and_takes_nothing_from_others() {
        let quotas = Quotas::per_minute(NonZeroU32::new(3).unwrap());
        for _ in 0..3 {
            assert!(quotas.take("alice").is_ok());
        }
        let wait = quotas.take("alice").unwrap_err();
        assert!(
            wait > Duration::ZERO && wait <= Duration::from_secs(20),
            "{wait:?}"
        );
        assert!(quotas.take("bob").is_ok());
    }
}
