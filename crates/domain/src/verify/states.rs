//! Stored states: those that follow from the facts (FUL-1, FUL-5).

use super::scan::{Bounds, Finding, Look, Scan, keys, within};
use super::{Check, How};
use crate::catalog::{EndUserInformation, Method};
use crate::ids::{LicenseId, OrderId, PartnershipId};
use crate::licenses::state::settled;
use crate::licenses::{LicenseFacts, OrderFacts, Stage};
use crate::orders::settle::state_of;
use crate::orders::{OrderRow, State};
use std::collections::HashMap;
use tradepost_kernel::{Currency, Timestamp};
use tradepost_store::{BoxFuture, Columns, Fault, FromRow, Reader, Row, sql};

pub(super) static ORDERS: Check = Check {
    name: "orders.state",
    meaning: "The stored state of every order is what its facts show; a completed one says when (FUL-5).",
    how: How::Scans(&[Scan::ids(keys!("orders"), "ord", Look::Code(look_at_orders))]),
};

pub(super) static LICENSES: Check = Check {
    name: "licenses.state",
    meaning: "Stage and status of every license follow from its facts and those of its order (FUL-1).",
    how: How::Scans(&[Scan::ids(keys!("license"), "lic", Look::Code(look_at_licenses))]),
};

/// What is known of licenses, in the order of the columns. `None` where a name is none of the code's.
fn facts(c: &mut Columns) -> Result<Option<LicenseFacts>, Fault> {
    let (method, asked) = (Method::from_name(&c.next::<String>()?), EndUserInformation::from_name(&c.next::<String>()?));
    let (has_customer, needs_company, has_company) = (c.next()?, c.next()?, c.next()?);
    let (has_key, distributed, confirmed) = (c.next()?, c.next()?, c.next()?);
    let (Some(method), Some(end_user_information)) = (method, asked) else { return Ok(None) };
    Ok(Some(LicenseFacts {
        method,
        end_user_information,
        has_customer,
        needs_reseller_information: needs_company,
        has_reseller_information: has_company,
        has_key,
        let_go: false,
        distributed,
        confirmed,
    }))
}

macro_rules! facts_columns {
    () => {
        "l.method, l.end_user_information, CASE WHEN l.customer IS NULL THEN 0 ELSE 1 END, l.needs_reseller_information,
         CASE WHEN l.reseller_information IS NULL THEN 0 ELSE 1 END, CASE WHEN l.license_key IS NULL THEN 0 ELSE 1 END,
         CASE WHEN l.stage = 'distributed' THEN 1 ELSE 0 END, CASE WHEN l.confirmed_ms IS NULL THEN 0 ELSE 1 END"
    };
}

/// An order as far as its state follows from it, and the state as it is stored.
struct Stored {
    merchant: i64,
    order: OrderRow,
    state: String,
}

impl FromRow for Stored {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        let merchant = c.next()?;
        let (id, partnership): (OrderId, PartnershipId) = (c.next()?, c.next()?);
        let (state, currency): (String, Currency) = (c.next()?, c.next()?);
        let order = OrderRow {
            id,
            partnership,
            number: None,
            state: State::Draft,
            reference: None,
            contact: None,
            delivery_address: None,
            currency,
            total_minor: c.next()?,
            paid_minor: c.next()?,
            on_credit: false,
            created: Timestamp::from_ms(0),
            updated: Timestamp::from_ms(0),
            placed: c.next()?,
            placed_on: None,
            released: c.next()?,
            completed: c.next()?,
            canceled: c.next()?,
            cancel_note: None,
            reserved_until: None,
            reservation_ended: None,
            approval: None,
            version: 0,
        };
        Ok(Self { merchant, order, state })
    }
}

/// Which order, and one combination of facts that licenses of it have.
struct Combination {
    of: (i64, OrderId),
    facts: Option<LicenseFacts>,
}

impl FromRow for Combination {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        Ok(Self { of: (c.next()?, c.next()?), facts: facts(&mut c)? })
    }
}

