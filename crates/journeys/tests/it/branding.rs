//! How a merchant looks to its resellers (PLT-12).

use serde_json::json;
use tradepost_domain::MerchantScope;
use tradepost_domain::access::{MerchantRole, ResellerRole};
use tradepost_domain::merchants;
use tradepost_domain::notices::queries;
use tradepost_store::{params, sql};
use tradepost_testkit::app_test;

/// The first bytes of a picture; no more is looked at.
fn png(width: u32, height: u32) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(), &width.to_be_bytes(), &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat()
}

/// Real pictures, 24 × 12 pixels each; the second one has sixteen bits per color.
const PICTURES: [(&str, &[u8]); 5] = [
    ("png", include_bytes!("../../../documents/src/paper/pictures/logo.png")),
    ("png", include_bytes!("../../../documents/src/paper/pictures/deep.png")),
    ("jpeg", include_bytes!("../../../documents/src/paper/pictures/logo.jpg")),
    ("webp", include_bytes!("../../../documents/src/paper/pictures/logo.webp")),
    ("webp", include_bytes!("../../../documents/src/paper/pictures/photo.webp")),
];

app_test! {
    /// PLT-12: name, logo and color stand wherever resellers look; mail comes in the name that was chosen.
    async fn a_merchant_looks_as_it_chose(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(20).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let user = http.with(&contoso.signs_in(ResellerRole::Owner).await);
        let workspace = format!("/r/{}", contoso.partnership().text());
        assert!(!user.get(&workspace).await.text().contains("/brand/"), "nothing was chosen");

        let change = json!({"name": "Acme Tools", "accent": "#FFD400", "sender_name": "Acme Partners", "reply_to": "partners@acme.example"});
        let reply = staff.patch("/v1/merchant/branding", change).await;
        assert_eq!(reply.headers["etag"], "\"v1\"");
        let look = reply.must(200);
        assert_eq!((&look["accent"], &look["on_accent"], &look["logo"]), (&json!("#ffd400"), &json!("#000000"), &json!(null)));
        let logo = staff.put_bytes("/v1/merchant/branding/logo", "application/octet-stream", png(320, 80)).await.must(200)["logo"].clone();
        assert_eq!((&logo["kind"], &logo["width"], &logo["height"]), (&json!("png"), &json!(320), &json!(80)));

        let path = logo["url"].as_str().and_then(|url| url.strip_prefix("http://localhost")).expect("ours").to_owned();
        let picture = http.nobody().get(&path).await;
        assert_eq!((picture.status, picture.bytes.clone()), (200, png(320, 80)));
        let field = |name: &str| picture.headers[name].as_str();
        assert_eq!((field("content-type"), field("x-content-type-options")), ("image/png", "nosniff"));
        assert!(field("cache-control").contains("immutable") && field("content-security-policy").contains("sandbox"));
        assert_eq!(http.nobody().get(&path.replace(".png", ".webp")).await.status, 404);

        let page = user.get(&workspace).await.text();
        assert!(page.contains(&format!("<img class=\"logo\" src=\"{path}\"")) && page.contains("Acme Tools"), "{page}");
        let style = page.split("href=\"").filter_map(|part| part.split('"').next()).find(|href| href.starts_with("/brand/")).expect("a style sheet").to_owned();
        let sheet = http.nobody().get(&style).await;
        assert_eq!((sheet.status, sheet.headers["content-type"].as_str()), (200, "text/css; charset=utf-8"));
        assert!(sheet.text().starts_with(":root{--accent:light-dark(#") && sheet.text().contains("#ffd400"), "{}", sheet.text());
        let join = http.nobody().get(&format!("/join/{}", acme.slug)).await.text();
        assert!(join.contains(&path) && join.contains(&style) && join.contains("Become a reseller of Acme Tools"), "{join}");

        let order = contoso.order(&[("KEY-PRO", 2)]).place().await;
        app.work().await;
        let url = user.get(&format!("/v1/reseller/invoices/{}", order.invoice.text())).await.must(200)["url"].as_str().expect("a link").to_owned();
        let invoice = http.nobody().get(url.strip_prefix("http://localhost").expect("ours")).await;
        assert!(invoice.text().contains(&path) && invoice.text().contains("4px solid #ffd400"), "{}", invoice.text());
        assert!(invoice.text().contains("Acme Software"), "what was issued says who issued it");

        let number = acme.number;
        let sender = app.engine.store.read(move |reader| Box::pin(async move { queries::sender(reader, number).await })).await.expect("it reads");
        assert_eq!(sender, Some(("Acme Partners".to_owned(), Some("partners@acme.example".to_owned()))));
        let listed = staff.get("/v1/merchant/messages?limit=50").await.must(200);
        let mail = listed["data"].as_array().and_then(|all| all.iter().find(|mail| mail["template"] == "order_placed")).expect("a mail").clone();
        let mail = staff.get(&format!("/v1/merchant/messages/{}", mail["id"].as_str().expect("an id"))).await.must(200);
        let html = mail["html"].as_str().expect("HTML");
        assert!(html.contains("background: #ffd400; color: #000000;") && html.contains("<img src=\"") && html.contains("Acme Tools"), "{html}");

        staff.send("DELETE", "/v1/merchant/branding/logo", None).await.must(204);
        staff.send("DELETE", "/v1/merchant/branding/logo", None).await.must(204);
        staff.patch("/v1/merchant/branding", json!({"name": null, "accent": null})).await.must(200);
        assert!(!user.get(&workspace).await.text().contains("/brand/"));
        assert_eq!((http.nobody().get(&path).await.status, http.nobody().get(&style).await.status), (404, 404));
    }

    /// BIL-3: whichever kind of picture the logo is, it stands on the paper of invoices; without one, the paper has none.
    async fn a_logo_of_each_kind_stands_on_the_paper_of_invoices(app) {
        let acme = app.merchant("Acme Software").await;
        acme.product("KEY-PRO").price("10.00").keys(20).await;
        let contoso = acme.reseller("Contoso").credit("100.00").await;
        let invoice = contoso.order(&[("KEY-PRO", 2)]).place().await.invoice;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let user = http.with(&contoso.signs_in(ResellerRole::Viewer).await);
        // Whether a picture of 24 × 12 pixels is on it.
        let has_logo = async || {
            let pdf = user.get(&format!("/v1/reseller/invoices/{invoice}/pdf")).await;
            assert!(pdf.status == 200 && pdf.bytes.starts_with(b"%PDF-"), "{}", pdf.text());
            pdf.bytes.windows(9).any(|part| part == b"/Width 24")
        };
        assert!(!has_logo().await);
        for (kind, picture) in PICTURES {
            let logo = staff.put_bytes("/v1/merchant/branding/logo", "application/octet-stream", picture.to_vec()).await.must(200)["logo"].clone();
            assert_eq!((&logo["kind"], &logo["width"], &logo["height"]), (&json!(kind), &json!(24), &json!(12)));
            assert!(has_logo().await, "{kind}");
        }
        staff.put_bytes("/v1/merchant/branding/logo", "application/octet-stream", png(24, 12)).await.must(200);
        assert!(!has_logo().await, "what cannot be read is left out");
    }

    /// BIL-3: a picture that would take much memory on its way to paper is refused when it is uploaded, in both languages.
    async fn a_logo_with_too_many_pixels_is_refused_in_words(app) {
        let acme = app.merchant("Acme Software").await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let no = staff.put_bytes("/v1/merchant/branding/logo", "application/octet-stream", png(2_001, 2_000)).await;
        assert_eq!(no.said(), (422, "invalid_logo".into()));
        assert!(no.text().contains("1 to 2,000 pixels"), "{}", no.text());
        staff.put_bytes("/v1/merchant/branding/logo", "application/octet-stream", png(2_000, 2_000)).await.must(200);
        let mut body = b"--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"logo.png\"\r\nContent-Type: image/png\r\n\r\n".to_vec();
        body.extend(png(2_000, 2_001));
        body.extend(b"\r\n--part--\r\n");
        let german = staff.header("accept-language", "de");
        let no = german.send_bytes("POST", &format!("/m/{}/settings/branding/logo", acme.id), "multipart/form-data; boundary=part", body).await;
        assert!(no.status == 422 && no.text().contains("höchstens 2.000 Pixel je Seite."), "{}", no.text());
    }

    /// PLT-12, PAR-14: what is no picture is refused; who may not manage the merchant changes nothing.
    async fn a_look_is_changed_by_who_may_and_by_pictures_only(app) {
        let acme = app.merchant("Acme Software").await;
        let other = app.merchant("Other Software").await;
        let http = app.http().await;
        let staff = http.with(&acme.signs_in(MerchantRole::Owner).await);
        let put = |bytes: Vec<u8>| { let staff = staff.clone(); async move { staff.put_bytes("/v1/merchant/branding/logo", "application/octet-stream", bytes).await.said() } };
        assert_eq!(put(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec()).await, (422, "invalid_logo".into()));
        assert_eq!(put(png(0, 80)).await, (422, "invalid_logo".into()));
        assert_eq!(put([png(1, 1), vec![0; 256 << 10]].concat()).await, (413, "body_too_large".into()));
        for wrong in [json!({"accent": "red"}), json!({"accent": "#12345"}), json!({"reply_to": "nobody"}), json!({"name": "a\nb"}), json!({"logo": "x"})] {
            assert_eq!(staff.patch("/v1/merchant/branding", wrong).await.status, 422);
        }
        staff.patch("/v1/merchant/branding", json!({"accent": "#112233"})).await.must(200);
        assert_eq!(staff.header("if-match", "\"v0\"").patch("/v1/merchant/branding", json!({"accent": null})).await.said(), (412, "stale_version".into()));
        let support = http.with(&acme.signs_in(MerchantRole::Support).await);
        support.get("/v1/merchant/branding").await.must(200);
        assert_eq!(support.patch("/v1/merchant/branding", json!({"accent": null})).await.said(), (403, "forbidden".into()));
        let theirs = http.with(&other.key).get("/v1/merchant/branding").await.must(200);
        assert_eq!(theirs["accent"], json!(null), "another merchant looks as it did");
        let sandbox = sql!("SELECT twin FROM merchant WHERE number = $1");
        let (twin,): (i64,) = app.row(sandbox, params![acme.number].to_vec()).await;
        let look = app.engine.store.read(move |reader| Box::pin(async move { merchants::branding(reader, MerchantScope { merchant: twin }.merchant).await })).await;
        assert_eq!(look.expect("it reads").and_then(|look| look.accent), None, "and so does the sandbox");

        // By forms: what was wrong is said beside what was typed.
        let page = format!("/m/{}/settings/branding", acme.id);
        let wrong = staff.form(&page, "name=Typed&accent=red&version=1").await;
        assert!(wrong.status == 422 && wrong.text().contains("value=\"Typed\"") && wrong.text().contains("value=\"red\""), "{}", wrong.text());
        let saved = staff.form(&page, "name=Acme+Tools&accent=%23112233&version=1").await;
        assert_eq!(saved.status, 303, "{}", saved.text());
        assert!(staff.get(&page).await.text().contains("value=\"Acme Tools\""));
    }
}
