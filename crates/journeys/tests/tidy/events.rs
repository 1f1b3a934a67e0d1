//! Every kind of event that the domain announces, and what it means.

use crate::source::{Source, closing};
use crate::tree;
use std::collections::BTreeSet;

/// What each kind tells, in one line. A kind without a line here fails, and so does a line without a kind.
pub const MEANINGS: &[(&str, &str)] = &[
    ("api_key.created", "An API key was made; it is shown to nobody again."),
    ("api_key.deleted", "An API key was deleted."),
    ("api_key.disabled", "An API key was switched off."),
    ("api_key.enabled", "An API key was switched on again."),
    ("api_key.rotated", "An API key got a successor; the old one ends at its time."),
    ("auto_top_up.changed", "When a partnership's prepaid balance is topped up by itself was changed."),
    ("balance.low", "A debit left a prepaid balance below its threshold, and a top-up was issued by itself."),
    ("balance.topped_up", "Some of a top-up was paid: the prepaid balance is higher."),
    ("cancel_request.approved", "The merchant took back what a reseller asked for; the refund went to its prepaid balance."),
    ("cancel_request.created", "A reseller asks for a fulfillment, or some of its licenses, to be taken back."),
    ("cancel_request.rejected", "The merchant does not take back what a reseller asked for."),
    ("cancel_request.withdrawn", "A reseller withdrew a request before it was decided."),
    ("channel.created", "A channel was made."),
    ("channel.deleted", "A channel that nobody was in was deleted."),
    ("channel.terms_changed", "Terms of a channel changed."),
    ("channel.updated", "A channel's name, price list or switches changed."),
    ("fulfillment.accepted", "A large sale of an external shop was paid and accepted; its licenses are being made."),
    ("fulfillment.delivered", "The codes of a sale of an external shop were handed over, or can be downloaded."),
    ("fulfillment.failed", "A large sale of an external shop could not be delivered; its money went back."),
    ("fulfillment.refunded", "Codes of a sale of an external shop were taken back."),
    ("invoice.issued", "An invoice was issued, over a placed order or prepaid balance."),
    ("invoice.paid", "An invoice was paid in full."),
    ("key_import.moved", "The keys of a batch that are not sold became another product's."),
    ("key_import.revoked", "The keys of a batch that are not sold were revoked."),
    ("license.activated", "A license was activated for a customer."),
    ("license.confirmed", "The merchant confirmed that it delivered a license."),
    ("license.sent", "A license is to be sent to its customer, for the first time or again."),
    ("merchant.branding_changed", "A merchant's name, logo, color or sender of mails changed."),
    ("merchant.closed", "An owner closed a merchant's account; its partnerships are closed along with it."),
    ("merchant.created", "A merchant and its sandbox were made, and their first owner."),
    ("merchant.member_added", "Somebody joined a merchant's staff."),
    ("merchant.member_changed", "A member of a merchant's staff got another role."),
    ("merchant.member_removed", "Somebody left a merchant's staff."),
    ("merchant.ownership_transferred", "An owner handed the merchant over to another member of its staff."),
    ("merchant.reopened", "The operator opened a closed account again, with the partnerships that were closed along with it."),
    ("merchant.updated", "A merchant's settings changed."),
    ("order.approval_declined", "An owner of the reseller declined a draft that one of its users asked about."),
    ("order.approval_requested", "A user of the reseller asks its owners to approve a draft."),
    ("order.approval_withdrawn", "A user of the reseller took back what its owners were asked about."),
    ("order.canceled", "A placed order was canceled; its debt and its reservations are gone."),
    ("order.completed", "Nothing is left to do for an order."),
    ("order.held", "An order was placed and waits for credit or payment."),
    ("order.placed", "A draft was confirmed; from here it is owed."),
    ("order.released", "The goods of an order may go out."),
    ("order.reservation_ended", "An order was not paid in time and gave back the keys that it reserved; it stays, and reserves again once it is released."),
    ("order_approval.changed", "The amount above which orders of a reseller's users need an owner's approval changed."),
    ("partnership.activated", "A partnership placed its first order."),
    ("partnership.approved", "A reseller may trade."),
    ("partnership.balance_due", "A partnership owes beyond what it may."),
    ("partnership.balance_due_cleared", "A partnership owes no more than it may."),
    ("partnership.closed", "A partnership ended for good."),
    ("partnership.created", "The merchant enrolled a reseller by hand."),
    ("partnership.deleted", "A sign-up that was never approved was deleted."),
    ("partnership.denied", "A reseller was not let in."),
    ("partnership.moved", "A partnership went to another channel, or to none."),
    ("partnership.product_shared", "A product was given to a partnership directly, withheld from it, or neither any more."),
    ("partnership.reactivated", "A suspended partnership may trade again."),
    ("partnership.signed_up", "A reseller signed up; it waits for the merchant, or was approved at once as the program says."),
    ("partnership.suspended", "A partnership may not trade for now."),
    ("partnership.terms_changed", "Terms of a partnership changed."),
    ("payment.recorded", "The merchant wrote down a payment."),
    ("person.email_change_requested", "Somebody wants another e-mail address; it counts once it is confirmed."),
    ("person.email_changed", "Somebody confirmed another e-mail address, which is theirs now."),
    ("person.email_confirmed", "Somebody showed that an e-mail address is theirs."),
    ("person.factors_reset", "The operator took somebody's second factors and passkeys away; their sessions ended."),
    ("person.issuer_linked", "Somebody signed in at an issuer for the first time; from now on it vouches for them."),
    ("person.issuer_unlinked", "Somebody removed an account at an issuer: it no longer vouches for them."),
    ("person.passkey_added", "Somebody added a passkey."),
    ("person.passkey_removed", "Somebody removed a passkey."),
    ("person.password_reset_requested", "Somebody forgot a password."),
    ("person.password_set", "Somebody set a password; their sessions ended."),
    ("person.recovery_code_used", "Somebody signed in, or proved that it is them, by a recovery code."),
    ("person.recovery_codes_made", "Somebody made new recovery codes; the old ones work no longer."),
    ("person.sign_up_repeated", "Somebody signed up with an address that has an account already."),
    ("person.signed_up", "A new person signed up."),
    ("person.totp_switched_off", "Somebody switched two-step sign-in off."),
    ("person.totp_switched_on", "Somebody switched two-step sign-in on."),
    ("person.updated", "Somebody changed their name, language or time zone."),
    ("product.changed", "A product's fields changed."),
    ("product.created", "A product or variant was made."),
    ("product.prices_set", "The prices of a product in one book and currency were set."),
    ("program.terms_changed", "Terms of the program changed."),
    ("reseller.member_added", "Somebody joined a reseller's users."),
    ("reseller.member_changed", "A reseller's user got another role."),
    ("reseller.member_removed", "Somebody left a reseller's users."),
    ("reseller.ownership_transferred", "An owner handed a reseller's company over to another of its users."),
    ("reseller.updated", "A reseller's profile changed."),
    ("spending_limit.changed", "What a user of a reseller may order in a calendar month changed."),
    ("stock.arrived", "Keys of an import became stock, or were moved to the product; backorders can be filled."),
    ("stock.back", "A product's stock is above its threshold, or above zero, again."),
    ("stock.expired", "Keys that were not sold by their last day were taken out of stock."),
    ("stock.low", "A product's stock fell to its threshold."),
    ("stock.out", "A product's stock ran out."),
    ("top_up.canceled", "A top-up of which nothing was paid was canceled."),
    ("top_up.requested", "An invoice over prepaid balance was issued, on request or by itself."),
];

