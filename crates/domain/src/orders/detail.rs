//! One order with everything that its page shows: items with prices, lock reasons, licenses by status, invoice.

use super::attach::Kind;
use super::download::is_in_file;
use super::queries::ItemRow;
use super::standing::facts;
use super::{OrderRow, queries};
use crate::access::{MerchantScope, PartnershipScope};
use crate::billing;
use crate::catalog::pricing::{self, Explanation, ItemDiscount};
use crate::catalog::{self, SellableProduct};
use crate::credit::{CreditView, Owed};
use crate::identity;
use crate::ids::{ChannelId, InvoiceId, OrderId, OrderItemId, PartnershipId, ProductId};
use crate::licenses::queries::LicenseRow;
use crate::licenses::{self, LockReason, Stage};
use crate::partners;
use crate::partners::terms::{self, EffectiveTerms};
use std::collections::{BTreeSet, HashMap};
use tradepost_kernel::{Currency, Date, Percent};
use tradepost_store::{Fault, Reader};

/// An order as its page shows it.
#[derive(Clone, Debug)]
pub struct OrderDetail {
    /// The order.
    pub order: OrderRow,
    /// Its lines.
    pub items: Vec<ItemDetail>,
    /// Its total: of a draft by today's prices, where every line has one; of a placed order as fixed.
    pub total_minor: Option<i64>,
    /// Everything that blocks anything of it (FUL-2).
    pub lock_reasons: Vec<LockReason>,
    /// Its licenses by stage: waiting, available, distributed, canceled.
    pub licenses: [i64; 4],
    /// How many of them its file of codes holds now; 0 while it is refused (FUL-7, CRD-5).
    pub downloadable: i64,
    /// How many of them have no end user (FUL-3).
    pub end_users: Lacking,
    /// How many of them have no company that sells them on (CAT-3).
    pub selling_companies: Lacking,
    /// The name of who asked an owner about it, while it is a draft (PAR-14).
    pub asked_by: Option<String>,
    /// Its invoice: id, number, due date.
    pub invoice: Option<(InvoiceId, String, Date)>,
}

/// How many licenses of an order something was not said of.
#[derive(Clone, Copy, Debug)]
pub struct Lacking {
    /// Licenses without it, canceled ones apart.
    pub missing: i64,
    /// Those among them that wait for it (FUL-2).
    pub awaited: i64,
}

impl Lacking {
    fn of(kind: Kind, licenses: &[LicenseRow]) -> Self {
        let count = |is: fn(Kind, &LicenseRow) -> bool| i64::try_from(licenses.iter().filter(|license| is(kind, license)).count()).unwrap_or(i64::MAX);
        Self { missing: count(Kind::is_missing), awaited: count(Kind::is_awaited) }
    }
}

/// A line as shown.
#[derive(Clone, Debug)]
pub struct ItemDetail {
    /// Its id.
    pub id: OrderItemId,
    /// What is ordered.
    pub product: ProductId,
    /// Its SKU.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// How many.
    pub quantity: i64,
    /// What one costs; `None` where a draft's product has no price any more.
    pub unit_minor: Option<i64>,
    /// What the line costs.
    pub line_minor: Option<i64>,
    /// How the price came about.
    pub explanation: Option<Explanation>,
}

/// Credit as a page shows it, with the flag that the balance is due.
#[derive(Clone, Copy, Debug)]
pub struct CreditDetail {
    /// Limit, used, available, over.
    pub credit: CreditView,
    /// The currency; `None` until one is set.
    pub currency: Option<Currency>,
    /// The balance is due now (CRD-6).
    pub balance_due: bool,
    /// Goods of unpaid orders stop while it is (CRD-5).
    pub stops_unpaid_goods: bool,
    /// Paid beyond what was owed, minor units.
    pub account_balance_minor: i64,
}

