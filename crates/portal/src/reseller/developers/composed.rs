//! A composed request of a dynamic URL: what would come of it, without doing it, and the lines for the shop's settings (EXT-6, EXT-11).

use super::builder::{STYLES, UrlRequestForm};
use crate::refusals;
use crate::room::{Room, encoded};
use axum::http::StatusCode;
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::card::{Card, facts};
use tradepost_design::{Button, Language, note, value};
use tradepost_domain::fulfillments::{MOST_AT_ONCE, queries};
use tradepost_domain::identity::ApiKeyRow;
use tradepost_domain::ids::FulfillmentId;
use tradepost_kernel::Refusal;
use tradepost_kernel::api_key::{ApiKeyText, KeyKind};
use tradepost_web::api::balance::{self, BalanceView};
use tradepost_web::api::reseller_products::{self, PriceExplanationView, ResellerProductView};
use tradepost_web::{Call, Problem};

/// What is known before anything is done.
struct Look {
    /// The product with what so many cost; `None`: the partnership may not order it.
    offer: Option<(ResellerProductView, Result<PriceExplanationView, Refusal>)>,
    balance: BalanceView,
    /// The fulfillment that the order id stands under already.
    earlier: Option<FulfillmentId>,
}

async fn look(call: &Call, form: &UrlRequestForm) -> Result<Look, Problem> {
    let offer = match reseller_products::quoted(call, &form.product, form.quantity.get()).await {
        Ok(offer) => Some(offer),
        Err(no) if no.status() == StatusCode::NOT_FOUND => None,
        Err(no) => return Err(no),
    };
    let (scope, order) = (call.partnership()?, form.order_id.clone());
    let balance = balance::shown(call, scope).await?;
    let earlier = call.read(move |reader| Box::pin(async move { queries::by_external_order(reader, scope, &order).await })).await?;
    Ok(Look { offer, balance, earlier: earlier.map(|row| row.id) })
}

/// One thing that the look found: how good it is, its title, its text.
type Finding = (Tone, &'static str, String);

fn said(room: &Room, english: String, german: String) -> String {
    match room.look.language {
        Language::English => english,
        Language::German => german,
    }
}

/// What would stand in the way, in the order in which it is asked.
fn findings(room: &Room, key: &ApiKeyRow, form: &UrlRequestForm, look: &Look) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    if !key.is_valid(room.look.now) {
        let text = room.t("It is disabled or has expired: whoever fetches it gets 404.", "Sie ist abgeschaltet oder abgelaufen: Wer sie abruft, bekommt 404.");
        found.push((Tone::Bad, room.t("The URL opens nothing", "Die URL öffnet nichts"), text.to_owned()));
    }
    let Some((product, quote)) = &look.offer else {
        let text = room.t("There is no such product in your program.", "In Ihrem Programm gibt es dieses Produkt nicht.");
        found.push((Tone::Bad, room.t("Not available", "Nicht verfügbar"), text.to_owned()));
        return found;
    };
    if !key.products.is_empty() && !key.products.contains(&product.id) {
        let text = room.t(
            "It sells the products that it was made for, and their variants.",
            "Sie verkauft die Produkte, für die sie angelegt wurde, und deren Varianten.",
        );
        found.push((Tone::Warn, room.t("Not among the products of this URL", "Nicht unter den Produkten dieser URL"), text.to_owned()));
    }
    found.extend(of_quantity(room, product, form.quantity.get()));
    match quote {
        Err(no) => found.push((Tone::Bad, room.t("There is no price", "Es gibt keinen Preis"), refusals::in_words(&room.look, no.code, &no.detail))),
        Ok(quote) => found.extend(of_money(room, quote, &look.balance)),
    }
    found
}

