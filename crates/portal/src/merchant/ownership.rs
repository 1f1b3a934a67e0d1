//! An owner hands the merchant over to another member of the staff (PAR-14).

use crate::forms::Typed;
use crate::room::{Room, done};
use crate::shared::ownership::{TransferForm, page};
use tradepost_domain::identity::full_name;
use tradepost_domain::merchants::{TransferMerchant, queries};
use tradepost_domain::{PersonId, Right};
use tradepost_web::{Answer, Call, Problem, Routes};

async fn others(call: &Call, room: &Room) -> Result<Vec<(PersonId, String)>, Problem> {
    let scope = call.merchant()?;
    let staff = call.read(move |reader| Box::pin(async move { queries::staff(reader, scope).await })).await?;
    let others = staff.into_iter().filter(|member| member.person != room.person());
    Ok(others.map(|member| (member.person, format!("{} ({})", full_name(&member.first_name, &member.last_name), member.email))).collect())
}

async fn answer(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let after = room.t("You become an admin. The sandbox goes along.", "Sie werden Verwaltung. Die Sandbox geht mit.");
    Ok(page(call, room, &others(call, room).await?, after, typed))
}

async fn ask(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    answer(&call, &room, &Typed::default()).await
}

async fn transfer(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let merchant = call.merchant()?.merchant;
    let transferred = match call.form::<TransferForm>() {
        Ok(form) => call.execute(TransferMerchant { merchant, to: form.to }).await.map(drop),
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
    r.get("/m/{merchant}/people/transfer", "merchantTransferPage", ask).needs(Right::MerchantOwn).fresh().page();
    r.post("/m/{merchant}/people/transfer", "merchantTransferForm", transfer)
        .needs(Right::MerchantOwn)
        .fresh()
        .page()
        .form::<TransferForm>()
        .command::<TransferMerchant>();
}