/// Terms of a partnership and what it owes, as they are right now.
async fn standing(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<(EffectiveTerms, Owed, Option<ChannelId>, bool), Fault> {
    let of_partnership = async |reader: &mut Reader<'_>| {
        let partnership = partners::queries::partnership(reader, scope.of_merchant(), scope.partnership).await?;
        let channel = partnership.as_ref().and_then(|partnership| partnership.channel);
        let due = partnership.is_some_and(|partnership| partnership.balance_due);
        let terms = terms::effective(reader, scope.merchant, scope.partnership, channel).await?;
        Ok((terms, channel, due))
    };
    let owed = async |reader: &mut Reader<'_>| queries::owed(reader, scope.merchant, &[scope.partnership]).await;
    let ((terms, channel, due), mut owed) = reader.both(of_partnership, owed).await?;
    Ok((terms, owed.remove(&scope.partnership).unwrap_or_default(), channel, due))
}

/// What a partnership owes and may owe (CRD-1).
///
/// # Errors
/// The store's.
pub async fn credit(reader: &mut Reader<'_>, scope: PartnershipScope) -> Result<CreditDetail, Fault> {
    let (terms, owed, _, balance_due) = standing(reader, scope).await?;
    let balance = match terms.currency {
        Some(currency) => -crate::ledger::queries::balance(reader, scope, crate::ledger::AccountKind::AccountBalance, currency).await?,
        None => 0,
    };
    let stops_unpaid_goods = balance_due && terms.hold_unpaid_at_limit;
    Ok(CreditDetail { credit: owed.view(terms.credit_limit), currency: terms.currency, balance_due, stops_unpaid_goods, account_balance_minor: balance })
}

/// One order; of one partnership only, where given.
///
/// # Errors
/// The store's.
pub async fn order(reader: &mut Reader<'_>, merchant: MerchantScope, of: Option<PartnershipId>, id: OrderId) -> Result<Option<OrderDetail>, Fault> {
    let Some(order) = queries::order(reader, merchant, of, id).await? else { return Ok(None) };
    let scope = PartnershipScope { merchant: merchant.merchant, partnership: order.partnership };
    let of_licenses = async |reader: &mut Reader<'_>| {
        let licenses = async |reader: &mut Reader<'_>| licenses::queries::of_orders(reader, scope.merchant, &[id]).await;
        reader.both(licenses, async |reader| billing::queries::of_order(reader, scope.merchant, id).await).await
    };
    let of_goods = async |reader: &mut Reader<'_>| reader.both(async |reader| lines(reader, scope.merchant, id).await, of_licenses).await;
    let ((terms, owed, channel, _), (lines, (rows, invoice))) = reader.both(async |reader| standing(reader, scope).await, of_goods).await?;
    let (items, total_minor) = items(reader, scope, channel, &terms, &order, lines).await?;
    let order_facts = facts(&terms, owed, &order);
    let mut reasons = BTreeSet::new();
    let mut counts = [0; 4];
    let has_file = order.placed.is_some() && order_facts.released && !order_facts.canceled && order_facts.may_distribute() && !owed.reaches(terms.credit_limit);
    let downloadable = if has_file { rows.iter().filter(|row| is_in_file(row.stage, row.end_user_information, row.key.is_some())).count() } else { 0 };
    for license in &rows {
        reasons.extend(licenses::lock_reasons::of_license(&order_facts, &license.facts()));
        let place = Stage::ALL.iter().position(|stage| *stage == license.stage).unwrap_or(0);
        counts[place] += 1;
    }
    let asked_by = match order.approval.as_ref().and_then(|approval| approval.asked_by) {
        Some(person) => identity::queries::person(reader, person).await?.map(|person| identity::full_name(&person.first_name, &person.last_name)),
        None => None,
    };
    Ok(Some(OrderDetail {
        order,
        items,
        total_minor,
        lock_reasons: reasons.into_iter().collect(),
        licenses: counts,
        downloadable: i64::try_from(downloadable).unwrap_or(i64::MAX),
        end_users: Lacking::of(Kind::EndUser, &rows),
        selling_companies: Lacking::of(Kind::SellingCompany, &rows),
        asked_by,
        invoice,
    }))
}

