//! Writes the style guide and its files into a folder, to be looked at without a server.

use std::path::Path;
use tradepost_design::{assets, styleguide};

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "styleguide".to_owned());
    for asset in [assets::style(), assets::script(), assets::icons()] {
        let path = Path::new(&folder).join(asset.path().trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        std::fs::write(path, &asset.text)?;
    }
    for theme in ["light", "dark"] {
        std::fs::write(Path::new(&folder).join(format!("{theme}.html")), styleguide::page(Some(theme)).into_string())?;
    }
    Ok(())
}
