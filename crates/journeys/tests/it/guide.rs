//! The documentation that the server brings along (`/docs`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tradepost_testkit::http::Http;
use tradepost_testkit::{TestApp, app_test};

/// Addresses of a page in its links and pictures.
fn named<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    page.split(&format!("{attribute}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn anchors(page: &str) -> BTreeSet<String> {
    named(page, " id").into_iter().map(str::to_owned).collect()
}

/// Every page of the documentation that links lead to, by its path.
async fn pages(app: &TestApp) -> Vec<(String, String)> {
    let anybody = app.http().await.nobody();
    let (mut open, mut seen, mut found) = (VecDeque::from(["/docs".to_owned()]), BTreeSet::from(["/docs".to_owned()]), Vec::new());
    while let Some(path) = open.pop_front() {
        let reply = anybody.get(&path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let page = reply.text();
        for link in named(&page, "href").into_iter().filter(|link| link.starts_with("/docs")) {
            let link = link.split('#').next().unwrap_or_default().to_owned();
            if seen.insert(link.clone()) {
                open.push_back(link);
            }
        }
        found.push((path, page));
    }
    found
}

app_test! {
    /// A page per workspace, getting started, connecting a shop, operating: each is there, and each link and each anchor leads somewhere.
    async fn every_link_of_the_documentation_leads_somewhere(app) {
        let pages = pages(&app).await;
        let paths: BTreeSet<&str> = pages.iter().map(|(path, _)| path.as_str()).collect();
        for needed in ["/docs/getting-started", "/docs/reseller", "/docs/merchant", "/docs/external-shops", "/docs/operations", "/docs/api"] {
            assert!(paths.contains(needed), "{needed} is not in {paths:?}");
        }
        let ids: BTreeMap<&str, BTreeSet<String>> = pages.iter().map(|(path, page)| (path.as_str(), anchors(page))).collect();
        let mut lost = Vec::new();
        for (path, page) in &pages {
            for link in named(page, "href") {
                let (to, anchor) = link.split_once('#').unwrap_or((link, ""));
                let to = if to.is_empty() { path.as_str() } else { to };
                if ids.get(to).is_some_and(|ids| !anchor.is_empty() && !ids.contains(anchor)) {
                    lost.push(format!("{path}: {link}"));
                }
                if link.ends_with(".md") || link.contains(".md#") {
                    lost.push(format!("{path}: {link} is a file of the repository"));
                }
            }
        }
        assert_eq!(lost, Vec::<String>::new());
    }

    /// Nothing inline, nothing from elsewhere; markup of a file is text; code can be copied.
    async fn a_page_of_the_documentation_holds_nothing_inline(app) {
        for (path, page) in pages(&app).await.into_iter().filter(|(path, _)| path != "/docs/api") {
            assert!(!page.contains(" style=") && !page.contains("<script>") && !page.contains("src=\"http"), "{path}");
            assert!(!page.contains("&lt;!--") && !page.contains("<!--"), "{path} shows a note to its editors");
            assert!(page.contains("aria-current=\"page\""), "{path}: where one is is not shown");
        }
        let guide = app.http().await.nobody().get("/docs/external-shops").await;
        assert!(guide.headers["content-security-policy"].starts_with("default-src 'none'; style-src 'self'; script-src 'self'"));
        assert!(guide.text().contains("data-copy=") && guide.text().contains("<h3 id=\"curl\">"), "{}", guide.text());
    }

    /// Links as a Git host has them lead to the page; what is none does not.
    async fn links_of_a_git_host_lead_to_the_page(app) {
        let anybody = app.http().await.nobody();
        for (asked, place) in [("/docs/README.md", "/docs"), ("/docs/reseller.md", "/docs/reseller")] {
            let reply = anybody.get(asked).await;
            assert_eq!((reply.status, reply.headers["location"].as_str()), (303, place));
        }
        for no in ["/docs/nothing", "/docs/nothing.md", "/docs/pictures/nothing.png", "/docs/pictures/..%2fmaster.key", "/docs/pictures/master.key"] {
            assert_eq!(anybody.get(no).await.status, 404, "{no}");
        }
    }

    /// A page that a browser has is not sent again, unless it looks otherwise by now.
    async fn a_page_that_a_browser_has_is_not_sent_again(app) {
        let anybody = app.http().await.nobody();
        for path in ["/docs", "/docs/reseller", "/docs/api", "/openapi.json"] {
            let first = anybody.get(path).await;
            let tag = first.headers["etag"].clone();
            assert_eq!((first.status, first.headers["cache-control"].as_str(), tag.starts_with("W/\"")), (200, "no-cache", true), "{path}");
            for known in [tag.clone(), format!("\"another\", {tag}"), tag.trim_start_matches("W/").to_owned()] {
                let again = anybody.header("if-none-match", &known).get(path).await;
                assert_eq!((again.status, again.bytes.len(), &again.headers["etag"]), (304, 0, &tag), "{path}: {known}");
            }
            let other = anybody.header("if-none-match", "W/\"another\"").get(path).await;
            assert_eq!((other.status, &other.bytes, &other.headers["etag"]), (200, &first.bytes, &tag), "{path}");
        }
        let light = anybody.get("/docs/reseller").await.headers["etag"].clone();
        let dark = anybody.header("cookie", "tradepost_look=.dark").header("if-none-match", &light).get("/docs/reseller").await;
        assert!(dark.status == 200 && dark.headers["etag"] != light, "another theme is another page");
    }

    /// A picture of the data folder stands below its heading; nothing else of that folder is served.
    async fn a_picture_of_the_data_folder_stands_below_its_heading(app) {
        let folder = app.house.settings.data.join("docs-pictures");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("reseller-pay-an-invoice.png"), b"a picture").expect("a picture");
        std::fs::write(folder.join("Secret.txt"), b"none").expect("a file");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(tradepost_web::server::serve(app.house.floor.clone(), listener, std::future::pending()));
        let anybody = Http::at(&base).nobody();
        let page = anybody.get("/docs/reseller").await.text();
        let (before, after) = page.split_once("src=\"/docs/pictures/reseller-pay-an-invoice.png\"").expect("the picture");
        assert!(before.contains("id=\"pay-an-invoice\"") && after.contains("id=\"keep-a-prepaid-balance\""), "{page}");
        assert_eq!(page.matches("<img").count(), 1);
        let picture = anybody.get("/docs/pictures/reseller-pay-an-invoice.png").await;
        assert_eq!((picture.status, picture.headers["content-type"].as_str(), picture.bytes.as_slice()), (200, "image/png", b"a picture".as_slice()));
        let tag = picture.headers["etag"].clone();
        assert_eq!(anybody.header("if-none-match", &tag).get("/docs/pictures/reseller-pay-an-invoice.png").await.status, 304);
        std::fs::write(folder.join("reseller-pay-an-invoice.png"), b"another picture").expect("a picture");
        assert_eq!(anybody.header("if-none-match", &tag).get("/docs/pictures/reseller-pay-an-invoice.png").await.status, 200);
        for no in ["/docs/pictures/Secret.txt", "/docs/pictures/..%2fmaster.png", "/docs/pictures/gone.png"] {
            assert_eq!(anybody.get(no).await.status, 404, "{no}");
        }
    }
}
