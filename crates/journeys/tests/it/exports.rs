//! Every list of the portal as a file: CSV and XLSX hold the rows that the page shows, and what it shows of each (ORD-10, PLT-14).

use crate::pages::{busy, links};
use flate2::read::DeflateDecoder;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Read as _;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::fulfillments::RequestCancel;
use tradepost_domain::orders::activate::ActivateNextLicense;
use tradepost_testkit::http::Asker;
use tradepost_testkit::{app_test, owner};

/// Where the sheet is in its archive.
const TABLE: &[u8] = b"xl/worksheets/sheet1.xml";

/// What a text of a page or sheet says.
fn plain(markup: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in markup.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).filter_map(|rest| rest.split_once(to)).map(|(inside, _)| inside).collect()
}

/// Head and rows of a CSV file.
fn csv(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    reader.records().map(|record| record.expect("a row as long as its head").iter().map(str::to_owned).collect()).collect()
}

/// Head and rows of a sheet, as a program reads it: by the directory at the end of the archive.
fn xlsx(bytes: &[u8]) -> Vec<Vec<String>> {
    let number = |at: usize, length: usize| bytes[at..at + length].iter().rev().fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
    let end = bytes.len() - 22;
    assert_eq!(&bytes[end..end + 4], b"PK\x05\x06", "the end of an archive");
    let mut at = number(end + 16, 4);
    for _ in 0..number(end + 10, 2) {
        let (packed, name, begin) = (number(at + 20, 4), number(at + 28, 2), number(at + 42, 4));
        if &bytes[at + 46..at + 46 + name] == TABLE {
            let content = begin + 30 + number(begin + 26, 2) + number(begin + 28, 2);
            let mut text = String::new();
            DeflateDecoder::new(&bytes[content..content + packed]).read_to_string(&mut text).expect("UTF-8");
            let row = |row: &str| row.split("<c").skip(1).map(|cell| plain(&format!("<{cell}"))).collect();
            return between(&text, "<row>", "</row>").into_iter().map(row).collect();
        }
        at += 46 + name;
    }
    panic!("the archive holds no sheet");
}

/// The rows of the list of a page.
fn shown(page: &str) -> Vec<&str> {
    let (_, list) = page.split_once("class=\"tools\"").expect("the tools of a list");
    between(between(list, "<tbody>", "</tbody>")[0], "<tr>", "</tr>")
}

/// How a row of a page is called, where it is called something.
fn name_of(row: &str) -> Option<String> {
    between(row, "class=\"row\"", "</a>").first().map(|name| plain(&format!("<a{name}")))
}

/// What a row of a page says that a file must say in the same words: names and second lines, ids and codes, moments. Days and further prices are written in
/// another way there.
fn said(row: &str) -> BTreeSet<String> {
    let marks = ["class=\"under\">", "class=\"under muted\">", "class=\"unbroken\">", "class=\"long\">", "<code>"];
    let texts = marks.into_iter().flat_map(|from| between(row, from, if from == "<code>" { "</code>" } else { "</span>" }));
    let is_day = |text: &str| text.split_once(", 20").is_some_and(|(day, _)| day.len() <= 6);
    let elsewise = |text: &str| text.is_empty() || is_day(text) || text == "You" || text.starts_with("from ");
    let moments = between(row, "datetime=\"", "\"").into_iter().map(str::to_owned);
    texts.map(|text| plain(text).trim().to_owned()).filter(|text| !elsewise(text)).chain(moments).collect()
}

/// The amounts of a row of a page, as a file writes them.
fn amounts(row: &str) -> Vec<String> {
    let numbers = between(row, "class=\"number\">", "</span>");
    numbers.into_iter().filter(|text| text.contains('$')).map(|text| text.replace(['$', ','], "").replace('−', "-")).collect()
}

/// Whether a cell of a file says what a page says. A draft has no number yet: its row shows how its id ends.
fn is(cell: &str, text: &str) -> bool {
    text.split_once('…').map_or(cell == text, |(_, end)| cell.ends_with(end)) || cell.strip_prefix('\'') == Some(text)
}

/// Holds a row of a page against that of its files. The trail has columns of its own in a file; orders that are drafts have no total there.
fn compare(path: &str, row: &str, cells: &[String], wrong: &mut Vec<String>) {
    let has = |text: &str| cells.iter().any(|cell| is(cell, text));
    if let Some(name) = name_of(row).filter(|name| !has(name)) {
        wrong.push(format!("{path}: the row {name:?} of the page is {cells:?} in the file"));
    }
    for text in said(row).into_iter().filter(|text| !path.ends_with("/audit") && !has(text)) {
        wrong.push(format!("{path}: the page says {text:?}, its file has {cells:?}"));
    }
    let amounts = amounts(row);
    if !amounts.is_empty() && !has("USD") {
        wrong.push(format!("{path}: nobody knows what the amounts are in: {cells:?}"));
    }
    for amount in amounts.iter().filter(|amount| !path.ends_with("/orders") && !cells.iter().any(|cell| cell.contains(amount.as_str()))) {
        wrong.push(format!("{path}: the page says {amount}, its file has {cells:?}"));
    }
    if cells.iter().any(|cell| cell.starts_with(['=', '@', '+', '\t', '\r'])) {
        wrong.push(format!("{path}: {cells:?} holds a formula"));
    }
}

