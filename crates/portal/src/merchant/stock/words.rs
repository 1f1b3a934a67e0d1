//! What levels, states of keys and states of imports are called, in both languages, and how good they are.

use crate::look::Look;
use tradepost_design::badge::Tone;
use tradepost_domain::stock::import::Mode;
use tradepost_domain::stock::queries::KeyView;
use tradepost_domain::stock::{KeyState, Level};
use tradepost_kernel::Timestamp;

/// How much is left.
pub(super) const fn level(look: &Look, level: Level) -> (Tone, &'static str) {
    match level {
        Level::Ok => (Tone::Good, look.t("In stock", "Vorrätig")),
        Level::Low => (Tone::Warn, look.t("Low", "Knapp")),
        Level::Out => (Tone::Bad, look.t("Out of stock", "Nicht vorrätig")),
    }
}

/// Where a key is.
pub(in crate::merchant) const fn key_state(look: &Look, state: KeyState) -> (Tone, &'static str) {
    let (tone, english, german) = match state {
        KeyState::Available => (Tone::Good, "Available", "Verfügbar"),
        KeyState::Reserved => (Tone::Warn, "Reserved", "Reserviert"),
        KeyState::Allocated => (Tone::Info, "With the reseller", "Beim Reseller"),
        KeyState::Delivered => (Tone::Info, "Delivered", "Ausgeliefert"),
        KeyState::Revoked => (Tone::Bad, "Revoked", "Zurückgenommen"),
        KeyState::Burned => (Tone::Bad, "Burned", "Verbraucht"),
    };
    (tone, look.t(english, german))
}

/// Where this key is: one that expired is told apart from those that were taken back.
pub(super) const fn key_standing(look: &Look, key: &KeyView) -> (Tone, &'static str) {
    if key.expired.is_some() { (Tone::Bad, look.t("Expired", "Abgelaufen")) } else { key_state(look, key.state) }
}

/// What the state of a key means.
pub(super) const fn key_meaning(look: &Look, key: &KeyView) -> &'static str {
    if key.expired.is_some() {
        return look
            .t("Its last day is over: it was not sold and never will be.", "Sein letzter Tag ist vorbei: Er wurde nicht verkauft und wird es nicht mehr.");
    }
    let (english, german) = match key.state {
        KeyState::Available => ("It can be sold.", "Er kann verkauft werden."),
        KeyState::Reserved => ("An order that is not released has taken it.", "Eine noch nicht freigegebene Bestellung hat ihn genommen."),
        KeyState::Allocated => ("It lies in a reseller's inventory.", "Er liegt im Bestand eines Resellers."),
        KeyState::Delivered => ("A customer has it.", "Ein Kunde hat ihn."),
        KeyState::Revoked => ("You took it back: its code is no longer good.", "Sie haben ihn zurückgenommen: Sein Code gilt nicht mehr."),
        KeyState::Burned => ("It was shown and came back: it is never sold again.", "Er wurde gezeigt und kam zurück: Er wird nicht wieder verkauft."),
    };
    look.t(english, german)
}

/// Where an import stands, by the name that it is stored with.
pub(super) fn import_state(look: &Look, state: &str) -> (Tone, &'static str) {
    match state {
        "staging" => (Tone::Info, look.t("Under way", "Läuft")),
        "done" => (Tone::Good, look.t("In stock", "Im Bestand")),
        _ => (Tone::Plain, look.t("Aborted", "Abgebrochen")),
    }
}

/// What becomes of a file with mistakes: its name, and what it means.
pub(super) const fn mode(look: &Look, mode: Mode) -> (&'static str, &'static str) {
    let (name, text) = match mode {
        Mode::AllOrNothing => (
            ("All or nothing", "Alles oder nichts"),
            ("A duplicate or a line that can't be read stops the whole file.", "Eine doppelte oder unlesbare Zeile hält die ganze Datei an."),
        ),
        Mode::SkipBad => (("Skip what is wrong", "Fehlerhaftes auslassen"), ("The rest comes into stock.", "Der Rest kommt in den Bestand.")),
    };
    (look.t(name.0, name.1), look.t(text.0, text.1))
}

/// The last day on which a key is sold, from the moment at which it expires.
pub(super) fn last_day(look: &Look, expires: Timestamp) -> String {
    look.day_of(expires.plus_ms(-1))
}
