//! What was sold or bought in the last days: figures and a chart, with its table beneath.

use crate::room::Room;
use maud::{Markup, html};
use tradepost_design::card::Card;
use tradepost_design::chart::{Chart, Series};
use tradepost_design::{Icon, Language, note};
use tradepost_kernel::Date;
use tradepost_web::api::overviews::{DaySalesView, SalesView, days};

/// A figure for each of the last days, the oldest first.
#[must_use]
pub fn figures(sales: &SalesView, today: Date, of: fn(&DaySalesView) -> i64) -> Vec<i64> {
    days(today).into_iter().map(|day| sales.days.iter().find(|known| known.day == day).map_or(0, of)).collect()
}

/// A day without its year.
fn short(room: &Room, day: Date) -> String {
    let text = room.look.date(day);
    match room.look.language {
        Language::English => text.split(',').next().unwrap_or(&text).to_owned(),
        Language::German => text.rsplit_once(' ').map_or(text.as_str(), |(day, _)| day).to_owned(),
    }
}

/// The card of the last days: amounts, and units where they are asked for; of the currency that most was sold in.
#[must_use]
pub fn card(room: &Room, title: &str, sales: &[SalesView], today: Date, with_units: bool) -> Markup {
    let card = Card::new(title);
    let Some(most) = sales.first() else {
        let text = room.t("Each day appears here with what was ordered on it.", "Hier steht jeder Tag mit dem, was an ihm bestellt wurde.");
        return card.around(note::empty(Icon::Info, room.t("Nothing in the last 30 days", "Nichts in den letzten 30 Tagen"), text, None));
    };
    let look = &room.look;
    let labels: Vec<String> = days(today).into_iter().map(|day| short(room, day)).collect();
    let (amounts, units) = (figures(most, today, |day| day.amount.minor), figures(most, today, |day| day.units));
    let money = |minor: i64| look.money_text(&most.currency.minor(minor));
    let number = |number: i64| look.number(number);
    let table_word = room.t("As a table", "Als Tabelle");
    let chart = |title, series: &[Series<'_>], written: &dyn Fn(i64) -> String| Chart { title, labels: &labels, series, written, table_word }.lines();
    let (amount, count) = (room.t("Amount per day", "Betrag je Tag"), room.t("Units per day", "Stück je Tag"));
    card.with(html! {
        @if with_units { h3 { (amount) } }
        (chart(amount, &[Series { name: amount, figures: &amounts }], &money))
        @if with_units { h3 { (count) } (chart(count, &[Series { name: count, figures: &units }], &number)) }
        @for other in sales.iter().skip(1) {
            p class="muted" { (look.money_text(&other.amount)) " · " (look.n(other.orders, ("order", "orders"), ("Bestellung", "Bestellungen"))) }
        }
    })
}
