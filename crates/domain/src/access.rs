//! Who asks, and what they may do (PAR-14): one table of rights for routes, commands and the docs.

use crate::ids::{ApiKeyId, PartnershipId, PersonId, ResellerId};
use tradepost_kernel::Refusal;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody that is known: sign-up, sign-in, resets.
    Nobody,
    /// The server itself, following an event or a clock.
    System,
    /// The operator at the command line of the machine.
    Operator,
    /// A person who signed in and named no merchant or partnership yet.
    Person {
        /// Who.
        person: PersonId,
        /// Their name, for the audit trail.
        name: String,
    },
    /// A merchant's member of staff.
    MerchantPerson {
        /// Who.
        person: PersonId,
        /// Their name, for the audit trail.
        name: String,
        /// The merchant's number.
        merchant: i64,
        /// Their role there.
        role: MerchantRole,
    },
    /// A merchant's API key.
    MerchantKey {
        /// Which key.
        key: ApiKeyId,
        /// Its name, for the audit trail.
        name: String,
        /// The merchant's number.
        merchant: i64,
        /// What it may do.
        rights: Vec<Right>,
    },
    /// A reseller's user, inside one partnership.
    ResellerPerson {
        /// Who.
        person: PersonId,
        /// Their name, for the audit trail.
        name: String,
        /// Their company.
        reseller: ResellerId,
        /// Inside which partnership they act.
        scope: PartnershipScope,
        /// Their role in the company.
        role: ResellerRole,
    },
    /// A partnership's API key.
    PartnershipKey {
        /// Which key.
        key: ApiKeyId,
        /// Its name, for the audit trail.
        name: String,
        /// The one partnership that it reaches.
        scope: PartnershipScope,
        /// What it may do.
        rights: Vec<Right>,
    },
}

/// Everything of one merchant. Every query of a merchant takes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MerchantScope {
    /// The merchant's number.
    pub merchant: i64,
}

/// Everything that one partnership may see. Every query of a reseller takes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PartnershipScope {
    /// The merchant's number.
    pub merchant: i64,
    /// The partnership.
    pub partnership: PartnershipId,
}

impl PartnershipScope {
    /// Its lane: commands of one merchant follow one another, those of different ones need not. They meet at its stock and its
    /// revenue anyway: partnerships in lanes of their own waited for each other there, and came to less in smaller sets.
    #[must_use]
    pub const fn lane(self) -> u64 {
        self.merchant.unsigned_abs()
    }

    /// The merchant's whole, for the parts of a command that need it (stock, counters).
    #[must_use]
    pub const fn of_merchant(self) -> MerchantScope {
        MerchantScope { merchant: self.merchant }
    }
}

/// A role in a merchant's staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table of rights says what each may do")]
pub enum MerchantRole {
    Owner,
    Admin,
    Fulfillment,
    Finance,
    Support,
}

/// A role in a reseller's company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table of rights says what each may do")]
pub enum ResellerRole {
    Owner,
    Seller,
    Finance,
    Viewer,
}

macro_rules! named {
    ($type:ty { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The stored and public name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
            /// By its name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use named;

named!(MerchantRole { Owner = "owner", Admin = "admin", Fulfillment = "fulfillment", Finance = "finance", Support = "support" });
named!(ResellerRole { Owner = "owner", Seller = "seller", Finance = "finance", Viewer = "viewer" });

macro_rules! rights {
    ($( $side:ident { $($variant:ident = $name:literal [$($role:ident),*] $doc:literal),+ $(,)? } )+) => {
        /// What may be done: the unit that roles hold and that API keys are given as scopes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Right { $($( #[doc = $doc] $variant, )+)+ }

        named!(Right { $($($variant = $name),+),+ });

        impl Right {
            /// One sentence for the docs.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $($(Self::$variant => $doc,)+)+ }
            }
            /// Whether it is a merchant's or a reseller's.
            #[must_use]
            pub const fn side(self) -> Side {
                match self { $($(Self::$variant => Side::$side,)+)+ }
            }
            /// The roles that hold it, by name, besides the owner (and, at a merchant, the admin, but for what is an owner's alone), who hold all of their side.
            #[must_use]
            pub const fn roles(self) -> &'static [&'static str] {
                match self { $($(Self::$variant => &[$(stringify!($role)),*],)+)+ }
            }
        }
    };
}

/// Which of the two workspaces a right belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `/v1/merchant`.
    Merchant,
    /// `/v1/reseller`.
    Reseller,
}

