//! What is done with keys of the stock by itself: those that expired are taken out of it, batches are worked on (STK-6), and those that unpaid
//! orders outside credit reserved for too long come back (STK-7). In slices, so that nobody waits long behind them.

use crate::Round;
use crate::relay::unexpected;
use tradepost_domain::orders::end_reservation::EndReservation;
use tradepost_domain::orders::queries::reserving_too_long;
use tradepost_domain::stock::batches::{Worked, work_on};
use tradepost_domain::stock::expiry::ExpireKeys;
use tradepost_domain::stock::queries::{at_work, expiring};
use tradepost_domain::{Engine, MerchantScope, Origin};
use tradepost_store::Fault;

/// Products, batches and orders that one pass looks at, a slice of each.
const AT_ONCE: i64 = 20;

/// Keeps the stock.
#[derive(Debug)]
pub struct StockKeeper {
    engine: Engine,
}

impl StockKeeper {
    pub(crate) const fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// A slice of each product of which keys expired, of each batch that is worked on, and of each order that reserves for too long; the next pass
    /// goes on. Several servers may do it at once: the locks of the rows let one of them.
    pub(crate) async fn pass(&self) -> Result<Round, Fault> {
        let now = self.engine.environment.now();
        let due = self.engine.store.read(move |reader| Box::pin(async move { expiring(reader, now, AT_ONCE).await })).await?;
        let mut expired = 0;
        for (merchant, product) in due {
            expired += self.engine.execute(Origin::system(), ExpireKeys { merchant, product }).await.map_err(unexpected)?.outcome;
        }
        let batches = self.engine.store.read(|reader| Box::pin(async move { at_work(reader, AT_ONCE).await })).await?;
        let mut slices = 0;
        for (merchant, batch) in batches {
            let worked = work_on(&self.engine, MerchantScope { merchant }, batch).await.map_err(unexpected)?;
            slices += u64::from(worked == Worked::Slice);
        }
        let overdue = self.engine.store.read(move |reader| Box::pin(async move { reserving_too_long(reader, now, AT_ONCE).await })).await?;
        for (scope, order) in overdue {
            let let_go = self.engine.execute(Origin::system(), EndReservation { scope, order }).await.map_err(unexpected)?.outcome;
            slices += u64::from(let_go > 0);
        }
        metrics::counter!("tradepost_keys_expired_total").increment(expired.unsigned_abs());
        metrics::counter!("tradepost_parts_total").increment(slices);
        Ok(Round { expired: expired.unsigned_abs(), parts: slices, ..Round::default() })
    }
}
