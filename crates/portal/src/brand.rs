//! How a page looks in a merchant's name: its style sheet and its logo (PLT-12).

use tradepost_design::frame::Brand;
use tradepost_domain::merchants::Branding;
use tradepost_web::api::branding::style_path;

/// Where the files of a merchant's look are; nothing where it chose none.
#[derive(Clone, Debug, Default)]
pub struct Dress {
    style: Option<String>,
    logo: Option<String>,
}

impl Dress {
    /// Of a merchant.
    #[must_use]
    pub fn of(look: Option<&Branding>) -> Self {
        Self { style: look.and_then(style_path), logo: look.and_then(Branding::logo_path) }
    }

    /// For the frame of a page.
    #[must_use]
    pub fn brand(&self) -> Brand<'_> {
        Brand { style: self.style.as_deref(), logo: self.logo.as_deref() }
    }
}
