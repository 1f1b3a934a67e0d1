//! Typed, prefixed, time-ordered ids.
//!
//! Inside, an id is 16 bytes (UUID version 7: milliseconds, then randomness). Outside it is the
//! TypeID text form: a prefix that names the noun, `_`, and 26 characters of Crockford base32.
//! The type parameter keeps an order's id from being passed where a license's is needed.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

/// What an id points at. Implemented by the empty types that [`id_types!`](crate::id_types) makes.
pub trait Noun: 'static {
    /// The text before the underscore, such as `ord`.
    const PREFIX: &'static str;
}

/// The id of one `N`.
pub struct Id<N> {
    bytes: [u8; 16],
    noun: PhantomData<fn() -> N>,
}

/// The text is not an id of the noun asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl<N> Id<N> {
    /// An id from its stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self { bytes, noun: PhantomData }
    }

    /// The 16 bytes as they are stored.
    #[must_use]
    pub const fn bytes(&self) -> [u8; 16] {
        self.bytes
    }

    /// The same bytes as an id of another noun: for tables that refer to any noun.
    #[must_use]
    pub const fn cast<M>(self) -> Id<M> {
        Id::from_bytes(self.bytes)
    }

    /// The 26 characters after the prefix.
    #[must_use]
    pub fn suffix(&self) -> String {
        let mut number = u128::from_be_bytes(self.bytes);
        let mut out = [0_u8; 26];
        for place in out.iter_mut().rev() {
            *place = ALPHABET[(number & 31) as usize];
            number >>= 5;
        }
        out.iter().map(|&b| b as char).collect()
    }
}

impl<N: Noun> Id<N> {
    /// The public text form, for example `ord_01h455vb4pex5vsknk084sn02q`.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}_{}", N::PREFIX, self.suffix())
    }
}

impl<N: Noun> FromStr for Id<N> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let rest = text.strip_prefix(N::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or(NotAnId)?;
        if rest.len() != 26 || rest.as_bytes()[0] > b'7' {
            return Err(NotAnId);
        }
        let mut number = 0_u128;
        for byte in rest.bytes() {
            let digit = ALPHABET.iter().position(|&known| known == byte).ok_or(NotAnId)?;
            number = (number << 5) | digit as u128;
        }
        Ok(Self::from_bytes(number.to_be_bytes()))
    }
}

impl<N> Clone for Id<N> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<N> Copy for Id<N> {}
impl<N> PartialEq for Id<N> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
impl<N> Eq for Id<N> {}
impl<N> PartialOrd for Id<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<N> Ord for Id<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes.cmp(&other.bytes)
    }
}
impl<N> Hash for Id<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}
impl<N: Noun> fmt::Display for Id<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
impl<N: Noun> fmt::Debug for Id<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
impl<N: Noun> Serialize for Id<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}
impl<'de, N: Noun> Deserialize<'de> for Id<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|NotAnId| serde::de::Error::custom(format!("not an id with the prefix {}", N::PREFIX)))
    }
}

/// Declares nouns and the aliases of their ids: `id_types! { Order => OrderId "ord" }`.
#[macro_export]
macro_rules! id_types {
    ($($(#[$doc:meta])* $noun:ident => $alias:ident $prefix:literal),+ $(,)?) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $noun {}
        impl $crate::id::Noun for $noun { const PREFIX: &'static str = $prefix; }
        $(#[$doc])*
        pub type $alias = $crate::Id<$noun>;
    )+ };
}

#[cfg(test)]
mod tests {
    use super::*;
    crate::id_types! { Order => OrderId "ord", License => LicenseId "lic" }

    #[test]
    fn an_id_reads_back_from_its_text() {
        let id = OrderId::from_bytes([1, 143, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        assert_eq!(id.text().parse::<OrderId>(), Ok(id));
        assert_eq!(id.text().len(), 30);
    }

    #[test]
    fn an_id_of_another_noun_is_refused() {
        let id = OrderId::from_bytes([7; 16]);
        assert_eq!(id.text().parse::<LicenseId>(), Err(NotAnId));
        for wrong in ["", "ord_", "ord_8zzzzzzzzzzzzzzzzzzzzzzzzz", "ord_0000000000000000000000000u", "ORD_00000000000000000000000000"] {
            assert_eq!(wrong.parse::<OrderId>(), Err(NotAnId), "{wrong}");
        }
    }

    #[test]
    fn text_order_is_byte_order() {
        let (a, b) = (OrderId::from_bytes([1; 16]), OrderId::from_bytes([2; 16]));
        assert!(a < b && a.text() < b.text());
    }
}
