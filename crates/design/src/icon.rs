//! Icons: Lucide's, in one file that a browser fetches once.

use icondata_core::IconData;
use maud::{Markup, html};
use std::fmt::Write as _;

macro_rules! icons {
    ($($name:ident = $data:ident),+ $(,)?) => {
        /// What an icon stands for, not what it shows: one thing has one icon everywhere.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Icon { $(#[allow(missing_docs)] $name),+ }

        impl Icon {
            /// Each of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            const fn id(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }

            fn drawn(self) -> &'static IconData {
                match self { $(Self::$name => icondata_lu::$data),+ }
            }
        }
    };
}

icons! {
    Account = LuCircleUserRound, Add = LuPlus, Alert = LuTriangleAlert, ApiKey = LuKeyRound, Audit = LuScrollText, Balance = LuWallet,
    Bad = LuCircleX, Building = LuBuilding2, Calendar = LuCalendar, Card = LuCreditCard, Chart = LuChartColumn, Check = LuCheck, Close = LuX,
    Code = LuCodeXml, Copy = LuCopy, Delete = LuTrash2, Down = LuChevronDown, Download = LuDownload, Edit = LuPencil, External = LuExternalLink,
    Filter = LuListFilter, First = LuChevronsLeft, Good = LuCircleCheck, Health = LuActivity, Help = LuCircleHelp, Hidden = LuEyeOff, Home = LuLayoutDashboard, Import = LuUpload,
    Info = LuInfo, Invoice = LuReceiptText, Language = LuLanguages, License = LuTicket, Link = LuLink, Lock = LuLock, Mail = LuMail, Menu = LuMenu,
    More = LuEllipsis, Next = LuChevronRight, Order = LuShoppingCart, Package = LuPackage, Paint = LuPalette, People = LuUsers, Play = LuPlay,
    Previous = LuChevronLeft, Print = LuPrinter, Program = LuNetwork, Refresh = LuRefreshCw, Reseller = LuStore, Search = LuSearch,
    Security = LuShieldCheck, Send = LuSend, Settings = LuSettings, SignOut = LuLogOut, Sorted = LuArrowDown, SortedUp = LuArrowUp, Stock = LuBoxes,
    Switch = LuChevronsUpDown, Tag = LuTag, Theme = LuSunMoon, Time = LuClock, Undo = LuUndo2, Visible = LuEye, Webhook = LuWebhook,
}

/// Draws one. It says nothing to a screen reader: the text beside it does.
#[must_use]
pub fn icon(icon: Icon) -> Markup {
    let place = format!("{}#{}", super::assets::icons().path(), icon.id());
    html! { svg class="icon" aria-hidden="true" { use href=(place) {} } }
}

/// All of them as one file of symbols.
pub(crate) fn sprite() -> String {
    let mut sprite = String::from(r#"<svg xmlns="http://www.w3.org/2000/svg">"#);
    for icon in Icon::ALL {
        let drawn = icon.drawn();
        let frame = drawn.view_box.unwrap_or("0 0 24 24");
        let shapes = drawn.data.replace('\n', "");
        let _ = write!(sprite, r#"<symbol id="{}" viewBox="{frame}">{shapes}</symbol>"#, icon.id());
    }
    sprite + "</svg>"
}
