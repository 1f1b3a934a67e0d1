//! What goes into statements and comes out of rows: integers, text, bytes, null. Nothing else.

use crate::Fault;
use tradepost_kernel::{Currency, Date, Id, Timestamp};

/// One parameter or one column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// NULL.
    Null,
    /// 64-bit integer: minor units, milliseconds, counts, small enums, 0/1.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes: ids, hashes, sealed texts.
    Bytes(Vec<u8>),
}

/// A list of parameters: `params![merchant, id, name]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*][..] };
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}
impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}
impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}
impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}
impl<N> From<Id<N>> for Value {
    fn from(value: Id<N>) -> Self {
        Self::Bytes(value.bytes().to_vec())
    }
}
impl<N> From<&Id<N>> for Value {
    fn from(value: &Id<N>) -> Self {
        Self::Bytes(value.bytes().to_vec())
    }
}
impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.ms())
    }
}
impl From<Date> for Value {
    fn from(value: Date) -> Self {
        Self::Text(value.to_string())
    }
}
impl From<Currency> for Value {
    fn from(value: Currency) -> Self {
        Self::Text(value.code().to_owned())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A type that one column can be read as.
pub trait FromValue: Sized + Send {
    /// # Errors
    /// [`Fault::Column`] where the column holds something else: a bug in the statement, never a caller's mistake.
    fn from_value(value: Value) -> Result<Self, Fault>;
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Result<Self, Fault> {
        if let Value::Int(value) = value { Ok(value) } else { Err(Fault::Column("an integer")) }
    }
}
impl FromValue for bool {
    fn from_value(value: Value) -> Result<Self, Fault> {
        match value {
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            _ => Err(Fault::Column("0 or 1")),
        }
    }
}
impl FromValue for String {
    fn from_value(value: Value) -> Result<Self, Fault> {
        if let Value::Text(value) = value { Ok(value) } else { Err(Fault::Column("text")) }
    }
}
impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Result<Self, Fault> {
        if let Value::Bytes(value) = value { Ok(value) } else { Err(Fault::Column("bytes")) }
    }
}
impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: Value) -> Result<Self, Fault> {
        let Value::Bytes(value) = value else { return Err(Fault::Column("bytes")) };
        value.try_into().map_err(|_| Fault::Column("bytes of another length"))
    }
}
impl<N> FromValue for Id<N> {
    fn from_value(value: Value) -> Result<Self, Fault> {
        Ok(Self::from_bytes(<[u8; 16]>::from_value(value)?))
    }
}
impl FromValue for Timestamp {
    fn from_value(value: Value) -> Result<Self, Fault> {
        Ok(Self::from_ms(i64::from_value(value)?))
    }
}
impl FromValue for Date {
    fn from_value(value: Value) -> Result<Self, Fault> {
        String::from_value(value)?.parse().map_err(|_| Fault::Column("a date"))
    }
}
impl FromValue for Currency {
    fn from_value(value: Value) -> Result<Self, Fault> {
        String::from_value(value)?.parse().map_err(|_| Fault::Column("a currency"))
    }
}
impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self, Fault> {
        Ok(value)
    }
}
impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, Fault> {
        if value == Value::Null { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

/// One row, its columns in the order of the SELECT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub Vec<Value>);

/// A type that a whole row can be read as: a single column, or a tuple of up to 24 in the order of the
/// SELECT. For longer rows or names implement it with [`Row::take`].
pub trait FromRow: Sized + Send {
    /// # Errors
    /// [`Fault::Column`].
    fn from_row(row: Row) -> Result<Self, Fault>;
}

impl FromRow for Row {
    fn from_row(row: Row) -> Result<Self, Fault> {
        Ok(row)
    }
}

/// Reads the columns of a row one after the other.
#[derive(Debug)]
pub struct Columns(std::vec::IntoIter<Value>);

impl Columns {
    /// The next column.
    ///
    /// # Errors
    /// [`Fault::Column`] where there is none or it is of another type.
    #[allow(clippy::should_implement_trait, reason = "fallible and typed")]
    pub fn next<T: FromValue>(&mut self) -> Result<T, Fault> {
        T::from_value(self.0.next().ok_or(Fault::Column("a further column"))?)
    }

    /// All that are left, of one type.
    ///
    /// # Errors
    /// [`Fault::Column`] where one is of another type.
    pub fn rest<T: FromValue>(self) -> Result<Vec<T>, Fault> {
        self.0.map(T::from_value).collect()
    }
}

impl Row {
    /// The columns, to be read in order.
    #[must_use]
    pub fn take(self) -> Columns {
        Columns(self.0.into_iter())
    }
}

macro_rules! column_from_row {
    ($([$($generic:tt)*] $name:ty),+) => {
        $(impl<$($generic)*> FromRow for $name {
            fn from_row(row: Row) -> Result<Self, Fault> {
                row.take().next()
            }
        })+
    };
}
column_from_row!([] i64, [] bool, [] String, [] Vec<u8>, [const N: usize] [u8; N], [N] Id<N>, [] Timestamp, [] Date, [] Currency, [T: FromValue] Option<T>);

macro_rules! tuple_from_row {
    ($($name:ident),+) => {
        impl<$($name: FromValue),+> FromRow for ($($name,)+) {
            fn from_row(row: Row) -> Result<Self, Fault> {
                let mut columns = row.take();
                Ok(($(columns.next::<$name>()?,)+))
            }
        }
    };
}
tuple_from_row!(A);
tuple_from_row!(A, B);
tuple_from_row!(A, B, C);
tuple_from_row!(A, B, C, D);
tuple_from_row!(A, B, C, D, E);
tuple_from_row!(A, B, C, D, E, F);
tuple_from_row!(A, B, C, D, E, F, G);
tuple_from_row!(A, B, C, D, E, F, G, H);
tuple_from_row!(A, B, C, D, E, F, G, H, I);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L, M);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L, M, N);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L, M, N, O);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W);
tuple_from_row!(A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X);