rights! {
    Merchant {
        MerchantRead = "merchant.read" [fulfillment, finance, support] "See the merchant's settings, resellers, products, orders, licenses (masked), invoices and messages.",
        MerchantManage = "merchant.manage" [] "Change the merchant's settings, program and channels.",
        CatalogManage = "catalog.manage" [] "Create and change products, prices and price lists.",
        StockRead = "stock.read" [fulfillment, finance, support] "See stock counts and masked keys.",
        StockManage = "stock.manage" [fulfillment] "Import license keys and set thresholds.",
        PartnersManage = "partners.manage" [] "Approve, deny, suspend and close resellers, create them by hand, set their terms and products.",
        OrdersManage = "orders.manage" [fulfillment] "Cancel orders and change who owns their licenses.",
        FulfillmentConfirm = "fulfillment.confirm" [fulfillment] "Confirm that the merchant delivered.",
        LicensesReveal = "licenses.reveal" [fulfillment] "See a code in full (audited).",
        LicensesSend = "licenses.send" [fulfillment, support] "Send a license to its owner (again).",
        BillingManage = "billing.manage" [finance] "Record payments, and decide on requests to take fulfillments back and what is refunded for them.",
        KeysManage = "keys.manage" [] "Create, rotate and disable API keys; disable a partnership's.",
        PeopleManage = "people.manage" [] "Add and remove members of staff.",
        MerchantOwn = "merchant.own" [] "Hand the merchant over to another owner, and close its account.",
        AuditRead = "audit.read" [] "Read the audit trail.",
    }
    Reseller {
        ProgramRead = "program.read" [seller, finance, viewer] "See the partnership, its terms, products and prices.",
        OrdersRead = "orders.read" [seller, finance, viewer] "See orders and licenses (masked).",
        OrdersPlace = "orders.place" [seller] "Create, change, confirm and cancel drafts; ask an owner to approve one.",
        OrdersApprove = "orders.approve" [] "Approve or decline drafts that users ask about, and set what each user may order.",
        LicensesDistribute = "licenses.distribute" [seller] "Activate, send, reveal and download licenses; attach end users.",
        FulfillmentsCreate = "fulfillments.create" [seller] "Fulfill sales of external shops from the prepaid balance: the codes are in the answer; read and download them again.",
        FulfillmentsRead = "fulfillments.read" [seller, finance, viewer] "See fulfillments of external shops (codes masked) and requests to cancel them.",
        BalanceManage = "balance.manage" [finance] "Top the prepaid balance up and set automatic top-ups.",
        InvoicesRead = "invoices.read" [seller, finance, viewer] "See invoices, payments, credit and statement.",
        ResellerKeysManage = "partnership_keys.manage" [] "Create, rotate and disable the partnership's API keys.",
        ResellerPeopleRead = "reseller_people.read" [seller, finance, viewer] "See the reseller's users.",
        ResellerPeopleManage = "reseller_people.manage" [] "Add and remove the reseller's users and change its profile.",
    }
}

impl Right {
    /// Whether an API key may hold it. Users and profile of a reseller belong to the company with all its programs, and a
    /// key reaches one of them and nothing else (PAR-16): these are for people. So is what one user asks another, and
    /// who owns a merchant.
    #[must_use]
    pub const fn is_for_keys(self) -> bool {
        !matches!(self, Self::MerchantOwn | Self::ResellerPeopleRead | Self::ResellerPeopleManage | Self::OrdersApprove)
    }

    /// Every role that holds it, by name.
    #[must_use]
    pub fn holders(self) -> Vec<&'static str> {
        let merchants = MerchantRole::ALL.iter().filter(|role| role.may(self)).map(|role| role.name());
        let resellers = ResellerRole::ALL.iter().filter(|role| role.may(self)).map(|role| role.name());
        merchants.chain(resellers).collect()
    }

    /// What a key of this side holds at most.
    pub fn all_for_keys(side: Side) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |right| right.side() == side && right.is_for_keys())
    }
}

impl MerchantRole {
    /// Whether the role holds the right.
    #[must_use]
    pub fn may(self, right: Right) -> bool {
        let holds = match self {
            Self::Owner => true,
            Self::Admin => right != Right::MerchantOwn,
            _ => right.roles().contains(&self.name()),
        };
        right.side() == Side::Merchant && holds
    }
}