fn of_quantity(room: &Room, product: &ResellerProductView, quantity: i64) -> Option<Finding> {
    let number = |count: i64| room.look.number(count);
    let title = room.t("The quantity does not fit", "Die Anzahl passt nicht");
    let least = product.min_quantity.filter(|least| quantity < *least);
    let most = product.max_quantity.into_iter().chain([MOST_AT_ONCE]).min().filter(|most| quantity > *most);
    if let Some(least) = least {
        return Some((Tone::Bad, title, said(room, format!("At least {} at once.", number(least)), format!("Mindestens {} auf einmal.", number(least)))));
    }
    if let Some(most) = most {
        return Some((Tone::Bad, title, said(room, format!("At most {} at once.", number(most)), format!("Höchstens {} auf einmal.", number(most)))));
    }
    let text = room.t("The shop gets 409 out_of_stock until keys arrive.", "Der Shop bekommt 409 out_of_stock, bis Schlüssel eintreffen.");
    (!product.available_in_stock).then(|| (Tone::Warn, room.t("Out of stock", "Nicht vorrätig"), text.to_owned()))
}

fn of_money(room: &Room, quote: &PriceExplanationView, balance: &BalanceView) -> Option<Finding> {
    let there = balance.balance.filter(|there| there.currency == quote.total.currency)?;
    let missing = quote.total.minor - there.minor;
    if missing <= 0 {
        return None;
    }
    let missing = room.look.money_text(&quote.total.currency.minor(missing));
    let text = said(
        room,
        format!("{missing} are missing: the shop gets 402 insufficient_balance, and nothing is charged."),
        format!("Es fehlen {missing}: Der Shop bekommt 402 insufficient_balance, und nichts wird abgebucht."),
    );
    Some((Tone::Bad, room.t("The balance does not cover it", "Das Guthaben reicht nicht"), text))
}

/// The piece of the page: the look, then the lines.
pub(super) async fn composed(call: &Call, room: &Room, key: &ApiKeyRow, form: &UrlRequestForm) -> Result<Markup, Problem> {
    let look = look(call, form).await?;
    Ok(html! {
        (looked(room, key, form, &look))
        (lines(call, room, key, form))
    })
}

fn looked(room: &Room, key: &ApiKeyRow, form: &UrlRequestForm, look: &Look) -> Markup {
    let found = findings(room, key, form, look);
    let mut rows: Vec<(&str, Markup)> = Vec::new();
    if let Some((product, quote)) = &look.offer {
        rows.push((room.t("Product", "Produkt"), html! { (product.name) " " code { (product.sku) } }));
        if let Ok(quote) = quote {
            rows.push((room.t("Unit price", "Stückpreis"), room.look.money(&quote.unit_price)));
            rows.push((room.t("Cost", "Kosten"), room.look.money(&quote.total)));
        }
    }
    if let Some(there) = &look.balance.balance {
        rows.push((room.t("Balance now", "Guthaben jetzt"), room.look.money(there)));
    }
    let title = room.t("What would come of it", "Was daraus würde");
    let card = Card::new(title).text(room.t(
        "A look, nothing else: nothing was charged, claimed or sent. Purchase limits are checked when it is fetched.",
        "Nur ein Blick: Nichts wurde abgebucht, vergeben oder versandt. Einkaufsgrenzen werden beim Abruf geprüft.",
    ));
    card.with(html! {
        @if let Some(earlier) = look.earlier {
            @let show = Button::new(room.t("Show it", "Zeigen")).small().to(&room.path(&format!("/fulfillments/{earlier}")));
            (note::note(
                Tone::Info,
                room.t("This order id was used before", "Diese Bestellnummer wurde schon benutzt"),
                room.t("With the same contents the first fulfillment is answered and nothing is charged; with others it is refused.", "Mit demselben Inhalt wird die erste Lieferung gezeigt und nichts abgebucht; mit anderem wird sie abgelehnt."),
                Some(&show),
            ))
        } @else if found.is_empty() {
            (note::note(Tone::Good, room.t("It would be delivered", "Es würde geliefert"), "", None))
        }
        @for (tone, title, text) in &found { (note::note(*tone, title, text, None)) }
        (facts(&rows))
    })
}

