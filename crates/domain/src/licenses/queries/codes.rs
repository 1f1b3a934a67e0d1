//! Licenses with their sealed codes, and nothing else of them: what a file of up to a hundred thousand is made of in one look.

use super::{known, sql};
use crate::access::PartnershipScope;
use crate::catalog::EndUserInformation;
use crate::ids::{LicenseId, LicenseKeyId, OrderId};
use crate::licenses::Stage;
use tradepost_kernel::Timestamp;
use tradepost_store::{Fault, FromRow, Reader, Row, params};

/// A license as its line in a file of codes needs it.
#[derive(Clone, Debug)]
pub(crate) struct CodeRow {
    /// Its id.
    pub(crate) license: LicenseId,
    /// The number of its product.
    pub(crate) product: i64,
    /// How far it is.
    pub(crate) stage: Stage,
    /// Whether its owner must be known first.
    pub(crate) end_user_information: EndUserInformation,
    /// Its key with the sealed code, once it has one.
    pub(crate) key: Option<(LicenseKeyId, Vec<u8>)>,
    /// When the key was first shown.
    pub(crate) shown: Option<Timestamp>,
}

impl FromRow for CodeRow {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        let (license, product) = (c.next()?, c.next()?);
        let stage = known(Stage::from_name(&c.next::<String>()?))?;
        let end_user_information = known(EndUserInformation::from_name(&c.next::<String>()?))?;
        let (key, sealed): (Option<LicenseKeyId>, Option<Vec<u8>>) = (c.next()?, c.next()?);
        Ok(Self { license, product, stage, end_user_information, key: key.zip(sealed), shown: c.next()? })
    }
}

/// The columns of [`CodeRow`].
macro_rules! code_sql {
    ($rest:literal) => {
        sql!(concat!(
            "SELECT l.id, l.product, l.stage, l.end_user_information, k.id, k.sealed, k.shown_ms FROM license l \
             LEFT JOIN license_key k ON k.merchant = l.merchant AND k.id = l.license_key ",
            $rest
        ))
    };
}

/// Every available license of a product, oldest first, up to `most`.
///
/// # Errors
/// The store's.
pub(crate) async fn available_codes(reader: &mut Reader<'_>, scope: PartnershipScope, product: i64, most: i64) -> Result<Vec<CodeRow>, Fault> {
    let text = code_sql!("WHERE l.merchant = $1 AND l.partnership = $2 AND l.product = $3 AND l.stage = 'available' ORDER BY l.id LIMIT $4");
    reader.query(text, params![scope.merchant, scope.partnership, product, most]).await
}

/// Every license of an order, oldest first.
///
/// # Errors
/// The store's.
pub(crate) async fn codes_of_order(reader: &mut Reader<'_>, merchant: i64, order: OrderId) -> Result<Vec<CodeRow>, Fault> {
    reader.query(code_sql!("WHERE l.merchant = $1 AND l.orders = $2 ORDER BY l.id"), params![merchant, order]).await
}
