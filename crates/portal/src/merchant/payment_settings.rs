//! How the merchant is paid: the bank account and what else stands on invoices (BIL-3). Who changes where money goes is asked who they
//! are, before they type.

use crate::forms::{Typed, form};
use crate::room::{Room, Spot, done};
use crate::shared::invoices;
use maud::{Markup, html};
use tradepost_design::card::{Card, facts};
use tradepost_design::frame::Head;
use tradepost_design::{Button, Icon};
use tradepost_domain::Right;
use tradepost_domain::merchants::{BankAccount, UpdateMerchant};
use tradepost_kernel::{Bic, Iban};
use tradepost_web::api::merchant::{Merchant, shown};
use tradepost_web::errors::{Errors, Pointer};
use tradepost_web::fields::{Line, Paragraph};
use tradepost_web::{Answer, Call, Problem, Routes, input};

input! {
    /// How the merchant is paid, as it stands in the form: what is empty is cleared.
    pub struct PaymentSettingsForm {
        /// Whose the account is.
        pub holder: Option<Line<{ BankAccount::LONGEST_HOLDER }>>,
        /// Its number.
        pub iban: Option<Iban>,
        /// Its bank.
        pub bic: Option<Bic>,
        /// Printed on invoices with the way by check.
        pub check_instructions: Option<Paragraph<2000>>,
        /// Printed on invoices with the way by wire.
        pub wire_instructions: Option<Paragraph<2000>>,
        /// The version that the form was made from.
        pub version: i64,
    }
}

/// What stands on invoices from now on, and where it is changed.
pub(super) fn card(room: &Room, merchant: &Merchant) -> Markup {
    let none = || html! { span class="muted" { "–" } };
    let account = merchant.bank_account.clone().map(BankAccount::from);
    let mut rows: Vec<(&str, Markup)> = account.iter().flat_map(|account| invoices::account(&room.look, account)).collect();
    if rows.is_empty() {
        rows.push((room.t("Bank account", "Bankkonto"), none()));
    }
    let lines = |text: &Option<String>| text.as_ref().map_or_else(none, |text| html! { span class="lines" { (text) } });
    rows.push((by_check(room), lines(&merchant.check_instructions)));
    rows.push((by_wire(room), lines(&merchant.wire_instructions)));
    let change = Button::new(room.t("Change", "Ändern")).small().icon(Icon::Edit).to(&room.path("/settings/payment"));
    let card = Card::new(room.t("How you are paid", "So werden Sie bezahlt"));
    if room.may(Right::MerchantManage) { card.acts(change).with(facts(&rows)) } else { card.with(facts(&rows)) }
}

const fn by_check(room: &Room) -> &'static str {
    room.look.t("Instructions for checks", "Hinweise zu Schecks")
}

const fn by_wire(room: &Room) -> &'static str {
    room.look.t("Instructions for wires", "Hinweise zu Überweisungen")
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    let (merchant, version) = shown(&call).await?;
    Ok(page(&call, &room, version, &in_form(&merchant)))
}

fn in_form(merchant: &Merchant) -> Typed {
    let account = merchant.bank_account.as_ref();
    let bic = account.and_then(|account| account.bic.as_ref());
    Typed::new([
        ("holder", account.map(|account| account.holder.clone()).unwrap_or_default()),
        ("iban", account.map(|account| account.iban.grouped()).unwrap_or_default()),
        ("bic", bic.map(ToString::to_string).unwrap_or_default()),
        ("check_instructions", merchant.check_instructions.clone().unwrap_or_default()),
        ("wire_instructions", merchant.wire_instructions.clone().unwrap_or_default()),
    ])
}