/// Holds a page against its two files, and says what is wrong.
async fn hold(asker: &Asker, path: &str, page: &str, wrong: &mut Vec<String>) {
    let rows = shown(page);
    let mut tables = Vec::new();
    for (ending, kind) in [("csv", "text/csv; charset=utf-8"), ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")] {
        let link = between(page, "href=\"", "\"").into_iter().find(|href| href.starts_with(path) && href.contains(&format!("file={ending}")));
        let Some(link) = link else {
            wrong.push(format!("{path}: no link to a file of {ending}"));
            return;
        };
        let reply = asker.get(&link.replace("&amp;", "&")).await;
        let disposition = reply.headers.get("content-disposition").cloned().unwrap_or_default();
        if reply.status != 200
            || reply.headers["content-type"] != kind
            || !disposition.ends_with(&format!(".{ending}\""))
            || reply.headers["cache-control"] != "no-store"
        {
            wrong.push(format!("{link}: {} {:?}", reply.status, reply.headers));
            return;
        }
        tables.push(if ending == "csv" { csv(&reply.bytes) } else { xlsx(&reply.bytes) });
    }
    if tables[0] != tables[1] {
        wrong.push(format!("{path}: the files differ: {tables:?}"));
    }
    if tables[0].len() != rows.len() + 1 {
        wrong.push(format!("{path}: shows {} rows, its file has {}", rows.len(), tables[0].len() - 1));
    }
    for (row, cells) in rows.iter().zip(&tables[0][1..]) {
        compare(path, row, cells, wrong);
    }
}

/// Every list that links lead to, without filters: its path and its page.
async fn lists(asker: &Asker, place: &str) -> BTreeMap<String, String> {
    let (mut seen, mut open, mut found) = (BTreeSet::from([place.to_owned()]), VecDeque::from([place.to_owned()]), BTreeMap::new());
    while let Some(path) = open.pop_front() {
        let reply = asker.get(&path).await;
        if reply.status != 200 || !reply.headers["content-type"].starts_with("text/html") {
            continue;
        }
        let page = reply.text();
        open.extend(links(&page, place).into_iter().filter(|link| !link.contains('?') && seen.insert(link.clone())));
        if page.contains(&format!("{path}?file=")) {
            found.insert(path, page);
        }
    }
    found
}

app_test! {
    /// ORD-10, PAR-17, PLT-14: every list has its rows as CSV and as XLSX, the same in both, with what the page says of each and what amounts are in, and no
    /// cell that a spreadsheet would take for a formula.
    async fn every_list_is_there_as_a_file(app) {
        let (acme, contoso) = busy(&app).await;
        let odd = acme.reseller("=Odd & Sons").credit("100.00").await;
        let order = odd.order(&[("KEY-PRO", 1)]).reference("@SUM(A1)").place().await;
        let sold = contoso.sells("S-2", "KEY-PRO", 1).await;
        app.does(&contoso.owner(), RequestCancel { fulfillment: sold, reason: "+ A second thought".into(), licenses: Vec::new() }).await;
        app.does(&contoso.owner(), ActivateNextLicense { product: "KEY-PRO".into(), owner: owner("ada@customer.example") }).await;
        contoso.key().await;
        app.work().await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let user = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        let (mut wrong, mut names) = (Vec::new(), BTreeSet::new());
        for (asker, place) in [(&staff, format!("/m/{}", acme.id)), (&user, format!("/r/{}", contoso.partnership().text()))] {
            for (path, page) in lists(asker, &place).await {
                hold(asker, &path, &page, &mut wrong).await;
                let rest: Vec<&str> = path[place.len()..].split('/').map(|part| if part.contains('_') { "{id}" } else { part }).collect();
                names.insert(format!("{}{}", &place[..2], rest.join("/")));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        for needed in LISTS {
            assert!(names.contains(*needed), "{needed} is not among {names:?}");
        }
        for (list, titles) in HEADS {
            let file = csv(&staff.get(&format!("/m/{}/{list}?file=csv", acme.id)).await.bytes);
            assert!(titles.iter().all(|title| file[0].iter().any(|known| known == title)), "{list}: {:?}", file[0]);
            assert!(file[0].iter().all(|title| !title.is_empty()), "{list}: buttons are no column of a file: {:?}", file[0]);
            assert!(*list != "licenses" || file.iter().any(|row| row.contains(&order.id.to_string())), "a license without its order: {file:?}");
        }
    }
}

/// What files say beyond what the heads of their pages do.
const HEADS: &[(&str, &[&str])] = &[
    ("licenses", &["Customer e-mail", "Order", "External shop"]),
    ("fulfillments", &["Source", "SKU", "Currency"]),
    ("cancel-requests", &["Currency"]),
    ("stock", &["SKU"]),
    ("stock/imports", &["Note"]),
    ("resellers", &["E-mail"]),
    ("invoices", &["Currency"]),
    ("payments", &["Currency"]),
    ("products", &["Currency"]),
    ("people", &["Role"]),
];

/// Lists that must have been found.
const LISTS: &[&str] = &[
    "/m/orders",
    "/m/licenses",
    "/m/fulfillments",
    "/m/cancel-requests",
    "/m/products",
    "/m/price-lists",
    "/m/price-lists/{id}",
    "/m/stock",
    "/m/stock/keys",
    "/m/stock/imports",
    "/m/resellers",
    "/m/resellers/{id}/orders",
    "/m/resellers/{id}/invoices",
    "/m/resellers/{id}/fulfillments",
    "/m/resellers/{id}/timeline",
    "/m/resellers/{id}/products",
    "/m/resellers/{id}/balance",
    "/m/resellers/{id}/api-keys",
    "/m/channels",
    "/m/invoices",
    "/m/payments",
    "/m/messages",
    "/m/audit",
    "/m/people",
    "/m/api-keys",
    "/r/orders",
    "/r/licenses",
    "/r/products",
    "/r/invoices",
    "/r/balance",
    "/r/fulfillments",
    "/r/fulfillments/requests",
    "/r/developers",
    "/r/developers/urls",
    "/r/people",
];
