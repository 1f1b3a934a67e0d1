//! What answers look like: one declaration writes JSON and describes itself in the OpenAPI document.

use crate::schema::{Schemas, nullable};
use serde::Serializer;
use serde::ser::SerializeSeq;
use serde_json::{Value, json};
use tradepost_kernel::id::Noun;
use tradepost_kernel::text::Email;
use tradepost_kernel::{Currency, Date, Id, Money, Percent, Timestamp};

/// A type that can stand in an answer.
pub trait View {
    /// What it looks like.
    fn schema(schemas: &mut Schemas) -> Value;

    /// Writes it.
    ///
    /// # Errors
    /// The serializer's.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// Lets serde write a [`View`].
#[derive(Debug)]
pub struct Shown<'a, T>(pub &'a T);

impl<T: View> serde::Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// Declares views: `view! { /// An order. pub struct OrderView { /// Its id. pub id: OrderId, pub total: Money } }`.
/// Every field is always there; an `Option` is null where there is nothing.
#[macro_export]
macro_rules! view {
    ($(
        $(#[doc = $doc:expr])*
        $vis:vis struct $name:ident {
            $( $(#[doc = $field_doc:expr])* $field_vis:vis $field:ident : $type:ty ),* $(,)?
        }
    )+) => { $(
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        $vis struct $name { $( $(#[doc = $field_doc])* $field_vis $field: $type, )* }

        impl $crate::view::View for $name {
            fn schema(schemas: &mut $crate::schema::Schemas) -> ::serde_json::Value {
                schemas.named(stringify!($name), |schemas| {
                    let fields = vec![$( $crate::schema::FieldDoc {
                        name: $crate::schema::plain(stringify!($field)),
                        doc: $crate::schema::doc_text(&[$($field_doc),*]),
                        required: true,
                        schema: <$type as $crate::view::View>::schema(schemas),
                    } ),*];
                    $crate::schema::object(&$crate::schema::doc_text(&[$($doc),*]), fields)
                })
            }
            fn write<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeStruct as _;
                let names: &[&'static str] = &[$(stringify!($field)),*];
                let mut out = serializer.serialize_struct(stringify!($name), names.len())?;
                $( out.serialize_field($crate::schema::plain(stringify!($field)), &$crate::view::Shown(&self.$field))?; )*
                out.end()
            }
        }
    )+ };
}

impl<T: View> View for Option<T> {
    fn schema(schemas: &mut Schemas) -> Value {
        nullable(T::schema(schemas))
    }
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_none(),
        }
    }
}

impl<T: View> View for Vec<T> {
    fn schema(schemas: &mut Schemas) -> Value {
        json!({ "type": "array", "items": T::schema(schemas) })
    }
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_seq(Some(self.len()))?;
        for value in self {
            out.serialize_element(&Shown(value))?;
        }
        out.end()
    }
}

impl<T: View> View for Box<T> {
    fn schema(schemas: &mut Schemas) -> Value {
        T::schema(schemas)
    }
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).write(serializer)
    }
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct ListView<T> {
    /// The rows.
    pub data: Vec<T>,
    /// What `cursor` of the next page is; null on the last.
    pub next_cursor: Option<String>,
}

impl<T: View> View for ListView<T> {
    fn schema(schemas: &mut Schemas) -> Value {
        json!({
            "type": "object",
            "properties": {
                "data": { "type": "array", "items": T::schema(schemas), "description": "The rows of this page." },
                "next_cursor": { "type": ["string", "null"], "description": "`cursor` of the next page; null on the last." },
            },
            "required": ["data", "next_cursor"],
            "additionalProperties": false,
        })
    }
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut out = serializer.serialize_struct("ListView", 2)?;
        out.serialize_field("data", &Shown(&self.data))?;
        out.serialize_field("next_cursor", &self.next_cursor)?;
        out.end()
    }
}

macro_rules! plain_views {
    ($($type:ty => $schema:expr),+ $(,)?) => { $(
        impl View for $type {
            fn schema(_schemas: &mut Schemas) -> Value {
                $schema
            }
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }
        }
    )+ };
}

plain_views! {
    bool => json!({ "type": "boolean" }),
    i64 => json!({ "type": "integer", "format": "int64" }),
    String => json!({ "type": "string" }),
    &'static str => json!({ "type": "string" }),
    Email => json!({ "type": "string", "format": "email" }),
    Timestamp => json!({ "type": "string", "format": "date-time" }),
    Date => json!({ "type": "string", "format": "date" }),
    // A free value, such as the body of an event: any JSON.
    Value => json!({}),
}

impl<N: Noun> View for Id<N> {
    fn schema(_schemas: &mut Schemas) -> Value {
        crate::fields::id_schema(N::PREFIX)
    }
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde::Serialize::serialize(self, serializer)
    }
}

macro_rules! named_views {
    ($($type:ty => $schema:path),+ $(,)?) => { $(
        impl View for $type {
            fn schema(schemas: &mut Schemas) -> Value {
                $schema(schemas)
            }
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }
        }
    )+ };
}

named_views! {
    Money => crate::fields::money_schema,
    Currency => crate::fields::currency_schema,
    Percent => crate::fields::percent_schema,
}
