//! Schemas for people: what a field takes in a few words, tables of fields, and an example.

use maud::{Markup, html};
use serde_json::{Map, Value, json};

/// An id as examples show it.
const EXAMPLE_SUFFIX: &str = "01k9zt4vb4pex5vsknk084sn02";

/// The schemas of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a>(pub(crate) &'a Value);

impl<'a> Named<'a> {
    /// The schema itself, where it is a reference.
    pub(crate) fn resolve(self, schema: &'a Value) -> &'a Value {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
        name.and_then(|name| self.0.get(name)).unwrap_or(schema)
    }
}

fn name_of(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
}

/// The value behind "or null".
fn without_null(schema: &Value) -> (&Value, bool) {
    match schema.get("anyOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([value, null]) if null["type"] == "null" => (value, true),
        _ => (schema, schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!("null")))),
    }
}

fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str).unwrap_or("any"),
        other => other.as_str().unwrap_or("any"),
    }
}

fn id_prefix(schema: &Value) -> Option<&str> {
    schema["pattern"].as_str()?.strip_prefix('^')?.split_once("_[0-7]").map(|(prefix, _)| prefix)
}

/// What it takes, in a few words.
pub(crate) fn words(schema: &Value) -> String {
    let (schema, nullable) = without_null(schema);
    let mut text = if let Some(name) = name_of(schema) {
        name.to_owned()
    } else if let Some(prefix) = id_prefix(schema) {
        format!("id {prefix}_…")
    } else if kind(schema) == "array" {
        format!("list of {}", words(&schema["items"]))
    } else {
        schema["format"].as_str().filter(|format| *format != "int64").unwrap_or(kind(schema)).to_owned()
    };
    match (schema["minimum"].as_i64(), schema["maximum"].as_i64(), schema["maxLength"].as_i64()) {
        (Some(least), Some(most), _) => text.push_str(&format!(", {least}–{most}")),
        (_, _, Some(most)) if id_prefix(schema).is_none() => text.push_str(&format!(", up to {most}")),
        _ => {}
    }
    if nullable {
        text.push_str(" or null");
    }
    text
}

/// The fields of an object as rows; objects inside open below their row.
pub(crate) fn fields(named: Named<'_>, schema: &Value, show_required: bool, depth: usize) -> Markup {
    let schema = named.resolve(schema);
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    html! {
        @if properties.is_empty() { p.none { "Any JSON." } }
        ul.fields {
            @for (name, field) in properties {
                (field_row(named, name, field, show_required && required.contains(&name.as_str()), show_required, depth))
            }
        }
    }
}

/// One field.
pub(crate) fn field_row(named: Named<'_>, name: &str, field: &Value, required: bool, show_required: bool, depth: usize) -> Markup {
    let (inner, _) = without_null(field);
    let of_list = if kind(inner) == "array" { &inner["items"] } else { inner };
    let nested = named.resolve(of_list);
    let opens = nested["properties"].is_object() && name_of(of_list) != Some("Money") && depth < 4;
    html! {
        li {
            div.field {
                code.name { (name) }
                span.type { (words(field)) }
                @if required { span.required { "required" } }
            }
            @if let Some(doc) = field["description"].as_str() { p { (inline(doc)) } }
            @if let Some(values) = named.resolve(inner)["enum"].as_array() {
                p.values { @for value in values { code { (value.as_str().unwrap_or("")) } " " } }
            }
            @if opens {
                details { summary { "Fields of " code { (name) } } (fields(named, of_list, show_required, depth + 1)) }
            }
        }
    }
}

/// A value that the schema takes.
pub(crate) fn example(named: Named<'_>, schema: &Value, depth: usize) -> Value {
    let (schema, _) = without_null(schema);
    let schema = named.resolve(schema);
    if let Some(example) = schema["examples"].get(0).or_else(|| schema["enum"].get(0)) {
        return example.clone();
    }
    if let Some(prefix) = id_prefix(schema) {
        return json!(format!("{prefix}_{EXAMPLE_SUFFIX}"));
    }
    match kind(schema) {
        "object" if depth < 5 => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            Value::Object(properties.map(|(name, field)| (name.clone(), by_name(name, named, field, depth))).collect())
        }
        "array" if depth < 5 => json!([example(named, &schema["items"], depth + 1)]),
        "integer" => schema["minimum"].as_i64().filter(|least| *least > 0).map_or(json!(1), Value::from),
        "boolean" => json!(true),
        "string" => json!(match schema["format"].as_str() {
            Some("date-time") => "2026-11-02T09:30:00.000Z",
            Some("date") => "2026-11-02",
            Some("email") => "ann@example.org",
            Some("password") => "correct horse battery",
            _ => "text",
        }),
        _ => json!({}),
    }
}

/// Free texts get an example that fits their name.
fn by_name(name: &str, named: Named<'_>, field: &Value, depth: usize) -> Value {
    let (plain, _) = without_null(field);
    let free = kind(plain) == "string" && ["format", "enum", "pattern", "examples", "$ref"].iter().all(|key| plain.get(key).is_none());
    let text = match name {
        _ if !free => return example(named, field, depth + 1),
        "reference" => "PO-2026-0117",
        "name" => "Acme GmbH",
        "first_name" => "Ann",
        "last_name" => "Smith",
        "product" | "sku" => "KEY-PRO",
        "country" => "DE",
        "number" => "2026-00117",
        "note" | "reason" => "As agreed on the phone.",
        "next_cursor" => return Value::Null,
        _ => "text",
    };
    json!(text)
}

/// Text with `code` in backticks.
pub(crate) fn inline(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
