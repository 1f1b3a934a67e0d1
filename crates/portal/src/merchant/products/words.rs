//! What kinds, methods and changes of products are called, in both languages.

use crate::look::Look;
use tradepost_design::badge::Tone;
use tradepost_domain::catalog::import::Change;
use tradepost_domain::catalog::{EndUserInformation, Kind, Method};

/// What is sold.
pub(in crate::merchant) const fn kind(look: &Look, kind: Kind) -> &'static str {
    let (english, german) = match kind {
        Kind::Key => ("License key", "Lizenzschlüssel"),
        Kind::Subscription => ("Subscription", "Abonnement"),
        Kind::Download => ("Download", "Download"),
        Kind::Physical => ("Physical", "Ware"),
        Kind::Service => ("Service", "Dienstleistung"),
    };
    look.t(english, german)
}

/// The kinds that can be sold now.
pub(super) const SOLD: [Kind; 3] = [Kind::Key, Kind::Download, Kind::Service];

/// How a sold unit comes to be: its name, and what it means.
pub(in crate::merchant) const fn method(look: &Look, method: Method) -> (&'static str, &'static str) {
    let (name, text) = match method {
        Method::KeyPool => (
            ("Key from stock", "Schlüssel aus dem Bestand"),
            ("Each unit takes a code that you imported.", "Jede Einheit nimmt einen Code, den Sie importiert haben."),
        ),
        Method::None => (("Nothing to hand over", "Nichts zu übergeben"), ("It is ready as soon as it is paid.", "Sie ist bereit, sobald bezahlt ist.")),
        Method::Merchant => (("You deliver", "Sie liefern"), ("You confirm each delivery on the order.", "Sie bestätigen jede Lieferung an der Bestellung.")),
    };
    (look.t(name.0, name.1), look.t(text.0, text.1))
}

/// When the end user is asked: its name, and what it means.
pub(in crate::merchant) const fn end_user(look: &Look, when: EndUserInformation) -> (&'static str, &'static str) {
    let (name, text) = match when {
        EndUserInformation::None => (("Never", "Nie"), ("Units can be handed out without a name.", "Einheiten lassen sich ohne Namen weitergeben.")),
        EndUserInformation::AtActivation => (
            ("At activation", "Beim Aktivieren"),
            (
                "A paid order is complete; each license asks when it is activated.",
                "Eine bezahlte Bestellung ist fertig; jede Lizenz fragt, wenn sie aktiviert wird.",
            ),
        ),
        EndUserInformation::BeforeDelivery => (
            ("Before delivery", "Vor der Lieferung"),
            ("The order waits until every unit has its end user.", "Die Bestellung wartet, bis jede Einheit ihren Endkunden hat."),
        ),
    };
    (look.t(name.0, name.1), look.t(text.0, text.1))
}

/// Whether it is sold.
pub(super) const fn sold(look: &Look, enabled: bool) -> (Tone, &'static str) {
    if enabled { (Tone::Good, look.t("For sale", "Im Verkauf")) } else { (Tone::Plain, look.t("Not for sale", "Nicht im Verkauf")) }
}

/// What a line of a file does.
pub(super) const fn change(look: &Look, change: Change) -> (Tone, &'static str) {
    let (tone, english, german) = match change {
        Change::Created => (Tone::Good, "New", "Neu"),
        Change::Updated => (Tone::Info, "Changed", "Geändert"),
        Change::Unchanged => (Tone::Plain, "Unchanged", "Unverändert"),
        Change::Error => (Tone::Bad, "Error", "Fehler"),
    };
    (tone, look.t(english, german))
}
