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
        include_str!("../style/5-tables.css"),
        include_str!("../style/6-styleguide.css"),
    ]
    .concat();
    Asset::new("style", "css", "text/css; charset=utf-8", text)
});
static MODULES: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut made: Vec<(&str, Asset)> = Vec::new();
    for (name, text) in SOURCES {
        // A module names those that it needs as they stand beside it; a browser asks for them by what is in them.
        let text = made.iter().fold(text.to_owned(), |text, (known, asset)| text.replace(&format!("\"./{known}.js\""), &format!("\"{}\"", asset.path)));
        made.push((name, Asset::new(name, "js", JAVASCRIPT, text)));
    }
    made.into_iter().map(|(_, asset)| asset).collect()
});
static PASSKEYS: LazyLock<Asset> = LazyLock::new(|| Asset::new("passkeys", "js", JAVASCRIPT, include_str!("../script/passkeys.js").to_owned()));

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! modules {
    ($($name:literal),+ $(,)?) => { [$(($name, include_str!(concat!("../script/", $name, ".js")))),+] };
}

/// The modules, each behind those that it needs; the last one is what a page names.
const SOURCES: [(&str, &str); 14] =
    modules!["page", "words", "told", "navigate", "links", "forms", "dialogs", "menus", "lists", "watch", "combobox", "chart", "palette", "portal",];

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
    &MODULES[MODULES.len() - 1]
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
    [style(), passkeys(), icons(), mark()].into_iter().chain(MODULES.iter()).find(|asset| asset.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module that is asked for by a name of its own would be answered 404.
    #[test]
    fn every_module_is_asked_for_by_what_is_in_it() {
        for asset in MODULES.iter() {
            assert!(!asset.text.contains("\"./"), "{} asks for a file as it stands in the sources", asset.path);
            for part in asset.text.split('"').filter(|part| part.starts_with(FOLDER)) {
                assert!(find(part).is_some(), "{} asks for {part}", asset.path);
            }
        }
    }
}
