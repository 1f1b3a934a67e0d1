//! Filling the demo, through the API as anybody would: the merchant with its catalog and stock, and who the resellers are.

use super::PASSWORD;
use crate::house::{House, Trouble};
use crate::operate::{ImportOf, Order};
use crate::own_api::{call, order};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use tradepost_domain::identity::links;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::{SingleUseLinkId, notices};

/// Keys per product: 10,000 in all.
const KEYS: &[(&str, usize)] = &[
    ("NW-OFFICE", 3_000),
    ("NW-BACKUP-PRO", 2_000),
    ("NW-PDF", 1_500),
    ("NW-VAULT", 1_000),
    ("NW-SHIELD", 1_000),
    ("NW-BACKUP-PRO-3", 500),
    ("NW-DRAW", 400),
    ("NW-BACKUP-SRV", 300),
    ("NW-OFFICE-EDU", 300),
];

/// A reseller of the demo.
pub(super) struct Part {
    pub(super) company: &'static str,
    owner: (&'static str, &'static str),
    email: &'static str,
    /// In USD.
    credit_limit: Option<&'static str>,
    /// What it ordered of late and has not paid: product, quantity, and on which day.
    pub(super) orders: &'static [(&'static str, i64, i64)],
    /// Where that leads.
    state: &'static str,
}

pub(super) const PARTS: &[Part] = &[
    Part {
        company: "Harbor IT",
        owner: ("Nils", "Holm"),
        email: "nils@harbor.example",
        credit_limit: None,
        orders: &[("NW-OFFICE", 2, 88)],
        state: "no credit: its order waits for the payment",
    },
    Part {
        company: "Acme Resellers",
        owner: ("Ada", "Byron"),
        email: "ada@acme.example",
        credit_limit: Some("5000.00"),
        orders: &[("NW-OFFICE", 10, 86), ("NW-BACKUP-SRV", 2, 89)],
        state: "within its credit limit of 5,000.00 USD",
    },
    Part {
        company: "Brightline",
        owner: ("Bo", "Lind"),
        email: "bo@brightline.example",
        credit_limit: Some("2580.00"),
        orders: &[("NW-DRAW", 25, 52)],
        state: "at its credit limit of 2,580.00 USD, with an overdue invoice",
    },
    Part {
        company: "Cobalt Cloud",
        owner: ("Cara", "Diaz"),
        email: "cara@cobalt.example",
        credit_limit: Some("1000.00"),
        orders: &[("NW-DRAW", 5, 71), ("NW-BACKUP-SRV", 4, 87)],
        state: "beyond its credit limit of 1,000.00 USD: its second order is held",
    },
    Part {
        company: SHOP,
        owner: ("Dora", "Elms"),
        email: "dora@dockside.example",
        credit_limit: None,
        orders: &[],
        state: "its own shop sells from a prepaid balance of 500.00 USD",
    },
];

/// The reseller whose shop buys from a prepaid balance.
pub(super) const SHOP: &str = "Dockside Shop";

/// Fills the house and says how to get in. Its clock is moved by [`DAYS`](super::diary::DAYS): it must be one that can be.
///
/// # Errors
/// [`Trouble`]: what is asked of the house is refused, as there is such a merchant already.
pub async fn fill(house: &House) -> Result<Json, Trouble> {
    let email = "olivia@northwind.example";
    let name = "Northwind Software";
    let made = order(
        house,
        Order::CreateMerchant {
            name: name.into(),
            slug: None,
            currency: "USD".into(),
            owner_email: email.into(),
            owner_name: Some("Olivia Owner".into()),
            time_zone: "UTC".into(),
        },
        Vec::new(),
    )
    .await?;
    let key = made["live_key"].as_str().unwrap_or("").to_owned();
    let letterhead = json!({"address": "1 Pier Road\nBoston, MA 02110", "country": "US", "sender_email": "sales@northwind.example"});
    call(house, &key, "PATCH", "/v1/merchant", Some(letterhead)).await?;
    let import = |what| Order::Import { what, merchant: None, test: false, product: None, dry_run: false };
    order(house, import(ImportOf::Products), include_bytes!("../../../../examples/products.csv").to_vec()).await?;
    order(house, import(ImportOf::LicenseKeys), codes(house)).await?;
    offer_everything(house, &key).await?;
    let resellers = super::diary::live(house, &key).await?;
    Ok(json!({"merchant": {"name": name, "email": email, "live_key": key, "test_key": made["test_key"]}, "resellers": resellers}))
}

async fn offer_everything(house: &House, key: &str) -> Result<(), Trouble> {
    let channels = call(house, key, "GET", "/v1/merchant/channels", None).await?;
    let list = channels["data"][0]["price_list"].as_str().unwrap_or("").to_owned();
    let products = call(house, key, "GET", "/v1/merchant/products?limit=200", None).await?;
    // Variants follow their parents.
    for product in products["data"].as_array().into_iter().flatten().filter(|product| product["parent"].is_null()) {
        let id = product["id"].as_str().unwrap_or("");
        call(house, key, "PUT", &format!("/v1/merchant/price-lists/{list}/products/{id}"), None).await?;
    }
    Ok(())
}

/// Lets a reseller in, with its terms and a key.
pub(super) async fn enroll(house: &House, merchant_key: &str, part: &Part) -> Result<Json, Trouble> {
    let Part { company, owner: (first, last), email, credit_limit, state, .. } = part;
    let new = json!({"company": company, "first_name": first, "last_name": last, "email": email, "city": "Boston", "country": "US"});
    let made = call(house, merchant_key, "POST", "/v1/merchant/resellers", Some(new)).await?;
    let partnership = made["id"].as_str().unwrap_or("").to_owned();
    let limit = credit_limit.map_or(json!("none"), |amount| json!({"amount": amount, "currency": "USD"}));
    let terms = json!({"wholesale_discount_percent": "20", "credit_limit": limit});
    call(house, merchant_key, "PATCH", &format!("/v1/merchant/partnerships/{partnership}/terms"), Some(terms)).await?;
    let asked = Order::CreateKey { merchant: None, test: false, partnership: Some(partnership), name: "demo".into(), rights: Vec::new() };
    let key = order(house, asked, Vec::new()).await?["key"].as_str().unwrap_or("").to_owned();
    Ok(json!({"company": company, "email": email, "key": key, "state": state}))
}

/// Everybody who was let in uses the link of their access mail.
pub(super) async fn set_passwords(house: &House) -> Result<(), Trouble> {
    let page = PageRequest { limit: 50, before: None };
    let log = house
        .engine
        .store
        .read(move |reader| {
            Box::pin(async move { notices::queries::list(reader, notices::queries::OPERATOR, &notices::queries::MessageFilter::default(), page).await })
        })
        .await?;
    for message in log.rows {
        let link: Option<SingleUseLinkId> = message.variables["link"]["$link"].as_str().and_then(|text| text.parse().ok());
        let Some(link) = link else { continue };
        let token = links::token(&house.engine.vault, link);
        call(house, "", "POST", &format!("/v1/password-resets/{}", token.expose()), Some(json!({"password": PASSWORD}))).await?;
    }
    Ok(())
}

fn codes(house: &House) -> Vec<u8> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut out = String::from("sku,code\n");
    for (sku, count) in KEYS {
        for _ in 0..*count {
            let random = house.engine.environment.random::<25>();
            let code: Vec<String> = random.chunks(5).map(|five| five.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{sku},{}", code.join("-"));
        }
    }
    out.into_bytes()
}
