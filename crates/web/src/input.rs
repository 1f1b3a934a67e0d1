//! Request bodies and query strings: one declaration reads strictly, names everything that is wrong at once,
//! and describes itself in the OpenAPI document.
//!
//! ```
//! use tradepost_web::input;
//! use tradepost_web::fields::{Line, Quantity};
//! input! {
//!     /// A new line of an order.
//!     pub struct NewItem {
//!         /// SKU or id of the product.
//!         pub product: Line<64>,
//!         /// How many.
//!         pub quantity: Quantity,
//!     }
//! }
//! ```
//!
//! Fields that several inputs share are declared once: `=> address: StreetAddress` as the last line of an input takes the
//! fields of that one as its own.

use crate::errors::{Errors, Pointer};
use crate::json::Json;
use crate::schema::{FieldDoc, Schemas, nullable};
use serde_json::{Value, json};

/// A type that a field of a body, or a query parameter, can be read as.
pub trait Field: Sized {
    /// Whether the field may be left out; [`Field::absent`] is its value then.
    const OPTIONAL: bool = false;

    /// Reads it, or notes what is wrong and is `None`.
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self>;

    /// Its value where it was left out.
    fn absent() -> Option<Self> {
        None
    }

    /// Reads it from the text of a query parameter.
    fn read_text(text: &str, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        Self::read(&Json::Text(text.to_owned()), at, errors)
    }

    /// What it takes.
    fn schema(schemas: &mut Schemas) -> Value;
}

/// An object that [`input!`](crate::input!) declared: a body, part of one, or the parameters of a query.
pub trait Input: Field {
    /// Its name in the OpenAPI document.
    const NAME: &'static str;
    /// What it is.
    fn doc() -> String;
    /// Its fields.
    fn fields(schemas: &mut Schemas) -> Vec<FieldDoc>;
    /// The names of its fields, as they are declared.
    fn names() -> Vec<&'static str>;
    /// Names that only the server sets, besides [`READ_ONLY`].
    fn fixed() -> &'static [&'static str] {
        &[]
    }
    /// Reads its own fields from an object or a query that may have more.
    fn take_own(source: Source<'_>, at: &Pointer, errors: &mut Errors) -> Option<Self>;
    /// Reads it from an object or a query that has nothing else.
    fn take(source: Source<'_>, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let taken = Self::take_own(source, at, errors);
        let read_only: Vec<&str> = READ_ONLY.iter().chain(Self::fixed()).copied().collect();
        source.refuse_unknown(&Self::names(), &read_only, at, errors);
        taken
    }
}

