//! Dynamic URLs, for shops that can do nothing but fetch a URL: the list, a new one, the page of one (EXT-6).

use super::{Kind, Tab, changes, documentation, keys, listed, named, one, tabs};
use crate::forms::{Typed, form};
use crate::lists::{List, fetch};
use crate::room::{Room, Spot};
use crate::shared::{keys as shared, terms};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::{Tone, tag};
use tradepost_design::card::Card;
use tradepost_design::frame::Head;
use tradepost_design::icon::icon;
use tradepost_design::{Button, Icon, note};
use tradepost_domain::Right;
use tradepost_domain::fulfillments::CreateDynamicUrl;
use tradepost_domain::identity::{ApiKeyRow, KeyOwner, PreparedKey};
use tradepost_domain::listing::PageRequest;
use tradepost_kernel::Date;
use tradepost_kernel::api_key::KeyKind;
use tradepost_web::api::reseller_products::ResellerProductView;
use tradepost_web::api::{api_keys, reseller_products};
use tradepost_web::fields::{Line, Paragraph};
use tradepost_web::{Answer, Call, Problem, Routes, input};

/// Products that are offered as boxes at most: of more, their SKUs are typed.
const BOXES: i64 = 30;

input! {
    /// The form of a new dynamic URL.
    pub struct DynamicUrlForm {
        /// What it is called.
        pub name: Line<100>,
        /// The SKUs of what it sells, with commas, blanks or line breaks between; without any, everything.
        pub products: Option<Paragraph<8000>>,
        /// From where it may be used, an address or block a line.
        pub addresses: Option<Paragraph<4000>>,
        /// The last day on which it works.
        pub expires_at: Option<Date>,
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let new = Button::new(room.t("New dynamic URL", "Neue dynamische URL")).primary().icon(Icon::Add).to(&room.path("/developers/urls/new"));
    let list = List::new(&room, &call, "dynamic-urls").tabs(tabs(&room, Tab::Urls)).searches().empty(
        Icon::Link,
        room.t("No dynamic URLs yet", "Noch keine dynamischen URLs"),
        room.t(
            "For shops that can only fetch a URL and show what comes back. It is the weakest door: use an API key where you can.",
            "Für Shops, die nur eine URL abrufen und zeigen können, was zurückkommt. Sie ist die schwächste Tür: Nehmen Sie einen API-Schlüssel, wo es geht.",
        ),
        Some(new.clone()),
    );
    let searched = list.searched();
    let found = list.rows(&call, fetch!(|page| [call, searched] listed(call, Kind::Url, searched.clone(), page).await)).await?;
    let rows = found.rows.iter().map(|key| shared::cells(&room, key, &Kind::Url.page(&room, key.id))).collect();
    let acts = html! { (documentation(&room)) (new) };
    let head = Head { crumbs: &[], title: room.t("Developers", "Entwickler"), state: None, text: None, acts: Some(acts) };
    list.answer(&call, Spot::Developers, &head, shared::columns(&room), rows, found.next)
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    begin_page(&call, &room, &Typed::default()).await
}

async fn begin_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let offered = reseller_products::listed(call, None, PageRequest { limit: BOXES, before: None }).await?;
    let few = offered.next.is_none() && !offered.rows.is_empty();
    let fields = html! {
        (typed.mistakes(&room.look))
        (weakest(room))
        (typed.field("name", room.t("Name", "Name")).hint(room.t("Where it is used: the audit trail shows it.", "Wo sie benutzt wird: Das Protokoll zeigt ihn.")).example(room.t("Web shop", "Webshop")).whole().text())
        @if few { (boxes(room, typed, &offered.rows)) } @else { (lines(room, typed)) }
        (shared::bounds(room, typed))
    };
    let act = Button::new(room.t("Create URL", "URL anlegen")).primary();
    let back = room.path("/developers/urls");
    let form = form(call, &room.look, &room.path("/developers/urls/new"), &fields, &act, Some(&back));
    let crumbs = [(room.t("Dynamic URLs", "Dynamische URLs"), back.as_str())];
    let title = room.t("New dynamic URL", "Neue dynamische URL");
    let inside = Card::new(room.t("Dynamic URL", "Dynamische URL")).with(form);
    Ok(room.page(Spot::Developers, &Head { crumbs: &crumbs, title, state: None, text: None, acts: None }, &inside))
}

