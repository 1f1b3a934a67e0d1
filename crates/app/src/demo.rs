//! `tradepost demo`: a server with something in it.

use crate::config::Settings;
use crate::house::{House, Trouble};
use crate::serve;

/// The demo's own data folder, so that it never touches a real one by default.
#[must_use]
pub fn settings(mut settings: Settings, data_not_named: bool) -> Settings {
    if data_not_named {
        let cache = std::env::var_os("HOME").map_or_else(std::env::temp_dir, |home| std::path::PathBuf::from(home).join(".cache"));
        settings.data = cache.join("tradepost/demo");
        settings.master_key = settings.data.join("master.key");
        settings.database = format!("sqlite://{}", settings.data.join("tradepost.db").display());
    }
    settings
}

/// Fills an empty house and serves it.
///
/// # Errors
/// As [`serve::serve`].
pub async fn run(house: House) -> Result<(), Trouble> {
    serve::serve(house, |_| {}).await
}
