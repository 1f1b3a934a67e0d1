//! What one line of a key file says (STK-1). Pure; says what is wrong without ever quoting a code.

use super::LONGEST_CODE;
use crate::csv::BadRecord;
use tradepost_kernel::{Date, Refusal, Secret, text};

/// What stands in a line: a code alone, with its product, or with the last day on which it is sold as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Code,
    SkuCode,
    SkuCodeExpiry,
}

impl Shape {
    const fn fields(self) -> usize {
        match self {
            Self::Code => 1,
            Self::SkuCode => 2,
            Self::SkuCodeExpiry => 3,
        }
    }
}

/// A code, and the product that it is of and its last day where the file says so.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) line: i64,
    pub(super) sku: Option<String>,
    pub(super) code: Secret<String>,
    pub(super) expires_on: Option<Date>,
}

/// The shape that the first line of a file announces.
pub(super) fn header(fields: &[String]) -> Option<Shape> {
    let names: Vec<String> = fields.iter().map(|field| field.trim().to_ascii_lowercase()).collect();
    match names.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["sku", "code"] => Some(Shape::SkuCode),
        ["sku", "code", "expires_on"] => Some(Shape::SkuCodeExpiry),
        _ => None,
    }
}

pub(super) fn invalid_header() -> Refusal {
    Refusal::invalid("invalid_header", "The first line must be sku,code or sku,code,expires_on. For one code per line name the product.")
}

/// One line of the file: a code with its SKU, nothing where it is blank, or what is wrong with it (never the code).
pub(super) fn parse(line: i64, fields: Result<Vec<String>, BadRecord>, shape: Shape) -> Result<Option<Line>, String> {
    let mut fields = fields.map_err(|why| why.detail().to_owned())?;
    if fields.iter().all(|field| field.trim().is_empty()) {
        return Ok(None);
    }
    if fields.len() != shape.fields() {
        return Err(format!("has {} fields", fields.len()));
    }
    let expires_on = if shape == Shape::SkuCodeExpiry { fields.pop() } else { None };
    let expires_on = expires_on.map(|day| day.trim().to_owned()).filter(|day| !day.is_empty()).map(|day| day.parse::<Date>()).transpose();
    let expires_on = expires_on.map_err(|_| "expires_on must be a date such as 2026-12-31".to_owned())?;
    let code = Secret::new(fields.pop().unwrap_or_default());
    let trimmed = text::line(code.expose(), LONGEST_CODE).map_err(|why| format!("the code {}", why.detail()))?;
    let sku = fields.pop().map(|sku| text::sku(&sku).map_err(|why| format!("the SKU {}", why.detail()))).transpose()?;
    Ok(Some(Line { line, sku, code: Secret::new(trimmed), expires_on }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn separated(fields: &[&str]) -> Result<Option<(Option<String>, String)>, String> {
        let fields = Ok(fields.iter().map(|field| (*field).to_owned()).collect());
        parse(2, fields, Shape::SkuCode).map(|line| line.map(|line| (line.sku, line.code.expose().clone())))
    }

    /// STK-1: blank, malformed, and what is kept of a good line.
    #[test]
    fn a_line_is_a_code_blank_or_malformed() {
        assert_eq!(separated(&[" A-1 ", " ABCD-EFGH "]), Ok(Some((Some("A-1".into()), "ABCD-EFGH".into()))));
        assert_eq!(separated(&["", " "]), Ok(None));
        assert_eq!(separated(&["A-1", ""]), Err("the code must not be blank".into()));
        assert_eq!(separated(&["", "CODE"]), Err("the SKU must not be blank".into()));
        assert_eq!(separated(&["A-1", "CO\u{7}DE"]), Err("the code must have no control characters or line breaks".into()));
        assert_eq!(separated(&["A-1"]), Err("has 1 fields".into()));
        assert!(separated(&["A-1", &"x".repeat(501)]).is_err());
        assert!(separated(&["A-1", &"x".repeat(500)]).is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_line_never_quotes_the_code() {
        let why = separated(&["A-1", "SECRET\u{1}CODE"]).expect_err("malformed");
        assert!(!why.contains("SECRET"));
    }

    #[test]
    fn the_header_is_read_whatever_its_case() {
        assert_eq!(header(&["SKU".into(), " Code".into()]), Some(Shape::SkuCode));
        assert_eq!(header(&["sku".into(), "code".into(), "Expires_On".into()]), Some(Shape::SkuCodeExpiry));
        assert_eq!(header(&["code".into(), "sku".into()]), None);
    }

    /// STK-6
    #[test]
    fn a_line_may_say_its_last_day() {
        let read = |day: &str| {
            let fields = Ok(vec!["A-1".to_owned(), "CODE".to_owned(), day.to_owned()]);
            parse(2, fields, Shape::SkuCodeExpiry).map(|line| line.and_then(|line| line.expires_on).map(|day| day.to_string()))
        };
        assert_eq!(read(" 2026-12-31 "), Ok(Some("2026-12-31".into())));
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("31.12.2026"), Err("expires_on must be a date such as 2026-12-31".into()));
        assert_eq!(parse(2, Ok(vec!["A-1".into(), "CODE".into()]), Shape::SkuCodeExpiry).map(drop), Err("has 2 fields".into()));
    }
}
