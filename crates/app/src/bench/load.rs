//! Load: so many at once, each asking again when it has its answer; or so many a second, whoever answers.

use super::measure::{Running, Taken, Whose};
use crate::house::Trouble;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Somebody who does one thing at a time.
pub(super) trait Client: Send + 'static {
    /// Does it once.
    fn once(&mut self) -> impl Future<Output = Result<(), Trouble>> + Send;
}

/// When to stop: after a time, or once so much was done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    /// The time.
    pub(super) time: Duration,
    /// How much.
    pub(super) count: usize,
}

/// What is measured beside the load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watched<'a> {
    /// A folder on the disk that counts.
    pub(super) folder: &'a Path,
    /// Whose CPU time.
    pub(super) whose: Whose,
}

/// All clients at once until the limit. What is under way then is finished and counted.
///
/// # Errors
/// The first client that got another answer than it wanted.
pub(super) async fn closed<C: Client>(clients: Vec<C>, limit: Limit, watched: Watched<'_>) -> Result<(Taken, Vec<C>), Trouble> {
    let left = Arc::new(AtomicUsize::new(limit.count));
    let running = Running::begin(watched.folder, watched.whose)?;
    let until = Instant::now() + limit.time;
    let mut tasks = Vec::with_capacity(clients.len());
    for client in clients {
        tasks.push(tokio::spawn(again_and_again(client, left.clone(), until)));
    }
    let (mut took, mut back, mut wrong) = (Vec::new(), Vec::new(), None);
    for task in tasks {
        match task.await.map_err(|error| Trouble(error.to_string()))? {
            Ok((client, mine)) => {
                took.extend(mine);
                back.push(client);
            }
            Err(trouble) => wrong = wrong.or(Some(trouble)),
        }
    }
    match wrong {
        Some(trouble) => Err(trouble),
        None => Ok((running.end(took.len(), took), back)),
    }
}

async fn again_and_again<C: Client>(mut client: C, left: Arc<AtomicUsize>, until: Instant) -> Result<(C, Vec<u32>), Trouble> {
    let mut took = Vec::new();
    let one = |left: usize| left.checked_sub(1);
    while Instant::now() < until && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one).is_ok() {
        let begun = Instant::now();
        if let Err(trouble) = client.once().await {
            // The others need not go on.
            left.store(0, Ordering::Relaxed);
            return Err(trouble);
        }
        took.push(micros(begun.elapsed()));
    }
    Ok((client, took))
}

/// So many a second at even distances, by whichever client is free. The time of an answer counts from the moment when
/// it was due, so that a server that stalls is not asked less.
///
/// # Errors
/// As [`closed`].
pub(super) async fn open<C: Client>(clients: Vec<C>, per_second: u32, limit: Limit, watched: Watched<'_>) -> Result<(Taken, Vec<C>), Trouble> {
    let gap = Duration::from_secs(1) / per_second.max(1);
    let last = limit.count.min((limit.time.as_micros() / gap.as_micros().max(1)).try_into().unwrap_or(usize::MAX));
    let next = Arc::new(AtomicUsize::new(0));
    let running = Running::begin(watched.folder, watched.whose)?;
    let begun = Instant::now() + Duration::from_millis(20);
    let mut tasks = Vec::with_capacity(clients.len());
    for mut client in clients {
        let next = next.clone();
        tasks.push(tokio::spawn(async move {
            let mut took = Vec::new();
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                if nth >= last {
                    return Ok::<_, Trouble>((client, took));
                }
                let mut due = begun + gap * u32::try_from(nth).unwrap_or(u32::MAX);
                if Instant::now() < due {
                    tokio::time::sleep_until(due.into()).await;
                    // The timer's own coarseness is not the server's.
                    due = Instant::now();
                }
                client.once().await?;
                took.push(micros(due.elapsed()));
            }
        }));
    }
    let (mut took, mut back) = (Vec::new(), Vec::new());
    for task in tasks {
        let (client, mine) = task.await.map_err(|error| Trouble(error.to_string()))??;
        took.extend(mine);
        back.push(client);
    }
    Ok((running.end(took.len(), took), back))
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter(Arc<AtomicUsize>, usize);

    impl Client for Counter {
        async fn once(&mut self) -> Result<(), Trouble> {
            let nth = self.0.fetch_add(1, Ordering::Relaxed);
            if nth == self.1 { Err(Trouble("enough".into())) } else { Ok(()) }
        }
    }

    fn clients(count: &Arc<AtomicUsize>, wrong_at: usize) -> Vec<Counter> {
        (0..4).map(|_| Counter(count.clone(), wrong_at)).collect()
    }

    #[tokio::test]
    async fn exactly_as_much_is_done_as_the_limit_says_and_a_wrong_answer_ends_it() {
        let folder = std::env::temp_dir();
        let watched = Watched { folder: &folder, whose: Whose::Own };
        let limit = Limit { time: Duration::from_secs(60), count: 100 };
        let count = Arc::new(AtomicUsize::new(0));
        let (taken, back) = closed(clients(&count, usize::MAX), limit, watched).await.expect("done");
        assert_eq!((count.load(Ordering::Relaxed), taken.took.len(), back.len()), (100, 100, 4));
        let (taken, _) = open(clients(&count, usize::MAX), 5_000, limit, watched).await.expect("done");
        assert_eq!((count.load(Ordering::Relaxed), taken.took.len()), (200, 100));
        assert!(closed(clients(&Arc::default(), 50), limit, watched).await.is_err());
        assert!(open(clients(&Arc::default(), 50), 5_000, limit, watched).await.is_err());
    }
}
