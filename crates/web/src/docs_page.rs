//! `/docs/api`: the API reference as a page, made from the table of routes. No script, nothing from elsewhere.

use crate::codes;
use crate::docs_schema::{Named, example, field_row, fields, inline};
use crate::openapi::{self, path_parameters, query_parameters, refusals_by_status, roles};
use crate::routes::{Access, Route, Routes};
use crate::schema::{Schemas, described};
use axum::http::{Method, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

/// The page's style.
pub const STYLE: &str = include_str!("docs.css");

/// The page.
#[must_use]
pub fn page(routes: &Routes, public_url: &str) -> Markup {
    let document = openapi::document(routes, public_url);
    let named = Named(&document["components"]["schemas"]);
    let shown: Vec<&Route> = routes.rows().iter().filter(|route| route.in_contract()).collect();
    let tags: Vec<&str> = document["tags"].as_array().into_iter().flatten().filter_map(|tag| tag["name"].as_str()).collect();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "API reference · Tradepost" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header.top {
                    a.brand href="/" { "Tradepost" }
                    span.of { "API reference" }
                    a.file href="/docs" { "Documentation" }
                    span.version { (env!("CARGO_PKG_VERSION")) }
                    a.file href="/openapi.json" { "OpenAPI 3.1" }
                }
                (navigation(&tags, &shown))
                main #content {
                    (introduction(public_url))
                    @for tag in &tags {
                        section.chapter {
                            h2 id=(anchor(tag)) { (tag) }
                            @for route in shown.iter().filter(|route| route.tag == *tag) { (operation(route, named, public_url)) }
                        }
                    }
                    (errors())
                }
            }
        }
    }
}

fn anchor(tag: &str) -> String {
    format!("tag-{}", tag.to_ascii_lowercase().replace(' ', "-"))
}

fn navigation(tags: &[&str], routes: &[&Route]) -> Markup {
    html! {
        nav aria-label="Operations" {
            details.menu open {
                summary { "Contents" }
                p.group { "Start" }
                ul {
                    li { a href="#content" { "Introduction" } }
                    li { a href="#authentication" { "Authentication" } }
                    li { a href="#conventions" { "Conventions" } }
                    li { a href="#errors" { "Errors" } }
                }
                @for tag in tags {
                    p.group { a href=(format!("#{}", anchor(tag))) { (tag) } }
                    ul {
                        @for route in routes.iter().filter(|route| route.tag == *tag) {
                            li { a href=(format!("#{}", route.operation)) { (method(&route.method)) span { (headline(route)) } } }
                        }
                    }
                }
            }
        }
    }
}

fn method(method: &Method) -> Markup {
    let short = if *method == Method::DELETE { "DEL" } else { method.as_str() };
    html! { span class=(format!("method {}", method.as_str().to_ascii_lowercase())) { (short) } }
}

fn headline(route: &Route) -> &'static str {
    route.doc.split_once(". ").map_or(route.doc.trim_end_matches('.'), |(first, _)| first)
}

fn introduction(public_url: &str) -> Markup {
    html! {
        section.chapter.intro {
            h1 { "Tradepost API" }
            p.lead { "Everything that a page can do, the API can do. Merchants work below " code { "/v1/merchant" } ", resellers below " code { "/v1/reseller" } ", always inside one partnership." }
            p { "Base address: " code { (public_url) } }
            h2 #authentication { "Authentication" }
            p { "Send an API key with every request. Keys of a merchant begin with " code { "tpm_live_" } ", keys of a partnership with " code { "tpr_live_" } "; in the sandbox it is " code { "_test_" } ". A key has exactly the rights that it was given. Never put a key into a URL." }
            pre { code { "curl " (public_url) "/v1/reseller/orders \\\n  -H \"Authorization: Bearer $TRADEPOST_KEY\"" } }
            p { "A person who signed in may have several merchants or partnerships and names one: " code { "Tradepost-Merchant: mer_…" } " or " code { "Tradepost-Partnership: par_…" } "." }
            h2 #conventions { "Conventions" }
            dl.conventions {
                dt { "Bodies" } dd { "JSON, " code { "snake_case" } ". A field that is not known is refused, and so is a key that stands twice. All that is wrong is told at once." }
                dt { "Money" } dd { "A decimal string with the digits of its currency: " code { "{\"amount\":\"25.00\",\"currency\":\"USD\"}" } }
                dt { "Times" } dd { "RFC 3339 in UTC; dates " code { "YYYY-MM-DD" } "." }
                dt { "Lists" } dd { code { "limit" } " (1–200, usually 50) and " code { "cursor" } "; the answer is " code { "{\"data\":[…],\"next_cursor\":null}" } "." }
                dt { "Repeating" } dd { "Send " code { "Idempotency-Key" } " with a POST to repeat it safely for 30 days. The answer of a repeated call has " code { "Idempotency-Replayed: true" } ". What was refused does not use the key up." }
                dt { "Versions" } dd { "Send the " code { "ETag" } " of an answer as " code { "If-Match" } " to change only what nobody else changed meanwhile." }
                dt { "Rates" } dd { code { "RateLimit-Limit" } ", " code { "RateLimit-Remaining" } " and " code { "RateLimit-Reset" } "; beyond it 429 with " code { "Retry-After" } "." }
                dt { "Request id" } dd { "Every answer has " code { "X-Request-Id" } ". Name it when you ask for help." }
            }
        }
    }
}

