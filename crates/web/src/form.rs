//! Forms of pages: what was typed, and the key that keeps a second sending from having a second effect.

use crate::call::Call;
use crate::errors::{Errors, Pointer};
use crate::input::{Input, Source};
use crate::problem::Problem;
use crate::upload::MULTIPART;
use std::fmt::Write as _;

/// Names that the fields of a form have at most: each is looked for among those before it, and a stranger may send a form too.
pub(crate) const MOST_NAMES: usize = 1_000;

/// The name of the field that holds the key of a form.
pub const FORM_KEY: &str = "_key";

impl Call {
    /// What was typed into an HTML form, without what the form carries unseen (names that begin with `_`). A name that stands
    /// several times, as of boxes that were ticked, has all its values with commas between. Of a form that may bring a file the file is left out.
    ///
    /// # Errors
    /// 400 `malformed_body`.
    pub fn typed(&self) -> Result<Vec<(String, String)>, Problem> {
        if crate::floor::is_of_type(&self.headers, MULTIPART) {
            return Ok(self.upload()?.fields().to_vec());
        }
        let malformed = || Problem::bad_request("malformed_body", "The form is not UTF-8 or has a broken % escape.");
        let text = std::str::from_utf8(&self.body).map_err(|_| malformed())?;
        let mut typed: Vec<(String, String)> = Vec::new();
        for (name, value) in crate::query::pairs(text).map_err(|_| malformed())? {
            if name.starts_with('_') {
                continue;
            }
            match typed.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => {
                    values.push(',');
                    values.push_str(&value);
                }
                None => {
                    if typed.len() == MOST_NAMES {
                        return Err(Problem::bad_request("malformed_body", "The form has too many fields."));
                    }
                    typed.push((name, value));
                }
            }
        }
        Ok(typed)
    }

    /// A new key for a form: it is sent along unseen as [`FORM_KEY`], so that a second sending has no second effect (PLT-3).
    #[must_use]
    pub fn form_key(&self) -> String {
        self.app.engine.environment.random::<16>().iter().fold(String::with_capacity(32), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The fields of an HTML form. A field that is empty counts as left out.
    ///
    /// # Errors
    /// 400 `malformed_body`; 422 with everything that is wrong with its fields.
    pub fn form<T: Input>(&self) -> Result<T, Problem> {
        Self::read_form(&self.typed()?)
    }

    /// Reads some fields of a form.
    ///
    /// # Errors
    /// 422 with everything that is wrong with them.
    pub fn read_form<T: Input>(pairs: &[(String, String)]) -> Result<T, Problem> {
        let mut errors = Errors::default();
        let read = T::take(Source::Form(pairs), &Pointer::root(), &mut errors);
        match read {
            Some(read) if errors.is_empty() => Ok(read),
            _ => Err(Problem::fields(errors)),
        }
    }
}
