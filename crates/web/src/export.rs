//! Lists as files, however many rows they have: read and sent part by part, in bounded memory (ORD-10, PAR-17, PLT-14).

use crate::answer::Answer;
use crate::call::Call;
use crate::paging::cursor_text;
use crate::problem::Problem;
use axum::body::{Body, Bytes};
use futures_util::stream;
use std::io;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use tradepost_documents::sheet::Sheet;
use tradepost_documents::table::{self, Cell};
use tradepost_store::BoxFuture;

/// Rows of a part.
pub const AT_ONCE: i64 = 500;

/// The media type of a sheet.
const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// What kind of file is made.
#[derive(Clone, Copy, Debug)]
pub enum Form<'a> {
    /// Comma separated values: it has no end.
    Csv,
    /// A sheet. It ends at 1,048,576 rows; where the list goes on, this stands in its last row.
    Sheet(&'a str),
}

/// Some rows of a file.
#[derive(Debug)]
pub struct Part {
    /// Its rows, each with a cell per column.
    pub rows: Vec<Vec<Cell>>,
    /// Behind which row the list goes on; `None` where it ends.
    pub next: Option<[u8; 16]>,
}

/// Reads the part behind a row; `None`: the first.
pub type Source = Box<dyn FnMut(Option<[u8; 16]>) -> BoxFuture<'static, Result<Part, Problem>> + Send>;

/// How far a file is.
enum File {
    Csv,
    Sheet(Box<Sheet>, String),
    Done,
}

/// What is left of a file.
struct Rest {
    file: File,
    /// Bytes that wait to be sent: at first the head.
    bytes: Vec<u8>,
    /// Rows that wait to be written: at first those that were read before the answer.
    part: Option<Part>,
    next: Option<[u8; 16]>,
    source: Source,
}

impl Rest {
    /// Further bytes; `None` behind the last.
    async fn more(&mut self) -> Result<Option<Bytes>, Problem> {
        let part = match self.part.take() {
            Some(part) => part,
            None if matches!(self.file, File::Done) => return Ok(None),
            None if self.next.is_none() => return Ok(Some(self.ended(false))),
            None if matches!(&self.file, File::Sheet(sheet, _) if sheet.room() == 0) => return Ok(Some(self.ended(true))),
            None => (self.source)(self.next).await?,
        };
        self.next = part.next;
        match &mut self.file {
            File::Csv => self.bytes.extend(table::rows(&part.rows)),
            File::Sheet(sheet, _) => {
                let (bytes, taken) = sheet.add(&part.rows);
                self.bytes.extend(bytes);
                if taken < part.rows.len() {
                    return Ok(Some(self.ended(true)));
                }
            }
            File::Done => {}
        }
        Ok(Some(Bytes::from(std::mem::take(&mut self.bytes))))
    }

    /// The last bytes; `cut` where there are more rows than the file holds.
    fn ended(&mut self, cut: bool) -> Bytes {
        let mut bytes = std::mem::take(&mut self.bytes);
        if let File::Sheet(sheet, says) = std::mem::replace(&mut self.file, File::Done) {
            bytes.extend(sheet.end(cut.then_some(says.as_str())));
        }
        Bytes::from(bytes)
    }
}

/// The file: its first part was read already, so that a no is an answer of its own; the others are read while it is sent, each when the one before
/// it has left. One that fails cuts the connection: a file that breaks off must not look whole.
#[must_use]
pub fn sent(name: &str, head: &[&str], form: Form<'_>, first: Part, source: Source) -> Answer {
    let (ending, media_type) = match form {
        Form::Csv => ("csv", "text/csv; charset=utf-8"),
        Form::Sheet(_) => ("xlsx", SHEET),
    };
    let (file, bytes) = match form {
        Form::Csv => (File::Csv, table::report(head, &[])),
        Form::Sheet(cut) => {
            let (sheet, bytes) = Sheet::begin(head);
            (File::Sheet(Box::new(sheet), cut.to_owned()), bytes)
        }
    };
    let rest = Rest { file, bytes, part: Some(first), next: None, source };
    let body = stream::try_unfold(rest, |mut rest| async move {
        match rest.more().await {
            Ok(bytes) => Ok(bytes.map(|bytes| (bytes, rest))),
            Err(no) => {
                tracing::error!(code = no.code(), detail = no.detail(), "a file of a list breaks off");
                Err(io::Error::other("the file breaks off"))
            }
        }
    });
    Answer::download(&format!("{name}.{ending}"), media_type, Body::from_stream(body))
}

impl Call {
    /// A list as a file: the rows of this page, and behind them those that the same handler answers when it is called again, page by page. So a file
    /// can say nothing else than the pages do. The handler answers this for every page of the file, of [`AT_ONCE`] rows each.
    #[must_use]
    pub fn file(&self, name: &str, head: &[&str], form: Form<'_>, page: Part) -> Answer {
        if self.goes_on {
            return Answer::part(page);
        }
        let pattern = self.again(None);
        let source = move |next| -> BoxFuture<'static, Result<Part, Problem>> {
            let call = pattern.again(next);
            let handler = call.route.handler.clone();
            Box::pin(async move { handler(call).await?.into_part().ok_or_else(Problem::internal) })
        };
        sent(name, head, form, page, Box::new(source))
    }

    /// The same question once more, about the page behind this row.
    fn again(&self, next: Option<[u8; 16]>) -> Self {
        let mut query: Vec<(String, String)> = self.query.iter().filter(|(name, _)| next.is_none() || name != "cursor").cloned().collect();
        query.extend(next.map(|next| ("cursor".to_owned(), cursor_text(self.route.operation, next))));
        Self {
            app: self.app.clone(),
            route: self.route.clone(),
            path: self.path.clone(),
            values: self.values.clone(),
            query,
            headers: self.headers.clone(),
            body: Bytes::new(),
            stream: Mutex::new(None),
            caller: self.caller.clone(),
            request_id: self.request_id.clone(),
            address: self.address,
            idempotency_key: None,
            executed: AtomicUsize::new(0),
            replayed: Arc::default(),
            goes_on: true,
        }
    }
}
