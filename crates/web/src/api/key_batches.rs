//! `/v1/merchant/license-keys/batches`: where keys came from, and what is done with all keys of a batch (STK-6).

mod export;

pub use export::exported;

use crate::answer::Answer;
use crate::call::{Call, OrNotFound};
use crate::errors::{Errors, Pointer};
use crate::fields::Line;
use crate::input::Patch;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::{input, named_choice, view};
use tradepost_domain::Right;
use tradepost_domain::ids::{KeyImportId, ProductId};
use tradepost_domain::stock::KeyState;
use tradepost_domain::stock::batches::{ExportBatch, MoveBatch, RevokeBatch, UpdateBatch};
use tradepost_domain::stock::queries::{self, BatchView, Work, WorkKind};
use tradepost_kernel::{Currency, Date, Money, Timestamp};

named_choice!(WorkKind);

input! {
    /// What changes of a batch; what is left out stays.
    pub struct KeyBatchChange {
        /// A note for people; null empties it.
        pub note: Patch<Line<500>>,
        /// What all of it cost you; null empties it.
        pub cost: Patch<Money>,
        /// The last day, in your time zone, on which its keys are sold; null: they do not expire. It counts for all keys of the batch that are not
        /// sold, whatever their lines said.
        pub expires_on: Patch<Date>,
    }

    /// Where the keys of a batch go.
    pub struct KeyBatchMove {
        /// The product, by id or SKU; it must take keys from a pool.
        pub product: Line<64>,
    }

    /// Which codes of a batch are exported.
    pub struct KeyBatchExportQuery {
        /// Only keys in this state.
        pub state: Option<KeyState>,
    }
}

view! {
    /// What was or is being done with the keys of a batch.
    pub struct KeyBatchWorkView {
        /// `revoke`, `move` or `expiry`.
        pub kind: WorkKind,
        /// The product that keys are moved to.
        pub product: Option<ProductId>,
        /// From when on they are not sold, for `expiry`; null: they do not expire.
        pub expires_at: Option<Timestamp>,
        /// Keys that it was done with so far.
        pub changed: i64,
        /// Keys that were left alone so far: sold, or in the other product's stock already.
        pub left: i64,
        /// When it began.
        pub begun_at: Timestamp,
        /// When it ended; null while it goes on.
        pub ended_at: Option<Timestamp>,
    }

    /// A batch: an import whose keys came in.
    pub struct KeyBatchView {
        /// The id of the import.
        pub id: KeyImportId,
        /// Where the codes came from.
        pub source: String,
        /// Who brought them, by the name of then.
        pub by: Option<String>,
        /// When.
        pub created_at: Timestamp,
        /// A note for people.
        pub note: Option<String>,
        /// What all of it cost you.
        pub cost: Option<Money>,
        /// From this moment on its keys are not sold, where a line of the file said no other.
        pub expires_at: Option<Timestamp>,
        /// Keys that came in.
        pub keys: i64,
        /// What was done last with all of them, or is being done.
        pub work: Option<KeyBatchWorkView>,
    }
}

impl From<Work> for KeyBatchWorkView {
    fn from(work: Work) -> Self {
        Self {
            kind: work.kind,
            product: work.product_id,
            expires_at: work.expires,
            changed: work.changed,
            left: work.left,
            begun_at: work.begun,
            ended_at: work.ended,
        }
    }
}

impl From<BatchView> for KeyBatchView {
    fn from(batch: BatchView) -> Self {
        Self {
            id: batch.id,
            source: batch.source,
            by: batch.by,
            created_at: batch.created,
            note: batch.note,
            cost: batch.cost,
            expires_at: batch.expires,
            keys: batch.keys,
            work: batch.work.map(KeyBatchWorkView::from),
        }
    }
}

/// An amount with its currency, as it stands in a query: `1250.00 USD`.
pub(super) fn typed_cost(text: &str) -> Result<Money, Problem> {
    let money = text.trim().split_once(' ').and_then(|(amount, currency)| currency.trim().parse::<Currency>().ok()?.parse(amount).ok());
    money.filter(|money| money.minor >= 0).ok_or_else(|| {
        let mut errors = Errors::default();
        errors.add(&Pointer::root().field("cost"), "invalid_amount", "must be an amount and its currency");
        Problem::query(errors)
    })
}

