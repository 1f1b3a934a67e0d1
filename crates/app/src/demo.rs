//! `tradepost demo`: a server with a merchant, a catalog, 10,000 keys, four resellers in different states of credit and
//! one whose shop sells from a prepaid balance, and what they did in the last 90 days.
//! Everything goes in through the API and the operator's orders, so the demo shows nothing that a user could not do.

mod diary;
mod fill;

use crate::config::{Rates, Settings};
use crate::house::{House, Trouble};
use crate::serve;
pub use fill::fill;
use serde_json::Value as Json;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tradepost_kernel::{Clock, Environment, Secret};

/// The password of every sign-in of the demo.
pub const PASSWORD: &str = "demo-demo-demo";

/// The demo's own data folder, so that it never touches a real one by default.
#[must_use]
pub fn settings(mut settings: Settings, data_not_named: bool) -> Settings {
    settings.demo = true;
    if data_not_named {
        let cache = std::env::var_os("HOME").map_or_else(std::env::temp_dir, |home| PathBuf::from(home).join(".cache"));
        settings.data = cache.join("tradepost/demo");
        settings.master_key = settings.data.join("master.key");
        settings.database = format!("sqlite://{}", settings.data.join("tradepost.db").display());
    }
    settings
}

/// Fills an empty house, prints how to get in, and serves it.
///
/// # Errors
/// [`Trouble`]: the house has a merchant that the demo did not make; as [`House::open`] and [`serve::serve`].
pub async fn run(settings: Settings) -> Result<(), Trouble> {
    let kept = settings.data.join("demo.json");
    let story: Json = match std::fs::read_to_string(&kept).map(Secret::new) {
        Ok(text) => serde_json::from_str(text.expose()).map_err(|error| Trouble(format!("{}: {error}", kept.display())))?,
        Err(_) => {
            eprintln!("filling the demo …");
            let story = lived(settings.clone()).await?;
            keep(&kept, &story)?;
            story
        }
    };
    let house = House::open(settings, Environment::system()).await?;
    let data = house.settings.data.clone();
    serve::serve(house, |address, _| print!("{}", in_words(&story, address, &data))).await
}

/// Fills the house under a clock that begins in the past and comes to now. The house that is served then has the machine's.
async fn lived(mut settings: Settings) -> Result<Json, Trouble> {
    settings.rates = Rates { per_caller: Some(None), per_partnership: Some(None), per_address: Some(None), prompt: Some(None) };
    const DAY_MS: i64 = 24 * 3_600_000;
    let now = Environment::system().now();
    // Its days begin at midnight, and the last one ends with yesterday.
    let begin = now.plus_ms(-diary::DAYS * DAY_MS - now.ms().rem_euclid(DAY_MS));
    let house = House::open(settings, Environment::under(Clock::fixed(begin))).await?;
    let story = fill(&house).await;
    house.close().await;
    story
}

/// For its owner only: it holds API keys.
fn keep(path: &PathBuf, story: &Json) -> Result<(), Trouble> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(story.to_string().as_bytes())?)
}

fn in_words(story: &Json, address: SocketAddr, data: &Path) -> String {
    let text = |value: &Json| value.as_str().unwrap_or("–").to_owned();
    let url = format!("http://{address}");
    let mut out = String::new();
    let merchant = &story["merchant"];
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\nTradepost demo: {url}   reference of the API: {url}/docs\n");
    let _ = writeln!(out, "merchant  {:<22} {:<28} {}", text(&merchant["name"]), text(&merchant["email"]), text(&merchant["live_key"]));
    let _ = writeln!(out, "          its sandbox {:<39} {}", "", text(&merchant["test_key"]));
    for reseller in story["resellers"].as_array().into_iter().flatten() {
        let _ = writeln!(out, "reseller  {:<22} {:<28} {}", text(&reseller["company"]), text(&reseller["email"]), text(&reseller["key"]));
        let _ = writeln!(out, "          {}", text(&reseller["state"]));
    }
    let _ = writeln!(out, "\nEvery sign-in has the password {PASSWORD}. Lines to paste:\n");
    let first = &story["resellers"][1];
    let shop = &story["resellers"][4];
    let lines = [
        format!("curl -s -H 'Authorization: Bearer {}' {url}/v1/merchant/orders", text(&merchant["live_key"])),
        format!("curl -s -H 'Authorization: Bearer {}' {url}/v1/reseller/credit", text(&first["key"])),
        format!("curl -s -H 'Authorization: Bearer {}' '{url}/v1/reseller/licenses/active.csv?product=NW-OFFICE'", text(&first["key"])),
        format!(
            "curl -s -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' -d '{{\"items\":[{{\"product\":\"NW-PDF\",\"quantity\":3}}]}}' {url}/v1/reseller/orders",
            text(&first["key"])
        ),
        format!(
            "curl -s -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' -d '{{\"external_order_id\":\"EXT-1\",\"product\":\"NW-PDF\",\"quantity\":2,\"customer_email\":\"grace@example.org\"}}' {url}/v1/reseller/fulfillments",
            text(&shop["key"])
        ),
        format!("curl -s -H 'Authorization: Bearer {}' {url}/v1/reseller/balance/statement", text(&shop["key"])),
        format!(
            "curl -s -H 'Content-Type: application/json' -d '{{\"email\":\"{}\",\"password\":\"{PASSWORD}\"}}' {url}/v1/sessions",
            text(&merchant["email"])
        ),
    ];
    for line in lines {
        let _ = writeln!(out, "  {line}");
    }
    let _ = writeln!(out, "\nCtrl-C ends it; what was done stays in {}.", data.display());
    out
}
