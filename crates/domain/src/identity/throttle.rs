//! How failed sign-ins slow down further ones (PAR-15).
//!
//! An attempt counts before its password is looked at, and is taken back when it was right: twenty at once
//! cannot all slip through before the first has failed.

use tradepost_kernel::Timestamp;
use tradepost_kernel::secret::Vault;

/// What is remembered of one account or one network address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// Attempts counted and not taken back.
    pub failures: i64,
    /// The first of them.
    pub first: Timestamp,
    /// No attempt before this moment.
    pub blocked_until: Timestamp,
}

/// Attempts that an account has before it must wait.
pub const FREE_PER_ACCOUNT: i64 = 5;
/// Attempts that a network address has: an office signs in from one.
pub const FREE_PER_ADDRESS: i64 = 30;
/// After this long without a block counting starts anew: an hour.
const FORGOTTEN_AFTER_MS: i64 = 3_600_000;
const FIRST_WAIT_MS: i64 = 30_000;
const LONGEST_WAIT_MS: i64 = 15 * 60_000;

/// Counts one attempt: what to remember now, or how many milliseconds to wait.
///
/// # Errors
/// The wait in milliseconds, where it is too early.
pub fn attempt(known: Option<Failures>, free: i64, now: Timestamp) -> Result<Failures, i64> {
    let Some(known) = known.filter(|known| now.ms() - known.first.ms().max(known.blocked_until.ms()) < FORGOTTEN_AFTER_MS) else {
        return Ok(Failures { failures: 1, first: now, blocked_until: now });
    };
    if now < known.blocked_until {
        return Err(known.blocked_until.ms() - now.ms());
    }
    let failures = known.failures + 1;
    let beyond = failures - free;
    let blocked_until = match u32::try_from(beyond - 1) {
        Ok(doublings) => now.plus_ms((FIRST_WAIT_MS << doublings.min(10)).min(LONGEST_WAIT_MS)),
        Err(_) => now,
    };
    Ok(Failures { failures, first: known.first, blocked_until })
}

/// What has let nobody wait since before this moment counts no more, and need not be remembered.
#[must_use]
pub const fn counts_from(now: Timestamp) -> Timestamp {
    now.plus_ms(-FORGOTTEN_AFTER_MS)
}

/// What the failures of an account are kept under. It names nobody.
#[must_use]
pub fn account(vault: &Vault, email_key: &str) -> [u8; 16] {
    vault.fingerprint(b"sign-in account", email_key.as_bytes())
}

/// What the failures of a network address are kept under.
#[must_use]
pub fn address(vault: &Vault, address: &str) -> [u8; 16] {
    vault.fingerprint(b"sign-in address", address.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAR-15
    #[test]
    fn after_five_attempts_each_further_one_doubles_the_wait_up_to_a_quarter_of_an_hour() {
        let mut now = Timestamp::from_ms(1_790_000_000_000);
        let mut known = None;
        let mut waits = Vec::new();
        for _ in 0..13 {
            let counted = attempt(known, FREE_PER_ACCOUNT, now).expect("it waited long enough");
            waits.push((counted.blocked_until.ms() - now.ms()) / 1000);
            if counted.blocked_until > now {
                let early = attempt(Some(counted), FREE_PER_ACCOUNT, now.plus_ms(1));
                assert_eq!(early, Err(counted.blocked_until.ms() - now.ms() - 1));
            }
            now = counted.blocked_until;
            known = Some(counted);
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
    }

    /// PAR-15
    #[test]
    fn an_hour_after_the_last_block_everything_is_forgotten() {
        let now = Timestamp::from_ms(1_790_000_000_000);
        let known = Failures { failures: 40, first: now, blocked_until: now.plus_ms(1000) };
        let later = now.plus_ms(1000 + 3_600_000);
        assert_eq!(attempt(Some(known), FREE_PER_ACCOUNT, later), Ok(Failures { failures: 1, first: later, blocked_until: later }));
        assert!(known.blocked_until >= counts_from(later) && known.blocked_until < counts_from(later.plus_ms(1)), "then its row may go");
    }
}
