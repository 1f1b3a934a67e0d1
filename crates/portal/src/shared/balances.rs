//! The balances of a reseller that bought in other currencies before: each has a statement of its own (EXT-1).

use crate::room::Room;
use maud::{Markup, html};
use tradepost_design::card::{Card, facts};
use tradepost_kernel::Currency;
use tradepost_web::Call;
use tradepost_web::api::balance::BalanceView;

/// In which currency the statement is asked for; `None`: in the one of now.
#[must_use]
pub fn asked(call: &Call) -> Option<Currency> {
    call.query_pairs().iter().find(|(name, _)| name == "currency").and_then(|(_, code)| code.trim().parse().ok())
}

/// What the files of a statement are called: with its currency, where one is asked for.
#[must_use]
pub fn file_name(name: &str, asked: Option<Currency>) -> String {
    asked.map_or_else(|| name.to_owned(), |currency| format!("{name}-{currency}"))
}

/// What is there in each currency, with the way to its statement at `path`; nothing where there never was another one.
#[must_use]
pub fn card(room: &Room, found: &BalanceView, asked: Option<Currency>, path: &str) -> Markup {
    if found.balances.iter().all(|balance| Some(balance.currency) == found.currency) {
        return html! {};
    }
    let shown = asked.or(found.currency);
    let rows: Vec<(&str, Markup)> = found
        .balances
        .iter()
        .map(|balance| {
            let here = shown == Some(balance.currency);
            let way = html! {
                (room.look.money(balance)) " · "
                a href={ (path) "?currency=" (balance.currency) } aria-current=[here.then_some("page")] { (room.t("Statement", "Kontoauszug")) }
            };
            (balance.currency.code(), way)
        })
        .collect();
    let text = room.t(
        "Sales are paid in the present currency. What is left in another one stays there until that currency is set again.",
        "Verkäufe werden in der jetzigen Währung bezahlt. Was in einer anderen übrig ist, bleibt stehen, bis diese wieder gesetzt ist.",
    );
    Card::new(room.t("Balances by currency", "Guthaben nach Währung")).text(text).with(facts(&rows))
}
