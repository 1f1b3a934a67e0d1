//! What is typed into a new order, at today's prices: each line with how its price came about, and the sum (CAT-5).

use super::wanted::{LOOK, STEP, Wanted, wanted};
use crate::refusals;
use crate::room::Room;
use crate::shared::orders::explanation_of;
use maud::{Markup, html};
use tradepost_design::Button;
use tradepost_design::card::{Card, sums};
use tradepost_kernel::Money;
use tradepost_web::api::reseller_products::{self, PriceStepView};
use tradepost_web::{Answer, Call, Problem};

/// Lines that are priced while somebody types; the draft has all.
const PRICED: usize = 100;

/// A line with its price and how that came about, or why it has none.
pub(super) struct Quoted {
    name: String,
    quantity: i64,
    line: Result<(Money, Vec<PriceStepView>), String>,
}

/// The prices of what is typed. What is not typed whole yet is no mistake.
pub(super) async fn quoted(call: &Call, room: &Room, typed: &[(String, String)]) -> Result<Vec<Quoted>, Problem> {
    let mut quoted = Vec::new();
    for Wanted { item, .. } in wanted(typed).unwrap_or_default().into_iter().take(PRICED) {
        let line = match reseller_products::quoted(call, &item.product, item.quantity).await {
            Ok((product, quote)) => {
                let line = quote.map(|quote| (quote.total, quote.steps)).map_err(|no| refusals::in_words(&room.look, no.code, &no.detail));
                Quoted { name: product.name, quantity: item.quantity, line }
            }
            Err(no) if no.status().as_u16() == 404 => {
                let text = refusals::in_words(&room.look, no.code(), no.detail());
                Quoted { name: item.product, quantity: item.quantity, line: Err(text) }
            }
            Err(no) => return Err(no),
        };
        quoted.push(line);
    }
    Ok(quoted)
}

/// The sum of what is typed, as a piece of the page: a script puts it in while somebody types.
pub(super) async fn quote(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let lines = quoted(&call, &room, &call.typed()?).await?;
    Ok(Answer::html(card(&room, &lines)))
}

/// The card of the sum.
pub(super) fn card(room: &Room, lines: &[Quoted]) -> Markup {
    let look = &room.look;
    let sum = lines.iter().filter_map(|line| line.line.as_ref().ok().map(|line| line.0)).reduce(|one, other| one.checked_add(other).unwrap_or(one));
    let names: Vec<String> = lines.iter().map(|line| format!("{} × {}", look.number(line.quantity), line.name)).collect();
    let shown = |line: &Quoted| match &line.line {
        Ok((total, _)) => look.money(total),
        Err(why) => html! { span class="wrong" { (why) } },
    };
    let rows: Vec<(&str, Markup)> = names.iter().zip(lines).map(|(name, line)| (name.as_str(), shown(line))).collect();
    let total = sum.map_or_else(|| html! { span class="muted" { "–" } }, |sum| look.money(&sum));
    let how = room.t("price breakdown", "Preisberechnung");
    let look_again = Button::new(room.t("Calculate", "Berechnen")).small().submit_as(STEP, LOOK);
    Card::new(room.t("Total at today's prices", "Summe zu heutigen Preisen")).acts(look_again).with(html! {
        (sums(&rows, (room.t("Total", "Summe"), total)))
        @if lines.len() == PRICED { p class="muted" { (room.t("The first 100 lines; the draft has all.", "Die ersten 100 Zeilen; der Entwurf hat alle.")) } }
        @for line in lines {
            @if let Ok((_, steps)) = &line.line { (explanation_of(room, &format!("{}: {how}", line.name), steps)) }
        }
    })
}