/// Where the kind is handed in: the file that makes the event, and the noun that such kinds begin with. They are then the texts
/// `noun.…` of that slice, names of commands, audit rows and sabotage aside.
const HANDED_IN: &[(&str, &str)] = &[
    ("crates/domain/src/identity/api_keys.rs", "api_key"),
    ("crates/domain/src/partners/mod.rs", "partnership"),
    ("crates/domain/src/partners/steps.rs", "partnership"),
    ("crates/domain/src/stock/shelf.rs", "stock"),
    ("crates/domain/src/stock/store.rs", "stock"),
];

/// The second argument of a call: the text in it, or `None` where it is no text.
fn second_argument(source: &Source, open: usize) -> Option<&str> {
    let end = closing(&source.code, open);
    let (mut at, mut commas) = (open + 1, 0);
    while at < end && commas == 0 {
        at = match source.code.as_bytes()[at] {
            b'(' | b'[' | b'{' => closing(&source.code, at),
            byte => {
                commas += usize::from(byte == b',');
                at + 1
            }
        };
    }
    let from = at + source.code[at..end].len() - source.code[at..end].trim_start().len();
    source.literals.iter().find(|literal| literal.at == from).map(|literal| literal.text.as_str())
}

/// What calls of `name` are given as their second argument, and where.
fn calls<'a>(source: &'a Source, name: &str) -> Vec<(usize, Option<&'a str>)> {
    source.finds(name).into_iter().map(|at| (at, second_argument(source, at + name.len() - 1))).collect()
}

