//! What the pages of both workspaces take and weigh: every page that links lead to, as an owner sees it, one reader at a time.
//!
//! The pages are found as a person finds them, by links from the overview on; of each kind (one row of the table of
//! routes) the first that is met is measured, of a list its second page too.

use super::Asked;
use super::child::Server;
use super::line::{Asked as Request, Line};
use super::load::{self, Client, Limit, Watched};
use super::measure::Whose;
use super::order;
use super::place::{Database, Place};
use super::seed::{self, Seeded};
use super::table::{Named, Table};
use crate::house::{House, Trouble};
use crate::own_api::{call, trouble};
use axum::http::Method;
use serde_json::json;
use std::collections::VecDeque;
use tradepost_domain::access::MerchantRole;
use tradepost_domain::identity::links;
use tradepost_domain::listing::PageRequest;
use tradepost_domain::merchants::AddMerchantMember;
use tradepost_domain::notices::queries::{self, MessageFilter};
use tradepost_domain::{Origin, SingleUseLinkId};
use tradepost_kernel::text::Email;
use tradepost_web::credentials::session_cookie;
use tradepost_web::routes::{MERCHANT_PAGES, RESELLER_PAGES, Route};

/// How often a page is asked for in one round.
const ASKS: usize = 20;
const PASSWORD: &str = "a long password of a benchmark";

/// Runs it.
pub(super) async fn run(asked: &Asked, place: &Place) -> Result<Table, Trouble> {
    let (server_at, seeded) = seed::database(asked, place).await?;
    let mut table = Table::new("pages", place.engine(), seeded.keys);
    if asked.from.is_none() {
        order::prepare(&server_at, &seeded, order::orders_of(seeded.keys)?).await?;
    }
    let people = people(&server_at, &seeded).await?;
    let server = Server::start(&server_at).await?;
    let mut pages = Vec::new();
    for person in &people {
        pages.extend(Walk::new(&server, person).await?.walk().await?);
    }
    let watched = Watched { folder: &server_at.data, whose: Whose::Process(server.id()) };
    let limit = Limit { count: ASKS, ..asked.limit(ASKS) };
    for round in 0..asked.rounds {
        for page in &pages {
            let reader = Reader { line: Line::connect(server.address).await?, page: page.clone(), weight: 0 };
            let (taken, back) = load::closed(vec![reader], limit, watched).await?;
            table.add(&Named::server(&page.kind, 1), taken);
            if round == 0 {
                table.figure(&format!("compressed, {}", page.kind), "KiB", back.first().map_or(0, |reader| reader.weight) as f64 / 1024.0);
            }
        }
    }
    server.kill()?;
    Ok(table)
}

/// Somebody with every right in a workspace.
struct Person {
    email: String,
    /// The overview.
    start: String,
    /// Of all templates of this workspace.
    template: &'static str,
}

/// One of the merchant's staff, and the owner of the reseller who ordered last.
async fn people(database: &Database, seeded: &Seeded) -> Result<Vec<Person>, Trouble> {
    let house = database.open().await?;
    let latest = call(&house, &seeded.token, "GET", "/v1/merchant/orders?limit=1", None).await?;
    let partnership = latest["data"][0]["partnership"].as_str().unwrap_or_default().to_owned();
    let company = call(&house, &seeded.token, "GET", &format!("/v1/merchant/partnerships/{partnership}"), None).await?;
    let profile = call(&house, &seeded.token, "GET", "/v1/merchant", None).await?;
    let people = vec![
        Person { email: "pages@merchant.example".into(), start: format!("/m/{}", profile["id"].as_str().unwrap_or_default()), template: MERCHANT_PAGES },
        Person { email: company["reseller"]["email"].as_str().unwrap_or_default().to_owned(), start: format!("/r/{partnership}"), template: RESELLER_PAGES },
    ];
    let staff = AddMerchantMember {
        merchant: seeded.merchant,
        email: address(&people[0])?,
        first_name: "Mary".into(),
        last_name: "Merchant".into(),
        role: MerchantRole::Owner,
    };
    house.engine.execute(Origin::operator(), staff).await.map_err(trouble)?;
    call(&house, "", "POST", "/v1/password-resets", Some(json!({"email": people[1].email}))).await?;
    house.worker.run_until_idle().await?;
    for person in &people {
        choose_password(&house, person).await?;
    }
    house.close().await;
    Ok(people)
}

fn address(person: &Person) -> Result<Email, Trouble> {
    Email::parse(&person.email).map_err(|_| Trouble(format!("{}: is no address", person.email)))
}

/// By the link that they were mailed last.
async fn choose_password(house: &House, person: &Person) -> Result<(), Trouble> {
    let filter = MessageFilter { recipient: Some(person.email.clone()), ..MessageFilter::default() };
    let page = PageRequest { limit: 5, before: None };
    let read = house.engine.store.read(move |reader| Box::pin(async move { queries::list(reader, queries::OPERATOR, &filter, page).await }));
    let link = read.await?.rows.iter().find_map(|message| message.variables["link"]["$link"].as_str()?.parse::<SingleUseLinkId>().ok());
    let link = link.ok_or_else(|| Trouble(format!("{}: was sent no link", person.email)))?;
    let path = format!("/v1/password-resets/{}", links::token(&house.engine.vault, link).expose());
    call(house, "", "POST", &path, Some(json!({"password": PASSWORD}))).await.map(drop)
}