fn look_at_orders<'a>(reader: &'a mut Reader<'_>, bounds: Bounds) -> BoxFuture<'a, Result<Vec<Finding>, Fault>> {
    Box::pin(async move {
        // However many licenses an order has, their facts come in few combinations.
        let combinations: Vec<Combination> = reader
            .query(sql!(concat!("SELECT DISTINCT l.merchant, l.orders, ", facts_columns!(), " FROM license l WHERE ", within!("l", "orders"))), &bounds.0)
            .await?;
        let mut by_order: HashMap<(i64, OrderId), Vec<LicenseFacts>> = HashMap::new();
        for Combination { of, facts } in combinations {
            by_order.entry(of).or_default().extend(facts);
        }
        let orders: Vec<Stored> = reader
            .query(
                sql!(concat!(
                    "SELECT o.merchant, o.id, o.partnership, o.state, o.currency, o.total_minor, o.paid_minor, o.placed_ms, o.released_ms, o.completed_ms, o.canceled_ms
                     FROM orders o WHERE ",
                    within!("o"),
                    " ORDER BY o.merchant, o.id"
                )),
                &bounds.0,
            )
            .await?;
        Ok(orders.into_iter().filter_map(|stored| judge(&stored, by_order.get(&(stored.merchant, stored.order.id)).map_or(&[], Vec::as_slice))).collect())
    })
}

fn judge(stored: &Stored, licenses: &[LicenseFacts]) -> Option<Finding> {
    let state = state_of(&stored.order, licenses);
    if state.name() != stored.state {
        return Some(Finding::new(stored.merchant, stored.order.id, format!("is stored as {} and shows {}", stored.state, state.name())));
    }
    let says_when = stored.order.completed.is_some();
    (state == State::Complete && !says_when).then(|| Finding::new(stored.merchant, stored.order.id, "is complete and does not say since when"))
}

/// A license with what its stage and status follow from.
struct Placed {
    merchant: i64,
    id: LicenseId,
    stage: String,
    status: String,
    order: OrderFacts,
    facts: Option<LicenseFacts>,
}

impl FromRow for Placed {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        let (merchant, id, stage, status) = (c.next()?, c.next()?, c.next()?, c.next()?);
        let order = OrderFacts { paid: c.next()?, released: c.next()?, canceled: c.next()?, has_limit: true, stopped_at_limit: true };
        Ok(Self { merchant, id, stage, status, order, facts: facts(&mut c)? })
    }
}

fn look_at_licenses<'a>(reader: &'a mut Reader<'_>, bounds: Bounds) -> BoxFuture<'a, Result<Vec<Finding>, Fault>> {
    Box::pin(async move {
        let text = sql!(concat!(
            "SELECT l.merchant, l.id, l.stage, l.status, CASE WHEN o.placed_ms IS NOT NULL AND o.paid_minor >= o.total_minor THEN 1 ELSE 0 END,
               CASE WHEN o.released_ms IS NULL THEN 0 ELSE 1 END, CASE WHEN o.canceled_ms IS NULL THEN 0 ELSE 1 END, ",
            facts_columns!(),
            " FROM license l CROSS JOIN orders o WHERE o.merchant = l.merchant AND o.id = l.orders AND ",
            within!("l"),
            " ORDER BY l.merchant, l.id"
        ));
        let licenses: Vec<Placed> = reader.query(text, &bounds.0).await?;
        Ok(licenses.into_iter().filter_map(|license| misplaced(&license)).collect())
    })
}

/// Whether the limit stopped it is not kept: what follows with it, and what follows without it, are both right.
fn misplaced(license: &Placed) -> Option<Finding> {
    let follows = |stopped_at_limit, facts: &LicenseFacts| {
        let (stage, status) = settled(&OrderFacts { stopped_at_limit, ..license.order }, facts);
        (stage.name() == license.stage && status.name() == license.status) && Stage::from_name(&license.stage).is_some()
    };
    let right = license.facts.as_ref().is_some_and(|facts| follows(true, facts) || follows(false, facts));
    (!right).then(|| Finding::new(license.merchant, license.id, format!("is {} and {}, which does not follow from its facts", license.stage, license.status)))
}
