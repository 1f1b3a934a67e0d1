//! The command line (PLT-13).

use crate::config::{Flags, Settings};
use crate::control::{self, Reply};
use crate::house::{House, Trouble};
use crate::operate::{self, ImportOf, Order, Progress};
use crate::{bench, serve, verify};
use clap::{CommandFactory, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value as Json;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use tradepost_kernel::Environment;

/// Self-hosted server for merchants who sell through resellers.
#[derive(Debug, Parser)]
#[command(name = "tradepost", version, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Where the house is.
#[derive(Debug, clap::Args)]
struct Place {
    /// Settings file (TOML)
    #[arg(long, global = true, value_name = "FILE", env = "TRADEPOST_CONFIG")]
    config: Option<PathBuf>,
    /// Folder of the database file, the master key and the control socket
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// sqlite://PATH or postgres://…; a file in the data folder where not given
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve {
        /// Address and port to listen on
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
    },
    /// Run a server with a merchant, a catalog, 10,000 keys and five resellers to try
    Demo {
        /// Address and port to listen on
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
    },
    /// Merchants
    #[command(subcommand)]
    Merchant(MerchantCommand),
    /// API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// People who sign in
    #[command(subcommand)]
    User(UserCommand),
    /// Import a CSV file
    Import {
        /// What it holds
        what: ImportOf,
        /// The file; - for standard input
        file: PathBuf,
        /// Merchant id or short name; may be left out where there is one merchant
        #[arg(long)]
        merchant: Option<String>,
        /// Into the merchant's sandbox
        #[arg(long)]
        test: bool,
        /// SKU or id of the product of every key, where the file has no such column
        #[arg(long)]
        product: Option<String>,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check every invariant over the whole database; exits 0 clean, 1 violated, 2 could not check
    Verify {
        /// Only these checks, by name
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// Look at everything where otherwise a sample is taken
        #[arg(long)]
        full: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Measure this program beside its floor, in databases of its own that are gone afterwards
    Bench(bench::Asked),
    /// Bring the schema of the database up to date
    Migrate,
    /// Print the OpenAPI document
    Openapi,
    /// Print the completions of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
enum MerchantCommand {
    /// Create a merchant with its sandbox, and print an API key for each
    Create {
        /// The merchant's name
        #[arg(long)]
        name: String,
        /// Its short name in URLs; made from the name where not given
        #[arg(long)]
        slug: Option<String>,
        /// Currency of its program, such as USD
        #[arg(long)]
        currency: String,
        /// The first owner's e-mail address
        #[arg(long)]
        owner_email: String,
        /// The first owner's first and last name, by which mails greet them
        #[arg(long)]
        owner_name: Option<String>,
        /// IANA time zone by which its days are counted
        #[arg(long, default_value = "UTC")]
        time_zone: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Open a merchant again that its owner closed
    Reopen {
        /// Merchant id or short name; may be left out where there is one merchant
        merchant: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Create an API key and print it: the only time it is shown
    Create {
        /// Merchant id or short name; may be left out where there is one merchant
        #[arg(long)]
        merchant: Option<String>,
        /// For the merchant's sandbox
        #[arg(long)]
        test: bool,
        /// Partnership id, for a key of that partnership
        #[arg(long)]
        partnership: Option<String>,
        /// What the key is called
        #[arg(long)]
        name: String,
        /// Its rights, separated by commas; all of its side where not given
        #[arg(long, value_delimiter = ',')]
        rights: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Take a person's second factors and passkeys away, and end their sessions: for who has lost the phone
    ResetFactors {
        /// The person's e-mail address
        #[arg(long)]
        email: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Could not do it: settings, database, a server that is away.
const COULD_NOT: u8 = 2;
/// Was refused, or found a violation.
const REFUSED: u8 = 1;

/// Parses the command line and runs it.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return trouble(&Trouble(error.to_string())),
    };
    runtime.block_on(run(cli)).unwrap_or_else(|error| trouble(&error))
}

fn trouble(error: &Trouble) -> ExitCode {
    eprintln!("tradepost: {error}");
    ExitCode::from(COULD_NOT)
}

async fn run(cli: Cli) -> Result<ExitCode, Trouble> {
    let flags = |listen: Option<String>| Flags { config: cli.place.config.clone(), data: cli.place.data.clone(), database: cli.place.database.clone(), listen };
    let settings = |listen| Settings::read(&flags(listen), std::env::vars()).map_err(|error| Trouble(error.to_string()));
    match cli.command {
        Command::Openapi => print(&serve::openapi("http://127.0.0.1:8080")),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "tradepost", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Serve { listen } => {
            let settings = settings(listen)?;
            log_as_json(&settings.log);
            serve::serve(open(settings).await?, tell_set_up).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Demo { listen } => {
            let settings = crate::demo::settings(settings(listen)?, cli.place.data.is_none());
            log_as_json("warn");
            crate::demo::run(settings).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Bench(asked) => {
            log_as_json("warn");
            print(&bench::run(&asked, cli.place.data.as_deref(), cli.place.database.as_deref()).await?)
        }
        Command::Migrate => {
            let house = open(settings(None)?).await?;
            let applied = house.migrated.clone();
            house.close().await;
            print(&if applied.is_empty() { "up to date".to_owned() } else { applied.join("\n") })
        }
        command => {
            let (order, content, json) = to_order(command)?;
            carry_out(settings(None)?, order, content, json).await
        }
    }
}

/// What the remaining commands ask for, the file that goes with it, and whether JSON is to be printed.
fn to_order(command: Command) -> Result<(Order, Vec<u8>, bool), Trouble> {
    Ok(match command {
        Command::Merchant(MerchantCommand::Create { name, slug, currency, owner_email, owner_name, time_zone, json }) => {
            (Order::CreateMerchant { name, slug, currency, owner_email, owner_name, time_zone }, Vec::new(), json)
        }
        Command::Merchant(MerchantCommand::Reopen { merchant }) => (Order::ReopenMerchant { merchant }, Vec::new(), false),
        Command::Key(KeyCommand::Create { merchant, test, partnership, name, rights, json }) => {
            (Order::CreateKey { merchant, test, partnership, name, rights }, Vec::new(), json)
        }
        Command::User(UserCommand::ResetFactors { email, json }) => (Order::ResetFactors { email }, Vec::new(), json),
        Command::Import { what, file, merchant, test, product, dry_run, json } => {
            (Order::Import { what, merchant, test, product, dry_run }, read(&file)?, json)
        }
        Command::Verify { only, full, json } => (Order::Verify { only, full }, Vec::new(), json),
        _ => return Err(Trouble("this command needs no house".into())),
    })
}

fn read(file: &PathBuf) -> Result<Vec<u8>, Trouble> {
    use std::io::Read;
    let mut content = Vec::new();
    let source: Box<dyn Read> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(file).map_err(|error| Trouble(format!("{}: {error}", file.display())))?)
    };
    let read = source.take(control::LARGEST_FILE + 1).read_to_end(&mut content);
    read.map_err(|error| Trouble(format!("{}: {error}", file.display())))?;
    if content.len() as u64 > control::LARGEST_FILE {
        return Err(Trouble(format!("{}: larger than {} bytes", file.display(), control::LARGEST_FILE)));
    }
    Ok(content)
}

async fn open(settings: Settings) -> Result<House, Trouble> {
    House::open(settings, Environment::system()).await
}

/// By the running server that has the SQLite file open, else by opening the database here.
async fn carry_out(settings: Settings, order: Order, content: Vec<u8>, json: bool) -> Result<ExitCode, Trouble> {
    let is_verify = matches!(order, Order::Verify { .. });
    let bar = bar();
    let mut listener = |progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    };
    let running = if settings.is_sqlite() { control::ask(&settings.control_socket(), &order, &content, &mut listener).await? } else { None };
    let reply = match running {
        Some(reply) => reply,
        None => {
            let house = open(settings).await?;
            let done = operate::carry_out(&house, order, content, &mut listener).await;
            house.close().await;
            Reply::from(done)
        }
    };
    bar.finish_and_clear();
    show(reply, is_verify, json)
}

fn show(reply: Reply, is_verify: bool, json: bool) -> Result<ExitCode, Trouble> {
    match reply {
        Reply::Done(answer) => {
            let words = || if is_verify { verify::in_words(&answer) } else { in_words(&answer, 0) };
            print(&if json { serde_json::to_string_pretty(&answer).unwrap_or_default() } else { words() })?;
            Ok(if is_verify && !verify::is_clean(&answer) { ExitCode::from(REFUSED) } else { ExitCode::SUCCESS })
        }
        Reply::Refused { code, detail, pointer } => {
            let place = pointer.strip_prefix('/').map(|field| format!(" (--{})", field.replace('_', "-"))).unwrap_or_default();
            eprintln!("tradepost: {detail}{place} [{code}]");
            Ok(ExitCode::from(if is_verify { COULD_NOT } else { REFUSED }))
        }
        Reply::Fault(what) => Err(Trouble(what)),
        Reply::Progress(_) => Err(Trouble("the running server is of another version".into())),
    }
}

/// An answer for people: a line per value.
fn in_words(answer: &Json, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    match answer {
        Json::Object(fields) => {
            let line = |(name, value): (&String, &Json)| match value {
                Json::Object(_) | Json::Array(_) => format!("{indent}{}:\n{}", name.replace('_', " "), in_words(value, depth + 1)),
                _ => format!("{indent}{}: {}", name.replace('_', " "), in_words(value, 0)),
            };
            fields.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Json::Array(values) => values.iter().map(|value| format!("{indent}- {}", in_words(value, depth + 1).trim_start())).collect::<Vec<_>>().join("\n"),
        Json::String(text) => text.clone(),
        Json::Null => "–".into(),
        other => other.to_string(),
    }
}

/// Shown only where somebody watches: indicatif draws on a terminal's standard error and nowhere else.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} {eta}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

/// The one-time link of a server without a merchant, for whoever started it by hand.
fn tell_set_up(_address: std::net::SocketAddr, link: Option<&str>) {
    if let Some(link) = link {
        // Where nobody reads, the log has it too.
        let _printed = print(&format!("There is no merchant yet. Set the server up at\n  {link}"));
    }
}

fn print(text: &str) -> Result<ExitCode, Trouble> {
    match writeln!(std::io::stdout(), "{text}") {
        // `tradepost … | head` is no trouble.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// One JSON object per line on standard error.
fn log_as_json(filter: &str) {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let logging = tracing_subscriber::fmt().json().flatten_event(true).with_writer(std::io::stderr).with_env_filter(filter);
    // A second call, in tests, changes nothing.
    let _already = logging.try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    /// PLT-13: the commands of this step, as the requirements write them.
    #[test]
    fn the_lines_of_the_requirements_are_understood() {
        for line in [
            "tradepost serve --listen 127.0.0.1:8080 --database sqlite:///x/y.db --data /x",
            "tradepost merchant create --name Northwind --currency USD --owner-email a@b.example --json",
            "tradepost merchant create --name Northwind --currency USD --owner-email a@b.example --owner-name Ann",
            "tradepost key create --merchant mer_x --name till --rights orders.read,orders.place --json",
            "tradepost user reset-factors --email ada@acme.example --json",
            "tradepost import products examples/products.csv --dry-run --json",
            "tradepost import license-keys - --merchant northwind --product NW-OFFICE --test",
            "tradepost verify --only ledger,stock --json",
            "tradepost migrate --database postgres://localhost/x",
            "tradepost openapi",
            "tradepost completions bash",
            "tradepost bench order --database postgres://localhost --keys 1000000 --clients 1,64 --seconds 20 --rounds 5 --json",
            "tradepost demo --listen 127.0.0.1:9000 --data /tmp/demo",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
    }

    #[test]
    fn answers_are_readable_without_json() {
        let answer = serde_json::json!({"merchant": "mer_1", "live_key": {"id": "key_1"}, "checks": ["a", {"name": "b", "rows": 2}]});
        assert_eq!(in_words(&answer, 0), "merchant: mer_1\nlive key:\n  id: key_1\nchecks:\n  - a\n  - name: b\n    rows: 2");
    }
}
