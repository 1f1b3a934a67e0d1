//! Commands that follow from events: the slice that reacts announces itself here, so that the one that acts need not
//! know it.

use tradepost_domain::outbox::queries::WaitingEvent;
use tradepost_domain::{Engine, No};
use tradepost_store::BoxFuture;

/// How far a reaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reacted {
    /// The event can be passed on.
    Done,
    /// A part of a large work is done: the event waits, and holds back its partnership's, while those of others go on.
    GoesOn,
}

/// Something that is done when an event is passed on, before its messages are written. It may be done more than once
/// for the same event, so it must come to the same end each time.
pub trait Reaction: Send + Sync + std::fmt::Debug {
    /// The kinds of events that it follows (`stock.arrived`).
    fn follows(&self) -> &'static [&'static str];

    /// Runs its command, or a bounded part of its work. A refusal means that there is nothing to do any more; after a
    /// fault it is tried again, and the event waits meanwhile.
    fn react<'a>(&'a self, engine: &'a Engine, event: &'a WaitingEvent) -> BoxFuture<'a, Result<Reacted, No>>;
}