fn slice(path: &str) -> &str {
    path.split('/').nth(3).unwrap_or("")
}

fn is_kind(text: &str, noun: &str) -> bool {
    let word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    text.strip_prefix(noun).and_then(|rest| rest.strip_prefix('.')).is_some_and(word)
}

/// The texts of a slice that are kinds of events of a noun.
fn handed_in(source: &Source, noun: &str) -> Vec<String> {
    let audits: Vec<&str> = calls(source, "AuditEntry::new(").into_iter().filter_map(|(_, text)| text).collect();
    let is_name = |at: usize| source.code[..at].rsplit('\n').next().is_some_and(|line| line.contains("const NAME") || line.contains("sabotage::"));
    let kinds = source.house_literals().filter(|literal| is_kind(&literal.text, noun) && !is_name(literal.at) && !audits.contains(&literal.text.as_str()));
    kinds.map(|literal| literal.text.clone()).collect()
}

/// Every kind, and every place that hands one in without standing in the table above.
fn kinds(sources: &[&Source], table: &[(&str, &str)]) -> (BTreeSet<String>, Vec<String>) {
    let mut kinds = BTreeSet::new();
    let mut wrong = Vec::new();
    for source in sources {
        for (at, kind) in calls(source, "Event::new(") {
            match kind {
                Some(kind) => {
                    kinds.insert(kind.to_owned());
                }
                None if table.iter().any(|(path, _)| *path == source.path) => {}
                None => wrong.push(format!("{}: the kind is no text; list the file in HANDED_IN", source.place(at))),
            }
        }
        for (_, noun) in table.iter().filter(|(path, _)| slice(path) == slice(&source.path)) {
            kinds.extend(handed_in(source, noun));
        }
    }
    (kinds, wrong)
}

fn wrong(kinds: &BTreeSet<String>, meanings: &[(&str, &str)]) -> Vec<String> {
    let unexplained = kinds.iter().filter(|kind| !meanings.iter().any(|(known, _)| known == kind)).map(|kind| format!("{kind} has no meaning in the table"));
    let gone = meanings.iter().filter(|(known, _)| !kinds.contains(*known)).map(|(known, _)| format!("{known} is announced by nothing"));
    unexplained.chain(gone).collect()
}

fn announced() -> (BTreeSet<String>, Vec<String>) {
    let domain: Vec<&Source> = tree::house().filter(|source| source.krate() == "domain").collect();
    kinds(&domain, HANDED_IN)
}

#[test]
fn every_event_has_a_meaning_and_every_mail_an_event() {
    let (kinds, mut found) = announced();
    assert!(kinds.len() > 20, "the events were not found");
    found.extend(wrong(&kinds, MEANINGS));
    let rules = tradepost_domain::notices::rules::RULES;
    found.extend(rules.iter().filter(|rule| !kinds.contains(rule.event)).map(|rule| format!("notices/rules.rs: no event is {}", rule.event)));
    crate::assert_none("events", &found);
}

#[test]
fn an_event_that_nobody_explained_is_told() {
    let literal = Source::new("crates/domain/src/orders/place.rs", "fn f() { ctx.announce(Event::new(a.b(1, 2), \"order.placed\", id, json!({}))); }");
    let text = "const NAME: &str = \"stock.import\";\nif sabotage::is(\"stock.twice\") {}\nfn f() { AuditEntry::new(m, \"stock.set\", x); note(\"stock.low\"); Event::new(m, kind, x, json!({})); }";
    let handed = Source::new("crates/domain/src/stock/store.rs", text);
    let (found, none) = kinds(&[&literal, &handed], HANDED_IN);
    assert_eq!((found.iter().map(String::as_str).collect::<Vec<_>>(), none.len()), (vec!["order.placed", "stock.low"], 0));
    assert_eq!(kinds(&[&handed], &[]).1, ["crates/domain/src/stock/store.rs:3: the kind is no text; list the file in HANDED_IN"]);
    assert_eq!(wrong(&found, &[("order.placed", "x"), ("order.lost", "x")]), ["stock.low has no meaning in the table", "order.lost is announced by nothing"]);
}
