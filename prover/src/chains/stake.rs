//! Solana stake accounts: what is in them for their withdrawer, and what of it cannot leave today.
//!
//! A stake account's lamports go to whoever its *withdrawer* names, once nothing holds them: a delegation, until it was
//! deactivated and has cooled down, holds its stake and the rent reserve; a lockup in force holds all of it.
//!
//! A cluster lets at most 9 % of its effective stake cool down in an epoch. A deactivated stake is free for certain after an
//! epoch in which all that was cooling down stayed below that, or once its epoch has left the cluster's history; until one
//! of them is seen it counts as held, which may be an epoch too long, and is never too short.
//!
//! Source: Solana's stake program, `StakeStateV2` (200 bytes), sysvars `Clock` (40 bytes) and `StakeHistory`, as bincode
//! writes them: integers little-endian, tags of 4 bytes.

use std::collections::BTreeMap;

/// The program that owns stake accounts.
pub(super) const PROGRAM: &str = "Stake11111111111111111111111111111111111111";
/// The program that owns the cluster's own accounts.
pub(super) const SYSVAR_OWNER: &str = "Sysvar1111111111111111111111111111111111111";
/// The cluster's clock, and the history of its stake.
pub(super) const SYSVARS: [&str; 2] = [
    "SysvarC1ock11111111111111111111111111111111",
    "SysvarStakeHistory1111111111111111111111111",
];
/// Length of a stake account's data.
pub(super) const STATE_BYTES: usize = 200;
/// Where the withdrawer's key stands: behind the tag (4), the rent reserve (8) and the staker's key (32).
pub(super) const WITHDRAWER: usize = 44;
const LOCKED_UNTIL_TIME: usize = WITHDRAWER + 32;
const LOCKED_UNTIL_EPOCH: usize = LOCKED_UNTIL_TIME + 8;
/// Behind the custodian's key and the vote account's.
const DELEGATED: usize = LOCKED_UNTIL_EPOCH + 8 + 32 + 32;
const DEACTIVATED: usize = DELEGATED + 16;
/// Tags of accounts that have a withdrawer: without a delegation, and with one.
const INITIALIZED: u32 = 1;
const STAKE: u32 = 2;
const CLOCK_BYTES: usize = 40;
/// Most epochs in the history.
const HISTORY: u64 = 512;
const HISTORY_ENTRY: usize = 32;

/// What of the cluster's stake may cool down in an epoch, in percent.
const COOLDOWN_PERCENT: u128 = 9;

/// When a stake account is looked at.
#[derive(Debug)]
pub(super) struct Moment {
    epoch: u64,
    unix: i64,
    /// Effective and deactivating stake of earlier epochs.
    history: BTreeMap<u64, (u64, u64)>,
}

impl Moment {
    /// Reads both sysvars.
    pub(super) fn parse(clock: &[u8], history: &[u8]) -> Option<Self> {
        if clock.len() != CLOCK_BYTES {
            return None;
        }
        let count = u64_at(history, 0).filter(|count| *count <= HISTORY)?;
        let mut epochs = BTreeMap::new();
        for entry in 0..usize::try_from(count).ok()? {
            let at = 8 + entry * HISTORY_ENTRY;
            let epoch = u64_at(history, at)?;
            let stake = (u64_at(history, at + 8)?, u64_at(history, at + 24)?);
            if epochs.insert(epoch, stake).is_some() {
                return None;
            }
        }
        Some(Self {
            epoch: u64_at(clock, 16)?,
            unix: u64_at(clock, 32)?.cast_signed(),
            history: epochs,
        })
    }

    fn has_cooled(&self, deactivated: u64) -> bool {
        if self.epoch <= deactivated {
            return false;
        }
        let oldest = self.history.keys().next();
        let all_of_it = |(effective, deactivating): &(u64, u64)| {
            u128::from(*deactivating) * 100 <= u128::from(*effective) * COOLDOWN_PERCENT
        };
        oldest.is_some_and(|oldest| deactivated < *oldest)
            || self
                .history
                .range(deactivated..self.epoch)
                .any(|(_, stake)| all_of_it(stake))
    }
}

/// What a stake account holds, in lamports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Delegated, and not cooled down.
    pub(super) staked: u64,
    /// What its withdrawer cannot take today.
    pub(super) encumbered: u64,
}

/// Reads the account of `withdrawer`; `None` where it is none.
pub(super) fn held(data: &[u8], lamports: u64, withdrawer: &[u8], now: &Moment) -> Option<Held> {
    let tag = data.first_chunk().map(|tag| u32::from_le_bytes(*tag))?;
    let is_own = data.get(WITHDRAWER..LOCKED_UNTIL_TIME) == Some(withdrawer);
    if data.len() != STATE_BYTES || !is_own || !matches!(tag, INITIALIZED | STAKE) {
        return None;
    }
    let reserve = u64_at(data, 4)?;
    let stake = u64_at(data, DELEGATED)?;
    let is_held = tag == STAKE && !now.has_cooled(u64_at(data, DEACTIVATED)?);
    let is_locked = u64_at(data, LOCKED_UNTIL_TIME)?.cast_signed() > now.unix
        || u64_at(data, LOCKED_UNTIL_EPOCH)? > now.epoch;
    let bound = if is_held {
        stake.saturating_add(reserve).min(lamports)
    } else {
        0
    };
    Some(Held {
        staked: if is_held { stake.min(lamports) } else { 0 },
        encumbered: if is_locked { lamports } else { bound },
    })
}

