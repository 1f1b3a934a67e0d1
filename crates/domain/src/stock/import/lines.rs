//! What one line of a key file says (STK-1). Pure; says what is wrong without ever quoting a code.

use super::LONGEST_CODE;
use crate::csv::BadRecord;
use tradepost_kernel::{Refusal, Secret, text};

/// A code, and the product that it is of where the file says so.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) line: i64,
    pub(super) sku: Option<String>,
    pub(super) code: Secret<String>,
}

pub(super) fn is_header(fields: &[String]) -> bool {
    fields.len() == 2 && fields[0].trim().eq_ignore_ascii_case("sku") && fields[1].trim().eq_ignore_ascii_case("code")
}

pub(super) fn invalid_header() -> Refusal {
    Refusal::invalid("invalid_header", "The first line must be sku,code. For one code per line name the product.")
}

/// One line of the file: a code with its SKU, nothing where it is blank, or what is wrong with it (never the code).
pub(super) fn parse(line: i64, fields: Result<Vec<String>, BadRecord>, with_sku: bool) -> Result<Option<Line>, String> {
    let mut fields = fields.map_err(|why| why.detail().to_owned())?;
    if fields.iter().all(|field| field.trim().is_empty()) {
        return Ok(None);
    }
    if fields.len() != if with_sku { 2 } else { 1 } {
        return Err(format!("has {} fields", fields.len()));
    }
    let code = Secret::new(fields.pop().unwrap_or_default());
    let trimmed = text::line(code.expose(), LONGEST_CODE).map_err(|why| format!("the code {}", why.detail()))?;
    let sku = fields.pop().map(|sku| text::sku(&sku).map_err(|why| format!("the SKU {}", why.detail()))).transpose()?;
    Ok(Some(Line { line, sku, code: Secret::new(trimmed) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn separated(fields: &[&str]) -> Result<Option<(Option<String>, String)>, String> {
        let fields = Ok(fields.iter().map(|field| (*field).to_owned()).collect());
        parse(2, fields, true).map(|line| line.map(|line| (line.sku, line.code.expose().clone())))
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
        assert!(is_header(&["SKU".into(), " Code".into()]));
        assert!(!is_header(&["code".into(), "sku".into()]));
    }
}
