//! What happened, for machines: in the order in which it was passed on, without gaps.

use crate::answer::Answer;
use crate::call::Call;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::view;
use serde_json::Value;
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::outbox::queries::{self, PassedEvent};
use tradepost_domain::{EventId, PartnershipId, Right};
use tradepost_kernel::Timestamp;

view! {
    /// Something that happened.
    pub struct EventRow {
        /// Its place in the list: begins at 1, without gaps for a merchant.
        pub position: i64,
        /// Its id: the same however often it is told.
        pub id: EventId,
        /// Past tense, its noun in front: `order.placed`.
        pub kind: String,
        /// To what it happened.
        pub subject: String,
        /// In whose partnership.
        pub partnership: Option<PartnershipId>,
        /// Ids and numbers; never a code.
        pub body: Value,
        /// When.
        pub at: Timestamp,
    }
}

impl From<PassedEvent> for EventRow {
    fn from(event: PassedEvent) -> Self {
        Self {
            position: event.position,
            id: event.id,
            subject: event.subject_text(),
            kind: event.kind,
            partnership: event.partnership,
            body: event.body,
            at: event.at,
        }
    }
}

/// The cursor holds the position of the last event seen.
fn after(page: &PageRequest) -> i64 {
    page.before.map_or(0, |bytes| bytes.last_chunk::<8>().map_or(0, |last| i64::from_be_bytes(*last)))
}

fn paged(page: &PageRequest, mut rows: Vec<PassedEvent>) -> Page<PassedEvent> {
    let wanted = usize::try_from(page.limit).unwrap_or(1);
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let position = |event: &PassedEvent| {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&event.position.to_be_bytes());
        bytes
    };
    let next = if more { rows.last().map(position) } else { None };
    Page { rows, next }
}

async fn list_of_merchant(call: Call) -> Result<Answer, Problem> {
    let (scope, page) = (call.merchant()?, call.page()?);
    let rows = call.read(move |reader| Box::pin(async move { queries::list(reader, scope, after(&page), page.fetch()).await })).await?;
    Ok(call.list(paged(&page, rows), EventRow::from))
}

async fn list_of_partnership(call: Call) -> Result<Answer, Problem> {
    let (scope, page) = (call.partnership()?, call.page()?);
    let rows = call.read(move |reader| Box::pin(async move { queries::list_of_partnership(reader, scope, after(&page), page.fetch()).await })).await?;
    Ok(call.list(paged(&page, rows), EventRow::from))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/v1/merchant/events", "listEvents", list_of_merchant)
        .tag("Events")
        .doc("What happened, oldest first. Read on from the last cursor to miss nothing.")
        .needs(Right::MerchantRead)
        .lists::<EventRow>();
    r.get("/v1/reseller/events", "listOwnEvents", list_of_partnership)
        .tag("Events")
        .doc("What happened in this partnership, oldest first.")
        .needs(Right::ProgramRead)
        .lists::<EventRow>();
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_kernel::Id;

    fn event(position: i64) -> PassedEvent {
        PassedEvent {
            position,
            id: Id::from_bytes([1; 16]),
            partnership: None,
            kind: "order.placed".into(),
            subject_kind: "ord".into(),
            subject: [2; 16],
            body: Value::Null,
            at: Timestamp::from_ms(0),
        }
    }

    #[test]
    fn the_cursor_of_a_page_is_the_position_of_its_last_event() {
        let first = PageRequest { limit: 2, before: None };
        assert_eq!(after(&first), 0);
        let page = paged(&first, vec![event(1), event(2), event(3)]);
        let second = PageRequest { limit: 2, before: page.next };
        assert_eq!((page.rows.len(), after(&second)), (2, 2));
        assert_eq!(paged(&second, vec![event(3)]).next, None);
    }
}
