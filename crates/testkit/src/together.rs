//! Sets: commands that wait together and so run together, without leaving it to chance.

use crate::TestApp;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Mutex, mpsc};
use std::task::{Context, Poll};
use tokio::sync::oneshot;
use tradepost_domain::{Command, Done, No, Origin};
use tradepost_store::{BoxFuture, Ended, Fault, Tx, Work};

/// Holds the writer of SQLite, or a lane of PostgreSQL, until it is told to go on.
struct Hold {
    lane: u64,
    begun: Mutex<Option<oneshot::Sender<()>>>,
    go: Mutex<mpsc::Receiver<()>>,
}

impl Work for Hold {
    type Answer = ();

    fn lane(&self) -> Option<u64> {
        Some(self.lane)
    }

    fn run<'a>(&'a self, _tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(Ended, ()), Fault>> {
        Box::pin(async move {
            if let Some(begun) = self.begun.lock().expect("nobody panicked").take() {
                drop(begun.send(()));
            }
            drop(self.go.lock().expect("nobody panicked").recv());
            Ok((Ended::Nothing, ()))
        })
    }
}

/// A command on its way.
type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<Done<T>, No>> + Send + 'a>>;

impl TestApp {
    /// Runs commands as one set, in this order, and says what each came to. They must share a
    /// lane on PostgreSQL: whatever serves it is held up until all of them wait.
    ///
    /// # Panics
    /// Where the command knows no sets.
    pub async fn together<C: Command>(&self, asked: Vec<(Origin, C)>) -> Vec<Result<Done<C::Outcome>, No>> {
        let lane = asked.first().and_then(|(origin, command)| command.lane(&origin.caller)).expect("a command that runs in sets");
        let (begun, held) = oneshot::channel();
        let (go, waits) = mpsc::channel();
        let store = self.engine.store.clone();
        let holding = tokio::spawn(async move { store.write(Hold { lane, begun: Mutex::new(Some(begun)), go: Mutex::new(waits) }).await });
        held.await.expect("the lane is held");
        let mut waiting: Vec<(Asked<'_, C::Outcome>, Option<Result<Done<C::Outcome>, No>>)> =
            asked.into_iter().map(|(origin, command)| (Box::pin(self.engine.execute(origin, command)) as Asked<'_, C::Outcome>, None)).collect();
        let mut look = |context: &mut Context<'_>| {
            for (asked, answer) in waiting.iter_mut().filter(|(_, answer)| answer.is_none()) {
                if let Poll::Ready(done) = asked.as_mut().poll(context) {
                    *answer = Some(done);
                }
            }
            waiting.iter().all(|(_, answer)| answer.is_some())
        };
        // Asked for once, each waits in its place.
        poll_fn(|context| Poll::Ready(look(context))).await;
        drop(go.send(()));
        poll_fn(|context| if look(context) { Poll::Ready(()) } else { Poll::Pending }).await;
        holding.await.expect("no panic").expect("held and let go");
        waiting.into_iter().filter_map(|(_, answer)| answer).collect()
    }
}
