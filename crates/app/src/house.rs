//! The open house: database, master key, worker. What the server, the command line and the tests begin with.

use crate::config::Settings;
use crate::issuers::Connected;
use crate::master_key;
use crate::migrations::migrations;
use crate::{reactions, routes};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tradepost_domain::command::AfterCommit;
use tradepost_domain::{Engine, merchants};
use tradepost_kernel::Environment;
use tradepost_kernel::secret::Vault;
use tradepost_store::{Fault, Store};
use tradepost_web::authenticate::Gate;
use tradepost_web::{App, Floor};
use tradepost_worker::{Wake, Worker, WorkerSettings};

/// Why the house could not be opened, in a sentence for the operator.
#[derive(Debug)]
pub struct Trouble(pub String);

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Trouble {}

impl From<String> for Trouble {
    fn from(what: String) -> Self {
        Self(what)
    }
}
impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self(fault.to_string())
    }
}
impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// The open house.
#[derive(Clone, Debug)]
pub struct House {
    /// Runs commands and queries.
    pub engine: Engine,
    /// Passes events on and sends messages; runs where it is told to.
    pub worker: Arc<Worker>,
    /// Answers HTTP requests.
    pub floor: Floor,
    /// How it was opened.
    pub settings: Arc<Settings>,
    /// The migrations that were applied while opening.
    pub migrated: Vec<String>,
}

impl House {
    /// Opens database and master key, and brings the schema up to date. `environment` is the machine's, or a test's.
    ///
    /// # Errors
    /// [`Trouble`]: the database is locked, newer than this program or away; the master key is missing or unreadable.
    pub async fn open(settings: Settings, environment: Environment) -> Result<Self, Trouble> {
        make_folder(&settings.data)?;
        let master = master_key::read_or_make(&settings.master_key, &environment)?;
        let store = Store::open(store_settings(settings.database.clone())).await?;
        let migrated = store.migrate(&migrations()).await?;
        if master.made && is_in_use(&store).await? {
            // What is sealed in there would never open again, and new codes would be sealed by another key.
            std::fs::remove_file(&settings.master_key)?;
            let path = settings.master_key.display();
            return Err(Trouble(format!("this database is in use and its master key is missing: put it at {path} or name it by master_key")));
        }
        let wake = Wake::default();
        let bell = wake.clone();
        let after_commit = AfterCommit::new(move || bell.now());
        let engine = Engine { store, environment, vault: Arc::new(Vault::new(&master.key)), after_commit, recent: Default::default() };
        let issuers = Connected::new(&settings.issuers, &engine.environment).map_err(|error| Trouble(error.to_string()))?;
        let floor = Self::floor(&engine, &settings, issuers);
        let requests = floor.app().requests.clone();
        let worker_settings = WorkerSettings { base_url: settings.public_url.clone(), mail: settings.mail.clone(), requests };
        let worker = Worker::new(engine.clone(), worker_settings, reactions::all(), wake).map_err(|error| Trouble(error.to_string()))?;
        Ok(Self { engine, worker: Arc::new(worker), floor, settings: Arc::new(settings), migrated })
    }

    fn floor(engine: &Engine, settings: &Settings, issuers: Connected) -> Floor {
        let table = routes::all();
        let mut web = tradepost_web::Settings::new(settings.public_url.clone());
        web.trusted_proxies = settings.trusted_proxies;
        web.metrics_token = settings.metrics_token.clone();
        web.demo = settings.demo;
        web.pictures = Some(pictures(&settings.data, std::env::current_exe().ok().as_deref()));
        let (limits, rates) = (&mut web.limits, &settings.rates);
        limits.per_caller = rates.per_caller.unwrap_or(limits.per_caller);
        limits.per_partnership = rates.per_partnership.unwrap_or(limits.per_partnership);
        limits.per_address = rates.per_address.unwrap_or(limits.per_address);
        limits.prompt = rates.prompt.unwrap_or(limits.prompt);
        let app = App::new(engine.clone(), Arc::new(Gate::new(engine.clone())), web).with_issuers(Arc::new(issuers));
        // The schema was brought up to date above.
        app.migrations_done();
        Floor::new(Arc::new(app), &table)
    }

    /// Where the first merchant is made in a browser; `None` once there is one (PLT-13).
    ///
    /// # Errors
    /// The store's.
    pub async fn set_up_link(&self) -> Result<Option<String>, Trouble> {
        if is_in_use(&self.engine.store).await? {
            return Ok(None);
        }
        let token = tradepost_web::api::set_up::token(&self.engine.vault);
        Ok(Some(format!("{}/set-up/{}", self.settings.public_url, token.expose())))
    }

    /// Finishes what waits and lets go of the database.
    pub async fn close(&self) {
        self.engine.store.close().await;
    }
}

/// How the store of a house at this URL is set.
pub(crate) fn store_settings(database: String) -> tradepost_store::Settings {
    let mut settings = tradepost_store::Settings::new(database);
    if cfg!(debug_assertions) {
        // Unoptimized, on a busy machine, what takes a second elsewhere takes a minute.
        settings.statement_timeout *= 10;
    }
    settings
}

/// The data folder, for its owner only where it is new.
fn make_folder(path: &Path) -> Result<(), Trouble> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Trouble(format!("{}: {error}", path.display())))
}

async fn is_in_use(store: &Store) -> Result<bool, Fault> {
    store.read(|reader| Box::pin(async move { merchants::queries::is_any(reader).await })).await
}

/// Where the documentation's pictures are: in the data folder, or else beside the program, where a package has them.
fn pictures(data: &Path, program: Option<&Path>) -> PathBuf {
    let own = data.join("docs-pictures");
    let packed = program.and_then(Path::parent).map(|folder| folder.join("docs-pictures"));
    packed.filter(|packed| packed.is_dir() && !own.is_dir()).unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use super::pictures;

    #[test]
    fn pictures_are_the_data_folders_or_else_those_beside_the_program() {
        let place = std::env::temp_dir().join(format!("tradepost-pictures-{}", std::process::id()));
        let (data, bin) = (place.join("data"), place.join("bin"));
        let (own, packed) = (data.join("docs-pictures"), bin.join("docs-pictures"));
        let program = bin.join("tradepost");
        assert_eq!(pictures(&data, Some(&program)), own, "none anywhere: they may come later");
        std::fs::create_dir_all(&packed).expect("a folder");
        assert_eq!(pictures(&data, Some(&program)), packed);
        assert_eq!(pictures(&data, None), own);
        std::fs::create_dir_all(&own).expect("a folder");
        assert_eq!(pictures(&data, Some(&program)), own);
        std::fs::remove_dir_all(&place).expect("it goes");
    }
}
