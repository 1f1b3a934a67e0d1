//! One page with every part, to look at while changing one.

mod foundations;

use crate::badge::{Tone, badge, tag};
use crate::button::Button;
use crate::card::{self, Card, Tile, facts, meter, sums, tiles};
use crate::chart::{Chart, Series, spark};
use crate::form::Field;
use crate::frame::{Brand, Group, Head, Page, Place, Workspace, head, workspace};
use crate::icon::Icon;
use crate::note::{Step, empty, mistakes, note, timeline, toast};
use crate::table::{Chip, Column, Table, Ways, pager, tabs, tools};
use crate::value::{copyable, copyable_link, money, money_text, person, snippet};
use maud::{Markup, html};
use tradepost_kernel::Currency;
use tradepost_kernel::Language;

const LANGUAGE: Language = Language::English;

/// The page, in the theme that is asked for.
#[must_use]
pub fn page(theme: Option<&str>) -> Markup {
    let page = Page { title: "Style guide", house: "Tradepost", language: LANGUAGE, theme, brand: Brand::default() };
    let place = |icon, name, waiting, here| Place { icon, name, path: "#".to_owned(), waiting, here };
    let groups = [
        Group {
            name: "",
            places: vec![place(Icon::Home, "Overview", 0, true), place(Icon::Order, "Orders", 3, false), place(Icon::License, "Licenses", 0, false)],
        },
        Group {
            name: "Catalog",
            places: vec![place(Icon::Package, "Products", 0, false), place(Icon::Tag, "Price lists", 0, false), place(Icon::Stock, "Stock", 2, false)],
        },
        Group { name: "Resellers", places: vec![place(Icon::Reseller, "Partnerships", 12, false), place(Icon::Program, "Channels", 0, false)] },
        Group {
            name: "Money",
            places: vec![place(Icon::Invoice, "Invoices", 0, false), place(Icon::Card, "Payments", 0, false), place(Icon::Balance, "Balances", 0, false)],
        },
    ];
    let others = [("Northwind Apps".to_owned(), "#".to_owned()), ("Fabrikam Tools".to_owned(), "#".to_owned())];
    let around = Workspace {
        name: "Acme Software",
        kind: "Merchant",
        others: &others,
        groups: &groups,
        person: ("Ada Byron", "ada@acme.example"),
        menu: html! { a class="item" href="#" { (crate::icon::icon(Icon::Account)) "Profile" } a class="item" href="#" { (crate::icon::icon(Icon::SignOut)) "Sign out" } },
        sandbox: None,
        toast: Some(toast(Tone::Good, "Payment recorded. 2 orders were released.")),
        finder: ("#", "Search or jump to…"),
    };
    workspace(&page, &around, &inside())
}

fn inside() -> Markup {
    let acts = html! {
        (Button::new("Export").icon(Icon::Download).to("#"))
        (Button::new("New order").primary().icon(Icon::Add).to("#"))
    };
    html! {
        (head(LANGUAGE, &Head {
            crumbs: &[("Acme Software", "#"), ("Design", "#")], title: "Style guide", state: Some(badge(Tone::Info, "Preview")),
            text: Some("Every part that pages are put together from."), acts: Some(acts),
        }))
        (figures())
        div class="columns" { div { (orders()) (charts()) (forms()) } div { (order()) (notes()) (small()) (foundations::dialog()) } }
        div class="columns" { div { (foundations::colors()) (foundations::icons()) } div { (foundations::type_and_space()) } }
    }
}

fn dollars(minor: i64) -> tradepost_kernel::Money {
    "USD".parse::<Currency>().unwrap_or_else(|_| unreachable!("USD is a currency")).minor(minor)
}

fn usd(minor: i64) -> String {
    money_text(&dollars(minor), LANGUAGE)
}

fn figures() -> Markup {
    tiles(&[
        Tile {
            label: "Revenue, 30 days",
            figure: "$48,210.00",
            note: Some("12% above the 30 days before"),
            to: Some("#"),
            tone: Tone::Good,
            spark: Some(spark(&[3, 4, 4, 6, 5, 8, 7, 9, 12, 11])),
        },
        Tile { label: "Orders on hold", figure: "3", note: Some("The oldest waits since yesterday"), to: Some("#"), tone: Tone::Warn, spark: None },
        Tile { label: "Available licenses", figure: "9,412", note: Some("2 products are low"), to: Some("#"), tone: Tone::Plain, spark: None },
        Tile { label: "Overdue", figure: "$1,250.00", note: Some("1 invoice, 9 days"), to: None, tone: Tone::Bad, spark: None },
    ])
}