/// The lines of an order as they are stored, and their products by number.
type Lines = (Vec<ItemRow>, HashMap<i64, SellableProduct>);

async fn lines(reader: &mut Reader<'_>, merchant: i64, order: OrderId) -> Result<Lines, Fault> {
    let rows = queries::items(reader, merchant, &[order]).await?;
    let numbers: Vec<i64> = numbers(&rows).into_iter().collect();
    let products = catalog::queries::products_by_number(reader, merchant, &numbers).await?;
    Ok((rows, products))
}

fn numbers(rows: &[ItemRow]) -> BTreeSet<i64> {
    rows.iter().map(|item| item.product).collect()
}

/// The lines: a draft's by today's prices, a placed order's as fixed.
async fn items(
    reader: &mut Reader<'_>,
    scope: PartnershipScope,
    channel: Option<ChannelId>,
    terms: &EffectiveTerms,
    order: &OrderRow,
    (rows, products): Lines,
) -> Result<(Vec<ItemDetail>, Option<i64>), Fault> {
    let numbers: Vec<i64> = numbers(&rows).into_iter().collect();
    let books = if order.placed.is_none() { pricing::books(reader, scope, channel, order.currency, &numbers).await? } else { HashMap::new() };
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let product: &SellableProduct = products.get(&row.product).ok_or_else(|| Fault::invariant("an item without its product"))?;
        let mut detail = ItemDetail {
            id: row.id,
            product: product.id,
            sku: product.sku.clone(),
            name: product.name.clone(),
            quantity: row.quantity,
            unit_minor: Some(row.unit_minor),
            line_minor: Some(row.line_minor),
            explanation: row.explanation.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        };
        if order.placed.is_none() {
            let none = pricing::PriceBooks::default();
            let margin = terms.margin(product.id, product.group.as_deref());
            let books = books.get(&row.product).unwrap_or(&none);
            let quote = pricing::quote(order.currency, books, row.quantity, terms.wholesale_discount, margin, Percent::ZERO, ItemDiscount::None, None).ok();
            detail.unit_minor = quote.as_ref().map(|quote| quote.unit_minor);
            detail.line_minor = quote.as_ref().map(|quote| quote.line_minor);
            detail.explanation = quote.map(|quote| quote.explanation);
        }
        items.push(detail);
    }
    let sum: Option<i64> = items.iter().map(|item| item.line_minor).try_fold(0_i64, |sum, line| line.and_then(|line| sum.checked_add(line)));
    let total = if order.placed.is_some() { Some(order.total_minor) } else { sum };
    Ok((items, total))
}

/// Facts of a merchant's orders by id, whoever's they are: for lists of licenses.
///
/// # Errors
/// The store's.
pub async fn order_facts(reader: &mut Reader<'_>, merchant: MerchantScope, orders: &[OrderId]) -> Result<HashMap<OrderId, licenses::OrderFacts>, Fault> {
    let rows = queries::by_ids(reader, merchant.merchant, orders).await?;
    let partnerships: Vec<PartnershipId> = rows.iter().map(|order| order.partnership).collect::<BTreeSet<_>>().into_iter().collect();
    let of = |partnership| PartnershipScope { merchant: merchant.merchant, partnership };
    let found = partners::queries::partnerships_by_id(reader, merchant, &partnerships).await?;
    let terms = terms::effective_all(reader, &found.iter().map(|found| (of(found.id), found.channel)).collect::<Vec<_>>()).await?;
    let owed = queries::owed(reader, merchant.merchant, &partnerships).await?;
    let judged = |order: &OrderRow| {
        let terms = terms.get(&of(order.partnership)).ok_or_else(|| Fault::invariant("an order without its partnership"))?;
        Ok((order.id, facts(terms, owed.get(&order.partnership).copied().unwrap_or_default(), order)))
    };
    rows.iter().map(judged).collect()
}
