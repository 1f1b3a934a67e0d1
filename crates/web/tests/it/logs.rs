//! What the log says of a request, and what it must never say.

use super::*;
use std::io::Write;
use std::sync::Mutex;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// PLT-10
#[tokio::test]
async fn the_log_has_a_line_per_request_and_no_secret() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    // For the whole binary: what the tests beside this one log is looked at too.
    tracing::subscriber::set_global_default(subscriber).expect("the only one");
    let (floor, _folder) = floor().await;
    ask(&floor, "GET", "/v1/reseller/orders?sort=hush-query", "seller", "").await;
    ask(&floor, "GET", "/v1/reseller/orders?token=hush-token", "hush-bearer", "").await;
    ask(&floor, "POST", "/v1/reseller/orders", "seller", r#"{"items":[],"reference":"hush-body","email":"hush@x"}"#).await;
    ask(&floor, "GET", "/v1/reseller/orders/hush-path", "seller", "").await;
    ask(&floor, "POST", "/v1/reseller/panic", "seller", "").await;
    // EXT-6: what stands in a dynamic URL is in no line, whether it opens something, fails or is refused.
    let sale = "order_id=hush-order&email=hush%40customer.example&product=hush-sku&name=hush";
    let faulted = ask(&floor, "GET", &format!("/d/hush-door?{sale}"), "", "").await;
    assert_eq!(faulted.0, 500, "there is no schema: the command itself was run");
    assert!(!faulted.2.to_string().contains("hush"), "{faulted:?}");
    for (method, uri) in [
        ("GET", format!("/d/hush-nothing?{sale}")),
        ("HEAD", format!("/d/hush-door?{sale}")),
        ("GET", format!("/d/hush-door?{sale}&hush=1")),
        ("POST", format!("/d/hush-door?{sale}")),
        ("GET", "/reseller/v1/fulfillments/dynamic?api_key=hush-door&external_order_id=hush&product_id=hush&customer_email=hush%40x.example".to_owned()),
        ("GET", "/reseller/v1/fulfillments/dynamic?api_key=hush-nothing&external_order_id=hush".to_owned()),
    ] {
        let answer = ask(&floor, method, &uri, "", "").await;
        assert!(answer.0 >= 400 && !answer.2.to_string().contains("hush"), "{answer:?}");
    }
    let text = String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("text");
    assert!(!text.contains("hush"), "{text}");
    let requests: Vec<&str> = text.lines().filter(|line| line.contains("\"message\":\"request\"")).collect();
    assert!(requests.len() >= 5, "{text}");
    let list = |line: &&str| line.contains("\"route\":\"/v1/reseller/orders\"") && line.contains("\"actor\":\"user\"");
    assert!(requests.iter().any(list), "{text}");
    assert!(requests.iter().any(|line| line.contains("\"route\":\"/d/{token}\"") && line.contains("\"status\":500")), "{text}");
    assert!(requests.iter().all(|line| line.contains("\"request_id\":\"req_")));
    assert!(text.contains("a handler panicked"));
}