fn operation(route: &Route, named: Named<'_>, public_url: &str) -> Markup {
    let more = route.doc.split_once(". ").map(|(_, more)| more);
    html! {
        article.operation id=(route.operation) {
            div.text {
                h3 { a.anchor href=(format!("#{}", route.operation)) { (headline(route)) } }
                p.path { (method(&route.method)) code { (path(route.path)) } }
                @if let Some(more) = more { p { (inline(more)) } }
                (access(route))
                (parameters(route, named))
                @if let Some(body) = route.body { (body_fields(&body(&mut Schemas::default()), route, named)) }
                (answers(route, named))
                (refusals(route))
            }
            div.example {
                p.caption { "Request" }
                pre tabindex="0" { code { (curl(route, named, public_url)) } }
                (answer_example(route, named))
            }
        }
    }
}

fn path(template: &str) -> Markup {
    html! {
        @for segment in template.split('/').skip(1) {
            "/" wbr;
            @if segment.starts_with('{') { span.variable { (segment) } } @else { (segment) }
        }
    }
}

fn access(route: &Route) -> Markup {
    html! {
        p.access {
            @match route.access {
                Access::Right(right) => {
                    span.right { (right.name()) }
                    @for role in roles(route) { span.role { (role) } }
                    @if !right.is_for_keys() { span.note { "people only" } }
                    @if route.inactive_ok { span.note { "also while the partnership is not active" } }
                }
                Access::SignedIn => span.right { "any person who signed in" },
                Access::DynamicUrl(_) => span.right { "whoever has the URL" },
                Access::Public | Access::Anyone | Access::Undeclared => span.right.open { "no key needed" },
            }
        }
    }
}

fn parameters(route: &Route, named: Named<'_>) -> Markup {
    let query = query_parameters(route, &mut Schemas::default());
    let names = path_parameters(route.path);
    let text = serde_json::json!({ "type": "string" });
    html! {
        @if !names.is_empty() {
            h4 { "In the path" }
            ul.fields { @for name in names { (field_row(named, name, &text, true, true, 0)) } }
        }
        @if !query.is_empty() {
            h4 { "In the query" }
            ul.fields { @for field in query { (field_row(named, field.name, &described(field.schema.clone(), &field.doc), field.required, true, 0)) } }
        }
    }
}

fn body_fields(schema: &Value, route: &Route, named: Named<'_>) -> Markup {
    html! {
        h4 { "Body " span.type { (route.body_type) @if route.or_form { " or a form" } } }
        @if route.body_type == "application/json" { (fields(named, schema, true, 0)) }
    }
}

fn answers(route: &Route, named: Named<'_>) -> Markup {
    html! {
        h4 { "Answers" }
        @for answer in &route.answers {
            @let schema = (answer.schema)(&mut Schemas::default());
            details.answer {
                summary {
                    span.status.good { (answer.status) } " " (reason(answer.status))
                    @if let Some(content) = answer.content { " " span.type { (content) } }
                }
                @if answer.content == Some("application/json") { (fields(named, &schema, false, 0)) } @else { p.none { "No fields." } }
            }
        }
    }
}

fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("")
}

fn refusals(route: &Route) -> Markup {
    html! {
        details.answer {
            summary { span.status.bad { "4xx 5xx" } " Refusals" }
            table.refusals {
                @for (status, codes) in refusals_by_status(route) {
                    tr { th scope="row" { (status) } td { @for code in codes { a.code href=(format!("#error-{code}")) { (code) } " " } } }
                }
            }
        }
    }
}

fn curl(route: &Route, named: Named<'_>, public_url: &str) -> String {
    let mut lines = vec![match route.method.as_str() {
        "GET" => format!("curl {public_url}{}", route.path),
        other => format!("curl -X {other} {public_url}{}", route.path),
    }];
    if !route.is_without_header() {
        lines.push("-H \"Authorization: Bearer $TRADEPOST_KEY\"".into());
    }
    if route.idempotent {
        lines.push("-H \"Idempotency-Key: $(uuidgen)\"".into());
    }
    match route.body {
        Some(body) if route.body_type == "application/json" => {
            let schema = body(&mut Schemas::default());
            let text = serde_json::to_string_pretty(&example(named, &schema, 0)).unwrap_or_default();
            lines.push("-H \"Content-Type: application/json\"".into());
            lines.push(format!("-d '{}'", text.replace('\'', "'\\''")));
        }
        Some(_) => {
            lines.push(format!("-H \"Content-Type: {}\"", route.body_type));
            lines.push("--data-binary @file".into());
        }
        None => {}
    }
    lines.join(" \\\n  ")
}

fn answer_example(route: &Route, named: Named<'_>) -> Markup {
    let shown = route.answers.iter().find(|answer| answer.content == Some("application/json"));
    html! {
        @if let Some(answer) = shown {
            @let schema = (answer.schema)(&mut Schemas::default());
            p.caption { "Answer " span { (answer.status) } }
            pre tabindex="0" { code { (serde_json::to_string_pretty(&example(named, &schema, 0)).unwrap_or_default()) } }
        }
    }
}

fn errors() -> Markup {
    html! {
        section.chapter {
            h2 #errors { "Errors" }
            p { "Every no is " code { "application/problem+json" } " (RFC 9457) with a stable " code { "code" } ". What is wrong with single fields stands in " code { "errors" } ", each with a JSON pointer." }
            table.errors {
                thead { tr { th scope="col" { "Status" } th scope="col" { "Code" } th scope="col" { "Meaning" } } }
                tbody {
                    @for known in codes::CODES {
                        tr id=(format!("error-{}", known.code)) { td { span.status.bad { (known.status) } } td { code { (known.code) } } td { (known.meaning) } }
                    }
                }
            }
        }
    }
}
