//! Lists as files.

use super::*;
use tradepost_documents::table::Cell;
use tradepost_web::export::{AT_ONCE, Form, Part, Source, sent};

/// Rows of the list.
const ROWS: i64 = 1_203;

fn position(row: i64) -> [u8; 16] {
    let mut position = [0; 16];
    position[..8].copy_from_slice(&row.to_be_bytes());
    position
}

/// Whole numbers, page by page; with the cookie `broken` the third page fails.
async fn numbers(call: Call) -> Result<Answer, Problem> {
    let page = call.page_of(AT_ONCE)?;
    let begin = page.before.map_or(0, |position| i64::from_be_bytes(position[..8].try_into().expect("eight bytes")));
    if begin == 2 * AT_ONCE && call.headers().contains_key("cookie") {
        return Err(Problem::not_found());
    }
    let end = ROWS.min(begin + page.limit);
    let rows = (begin..end).map(|row| vec![Cell::Number(row.to_string())]).collect();
    Ok(call.file("numbers", &["n"], Form::Csv, Part { rows, next: (end < ROWS).then(|| position(end)) }))
}

static READ: AtomicUsize = AtomicUsize::new(0);

/// Rows without an end, and without cells, so that the test is quick.
async fn endless(_call: Call) -> Result<Answer, Problem> {
    let part = || Part { rows: vec![Vec::new(); 100_000], next: Some(position(1)) };
    let source: Source = Box::new(move |_| {
        READ.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { Ok(part()) })
    });
    Ok(sent("endless", &["n"], Form::Sheet("There is more."), part(), source))
}

pub fn routes(r: &mut Routes) {
    r.get("/numbers", "numbers", numbers).page().public();
    r.get("/endless", "endless", endless).page().public();
}

/// ORD-10, PLT-14: a file is the pages of its list, one behind the other.
#[tokio::test]
async fn a_file_is_all_pages_of_its_list() {
    let (floor, _folder) = floor().await;
    let answer = floor.answer(request("GET", "/numbers", "", "")).await;
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"numbers.csv\"");
    let wanted: String = (0..ROWS).fold("n\r\n".to_owned(), |text, row| format!("{text}{row}\r\n"));
    assert_eq!(read(answer).await.1, wanted);
}

/// ORD-10: what breaks off does not look whole.
#[tokio::test]
async fn a_file_whose_page_fails_is_cut() {
    let (floor, _folder) = floor().await;
    let mut asked = request("GET", "/numbers", "", "");
    asked.headers_mut().insert("cookie", "broken=yes".parse().expect("a value"));
    let answer = floor.answer(asked).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.into_body().collect().await.is_err());
}

/// ORD-10: a sheet ends where its format does; nothing is read beyond it.
#[tokio::test]
async fn a_sheet_ends_where_its_format_does() {
    let (floor, _folder) = floor().await;
    let sheet = floor.answer(request("GET", "/endless", "", "")).await.into_body().collect().await.expect("a file").to_bytes();
    assert!(sheet[sheet.len() - 22..].starts_with(b"PK\x05\x06"), "its directory stands at its end");
    assert_eq!(READ.load(Ordering::SeqCst), 10, "the first part of 100,000 rows was there, ten more fill the sheet");
}
