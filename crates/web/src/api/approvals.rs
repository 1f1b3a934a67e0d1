//! What users of a reseller may order, and the drafts that an owner is asked about (PAR-14).

use crate::api::order_shapes::{Declining, OrderView};
use crate::api::orders::shown;
use crate::input::Patch;
use crate::{Answer, Call, Problem, Routes, input, view};
use tradepost_domain::access::ResellerRole;
use tradepost_domain::orders::approval::{ApproveOrder, AskForApproval, DeclineOrder, WithdrawApproval};
use tradepost_domain::orders::spending::{self, Spendings};
use tradepost_domain::partners::spending::{Spending, approval_over};
use tradepost_domain::partners::{self, SetOrderApproval, SetSpendingLimit};
use tradepost_domain::{OrderId, PersonId, Right};
use tradepost_kernel::Money;

view! {
    /// What a user may order in this program.
    pub struct UserSpending {
        /// The person.
        pub id: PersonId,
        /// The most that they may order in a calendar month; null: no limit of their own.
        pub limit: Option<Money>,
        /// What they ordered this month and was not canceled; null without a limit.
        pub spent: Option<Money>,
        /// What is left of it this month; null without a limit.
        pub left: Option<Money>,
    }

    /// What the reseller's users may order in this program.
    pub struct SpendingView {
        /// Orders above this need the approval of an owner, unless an owner or a key confirms them; null: none do.
        pub order_approval_over: Option<Money>,
        /// Each user.
        pub users: Vec<UserSpending>,
    }
}

input! {
    /// What changes of it.
    pub struct SpendingChange {
        /// Orders above this need the approval of an owner; null: none do.
        pub order_approval_over: Patch<Money>,
    }

    /// What a user may order.
    pub struct SpendingLimitChange {
        /// The most in a calendar month, in the partnership's currency; null: no limit of their own.
        pub limit: Patch<Money>,
    }
}

/// What binds users in the program that the caller is in. Who is bound by nothing is missing.
///
/// # Errors
/// 403; faults of the store.
pub async fn of(call: &Call, people: Vec<PersonId>) -> Result<Spendings, Problem> {
    let (scope, now) = (call.partnership()?, call.now());
    call.read(move |reader| Box::pin(async move { spending::of(reader, scope, &people, now).await })).await
}

/// Above which amount an owner approves orders in the program that the caller is in.
///
/// # Errors
/// 403; faults of the store.
pub async fn over(call: &Call) -> Result<Option<Money>, Problem> {
    let scope = call.partnership()?;
    call.read(move |reader| Box::pin(async move { approval_over(reader, scope).await })).await
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let reseller = call.caller().reseller()?;
    let users = call.read(move |reader| Box::pin(async move { partners::queries::users(reader, reseller).await })).await?;
    let known = of(&call, users.iter().map(|user| user.person).collect()).await?;
    let shown = |user: &partners::queries::UserView| {
        // Owners are bound by nothing.
        let bound = known.users.get(&user.person).filter(|_| user.role != ResellerRole::Owner);
        user_spending(user.person, bound, &known)
    };
    Ok(Answer::ok(&SpendingView { order_approval_over: over(&call).await?, users: users.iter().map(shown).collect() }))
}

fn user_spending(id: PersonId, bound: Option<&Spending>, known: &Spendings) -> UserSpending {
    let limited = bound.and_then(|spending| Some((spending, spending.limit?)));
    let money = |minor: Option<i64>| known.currency.zip(minor).map(|(currency, minor)| currency.minor(minor));
    UserSpending {
        id,
        limit: limited.map(|(_, limit)| limit),
        spent: money(limited.map(|(spending, _)| spending.spent_minor)),
        left: limited.zip(known.currency).and_then(|((spending, _), currency)| money(spending.left_minor(currency))),
    }
}

async fn change(call: Call) -> Result<Answer, Problem> {
    if let Some(over) = call.body::<SpendingChange>()?.order_approval_over.change() {
        call.execute(SetOrderApproval { over }).await?;
    }
    get(call).await
}