/// What everybody who makes or uses one must know.
pub(super) fn weakest(room: &Room) -> Markup {
    note::note(
        Tone::Warn,
        room.t("The URL is a secret", "Die URL ist ein Geheimnis"),
        room.t(
            "Whoever has it can spend your balance on what it sells, and URLs end up in places that keep them. Hold it to products and to the address of your server, and let only your server fetch it, after the payment.",
            "Wer sie hat, kann Ihr Guthaben für das ausgeben, was sie verkauft, und URLs landen an Orten, die sie aufheben. Beschränken Sie sie auf Produkte und die Adresse Ihres Servers, und lassen Sie nur Ihren Server sie abrufen, nach der Zahlung.",
        ),
        None,
    )
}

fn boxes(room: &Room, typed: &Typed, offered: &[ResellerProductView]) -> Markup {
    html! {
        fieldset class="field whole" id="products" {
            legend { (room.t("Products that it sells", "Produkte, die sie verkauft")) }
            div class="choices" {
                @for product in offered {
                    label class="choice" {
                        input type="checkbox" name="products" value=(product.sku) checked[typed.has("products", &product.sku)];
                        span { (product.name) }
                        span class="hint" { code { (product.sku) } }
                    }
                }
            }
            span class="hint" { (room.t("With their variants. Without any it sells everything that you may order.", "Mit ihren Varianten. Ohne Auswahl verkauft sie alles, was Sie bestellen können.")) }
            @if let Some(wrong) = typed.wrong("products") { span class="wrong" { (icon(Icon::Bad)) (wrong) } }
        }
    }
}

fn lines(room: &Room, typed: &Typed) -> Markup {
    typed
        .field("products", room.t("Products that it sells", "Produkte, die sie verkauft"))
        .hint(room.t(
            "SKUs, one per line, 50 at most. Without any it sells everything that you may order.",
            "SKUs, eine je Zeile, höchstens 50. Ohne Angabe verkauft sie alles, was Sie bestellen können.",
        ))
        .example("KEY-PRO")
        .optional(room.t("optional", "optional"))
        .whole()
        .lines()
}

