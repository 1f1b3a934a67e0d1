//! No code stands in the open: not in events, not in the audit trail, not in messages, not in kept outcomes.

use super::codes::{Sealed, merchants, sample};
use super::report::Violation;
use super::scan::Found;
use super::{Check, How, PAGE};
use crate::command::Engine;
use crate::stock;
use std::collections::HashMap;
use tradepost_kernel::{Id, Secret};
use tradepost_store::{BoxFuture, Fault, Sql, params, sql};

pub(super) static NO_PLAINTEXT_CODES: Check = Check {
    name: "security.no_plaintext_codes",
    meaning: "No code of a sample of keys (oldest, newest, last sold; of 8 characters or more) stands in an event, the audit trail, a message or a kept outcome: the newest 10,000 texts of each, all with --full (STK-5).",
    how: How::Whole(look),
};

/// Where texts are kept, with the prefix of the rows' ids; newest first.
const TEXTS: [(&str, Sql); 4] = [
    ("evt", sql!("SELECT id, body FROM outbox WHERE merchant = $1 AND id < $2 ORDER BY id DESC LIMIT $3")),
    (
        "aud",
        sql!("SELECT id, COALESCE(before_json, '') || ' ' || COALESCE(after_json, '') FROM audit WHERE merchant = $1 AND id < $2 ORDER BY id DESC LIMIT $3"),
    ),
    ("msg", sql!("SELECT id, variables FROM message WHERE merchant = $1 AND id < $2 ORDER BY id DESC LIMIT $3")),
    ("cmd", sql!("SELECT id, outcome FROM command WHERE merchant = $1 AND id < $2 ORDER BY id DESC LIMIT $3")),
];
/// Pages of each kind of text that are read without `--full`.
const PAGES: i64 = 5;
/// By so many bytes a code is looked up; a shorter one would be found in ids and numbers by chance.
const WINDOW: usize = 8;

fn look(engine: Engine, full: bool, found: &mut Found) -> BoxFuture<'_, Result<(), Fault>> {
    Box::pin(async move {
        for merchant in merchants(&engine).await? {
            let codes = Codes::open(&engine, &sample(&engine, merchant).await?);
            if codes.by_start.is_empty() {
                continue;
            }
            for (prefix, texts) in TEXTS {
                read_texts(&engine, merchant, (prefix, texts), full, &codes, found).await?;
            }
        }
        Ok(())
    })
}

async fn read_texts(engine: &Engine, merchant: i64, (prefix, texts): (&'static str, Sql), full: bool, codes: &Codes, found: &mut Found) -> Result<(), Fault> {
    let mut before = [0xff; 16];
    let mut pages = 0;
    while full || pages < PAGES {
        let page: Vec<(Id<()>, String)> =
            engine.store.read(move |reader| Box::pin(async move { reader.query(texts, params![merchant, before, PAGE]).await })).await?;
        let Some(last) = page.last() else { return Ok(()) };
        before = last.0.bytes();
        for (id, text) in &page {
            found.checked += 1;
            if let Some(key) = codes.within(text) {
                let subject = format!("{prefix}_{}", id.suffix());
                found.add(Violation { merchant, subject, detail: format!("holds the code of {key} in the open") });
            }
        }
        pages += 1;
    }
    Ok(())
}

/// Codes by the bytes that they begin with, as they are and as JSON writes them.
struct Codes {
    by_start: HashMap<[u8; WINDOW], Vec<(Secret<String>, String)>>,
}

impl Codes {
    fn open(engine: &Engine, keys: &[Sealed]) -> Self {
        let mut by_start: HashMap<[u8; WINDOW], Vec<(Secret<String>, String)>> = HashMap::new();
        for key in keys {
            // What does not open is named by another check.
            let Ok(code) = stock::open_code(&engine.vault, key.merchant, key.id, &key.sealed) else { continue };
            let quoted = Secret::new(serde_json::to_string(code.expose()).unwrap_or_default());
            let inner = Secret::new(quoted.expose().trim_matches('"').to_owned());
            for form in [code, inner] {
                if let Some(start) = form.expose().as_bytes().first_chunk::<WINDOW>() {
                    by_start.entry(*start).or_default().push((form, key.id.text()));
                }
            }
        }
        Self { by_start }
    }

    /// The key whose code stands in `text`, if any: one step for each byte, however many codes there are.
    fn within(&self, text: &str) -> Option<&str> {
        let bytes = text.as_bytes();
        (0..bytes.len()).find_map(|at| {
            let start = bytes[at..].first_chunk::<WINDOW>()?;
            let candidates = self.by_start.get(start)?;
            candidates.iter().find(|(code, _)| bytes[at..].starts_with(code.expose().as_bytes())).map(|(_, key)| key.as_str())
        })
    }
}