/// Adds the paths to the table.
pub(super) fn routes(r: &mut Routes) {
    let tag = "Stock";
    r.get("/v1/merchant/license-keys/batches", "listKeyBatches", list)
        .tag(tag)
        .doc("Lists batches, newest first: imports whose keys came in.")
        .needs(Right::StockRead)
        .lists::<KeyBatchView>();
    r.get("/v1/merchant/license-keys/batches/{id}", "getKeyBatch", show)
        .tag(tag)
        .doc("Shows a batch, and how far what is done with its keys is.")
        .needs(Right::StockRead)
        .answers::<KeyBatchView>(200);
    r.patch("/v1/merchant/license-keys/batches/{id}", "changeKeyBatch", change)
        .tag(tag)
        .doc("Changes note, cost and last day of a batch. Another last day is given to its keys in the background: `work` says how far that is.")
        .needs(Right::StockManage)
        .body::<KeyBatchChange>()
        .answers::<KeyBatchView>(200)
        .command::<UpdateBatch>();
    r.post("/v1/merchant/license-keys/batches/{id}/revoke", "revokeKeyBatch", revoke)
        .tag(tag)
        .doc("Revokes the keys of a batch that are not sold. Sold ones are left alone and counted. It goes on in the background: `work` says how far it is.")
        .needs(Right::StockManage)
        .answers::<KeyBatchView>(200)
        .command::<RevokeBatch>();
    r.post("/v1/merchant/license-keys/batches/{id}/move", "moveKeyBatch", move_keys)
        .tag(tag)
        .doc(
            "Moves the keys of a batch that are not sold to another product, behind its other keys. Sold ones, and codes that the product has already, \
             are left alone and counted. It goes on in the background: `work` says how far it is.",
        )
        .needs(Right::StockManage)
        .body::<KeyBatchMove>()
        .answers::<KeyBatchView>(200)
        .command::<MoveBatch>();
    r.post("/v1/merchant/license-keys/batches/{id}/export", "exportKeyBatch", export)
        .tag(tag)
        .doc("The codes of a batch in full, as CSV: `sku,code,expires_on,state`. Audited, every time.")
        .needs(Right::LicensesReveal)
        .fresh()
        .query::<KeyBatchExportQuery>()
        .answers_text("text/csv")
        .command::<ExportBatch>();
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (scope, page) = (call.merchant()?, call.page()?);
    let page = call.read(move |reader| Box::pin(async move { queries::batches(reader, scope, page).await })).await?;
    Ok(call.list(page, KeyBatchView::from))
}

/// The batch that the path names by `{id}`; an import that did not come in is none.
///
/// # Errors
/// 404; faults of the store.
pub async fn shown(call: &Call) -> Result<BatchView, Problem> {
    let (scope, id) = (call.merchant()?, call.path("id")?);
    let found = call.read(move |reader| Box::pin(async move { queries::batch(reader, scope, id).await })).await?;
    found.filter(|batch| batch.state == "done").or_not_found()
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let batch = shown(&call).await?;
    let version = batch.version;
    Ok(Answer::ok(&KeyBatchView::from(batch)).etag(version))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let body: KeyBatchChange = call.body()?;
    let command = UpdateBatch {
        scope: call.merchant()?,
        batch: call.path("id")?,
        version: call.if_match()?,
        note: body.note.map(Line::into_string).change(),
        cost: body.cost.change(),
        expires_on: body.expires_on.change(),
    };
    call.execute(command).await?;
    show(call).await
}

async fn revoke(call: Call) -> Result<Answer, Problem> {
    call.execute(RevokeBatch { scope: call.merchant()?, batch: call.path("id")? }).await?;
    show(call).await
}

async fn move_keys(call: Call) -> Result<Answer, Problem> {
    let body: KeyBatchMove = call.body()?;
    call.execute(MoveBatch { scope: call.merchant()?, batch: call.path("id")?, product: body.product.into() }).await?;
    show(call).await
}

async fn export(call: Call) -> Result<Answer, Problem> {
    let state = call.query::<KeyBatchExportQuery>()?.state;
    exported(call, state).await
}