/// The URL to compose with, and whether it is whole: the one that was pasted where it is this key's, else one with a gap.
pub(super) fn base(call: &Call, key: &ApiKeyRow, pasted: Option<&str>) -> (String, bool) {
    let door = call.url("/d/");
    let known = pasted.and_then(|url| url.trim().strip_prefix(door.as_str())).and_then(|text| ApiKeyText::parse(text).ok());
    match known.filter(|text| text.kind == KeyKind::DynamicUrl && text.masked() == key.masked) {
        Some(text) => (format!("{door}{}", text.text().expose()), true),
        None => (format!("{door}{}", key.masked), false),
    }
}

/// A word for a shell, between single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn lines(call: &Call, room: &Room, key: &ApiKeyRow, form: &UrlRequestForm) -> Markup {
    let (url, whole) = base(call, key, form.url.as_deref());
    let language = room.look.language;
    let (_, open, close) = STYLES.iter().find(|style| Some(style.0) == form.style.as_deref()).or(STYLES.first()).copied().unwrap_or(("", "", ""));
    let hole = |name: &str| format!("{open}{name}{close}");
    let sku = encoded(&form.product);
    let settings = format!("{url}?order_id={}&email={}&product={sku}&quantity={}", hole("order_id"), hole("email"), hole("quantity"));
    let token = url.rsplit('/').next().unwrap_or("");
    let shoppex = format!(
        "{}?api_key={token}&external_order_id={}&product_id={sku}&customer_email={}&quantity={}",
        call.url("/reseller/v1/fulfillments/dynamic"),
        hole("order_id"),
        hole("email"),
        hole("quantity"),
    );
    html! {
        (Card::new(room.t("For the settings of your shop", "Für die Einstellungen Ihres Shops")).with(html! {
            @if !whole { (gap(room, form.url.is_some())) }
            (value::snippet(&settings, language))
            p class="muted" { (room.t("Replace the names between the marks by those of your shop. The answer is text, one code per line; a refusal is one line that begins with ERROR.", "Ersetzen Sie die Namen zwischen den Zeichen durch die Ihres Shops. Die Antwort ist Text, ein Code je Zeile; eine Ablehnung ist eine Zeile, die mit ERROR beginnt.")) }
            details {
                summary { (room.t("For shops made for Shoppex", "Für Shops, die für Shoppex gemacht sind")) }
                (value::snippet(&shoppex, language))
            }
        }))
        (Card::new(room.t("This order from a shell", "Diese Bestellung aus einer Shell"))
            .text(room.t("This one buys: run it where your shop runs.", "Dies kauft: Führen Sie es dort aus, wo Ihr Shop läuft."))
            .with(value::snippet(&curl(&url, form), language)))
    }
}

fn gap(room: &Room, pasted: bool) -> Markup {
    let title = if pasted {
        room.t("What you pasted is not this URL", "Das Eingefügte ist nicht diese URL")
    } else {
        room.t("The lines have a gap: paste your URL above to fill it", "Die Zeilen haben eine Lücke: Fügen Sie oben Ihre URL ein")
    };
    note::note(if pasted { Tone::Warn } else { Tone::Info }, title, "", None)
}

/// The order as the URL reads it.
pub(super) fn fields(form: &UrlRequestForm) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("order_id", form.order_id.to_string()),
        ("email", form.email.to_string()),
        ("product", form.product.to_string()),
        ("quantity", form.quantity.get().to_string()),
    ];
    fields.extend(form.name.as_ref().map(|name| ("name", name.to_string())));
    fields
}

/// As a POST, so that the order does not stand in the URL; repeated until there is an answer.
fn curl(url: &str, form: &UrlRequestForm) -> String {
    let mut text = String::from("curl -sS --fail-with-body --max-time 30 --retry 5 --retry-connrefused");
    for (name, value) in fields(form) {
        text.push_str(" \\\n  --data-urlencode ");
        text.push_str(&quoted(&format!("{name}={value}")));
    }
    text.push_str(" \\\n  ");
    text.push_str(&quoted(url));
    text
}
