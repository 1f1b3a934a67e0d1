//! Every writing statement on licenses.

use super::queries::LicenseOrigin;
use super::state::{Stage, Status};
use crate::catalog::{EndUserInformation, Method};
use crate::command::Ctx;
use crate::ids::{CustomerId, LicenseId, LicenseKeyId, PartnershipId, ResellerInformationId};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Fault, SetSql, Tx};

/// A license as it is made when its order is placed, or its fulfillment recorded.
#[derive(Clone, Debug)]
pub struct NewLicense {
    /// Its id.
    pub id: LicenseId,
    /// What it was sold by.
    pub origin: LicenseOrigin,
    /// Whose inventory it goes to.
    pub partnership: PartnershipId,
    /// What it is of (a bundle's part, where the item is a bundle).
    pub product: i64,
    /// How it is fulfilled.
    pub method: Method,
    /// When the end user is asked for.
    pub end_user_information: EndUserInformation,
    /// Whether the selling company is asked for.
    pub needs_reseller_information: bool,
    /// The key claimed for it; none on backorder.
    pub key: Option<LicenseKeyId>,
    /// Where it stands.
    pub stage: Stage,
    /// Its status.
    pub status: Status,
}

static INSERT: SetSql = SetSql::insert(
    "license",
    &[
        ("merchant", Int),
        ("id", Bytes),
        ("orders", Bytes),
        ("item", Bytes),
        ("fulfillment", Bytes),
        ("partnership", Bytes),
        ("product", Int),
        ("method", Text),
        ("stage", Text),
        ("status", Text),
        ("end_user_information", Text),
        ("needs_reseller_information", Int),
        ("license_key", Bytes),
        ("distributed_ms", Int),
        ("created_ms", Int),
        ("queued_ms", Int),
    ],
    "",
);

/// Writes new licenses.
///
/// # Errors
/// The store's.
pub async fn insert(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, licenses: &[NewLicense]) -> Result<(), Fault> {
    let rows = licenses.len();
    let now = ctx.now.ms();
    let columns = vec![
        Column::same(merchant, rows),
        Column::ids(licenses.iter().map(|l| l.id)),
        Column::OptBytes(licenses.iter().map(|l| l.origin.order().map(|id| id.bytes().to_vec())).collect()),
        Column::OptBytes(licenses.iter().map(|l| l.origin.item().map(|id| id.bytes().to_vec())).collect()),
        Column::OptBytes(licenses.iter().map(|l| l.origin.fulfillment().map(|id| id.bytes().to_vec())).collect()),
        Column::ids(licenses.iter().map(|l| l.partnership)),
        Column::ints(licenses.iter().map(|l| l.product)),
        Column::texts(licenses.iter().map(|l| l.method.name().to_owned())),
        Column::texts(licenses.iter().map(|l| l.stage.name().to_owned())),
        Column::texts(licenses.iter().map(|l| l.status.name().to_owned())),
        Column::texts(licenses.iter().map(|l| l.end_user_information.name().to_owned())),
        Column::ints(licenses.iter().map(|l| i64::from(l.needs_reseller_information))),
        Column::OptBytes(licenses.iter().map(|l| l.key.map(|key| key.bytes().to_vec())).collect()),
        Column::OptInts(licenses.iter().map(|l| (l.stage == Stage::Distributed).then_some(now)).collect()),
        Column::same(now, rows),
        Column::OptInts(licenses.iter().map(|l| (l.method == Method::KeyPool && l.key.is_none()).then_some(now)).collect()),
    ];
    tx.write_whole_set(&INSERT, columns).await
}

/// A license's move to another stage or status.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// Which.
    pub id: LicenseId,
    /// Where it was; guards against a lost race.
    pub from: Stage,
    /// Where it goes.
    pub stage: Stage,
    /// Its new status.
    pub status: Status,
}

static MOVE: SetSql = SetSql::update(
    "UPDATE license SET stage = r.stage, status = r.status, distributed_ms = COALESCE(license.distributed_ms, r.distributed_ms)
     FROM rows r WHERE license.merchant = r.merchant AND license.id = r.id AND license.stage = r.was",
    &[("merchant", Int), ("id", Bytes), ("was", Text), ("stage", Text), ("status", Text), ("distributed_ms", Int)],
);

/// Moves licenses; each must still be where it was.
///
/// # Errors
/// [`Fault::Rows`] on a lost race.
pub async fn move_all(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, moves: &[Move]) -> Result<(), Fault> {
    let columns = vec![
        Column::same(merchant, moves.len()),
        Column::ids(moves.iter().map(|m| m.id)),
        Column::texts(moves.iter().map(|m| m.from.name().to_owned())),
        Column::texts(moves.iter().map(|m| m.stage.name().to_owned())),
        Column::texts(moves.iter().map(|m| m.status.name().to_owned())),
        Column::OptInts(moves.iter().map(|m| (m.stage == Stage::Distributed).then_some(ctx.now.ms())).collect()),
    ];
    tx.write_whole_set(&MOVE, columns).await
}

static ATTACH_CUSTOMER: SetSql = SetSql::update(
    "UPDATE license SET customer = r.customer FROM rows r WHERE license.merchant = r.merchant AND license.id = r.id",
    &[("merchant", Int), ("id", Bytes), ("customer", Bytes)],
);

/// Makes a customer the owner of licenses (FUL-3).
///
/// # Errors
/// The store's.
pub async fn attach_customer(tx: &mut Tx<'_>, merchant: i64, licenses: &[LicenseId], customer: CustomerId) -> Result<(), Fault> {
    let columns = vec![Column::same(merchant, licenses.len()), Column::ids(licenses.iter().copied()), Column::ids(licenses.iter().map(|_| customer))];
    tx.write_whole_set(&ATTACH_CUSTOMER, columns).await
}

