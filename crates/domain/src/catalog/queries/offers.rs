//! What several partnerships may order, asked for at once: the calls of external shops that wait together.

use super::{parts_of, sellable_columns};
use crate::access::PartnershipScope;
use crate::catalog::SellableProduct;
use crate::catalog::pricing::Priced;
use crate::ids::{ChannelId, ProductId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, FromRow, Reader, Row, SetSql};

/// One product asked for by one partnership.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    /// Who asks.
    pub scope: PartnershipScope,
    /// Where it buys.
    pub channel: ChannelId,
    /// The product's id or SKU.
    pub product: String,
}

/// A row of the answer: the place of the question in front.
struct Found(usize, SellableProduct);

impl FromRow for Found {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let Row(mut values) = row;
        let tradepost_store::Value::Int(at) = values.remove(0) else { return Err(Fault::Column("the number of a row")) };
        Ok(Self(usize::try_from(at).map_err(|_| Fault::Column("the number of a row"))?, SellableProduct::from_row(Row(values))?))
    }
}

macro_rules! offers_sql {
    ($by:literal) => {
        concat!(
            "SELECT r.n, ",
            sellable_columns!(),
            " FROM rows r JOIN product p ON p.merchant = r.merchant AND ",
            $by,
            " LEFT JOIN product q ON q.merchant = p.merchant AND q.number = p.parent \
             LEFT JOIN partnership_product a ON a.merchant = p.merchant AND a.partnership = r.partnership AND a.product = COALESCE(p.parent, p.number) \
             LEFT JOIN channel c ON c.merchant = p.merchant AND c.id = r.channel \
             LEFT JOIN price_list_product l ON l.merchant = p.merchant AND l.price_list = c.price_list AND l.product = COALESCE(p.parent, p.number) \
             WHERE p.enabled = 1 AND COALESCE(q.enabled, 1) = 1 AND (a.access = 1 OR (a.access IS NULL AND l.product IS NOT NULL))"
        )
    };
}

static BY_SKU: SetSql =
    SetSql::select(offers_sql!("p.sku = r.sku"), &[("n", Int), ("merchant", Int), ("partnership", Bytes), ("channel", Bytes), ("sku", Text)]);
static BY_ID: SetSql = SetSql::select(offers_sql!("p.id = r.id"), &[("n", Int), ("merchant", Int), ("partnership", Bytes), ("channel", Bytes), ("id", Bytes)]);

static BY_NUMBER: SetSql =
    SetSql::select(offers_sql!("p.number = r.number"), &[("n", Int), ("merchant", Int), ("partnership", Bytes), ("channel", Bytes), ("number", Int)]);

/// The products that are to be priced, where the partnership may order them (CAT-4), with the parts of bundles. What is
/// missing from the map is not available. The parts of a bundle are not asked for: whoever may order it gets them.
///
/// # Errors
/// The store's.
pub async fn available_by_number<'a>(reader: &mut Reader<'_>, asked: &'a [Priced]) -> Result<HashMap<&'a Priced, SellableProduct>, Fault> {
    let columns = [
        Column::ints(0..i64::try_from(asked.len()).unwrap_or(i64::MAX)),
        Column::ints(asked.iter().map(|asked| asked.scope.merchant)),
        Column::ids(asked.iter().map(|asked| asked.scope.partnership)),
        Column::ids(asked.iter().map(|asked| asked.channel)),
        Column::ints(asked.iter().map(|asked| asked.product)),
    ];
    let mut found: HashMap<&Priced, SellableProduct> = HashMap::with_capacity(asked.len());
    let mut bundles: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for Found(at, product) in reader.query_set::<Found>(&BY_NUMBER, &columns).await? {
        let asked = asked.get(at).ok_or(Fault::Column("the number of a row"))?;
        if product.bundle {
            bundles.entry(asked.scope.merchant).or_default().insert(product.number);
        }
        found.insert(asked, product);
    }
    for (merchant, bundles) in bundles {
        let parts = parts_of(reader, merchant, &bundles.into_iter().collect::<Vec<_>>()).await?;
        for (_, product) in found.iter_mut().filter(|(asked, _)| asked.scope.merchant == merchant) {
            product.parts = parts.get(&product.number).cloned().unwrap_or_default();
        }
    }
    Ok(found)
}

/// The products asked for, where the partnership may order them (CAT-4). What is missing from the map is not
/// available. The parts of bundles are not filled in.
///
/// # Errors
/// The store's.
pub async fn available_all<'a>(reader: &mut Reader<'_>, asked: &'a [Asked]) -> Result<HashMap<&'a Asked, SellableProduct>, Fault> {
    let ids: Vec<Option<ProductId>> = asked.iter().map(|asked| asked.product.parse().ok()).collect();
    let (by_id, by_sku): (Vec<usize>, Vec<usize>) = (0..asked.len()).partition(|at| ids[*at].is_some());
    let mut found = HashMap::with_capacity(asked.len());
    for (places, sql) in [(by_id, &BY_ID), (by_sku, &BY_SKU)] {
        let mut columns = vec![
            Column::ints(places.iter().map(|at| i64::try_from(*at).unwrap_or(i64::MAX))),
            Column::ints(places.iter().map(|at| asked[*at].scope.merchant)),
            Column::ids(places.iter().map(|at| asked[*at].scope.partnership)),
            Column::ids(places.iter().map(|at| asked[*at].channel)),
        ];
        columns.push(if std::ptr::eq(sql, &BY_ID) {
            Column::ids(places.iter().filter_map(|at| ids[*at]))
        } else {
            Column::texts(places.iter().map(|at| asked[*at].product.clone()))
        });
        for Found(at, product) in reader.query_set::<Found>(sql, &columns).await? {
            let asked = asked.get(at).ok_or(Fault::Column("the number of a row"))?;
            found.insert(asked, product);
        }
    }
    Ok(found)
}