fn page(call: &Call, room: &Room, version: i64, typed: &Typed) -> Answer {
    let field = |name, label| typed.field(name, label).optional(room.t("optional", "optional"));
    let version = version.to_string();
    let hint = room.t("Within the European Economic Area the IBAN alone is enough.", "Innerhalb des Europäischen Wirtschaftsraums genügt die IBAN.");
    let inside = html! {
        (tradepost_design::form::unseen(&[("version", &version)]))
        (field("holder", room.t("Account holder", "Kontoinhaber")).hint(room.t("As your bank has it.", "Wie es bei Ihrer Bank steht.")).text())
        (field("iban", "IBAN").example("DE89 3704 0044 0532 0130 00").text())
        (field("bic", "BIC").hint(hint).text())
        (field("wire_instructions", by_wire(room))
            .hint(room.t("What else to know to pay by wire: an account without an IBAN, for example.", "Was man sonst wissen muss, um zu überweisen: zum Beispiel ein Konto ohne IBAN."))
            .whole().lines())
        (field("check_instructions", by_check(room))
            .hint(room.t("What else to know to pay by check or money order: where to send it, for example.", "Was man sonst wissen muss, um per Scheck oder Zahlungsanweisung zu bezahlen: zum Beispiel die Anschrift dafür."))
            .whole().lines())
    };
    let settings = room.path("/settings");
    let save = Button::new(room.t("Save", "Speichern")).primary();
    let text = room.t(
        "On invoices in euros banking apps find a code to scan, if the account is in a country of SEPA.",
        "Auf Rechnungen in Euro finden Banking-Apps einen Code, wenn das Konto in einem SEPA-Land ist.",
    );
    let inside = html! {
        (typed.mistakes(&room.look))
        (Card::new(room.t("Check and wire", "Scheck und Überweisung")).text(text).with(form(call, &room.look, &room.path("/settings/payment"), &inside, &save, Some(&settings))))
    };
    let head = Head {
        crumbs: &[(room.t("Settings", "Einstellungen"), &settings)],
        title: room.t("How you are paid", "So werden Sie bezahlt"),
        state: None,
        text: Some(room.t(
            "Printed on every invoice from now on; those that were issued stay as they are.",
            "Steht ab jetzt auf jeder Rechnung; gestellte Rechnungen bleiben, wie sie sind.",
        )),
        acts: None,
    };
    room.page(Spot::Settings, &head, &inside)
}

/// All of an account or nothing of it.
fn account(holder: Option<String>, iban: Option<Iban>, bic: Option<Bic>) -> Result<Option<BankAccount>, Problem> {
    let mut errors = Errors::default();
    let mut missing = |name| errors.add(&Pointer::root().field(name), "invalid_field", "is missing");
    match (holder, iban, bic) {
        (Some(holder), Some(iban), bic) => return Ok(Some(BankAccount { holder, iban, bic })),
        (None, None, None) => return Ok(None),
        (holder, iban, _) => {
            if holder.is_none() {
                missing("holder");
            }
            if iban.is_none() {
                missing("iban");
            }
        }
    }
    Err(Problem::fields(errors))
}

async fn save(call: &Call) -> Result<(), Problem> {
    let form: PaymentSettingsForm = call.form()?;
    let command = UpdateMerchant {
        merchant: call.merchant()?.merchant,
        version: Some(form.version),
        bank_account: Some(account(form.holder.map(Line::into_string), form.iban, form.bic)?),
        check_instructions: Some(form.check_instructions.map(Paragraph::into_string)),
        wire_instructions: Some(form.wire_instructions.map(Paragraph::into_string)),
        ..UpdateMerchant::default()
    };
    call.execute(command).await.map(drop)
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let room = Room::enter(&call).await?;
    match save(&call).await {
        Ok(()) => Ok(done(&call, &room.path("/settings"), room.t("Settings saved.", "Einstellungen gespeichert."))),
        Err(no) => {
            let (status, typed) = (no.status(), Typed::refused(&call, &room.look, no)?);
            // With the version of now: whoever was told of somebody else's change may send theirs after it.
            let (_, version) = shown(&call).await?;
            Ok(page(&call, &room, version, &typed).with_status(status))
        }
    }
}

pub(super) fn routes(r: &mut Routes) {
    let right = Right::MerchantManage;
    r.get("/m/{merchant}/settings/payment", "merchantPaymentSettingsPage", show).needs(right).fresh().page();
    r.post("/m/{merchant}/settings/payment", "merchantChangePaymentSettingsForm", change)
        .needs(right)
        .fresh()
        .page()
        .form::<PaymentSettingsForm>()
        .command::<UpdateMerchant>();
}