fn u64_at(data: &[u8], at: usize) -> Option<u64> {
    let bytes = data.get(at..at.checked_add(8)?)?;
    bytes.try_into().ok().map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: [u8; 32] = [7; 32];

    fn state(tag: u32, locked: (i64, u64), delegated: u64, deactivated: u64) -> Vec<u8> {
        let mut data = [
            &tag.to_le_bytes()[..],
            &100_u64.to_le_bytes(),
            &[1; 32],
            &OWN,
        ]
        .concat();
        data.extend(locked.0.to_le_bytes());
        data.extend(locked.1.to_le_bytes());
        data.extend([[2; 32], [3; 32]].concat());
        for number in [delegated, 5, deactivated] {
            data.extend(number.to_le_bytes());
        }
        data.resize(STATE_BYTES, 0);
        data
    }

    /// At epoch 20 and second 1,000; in epoch 17 more than 9 % were cooling down.
    fn moment() -> Moment {
        let mut clock = [0; CLOCK_BYTES];
        clock[16] = 20;
        clock[32..34].copy_from_slice(&1_000_u16.to_le_bytes());
        let entries = [(19, 90_u64), (18, 90), (17, 91), (16, 10)];
        let mut history = 4_u64.to_le_bytes().to_vec();
        for (epoch, deactivating) in entries {
            for number in [epoch, 1_000, 0, deactivating] {
                history.extend(u64::to_le_bytes(number));
            }
        }
        Moment::parse(&clock, &history).unwrap()
    }

    #[test]
    fn b_06_a_stake_is_free_once_it_was_deactivated_cooled_down_and_is_not_locked() {
        let now = moment();
        let read =
            |data: &[u8]| held(data, 10_000, &OWN, &now).map(|held| (held.staked, held.encumbered));
        let active = state(STAKE, (0, 0), 9_000, u64::MAX);
        assert_eq!(read(&active), Some((9_000, 9_100)));
        // Deactivated in this epoch, or the one before; both are asked of the epochs' whole stake.
        for (epoch, is_free) in [
            (21, false),
            (20, false),
            (19, true),
            (17, true),
            (16, true),
            (3, true),
        ] {
            let data = state(STAKE, (0, 0), 9_000, epoch);
            let expected = if is_free { (0, 0) } else { (9_000, 9_100) };
            assert_eq!(read(&data), Some(expected), "{epoch}");
        }
        let mut busy = moment();
        busy.history.retain(|epoch, _| *epoch == 17);
        let cooling = state(STAKE, (0, 0), 9_000, 17);
        assert_eq!(
            held(&cooling, 10_000, &OWN, &busy).unwrap().encumbered,
            9_100
        );
        busy.history.clear();
        assert_eq!(
            held(&cooling, 10_000, &OWN, &busy).unwrap().encumbered,
            9_100
        );
        // Never delegated; and locked, by time or by epoch.
        assert_eq!(read(&state(INITIALIZED, (0, 0), 0, 0)), Some((0, 0)));
        for (locked, is_free) in [
            ((1_000, 20), true),
            ((1_001, 0), false),
            ((0, 21), false),
            ((-1, 0), true),
        ] {
            let all = if is_free { 0 } else { 10_000 };
            assert_eq!(
                read(&state(INITIALIZED, locked, 0, 0)),
                Some((0, all)),
                "{locked:?}"
            );
        }
        // No more than there is.
        let lies = state(STAKE, (0, 0), u64::MAX, u64::MAX);
        assert_eq!(read(&lies), Some((10_000, 10_000)));
    }

    #[test]
    fn b_08_what_is_no_stake_account_of_the_withdrawer_is_refused() {
        let now = moment();
        let good = state(STAKE, (0, 0), 9_000, u64::MAX);
        for tag in [0, 3, u32::MAX] {
            assert_eq!(held(&state(tag, (0, 0), 0, 0), 1, &OWN, &now), None);
        }
        assert_eq!(held(&good, 1, &[8; 32], &now), None);
        assert_eq!(held(&good[..199], 1, &OWN, &now), None);
        assert_eq!(held(&[], 1, &OWN, &now), None);
        let (clock, history) = ([0; CLOCK_BYTES], 1_u64.to_le_bytes());
        assert!(Moment::parse(&clock, &history).is_none());
        assert!(Moment::parse(&clock, &u64::MAX.to_le_bytes()).is_none());
        assert!(Moment::parse(&clock[1..], &0_u64.to_le_bytes()).is_none());
        assert!(Moment::parse(&clock, &0_u64.to_le_bytes()).is_some());
    }
}
