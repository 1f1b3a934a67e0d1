//! Files that pages need. Each is named by what is in it, so that a browser keeps it for good and never shows an old one.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Where all of them are.
pub const FOLDER: &str = "/assets/";

/// One file.
#[derive(Debug)]
pub struct Asset {
    path: String,
    /// Its media type.
    pub kind: &'static str,
    /// What is in it.
    pub text: String,
}

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, text: String) -> Self {
        let mut path = format!("{FOLDER}{name}.");
        for byte in &Sha256::digest(text.as_bytes())[..6] {
            let _ = write!(path, "{byte:02x}");
        }
        path.push('.');
        path.push_str(ending);
        Self { path, kind, text }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let text = [
        include_str!("../style/1-tokens.css"),
        include_str!("../style/2-shell.css"),
        include_str!("../style/3-parts.css"),
        include_str!("../style/4-guide.css"),
    ]
    .concat();
    Asset::new("style", "css", "text/css; charset=utf-8", text)
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| Asset::new("portal", "js", "text/javascript; charset=utf-8", include_str!("../script/portal.js").to_owned()));
static PASSKEYS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("passkeys", "js", "text/javascript; charset=utf-8", include_str!("../script/passkeys.js").to_owned()));
/// What a browser shows beside the page's title.
static MARK: LazyLock<Asset> = LazyLock::new(|| Asset::new("mark", "svg", "image/svg+xml", include_str!("../style/mark.svg").to_owned()));
static ICONS: LazyLock<Asset> = LazyLock::new(|| Asset::new("icons", "svg", "image/svg+xml", crate::icon::sprite()));

/// The style of all pages.
#[must_use]
pub fn style() -> &'static Asset {
    &STYLE
}

/// The script of all pages, a module.
#[must_use]
pub fn script() -> &'static Asset {
    &SCRIPT
}

/// The script of pages that ask for a passkey, a module.
#[must_use]
pub fn passkeys() -> &'static Asset {
    &PASSKEYS
}

/// The icons.
#[must_use]
pub fn icons() -> &'static Asset {
    &ICONS
}

/// The product's mark.
#[must_use]
pub fn mark() -> &'static Asset {
    &MARK
}

/// The file at a path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    [style(), script(), passkeys(), icons(), mark()].into_iter().find(|asset| asset.path == path)
}
