//! Channels (PAR-7): where resellers buy, from which price list, with which terms.

mod edit;

use crate::lists::{Cell, List, fetch};
use crate::merchant::program::terms::{self, Kind};
use crate::room::{Room, Spot};
use maud::{Markup, html};
use std::collections::HashMap;
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, badge, value};
use tradepost_domain::catalog;
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::partners::ChannelView;
use tradepost_domain::partners::queries;
use tradepost_domain::{ChannelId, PriceListId, Right};
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes};

/// Channels or price lists that a choice shows.
const CHOICES: PageRequest = PageRequest { limit: 200, before: None };

/// The merchant's channels, newest first, as many as a choice shows.
pub(in crate::merchant) async fn all(call: &Call) -> Result<Vec<ChannelView>, Problem> {
    Ok(found(call, None, CHOICES).await?.rows)
}

async fn found(call: &Call, search: Option<String>, page: PageRequest) -> Result<Page<ChannelView>, Problem> {
    let scope = call.merchant()?;
    call.read(move |reader| Box::pin(async move { queries::channels(reader, scope, search.as_deref(), page).await })).await
}

/// The channel that the path names.
async fn one(call: &Call) -> Result<ChannelView, Problem> {
    let (scope, id) = (call.merchant()?, call.path::<ChannelId>("id")?);
    call.read(move |reader| Box::pin(async move { queries::channel(reader, scope, id).await })).await?.or_not_found()
}

/// What price lists are called, newest first.
async fn price_lists(call: &Call) -> Result<Vec<(PriceListId, String)>, Problem> {
    let scope = call.merchant()?;
    let found = call.read(move |reader| Box::pin(async move { catalog::queries::price_lists(reader, scope, None, CHOICES).await })).await?;
    Ok(found.rows.into_iter().map(|list| (list.id, list.name)).collect())
}

/// A price list by its name, which leads to it.
fn price_list(room: &Room, lists: &HashMap<PriceListId, String>, id: PriceListId) -> Markup {
    let path = room.path(&format!("/price-lists/{id}"));
    html! { a href=(path) { (lists.get(&id).map_or_else(|| room.t("Price list", "Preisliste"), String::as_str)) } }
}

fn mails(room: &Room, on: bool) -> Markup {
    if on { badge(Tone::Good, room.t("On", "An")) } else { badge(Tone::Plain, room.t("Off", "Aus")) }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let manages = room.may(Right::MerchantManage);
    let lists: HashMap<PriceListId, String> = price_lists(&call).await?.into_iter().collect();
    let create = Button::new(room.t("New channel", "Neuer Kanal")).primary().icon(Icon::Add).opens_dialog().to(&room.path("/channels/new"));
    let list = List::new(&room, &call, "channels").searches().empty(
        Icon::Program,
        room.t("No channels yet", "Noch keine Kanäle"),
        room.t(
            "A reseller buys in a channel: its price list says what and at which prices. Without any, nobody can be approved.",
            "Ein Reseller kauft in einem Kanal: Dessen Preisliste sagt, was und zu welchen Preisen. Ohne Kanal lässt sich niemand annehmen.",
        ),
        manages.then(|| create.clone()),
    );
    let searched = list.searched();
    let found = list.rows(&call, fetch!(|page| [call, searched] found(call, searched.clone(), page).await)).await?;
    let columns = vec![
        Column::new(room.t("Channel", "Kanal")),
        Column::new(room.t("Price list", "Preisliste")),
        Column::new(room.t("Order e-mails", "E-Mails zu Bestellungen")),
        Column::new(room.t("Created", "Angelegt")),
        Column::new(room.t("ID", "ID")),
    ];
    let row = |channel: &ChannelView| {
        let name = lists.get(&channel.price_list).cloned().unwrap_or_default();
        vec![
            Cell::link(&channel.name, &room.path(&format!("/channels/{}", channel.id)), None),
            Cell::shown_as(price_list(&room, &lists, channel.price_list), crate::files::Plain::Text(name)),
            Cell::shown_as(mails(&room, channel.order_email), crate::files::Plain::Exact(channel.order_email.to_string())),
            Cell::moment(&room, channel.created),
            Cell::code(&room, &channel.id.to_string()),
        ]
    };
    let rows = found.rows.iter().map(row).collect();
    let head = Head {
        crumbs: &[],
        title: room.t("Channels", "Kanäle"),
        state: None,
        text: Some(
            room.t("Groups of resellers that share a price list and terms.", "Gruppen von Resellern mit gemeinsamer Preisliste und gemeinsamen Konditionen."),
        ),
        acts: manages.then_some(create),
    };
    list.answer(&call, Spot::Channels, &head, columns, rows, found.next)
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let channel = one(&call).await?;
    let lists: HashMap<PriceListId, String> = price_lists(&call).await?.into_iter().collect();
    let terms = terms::overview(&call, &room, Kind::Channel.owner(&call)?).await?;
    let (back, path) = (room.path("/channels"), room.path(&format!("/channels/{}", channel.id)));
    let resellers = Button::new(room.t("Show resellers", "Reseller zeigen")).icon(Icon::Reseller).to(&room.path(&format!("/resellers?channel={}", channel.id)));
    let acts = html! {
        @if room.may(Right::MerchantManage) {
            (Button::new(room.t("Delete", "Löschen")).quiet().icon(Icon::Delete).opens_dialog().to(&format!("{path}/delete")))
            (Button::new(room.t("Edit", "Bearbeiten")).icon(Icon::Edit).opens_dialog().to(&format!("{path}/edit")))
        }
        (resellers)
    };
    let rows: Vec<(&str, Markup)> = vec![
        (room.t("Price list", "Preisliste"), price_list(&room, &lists, channel.price_list)),
        (room.t("Order e-mails", "E-Mails zu Bestellungen"), mails(&room, channel.order_email)),
        (room.t("Created", "Angelegt"), room.look.moment(channel.created)),
        (room.t("ID", "ID"), value::copyable(&channel.id.to_string(), room.look.language)),
    ];
    let inside = html! {
        (Card::new(room.t("Details", "Details")).with(facts(&rows)))
        (terms)
    };
    let head = Head {
        crumbs: &[(room.t("Channels", "Kanäle"), back.as_str())],
        title: &channel.name,
        state: None,
        text: Some(room.t(
            "Applies to all resellers of the channel, unless one has its own terms.",
            "Was hier steht, gilt für alle Reseller des Kanals, soweit einer keine eigenen Konditionen hat.",
        )),
        acts: Some(acts),
    };
    Ok(room.page(Spot::Channels, &head, &inside))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/channels", "merchantChannelsPage", list).needs(Right::MerchantRead).page();
    r.get("/m/{merchant}/channels/{id}", "merchantChannelPage", show).needs(Right::MerchantRead).page();
    edit::routes(r);
    terms::channel_routes(r);
}
