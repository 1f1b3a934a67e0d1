//! What a reseller's own shop calls Tradepost with: API keys, dynamic URLs, and code to begin with (PAR-16, EXT-2, EXT-6).

mod builder;
mod changes;
mod composed;
mod keys;
mod requests;
mod run;
mod snippets;
mod urls;

use crate::room::Room;
use maud::Markup;
use tradepost_design::{Button, Icon, table};
use tradepost_domain::identity::{ApiKeyRow, KeyOwner, queries};
use tradepost_domain::ids::ApiKeyId;
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_kernel::api_key::KeyKind;
use tradepost_web::{Call, OrNotFound, Problem, Routes};

/// The parts of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tab {
    Keys,
    Urls,
    Requests,
    Snippets,
}

fn tabs(room: &Room, here: Tab) -> Markup {
    let tab = |its: Tab, name: &'static str, path: &str| (name, room.path(path), 0_usize, its == here);
    table::tabs(
        room.t("Developers", "Entwickler"),
        &[
            tab(Tab::Keys, room.t("API keys", "API-Schlüssel"), "/developers"),
            tab(Tab::Urls, room.t("Dynamic URLs", "Dynamische URLs"), "/developers/urls"),
            tab(Tab::Requests, room.t("Requests", "Anfragen"), "/developers/requests"),
            tab(Tab::Snippets, room.t("Code", "Code"), "/developers/code"),
        ],
    )
}

/// Leads to the whole contract.
fn documentation(room: &Room) -> Markup {
    Button::new(room.t("Documentation", "Dokumentation")).icon(Icon::Help).to("/docs/external-shops")
}

/// The two kinds of keys that a reseller makes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of the API.
    Key,
    /// Of a dynamic URL.
    Url,
}

impl Kind {
    const fn of_text(self) -> KeyKind {
        match self {
            Self::Key => KeyKind::Partnership,
            Self::Url => KeyKind::DynamicUrl,
        }
    }

    /// Where the list is.
    fn list(self, room: &Room) -> String {
        room.path(match self {
            Self::Key => "/developers",
            Self::Url => "/developers/urls",
        })
    }

    /// Where the page of one is.
    fn page(self, room: &Room, id: ApiKeyId) -> String {
        let folder = match self {
            Self::Key => "keys",
            Self::Url => "urls",
        };
        room.path(&format!("/developers/{folder}/{id}"))
    }
}

/// A page of the partnership's keys of a kind, newest first.
async fn listed(call: &Call, kind: Kind, search: Option<String>, page: PageRequest) -> Result<Page<ApiKeyRow>, Problem> {
    let (owner, kind) = (KeyOwner::of(call.caller())?, kind.of_text());
    call.read(move |reader| Box::pin(async move { queries::keys(reader, owner, kind, search.as_deref(), page).await })).await
}

/// The key that stands in the path for `{key}`.
async fn one(call: &Call, kind: Kind) -> Result<ApiKeyRow, Problem> {
    named(call, kind, call.path("key")?).await
}

async fn named(call: &Call, kind: Kind, id: ApiKeyId) -> Result<ApiKeyRow, Problem> {
    let (owner, kind) = (KeyOwner::of(call.caller())?, kind.of_text());
    call.read(move |reader| Box::pin(async move { queries::key(reader, owner, kind, id).await })).await?.or_not_found()
}

pub(super) fn routes(r: &mut Routes) {
    keys::routes(r);
    urls::routes(r);
    changes::routes(r);
    builder::routes(r);
    requests::routes(r);
    snippets::routes(r);
}
