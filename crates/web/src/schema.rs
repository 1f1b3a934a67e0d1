//! The named schemas of the OpenAPI document, gathered while routes are described.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Schemas by name. A name belongs to one shape: a second one is a mistake of ours and is reported by a test.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    named: BTreeMap<String, Value>,
    clashes: Vec<String>,
}

impl Schemas {
    /// A reference to the schema called `name`, which `make` describes. A shape may refer to itself.
    pub fn named(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        let known = self.named.insert(name.to_owned(), Value::Null);
        if let Some(Value::Null) = known {
            return reference(name); // it is being described right now
        }
        let fresh = make(self);
        if known.is_some_and(|known| known != fresh) {
            self.clashes.push(name.to_owned());
        }
        self.named.insert(name.to_owned(), fresh);
        reference(name)
    }

    /// Names that two different shapes claim.
    #[must_use]
    pub fn clashes(&self) -> &[String] {
        &self.clashes
    }

    /// All of them, for `components/schemas`.
    #[must_use]
    pub fn into_value(self) -> Value {
        Value::Object(self.named.into_iter().collect())
    }

    /// The schema by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.named.get(name)
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// One field of an object.
#[derive(Clone, Debug)]
pub struct FieldDoc {
    /// Its name in JSON.
    pub name: &'static str,
    /// One or more sentences.
    pub doc: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it takes or holds.
    pub schema: Value,
}

/// An object of these fields and no other.
#[must_use]
pub fn object(doc: &str, fields: Vec<FieldDoc>) -> Value {
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut properties = Map::new();
    for field in &fields {
        properties.insert(field.name.to_owned(), described(field.schema.clone(), &field.doc));
    }
    let mut out = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        out["required"] = json!(required);
    }
    described(out, doc)
}

/// The schema with a description (in 3.1 a `$ref` may have one beside it).
#[must_use]
pub fn described(mut schema: Value, doc: &str) -> Value {
    if !doc.is_empty() {
        schema["description"] = json!(doc);
    }
    schema
}

/// The schema, or null.
#[must_use]
pub fn nullable(mut schema: Value) -> Value {
    match schema.get("type") {
        Some(Value::String(kind)) if schema.get("enum").is_none() => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        _ => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

/// Doc comment lines as one text: the leading space of each line goes, a blank line stays a paragraph.
#[must_use]
pub fn doc_text(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join("\n").trim().replace("\n\n", "\u{0}").replace('\n', " ").replace('\u{0}', "\n\n")
}

/// The name of a field without the `r#` of a raw identifier.
#[must_use]
pub fn plain(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}