impl ResellerRole {
    /// Whether the role holds the right.
    #[must_use]
    pub fn may(self, right: Right) -> bool {
        right.side() == Side::Reseller && (self == Self::Owner || right.roles().contains(&self.name()))
    }
}

/// What a command needs of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: sign-up, sign-in, resets.
    Nothing,
    /// A person who signed in, whatever their role.
    SignedIn,
    /// This right, on its own side.
    Right(Right),
    /// Either right, each on its own side: what both workspaces can do.
    Either(Right, Right),
    /// The server or its operator: relays, the command line.
    House,
}

impl Caller {
    /// Whether the caller may do what needs `need`. The server and its operator may do everything.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn authorize(&self, need: Need) -> Result<(), Refusal> {
        if let Need::Either(one, other) = need {
            return self.authorize(Need::Right(one)).or_else(|_| self.authorize(Need::Right(other)));
        }
        let granted = match (need, self) {
            (_, Self::System | Self::Operator) | (Need::Nothing, _) => true,
            (Need::SignedIn, caller) => caller.person().is_some(),
            (Need::Right(right), Self::MerchantPerson { role, .. }) => role.may(right),
            (Need::Right(right), Self::ResellerPerson { role, .. }) => role.may(right),
            (Need::Right(right), Self::MerchantKey { rights, .. } | Self::PartnershipKey { rights, .. }) => right.is_for_keys() && rights.contains(&right),
            (Need::Right(_) | Need::Either(..) | Need::House, _) => false,
        };
        let needed = match need {
            Need::Right(Right::OrdersApprove | Right::MerchantOwn) => " An owner has to do this.".to_owned(),
            Need::Right(right) if !right.is_for_keys() => format!(" This needs a person with the right {}: a key belongs to one program.", right.name()),
            Need::Right(right) => format!(" This needs the right {}.", right.name()),
            _ => String::new(),
        };
        if granted { Ok(()) } else { Err(Refusal::forbidden("forbidden", format!("Your role or key does not allow this.{needed}"))) }
    }

    /// The person, where the caller is one.
    #[must_use]
    pub const fn person(&self) -> Option<PersonId> {
        match self {
            Self::Person { person, .. } | Self::MerchantPerson { person, .. } | Self::ResellerPerson { person, .. } => Some(*person),
            _ => None,
        }
    }

    /// The merchant that the caller works for.
    ///
    /// # Errors
    /// `forbidden` where it is not merchant staff or a merchant's key.
    pub fn merchant(&self) -> Result<MerchantScope, Refusal> {
        match self {
            Self::MerchantPerson { merchant, .. } | Self::MerchantKey { merchant, .. } => Ok(MerchantScope { merchant: *merchant }),
            _ => Err(Refusal::forbidden("forbidden", "Only the merchant's staff and keys may do this.")),
        }
    }

    /// The partnership that the caller acts in.
    ///
    /// # Errors
    /// `forbidden` where it is not a reseller's user or key.
    pub fn partnership(&self) -> Result<PartnershipScope, Refusal> {
        match self {
            Self::ResellerPerson { scope, .. } | Self::PartnershipKey { scope, .. } => Ok(*scope),
            _ => Err(Refusal::forbidden("forbidden", "Only a reseller's users and keys may do this.")),
        }
    }

    /// The reseller whose user the caller is, for what concerns the company with all its programs.
    ///
    /// # Errors
    /// `forbidden` where it is not a reseller's user: a key belongs to one program.
    pub fn reseller(&self) -> Result<ResellerId, Refusal> {
        match self {
            Self::ResellerPerson { reseller, .. } => Ok(*reseller),
            _ => Err(Refusal::forbidden("forbidden", "Only the reseller's users may do this; a key belongs to one program.")),
        }
    }

    /// `actor_kind`, `actor_id`, `actor_name` of the audit trail.
    #[must_use]
    pub fn actor(&self) -> (&'static str, Option<[u8; 16]>, &str) {
        match self {
            Self::Nobody => ("nobody", None, "not signed in"),
            Self::System => ("system", None, "Tradepost"),
            Self::Operator => ("operator", None, "operator"),
            Self::Person { person, name } | Self::MerchantPerson { person, name, .. } | Self::ResellerPerson { person, name, .. } => {
                ("user", Some(person.bytes()), name)
            }
            Self::MerchantKey { key, name, .. } | Self::PartnershipKey { key, name, .. } => ("key", Some(key.bytes()), name),
        }
    }
}
