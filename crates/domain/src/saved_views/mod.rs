//! Saved views: the filters of a list under a name, one's own or shared with the house.
//!
//! Always true here: a view belongs to the person who saved it and to one workspace (a merchant's, or one partnership's); only
//! owners and admins share one, and only they change or delete one that is shared, whoever saved it: a person who was given another role
//! or left the house takes nothing along that others work with. What it filters is data: nobody sees more through it than without it.
//!
//! What does not belong: what a list can be filtered by.

mod change;
pub mod queries;
mod store;

pub use change::{ChangeView, DeleteView, SaveView, ViewChanged};

use crate::access::{Caller, MerchantRole, ResellerRole, named};
use crate::ids::{PartnershipId, PersonId, SavedViewId, nobody};
use tradepost_kernel::Refusal;

/// Which list a view is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ListName {
    Orders,
    Invoices,
    Resellers,
    Messages,
    Audit,
    Products,
    Licenses,
    Fulfillments,
    CancelRequests,
    Payments,
    Stock,
    LicenseKeys,
    KeyImports,
    People,
    Requests,
}
named!(ListName {
    Orders = "orders",
    Invoices = "invoices",
    Resellers = "resellers",
    Messages = "messages",
    Audit = "audit",
    Products = "products",
    Licenses = "licenses",
    Fulfillments = "fulfillments",
    CancelRequests = "cancel_requests",
    Payments = "payments",
    Stock = "stock",
    LicenseKeys = "license_keys",
    KeyImports = "key_imports",
    People = "people",
    Requests = "requests",
});

/// Whose views: a merchant's workspace, or one partnership's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The merchant's number.
    pub merchant: i64,
    /// The partnership; nobody's in the merchant's own.
    pub partnership: PartnershipId,
}

impl Workspace {
    /// The caller's.
    ///
    /// # Errors
    /// `forbidden` where there is none.
    pub fn of(caller: &Caller) -> Result<Self, Refusal> {
        match caller.partnership() {
            Ok(scope) => Ok(Self { merchant: scope.merchant, partnership: scope.partnership }),
            Err(_) => Ok(Self { merchant: caller.merchant()?.merchant, partnership: nobody() }),
        }
    }
}

/// Whether somebody may share views with the house, and change and delete shared ones.
#[must_use]
pub const fn may_share(caller: &Caller) -> bool {
    match caller {
        Caller::MerchantPerson { role, .. } => matches!(role, MerchantRole::Owner | MerchantRole::Admin),
        Caller::ResellerPerson { role, .. } => matches!(role, ResellerRole::Owner),
        _ => false,
    }
}

/// A person in a workspace, and whether they may share.
#[derive(Clone, Copy, Debug)]
struct Keeper {
    workspace: Workspace,
    person: PersonId,
    may_share: bool,
}

impl Keeper {
    fn of(caller: &Caller) -> Result<Self, Refusal> {
        let person = caller.person().ok_or_else(|| Refusal::forbidden("forbidden", "Views are people's; a key has none."))?;
        Ok(Self { workspace: Workspace::of(caller)?, person, may_share: may_share(caller) })
    }
}

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Which one.
    pub id: SavedViewId,
    /// Who saved it.
    pub person: PersonId,
    /// Of which list.
    pub list: ListName,
    /// What it is called.
    pub name: String,
    /// The filters, as they stand in the address of the page: `state=draft&q=PO`.
    pub query: String,
    /// Whether everybody of the house sees it.
    pub shared: bool,
    /// Counts changes.
    pub version: i64,
}
