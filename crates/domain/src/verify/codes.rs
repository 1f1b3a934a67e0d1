//! Codes: each opens for its own row and is the one that its row is found by (STK-5).

use super::report::Violation;
use super::scan::Found;
use super::{Check, How, PAGE};
use crate::command::Engine;
use crate::ids::LicenseKeyId;
use crate::stock;
use std::collections::BTreeMap;
use tradepost_kernel::text;
use tradepost_store::{BoxFuture, Fault, FromRow, Reader, Row, Value, params, sql};

pub(super) static CODES_OPEN: Check = Check {
    name: "stock.codes_open",
    meaning: "Every code decrypts for its own row, matches its fingerprint and its mask: the 200 oldest and 200 newest of each merchant, all with --full (STK-5).",
    how: How::Whole(look),
};

/// How many of each end of a merchant's keys a sample has.
pub(super) const SAMPLE: i64 = 200;

/// A key with its sealed code.
#[derive(Clone, Debug)]
pub(super) struct Sealed {
    pub merchant: i64,
    pub id: LicenseKeyId,
    pub product: i64,
    pub sealed: Vec<u8>,
    fingerprint: Vec<u8>,
    masked: String,
}

impl FromRow for Sealed {
    fn from_row(row: Row) -> Result<Self, Fault> {
        let mut c = row.take();
        Ok(Self { merchant: c.next()?, id: c.next()?, product: c.next()?, sealed: c.next()?, fingerprint: c.next()?, masked: c.next()? })
    }
}

macro_rules! sealed_sql {
    ($rest:literal) => {
        sql!(concat!("SELECT k.merchant, k.id, k.product, k.sealed, k.fingerprint, k.masked FROM license_key k ", $rest))
    };
}

/// The numbers of all merchants.
pub(super) async fn merchants(engine: &Engine) -> Result<Vec<i64>, Fault> {
    engine.store.read(|reader| Box::pin(async move { reader.query(sql!("SELECT number FROM merchant ORDER BY number"), &[]).await })).await
}

/// The oldest and newest keys of a merchant, and those of its newest licenses; each once.
pub(super) async fn sample(engine: &Engine, merchant: i64) -> Result<Vec<Sealed>, Fault> {
    let read = engine.store.read(move |reader| {
        Box::pin(async move {
            let mut all = sampled(reader, merchant).await?;
            let sold = sealed_sql!(
                "JOIN (SELECT l.license_key AS id FROM license l WHERE l.merchant = $1 AND l.license_key IS NOT NULL ORDER BY l.id DESC LIMIT $2) s
                 ON s.id = k.id WHERE k.merchant = $1"
            );
            let sold: Vec<Sealed> = reader.query(sold, params![merchant, SAMPLE]).await?;
            all.extend(sold.into_iter().map(|key| (key.id, key)));
            Ok(all)
        })
    });
    Ok(read.await?.into_values().collect())
}

async fn sampled(reader: &mut Reader<'_>, merchant: i64) -> Result<BTreeMap<LicenseKeyId, Sealed>, Fault> {
    let oldest: Vec<Sealed> = reader.query(sealed_sql!("WHERE k.merchant = $1 ORDER BY k.id LIMIT $2"), params![merchant, SAMPLE]).await?;
    let newest: Vec<Sealed> = reader.query(sealed_sql!("WHERE k.merchant = $1 ORDER BY k.id DESC LIMIT $2"), params![merchant, SAMPLE]).await?;
    Ok(oldest.into_iter().chain(newest).map(|key| (key.id, key)).collect())
}

fn look(engine: Engine, full: bool, found: &mut Found) -> BoxFuture<'_, Result<(), Fault>> {
    Box::pin(async move {
        if full {
            return look_at_all(&engine, found).await;
        }
        for merchant in merchants(&engine).await? {
            let keys = engine.store.read(move |reader| Box::pin(async move { sampled(reader, merchant).await })).await?;
            judge(&engine, keys.into_values(), found);
        }
        Ok(())
    })
}

async fn look_at_all(engine: &Engine, found: &mut Found) -> Result<(), Fault> {
    let mut after = (i64::MIN, Vec::new());
    loop {
        let bounds = [Value::Int(after.0), Value::Bytes(after.1), Value::Int(PAGE)];
        let page = sealed_sql!("WHERE (k.merchant, k.id) > ($1, $2) ORDER BY k.merchant, k.id LIMIT $3");
        let keys: Vec<Sealed> = engine.store.read(move |reader| Box::pin(async move { reader.query(page, &bounds).await })).await?;
        let Some(last) = keys.last() else { return Ok(()) };
        after = (last.merchant, last.id.bytes().to_vec());
        judge(engine, keys.into_iter(), found);
    }
}

/// Outside the read: opening takes longer than reading.
fn judge(engine: &Engine, keys: impl Iterator<Item = Sealed>, found: &mut Found) {
    for key in keys {
        found.checked += 1;
        if let Some(detail) = wrong(engine, &key) {
            found.add(Violation { merchant: key.merchant, subject: key.id.text(), detail: detail.to_owned() });
        }
    }
}

fn wrong(engine: &Engine, key: &Sealed) -> Option<&'static str> {
    let Ok(code) = stock::open_code(&engine.vault, key.merchant, key.id, &key.sealed) else { return Some("does not open") };
    let fingerprint = engine.vault.fingerprint(&stock::unique_within(key.merchant, key.product), code.expose().as_bytes());
    match () {
        () if key.fingerprint != fingerprint => Some("opens to a code that its fingerprint does not find"),
        () if key.masked != text::mask(code.expose()) => Some("is masked as another code"),
        () => None,
    }
}
