//! Download Active Licenses: codes as a file. It shows codes and distributes nothing (FUL-7).

use super::activate::{limit_reached, may_leave, product_number};
use super::queries;
use super::standing::Standing;
use crate::access::{Need, Right};
use crate::audit::AuditEntry;
use crate::catalog::EndUserInformation;
use crate::command::{Command, Ctx, No};
use crate::ids::{LicenseId, LicenseKeyId, OrderId};
use crate::licenses::queries::CodeRow;
use crate::licenses::{self, Stage};
use crate::stock;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_kernel::id::Noun;
use tradepost_kernel::{Id, Refusal};
use tradepost_store::Tx;

/// The most codes in one file; what is beyond comes with the next order's file.
pub const MOST_CODES: i64 = 100_000;

/// What is downloaded.
#[derive(Clone, Debug)]
pub enum Download {
    /// The available licenses of a product, by id or SKU.
    Product(String),
    /// The licenses of an order.
    Order(OrderId),
}

/// Shows the codes of licenses that may be distributed now: one audit row with their range, each key marked as
/// shown. The codes themselves are opened by the reader of the outcome.
#[derive(Clone, Debug)]
pub struct DownloadLicenses {
    /// Which.
    pub what: Download,
}

/// A line of the file, its code still sealed.
#[derive(Clone, Debug)]
pub struct CodeLine {
    /// The license.
    pub license: LicenseId,
    /// The number of its product.
    pub product: i64,
    /// Its key.
    pub key: LicenseKeyId,
    /// The key's code, as [`stock::open_code`] opens it.
    pub sealed: Vec<u8>,
}

/// What the file holds. Only its number is kept: a GET has no idempotency key, a list of a hundred thousand ids would weigh megabytes in
/// the command's row, and codes stand in none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DownloadOutcome {
    /// How many lines.
    pub count: usize,
    /// The lines, in the order of the file.
    #[serde(skip)]
    pub lines: Vec<CodeLine>,
}

#[async_trait::async_trait]
impl Command for DownloadLicenses {
    const NAME: &'static str = "licenses.download";
    const REFUSALS: &'static [&'static str] = &[
        "not_found",
        "partnership_not_active",
        "product_not_available",
        "not_enough_credit",
        "credit_limit_reached",
        "end_user_required",
        "no_license_available",
    ];
    type Outcome = DownloadOutcome;
    const KEPT: bool = false;

    fn need(&self) -> Need {
        Need::Right(Right::LicensesDistribute)
    }

    async fn run(&self, ctx: &mut Ctx, tx: &mut Tx<'_>) -> Result<DownloadOutcome, No> {
        let scope = ctx.caller().partnership()?;
        let standing = Standing::load(tx, scope).await?.ok_or_else(Refusal::not_found)?;
        standing.partnership.may_trade()?;
        let licenses = match &self.what {
            Download::Product(text) => of_product(tx, &standing, text).await?,
            Download::Order(order) => of_order(tx, &standing, *order).await?,
        };
        let unseen: Vec<LicenseKeyId> = licenses.iter().filter(|row| row.shown.is_none()).filter_map(|row| Some(row.key.as_ref()?.0)).collect();
        // From here it must succeed.
        stock::mark_shown(ctx, tx, scope.merchant, &unseen).await?;
        let line = |row: CodeRow| row.key.map(|(key, sealed)| CodeLine { license: row.license, product: row.product, key, sealed });
        let lines: Vec<CodeLine> = licenses.into_iter().filter_map(line).collect();
        let id = |line: Option<&CodeLine>| line.map(|line| line.license);
        let after = json!({"count": lines.len(), "first": id(lines.first()), "last": id(lines.last())});
        match &self.what {
            Download::Order(order) => note(ctx, &standing, *order, after),
            Download::Product(_) => note(ctx, &standing, scope.partnership, after),
        }
        Ok(DownloadOutcome { count: lines.len(), lines })
    }
}

fn note<N: Noun>(ctx: &mut Ctx, standing: &Standing, subject: Id<N>, after: serde_json::Value) {
    let scope = standing.scope();
    ctx.audit(AuditEntry::new(scope.merchant, "licenses.downloaded", subject).of(scope.partnership).after(after));
}

/// While the limit is reached there is no such file (CRD-5), whatever is paid.
async fn of_product(tx: &mut Tx<'_>, standing: &Standing, text: &str) -> Result<Vec<CodeRow>, No> {
    let scope = standing.scope();
    let product = product_number(tx, standing, text).await?;
    if standing.exposure.limit_reached() {
        return Err(limit_reached().into());
    }
    let found = licenses::queries::available_codes(tx, scope, product, MOST_CODES).await?;
    let (free, owned): (Vec<CodeRow>, Vec<CodeRow>) = found.into_iter().partition(|l| l.end_user_information == EndUserInformation::None);
    if free.is_empty() && !owned.is_empty() {
        return Err(end_user_required().into());
    }
    if free.is_empty() {
        let waiting = queries::undistributed(tx, scope, product).await?;
        if waiting.held > 0 && standing.exposure.limit.is_some() {
            return Err(Refusal::conflict("not_enough_credit", "The licenses of this product lie in held orders.").into());
        }
        return Err(Refusal::conflict("no_license_available", "No license of this product is left.").into());
    }
    Ok(free)
}

async fn of_order(tx: &mut Tx<'_>, standing: &Standing, order: OrderId) -> Result<Vec<CodeRow>, No> {
    let scope = standing.scope();
    let order = queries::order(tx, scope.of_merchant(), Some(scope.partnership), order).await?.ok_or_else(Refusal::not_found)?;
    let licenses = licenses::queries::codes_of_order(tx, scope.merchant, order.id).await?;
    if order.placed.is_some() && order.canceled.is_none() {
        may_leave(standing, &order)?;
        if standing.exposure.limit_reached() {
            return Err(limit_reached().into());
        }
    }
    let in_file = |row: &CodeRow| is_in_file(row.stage, row.end_user_information, row.key.is_some());
    let (found, others): (Vec<CodeRow>, Vec<CodeRow>) = licenses.into_iter().partition(in_file);
    if found.is_empty() {
        let owned = others.iter().any(|license| license.stage == Stage::Available);
        let none = || Refusal::conflict("no_license_available", "No license of this order can be downloaded.").in_state(order.state.name());
        return Err(if owned { end_user_required() } else { none() }.into());
    }
    Ok(found)
}

/// Whether the file of an order holds a license: what needs no end user, and what was activated: that has its owner, and its code was shown.
pub(super) fn is_in_file(stage: Stage, end_user_information: EndUserInformation, has_key: bool) -> bool {
    let lies_ready = stage == Stage::Available && end_user_information == EndUserInformation::None;
    has_key && (stage == Stage::Distributed || lies_ready)
}

fn end_user_required() -> Refusal {
    Refusal::conflict("end_user_required", "These licenses need their owner: activate them one by one.")
}
