//! An owner hands the reseller's company over to another of its users (PAR-14).

use crate::forms::Typed;
use crate::room::{Room, done};
use crate::shared::ownership::{TransferForm, page};
use tradepost_domain::identity::full_name;
use tradepost_domain::partners::{TransferReseller, queries};
use tradepost_domain::{PersonId, Right};
use tradepost_web::{Answer, Call, Problem, Routes};

async fn others(call: &Call, room: &Room) -> Result<Vec<(PersonId, String)>, Problem> {
    let reseller = room.caller.reseller()?;
    let users = call.read(move |reader| Box::pin(async move { queries::users(reader, reseller).await })).await?;
    let others = users.into_iter().filter(|user| user.person != room.person());
    Ok(others.map(|user| (user.person, format!("{} ({})", full_name(&user.first_name, &user.last_name), user.email))).collect())
}

async fn answer(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let after = room.t("You stay as a seller, in all programs of your company.", "Sie bleiben als Verkauf, in allen Programmen Ihrer Firma.");
    Ok(page(call, room, &others(call, room).await?, after, typed))
}

async fn ask(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    answer(&call, &room, &Typed::default()).await
}

async fn transfer(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let transferred = match call.form::<TransferForm>() {
        Ok(form) => call.execute(TransferReseller { to: form.to }).await.map(drop),
        Err(no) => Err(no),
    };
    match transferred {
        Ok(()) => Ok(done(&call, &room.path("/people"), room.t("Ownership transferred.", "Inhaberschaft übergeben."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(answer(&call, &room, &typed).await?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    r.get("/r/{partnership}/people/transfer", "transferPage", ask).needs(Right::ResellerPeopleManage).fresh().page().inactive_ok();
    r.post("/r/{partnership}/people/transfer", "transferForm", transfer)
        .needs(Right::ResellerPeopleManage)
        .fresh()
        .page()
        .inactive_ok()
        .form::<TransferForm>()
        .command::<TransferReseller>();
}
