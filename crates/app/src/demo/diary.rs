//! What the demo's business did in the 90 days before today: who came when, ordered, paid, handed over and sold. Every line is done by a request at its own
//! time, so that charts, ageing and lists show a business.

use super::fill::{PARTS, SHOP, enroll, set_passwords};
use crate::house::{House, Trouble};
use crate::own_api::call;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use tradepost_kernel::Timestamp;

/// How long the business has been open.
pub(super) const DAYS: i64 = 90;
const MINUTE_MS: i64 = 60_000;
const DAY: i64 = 24 * 60;

/// Orders of a reseller that come again and again: whose (by place), from which day to which, every how many days, how many days later they are
/// paid, and what is ordered in turn. All of them are paid before the orders of [`PARTS`] come.
struct Rhythm(usize, (i64, i64), i64, i64, &'static [(&'static str, i64)]);

const RHYTHMS: &[Rhythm] = &[
    Rhythm(0, (6, 80), 15, 2, &[("NW-OFFICE", 2), ("NW-PDF", 5), ("NW-VAULT", 10)]),
    Rhythm(1, (5, 76), 5, 8, &[("NW-OFFICE", 4), ("NW-PDF", 6), ("NW-VAULT", 12), ("NW-BACKUP-PRO", 5), ("NW-SHIELD", 10), ("NW-DRAW", 2)]),
    Rhythm(2, (8, 35), 9, 12, &[("NW-DRAW", 4), ("NW-PDF", 10), ("NW-OFFICE", 6)]),
    Rhythm(3, (10, 60), 11, 7, &[("NW-BACKUP-SRV", 1), ("NW-DRAW", 2), ("NW-SHIELD", 8)]),
];

/// What the shop sells in turn, and from which day on.
const SALES: &[(&str, i64)] = &[("NW-PDF", 1), ("NW-OFFICE", 1), ("NW-PDF", 2), ("NW-PDF", 1), ("NW-OFFICE", 2)];
const FIRST_SALE: i64 = 7;

/// Who buys from the resellers.
const CUSTOMERS: &[(&str, &str, &str)] = &[
    ("Grace", "Lovell", "grace@lovell.example"),
    ("Hugo", "Marin", "hugo@marin.example"),
    ("Ines", "Ortega", "ines@ortega.example"),
    ("Jonas", "Weber", "jonas@weber.example"),
    ("Kira", "Novak", "kira@novak.example"),
];

enum Deed {
    Enroll(usize),
    Passwords,
    /// Of a reseller: what, and after how many days it is paid.
    Order(usize, &'static str, i64, Option<i64>),
    Pay(String, Json),
    /// Hands a license over to the customer at a place.
    Activate(usize, &'static str, usize),
    /// The shop's nth.
    Sell(usize),
    /// The balance becomes what it was once more.
    FillUp,
}

/// What is still to come, by its minute from the beginning; what falls together in the order in which it was noted.
struct Diary<'a> {
    house: &'a House,
    merchant_key: &'a str,
    begin: Timestamp,
    ahead: BTreeMap<(i64, usize), Deed>,
    noted: usize,
    keys: Vec<String>,
    resellers: Vec<Json>,
    orders: usize,
}

/// Does all of it, from now on until [`DAYS`] later; the house's clock is moved. Answers who the resellers are and how they get in.
pub(super) async fn live(house: &House, merchant_key: &str) -> Result<Vec<Json>, Trouble> {
    let begin = house.engine.environment.now();
    let mut diary = Diary { house, merchant_key, begin, ahead: BTreeMap::new(), noted: 0, keys: Vec::new(), resellers: Vec::new(), orders: 0 };
    diary.plan();
    while let Some(((minute, _), deed)) = diary.ahead.pop_first() {
        diary.wait_until(minute);
        diary.does(minute, deed).await?;
        house.worker.run_until_idle().await?;
    }
    diary.wait_until(DAYS * DAY);
    Ok(diary.resellers)
}

/// A minute of a day at which people work, another one for each `nth`.
const fn at(day: i64, nth: i64) -> i64 {
    day * DAY + 8 * 60 + (nth * 157) % (9 * 60)
}

impl Diary<'_> {
    fn note(&mut self, minute: i64, deed: Deed) {
        self.ahead.insert((minute, self.noted), deed);
        self.noted += 1;
    }

    fn wait_until(&self, minute: i64) {
        let clock = &self.house.engine.environment.clock;
        clock.advance_ms(self.begin.plus_ms(minute * MINUTE_MS).ms().saturating_sub(clock.now().ms()).max(0));
    }

    fn plan(&mut self) {
        for ((place, which), part) in (0_i64..).zip(0_usize..).zip(PARTS) {
            self.note(at(place + 1, place), Deed::Enroll(which));
            for (product, quantity, day) in part.orders {
                self.note(at(*day, place), Deed::Order(which, product, *quantity, None));
            }
        }
        // The link of an access mail works for a week.
        self.note(5 * DAY + 12 * 60, Deed::Passwords);
        for Rhythm(which, (first, last), every, paid_after, items) in RHYTHMS {
            let mut day = *first;
            for (nth, (product, quantity)) in (0_i64..).zip(items.iter().cycle()) {
                if day > *last {
                    break;
                }
                // Business grows.
                self.note(at(day, nth), Deed::Order(*which, product, quantity + nth / 5, Some(*paid_after)));
                self.note(at(day + paid_after + 1, nth), Deed::Activate(*which, product, usize::try_from(nth).unwrap_or(0) % CUSTOMERS.len()));
                day += every;
            }
        }
        let mut day = FIRST_SALE;
        for nth in 0_usize.. {
            if day >= DAYS - 1 {
                break;
            }
            self.note(at(day, day), Deed::Sell(nth));
            // More often as time goes on.
            day += if day < DAYS / 2 { 3 } else { 2 };
        }
        self.note(at(DAYS - 1, 3), Deed::FillUp);
    }

