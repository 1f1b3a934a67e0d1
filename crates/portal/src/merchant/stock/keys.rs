//! Keys, masked; the page of one, and its code to who may see it (STK-2, STK-5).

use super::imports::imports;
use super::{Tab, import_button, tab_line, words};
use crate::forms;
use crate::lists::{Cell, List, Narrowing, fetch};
use crate::merchant::orders::asked;
use crate::room::{Room, Spot};
use crate::shared::views;
use maud::{Markup, html};
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::table::Column;
use tradepost_design::{Button, Icon, badge, value};
use tradepost_domain::ids::{KeyImportId, LicenseKeyId};
use tradepost_domain::listing::{Page, PageRequest};
use tradepost_domain::saved_views::ListName;
use tradepost_domain::stock::queries::{self, ImportFilter, KeyFilter, KeyView};
use tradepost_domain::stock::{KeyState, RevealKey};
use tradepost_domain::{MerchantScope, Right, catalog};
use tradepost_web::api::license_keys::revealed;
use tradepost_web::{Answer, Call, OrNotFound, Problem, Routes};

/// Imports that can be chosen from; keys of others are found from their own pages.
const CHOICES: i64 = 100;

async fn list(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (look, scope) = (&room.look, call.merchant()?);
    let states = KeyState::ALL.iter().map(|state| (state.name().to_owned(), words::key_state(look, *state).1.to_owned())).collect();
    let views = views::of(&call, ListName::LicenseKeys).await?;
    let list = List::new(&room, &call, "keys").tabs(tab_line(&room, Tab::Keys)).views(views).before(by_product(&room, &call)).filter("state", states).empty(
        Icon::Stock,
        room.t("No keys yet", "Noch keine Schlüssel"),
        room.t("Import them from a file, or paste them.", "Lesen Sie sie aus einer Datei ein, oder fügen Sie sie ein."),
        import_button(&room),
    );
    let batches = Narrowing::new(&room, &call).choice("import", room.t("Import", "Import"), batches(&call, &room, scope).await?);
    let mut list = batches.of(list, room.t("Import", "Import"));
    let import = list.asked("import").and_then(|id| id.parse::<KeyImportId>().ok());
    let mut filter = KeyFilter { import, state: list.asked("state").and_then(KeyState::from_name), ..KeyFilter::default() };
    if let Some(text) = asked(&call, "product") {
        let Some((number, name)) = product(&call, scope, text).await? else {
            let none = list.before(html! { (unknown(&room, text)) (by_product(&room, &call)) });
            return none.answer(&call, Spot::Stock, &head(&room), columns(&room), Vec::new(), None);
        };
        filter.product = Some(number);
        list = list.filter("product", vec![(text.to_owned(), name)]);
    }
    let found = list.rows(&call, fetch!(|page| [call] keys(call, scope, filter, page).await)).await?;
    let rows = found.rows.iter().map(|key| row(&room, key)).collect();
    list.answer(&call, Spot::Stock, &head(&room), columns(&room), rows, found.next)
}

/// The newest imports to choose from, each with its day.
async fn batches(call: &Call, room: &Room, scope: MerchantScope) -> Result<Vec<(String, String)>, Problem> {
    let found = imports(call, scope, ImportFilter::default(), PageRequest { limit: CHOICES, before: None }).await?;
    Ok(found.rows.into_iter().map(|import| (import.id.to_string(), format!("{} · {}", import.source, room.look.day_of(import.created)))).collect())
}

fn head(room: &Room) -> Head<'_> {
    Head { crumbs: &[], title: room.t("Keys", "Schlüssel"), state: None, text: None, acts: import_button(room) }
}

fn columns(room: &Room) -> Vec<Column<'_>> {
    vec![
        Column::new(room.t("Key", "Schlüssel")),
        Column::new(room.t("Status", "Status")),
        Column::new(room.t("Product", "Produkt")),
        Column::new(room.t("Import", "Import")),
        Column::new(room.t("First shown", "Zuerst gezeigt")),
        Column::new(room.t("ID", "ID")),
    ]
}

fn row(room: &Room, key: &KeyView) -> Vec<Cell> {
    let (tone, state) = words::key_standing(&room.look, key);
    let import = html! { a href=(room.path(&format!("/stock/imports/{}", key.import))) { (room.t("Show", "Zeigen")) } };
    vec![
        Cell::link(&key.masked, &room.path(&format!("/stock/keys/{}", key.id)), None),
        Cell::badge(tone, state),
        Cell::text(&key.sku),
        Cell::shown_as(import, crate::files::Plain::Exact(key.import.to_string())),
        Cell::maybe_moment(room, key.shown),
        Cell::code(room, &key.id.to_string()),
    ]
}

async fn keys(call: &Call, scope: MerchantScope, filter: KeyFilter, page: PageRequest) -> Result<Page<KeyView>, Problem> {
    call.read(move |reader| Box::pin(async move { queries::keys(reader, scope, filter, page).await })).await
}

/// The number and the name of a product, by its SKU or id.
async fn product(call: &Call, scope: MerchantScope, text: &str) -> Result<Option<(i64, String)>, Problem> {
    let text = text.to_owned();
    let found = call.read(move |reader| Box::pin(async move { catalog::queries::find_product(reader, scope, &text).await })).await?;
    Ok(found.map(|product| (product.number, product.fields.name)))
}

