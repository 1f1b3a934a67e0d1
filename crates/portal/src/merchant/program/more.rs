//! Terms for one product or product group: a margin, and fewest and most units (PAR-11).

use super::change::{refused, value};
use super::spot;
use super::terms::{Kind, Owner, standing};
use crate::forms::{Typed, question};
use crate::room::{Room, done};
use maud::{Markup, html};
use tradepost_design::Button;
use tradepost_domain::catalog;
use tradepost_domain::partners::terms::{Qualifier, Setting, TermChange, TermName};
use tradepost_kernel::Currency;
use tradepost_web::fields::Line;
use tradepost_web::{Answer, Call, Problem, input};

input! {
    /// A margin for a product or a group.
    pub struct MarginForm {
        /// SKU or id of the product.
        pub product: Option<Line<64>>,
        /// The product group.
        pub group: Option<Line<100>>,
        /// The margin in percent.
        pub percent: Line<20>,
    }

    /// Fewest and most units of a product.
    pub struct LimitsForm {
        /// SKU or id of the product.
        pub product: Line<64>,
        /// Fewest units.
        pub fewest: Option<Line<20>>,
        /// Most units.
        pub most: Option<Line<20>>,
    }
}

/// What is wrong with the form: a field and a sentence, or a no of the server.
enum Wrong {
    Field(&'static str, String),
    Server(Problem),
}

impl From<Problem> for Wrong {
    fn from(no: Problem) -> Self {
        Self::Server(no)
    }
}

/// A product by SKU or id.
async fn product(call: &Call, room: &Room, text: &str) -> Result<Qualifier, Wrong> {
    let (scope, text) = (call.merchant()?, text.to_owned());
    let found = call.read(move |reader| Box::pin(async move { catalog::queries::find_product(reader, scope, &text).await })).await?;
    let missing = || Wrong::Field("product", room.t("There is no product with this SKU or id.", "Es gibt kein Produkt mit dieser SKU oder Id.").to_owned());
    found.map(|product| Qualifier::Product(product.id)).ok_or_else(missing)
}

fn read(room: &Room, name: TermName, qualifier: &Qualifier, field: &'static str, text: &str) -> Result<TermChange, Wrong> {
    // A percentage and units have no currency; any stands for none.
    let currency: Currency = room.currency;
    let value = value(room, name, currency, text).map_err(|text| Wrong::Field(field, text))?;
    Ok(TermChange { name, qualifier: qualifier.clone(), to: Setting::Value(value) })
}

pub(super) async fn ask_margin(call: Call, kind: Kind) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let owner = kind.owner(&call)?;
    standing(&call, owner).await?;
    Ok(margin_page(&call, &room, owner, &Typed::default()))
}

fn margin_page(call: &Call, room: &Room, owner: Owner, typed: &Typed) -> Answer {
    let either = room.t("or a group", "oder eine Gruppe");
    let fields = html! {
        (typed.field("product", room.t("Product", "Produkt")).example("KEY-PRO").hint(room.t("SKU or ID.", "SKU oder ID.")).optional(either).text())
        (typed.field("group", room.t("Product group", "Produktgruppe")).optional(room.t("or a product", "oder ein Produkt")).text())
        (typed.field("percent", room.t("Margin", "Marge")).after("%").numeric().hint(room.t("Off the price that is left after the wholesale discount. The most specific margin counts: product, group, general.", "Vom Preis, der nach dem Großhandelsrabatt bleibt. Die speziellste Marge zählt: Produkt, Gruppe, allgemein.")).whole().text())
    };
    page(call, room, owner, room.t("Margin for a product or group", "Marge für ein Produkt oder eine Gruppe"), "new-margin", &fields, typed)
}

pub(super) async fn ask_limits(call: Call, kind: Kind) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let owner = kind.owner(&call)?;
    standing(&call, owner).await?;
    Ok(limits_page(&call, &room, owner, &Typed::default()))
}