static ATTACH_COMPANY: SetSql = SetSql::update(
    "UPDATE license SET reseller_information = r.company FROM rows r WHERE license.merchant = r.merchant AND license.id = r.id",
    &[("merchant", Int), ("id", Bytes), ("company", Bytes)],
);

/// Attaches reseller information to licenses (CAT-3).
///
/// # Errors
/// The store's.
pub async fn attach_selling_company(tx: &mut Tx<'_>, merchant: i64, licenses: &[LicenseId], company: ResellerInformationId) -> Result<(), Fault> {
    let columns = vec![Column::same(merchant, licenses.len()), Column::ids(licenses.iter().copied()), Column::ids(licenses.iter().map(|_| company))];
    tx.write_whole_set(&ATTACH_COMPANY, columns).await
}

static ATTACH_KEYS: SetSql = SetSql::update(
    "UPDATE license SET license_key = r.license_key FROM rows r
     WHERE license.merchant = r.merchant AND license.id = r.id AND license.license_key IS NULL",
    &[("merchant", Int), ("id", Bytes), ("license_key", Bytes)],
);

/// Gives backordered licenses their keys (STK-7).
///
/// # Errors
/// [`Fault::Rows`] where one already has a key.
pub async fn attach_keys(tx: &mut Tx<'_>, merchant: i64, keys: &[(LicenseId, LicenseKeyId)]) -> Result<(), Fault> {
    let columns = vec![Column::same(merchant, keys.len()), Column::ids(keys.iter().map(|pair| pair.0)), Column::ids(keys.iter().map(|pair| pair.1))];
    tx.write_whole_set(&ATTACH_KEYS, columns).await
}

// Here and below the added '' keeps PostgreSQL from the index of rare stages: it would compare each license that waits with each of the set.
static QUEUE: SetSql = SetSql::update(
    "UPDATE license SET queued_ms = r.at_ms FROM rows r WHERE license.merchant = r.merchant AND license.id = r.id
     AND license.method = 'key_pool' AND license.stage || '' = 'waiting' AND license.license_key IS NULL",
    &[("merchant", Int), ("id", Bytes), ("at_ms", Int)],
);

/// Puts licenses at the end of the queue for keys (STK-7).
///
/// # Errors
/// [`Fault::Rows`] where one has a key already.
pub async fn queue(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, licenses: &[LicenseId]) -> Result<(), Fault> {
    let columns = vec![Column::same(merchant, licenses.len()), Column::ids(licenses.iter().copied()), Column::same(ctx.now.ms(), licenses.len())];
    tx.write_whole_set(&QUEUE, columns).await
}

static LET_GO: SetSql = SetSql::update(
    "UPDATE license SET license_key = NULL, queued_ms = NULL FROM rows r WHERE license.merchant = r.merchant AND license.id = r.id
     AND license.method = 'key_pool' AND license.stage || '' = 'waiting'",
    &[("merchant", Int), ("id", Bytes)],
);

/// Takes waiting licenses their keys, and their places in the queue for keys: they wait for their order (STK-7).
///
/// # Errors
/// [`Fault::Rows`] where one does not wait any more.
pub async fn let_go(tx: &mut Tx<'_>, merchant: i64, licenses: &[LicenseId]) -> Result<(), Fault> {
    let columns = vec![Column::same(merchant, licenses.len()), Column::ids(licenses.iter().copied())];
    tx.write_whole_set(&LET_GO, columns).await
}

static DETACH_KEYS: SetSql = SetSql::update(
    "UPDATE license SET license_key = NULL FROM rows r WHERE license.merchant = r.merchant AND license.id = r.id",
    &[("merchant", Int), ("id", Bytes)],
);

/// Takes the keys of canceled licenses away, so that the keys can be sold again.
///
/// # Errors
/// The store's.
pub async fn detach_keys(tx: &mut Tx<'_>, merchant: i64, licenses: &[LicenseId]) -> Result<(), Fault> {
    let columns = vec![Column::same(merchant, licenses.len()), Column::ids(licenses.iter().copied())];
    tx.write_whole_set(&DETACH_KEYS, columns).await
}

static CONFIRM: SetSql = SetSql::update(
    "UPDATE license SET confirmed_ms = r.at_ms FROM rows r
     WHERE license.merchant = r.merchant AND license.id = r.id AND license.status = 'waiting_for_fulfillment_confirmation'",
    &[("merchant", Int), ("id", Bytes), ("at_ms", Int)],
);

/// Notes the merchant's word that it delivered (FUL-4).
///
/// # Errors
/// [`Fault::Rows`] where one does not wait for it.
pub async fn confirm(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, licenses: &[LicenseId]) -> Result<(), Fault> {
    let columns = vec![Column::same(merchant, licenses.len()), Column::ids(licenses.iter().copied()), Column::same(ctx.now.ms(), licenses.len())];
    tx.write_whole_set(&CONFIRM, columns).await
}

static NOTE_SENT: SetSql = SetSql::update(
    "UPDATE license SET sent_ms = r.at_ms FROM rows r WHERE license.merchant = r.merchant AND license.id = r.id",
    &[("merchant", Int), ("id", Bytes), ("at_ms", Int)],
);

/// Notes that licenses were sent to their owners.
///
/// # Errors
/// The store's.
pub async fn note_sent(ctx: &Ctx, tx: &mut Tx<'_>, merchant: i64, licenses: &[LicenseId]) -> Result<(), Fault> {
    let columns = vec![Column::same(merchant, licenses.len()), Column::ids(licenses.iter().copied()), Column::same(ctx.now.ms(), licenses.len())];
    tx.write_whole_set(&NOTE_SENT, columns).await
}
