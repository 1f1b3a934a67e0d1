//! A new channel, changes of one, and its end.

use super::{one, price_lists};
use crate::forms::{Typed, question};
use crate::room::{Room, Spot, done};
use maud::{Markup, html};
use tradepost_design::badge::Tone;
use tradepost_design::{Button, note};
use tradepost_domain::partners::{CreateChannel, DeleteChannel, UpdateChannel};
use tradepost_domain::{ChannelId, PriceListId, Right};
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// A channel.
    pub struct ChannelForm {
        /// What it is called; unique.
        pub name: Line<100>,
        /// Whose products and prices it offers.
        pub price_list: PriceListId,
        /// Whether orders are answered by mail.
        pub order_email: Option<bool>,
    }
}

fn fields(room: &Room, lists: &[(PriceListId, String)], typed: &Typed) -> Markup {
    let ids: Vec<String> = lists.iter().map(|(id, _)| id.to_string()).collect();
    let choices: Vec<(&str, &str)> = ids.iter().map(String::as_str).zip(lists.iter().map(|(_, name)| name.as_str())).collect();
    let missing = room.t("Create a price list first: a channel sells from one.", "Legen Sie zuerst eine Preisliste an: Ein Kanal verkauft aus einer.");
    html! {
        (typed.field("name", room.t("Name", "Name")).whole().text())
        @if choices.is_empty() {
            (note::note(Tone::Warn, room.t("There is no price list yet", "Es gibt noch keine Preisliste"), missing, Some(&Button::new(room.t("Price lists", "Preislisten")).small().to(&room.path("/price-lists")))))
        } @else {
            (typed.field("price_list", room.t("Price list", "Preisliste")).hint(room.t("What its resellers may order, and at which prices. A change applies to new orders only.", "Was seine Reseller bestellen dürfen und zu welchen Preisen. Eine andere gilt nur für neue Bestellungen.")).whole().select(&choices))
        }
        (typed.field("order_email", room.t("E-mail about each order", "E-Mail zu jeder Bestellung")).hint(room.t("When an order is confirmed, its reseller gets one e-mail with the amount, the due date and the invoice. Without it, all of that is on the order's page.", "Ist eine Bestellung bestätigt, bekommt ihr Reseller eine E-Mail mit Betrag, Fälligkeit und Rechnung. Ohne sie steht alles auf der Seite der Bestellung.")).whole().switch())
    }
}

async fn begin(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    new_page(&call, &room, &Typed::new([("order_email", "true".to_owned())])).await
}

async fn new_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let lists = price_lists(call).await?;
    let (title, path) = (room.t("New channel", "Neuer Kanal"), room.path("/channels"));
    let act = Button::new(room.t("Create channel", "Kanal anlegen")).primary();
    Ok(room.dialog(Spot::Channels, title, &question(call, &room.look, title, &fields(room, &lists, typed), typed, &path, &act, &path)))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let created = match call.form::<ChannelForm>() {
        Ok(form) => {
            let command = CreateChannel { name: form.name.into(), price_list: form.price_list, order_email: form.order_email.unwrap_or(false) };
            call.execute(command).await.map(|done| done.outcome.channel)
        }
        Err(no) => Err(no),
    };
    match created {
        Ok(id) => Ok(done(&call, &room.path(&format!("/channels/{id}")), room.t("Channel created.", "Kanal angelegt."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(new_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

async fn ask_edit(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let channel = one(&call).await?;
    let values = [("name", channel.name), ("price_list", channel.price_list.to_string()), ("order_email", channel.order_email.to_string())];
    edit_page(&call, &room, &Typed::new(values)).await
}

async fn edit_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let (id, lists) = (call.path::<ChannelId>("id")?, price_lists(call).await?);
    let (title, path) = (room.t("Edit channel", "Kanal bearbeiten"), room.path(&format!("/channels/{id}")));
    let act = Button::new(room.t("Save", "Speichern")).primary();
    let inside = question(call, &room.look, title, &fields(room, &lists, typed), typed, &format!("{path}/edit"), &act, &path);
    Ok(room.dialog(Spot::Channels, title, &inside))
}

async fn edit(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let channel: ChannelId = call.path("id")?;
    let edited = match call.form::<ChannelForm>() {
        Ok(form) => {
            // A box that is not ticked is not sent.
            let (name, order_email) = (Some(form.name.into()), Some(form.order_email.unwrap_or(false)));
            call.execute(UpdateChannel { channel, version: None, name, price_list: Some(form.price_list), order_email }).await.map(drop)
        }
        Err(no) => Err(no),
    };
    match edited {
        Ok(()) => Ok(done(&call, &room.path(&format!("/channels/{channel}")), room.t("Channel saved.", "Kanal gespeichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(edit_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

async fn ask_delete(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    delete_page(&call, &room, &Typed::default()).await
}

async fn delete_page(call: &Call, room: &Room, typed: &Typed) -> Result<Answer, Problem> {
    let channel = one(call).await?;
    let (title, path) = (room.t("Delete channel", "Kanal löschen"), room.path(&format!("/channels/{}", channel.id)));
    let text = html! {
        p { strong { (channel.name) } }
        p { (room.t("The channel and its terms are removed for good. It can be deleted only while no reseller is in it; move them first.", "Der Kanal und seine Konditionen werden endgültig entfernt. Das geht nur, solange kein Reseller in ihm ist; verschieben Sie diese zuerst.")) }
        p class="muted" { (room.t("Its price list stays.", "Seine Preisliste bleibt.")) }
    };
    let act = Button::new(title).danger();
    Ok(room.dialog(Spot::Channels, title, &question(call, &room.look, title, &text, typed, &format!("{path}/delete"), &act, &path)))
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match call.execute(DeleteChannel { channel: call.path("id")? }).await {
        Ok(_) => Ok(done(&call, &room.path("/channels"), room.t("Channel deleted.", "Kanal gelöscht."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            Ok(delete_page(&call, &room, &typed).await?.with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::MerchantManage;
    r.get("/m/{merchant}/channels/new", "merchantNewChannelPage", begin).needs(right).page();
    r.post("/m/{merchant}/channels", "merchantCreateChannelForm", create).needs(right).page().form::<ChannelForm>().command::<CreateChannel>();
    r.get("/m/{merchant}/channels/{id}/edit", "merchantEditChannelPage", ask_edit).needs(right).page();
    r.post("/m/{merchant}/channels/{id}/edit", "merchantEditChannelForm", edit).needs(right).page().form::<ChannelForm>().command::<UpdateChannel>();
    r.get("/m/{merchant}/channels/{id}/delete", "merchantDeleteChannelPage", ask_delete).needs(right).page();
    r.post("/m/{merchant}/channels/{id}/delete", "merchantDeleteChannelForm", delete).needs(right).page().command::<DeleteChannel>();
}
