//! Enums that are spelled out in JSON.

/// Declares an enum whose values have names in JSON; it can stand in inputs, queries and views:
/// `choices! { /// How to sort. pub enum Sort { Newest = "newest", Oldest = "oldest" } }`.
#[macro_export]
macro_rules! choices {
    ($( $(#[doc = $doc:expr])* $vis:vis enum $name:ident { $( $(#[doc = $variant_doc:expr])* $variant:ident = $text:literal ),+ $(,)? } )+) => { $(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names say it")]
        $vis enum $name { $( $(#[doc = $variant_doc])* $variant ),+ }

        impl $name {
            /// Every value.
            $vis const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The name in JSON.
            #[must_use]
            $vis const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
            /// By its name.
            #[must_use]
            #[allow(dead_code, reason = "not every enum is looked up")]
            $vis fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
        $crate::named_choice!($name);
    )+ };
}

/// Makes an enum that has `ALL`, `name()` and `from_name()` (those of the domain have) usable in inputs, queries and
/// views: `named_choice!(tradepost_domain::access::MerchantRole);`. Only within this crate, for types of other crates.
#[macro_export]
macro_rules! named_choice {
    ($($type:ty),+ $(,)?) => { $(
        impl $crate::input::Field for $type {
            fn read(value: &$crate::json::Json, at: &$crate::errors::Pointer, errors: &mut $crate::errors::Errors) -> Option<Self> {
                let names = <$type>::ALL.iter().map(|value| value.name());
                $crate::fields::read_choice(value, <$type>::from_name, names, at, errors)
            }
            fn schema(_schemas: &mut $crate::schema::Schemas) -> ::serde_json::Value {
                let names: Vec<&str> = <$type>::ALL.iter().map(|value| value.name()).collect();
                ::serde_json::json!({ "type": "string", "enum": names })
            }
        }
        impl $crate::view::View for $type {
            fn schema(schemas: &mut $crate::schema::Schemas) -> ::serde_json::Value {
                <$type as $crate::input::Field>::schema(schemas)
            }
            fn write<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    )+ };
}