    async fn does(&mut self, minute: i64, deed: Deed) -> Result<(), Trouble> {
        match deed {
            Deed::Enroll(which) => {
                let made = enroll(self.house, self.merchant_key, &PARTS[which]).await?;
                self.keys.push(made["key"].as_str().unwrap_or("").to_owned());
                self.resellers.push(made);
                Ok(())
            }
            Deed::Passwords => set_passwords(self.house).await,
            Deed::Order(which, product, quantity, paid_after) => self.order(minute, which, (product, quantity), paid_after).await,
            Deed::Pay(invoice, amount) => self.pay(&invoice, amount).await,
            Deed::Activate(which, product, customer) => {
                let (first_name, last_name, email) = CUSTOMERS[customer];
                let owner = json!({"first_name": first_name, "last_name": last_name, "email": email});
                self.asks(which, "POST", "/v1/reseller/licenses/activate", json!({"product": product, "owner": owner})).await.map(drop)
            }
            Deed::Sell(nth) => self.sell(nth).await,
            Deed::FillUp => self.fill_up().await,
        }
    }

    /// A reseller's own request.
    async fn asks(&self, which: usize, method: &str, path: &str, body: Json) -> Result<Json, Trouble> {
        let body = Some(body).filter(|body| !body.is_null());
        call(self.house, &self.keys[which], method, path, body).await
    }

    async fn order(&mut self, minute: i64, which: usize, (product, quantity): (&str, i64), paid_after: Option<i64>) -> Result<(), Trouble> {
        let draft = json!({"reference": format!("PO {}", 4_711 + self.orders), "items": [{"product": product, "quantity": quantity}]});
        self.orders += 1;
        let draft = self.asks(which, "POST", "/v1/reseller/orders", draft).await?;
        let placed = self.asks(which, "POST", &format!("/v1/reseller/orders/{}/confirm", draft["id"].as_str().unwrap_or("")), Json::Null).await?;
        if let Some(days) = paid_after {
            let invoice = placed["invoice"]["id"].as_str().unwrap_or("").to_owned();
            self.note(minute + days * DAY, Deed::Pay(invoice, placed["total"].clone()));
        }
        Ok(())
    }

    /// The merchant writes down that a wire came.
    async fn pay(&self, invoice: &str, amount: Json) -> Result<(), Trouble> {
        let today = self.house.engine.environment.now().date_in("UTC").to_string();
        let payment = json!({"amount": amount, "method": "wire", "received_on": today, "reference": format!("W {today}")});
        call(self.house, self.merchant_key, "POST", &format!("/v1/merchant/invoices/{invoice}/payments"), Some(payment)).await.map(drop)
    }

    fn shop() -> usize {
        PARTS.iter().position(|part| part.company == SHOP).unwrap_or(0)
    }

    async fn sell(&mut self, nth: usize) -> Result<(), Trouble> {
        if self.balance().await? < 20_000 {
            self.top_up(40_000).await?;
        }
        let (product, quantity) = SALES[nth % SALES.len()];
        let sale = json!({
            "external_order_id": format!("DS-{}", 1_001 + nth), "product": product, "quantity": quantity,
            "customer_email": format!("customer{}@dockside.example", nth % 23),
        });
        self.asks(Self::shop(), "POST", "/v1/reseller/fulfillments", sale).await.map(drop)
    }

    /// The shop's prepaid balance, in cents.
    async fn balance(&self) -> Result<i64, Trouble> {
        let shown = self.asks(Self::shop(), "GET", "/v1/reseller/balance", Json::Null).await?;
        let amount = shown["balance"]["amount"].as_str().unwrap_or("0");
        let (whole, cents) = amount.split_once('.').unwrap_or((amount, "0"));
        let number = |text: &str| text.parse::<i64>().map_err(|_| Trouble(format!("{amount} is no amount")));
        Ok(number(whole)? * 100 + number(cents)?)
    }

    async fn top_up(&self, cents: i64) -> Result<(), Trouble> {
        let amount = json!({"amount": format!("{}.{:02}", cents / 100, cents % 100), "currency": "USD"});
        let asked = self.asks(Self::shop(), "POST", "/v1/reseller/top-ups", json!({"amount": amount})).await?;
        self.pay(asked["id"].as_str().unwrap_or(""), amount).await
    }

    async fn fill_up(&self) -> Result<(), Trouble> {
        let missing = 50_000 - self.balance().await?;
        if missing > 0 {
            self.top_up(missing).await?;
        }
        let usd = |amount: &str| json!({"amount": amount, "currency": "USD"});
        self.asks(Self::shop(), "PATCH", "/v1/reseller/auto-top-up", json!({"threshold": usd("100.00"), "target": usd("500.00")})).await.map(drop)
    }
}
