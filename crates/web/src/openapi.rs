//! The OpenAPI 3.1 document, made from the table of routes.

use crate::codes;
use crate::paging;
use crate::route::FORM;
use crate::routes::{Access, Route, Routes};
use crate::schema::{FieldDoc, Schemas, described};
use crate::voice::Voice;
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tradepost_domain::access::Side;

const ABOUT: &str = "Tradepost sells licenses through resellers. Merchants work below `/v1/merchant`, resellers below \
`/v1/reseller`, always inside one partnership.\n\nJSON in and out, `snake_case`, unknown fields refused. Times are RFC 3339 in UTC, \
money is a decimal string with its currency, ids are prefixed strings. Every no is `application/problem+json` with a stable `code`.";

/// The document.
#[must_use]
pub fn document(routes: &Routes, public_url: &str) -> Value {
    let mut schemas = Schemas::default();
    let problem = problem_schema(&mut schemas);
    let mut paths = Map::new();
    let mut tags = Vec::new();
    for route in routes.rows().iter().filter(|route| route.in_contract()) {
        if !tags.contains(&route.tag) {
            tags.push(route.tag);
        }
        let path = paths.entry(route.path.replace("{*", "{")).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route, &problem, &mut schemas);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Tradepost", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT, "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" } },
        "servers": [{ "url": public_url }],
        "tags": tags.iter().map(|tag| json!({ "name": tag })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas.into_value(),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "An API key (`tpm_…` of a merchant, `tpr_…` of a partnership) or the token of a session." },
            },
        },
    })
}

fn problem_schema(schemas: &mut Schemas) -> Value {
    schemas.named("Problem", |_| {
        let text = |doc: &str| json!({ "type": "string", "description": doc });
        json!({
            "type": "object",
            "description": "Why it was not done (RFC 9457).",
            "properties": {
                "type": { "type": "string", "format": "uri-reference", "description": "Where the code is explained." },
                "title": text("The code in words."),
                "status": { "type": "integer", "description": "The HTTP status." },
                "detail": text("What is wrong here and, where there is one, the way out."),
                "code": text("Stable: what a program looks at."),
                "request_id": text("What the server's log knows the request by."),
                "state": text("The state that the thing is in, where an illegal step was refused."),
                "errors": {
                    "type": "array",
                    "description": "Everything that is wrong with the fields.",
                    "items": {
                        "type": "object",
                        "properties": { "pointer": text("Where: a JSON pointer into the body, or `/` and the parameter."), "code": text("Stable."), "detail": text("For people.") },
                        "required": ["pointer", "code", "detail"],
                    },
                },
            },
            "required": ["type", "title", "status", "detail", "code", "request_id"],
        })
    })
}

/// Who may ask, in words.
#[must_use]
pub fn access_words(route: &Route) -> String {
    match route.access {
        Access::Public | Access::Anyone => "Anybody, without a key.".into(),
        Access::SignedIn => "Any person who signed in.".into(),
        Access::Undeclared => "Nobody.".into(),
        Access::DynamicUrl(_) => "Whoever has the URL: its last segment is the key.".into(),
        Access::Right(right) => {
            let people = if right.is_for_keys() { "" } else { " For people: no key holds it." };
            format!("Needs the right `{}`: {}.{people}", right.name(), roles(route).join(", "))
        }
    }
}

/// The roles that get through, the owner first.
#[must_use]
pub fn roles(route: &Route) -> Vec<&'static str> {
    let Access::Right(right) = route.access else { return Vec::new() };
    right.holders()
}

fn operation(route: &Route, problem: &Value, schemas: &mut Schemas) -> Value {
    let (summary, _) = route.doc.split_once(". ").unwrap_or((route.doc.trim_end_matches('.'), ""));
    let mut out = json!({
        "operationId": route.operation,
        "tags": [route.tag],
        "summary": summary,
        "description": format!("{}\n\n{}", route.doc, access_words(route)),
        "parameters": parameters(route, schemas),
        "responses": responses(route, problem, schemas),
    });
    if let Some(body) = route.body {
        out["requestBody"] = json!({ "required": route.body_required, "content": { route.body_type: { "schema": body(schemas) } } });
        if route.or_form {
            out["requestBody"]["content"][FORM] = out["requestBody"]["content"][route.body_type].clone();
        }
    }
    out["security"] = if route.is_without_header() { json!([]) } else { json!([{ "bearer": [] }]) };
    if let Access::Right(right) = route.access {
        out["x-right"] = json!(right.name());
    }
    out
}