/// The field that narrows the list to a product.
fn by_product(room: &Room, call: &Call) -> Markup {
    let kept: Vec<(&str, &str)> = ["state", "import"].into_iter().filter_map(|name| asked(call, name).map(|value| (name, value))).collect();
    html! {
        form class="inline" method="get" action=(room.path("/stock/keys")) role="search" {
            (tradepost_design::form::unseen(&kept))
            input type="text" name="product" value=(asked(call, "product").unwrap_or("")) placeholder=(room.t("SKU of a product", "SKU eines Produkts")) aria-label=(room.t("SKU of a product", "SKU eines Produkts"));
            (Button::new(room.t("Show", "Zeigen")).icon(Icon::Search).submit())
        }
    }
}

fn unknown(room: &Room, text: &str) -> Markup {
    let title = match room.look.language {
        tradepost_design::Language::English => format!("There is no product “{text}”"),
        tradepost_design::Language::German => format!("Es gibt kein Produkt „{text}“"),
    };
    let all = Button::new(room.t("All keys", "Alle Schlüssel")).small().to(&room.path("/stock/keys"));
    tradepost_design::note::note(tradepost_design::Tone::Warn, &title, "", Some(&all))
}

/// The key that the path names; a staged one is no stock, and not found.
async fn loaded(call: &Call) -> Result<KeyView, Problem> {
    let (scope, id) = (call.merchant()?, call.path::<LicenseKeyId>("id")?);
    call.read(move |reader| Box::pin(async move { queries::key(reader, scope, id).await })).await?.or_not_found()
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let key = loaded(&call).await?;
    Ok(key_page(&call, &room, &key, None))
}

fn key_page(call: &Call, room: &Room, key: &KeyView, code: Option<&str>) -> Answer {
    let (tone, state) = words::key_standing(&room.look, key);
    let look = room.may(Right::LicensesReveal) && code.is_none();
    let act = Button::new(room.t("Show code", "Code zeigen")).icon(Icon::Visible);
    let mut card = Card::new(room.t("Code", "Code"));
    if look {
        card = card.acts(forms::act(call, &room.path(&format!("/stock/keys/{}/reveal", key.id)), &act.small()));
    }
    let inside = html! { div class="columns" { div { (card.with(code_inside(room, key, code))) } div { (facts_card(room, key)) } } };
    let head = Head {
        crumbs: &[(room.t("Stock", "Bestand"), &room.path("/stock")), (room.t("Keys", "Schlüssel"), &room.path("/stock/keys"))],
        title: &key.masked,
        state: Some(badge(tone, state)),
        text: Some(words::key_meaning(&room.look, key)),
        acts: None,
    };
    room.page(Spot::Stock, &head, &inside)
}

fn code_inside(room: &Room, key: &KeyView, code: Option<&str>) -> Markup {
    html! {
        @match code {
            Some(code) => {
                (value::snippet(code, room.look.language))
                p class="muted" { (room.t("This view is recorded in the audit trail. The key may still be sold: only a view by somebody outside your company uses it up.", "Dieser Blick steht im Protokoll. Der Schlüssel darf weiter verkauft werden: Nur ein Blick von außerhalb des Hauses verbraucht ihn.")) }
            },
            None => {
                p { code { (key.masked) } }
                p class="muted" { (room.t("Each view of the code is recorded in the audit trail.", "Jeder Blick auf den Code steht im Protokoll.")) }
            },
        }
    }
}

fn facts_card(room: &Room, key: &KeyView) -> Markup {
    let look = &room.look;
    let link = |place: String, text: &str| html! { a href=(room.path(&place)) { (text) } };
    let mut rows: Vec<(&str, Markup)> = vec![
        (room.t("ID", "ID"), value::copyable(&key.id.to_string(), look.language)),
        (room.t("Product", "Produkt"), link(format!("/stock/{}", key.product), &key.sku)),
        (room.t("Import", "Import"), link(format!("/stock/imports/{}", key.import), room.t("Show import", "Import zeigen"))),
    ];
    if let Some(license) = key.license {
        rows.push((room.t("License", "Lizenz"), link(format!("/licenses/{license}"), room.t("Show", "Zeigen"))));
    }
    if let Some(expires) = key.expires {
        rows.push((room.t("Last day", "Letzter Tag"), html! { (words::last_day(look, expires)) }));
    }
    if let Some(expired) = key.expired {
        rows.push((room.t("Taken out of stock", "Aus dem Bestand genommen"), look.moment(expired)));
    }
    if let Some(shown) = key.shown {
        rows.push((room.t("First shown", "Zuerst gezeigt"), look.moment(shown)));
    }
    Card::new(room.t("Details", "Details")).with(facts(&rows))
}

/// Shows the code: noted first, and never compressed or kept by a browser (STK-5).
async fn reveal(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let view = revealed(&call, call.path("id")?).await?;
    let key = loaded(&call).await?;
    Ok(key_page(&call, &room, &key, Some(&view.code)).raw())
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/m/{merchant}/stock/keys", "merchantKeysPage", list).needs(Right::StockRead).page();
    r.get("/m/{merchant}/stock/keys/{id}", "merchantKeyPage", show).needs(Right::StockRead).page();
    r.post("/m/{merchant}/stock/keys/{id}/reveal", "merchantRevealKeyForm", reveal).needs(Right::LicensesReveal).page().command::<RevealKey>();
}
