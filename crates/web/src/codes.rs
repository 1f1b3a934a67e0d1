//! Every code that an answer may carry, its status, and what it means: the one table behind problems, the OpenAPI
//! document and the list of errors on `/docs`.

use axum::http::StatusCode;
use tradepost_kernel::Class;

/// The one place that maps the class of a refusal to a status.
#[must_use]
pub const fn status_of(class: Class) -> StatusCode {
    match class {
        Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Forbidden => StatusCode::FORBIDDEN,
        Class::Unauthenticated => StatusCode::UNAUTHORIZED,
        Class::Conflict => StatusCode::CONFLICT,
        Class::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
        Class::Gone => StatusCode::GONE,
        Class::Stale => StatusCode::PRECONDITION_FAILED,
        Class::TooOften => StatusCode::TOO_MANY_REQUESTS,
        Class::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A code, its status and its meaning.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// The status it is answered with.
    pub status: u16,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

const fn code(status: u16, code: &'static str, meaning: &'static str) -> Code {
    Code { code, status, meaning }
}

/// The codes of the floor itself and those of commands that were named in the contract of the public surface.
pub const CODES: &[Code] = &[
    code(400, "malformed_body", "The body is not JSON, has a key twice, is not UTF-8 or is nested too deeply."),
    code(400, "malformed_request", "The request could not be read."),
    code(400, "invalid_query", "A query parameter is unknown, stands twice or has no valid value; or the cursor is not one of this list."),
    code(400, "credential_in_url", "A key or token stands in the URL, where logs keep it. Send it in the Authorization header, and rotate it."),
    code(400, "invalid_idempotency_key", "Idempotency-Key must have 1–255 printable ASCII characters."),
    code(401, "unauthenticated", "There is no valid credential."),
    code(402, "insufficient_balance", "The prepaid balance does not cover it."),
    code(403, "forbidden", "The role or key does not hold the right."),
    code(403, "fresh_proof_required", "It is long ago that the session's person proved that it is them: do so by POST /v1/me/proofs, then repeat the call."),
    code(403, "cross_site_request", "A browser sent this from another site."),
    code(403, "partnership_not_active", "The partnership is not approved (any more)."),
    code(403, "two_step_on", "Two-step sign-in is on for this account. Sign in by password and code."),
    code(403, "unknown_account", "Nobody here has the account that another house vouches for."),
    code(403, "not_a_browser_endpoint", "This address is for servers, not for browsers."),
    code(404, "not_found", "There is nothing here by that path or id."),
    code(404, "product_not_available", "There is no such product for this partnership."),
    code(405, "method_not_allowed", "The path is known, the method is not one of it."),
    code(408, "request_timeout", "The body did not arrive in time; nothing was done."),
    code(409, "external_order_conflict", "The external order id was used with other contents."),
    code(409, "out_of_stock", "There are not enough license keys."),
    code(409, "channel_required", "The partnership has no channel yet."),
    code(409, "setup_incomplete", "The merchant has not finished its settings."),
    code(409, "program_closed", "The program takes no new resellers."),
    code(422, "terms_not_accepted", "Whoever signs up accepts the terms of the program first."),
    code(409, "no_channel", "The merchant has no channel to approve into."),
    code(409, "order_confirmed", "The order was placed and cannot be changed."),
    code(409, "free_order_final", "An order without a price cannot be undone."),
    code(409, "not_enough_credit", "The order is held: it goes beyond the credit limit."),
    code(409, "credit_limit_reached", "The credit limit is reached."),
    code(409, "no_license_available", "There is no license left."),
    code(409, "sku_taken", "Another product has this SKU."),
    code(409, "name_taken", "Another one has this name."),
    code(409, "too_many_views", "As many views of this list are kept as can be."),
    code(409, "price_list_in_use", "A channel sells from this price list."),
    code(409, "import_in_progress", "Another import is staging keys of the product."),
    code(409, "import_abandoned", "The import is over: it was given up or taken in."),
    code(409, "batch_not_in_stock", "The keys of the batch did not come into stock, or not yet."),
    code(409, "batch_busy", "Something else is being done with the keys of the batch."),
    code(409, "order_canceled", "The order was canceled."),
    code(409, "order_not_placed", "The order is still a draft."),
    code(409, "order_delivered", "The order was delivered and cannot be canceled."),
    code(409, "end_user_required", "The license needs its end user before its code is given out."),
    code(409, "nothing_to_send", "The license carries no code."),
    code(409, "nothing_to_reveal", "The license carries no code that can be shown."),
    code(409, "license_of_fulfillment", "The license was delivered to an external shop: its fulfillment is read, revealed or canceled."),
    code(409, "nothing_to_attach", "Every license of the order that it is for has it already."),
    code(409, "license_canceled", "The license was canceled."),
    code(409, "license_distributed", "The license was given to its end user and cannot be changed."),
    code(409, "not_waiting_for_confirmation", "The license does not wait for the merchant's confirmation."),
    code(409, "invoice_canceled", "The invoice was canceled."),
    code(409, "top_up_paid", "Some of the top-up was paid and is balance already."),
    code(409, "cancel_request_open", "An earlier request for the same fulfillment is not decided yet."),
    code(409, "nothing_to_cancel", "It was taken back before."),
    code(409, "approval_required", "Orders above an amount need the approval of an owner: ask for it."),
    code(409, "awaiting_approval", "The draft waits for the approval of an owner; withdraw it to change it."),
    code(409, "approval_not_requested", "Nobody waits for the approval of this order."),
    code(409, "merchant_closed", "The merchant's account is closed: it can be read, and nothing can be changed."),
    code(409, "merchant_not_closed", "The merchant's account is not closed."),
    code(409, "orders_open", "Orders are not complete; the account cannot be closed."),
    code(409, "fulfillments_open", "Fulfillments are still being delivered; the account cannot be closed."),
    code(409, "cancel_requests_open", "Requests to take fulfillments back are not decided; the account cannot be closed."),
    code(409, "invoices_open", "Invoices are not paid; the account cannot be closed."),
    code(409, "balances_open", "Balances are held for resellers; the account cannot be closed."),
    code(409, "already_yours", "You own it already."),
    code(409, "address_not_confirmed", "This person never signed in by the link that they were sent."),
    code(409, "owner_not_limited", "An owner has no spending limit."),
    code(409, "not_pending", "The request was decided or withdrawn; see `state`."),
    code(409, "currency_changed", "It was paid in a currency that the partnership no longer buys in, so nothing goes back for it now."),
    code(409, "not_delivered", "The fulfillment is still being delivered."),
    code(409, "not_processing", "The fulfillment is not being delivered any more."),
    code(409, "too_many_codes", "So many codes are downloaded, not shown in one answer."),
    code(410, "gone", "It was here and has expired."),
    code(412, "stale_version", "It was changed meanwhile: read it again."),
    code(413, "body_too_large", "The body is larger than this path takes."),
    code(414, "uri_too_long", "The URL is too long."),
    code(415, "unsupported_content_type", "The body must be of the content type that this path takes."),
    code(415, "unsupported_content_encoding", "The body must not be compressed."),
    code(422, "unknown_field", "The body has a field that is not known here."),
    code(422, "read_only_field", "The body has a field that only the server sets."),
    code(422, "invalid_field", "A field is missing or of another type or form."),
    code(422, "invalid_amount", "An amount has too many digits or does not fit."),
    code(422, "invalid_quantity", "A quantity is not a whole number of at least 1."),
    code(422, "quantity_out_of_range", "A quantity is outside what is allowed."),
    code(422, "invalid_text", "A text has control characters or line breaks."),
    code(422, "invalid_email", "An address is not one e-mail address."),
    code(422, "idempotency_key_reused", "The Idempotency-Key was used for another body."),
    code(422, "order_empty", "The order has no items."),
    code(422, "spending_limit_exceeded", "Your own spending limit of the month does not allow the order; an owner can approve it."),
    code(422, "purchase_limit_exceeded", "The partnership may not buy that many."),
    code(422, "too_many_items", "The order has more items than an order may have."),
    code(422, "payment_method_not_allowed", "The merchant does not take this method of payment."),
    code(422, "currency_mismatch", "The currencies differ."),
    code(422, "einvoice_incomplete", "The invoice lacks something that an e-invoice has to say; each thing is named."),
    code(422, "refund_too_small", "Codes that nobody saw go back to stock, so their cost goes back at least."),
    code(422, "refund_too_large", "No more goes back than it cost, less what went back before."),
    code(422, "price_missing", "The product has no price in this currency."),
    code(422, "not_available_yet", "Known, but not in this version."),
    code(422, "invalid_part", "A part of a bundle is missing or a bundle itself."),
    code(422, "variant_follows_parent", "A variant is shared and sold as its parent is."),
    code(422, "invalid_header", "The first line of the file is not the header that is needed."),
    code(422, "product_not_found", "There is no such product."),
    code(422, "not_key_pool", "The product takes no keys from a pool."),
    code(422, "too_many_lines", "The file has more lines than are read."),
    code(422, "import_refused", "The file has errors, so nothing of it was taken in; each is named by its line."),
    code(429, "too_many_requests", "The limit of requests is reached; see Retry-After."),
    code(431, "headers_too_large", "The header fields are too large."),
    code(400, "merchant_required", "You work for several merchants: name one in Tradepost-Merchant."),
    code(400, "partnership_required", "You are in several programs: name one in Tradepost-Partnership."),
    code(401, "invalid_credentials", "The e-mail address or the password is wrong."),
    code(401, "second_step_failed", "The code or passkey of the second step is wrong, or was used already."),
    code(401, "passkey_refused", "The passkey opens nothing here, or its answer took too long."),
    code(409, "totp_on", "Two-step sign-in is on already."),
    code(409, "totp_off", "Two-step sign-in is not on."),
    code(409, "only_way_in", "It is the only way in which you sign in; set a password or add a passkey first."),
    code(409, "passkey_known", "The passkey was added before."),
    code(409, "too_many_passkeys", "A person has no more passkeys than that."),
    code(410, "second_step_expired", "The second step took too long or was done already: sign in again."),
    code(422, "code_needed", "Prove it by a code or a passkey: two-step sign-in is on."),
    code(422, "invalid_code", "The code is wrong, too old, or was used already."),
    code(422, "invalid_passkey", "The passkey's answer is not valid here, or took too long."),
    code(422, "user_verification_required", "The passkey did not make sure of its person, by a finger, a face or a PIN, where it has to."),
    code(422, "wrong_password", "The password is wrong."),
    code(409, "partnership_step_not_allowed", "The partnership's status does not allow this step; see `state`."),
    code(409, "partnership_was_approved", "Only a sign-up that was never approved can be deleted."),
    code(409, "already_enrolled", "The reseller already is in the program."),
    code(409, "channel_in_use", "Partnerships are in the channel."),
    code(409, "member_exists", "The person already is in there."),
    code(409, "address_taken", "Another account has this e-mail address."),
    code(409, "already_set_up", "The server has a merchant already."),
    code(409, "last_owner", "Somebody has to stay the owner."),
    code(409, "currency_in_use", "The currency changes only while nothing is open."),
    code(409, "key_not_usable", "The key is disabled, expired or was rotated."),
    code(409, "key_disabled_by_merchant", "The merchant disabled the key; only the merchant can enable it."),
    code(409, "key_disabled_by_reseller", "The reseller disabled the key; only the reseller can enable it."),
    code(410, "link_used", "The link was used already."),
    code(410, "link_expired", "The link has expired."),
    code(410, "sign_in_expired", "The sign-in at another house took too long or was finished already."),
    code(422, "same_address", "The new e-mail address is the one of now."),
    code(422, "invalid_logo", "The file is no picture that can be a logo: PNG, JPEG or WebP, at most 256 KB and 2,000 pixels on a side."),
    code(422, "unknown_scope", "This is not a scope of this kind of key."),
    code(429, "too_many_attempts", "Too many attempts to sign in."),
    code(500, "internal", "A fault on the server, which was logged under the request id."),
    code(503, "issuer_unavailable", "The other house does not answer, or not so that it is believed; nothing was done."),
    code(503, "overloaded", "Too many requests at once; nothing was done."),
    code(503, "storage_unavailable", "The database cannot be reached or written; nothing was done."),
    code(503, "outcome_unknown", "The connection broke while committing. Repeat with the same Idempotency-Key."),
];

/// What is known of a code.
#[must_use]
pub fn known(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code == code)
}

/// What a code means; empty where it is not known.
#[must_use]
pub fn meaning(code: &str) -> &'static str {
    known(code).map_or("", |known| known.meaning)
}

/// A title from a code: `not_found` is `Not found`.
#[must_use]
pub fn title(code: &str) -> String {
    let text = code.replace('_', " ");
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
