//! A merchant's bank account, as it is said and shown (BIL-3).

use crate::errors::{Errors, Pointer};
use crate::fields::Line;
use crate::input::Field;
use crate::json::Json;
use crate::schema::Schemas;
use crate::view::View;
use crate::{input, view};
use serde::Serializer;
use serde_json::{Value, json};
use tradepost_domain::merchants::BankAccount;
use tradepost_kernel::bank::{InvalidBic, InvalidIban};
use tradepost_kernel::{Bic, Iban};

fn text_of(value: &Json) -> &str {
    if let Json::Text(text) = value { text } else { "" }
}

/// In capital or small letters, with spaces or without.
impl Field for Iban {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        text_of(value).parse().map_or_else(|why: InvalidIban| errors.refuse(at, why.detail()), Some)
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "examples": ["DE89 3704 0044 0532 0130 00"] })
    }
}

impl Field for Bic {
    fn read(value: &Json, at: &Pointer, errors: &mut Errors) -> Option<Self> {
        text_of(value).parse().map_or_else(|why: InvalidBic| errors.refuse(at, why.detail()), Some)
    }
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "examples": ["COBADEFFXXX"] })
    }
}

impl View for Iban {
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$", "examples": ["DE89370400440532013000"] })
    }
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl View for Bic {
    fn schema(_schemas: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$", "examples": ["COBADEFFXXX"] })
    }
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

input! {
    /// The account that wires go to.
    pub struct NewBankAccount {
        /// Whose it is, as the bank has it.
        pub holder: Line<{ BankAccount::LONGEST_HOLDER }>,
        /// Its number (IBAN, ISO 13616); spaces and small letters are allowed.
        pub iban: Iban,
        /// Its bank (BIC, ISO 9362), null for none; within the European Economic Area the IBAN alone is enough.
        pub bic: Option<Bic>,
    }
}

impl From<NewBankAccount> for BankAccount {
    fn from(new: NewBankAccount) -> Self {
        Self { holder: new.holder.into_string(), iban: new.iban, bic: new.bic }
    }
}

view! {
    /// The account that wires go to.
    pub struct BankAccountView {
        /// Whose it is.
        pub holder: String,
        /// Its number (IBAN), without spaces, in capital letters.
        pub iban: Iban,
        /// Its bank (BIC).
        pub bic: Option<Bic>,
    }
}

impl From<BankAccount> for BankAccountView {
    fn from(account: BankAccount) -> Self {
        Self { holder: account.holder, iban: account.iban, bic: account.bic }
    }
}

impl From<BankAccountView> for BankAccount {
    fn from(account: BankAccountView) -> Self {
        Self { holder: account.holder, iban: account.iban, bic: account.bic }
    }
}
