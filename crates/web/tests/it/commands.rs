//! Commands by HTTP: idempotency, refusals, streams, forms.

use super::*;
use tradepost_domain::access::Need;
use tradepost_domain::{Command, Ctx, No};
use tradepost_kernel::Refusal;
use tradepost_store::{Tx, migrations_from};

/// Does nothing but be recorded; answers a new number each time.
pub struct TakeNote {
    pub refuse: bool,
}

static NOTES: AtomicUsize = AtomicUsize::new(1);

#[async_trait::async_trait]
impl Command for TakeNote {
    const NAME: &'static str = "notes.take";
    const REFUSALS: &'static [&'static str] = &["order_empty"];
    type Outcome = usize;

    fn need(&self) -> Need {
        Need::Right(Right::OrdersRead)
    }

    async fn run(&self, _ctx: &mut Ctx, _tx: &mut Tx<'_>) -> Result<usize, No> {
        if self.refuse {
            return Err(Refusal::invalid("order_empty", "Nothing to note.").into());
        }
        Ok(NOTES.fetch_add(1, Ordering::SeqCst))
    }
}

async fn noted(floor: &Floor, key: &str, body: &'static str) -> (u16, String, bool) {
    let mut sent = request("POST", "/v1/reseller/notes", "seller", body);
    sent.headers_mut().insert("content-type", "text/plain".parse().expect("a value"));
    sent.headers_mut().insert("idempotency-key", key.parse().expect("a value"));
    let answer = floor.answer(sent).await;
    let replayed = answer.headers().contains_key("idempotency-replayed");
    let (status, text, _) = read(answer).await;
    (status, text, replayed)
}

/// PLT-3
#[tokio::test]
async fn a_repeated_call_gets_the_first_answer_and_a_refused_one_may_be_tried_again() {
    let (floor, _folder) = floor().await;
    let schema = include_str!("../../../../migrations/0001_main_job.sql").replace("{tokens}", "tokens");
    floor.app().engine.store.migrate(&migrations_from(&[("0001_main_job", schema.as_str())])).await.expect("a schema");
    let (status, first, replayed) = noted(&floor, "k1", "yes").await;
    assert_eq!((status, replayed), (200, false));
    let numbers: Vec<&str> = first.split(' ').collect();
    assert_ne!(numbers[0], numbers[1], "two commands of one request do not replay each other");
    assert_eq!(noted(&floor, "k1", "yes").await, (200, first, true));
    assert_eq!(noted(&floor, "k1", "other").await, (422, "idempotency_key_reused".into(), false));
    assert_eq!(noted(&floor, "k2", "no").await, (422, "order_empty".into(), false));
    assert_eq!(noted(&floor, "k2", "yes").await.0, 200, "a refusal does not use the key up");
}

#[tokio::test]
async fn a_store_without_its_schema_is_a_fault_that_tells_nothing() {
    let (floor, _folder) = floor().await;
    assert_eq!(noted(&floor, "k1", "yes").await, (500, "internal".into(), false));
}

#[tokio::test]
async fn an_import_is_read_piece_by_piece_up_to_its_own_limit() {
    let (floor, _folder) = floor().await;
    let sent = |bytes: usize, stream: bool| {
        let pieces = (0..bytes >> 10).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 1024])));
        let body = if stream { Body::from_stream(futures_util::stream::iter(pieces.collect::<Vec<_>>())) } else { Body::from(vec![b'x'; bytes]) };
        let mut sent = request("POST", "/v1/reseller/imports", "seller", body);
        sent.headers_mut().insert("content-type", "text/csv; charset=UTF-8".parse().expect("a value"));
        sent
    };
    assert_eq!(read(floor.answer(sent(2 << 20, true)).await).await.1, "2097152 bytes");
    assert_eq!(read(floor.answer(sent(4 << 20, true)).await).await.1, "body_too_large");
    assert_eq!(read(floor.answer(sent(4 << 20, false)).await).await.0, 413);
    let mut zipped = sent(1024, false);
    zipped.headers_mut().insert("content-encoding", "gzip".parse().expect("a value"));
    assert_eq!(read(floor.answer(zipped).await).await.1, "unsupported_content_encoding");
}

#[tokio::test]
async fn a_form_from_our_own_page_is_read_and_one_from_afar_is_not() {
    let (floor, _folder) = floor().await;
    let form = |site: &str| {
        let mut sent = request("POST", "/form", "", "sort=newest&items=&created_from=");
        sent.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().expect("a value"));
        sent.headers_mut().insert("sec-fetch-site", site.parse().expect("a value"));
        sent
    };
    assert_eq!(read(floor.answer(form("same-origin")).await).await.1, "Some(Newest) None");
    assert_eq!(floor.answer(form("cross-site")).await.status().as_u16(), 403);
}

/// PLT-11: a stranger's form costs no more than others, whatever its fields are called.
#[tokio::test]
async fn a_form_has_not_more_names_than_are_looked_through() {
    let (floor, _folder) = floor().await;
    let form = |names: usize| {
        let body: String = (0..names).map(|name| format!("a{name}=&")).collect();
        let mut sent = request("POST", "/form", "", body);
        sent.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().expect("a value"));
        sent
    };
    assert_eq!(read(floor.answer(form(1_000)).await).await.0, 422, "all of them unknown");
    let (status, said, _) = read(floor.answer(form(1_001)).await).await;
    assert!(status == 400 && said.contains("The form has too many fields."), "{said}");
    let mut many_of_one = request("POST", "/form", "", "sort=newest&".to_owned() + &"items=&".repeat(5_000));
    many_of_one.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().expect("a value"));
    assert_ne!(read(floor.answer(many_of_one).await).await.0, 400, "boxes of one name are one");
}
