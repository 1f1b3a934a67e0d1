//! The line between a server and PostgreSQL: a proxy on a loopback port that can be cut, also at the worst moment.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where a line is cut at a COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The COMMIT never arrives: nothing was done.
    BeforeCommit,
    /// PostgreSQL commits, and its answer never arrives: it was done.
    BeforeAnswer,
}

/// A line that can be cut. It ends with the last clone.
#[derive(Clone)]
pub struct Line {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    armed: Mutex<Armed>,
    /// Whether it carries; what is open is cut with the change.
    up: watch::Sender<bool>,
}

#[derive(Default)]
struct Armed {
    /// What becomes of the next COMMITs, one each; `None` lets one pass.
    next: VecDeque<Option<Cut>>,
    /// How many were cut.
    cuts: usize,
}

impl Line {
    /// A line to a PostgreSQL server.
    ///
    /// # Panics
    /// Where no port is free.
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State { armed: Mutex::default(), up: watch::Sender::new(true) });
        let weak = Arc::downgrade(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Some(state) = weak.upgrade() else { return };
                if *state.up.borrow() {
                    tokio::spawn(carry(client, target, state));
                }
            }
        });
        Self { address, state }
    }

    /// The line to the server of a URL `postgres://…@host:port/database`, and the URL of the same database through it.
    ///
    /// # Panics
    /// Where the URL names no address.
    pub async fn to_url(url: &str) -> (Self, String) {
        let (head, database) = url.rsplit_once('/').expect("a database");
        let (user, server) = head.rsplit_once('@').expect("a user");
        let line = Self::to(server.parse().expect("an address")).await;
        let through = format!("{user}@{}/{database}", line.address);
        (line, through)
    }

    /// Lets `pass` COMMITs pass and cuts at the one after them.
    pub fn cut_at_commit(&self, pass: usize, cut: Cut) {
        let mut armed = self.state.armed();
        armed.next = std::iter::repeat_n(None, pass).chain([Some(cut)]).collect();
    }

    /// How often it was cut at a COMMIT.
    #[must_use]
    pub fn cuts(&self) -> usize {
        self.state.armed().cuts
    }

    /// Cuts everything that is open, and takes nothing new until [`Line::mend`].
    pub fn cut(&self) {
        self.state.up.send_replace(false);
    }

    /// Takes connections again.
    pub fn mend(&self) {
        self.state.up.send_replace(true);
    }
}

impl State {
    fn armed(&self) -> MutexGuard<'_, Armed> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What becomes of the COMMIT that is seen now.
    fn at_commit(&self) -> Option<Cut> {
        let mut armed = self.armed();
        let cut = armed.next.pop_front().flatten();
        armed.cuts += usize::from(cut.is_some());
        cut
    }
}

/// Carries one connection until an end hangs up or the line is cut.
async fn carry(client: TcpStream, target: SocketAddr, state: Arc<State>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let mut up = state.up.subscribe();
    let down = async move { drop(up.wait_for(|up| !up).await) };
    tokio::select! {
        () = down => {}
        () = both_ways(client, server, &state) => {}
    }
}

async fn both_ways(mut client: TcpStream, mut server: TcpStream, state: &State) {
    let _nodelay = (client.set_nodelay(true), server.set_nodelay(true));
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (client.split(), server.split());
    let mut asked = Messages::default();
    let (mut questions, mut answers) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    // What the server says after a COMMIT whose answer is lost.
    let mut swallowed: Option<Vec<u8>> = None;
    loop {
        tokio::select! {
            read = from_client.read(&mut questions) => {
                let Some(count) = read.ok().filter(|count| *count > 0) else { return };
                asked.bytes.extend_from_slice(&questions[..count]);
                while let Some(message) = asked.next() {
                    let cut = if is_commit(&message) { state.at_commit() } else { None };
                    if cut == Some(Cut::BeforeCommit) || to_server.write_all(&message).await.is_err() {
                        return;
                    }
                    if cut == Some(Cut::BeforeAnswer) {
                        swallowed = Some(Vec::new());
                    }
                }
            }
            read = from_server.read(&mut answers) => {
                let Some(count) = read.ok().filter(|count| *count > 0) else { return };
                let Some(swallowed) = &mut swallowed else {
                    if to_client.write_all(&answers[..count]).await.is_err() {
                        return;
                    }
                    continue;
                };
                swallowed.extend_from_slice(&answers[..count]);
                // CommandComplete: only now is it sure that the server has committed.
                if swallowed.windows(7).any(|tag| tag == b"COMMIT\0") || swallowed.windows(9).any(|tag| tag == b"ROLLBACK\0") {
                    return;
                }
            }
        }
    }
}

/// What the client sends, cut into its messages: the first has no letter in front of its length.
#[derive(Default)]
struct Messages {
    bytes: Vec<u8>,
    begun: bool,
}

impl Messages {
    fn next(&mut self) -> Option<Vec<u8>> {
        let letter = usize::from(self.begun);
        let length = self.bytes.get(letter..letter + 4)?;
        let end = letter + u32::from_be_bytes(length.try_into().expect("four bytes")) as usize;
        if self.bytes.len() < end {
            return None;
        }
        self.begun = true;
        Some(self.bytes.drain(..end).collect())
    }
}

/// A simple query that commits.
fn is_commit(message: &[u8]) -> bool {
    message.first() == Some(&b'Q') && message.get(5..).is_some_and(|text| text.starts_with(b"COMMIT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(letter: Option<u8>, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("short");
        letter.into_iter().chain(length.to_be_bytes()).chain(body.iter().copied()).collect()
    }

    #[test]
    fn a_commit_is_found_however_the_bytes_arrive() {
        let (hello, begin, commit) = (message(None, &[0, 3, 0, 0]), message(Some(b'Q'), b"BEGIN\0"), message(Some(b'Q'), b"COMMIT\0"));
        let stream = [hello.clone(), begin.clone(), commit.clone()].concat();
        for cut in 0..stream.len() {
            let mut messages = Messages::default();
            let mut found = Vec::new();
            for part in [&stream[..cut], &stream[cut..]] {
                messages.bytes.extend_from_slice(part);
                found.extend(std::iter::from_fn(|| messages.next()));
            }
            assert_eq!(found, [hello.clone(), begin.clone(), commit.clone()], "cut at {cut}");
        }
        assert_eq!([hello, begin, commit].map(|message| is_commit(&message)), [false, false, true]);
    }
}
