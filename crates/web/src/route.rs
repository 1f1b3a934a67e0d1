//! One row of the table of routes.

use crate::answer::Answer;
use crate::call::Call;
use crate::input::Input;
use crate::problem::Problem;
use crate::schema::{FieldDoc, Schemas};
use crate::view::{ListView, View};
use crate::voice::Voice;
use axum::http::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use tradepost_domain::access::Side;
use tradepost_domain::{Command, Right};
use tradepost_store::BoxFuture;

/// What answers a request.
pub type Handler = Arc<dyn Fn(Call) -> BoxFuture<'static, Result<Answer, Problem>> + Send + Sync>;

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nobody said yet: the table is refused by [`Routes::mistakes`], and the route answers nobody.
    Undeclared,
    /// Anybody; credentials are not looked at.
    Public,
    /// Anybody, but who has a valid session or key is known: pages that look different to those who signed in.
    Anyone,
    /// A person who signed in, whatever their role and whether or not they named a merchant or partnership.
    SignedIn,
    /// Who holds the right, on the side of the path.
    Right(Right),
    /// Who has the key of a dynamic URL, which stands here; no other credential is looked at (EXT-6).
    DynamicUrl(KeyPlace),
}

/// Where the key of a dynamic URL stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// It is the last segment of the path.
    Path,
    /// It is the parameter `api_key`.
    Query,
}

/// What the fields of an HTML form are sent as.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// An answer of a route, for the document.
#[derive(Clone)]
pub struct AnswerDoc {
    /// Its status.
    pub status: u16,
    /// Its content type; `None` where it has no body.
    pub content: Option<&'static str>,
    /// Its schema.
    pub schema: fn(&mut Schemas) -> Value,
}

/// One row of the table.
#[derive(Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The template, `/v1/reseller/orders/{id}`; `{*rest}` at the end takes the rest of a path.
    pub path: &'static str,
    /// The operation's id, camelCase; the name of its list and of its metrics.
    pub operation: &'static str,
    /// The chapter of the document.
    pub tag: &'static str,
    /// What it does: a first sentence that stands alone, then more.
    pub doc: &'static str,
    /// Who may ask.
    pub access: Access,
    /// Whether it works while the partnership is not active.
    pub inactive_ok: bool,
    /// Whether a person must have proved a short while ago that it is them; keys are not asked.
    pub fresh: bool,
    /// The body's schema and whether there may be one.
    pub body: Option<fn(&mut Schemas) -> Value>,
    /// Whether the body must be there.
    pub body_required: bool,
    /// Content type of the body where it is not JSON.
    pub body_type: &'static str,
    /// Whether a form of the same fields is taken too.
    pub or_form: bool,
    /// Bytes that the body may have at most.
    pub body_limit: Option<usize>,
    /// Whether the handler reads the body piece by piece.
    pub streams: bool,
    /// The parameters of the query.
    pub query: Option<fn(&mut Schemas) -> Vec<FieldDoc>>,
    /// Whether it is a list: `limit` and `cursor`.
    pub is_list: bool,
    /// Whether `Idempotency-Key` is read (a POST that creates or acts).
    pub idempotent: bool,
    /// Whether its command asks for key and partnership again, in its transaction.
    pub asks_again: bool,
    /// Whether it is a page for people: no part of the OpenAPI document, problems are shown as HTML.
    pub is_page: bool,
    /// The answers.
    pub answers: Vec<AnswerDoc>,
    /// Codes that it refuses with, besides those of the floor.
    pub refusals: Vec<&'static str>,
    pub(crate) handler: Handler,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({})", self.method, self.path, self.operation)
    }
}

