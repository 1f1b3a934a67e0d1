//! What some words find in a workspace, whatever it is: what the field of the portal asks while somebody types.

use crate::api::orders::sides;
use crate::fields::Line;
use crate::{Answer, Call, Problem, Routes, input, named_choice, view};
use tradepost_domain::Right;
use tradepost_domain::access::Need;
use tradepost_domain::reports::find::{self, Areas, Hit, Kind};

named_choice!(Kind);

input! {
    /// What is looked for.
    pub struct FindQuery {
        /// A number of an order or invoice, the beginning of a reference or of a company's name, a SKU or part of a product's name, an id, or the
        /// e-mail address of a customer.
        pub q: Line<100>,
    }
}

view! {
    /// Something that was found.
    pub struct HitView {
        /// What it is: `order`, `invoice`, `reseller`, `product` or `license`.
        pub kind: Kind,
        /// Its id; of a reseller that of the partnership.
        pub id: String,
        /// What it is called: a number, a name; a draft and a license by their ids.
        pub name: String,
        /// What tells it from others: the reseller and its reference, the SKU, the product.
        pub detail: Option<String>,
    }

    /// What was found, five of each kind at most.
    pub struct FoundView {
        /// Orders, invoices, resellers, products, licenses, in this order.
        pub data: Vec<HitView>,
    }
}

impl From<Hit> for HitView {
    fn from(hit: Hit) -> Self {
        Self { kind: hit.kind, id: hit.id, name: hit.name, detail: hit.detail }
    }
}

/// What some words find of what the side that asks has and the caller may see.
///
/// # Errors
/// Faults of the store.
pub async fn found(call: &Call, words: String) -> Result<Vec<HitView>, Problem> {
    let (merchant, of) = sides(call)?;
    let may = |right| of.is_none() || call.caller().authorize(Need::Right(right)).is_ok();
    let areas = Areas { orders: may(Right::OrdersRead), invoices: may(Right::InvoicesRead), resellers: of.is_none(), products: may(Right::ProgramRead) };
    let hits = call.read(move |reader| Box::pin(async move { find::find(reader, merchant, of, &words, areas).await })).await?;
    Ok(hits.into_iter().map(HitView::from).collect())
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let words: String = call.query::<FindQuery>()?.q.into();
    Ok(Answer::ok(&FoundView { data: found(&call, words).await? }))
}

/// Both routes.
pub fn routes(r: &mut Routes) {
    let doc = "What some words find, whatever it is, five of each kind at most: for a field that is asked while somebody types. Lists find more, and page.";
    r.get("/v1/merchant/search", "searchMerchant", get)
        .tag("Search (merchant)")
        .doc(doc)
        .needs(Right::MerchantRead)
        .query::<FindQuery>()
        .answers::<FoundView>(200);
    r.get("/v1/reseller/search", "search", get).tag("Search").doc(doc).needs(Right::ProgramRead).query::<FindQuery>().answers::<FoundView>(200);
}