fn limits_page(call: &Call, room: &Room, owner: Owner, typed: &Typed) -> Answer {
    let optional = room.t("optional", "optional");
    let units = room.t("units", "Stück");
    let fields = html! {
        (typed.field("product", room.t("Product", "Produkt")).example("KEY-PRO").hint(room.t("SKU or ID.", "SKU oder ID.")).whole().text())
        (typed.field("fewest", room.t("Minimum per order line", "Mindestmenge je Position")).after(units).optional(optional).numeric().text())
        (typed.field("most", room.t("Maximum per order line", "Höchstmenge je Position")).after(units).optional(optional).numeric().text())
    };
    page(call, room, owner, room.t("Limits of a product", "Grenzen für ein Produkt"), "new-limits", &fields, typed)
}

fn page(call: &Call, room: &Room, owner: Owner, title: &str, place: &str, fields: &Markup, typed: &Typed) -> Answer {
    let (action, back) = (format!("{}/terms/{place}", owner.base(room)), owner.page(room));
    let act = Button::new(room.t("Save", "Speichern")).primary();
    room.dialog(spot(owner.kind()), title, &question(call, &room.look, title, fields, typed, &action, &act, &back))
}

/// The form once more, with what is wrong.
fn again(call: &Call, room: &Room, field: &'static str, wrong: Wrong) -> Result<(axum::http::StatusCode, Typed), Problem> {
    match wrong {
        Wrong::Field(field, text) => Ok((axum::http::StatusCode::UNPROCESSABLE_ENTITY, Typed::of(call.typed()?).wrong_with(field, &text))),
        Wrong::Server(no) => {
            let known = no.errors().iter().any(|error| ["/product", "/group", "/percent", "/fewest", "/most"].contains(&error.pointer.as_str()));
            let status = no.status();
            let typed = if known { Typed::refused(call, &room.look, no)? } else { refused(call, room, field, no)? };
            Ok((status, typed))
        }
    }
}

pub(super) async fn margin(call: Call, kind: Kind) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let owner = kind.owner(&call)?;
    match set_margin(&call, &room, owner).await {
        Ok(()) => Ok(done(&call, &owner.page(&room), room.t("Margin saved.", "Marge gespeichert."))),
        Err(wrong) => {
            let (status, typed) = again(&call, &room, "percent", wrong)?;
            Ok(margin_page(&call, &room, owner, &typed).with_status(status))
        }
    }
}

async fn set_margin(call: &Call, room: &Room, owner: Owner) -> Result<(), Wrong> {
    let form = call.form::<MarginForm>()?;
    let qualifier = match (form.product, form.group) {
        (Some(text), None) => product(call, room, &text).await?,
        (None, Some(group)) => Qualifier::Group(group.into()),
        _ => {
            let text = room.t("Name a product or a group, not both.", "Geben Sie ein Produkt oder eine Gruppe an, nicht beides.");
            return Err(Wrong::Field("product", text.to_owned()));
        }
    };
    let change = read(room, TermName::MarginPercent, &qualifier, "percent", &form.percent)?;
    Ok(owner.change(call, vec![change]).await?)
}

pub(super) async fn limits(call: Call, kind: Kind) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let owner = kind.owner(&call)?;
    match set_limits(&call, &room, owner).await {
        Ok(()) => Ok(done(&call, &owner.page(&room), room.t("Limits saved.", "Grenzen gespeichert."))),
        Err(wrong) => {
            let (status, typed) = again(&call, &room, "most", wrong)?;
            Ok(limits_page(&call, &room, owner, &typed).with_status(status))
        }
    }
}

async fn set_limits(call: &Call, room: &Room, owner: Owner) -> Result<(), Wrong> {
    let form = call.form::<LimitsForm>()?;
    let qualifier = product(call, room, &form.product).await?;
    let mut changes = Vec::new();
    if let Some(text) = &form.fewest {
        changes.push(read(room, TermName::MinQuantity, &qualifier, "fewest", text)?);
    }
    if let Some(text) = &form.most {
        changes.push(read(room, TermName::MaxQuantity, &qualifier, "most", text)?);
    }
    if changes.is_empty() {
        return Err(Wrong::Field("fewest", room.t("Say how many at least or at most.", "Geben Sie an, wie viele mindestens oder höchstens.").to_owned()));
    }
    Ok(owner.change(call, changes).await?)
}