/// Where the fields of an [`Input`] come from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// An object of a body.
    Object(&'a [(String, Json)]),
    /// The decoded parameters of a query; what the floor itself reads (`limit`, `cursor`) is not among them.
    Query(&'a [(String, String)]),
    /// The decoded fields of an HTML form: an empty one was left out.
    Form(&'a [(String, String)]),
}

impl Source<'_> {
    /// Reads one field.
    pub fn field<T: Field>(self, name: &str, at: &Pointer, errors: &mut Errors) -> Option<T> {
        let missing = |errors: &mut Errors, at: &Pointer| if T::OPTIONAL { T::absent() } else { errors.refuse(at, "is missing") };
        match self {
            Self::Object(pairs) => {
                let at = at.field(name);
                match pairs.iter().find(|(key, _)| key == name) {
                    Some((_, value)) => T::read(value, &at, errors),
                    None => missing(errors, &at),
                }
            }
            Self::Query(pairs) => {
                let at = at.field(name);
                match pairs.iter().find(|(key, _)| key == name) {
                    Some((_, text)) => T::read_text(text, &at, errors),
                    None => missing(errors, &at),
                }
            }
            Self::Form(pairs) => {
                let at = at.field(name);
                match pairs.iter().find(|(key, text)| key == name && !text.trim().is_empty()) {
                    Some((_, text)) => T::read_text(text, &at, errors),
                    None => missing(errors, &at),
                }
            }
        }
    }

    /// Refuses every field that is neither known nor, with its own code, one that only the server sets.
    pub fn refuse_unknown(self, known: &[&'static str], read_only: &[&str], at: &Pointer, errors: &mut Errors) {
        let refuse = |name: &str, errors: &mut Errors| {
            if known.iter().any(|known| crate::schema::plain(known) == name) {
                return;
            }
            let at = at.field(name);
            if read_only.contains(&name) {
                errors.add(&at, "read_only_field", "is set by the server");
            } else {
                errors.add(&at, "unknown_field", "is not a field here");
            }
        };
        match self {
            Self::Object(pairs) => pairs.iter().for_each(|(name, _)| refuse(name, errors)),
            Self::Query(pairs) | Self::Form(pairs) => pairs.iter().for_each(|(name, _)| refuse(name, errors)),
        }
    }
}

/// Fields that only the server sets on any object, unless the input itself has one of that name. Prices and totals are
/// not among them: a price from a client is an unknown field (it is never used).
pub const READ_ONLY: &[&str] = &["id", "number", "state", "status", "created_at", "updated_at", "version"];

/// Reads an [`Input`] where a value stands: what its `Field::read` does.
pub fn read_object<T: Input>(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<T> {
    match value {
        Json::Object(pairs) => T::take(Source::Object(pairs), at, errors),
        other => errors.refuse(at, format!("must be an object, not {}", other.kind())),
    }
}

/// Declares inputs: see the module. `read_only [total, reseller]` after the name adds names that are refused with
/// `read_only_field` instead of `unknown_field`.
#[macro_export]
macro_rules! input {
    ($(
        $(#[doc = $doc:expr])*
        $vis:vis struct $name:ident $(read_only [$($fixed:ident),* $(,)?])? {
            $( $(#[doc = $field_doc:expr])* $field_vis:vis $field:ident : $type:ty ),* $(,)?
            $( => $shared:ident : $shared_type:ty )?
        }
    )+) => { $(
        $(#[doc = $doc])*
        #[derive(Debug)]
        $vis struct $name {
            $( $(#[doc = $field_doc])* $field_vis $field: $type, )*
            $( /// Fields that it shares with other inputs.
               pub $shared: $shared_type, )?
        }

        impl $crate::input::Input for $name {
            const NAME: &'static str = stringify!($name);
            fn doc() -> String {
                $crate::schema::doc_text(&[$($doc),*])
            }
            #[allow(unused_variables, reason = "an input may have no fields")]
            fn fields(schemas: &mut $crate::schema::Schemas) -> Vec<$crate::schema::FieldDoc> {
                #[allow(unused_mut, reason = "it may share none")]
                let mut fields = vec![$( $crate::schema::FieldDoc {
                    name: $crate::schema::plain(stringify!($field)),
                    doc: $crate::schema::doc_text(&[$($field_doc),*]),
                    required: !<$type as $crate::input::Field>::OPTIONAL,
                    schema: <$type as $crate::input::Field>::schema(schemas),
                } ),*];
                $( fields.extend(<$shared_type as $crate::input::Input>::fields(schemas)); )?
                fields
            }
            fn names() -> Vec<&'static str> {
                #[allow(unused_mut, reason = "it may share none")]
                let mut names = vec![$(stringify!($field)),*];
                $( names.extend(<$shared_type as $crate::input::Input>::names()); )?
                names
            }
            $( fn fixed() -> &'static [&'static str] {
                &[$(stringify!($fixed)),*]
            } )?
            #[allow(unused_variables, reason = "an input may have no fields")]
            fn take_own(source: $crate::input::Source<'_>, at: &$crate::errors::Pointer, errors: &mut $crate::errors::Errors) -> Option<Self> {
                $( let $field: Option<$type> = source.field($crate::schema::plain(stringify!($field)), at, errors); )*
                $( let $shared = <$shared_type as $crate::input::Input>::take_own(source, at, errors); )?
                Some(Self { $( $field: $field?, )* $( $shared: $shared?, )? })
            }
        }

        impl $crate::input::Field for $name {
            fn read(value: &$crate::json::Json, at: &$crate::errors::Pointer, errors: &mut $crate::errors::Errors) -> Option<Self> {
                $crate::input::read_object(value, at, errors)
            }
            fn schema(schemas: &mut $crate::schema::Schemas) -> ::serde_json::Value {
                schemas.named(<Self as $crate::input::Input>::NAME, |schemas| {
                    let fields = <Self as $crate::input::Input>::fields(schemas);
                    $crate::schema::object(&<Self as $crate::input::Input>::doc(), fields)
                })
            }
        }
    )+ };
}

/// Left out and null are the same.
impl<T: Field> Field for Option<T> {
    const OPTIONAL: bool = true;
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        if *value == Json::Null { Some(None) } else { T::read(value, at, errors).map(Some) }
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn read_text(text: &str, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        T::read_text(text, at, errors).map(Some)
    }
    fn schema(schemas: &mut Schemas) -> Value {
        nullable(T::schema(schemas))
    }
}

/// A field of a PATCH: left out (stays as it is), null (is cleared) or a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Stays as it is.
    #[default]
    Absent,
    /// Is cleared.
    Null,
    /// Becomes this.
    Value(T),
}

impl<T> Patch<T> {
    /// `None`: stays; `Some(None)`: is cleared; `Some(Some(value))`.
    #[must_use]
    pub fn change(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }

    /// The same with another type inside.
    #[must_use]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(f(value)),
        }
    }
}

impl<T: Field> Field for Patch<T> {
    const OPTIONAL: bool = true;
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        if *value == Json::Null { Some(Self::Null) } else { T::read(value, at, errors).map(Self::Value) }
    }
    fn absent() -> Option<Self> {
        Some(Self::Absent)
    }
    fn schema(schemas: &mut Schemas) -> Value {
        nullable(T::schema(schemas))
    }
}

/// Values in a [`Vec`]; a longer list is its own type, [`Upto`](crate::fields::Upto).
pub const LONGEST_LIST: usize = 1000;

/// Reads a list of at most `longest` values. Every value is read, so that all that is wrong is known.
pub(crate) fn read_list<T: Field>(value: &Json, longest: usize, at: &Pointer, errors: &mut Errors) -> Option<Vec<T>> {
    let Json::List(values) = value else { return errors.refuse(at, format!("must be an array, not {}", value.kind())) };
    if values.len() > longest {
        return errors.refuse(at, format!("must have at most {longest} values"));
    }
    let read: Vec<Option<T>> = values.iter().enumerate().map(|(place, value)| T::read(value, &at.index(place), errors)).collect();
    read.into_iter().collect()
}

impl<T: Field> Field for Vec<T> {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        read_list(value, LONGEST_LIST, at, errors)
    }
    /// In a query: values with commas between.
    fn read_text(text: &str, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        let read: Vec<Option<T>> = text.split(',').take(LONGEST_LIST).map(|part| T::read_text(part, at, errors)).collect();
        read.into_iter().collect()
    }
    fn schema(schemas: &mut Schemas) -> Value {
        json!({ "type": "array", "items": T::schema(schemas), "maxItems": LONGEST_LIST })
    }
}