fn orders() -> Markup {
    let row = |id: &str, who: &str, state: Markup, items: &str, total: i64, when: &str| {
        vec![
            html! { a class="row" href="#" { (id) } span class="under" { (when) } },
            person(who, None),
            state,
            html! { (items) },
            money(&dollars(total), LANGUAGE),
        ]
    };
    let table = Table {
        caption: "Orders",
        columns: vec![
            Column::new("Order").sorts("#".to_owned(), Some(false)),
            Column::new("Reseller"),
            Column::new("State"),
            Column::new("Items"),
            Column::right("Total").sorts("#".to_owned(), None),
        ],
        rows: vec![
            row("#1042", "Contoso Digital", badge(Tone::Good, "Complete"), "75 licenses", 187_500, "2 min ago"),
            row("#1041", "Northwind Traders", badge(Tone::Warn, "On hold"), "25 licenses", 62_500, "1 h ago"),
            row("#1040", "Fabrikam", badge(Tone::Info, "Placed"), "3 licenses", 7500, "3 h ago"),
            row("#1039", "Contoso Digital", badge(Tone::Bad, "Canceled"), "10 licenses", 25_000, "yesterday"),
        ],
        foot: None,
    };
    let chip = |text, on| Chip { text, place: "#".to_owned(), on };
    let chips = [chip("On hold", true), chip("Unpaid", false), chip("This month", false)];
    let acts = html! { (Button::new("Columns").small().quiet().icon(Icon::Filter).to("#")) (Button::new("CSV").small().icon(Icon::Download).to("#")) };
    html! {
        (tabs("Orders", &[("All", "#".to_owned(), 0, true), ("Waiting", "#".to_owned(), 3, false), ("Drafts", "#".to_owned(), 0, false)]))
        (card::plain(html! {
            (tools(Some("#"), "", &[], &chips, &acts, LANGUAGE))
            (table.draw())
            (pager("1–4 of 1,042", &Ways { first: Some("#"), before: Some("#"), after: Some("#") }, LANGUAGE))
        }))
        (card::plain(empty(Icon::Order, "No orders yet", "Orders of your resellers stand here as soon as the first is placed.", Some(&Button::new("Invite a reseller").primary().to("#")))))
    }
}

fn charts() -> Markup {
    let labels: Vec<String> = (1..=12).map(|day| format!("Nov {day}")).collect();
    let sold = [120_000, 90_000, 160_000, 210_000, 190_000, 40_000, 30_000, 240_000, 290_000, 260_000, 310_000, 360_000];
    let before = [80_000, 100_000, 120_000, 110_000, 150_000, 70_000, 20_000, 140_000, 190_000, 170_000, 230_000, 200_000];
    let one = [Series { name: "Revenue", figures: &sold }];
    let two = [Series { name: "This month", figures: &sold }, Series { name: "Month before", figures: &before }];
    let whole = |minor: i64| format!("${}", crate::value::number(minor / 100, LANGUAGE));
    html! {
        (Card::new("Revenue").text("Net of taxes, by day of the order.").with(Chart { title: "Revenue by day", labels: &labels, series: &one, written: &whole, table_word: "As a table" }.lines()))
        (Card::new("Compared").with(Chart { title: "Revenue by day, compared", labels: &labels, series: &two, written: &whole, table_word: "As a table" }.bars()))
    }
}