async fn limit(call: Call) -> Result<Answer, Problem> {
    let person: PersonId = call.path("id")?;
    if let Some(limit) = call.body::<SpendingLimitChange>()?.limit.change() {
        call.execute(SetSpendingLimit { person, limit }).await?;
    }
    let known = of(&call, vec![person]).await?;
    Ok(Answer::ok(&user_spending(person, known.users.get(&person), &known)))
}

async fn answer(call: &Call, order: OrderId) -> Result<Answer, Problem> {
    let (view, version) = shown(call, order).await?;
    Ok(Answer::ok(&view).etag(version))
}

async fn ask(call: Call) -> Result<Answer, Problem> {
    let done = call.execute(AskForApproval { order: call.path("id")? }).await?;
    answer(&call, done.outcome.order).await
}

async fn withdraw(call: Call) -> Result<Answer, Problem> {
    let done = call.execute(WithdrawApproval { order: call.path("id")? }).await?;
    answer(&call, done.outcome.order).await
}

async fn approve(call: Call) -> Result<Answer, Problem> {
    let done = call.execute(ApproveOrder { order: call.path("id")?, if_version: call.if_match()? }).await?;
    answer(&call, done.outcome.order).await
}

async fn decline(call: Call) -> Result<Answer, Problem> {
    let note = call.body::<Declining>()?.note.into();
    let done = call.execute(DeclineOrder { order: call.path("id")?, note }).await?;
    answer(&call, done.outcome.order).await
}

/// Every route of them.
pub(super) fn routes(r: &mut Routes) {
    let tag = "Orders";
    r.post("/v1/reseller/orders/{id}/request-approval", "requestOrderApproval", ask)
        .tag(tag)
        .doc("Asks the owners of the reseller to approve a draft: they get a mail. Until they answer, or it is withdrawn, only they can change it.")
        .needs(Right::OrdersPlace)
        .answers::<OrderView>(200)
        .command::<AskForApproval>();
    r.post("/v1/reseller/orders/{id}/withdraw-approval", "withdrawOrderApproval", withdraw)
        .tag(tag)
        .doc("Takes back what the owners were asked about; the draft can be changed again.")
        .needs(Right::OrdersPlace)
        .answers::<OrderView>(200)
        .command::<WithdrawApproval>();
    r.post("/v1/reseller/orders/{id}/approve", "approveOrder", approve)
        .tag(tag)
        .doc("An owner approves a draft: it is confirmed in their name, with all that confirming means. `If-Match` is honored.")
        .needs(Right::OrdersApprove)
        .answers::<OrderView>(200)
        .command::<ApproveOrder>();
    r.post("/v1/reseller/orders/{id}/decline", "declineOrder", decline)
        .tag(tag)
        .doc("An owner declines a draft and says why; it stays a draft.")
        .needs(Right::OrdersApprove)
        .body::<Declining>()
        .answers::<OrderView>(200)
        .command::<DeclineOrder>();
    let tag = "Users";
    r.get("/v1/reseller/spending", "getSpending", get)
        .tag(tag)
        .doc("What the reseller's users may order in this program, and did this calendar month; and above which amount an owner approves.")
        .needs(Right::ResellerPeopleRead)
        .answers::<SpendingView>(200);
    r.patch("/v1/reseller/spending", "changeSpending", change)
        .tag(tag)
        .doc("Sets or clears the amount above which orders need the approval of an owner.")
        .needs(Right::OrdersApprove)
        .fresh()
        .body::<SpendingChange>()
        .answers::<SpendingView>(200)
        .command::<SetOrderApproval>();
    r.patch("/v1/reseller/users/{id}/spending-limit", "changeSpendingLimit", limit)
        .tag(tag)
        .doc("Sets or clears what a user may order in a calendar month in this program. Owners have no limit.")
        .needs(Right::OrdersApprove)
        .fresh()
        .body::<SpendingLimitChange>()
        .answers::<UserSpending>(200)
        .command::<SetSpendingLimit>();
}
