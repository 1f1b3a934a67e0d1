//! Settings: defaults, then the file named by `--config`, then `TRADEPOST_…` variables, then flags. What is not
//! known is refused, so that a misspelled key never silently does nothing.

use serde::Deserialize;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::{Table, Value};
use tradepost_issuer::IssuerSettings;
use tradepost_kernel::{Secret, text};
use tradepost_worker::smtp::{MailSettings, Tls};

/// How a house is opened.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the server listens.
    pub listen: String,
    /// The address under which people reach it, without a slash at its end.
    pub public_url: String,
    /// The folder of the database file, the master key and the control socket.
    pub data: PathBuf,
    /// `sqlite://PATH` or `postgres://…`.
    pub database: String,
    /// The file of the master key.
    pub master_key: PathBuf,
    /// Reverse proxies in front, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: usize,
    /// What reads `/metrics` from elsewhere; without one only this machine may.
    pub metrics_token: Option<Secret<String>>,
    /// What is logged, in the form of `RUST_LOG`.
    pub log: String,
    /// The mail server; without one messages are only logged.
    pub mail: Option<MailSettings>,
    /// Requests per second, and how many are let in; what is not set keeps the default of the web.
    pub rates: Rates,
    /// Issuers of OpenID Connect that people may sign in at, in the order of their buttons.
    pub issuers: Vec<SignInAt>,
    /// Whether it is the demo, which shows its sign-ins to whoever comes.
    pub demo: bool,
}

/// An issuer, and what its button says.
#[derive(Clone, Debug)]
pub struct SignInAt {
    /// As it is asked.
    pub issuer: IssuerSettings,
    /// As people know it.
    pub label: String,
}

/// Requests per second, and how many are let in at once (PLT-11). Outside: whether it was set; inside: `None` is no limit,
/// written as 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Of one key or person.
    pub per_caller: Option<Option<NonZeroU32>>,
    /// Inside one partnership.
    pub per_partnership: Option<Option<NonZeroU32>>,
    /// Of one network address.
    pub per_address: Option<Option<NonZeroU32>>,
    /// No more requests are let in than are answered within this time.
    pub prompt: Option<Option<Duration>>,
}