/// A page to ask for.
#[derive(Clone, Debug)]
struct Page {
    /// The template of its path, and what else tells it from others.
    kind: String,
    /// Path and query.
    path: String,
    cookie: String,
}

/// A walk along the links of one workspace.
struct Walk<'a> {
    line: Line,
    cookie: String,
    person: &'a Person,
    templates: Vec<&'static str>,
}

impl<'a> Walk<'a> {
    /// Signs in.
    async fn new(server: &Server, person: &'a Person) -> Result<Self, Trouble> {
        let mut line = Line::connect(server.address).await?;
        let body = json!({"email": person.email, "password": PASSWORD}).to_string();
        let request = Request { method: "POST", body: Some(("application/json", body.as_bytes())), ..Request::get("/v1/sessions", "") };
        let answer = line.ask(&request).await?;
        answer.must_be(201)?;
        let token = answer.field("token").ok_or_else(|| Trouble("a session without a token".into()))?;
        let cookie = format!("{}={token}", session_cookie("http://localhost"));
        let is_page = |route: &&Route| route.is_page && route.method == Method::GET && !route.streams && !route.path.contains('.');
        let mut templates: Vec<&'static str> = crate::routes::all().rows().iter().filter(is_page).map(|route| route.path).collect();
        // What names a segment goes before what takes any.
        templates.sort_by_key(|path| path.split('/').map(|segment| segment.starts_with('{')).collect::<Vec<_>>());
        Ok(Self { line, cookie, person, templates })
    }

    async fn walk(mut self) -> Result<Vec<Page>, Trouble> {
        let (mut found, mut next) = (Vec::<Page>::new(), VecDeque::from([self.person.start.clone()]));
        let mut met = Vec::new();
        while let Some(path) = next.pop_front() {
            let Some(kind) = self.kind(&path) else { continue };
            if met.contains(&kind) {
                continue;
            }
            let answer = self.line.ask(&Request::get(&path, "").with_cookie(&self.cookie)).await?;
            // A page that sends elsewhere is measured there.
            if answer.status == 303 {
                continue;
            }
            answer.must_be(200).map_err(|trouble| Trouble(format!("{path}: {}", trouble.0)))?;
            next.extend(links_of(&String::from_utf8_lossy(answer.body), &path));
            found.push(Page { kind: kind.clone(), path, cookie: self.cookie.clone() });
            met.push(kind);
        }
        Ok(found)
    }

    /// What kind of page a path leads to; `None` where it is none of this workspace.
    fn kind(&self, path: &str) -> Option<String> {
        let (bare, query) = path.split_once('?').unwrap_or((path, ""));
        let template = self.templates.iter().find(|template| template.starts_with(self.person.template) && fits(template, bare))?;
        match query {
            "" => Some((*template).to_owned()),
            query if query.starts_with("cursor=") => Some(format!("{template}, second page")),
            _ => None,
        }
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (mut wanted, mut there) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), there.next()) {
            (None, None) => return true,
            (Some(wanted), Some(there)) if wanted == there || wanted.starts_with('{') && !there.is_empty() => {}
            _ => return false,
        }
    }
}

/// Where the links of a page lead, within this server.
fn links_of(html: &str, page: &str) -> Vec<String> {
    let bare = page.split('?').next().unwrap_or(page);
    let targets = html.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let targets = targets.map(|target| target.split('#').next().unwrap_or("").replace("&amp;", "&"));
    targets
        .filter_map(|target| if target.starts_with('?') { Some(format!("{bare}{target}")) } else { Some(target).filter(|target| target.starts_with('/')) })
        .collect()
}

/// A reader of one page.
struct Reader {
    line: Line,
    page: Page,
    /// Bytes of the last answer, compressed.
    weight: usize,
}

impl Client for Reader {
    async fn once(&mut self) -> Result<(), Trouble> {
        let answer = self.line.ask(&Request::get(&self.page.path, "").with_cookie(&self.page.cookie).compressed()).await?;
        self.weight = answer.length;
        answer.must_be(200)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_its_template() {
        assert!(fits("/m/{merchant}/orders/{id}", "/m/acme/orders/ord_1"));
        for other in ["/m/acme/orders", "/m/acme/orders/", "/m/acme/orders/ord_1/cancel", "/r/acme/orders/ord_1"] {
            assert!(!fits("/m/{merchant}/orders/{id}", other), "{other}");
        }
    }

    #[test]
    fn links_are_those_within_the_server() {
        let html =
            r##"<a href="/m/a/orders?state=x&amp;y=1">1</a> <a href="?cursor=abc#list">2</a> <a href="https://else.example/">3</a> <a href="#main">4</a>"##;
        assert_eq!(links_of(html, "/m/a/stock?x=1"), ["/m/a/orders?state=x&y=1", "/m/a/stock?cursor=abc"]);
    }
}