/// SKUs as they were ticked or typed.
fn skus(text: Option<&str>) -> Vec<String> {
    let parts = text.unwrap_or("").split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|part| !part.is_empty());
    parts.map(ToOwned::to_owned).collect()
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let form = match call.form::<DynamicUrlForm>() {
        Ok(form) => form,
        Err(no) => return refused(&call, &room, no).await,
    };
    let addresses = match shared::addresses(&room, form.addresses.as_deref()) {
        Ok(addresses) => addresses,
        Err(text) => {
            let typed = Typed::of(call.typed()?).wrong_with("addresses", &text);
            return Ok(begin_page(&call, &room, &typed).await?.with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let merchant = KeyOwner::of(call.caller())?.merchant;
    let text = api_keys::mint(&call, merchant, KeyKind::DynamicUrl).await?;
    let command = CreateDynamicUrl {
        prepared: PreparedKey::from(&text),
        products: skus(form.products.as_deref()),
        name: form.name.into_string(),
        expires: shared::end_of(&room, form.expires_at),
        addresses,
    };
    match call.execute(command).await {
        Ok(made) => {
            let secret = (!made.replayed).then(|| text.text().expose().as_str());
            let key = named(&call, Kind::Url, made.outcome.key).await?;
            made_page(&call, &room, &key, secret).await
        }
        Err(no) => refused(&call, &room, no).await,
    }
}

async fn refused(call: &Call, room: &Room, no: Problem) -> Result<Answer, Problem> {
    let (status, typed) = (no.status(), Typed::refused(call, &room.look, no)?);
    Ok(begin_page(call, room, &typed).await?.with_status(status))
}

/// The products that a URL is held to.
async fn sells(call: &Call, room: &Room, key: &ApiKeyRow) -> Result<Markup, Problem> {
    let names = terms::product_names(call, call.partnership()?.of_merchant(), key.products.clone()).await?;
    Ok(html! {
        @if key.products.is_empty() { (room.t("Everything that you may order", "Alles, was Sie bestellen können")) }
        @for id in &key.products {
            @match names.get(id) { Some((sku, _)) => (tag(sku)), None => code { (id) } }
            " "
        }
    })
}

/// The page that shows the URL, this once, and leads on to the builder with it.
pub(super) async fn made_page(call: &Call, room: &Room, key: &ApiKeyRow, secret: Option<&str>) -> Result<Answer, Problem> {
    let url = secret.map(|text| call.url(&format!("/d/{text}")));
    let sells = sells(call, room, key).await?;
    let path = Kind::Url.page(room, key.id);
    let build = Button::new(room.t("Build a request with it", "Abruf damit zusammenstellen")).primary().icon(Icon::Code);
    let inside = html! {
        (Card::new(room.t("Your URL", "Ihre URL")).with(html! {
            (shared::secret(room, url.as_deref()))
            @if let Some(url) = &url {
                form method="post" action={ (path) "/request/begin" } {
                    (tradepost_design::form::unseen(&[("url", url.as_str())]))
                    (build.submit())
                }
            }
        }))
        (weakest(room))
        (shared::facts_card(room, key, Some(sells)))
    };
    let back = room.path("/developers/urls");
    let crumbs = [(room.t("Dynamic URLs", "Dynamische URLs"), back.as_str())];
    let stored = Button::new(room.t("I have saved it", "Ich habe sie gespeichert")).icon(Icon::Check).to(&path);
    let head = Head { crumbs: &crumbs, title: &key.name, state: Some(shared::badge_of(room, key)), text: None, acts: Some(stored) };
    Ok(room.page(Spot::Developers, &head, &inside).raw())
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let key = one(&call, Kind::Url).await?;
    let sells = sells(&call, &room, &key).await?;
    let open = key.addresses.is_empty() || key.products.is_empty();
    let inside = html! {
        (keys::ended(&room, &key))
        @if open { (weakest(&room)) }
        (shared::facts_card(&room, &key, Some(sells)))
    };
    let back = room.path("/developers/urls");
    let crumbs = [(room.t("Dynamic URLs", "Dynamische URLs"), back.as_str())];
    let build =
        Button::new(room.t("Build a request", "Abruf zusammenstellen")).primary().icon(Icon::Code).to(&format!("{}/request", Kind::Url.page(&room, key.id)));
    let acts = html! { (changes::acts(&call, &room, Kind::Url, &key)) (build) };
    let head = Head { crumbs: &crumbs, title: &key.name, state: Some(shared::badge_of(&room, &key)), text: None, acts: Some(acts) };
    Ok(room.page(Spot::Developers, &head, &inside))
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/developers/urls", "dynamicUrlsPage", list).needs(Right::ResellerKeysManage).page();
    r.get("/r/{partnership}/developers/urls/new", "newDynamicUrlPage", begin).needs(Right::ResellerKeysManage).fresh().page();
    r.post("/r/{partnership}/developers/urls/new", "createDynamicUrlForm", create)
        .needs(Right::ResellerKeysManage)
        .fresh()
        .page()
        .form::<DynamicUrlForm>()
        .command::<CreateDynamicUrl>();
    r.get("/r/{partnership}/developers/urls/{key}", "dynamicUrlPage", show).needs(Right::ResellerKeysManage).page();
}
