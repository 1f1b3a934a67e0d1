//! License keys: import, claim, states, counters, codes, batches, expiry (STK-1 … STK-6, STK-7's switch).
//!
//! Always true here:
//! - A key is in one state, and the counters of its product in table `stock` are those of its rows: they
//!   change in the same transaction (STK-4).
//! - Keys at or beyond the product's horizon are staged: no stock, never claimed. Places from the horizon up to
//!   `next_place` are exactly the rows of the one import that stages there (`stock.staging`).
//! - Of the keys in stock `stock.promised` are sold already (EXT-10): the rows that are available are `available` and
//!   `promised` together, and nobody takes more than `available` without a promise.
//! - Keys go out first in, first out, by place (STK-3). A key that was ever shown never becomes available again.
//! - No key that expires by now is claimed, and none in stock expires before its product's `expires_from_ms` (STK-6).
//! - A code is sealed with the vault for its own row, found by keyed hash, masked in lists (STK-5).
//!
//! What does not belong: who bought a key (`licenses`), which order waits for one (`orders`).

pub mod batches;
mod claim;
mod counters;
pub mod expiry;
pub mod import;
pub mod queries;
mod reveal;
mod shelf;
mod store;
mod switches;

pub use claim::{
    ClaimedKey, FIRST_KEYS, FIRST_KEYS_WAITED_FOR, FIRST_LIVE_KEYS, OnHand, Taken, claim, claim_all, claim_promised, deliver_all, keep_promise, lock,
    mark_shown, mark_shown_at, move_keys, promise, take,
};
pub use reveal::RevealKey;
pub use shelf::{Crossing, Shelf, Shelves, shelves, take_all};
pub use switches::SetStockSwitches;

use crate::access::named;
use crate::ids::LicenseKeyId;
use tradepost_kernel::Secret;
use tradepost_kernel::secret::Vault;
use tradepost_store::Fault;

/// Where a key is on its way from the merchant to a customer (STK-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i64)]
pub enum KeyState {
    /// In stock (or staged, beyond the horizon).
    Available = 0,
    /// Taken by an order that is not released.
    Reserved = 1,
    /// The reseller's.
    Allocated = 2,
    /// Given to a customer.
    Delivered = 3,
    /// Taken back by the merchant, or expired; its code is no longer good.
    Revoked = 4,
    /// Shown to somebody, then returned: never sold again.
    Burned = 5,
}
named!(KeyState {
    Available = "available",
    Reserved = "reserved",
    Allocated = "allocated",
    Delivered = "delivered",
    Revoked = "revoked",
    Burned = "burned",
});

impl KeyState {
    /// As it is stored.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// From what is stored.
    ///
    /// # Errors
    /// [`Fault::Column`] where there is no such state.
    pub fn from_code(code: i64) -> Result<Self, Fault> {
        Self::ALL.iter().copied().find(|state| state.code() == code).ok_or(Fault::Column("a state of keys"))
    }
}

/// How much of a product is left, against its threshold (STK-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Above the threshold.
    Ok,
    /// At or below the threshold.
    Low,
    /// Nothing available.
    Out,
}
named!(Level { Ok = "ok", Low = "low", Out = "out" });

impl Level {
    /// The level of `available` keys against `threshold`.
    #[must_use]
    pub const fn of(available: i64, threshold: i64) -> Self {
        match available {
            ..=0 => Self::Out,
            _ if available <= threshold => Self::Low,
            _ => Self::Ok,
        }
    }

    /// The event of coming from `self` to `to`: one per crossing (STK-4). Down to the threshold is low, down to
    /// nothing is out, up across either is back.
    #[must_use]
    pub const fn event(self, to: Self) -> Option<&'static str> {
        match (self, to) {
            (Self::Ok, Self::Low) => Some("stock.low"),
            (Self::Ok | Self::Low, Self::Out) => Some("stock.out"),
            (Self::Out, Self::Low | Self::Ok) | (Self::Low, Self::Ok) => Some("stock.back"),
            _ => None,
        }
    }
}

/// What a sealed code is tied to: merchant number and key id. A row copied over another does not open.
fn place_of(merchant: i64, key: LicenseKeyId) -> [u8; 24] {
    let mut place = [0; 24];
    place[..8].copy_from_slice(&merchant.to_be_bytes());
    place[8..].copy_from_slice(&key.bytes());
    place
}

/// Within what a code is unique: merchant and product.
pub(crate) fn unique_within(merchant: i64, product: i64) -> [u8; 16] {
    let mut scope = [0; 16];
    scope[..8].copy_from_slice(&merchant.to_be_bytes());
    scope[8..].copy_from_slice(&product.to_be_bytes());
    scope
}

/// Seals a code for its row.
#[must_use]
pub fn seal_code(vault: &Vault, nonce: [u8; 24], merchant: i64, key: LicenseKeyId, code: &str) -> Vec<u8> {
    vault.seal(nonce, &place_of(merchant, key), code.as_bytes())
}

/// Opens the code of a key.
///
/// # Errors
/// [`Fault::Invariant`]: sealed for another row or with another master key, or damaged.
pub fn open_code(vault: &Vault, merchant: i64, key: LicenseKeyId, sealed: &[u8]) -> Result<Secret<String>, Fault> {
    let damaged = || Fault::invariant(format!("the code of {key} does not open"));
    let plain = vault.open(&place_of(merchant, key), sealed).map_err(|_| damaged())?;
    String::from_utf8(plain.expose().clone()).map(Secret::new).map_err(|_| damaged())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// STK-4: the table of crossings.
    #[test]
    fn every_crossing_announces_once() {
        let table: Vec<String> = Level::ALL
            .iter()
            .flat_map(|from| Level::ALL.iter().map(move |to| format!("{} → {}: {}", from.name(), to.name(), from.event(*to).unwrap_or("-"))))
            .collect();
        assert_eq!(
            table,
            [
                "ok → ok: -",
                "ok → low: stock.low",
                "ok → out: stock.out",
                "low → ok: stock.back",
                "low → low: -",
                "low → out: stock.out",
                "out → ok: stock.back",
                "out → low: stock.back",
                "out → out: -",
            ]
        );
    }

    #[test]
    fn a_threshold_of_zero_knows_no_low() {
        assert_eq!([Level::of(0, 0), Level::of(1, 0), Level::of(5, 5), Level::of(6, 5)], [Level::Out, Level::Ok, Level::Low, Level::Ok]);
    }

    /// STK-5
    #[test]
    fn a_code_opens_for_its_own_row_only() {
        let vault = Vault::new(&Secret::new([3; 32]));
        let (key, other) = (LicenseKeyId::from_bytes([1; 16]), LicenseKeyId::from_bytes([2; 16]));
        let sealed = seal_code(&vault, [5; 24], 7, key, "ABCD-EFGH");
        assert_eq!(open_code(&vault, 7, key, &sealed).expect("opens").expose(), "ABCD-EFGH");
        assert!(open_code(&vault, 7, other, &sealed).is_err() && open_code(&vault, 8, key, &sealed).is_err());
    }
}