/// What flags say; they win.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// The settings file.
    pub config: Option<PathBuf>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--database`.
    pub database: Option<String>,
    /// `--listen`.
    pub listen: Option<String>,
}

/// Settings that cannot be used, in a sentence that names the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSettings(pub String);

impl std::fmt::Display for BadSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for BadSettings {}

fn bad(what: impl Into<String>) -> BadSettings {
    BadSettings(what.into())
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Raw {
    listen: Option<String>,
    public_url: Option<String>,
    data: Option<PathBuf>,
    database: Option<String>,
    master_key: Option<PathBuf>,
    trusted_proxies: Option<usize>,
    metrics_token: Option<String>,
    log: Option<String>,
    mail: Option<RawMail>,
    limits: Option<RawLimits>,
    #[serde(default)]
    oidc: Vec<RawIssuer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIssuer {
    name: Option<String>,
    label: Option<String>,
    issuer: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    #[serde(default)]
    domains: Vec<String>,
    certificates: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    per_caller: Option<u32>,
    per_partnership: Option<u32>,
    per_address: Option<u32>,
    prompt_ms: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMail {
    host: Option<String>,
    port: Option<u16>,
    tls: Option<String>,
    user: Option<String>,
    password: Option<String>,
    from: Option<String>,
}

/// Every variable, its key and whether it is a number. The table in `docs/configuration.md` lists the same.
const VARIABLES: &[(&str, &[&str], bool)] = &[
    ("TRADEPOST_LISTEN", &["listen"], false),
    ("TRADEPOST_PUBLIC_URL", &["public_url"], false),
    ("TRADEPOST_DATA", &["data"], false),
    ("TRADEPOST_DATABASE", &["database"], false),
    ("TRADEPOST_MASTER_KEY", &["master_key"], false),
    ("TRADEPOST_TRUSTED_PROXIES", &["trusted_proxies"], true),
    ("TRADEPOST_METRICS_TOKEN", &["metrics_token"], false),
    ("TRADEPOST_LOG", &["log"], false),
    ("TRADEPOST_MAIL_HOST", &["mail", "host"], false),
    ("TRADEPOST_MAIL_PORT", &["mail", "port"], true),
    ("TRADEPOST_MAIL_TLS", &["mail", "tls"], false),
    ("TRADEPOST_MAIL_USER", &["mail", "user"], false),
    ("TRADEPOST_MAIL_PASSWORD", &["mail", "password"], false),
    ("TRADEPOST_MAIL_FROM", &["mail", "from"], false),
    ("TRADEPOST_LIMITS_PER_CALLER", &["limits", "per_caller"], true),
    ("TRADEPOST_LIMITS_PER_PARTNERSHIP", &["limits", "per_partnership"], true),
    ("TRADEPOST_LIMITS_PER_ADDRESS", &["limits", "per_address"], true),
    ("TRADEPOST_LIMITS_PROMPT_MS", &["limits", "prompt_ms"], true),
];

/// The command line's own, and what the documentation calls address and key in the environment of a shop.
const NOT_SETTINGS: &[&str] = &["TRADEPOST_CONFIG", "TRADEPOST_URL", "TRADEPOST_KEY"];
/// How variables of tests begin.
const OF_TESTS: &str = "TRADEPOST_TEST_";

impl Settings {
    /// Reads everything. `variables` are the process's.
    ///
    /// # Errors
    /// [`BadSettings`] names what is unknown or wrong.
    pub fn read(flags: &Flags, variables: impl Iterator<Item = (String, String)>) -> Result<Self, BadSettings> {
        let mut table = match &flags.config {
            Some(path) => file(path)?,
            None => Table::new(),
        };
        for (name, value) in variables.filter(|(name, _)| name.starts_with("TRADEPOST_")) {
            lay(&mut table, &name, &value)?;
        }
        let raw: Raw = Value::Table(table).try_into().map_err(|error: toml::de::Error| bad(format!("settings: {}", error.message())))?;
        Self::from_raw(raw, flags)
    }

    fn from_raw(raw: Raw, flags: &Flags) -> Result<Self, BadSettings> {
        let data = flags.data.clone().or(raw.data).or_else(home).ok_or_else(|| bad("data: name a folder by --data (there is no home folder here)"))?;
        let listen = flags.listen.clone().or(raw.listen).unwrap_or_else(|| "127.0.0.1:8080".into());
        let database = flags.database.clone().or(raw.database).unwrap_or_else(|| format!("sqlite://{}", data.join("tradepost.db").display()));
        let known = ["sqlite://", "postgres://", "postgresql://"];
        if !known.iter().any(|scheme| database.starts_with(scheme)) {
            return Err(bad("database: must begin with sqlite:// or postgres://"));
        }
        let public_url = raw.public_url.unwrap_or_else(|| format!("http://{listen}"));
        if !(public_url.starts_with("http://") || public_url.starts_with("https://")) || public_url.chars().any(char::is_whitespace) {
            return Err(bad("public_url: must begin with https:// (or http://)"));
        }
        Ok(Self {
            listen,
            public_url: public_url.trim_end_matches('/').to_owned(),
            master_key: raw.master_key.unwrap_or_else(|| data.join("master.key")),
            data,
            database,
            trusted_proxies: raw.trusted_proxies.unwrap_or(0),
            metrics_token: raw.metrics_token.map(Secret::new),
            log: raw.log.unwrap_or_else(|| "info,tokio_postgres=warn,lettre=warn,hyper=warn".into()),
            mail: raw.mail.map(mail).transpose()?,
            rates: rates(&raw.limits.unwrap_or_default()),
            issuers: issuers(raw.oidc)?,
            demo: false,
        })
    }

    /// The socket by which the command line reaches a running server.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.data.join("control.sock")
    }

    /// Whether the database is a file that one process has open at a time.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.database.starts_with("sqlite://")
    }
}

fn file(path: &Path) -> Result<Table, BadSettings> {
    let text = std::fs::read_to_string(path).map_err(|error| bad(format!("{}: {error}", path.display())))?;
    // The message only: the library's full text quotes the line, which may hold a password.
    text.parse().map_err(|error: toml::de::Error| bad(format!("{}: {}", path.display(), error.message())))
}

/// `$XDG_DATA_HOME/tradepost` or `~/.local/share/tradepost`.
fn home() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("XDG_DATA_HOME").or_else(|| named("HOME").map(|home| home.join(".local/share"))).map(|share| share.join("tradepost"))
}

fn lay(table: &mut Table, name: &str, value: &str) -> Result<(), BadSettings> {
    if NOT_SETTINGS.contains(&name) || name.starts_with(OF_TESTS) {
        return Ok(());
    }
    let Some((_, path, number)) = VARIABLES.iter().find(|(known, _, _)| *known == name) else {
        let known: Vec<&str> = VARIABLES.iter().map(|(known, _, _)| *known).collect();
        return Err(bad(format!("{name}: no such variable; known are {}", known.join(", "))));
    };
    let value = if *number { Value::Integer(value.parse().map_err(|_| bad(format!("{name}: must be a whole number")))?) } else { Value::String(value.into()) };
    let mut place = table;
    let (last, folders) = path.split_last().ok_or_else(|| bad(name))?;
    for folder in folders {
        let inner = place.entry((*folder).to_owned()).or_insert_with(|| Value::Table(Table::new()));
        place = inner.as_table_mut().ok_or_else(|| bad(format!("{folder}: must be a table")))?;
    }
    place.insert((*last).to_owned(), value);
    Ok(())
}

fn rates(raw: &RawLimits) -> Rates {
    Rates {
        per_caller: raw.per_caller.map(NonZeroU32::new),
        per_partnership: raw.per_partnership.map(NonZeroU32::new),
        per_address: raw.per_address.map(NonZeroU32::new),
        prompt: raw.prompt_ms.map(|ms| NonZeroU32::new(ms).map(|ms| Duration::from_millis(ms.get().into()))),
    }
}

fn issuers(raw: Vec<RawIssuer>) -> Result<Vec<SignInAt>, BadSettings> {
    let mut all: Vec<SignInAt> = Vec::with_capacity(raw.len());
    for one in raw {
        let one = issuer(one)?;
        if all.iter().any(|known| known.issuer.name == one.issuer.name || known.issuer.issuer == one.issuer.issuer) {
            return Err(bad(format!("oidc: {} stands twice", one.issuer.name)));
        }
        all.push(one);
    }
    Ok(all)
}

fn issuer(raw: RawIssuer) -> Result<SignInAt, BadSettings> {
    let needed = |value: Option<String>, key: &str| value.filter(|text| !text.trim().is_empty()).ok_or_else(|| bad(format!("oidc.{key}: is missing")));
    let name = needed(raw.name, "name")?;
    if name.len() > 40 || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Err(bad("oidc.name: must be of small letters, digits and hyphens, at most 40; it stands in addresses"));
    }
    let domain = |text: &String| {
        let domain = text.trim().trim_start_matches('@').to_ascii_lowercase();
        text::Email::parse(&format!("a@{domain}")).map(|_| domain).map_err(|_| bad(format!("oidc.domains: {text} is no domain")))
    };
    let domains = raw.domains.iter().map(domain).collect::<Result<_, _>>()?;
    let issuer = IssuerSettings {
        issuer: needed(raw.issuer, "issuer")?,
        client_id: needed(raw.client_id, "client_id")?,
        client_secret: Secret::new(needed(raw.client_secret, "client_secret")?),
        domains,
        certificates: raw.certificates,
        name: name.clone(),
    };
    Ok(SignInAt {
        issuer,
        label: raw.label.map(|label| text::line(&label, 40).map_err(|error| bad(format!("oidc.label: {}", error.detail())))).transpose()?.unwrap_or(name),
    })
}

fn mail(raw: RawMail) -> Result<MailSettings, BadSettings> {
    let host = raw.host.ok_or_else(|| bad("mail.host: is missing"))?;
    let from = raw.from.ok_or_else(|| bad("mail.from: is missing"))?;
    text::Email::parse(&from).map_err(|error| bad(format!("mail.from: {}", error.detail())))?;
    let tls = match raw.tls.as_deref() {
        Some("implicit") => Tls::Implicit,
        None | Some("starttls") => Tls::StartTls,
        Some("none") => Tls::None,
        Some(_) => return Err(bad("mail.tls: must be implicit, starttls or none")),
    };
    if raw.user.is_some() != raw.password.is_some() {
        return Err(bad("mail.user and mail.password: give both or neither"));
    }
    if tls == Tls::None && raw.password.is_some() {
        return Err(bad("mail.tls: a password is not sent over an open connection"));
    }
    Ok(MailSettings { host, port: raw.port, tls, user: raw.user, password: raw.password.map(Secret::new), from })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: Option<&str>, variables: &[(&str, &str)]) -> Result<Settings, String> {
        let folder = std::env::temp_dir().join(format!("tradepost-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let config = file.map(|text| {
            let path = folder.join(format!("{:x}.toml", crc(text)));
            std::fs::write(&path, text).expect("a file");
            path
        });
        let flags = Flags { config, data: Some("/d".into()), ..Flags::default() };
        Settings::read(&flags, variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).map_err(|error| error.0)
    }

    fn crc(text: &str) -> u64 {
        text.bytes().fold(7, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))
    }

    #[test]
    fn everything_has_a_default_but_the_mail_server() {
        let settings = read(None, &[("PATH", "/bin"), ("TRADEPOST_TEST_POSTGRES", "x"), ("TRADEPOST_URL", "https://x.example")]).expect("defaults");
        assert_eq!((settings.listen.as_str(), settings.database.as_str()), ("127.0.0.1:8080", "sqlite:///d/tradepost.db"));
        assert_eq!(settings.public_url, "http://127.0.0.1:8080");
        assert!(settings.mail.is_none() && settings.is_sqlite());
    }

    #[test]
    fn variables_win_over_the_file() {
        let file = "listen = \"0.0.0.0:80\"\n[mail]\nhost = \"a.example\"\nfrom = \"post@a.example\"\n";
        let settings = read(Some(file), &[("TRADEPOST_LISTEN", "[::1]:90"), ("TRADEPOST_MAIL_PORT", "2525"), ("TRADEPOST_PUBLIC_URL", "https://x.example/")]);
        let settings = settings.expect("both");
        assert_eq!((settings.listen.as_str(), settings.public_url.as_str()), ("[::1]:90", "https://x.example"));
        let mail = settings.mail.expect("mail");
        assert_eq!((mail.host.as_str(), mail.port, mail.tls), ("a.example", Some(2525), Tls::StartTls));
    }

    /// PLT-11: 0 lifts a limit, what is not set keeps its default.
    #[test]
    fn rates_are_set_one_by_one_and_zero_lifts_them() {
        let settings = read(Some("[limits]\nper_caller = 5\n"), &[("TRADEPOST_LIMITS_PER_ADDRESS", "0")]).expect("rates");
        assert_eq!(settings.rates, Rates { per_caller: Some(NonZeroU32::new(5)), per_partnership: None, per_address: Some(None), prompt: None });
        let prompt = |ms| read(None, &[("TRADEPOST_LIMITS_PROMPT_MS", ms)]).map(|settings| settings.rates.prompt);
        assert_eq!((prompt("250"), prompt("0")), (Ok(Some(Some(Duration::from_millis(250)))), Ok(Some(None))));
        assert!(read(Some("[limits]\nper_caler = 5\n"), &[]).expect_err("refused").contains("per_caler"));
        assert!(read(None, &[("TRADEPOST_LIMITS_PER_CALLER", "-1")]).is_err());
    }

    /// PAR-15
    #[test]
    fn issuers_are_named_with_all_that_they_are_asked_by() {
        let file = "[[oidc]]\nname = \"work\"\nlabel = \"Work\"\nissuer = \"https://login.example\"\nclient_id = \"t\"\nclient_secret = \"hunter2\"\ndomains = [\"@Example.org\"]\n";
        let settings = read(Some(file), &[]).expect("one");
        let [SignInAt { issuer, label }] = settings.issuers.as_slice() else { panic!("one issuer") };
        assert_eq!((issuer.name.as_str(), label.as_str(), issuer.domains.as_slice()), ("work", "Work", &["example.org".to_owned()][..]));
        assert!(!format!("{settings:?}").contains("hunter2"));
        let wrong = [
            (file.replace("client_id", "clientid"), "clientid"),
            (file.replace("client_secret = \"hunter2\"\n", ""), "oidc.client_secret"),
            (file.replace("\"work\"", "\"My work\""), "oidc.name"),
            (file.replace("@Example.org", "example"), "oidc.domains"),
            (format!("{file}{file}"), "twice"),
        ];
        for (text, needed) in wrong {
            let error = read(Some(&text), &[]).expect_err("refused");
            assert!(error.contains(needed) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_is_unknown_or_wrong_is_refused_by_name_and_without_secrets() {
        type Wrong<'a> = (Option<&'a str>, &'a [(&'a str, &'a str)], &'a str);
        let wrong: &[Wrong<'_>] = &[
            (Some("listne = \"x\""), &[], "listne"),
            (Some("[mail]\nhsot = \"x\""), &[], "hsot"),
            (Some("listen = 7"), &[], "string"),
            (None, &[("TRADEPOST_LISTNE", "x")], "TRADEPOST_LISTNE: no such variable"),
            (None, &[("TRADEPOST_TRUSTED_PROXIES", "many")], "TRADEPOST_TRUSTED_PROXIES"),
            (None, &[("TRADEPOST_DATABASE", "mysql://x")], "database"),
            (None, &[("TRADEPOST_PUBLIC_URL", "x.example")], "public_url"),
            (None, &[("TRADEPOST_MAIL_HOST", "h")], "mail.from"),
            (None, &[("TRADEPOST_MAIL_HOST", "h"), ("TRADEPOST_MAIL_FROM", "a@b.example"), ("TRADEPOST_MAIL_TLS", "maybe")], "mail.tls"),
            (Some("[mail]\nhost=\"h\"\nfrom=\"a@b.example\"\ntls=\"none\"\nuser=\"u\"\npassword=\"hunter2\""), &[], "open connection"),
            (Some("[mail]\npassword = hunter2"), &[], ""),
        ];
        for (file, variables, needed) in wrong {
            let error = read(*file, variables).expect_err("refused");
            assert!(error.contains(needed) && !error.contains("hunter2"), "{error}");
        }
    }
}