/// One column of a set, as many values as the set has rows. On PostgreSQL it becomes an array.
#[derive(Clone, Debug)]
pub enum Column {
    /// Integers.
    Ints(Vec<i64>),
    /// Integers or NULL.
    OptInts(Vec<Option<i64>>),
    /// Texts.
    Texts(Vec<String>),
    /// Texts or NULL.
    OptTexts(Vec<Option<String>>),
    /// Ids.
    Ids(Vec<[u8; 16]>),
    /// Bytes or NULL.
    OptBytes(Vec<Option<Vec<u8>>>),
}

impl Column {
    /// Rows in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Ints(values) => values.len(),
            Self::OptInts(values) => values.len(),
            Self::Texts(values) => values.len(),
            Self::OptTexts(values) => values.len(),
            Self::Ids(values) => values.len(),
            Self::OptBytes(values) => values.len(),
        }
    }

    /// The first row alone.
    pub(crate) fn first(&self) -> Self {
        match self {
            Self::Ints(values) => Self::Ints(values.iter().take(1).copied().collect()),
            Self::OptInts(values) => Self::OptInts(values.iter().take(1).copied().collect()),
            Self::Texts(values) => Self::Texts(values.iter().take(1).cloned().collect()),
            Self::OptTexts(values) => Self::OptTexts(values.iter().take(1).cloned().collect()),
            Self::Ids(values) => Self::Ids(values.iter().take(1).copied().collect()),
            Self::OptBytes(values) => Self::OptBytes(values.iter().take(1).cloned().collect()),
        }
    }

    /// Whether the set has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A column of ids.
    pub fn ids<N>(ids: impl IntoIterator<Item = Id<N>>) -> Self {
        Self::Ids(ids.into_iter().map(|id| id.bytes()).collect())
    }

    /// A column of integers.
    pub fn ints(ints: impl IntoIterator<Item = i64>) -> Self {
        Self::Ints(ints.into_iter().collect())
    }

    /// A column of texts.
    pub fn texts(texts: impl IntoIterator<Item = String>) -> Self {
        Self::Texts(texts.into_iter().collect())
    }

    /// The same integer for every one of `rows` rows.
    #[must_use]
    pub fn same(int: i64, rows: usize) -> Self {
        Self::Ints(vec![int; rows])
    }
}
