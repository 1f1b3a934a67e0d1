//! What happens after a commit: events are passed on, messages are sent. Talks to the outside, as the crate `issuer` does.
//!
//! Always true here:
//! - Nothing is awaited from the network inside a transaction: a command before, the network, a command after.
//! - Whatever is done from an event can be done again: an event is passed on at least once.
//! - Events of one partnership keep their order; one that fails holds back those behind it, not the other
//!   partnerships' (PLT-5).
//!
//! What does not belong: decisions. They are commands of the domain.

pub mod mailer;
pub mod reaction;
pub mod relay;
pub mod requests;
pub mod retention;
pub mod smtp;
pub mod stock;

use mailer::Mailer;
use reaction::Reaction;
use relay::Relay;
use requests::RequestLog;
use retention::Retention;
use smtp::{MailSettings, NotUsable};
use std::sync::Arc;
use std::time::Duration;
use stock::StockKeeper;
use tokio::sync::{Notify, watch};
use tradepost_domain::Engine;
use tradepost_domain::requests::RequestQueue;
use tradepost_store::Fault;

/// How often the worker looks without being woken: other servers on the same database, retries that came due.
const POLL: Duration = Duration::from_secs(1);
/// How long the relay lets events gather once it has passed some on. Every commit wakes it and each of its passes is a commit itself:
/// without this it commits as often as the sales do, and takes their turns. An event that comes alone is passed on at once.
const GATHER: Duration = Duration::from_millis(20);

/// How the worker reaches the outside.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// The address under which people reach this server, without a slash at its end: for links in messages.
    pub base_url: String,
    /// The mail server; without one messages are only logged.
    pub mail: Option<MailSettings>,
    /// Where requests wait to be written to their log.
    pub requests: RequestQueue,
}

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Events passed on.
    pub events: u64,
    /// Parts of large works: those that events wait for, what is done with batches of keys, and what unpaid orders give back.
    pub parts: u64,
    /// Keys that expired and were taken out of stock.
    pub expired: u64,
    /// Events that failed and wait.
    pub delayed: u64,
    /// Messages that the mail server took.
    pub sent: u64,
    /// Messages that it did not take, and queued ones that were only logged.
    pub unsent: u64,
    /// Commands, and lines of the log of requests, that were kept long enough and are forgotten.
    pub forgotten: u64,
}

impl Round {
    fn did_something(self) -> bool {
        self != Self::default()
    }

    fn add(&mut self, other: Self) {
        self.events += other.events;
        self.parts += other.parts;
        self.expired += other.expired;
        self.delayed += other.delayed;
        self.sent += other.sent;
        self.unsent += other.unsent;
        self.forgotten += other.forgotten;
    }
}

/// Wakes a worker after a commit, from anywhere. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There may be something to do.
    pub fn now(&self) {
        self.0.notify_one();
    }
}

/// Passes on events, sends messages, keeps the stock and forgets what was kept long enough, for one database. Several on one PostgreSQL
/// share the work.
#[derive(Debug)]
pub struct Worker {
    relay: Relay,
    mailer: Mailer,
    retention: Retention,
    stock: StockKeeper,
    requests: RequestLog,
    wake: Wake,
}

impl Worker {
    /// A worker over an open engine, whose commits ring `wake`.
    ///
    /// # Errors
    /// [`NotUsable`] mail settings.
    pub fn new(engine: Engine, settings: WorkerSettings, reactions: Vec<Arc<dyn Reaction>>, wake: Wake) -> Result<Self, NotUsable> {
        let relay = Relay { engine: engine.clone(), mail: settings.mail.is_some(), reactions };
        let retention = Retention::new(engine.clone());
        let stock = StockKeeper::new(engine.clone());
        let requests = RequestLog::new(engine.clone(), settings.requests);
        let mailer = Mailer::new(engine, settings.base_url, settings.mail.as_ref())?;
        Ok(Self { relay, mailer, retention, stock, requests, wake })
    }

    /// What wakes it.
    #[must_use]
    pub fn wake(&self) -> Wake {
        self.wake.clone()
    }

    /// Does everything that is due now, and what follows from that, without waiting for anything to become due.
    ///
    /// # Errors
    /// The store's. What failed of its own (an event, a mail) is noted at its row and is no error here.
    pub async fn run_until_idle(&self) -> Result<Round, Fault> {
        let mut all = Round::default();
        loop {
            // What it does leads to events.
            let mut round = self.stock.pass().await?;
            round.add(self.relay.pass().await?);
            round.add(self.mailer.pass().await?);
            round.add(self.retention.pass().await?);
            round.add(self.requests.drain().await?);
            if !round.did_something() {
                return Ok(all);
            }
            all.add(round);
        }
    }

    /// Works until `stop` becomes true (or its sender is gone), then finishes the round that it is in.
    /// Each part has a loop of its own: a slow mail server holds nothing else up.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        let (relay, mail, retention, stock, requests) = (Wake::default(), Wake::default(), Wake::default(), Wake::default(), Wake::default());
        let relaying = each_time(&relay, stop.clone(), "relay", || self.relay_and_wake(&mail, stop.clone()));
        let mailing = each_time(&mail, stop.clone(), "mailer", || self.mailer.pass());
        let forgetting = each_time(&retention, stop.clone(), "retention", || self.retention.pass());
        let keeping = each_time(&stock, stop.clone(), "stock", || self.stock.pass());
        let logging = each_time(&requests, stop.clone(), "request log", || self.requests.pass());
        tokio::join!(relaying, mailing, forgetting, keeping, logging, self.forward(&relay, stop.clone()));
        if let Err(fault) = self.requests.drain().await {
            tracing::warn!(error = %fault, "the last lines of the request log were not written");
        }
    }

    async fn relay_and_wake(&self, mail: &Wake, mut stop: watch::Receiver<bool>) -> Result<Round, Fault> {
        let round = self.relay.pass().await?;
        if round.events > 0 {
            mail.now();
        }
        if relay::may_gather(round) {
            tokio::select! {
                () = tokio::time::sleep(GATHER) => {}
                () = stopped(&mut stop) => {}
            }
        }
        Ok(round)
    }

    /// From the public wake-up to the relay's.
    async fn forward(&self, relay: &Wake, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = self.wake.0.notified() => relay.now(),
                () = stopped(&mut stop) => return,
            }
        }
    }
}

/// Runs `pass` until it has nothing to do, then waits to be woken or for the next poll.
async fn each_time<F, R>(wake: &Wake, mut stop: watch::Receiver<bool>, name: &'static str, pass: F)
where
    F: Fn() -> R,
    R: Future<Output = Result<Round, Fault>>,
{
    while !*stop.borrow() {
        match pass().await {
            Ok(round) if round.did_something() => continue,
            Ok(_) => {}
            Err(fault) => tracing::error!(part = name, error = %fault, "the worker could not work"),
        }
        tokio::select! {
            () = wake.0.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            () = stopped(&mut stop) => return,
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone means that the house is closing.
    let _closed = stop.wait_for(|stop| *stop).await;
}
