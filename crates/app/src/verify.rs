//! `tradepost verify`: every invariant over the whole database (PLT-2), in the words of the domain.

use crate::operate::{Listener, Progress, invalid};
use serde_json::{Value as Json, json};
use tradepost_domain::verify::{CHECKS, chosen, run_all, unknown};
use tradepost_domain::{Engine, No};

/// Runs the checks asked for by name or area, or all of them. The answer says `clean` and names every violation.
pub(crate) async fn run(engine: &Engine, only: &[String], full: bool, listener: Listener<'_>) -> Result<Json, No> {
    if let Some(name) = unknown(only) {
        let known: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        return Err(invalid("only", format!("{name}: there is no such check; there are {}", known.join(", "))));
    }
    let reports = run_all(engine, &chosen(only), full, |done, total| listener(Progress { done, total })).await?;
    let violated: Vec<&str> = reports.iter().filter(|report| report.total > 0).map(|report| report.name).collect();
    Ok(json!({"clean": violated.is_empty(), "violated": violated, "checks": reports}))
}

/// Whether an answer of [`run`] says that all is well.
pub(crate) fn is_clean(answer: &Json) -> bool {
    answer["clean"] == json!(true)
}

/// The answer for people: a line per check, its violations below it.
pub(crate) fn in_words(answer: &Json) -> String {
    let mut lines = Vec::new();
    for check in answer["checks"].as_array().into_iter().flatten() {
        let name = check["name"].as_str().unwrap_or("?");
        if check["total"] == json!(0) {
            lines.push(format!("ok        {name} ({} rows)", check["checked"]));
            continue;
        }
        lines.push(format!("VIOLATED  {name}: {}", check["total"]));
        for violation in check["violations"].as_array().into_iter().flatten() {
            let text = |field: &str| violation[field].as_str().unwrap_or("").to_owned();
            lines.push(format!("            merchant {}, {}: {}", violation["merchant"], text("subject"), text("detail")));
        }
    }
    lines.push(if is_clean(answer) { "clean".into() } else { "violated".into() });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_named_with_its_subject() {
        let answer = json!({"clean": false, "violated": ["ledger.balances"], "checks": [
            {"name": "ledger.balances", "checked": 7, "total": 1, "violations": [{"merchant": 1, "subject": "acc_1", "detail": "is 5, sums to 4"}]},
            {"name": "stock.counters", "checked": 3, "total": 0, "violations": []},
        ]});
        let words = in_words(&answer);
        assert!(
            words.contains("VIOLATED  ledger.balances: 1\n            merchant 1, acc_1: is 5, sums to 4\nok        stock.counters (3 rows)\nviolated"),
            "{words}"
        );
    }
}
