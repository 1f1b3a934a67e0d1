//! Sets: commands that wait together and so run together, without leaving it to chance.

use crate::TestApp;
use std::future::poll_fn;
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
                begun.send(()).ok();
            }
            // The thread blocks: on PostgreSQL it hands its tasks over first, SQLite's writer has none.
            tokio::task::block_in_place(|| self.go.lock().expect("nobody panicked").recv().ok());
            Ok((Ended::Nothing, ()))
        })
    }
}

/// What a command came to.
type Answer<C> = Result<Done<<C as Command>::Outcome>, No>;

impl TestApp {
    /// Runs commands as one set, in this order, and says what each came to. Their callers must share a lane on
    /// PostgreSQL: whatever serves it is held up until all of them wait.
    ///
    /// # Panics
    /// Where the command knows no sets.
    pub async fn together<C: Command>(&self, asked: Vec<(Origin, C)>) -> Vec<Answer<C>> {
        let lane = asked.first().and_then(|(origin, command)| command.lane(&origin.caller)).expect("a command that runs in sets");
        let (begun, held) = oneshot::channel();
        let (go, waits) = mpsc::channel();
        let store = self.engine.store.clone();
        let hold = Hold { lane, begun: Mutex::new(Some(begun)), go: Mutex::new(waits) };
        let holding = tokio::spawn(async move { store.write(hold).await });
        held.await.expect("the lane is held");
        let mut answers: Vec<Option<Answer<C>>> = asked.iter().map(|_| None).collect();
        let mut waiting: Vec<BoxFuture<'_, Answer<C>>> = asked.into_iter().map(|(origin, command)| self.engine.execute(origin, command)).collect();
        let mut look = |context: &mut Context<'_>| {
            for (asked, answer) in waiting.iter_mut().zip(&mut answers).filter(|(_, answer)| answer.is_none()) {
                if let Poll::Ready(done) = asked.as_mut().poll(context) {
                    *answer = Some(done);
                }
            }
            answers.iter().all(Option::is_some)
        };
        // Asked for once, each waits in its place.
        poll_fn(|context| Poll::Ready(look(context))).await;
        go.send(()).ok();
        poll_fn(|context| if look(context) { Poll::Ready(()) } else { Poll::Pending }).await;
        holding.await.expect("no panic").expect("held and let go");
        answers.into_iter().flatten().collect()
    }
}