/// Names in the path.
#[must_use]
pub fn path_parameters(path: &'static str) -> Vec<&'static str> {
    let segments = path.split('/').filter_map(|segment| segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')));
    segments.map(|name| name.trim_start_matches('*')).collect()
}

/// Parameters of the query, those of lists included.
#[must_use]
pub fn query_parameters(route: &Route, schemas: &mut Schemas) -> Vec<FieldDoc> {
    let mut fields = route.query.map_or_else(Vec::new, |fields| fields(schemas));
    for field in &mut fields {
        field.schema = not_null(field.schema.take());
    }
    if route.is_list {
        let limit = json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": paging::USUAL_LIMIT });
        fields.push(FieldDoc { name: "limit", doc: "Rows on the page.".into(), required: false, schema: limit });
        let doc = "`next_cursor` of the page before.".to_owned();
        fields.push(FieldDoc { name: "cursor", doc, required: false, schema: json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{27}$" }) });
    }
    fields
}

/// A parameter is left out, it is never null.
fn not_null(mut schema: Value) -> Value {
    if let Some(first) = schema["anyOf"].get(0) {
        return first.clone();
    }
    if let Some(first) = schema["type"].get(0) {
        schema["type"] = first.clone();
    }
    schema
}

fn parameters(route: &Route, schemas: &mut Schemas) -> Vec<Value> {
    let text = json!({ "type": "string" });
    let mut out: Vec<Value> =
        path_parameters(route.path).into_iter().map(|name| json!({ "name": name, "in": "path", "required": true, "schema": text })).collect();
    for field in query_parameters(route, schemas) {
        let mut parameter = json!({ "name": field.name, "in": "query", "required": field.required, "schema": field.schema });
        if parameter["schema"]["type"] == "array" {
            parameter["style"] = json!("form");
            parameter["explode"] = json!(false);
        }
        out.push(described(parameter, &field.doc));
    }
    let mut header =
        |name: &str, doc: &str, schema: Value| out.push(json!({ "name": name, "in": "header", "required": false, "description": doc, "schema": schema }));
    if route.idempotent {
        header("Idempotency-Key", "Makes a repeated call safe for 30 days.", json!({ "type": "string", "minLength": 1, "maxLength": 255 }));
    }
    if route.method == Method::PATCH {
        header("If-Match", "The `ETag` of the version that is to be changed.", text.clone());
    }
    match route.side().filter(|_| matches!(route.access, Access::Right(_))) {
        Some(Side::Merchant) => header("Tradepost-Merchant", "Which merchant, for a person who works for several. A key already is one.", text),
        Some(Side::Reseller) => header("Tradepost-Partnership", "Which partnership, for a person who has several. A key already is one.", text),
        None => {}
    }
    out
}

fn responses(route: &Route, problem: &Value, schemas: &mut Schemas) -> Value {
    let mut out = Map::new();
    for answer in &route.answers {
        let reason = StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Answer");
        let schema = (answer.schema)(schemas);
        let entry = out.entry(answer.status.to_string()).or_insert_with(|| json!({ "description": reason }));
        if let Some(content) = answer.content {
            entry["content"][content] = json!({ "schema": schema });
        }
    }
    let voiced = |mut content: Value| {
        if route.voice() == Voice::Text {
            content["text/plain"] = json!({ "schema": { "type": "string" } });
        }
        content
    };
    for (status, codes) in refusals_by_status(route) {
        let lines: Vec<String> = codes.iter().map(|code| format!("- `{code}`: {}", codes::known(code).map_or("", |known| known.meaning))).collect();
        let schema = json!({ "allOf": [problem, { "properties": { "code": { "enum": codes } } }] });
        let content = voiced(json!({ "application/problem+json": { "schema": schema } }));
        out.insert(status.to_string(), json!({ "description": lines.join("\n"), "content": content }));
    }
    out.insert("default".into(), json!({ "description": "Any other no.", "content": voiced(json!({ "application/problem+json": { "schema": problem } })) }));
    Value::Object(out)
}

/// What a route refuses with, by status.
#[must_use]
pub fn refusals_by_status(route: &Route) -> BTreeMap<u16, BTreeSet<&'static str>> {
    let mut out: BTreeMap<u16, BTreeSet<&'static str>> = BTreeMap::new();
    for code in route.all_refusals() {
        if let Some(known) = codes::known(code) {
            out.entry(known.status).or_default().insert(code);
        }
    }
    out
}

/// The table of rights for `docs/access.md` (PAR-14): every route, what it needs, and who gets through.
#[must_use]
pub fn access_table(routes: &Routes) -> String {
    let mut out = String::from("| method | path | operation | needs | roles | while not active | proof |\n|---|---|---|---|---|---|---|\n");
    for route in routes.rows() {
        let (needs, roles) = match route.access {
            Access::Right(right) => (format!("`{}`", right.name()), roles(route).join(", ")),
            Access::SignedIn => ("signed in".into(), "any".into()),
            Access::Public | Access::Anyone => ("nothing".into(), "anybody".into()),
            Access::Undeclared => ("?".into(), "nobody".into()),
            Access::DynamicUrl(_) => ("the key of a dynamic URL".into(), "whoever has it".into()),
        };
        let inactive = match route.side() {
            Some(Side::Reseller) if matches!(route.access, Access::Right(_)) => {
                if route.inactive_ok {
                    "yes"
                } else {
                    "no"
                }
            }
            _ => "",
        };
        out.push_str(&format!(
            "| {} | `{}` | {} | {needs} | {roles} | {inactive} | {} |\n",
            route.method,
            route.path,
            route.operation,
            if route.fresh { "fresh" } else { "" }
        ));
    }
    out
}