fn forms() -> Markup {
    let foot = html! { (Button::new("Cancel").quiet().to("#")) (Button::new("Save terms").primary().submit()) };
    Card::new("Terms").text("They hold for this reseller only, from the next order on.").foot(foot).with(html! {
        (mistakes("The terms could not be saved", &[("limit".to_owned(), "Credit limit: an amount like 2,500.00".to_owned())]))
        div class="fields" {
            (Field::new("company", "Company").value("Contoso Digital GmbH").fill("organization").text())
            (Field::new("limit", "Credit limit").value("2500,00x").before("USD").numeric().wrong(Some("Write an amount like 2,500.00")).hint("Orders beyond it wait until something is paid.").text())
            (Field::new("discount", "Wholesale discount").value("25").after("%").numeric().optional("optional").text())
            (Field::new("country", "Country").value("DE").select(&[("US", "United States"), ("DE", "Germany")]))
            (Field::new("note", "Note to the reseller").optional("optional").example("Shown on their invoices").whole().lines())
            (Field::new("mode", "Goods are handed over").value("credit").whole().radios(&[
                ("credit", "On credit", "Within the limit at once, beyond it after payment."),
                ("prepaid", "From the prepaid balance", "Nothing is owed; calls of their shop are answered at once."),
            ]))
            (Field::new("hold", "Hold all orders while an invoice is overdue").value("true").hint("A single payment releases them.").switch())
            (Field::new("mails", "Send a copy of each invoice to accounting").tick())
        }
    })
}

fn order() -> Markup {
    let step = |icon, tone, text: &str, under: &str| Step { icon, tone, text: html! { (text) }, under: html! { (under) } };
    html! {
        (Card::new("Credit").acts(Button::new("Change").small().to("#")).with(html! {
            (meter("Used credit", ("$2,340.00 used", 234_000), ("of $2,500.00", 250_000)))
            (sums(&[("Orders released", html! { (usd(187_500)) }), ("Waiting", html! { (usd(46_500)) })], ("Owed", html! { (usd(234_000)) })))
        }))
        (Card::new("Order").with(facts(&[
            ("Number", html! { "#1042" }), ("Id", copyable("ord_01m8bgxe66emntg4mbj8dd2r4w", LANGUAGE)), ("Reference", html! { "PO-7731" }), ("Placed", html! { "Mar 4, 2026" }),
            ("Invoice", copyable_link("inv_01m8bgxe66emntg4mbj8dd2r4w", "#", LANGUAGE)),
        ])))
        (Card::new("Timeline").with(timeline(&[
            step(Icon::Check, Tone::Good, "All licenses were handed over", "2 min ago · Contoso Digital"),
            step(Icon::Card, Tone::Good, "Payment of $1,875.00 recorded", "1 h ago · Ada Byron"),
            step(Icon::Lock, Tone::Warn, "Held: beyond the credit limit", "yesterday · Tradepost"),
            step(Icon::Order, Tone::Info, "Order placed", "yesterday · Contoso Digital"),
        ])))
    }
}

fn notes() -> Markup {
    let pay = Button::new("Pay now").small().to("#");
    html! {
        (note(Tone::Info, "Sandbox", "Nothing here is real: no mail leaves, no money moves.", None))
        (note(Tone::Good, "Everything is delivered", "The last license went out 2 minutes ago.", None))
        (note(Tone::Warn, "25 licenses wait", "The order is $465.00 beyond your credit limit.", Some(&pay)))
        (note(Tone::Bad, "The import stopped", "Line 4,112 holds a key that is in stock already.", None))
    }
}

fn small() -> Markup {
    html! {
        (Card::new("Buttons").with(html! {
            div class="button-row" { (Button::new("Primary").primary().to("#")) (Button::new("Usual").to("#")) (Button::new("Quiet").quiet().to("#")) (Button::new("Delete").danger().icon(Icon::Delete).to("#")) }
            div class="button-row" {
                (Button::new("Small").small().to("#")) (Button::new("Edit").small().bare().icon(Icon::Edit).to("#")) (Button::new("Off").off("Only owners may").to("#"))
                details class="menu" {
                    summary class="button bare" title="More" { (crate::icon::icon(Icon::More)) span class="unseen" { "More" } }
                    div class="list" { a class="item" href="#" { (crate::icon::icon(Icon::Download)) "Download" } hr; a class="item bad" href="#" { (crate::icon::icon(Icon::Delete)) "Revoke" } }
                }
            }
            div class="button-row" { (badge(Tone::Plain, "Draft")) (badge(Tone::Info, "Placed")) (badge(Tone::Good, "Paid")) (badge(Tone::Warn, "On hold")) (badge(Tone::Bad, "Overdue")) (tag("USD")) }
        }))
        (Card::new("Call it").with(snippet("curl https://shop.example/v1/reseller/fulfillments \\\n  -H \"Authorization: Bearer tpr_live_…\" \\\n  -d '{\"sku\": \"KEY-PRO\", \"quantity\": 1}'", LANGUAGE)))
    }
}
