//! The control socket: how the command line reaches the server that has an SQLite file open.
//!
//! Who may open the socket (0600, the server's own user) may do everything: the permission of the file is the
//! authorization. One request per connection: a line of JSON that says what to do and how many bytes follow, then those
//! bytes. Answers are lines of JSON: any number of `progress`, then one of `done`, `refused`, `fault`.

use crate::house::{House, Trouble};
use crate::operate::{self, Order, Progress};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tradepost_domain::No;

/// A file to import may have this many bytes.
pub const LARGEST_FILE: u64 = 512 * 1024 * 1024;
/// The line that says what to do may have this many bytes.
const LONGEST_LINE: u64 = 64 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    order: Order,
    bytes: u64,
}

/// One line of an answer.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// How far it is.
    Progress(Progress),
    /// It was done.
    Done(Json),
    /// It was refused.
    Refused {
        /// The stable code.
        code: String,
        /// A sentence.
        detail: String,
        /// Which input.
        pointer: String,
    },
    /// A bug or an outage.
    Fault(String),
}

impl From<Result<Json, No>> for Reply {
    fn from(result: Result<Json, No>) -> Self {
        match result {
            Ok(json) => Self::Done(json),
            Err(No::Refusal(refusal)) => Self::Refused { code: refusal.code.into(), detail: refusal.detail, pointer: refusal.pointer },
            Err(No::Fault(fault)) => Self::Fault(fault.to_string()),
        }
    }
}

/// Listens. A socket left by a server that is gone is replaced: the lock on the database tells that it is.
///
/// # Errors
/// The socket cannot be made.
pub fn listen(path: &Path) -> Result<UnixListener, Trouble> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Trouble(format!("{}: {error}", path.display()))),
        _ => {}
    }
    // Made under another name and renamed, so that nobody connects before the permission is set.
    let new = path.with_extension("sock.new");
    let _left_over = std::fs::remove_file(&new);
    let listener = UnixListener::bind(&new).map_err(|error| Trouble(format!("{}: {error}", new.display())))?;
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&new, path)?;
    Ok(listener)
}

/// Answers connections one after the other (an operator's work, not traffic), until the task is dropped.
pub async fn serve(house: House, listener: UnixListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let house = house.clone();
                tokio::spawn(async move {
                    if let Err(error) = answer(&house, stream).await {
                        tracing::warn!(%error, "control socket");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "control socket");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer(house: &House, stream: UnixStream) -> std::io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    let mut line = String::new();
    (&mut reading).take(LONGEST_LINE).read_line(&mut line).await?;
    let request: Request = serde_json::from_str(&line).map_err(|error| std::io::Error::new(ErrorKind::InvalidData, error))?;
    if request.bytes > LARGEST_FILE {
        return write(&mut writing, &Reply::Fault(format!("the file is larger than {LARGEST_FILE} bytes"))).await;
    }
    let mut content = Vec::new();
    reading.take(request.bytes).read_to_end(&mut content).await?;
    let (tell, mut heard) = mpsc::unbounded_channel();
    let house = house.clone();
    // Detached from the connection: an operator who presses Ctrl-C leaves no half of an order that a server runs.
    let work = tokio::spawn(async move {
        let mut listener = move |progress| {
            // Nobody listens any more: the work goes on.
            let _ = tell.send(progress);
        };
        operate::carry_out(&house, request.order, content, &mut listener).await
    });
    while let Some(progress) = heard.recv().await {
        write(&mut writing, &Reply::Progress(progress)).await?;
    }
    let reply = work.await.map_or_else(|error| Reply::Fault(error.to_string()), Reply::from);
    write(&mut writing, &reply).await
}

async fn write(writing: &mut (impl AsyncWriteExt + Unpin), reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply).map_err(std::io::Error::other)?;
    line.push(b'\n');
    writing.write_all(&line).await?;
    writing.flush().await
}

/// A running server's answer; `None` where none runs.
///
/// # Errors
/// The connection broke, or the server does not speak like this program.
pub async fn ask(path: &Path, order: &Order, content: &[u8], listener: operate::Listener<'_>) -> Result<Option<Reply>, Trouble> {
    let mut stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => return Err(Trouble(format!("{}: {error}", path.display()))),
    };
    let mut line = serde_json::to_vec(&Request { order: order.clone(), bytes: content.len() as u64 }).map_err(std::io::Error::other)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.write_all(content).await?;
    stream.flush().await?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line).map_err(|_| Trouble("the running server is of another version".into()))? {
            Reply::Progress(progress) => listener(progress),
            reply => return Ok(Some(reply)),
        }
    }
    Err(Trouble("the server went away before it answered".into()))
}