/// What the fields of an input, however deep, may be refused with. Their schemas tell.
fn field_codes<T: Input>() -> Vec<&'static str> {
    let mut schemas = Schemas::default();
    let _ = T::schema(&mut schemas);
    let text = schemas.into_value().to_string();
    let by_schema: [(&str, &[&'static str]); 4] = [
        ("\"maxLength\"", &["invalid_text"]),
        ("\"format\":\"email\"", &["invalid_email"]),
        ("schemas/Money\"", &["invalid_amount"]),
        ("schemas/Quantity\"", &["invalid_quantity", "quantity_out_of_range"]),
    ];
    let found = by_schema.iter().filter(|(part, _)| text.contains(part)).flat_map(|(_, codes)| *codes);
    ["unknown_field", "read_only_field", "invalid_field"].iter().chain(found).copied().collect()
}

/// Whether a path is this one or below it.
pub(crate) fn below(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where the pages of a merchant's workspace are: which merchant stands in the path, so that two tabs may show two.
pub const MERCHANT_PAGES: &str = "/m/{merchant}";
/// Where the pages of a reseller's workspace are, by partnership.
pub const RESELLER_PAGES: &str = "/r/{partnership}";

/// Which side a path is on.
#[must_use]
pub fn side_of_path(path: &str) -> Option<Side> {
    if below(path, "/v1/merchant") || below(path, "/m") {
        Some(Side::Merchant)
    } else if below(path, "/v1/reseller") || below(path, "/reseller/v1") || below(path, "/r") {
        Some(Side::Reseller)
    } else {
        None
    }
}

impl Route {
    /// Which side its path is on.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        side_of_path(self.path)
    }

    /// Whether it is there to change something.
    pub(crate) fn changes(&self) -> bool {
        self.method != Method::GET
    }

    /// Whether its path says which merchant or partnership is meant, as pages of a workspace do; a header is not read then.
    #[must_use]
    pub fn names_place(&self) -> bool {
        below(self.path, MERCHANT_PAGES) || below(self.path, RESELLER_PAGES)
    }

    /// In which form its no is told.
    #[must_use]
    pub fn voice(&self) -> Voice {
        Voice::of_path(self.path)
    }

    /// Whether it is part of the contract: the OpenAPI document, `/docs`. Pages and the skin for the client of Shoppex are not.
    #[must_use]
    pub fn in_contract(&self) -> bool {
        !self.is_page && self.voice() != Voice::Shoppex
    }

    /// Whether the credential, if any, stands in no header.
    #[must_use]
    pub const fn is_without_header(&self) -> bool {
        matches!(self.access, Access::Public | Access::Anyone | Access::DynamicUrl(_))
    }

    /// The chapter of the document.
    pub fn tag(&mut self, tag: &'static str) -> &mut Self {
        self.tag = tag;
        self
    }

    /// What it does: a first sentence that stands alone, then more.
    pub fn doc(&mut self, doc: &'static str) -> &mut Self {
        self.doc = doc;
        self
    }

    /// Anybody may ask.
    pub fn public(&mut self) -> &mut Self {
        self.access = Access::Public;
        self
    }

    /// Anybody may ask; who signed in is known.
    pub fn anyone(&mut self) -> &mut Self {
        self.access = Access::Anyone;
        self
    }

    /// Who signed in may ask.
    pub fn signed_in(&mut self) -> &mut Self {
        self.access = Access::SignedIn;
        self
    }

    /// Who holds this right may ask.
    pub fn needs(&mut self, right: Right) -> &mut Self {
        self.access = Access::Right(right);
        self
    }

    /// Who has the key of a dynamic URL may ask. Its order id makes a repeated call safe.
    pub fn dynamic_url(&mut self, place: KeyPlace) -> &mut Self {
        self.access = Access::DynamicUrl(place);
        self.not_idempotent()
    }

    /// It takes this JSON body.
    pub fn body<T: Input>(&mut self) -> &mut Self {
        self.body = Some(T::schema);
        self.refuses(&["malformed_body", "unsupported_content_type", "body_too_large"]).refuses(&field_codes::<T>())
    }

    /// It takes this JSON body, or none: see [`Call::has_body`](crate::call::Call::has_body).
    pub fn body_optional<T: Input>(&mut self) -> &mut Self {
        self.body_required = false;
        self.body::<T>()
    }

    /// It takes the fields of its JSON body as an HTML form too.
    pub fn or_form(&mut self) -> &mut Self {
        self.or_form = true;
        self
    }

    /// It takes the fields of an HTML form, as [`Call::form`](crate::call::Call::form).
    pub fn form<T: Input>(&mut self) -> &mut Self {
        self.body = Some(T::schema);
        self.body_type = FORM;
        self.refuses(&["malformed_body", "unsupported_content_type", "body_too_large"]).refuses(&field_codes::<T>())
    }

    /// It takes a body of another type, as [`Call::bytes`](crate::call::Call::bytes).
    pub fn body_of(&mut self, content_type: &'static str) -> &mut Self {
        self.body = Some(|_| json!({ "type": "string" }));
        self.body_type = content_type;
        self.refuses(&["unsupported_content_type", "body_too_large"])
    }

    /// It takes a form that may bring a file, of this many bytes in all, as [`Call::upload`](crate::call::Call::upload) reads it.
    pub fn upload(&mut self, bytes: usize) -> &mut Self {
        self.body_of(crate::upload::MULTIPART).body_limit(bytes).refuses(&["malformed_body"])
    }

    /// Its body may have this many bytes instead of what is set for all.
    pub fn body_limit(&mut self, bytes: usize) -> &mut Self {
        self.body_limit = Some(bytes);
        self
    }

    /// The handler reads the body piece by piece, with [`Call::body_stream`](crate::call::Call::body_stream).
    pub fn streams(&mut self) -> &mut Self {
        self.streams = true;
        self
    }

    /// It takes these parameters.
    pub fn query<T: Input>(&mut self) -> &mut Self {
        self.query = Some(T::fields);
        self
    }

    /// It answers this with the status.
    pub fn answers<V: View>(&mut self, status: u16) -> &mut Self {
        self.answers.push(AnswerDoc { status, content: Some("application/json"), schema: V::schema });
        self
    }

    /// It answers a page of these: `limit` and `cursor` are read.
    pub fn lists<V: View>(&mut self) -> &mut Self {
        self.is_list = true;
        self.answers::<ListView<V>>(200)
    }

    /// It answers without a body (204, 303, …).
    pub fn answers_nothing(&mut self, status: u16) -> &mut Self {
        self.answers.push(AnswerDoc { status, content: None, schema: |_| Value::Null });
        self
    }

    /// It answers 200 with a text of this type (`text/csv`, `text/html`, …).
    pub fn answers_text(&mut self, content_type: &'static str) -> &mut Self {
        self.answers.push(AnswerDoc { status: 200, content: Some(content_type), schema: |_| json!({ "type": "string" }) });
        self
    }

    /// It runs this command: what that refuses with is listed.
    pub fn command<C: Command>(&mut self) -> &mut Self {
        self.refuses(C::REFUSALS)
    }

    /// It refuses with these codes too.
    pub fn refuses(&mut self, codes: &[&'static str]) -> &mut Self {
        for code in codes {
            if !self.refusals.contains(code) {
                self.refusals.push(code);
            }
        }
        self
    }

    /// It works while the partnership is not active.
    pub fn inactive_ok(&mut self) -> &mut Self {
        self.inactive_ok = true;
        self
    }

    /// A session must have been proved within 15 minutes: for what reveals many codes, or changes keys, people, sign-ins or where money goes.
    pub fn fresh(&mut self) -> &mut Self {
        self.fresh = true;
        self
    }

    /// `Idempotency-Key` has no meaning here: sign-in, sign-up, resets (PLT-3).
    pub fn not_idempotent(&mut self) -> &mut Self {
        self.idempotent = false;
        self
    }

    /// Its command asks for key and partnership again, in its transaction: the hot path reads neither before it.
    pub fn asks_again(&mut self) -> &mut Self {
        self.asks_again = true;
        self
    }

    /// It is a page for people. A form of a workspace is idempotent by the key that stands in it (see [`Call::form_key`](crate::call::Call::form_key)).
    pub fn page(&mut self) -> &mut Self {
        self.is_page = true;
        self
    }

    /// Every code that it may answer with, the floor's included.
    #[must_use]
    pub fn all_refusals(&self) -> Vec<&'static str> {
        let mut codes = self.refusals.clone();
        let mut add = |more: &[&'static str]| {
            more.iter().for_each(|code| {
                if !codes.contains(code) {
                    codes.push(code)
                }
            })
        };
        if !matches!(self.access, Access::Public | Access::Anyone) {
            add(&["unauthenticated", "too_many_requests"]);
        }
        if matches!(self.access, Access::Right(_) | Access::SignedIn) {
            add(&["forbidden"]);
        }
        if self.fresh {
            add(&["fresh_proof_required"]);
        }
        if self.side() == Some(Side::Reseller) && !self.inactive_ok && matches!(self.access, Access::Right(_)) {
            add(&["partnership_not_active"]);
        }
        if self.side() == Some(Side::Merchant) && self.changes() && matches!(self.access, Access::Right(_)) {
            add(&["merchant_closed"]);
        }
        if let Access::DynamicUrl(_) = self.access {
            add(&["not_a_browser_endpoint", "partnership_not_active", "not_found", "outcome_unknown"]);
        }
        // On a side of its own even a path without an id: the merchant or partnership that was named may not be there.
        if self.path.contains('{') || self.side().is_some() {
            add(&["not_found"]);
        }
        if self.idempotent {
            add(&["idempotency_key_reused", "invalid_idempotency_key"]);
        }
        // A key in a query is looked for on every path, before it is asked what the path is for.
        add(&["invalid_query", "credential_in_url", "storage_unavailable"]);
        if self.method != Method::GET {
            add(&["outcome_unknown"]);
        }
        codes
    }
}
