//! The relay: from waiting events to what follows from them, in order per partnership (PLT-5).

use crate::Round;
use crate::reaction::{Reacted, Reaction};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use tradepost_domain::ids::{EventId, PartnershipId, nobody};
use tradepost_domain::notices::{DelayEvent, RelayEvents};
use tradepost_domain::outbox::queries::{self, WaitingEvent};
use tradepost_domain::{Engine, No, Origin};
use tradepost_store::Fault;

/// Events that are read at once, and passed on in one transaction per merchant at most.
const BATCH: i64 = 256;

/// Whether what follows this pass may wait until there is more of it: something was passed on, but less than is read at once, and
/// no event waits for further parts of a large work.
pub(crate) fn may_gather(round: Round) -> bool {
    (1..BATCH.unsigned_abs()).contains(&round.events) && round.parts == 0
}

/// Passes events on.
#[derive(Debug)]
pub struct Relay {
    pub(crate) engine: Engine,
    /// Whether a mail server is configured.
    pub(crate) mail: bool,
    pub(crate) reactions: Vec<Arc<dyn Reaction>>,
}

/// Partnerships with an event that has to go first and cannot yet.
type HeldBack = HashSet<(i64, PartnershipId)>;

impl Relay {
    /// Passes on every event that is due and that nothing holds back.
    pub(crate) async fn pass(&self) -> Result<Round, Fault> {
        let now = self.engine.environment.now();
        let store = &self.engine.store;
        let delayed = store.read(move |reader| Box::pin(async move { queries::delayed_partnerships(reader, now).await })).await?;
        let mut held: HeldBack = delayed.into_iter().collect();
        let (mut round, mut after) = (Round::default(), nobody());
        loop {
            let (page, stragglers) = store
                .read(move |reader| Box::pin(async move { Ok((queries::due(reader, now, after, BATCH).await?, queries::stragglers(reader, after).await?)) }))
                .await?;
            let Some(last) = page.last() else { return Ok(round) };
            after = last.id;
            // What was committed behind this pass goes first in its partnership: the next pass finds it.
            held.extend(stragglers);
            self.pass_page(page, &mut held, &mut round).await?;
        }
    }

    async fn pass_page(&self, page: Vec<WaitingEvent>, held: &mut HeldBack, round: &mut Round) -> Result<(), Fault> {
        let mut ready: BTreeMap<i64, Vec<WaitingEvent>> = BTreeMap::new();
        for event in page {
            if event.partnership.is_some_and(|partnership| held.contains(&(event.merchant, partnership))) {
                continue;
            }
            match self.react(&event).await {
                Ok(Reacted::Done) => ready.entry(event.merchant).or_default().push(event),
                Ok(Reacted::GoesOn) => {
                    held.extend(event.partnership.map(|partnership| (event.merchant, partnership)));
                    round.parts += 1;
                    metrics::counter!("tradepost_parts_total").increment(1);
                }
                Err(fault) => self.delay(&event, &fault, held, round).await?,
            }
        }
        for (merchant, events) in ready {
            self.pass_on(merchant, &events, held, round).await?;
        }
        Ok(())
    }

    async fn react(&self, event: &WaitingEvent) -> Result<Reacted, Fault> {
        for reaction in self.reactions.iter().filter(|reaction| reaction.follows().contains(&event.kind.as_str())) {
            match reaction.react(&self.engine, event).await {
                Ok(Reacted::Done) => {}
                Ok(Reacted::GoesOn) => return Ok(Reacted::GoesOn),
                Err(No::Refusal(refusal)) => tracing::info!(event = %event.id, kind = event.kind, code = refusal.code, "nothing to do any more"),
                Err(No::Fault(fault)) => return Err(fault),
            }
        }
        Ok(Reacted::Done)
    }

    /// All of a merchant's in one transaction; where that fails, one by one, so that one bad event holds back its own
    /// partnership only.
    async fn pass_on(&self, merchant: i64, events: &[WaitingEvent], held: &mut HeldBack, round: &mut Round) -> Result<(), Fault> {
        match self.execute(merchant, events.iter().map(|event| event.id).collect()).await {
            Ok(passed) => {
                round.events += passed;
                return Ok(());
            }
            Err(fault) if fault.is_outage() => return Err(fault),
            Err(fault) => tracing::warn!(merchant, events = events.len(), error = %fault, "passing events on one by one"),
        }
        for event in events {
            if event.partnership.is_some_and(|partnership| held.contains(&(event.merchant, partnership))) {
                continue;
            }
            match self.execute(merchant, vec![event.id]).await {
                Ok(passed) => round.events += passed,
                Err(fault) => self.delay(event, &fault, held, round).await?,
            }
        }
        Ok(())
    }

    async fn execute(&self, merchant: i64, events: Vec<EventId>) -> Result<u64, Fault> {
        let done = self.engine.execute(Origin::system(), RelayEvents { of: merchant, events, mail: self.mail }).await;
        let relayed = done.map_err(unexpected)?.outcome;
        metrics::counter!("tradepost_events_relayed_total").increment(relayed.events.unsigned_abs());
        Ok(relayed.events.unsigned_abs())
    }

    async fn delay(&self, event: &WaitingEvent, fault: &Fault, held: &mut HeldBack, round: &mut Round) -> Result<(), Fault> {
        if fault.is_outage() {
            return Err(Fault::NoConnection(fault.to_string()));
        }
        tracing::error!(event = %event.id, kind = event.kind, attempts = event.attempts + 1, error = %fault, "an event could not be passed on");
        let error: String = fault.to_string().chars().take(500).collect();
        let command = DelayEvent { of: event.merchant, event: event.id, attempts: event.attempts, error };
        self.engine.execute(Origin::system(), command).await.map_err(unexpected)?;
        metrics::counter!("tradepost_events_delayed_total").increment(1);
        held.extend(event.partnership.map(|partnership| (event.merchant, partnership)));
        round.delayed += 1;
        Ok(())
    }
}

/// The worker's own commands never refuse.
pub(crate) fn unexpected(no: No) -> Fault {
    match no {
        No::Fault(fault) => fault,
        No::Refusal(refusal) => Fault::invariant(format!("the worker was refused: {}", refusal.code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_may_gather_after_few_of_them_but_neither_behind_a_full_page_nor_before_a_part() {
        let passed = |events| Round { events, ..Round::default() };
        assert!(may_gather(passed(1)));
        assert!(may_gather(passed(255)));
        assert!(!may_gather(passed(256)), "there are more");
        assert!(!may_gather(passed(0)), "nothing to wait for: it sleeps until it is woken");
        assert!(!may_gather(Round { parts: 1, ..passed(3) }), "the next part is due");
    }
}
