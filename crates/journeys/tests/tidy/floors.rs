//! The floors of the house: an upper crate may use lower ones, never the reverse.

use crate::source::Source;
use crate::{Exception, assert_none, tree, without};

/// What each crate may use of ours; the table of `ARCHITECTURE.md`.
const FLOORS: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("store", &["kernel"]),
    ("domain", &["kernel", "store"]),
    ("documents", &["kernel", "domain"]),
    ("web", &["kernel", "store", "domain", "documents"]),
    ("worker", &["kernel", "store", "domain", "documents"]),
    ("issuer", &["kernel"]),
    ("design", &["kernel"]),
    ("portal", &["kernel", "store", "domain", "documents", "web", "design"]),
    ("app", &["kernel", "store", "domain", "documents", "web", "portal", "worker", "issuer"]),
    ("testkit", &["kernel", "store", "domain", "documents", "web", "portal", "worker", "issuer", "app"]),
    ("journeys", &["kernel", "store", "domain", "documents", "web", "portal", "worker", "issuer", "app", "testkit"]),
];

/// What a crate may not use of others', directly.
const FOREIGN: &[(&str, &[&str])] = &[
    ("kernel", &["axum", "hyper", "tokio", "reqwest", "lettre", "rusqlite", "tokio-postgres", "futures-util", "maud", "minijinja"]),
    ("store", &["axum", "hyper", "reqwest", "lettre", "maud", "minijinja"]),
    ("domain", &["axum", "hyper", "tokio", "reqwest", "lettre", "rusqlite", "tokio-postgres", "maud", "minijinja", "futures-util"]),
    ("documents", &["axum", "hyper", "tokio", "reqwest", "lettre", "rusqlite", "tokio-postgres"]),
    ("web", &["reqwest", "lettre", "rusqlite", "tokio-postgres", "minijinja"]),
    ("design", &["axum", "hyper", "tokio", "reqwest", "lettre", "rusqlite", "tokio-postgres", "minijinja"]),
    ("portal", &["hyper", "reqwest", "lettre", "rusqlite", "tokio-postgres", "minijinja"]),
    ("worker", &["axum", "hyper", "rusqlite", "tokio-postgres", "maud", "minijinja"]),
    ("issuer", &["axum", "lettre", "rusqlite", "tokio-postgres", "maud", "minijinja"]),
];

/// The crates that hand SQL to nobody: it stands in the slice that owns the table.
const WITHOUT_SQL: &[&str] = &["web", "portal", "design", "worker", "issuer", "app", "documents"];

/// The dependencies of a manifest that are no development ones: those of targets and builds included.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
            if let Some(name) = section.strip_prefix("dependencies.") {
                found.push(name.to_owned());
            }
        } else if section.ends_with("dependencies") && !section.ends_with("dev-dependencies") && line.contains('=') && !line.starts_with('#') {
            found.extend(line.split(['.', '=', ' ']).next().map(|name| name.trim_matches('"').to_owned()));
        }
    }
    found
}

/// The crate of ours behind a name in a manifest or in code.
fn ours(name: &str) -> Option<String> {
    let name = name.replace('_', "-");
    if name == "tradepost" { Some("app".into()) } else { name.strip_prefix("tradepost-").map(str::to_owned) }
}

fn of<'a>(table: &[(&str, &'a [&'a str])], krate: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(name, _)| *name == krate).map(|(_, list)| *list)
}

fn wrong_in_manifest(krate: &str, manifest: &str) -> Vec<String> {
    let Some(below) = of(FLOORS, krate) else { return vec![format!("crates/{krate}: stands on no floor of the table")] };
    let foreign = of(FOREIGN, krate).unwrap_or(&[]);
    let wrong = |name: &String| match ours(name) {
        Some(used) => !below.contains(&used.as_str()),
        None => foreign.contains(&name.as_str()),
    };
    dependencies(manifest).iter().filter(|name| wrong(name)).map(|name| format!("crates/{krate}/Cargo.toml: {name} is not below {krate}")).collect()
}

/// Crates named in code that the manifest would only have for tests, and SQL where none belongs.
fn wrong_in_code(source: &Source) -> Vec<String> {
    let krate = source.krate();
    let below = of(FLOORS, krate).unwrap_or(&[]);
    let others = FLOORS.iter().map(|(name, _)| *name).filter(|name| *name != krate && !below.contains(name));
    let names = others.map(|name| if name == "app" { "tradepost::".to_owned() } else { format!("tradepost_{name}::") });
    let mut found: Vec<String> = names
        .flat_map(|name| source.finds(&name).into_iter().map(move |at| (at, name.clone())))
        .map(|(at, name)| format!("{}: {name} is not below {krate}", source.place(at)))
        .collect();
    if WITHOUT_SQL.contains(&krate) {
        found.extend(["sql!(", "SetSql::"].iter().flat_map(|mark| source.finds(mark)).map(|at| format!("{}: SQL in {krate}", source.place(at))));
    }
    found
}

#[test]
fn an_upper_floor_uses_lower_ones_never_the_reverse() {
    let manifests = tree::crates().into_iter().flat_map(|krate| wrong_in_manifest(&krate, &tree::read(&format!("crates/{krate}/Cargo.toml"))));
    let code = tree::house().flat_map(wrong_in_code);
    let found = without(manifests.chain(code).collect(), EXCEPTIONS);
    assert_none("floors", &found);
}

/// Files of a library that is never compiled for tests, with tests inside that would silently not run.
fn unheard(manifest: &str, files: Vec<(String, String)>) -> Vec<String> {
    if !manifest.contains("[lib]\ntest = false") {
        return Vec::new();
    }
    files.into_iter().filter(|(_, text)| text.contains("cfg(test)")).map(|(file, _)| format!("{file}: its tests never run")).collect()
}

#[test]
fn a_library_without_tests_has_none_inside() {
    let found = tree::crates().into_iter().flat_map(|krate| {
        let files = tree::files(&format!("crates/{krate}/src"), ".rs").into_iter().map(|file| (file.clone(), tree::read(&file)));
        unheard(&tree::read(&format!("crates/{krate}/Cargo.toml")), files.collect())
    });
    assert_none("floors", &found.collect::<Vec<_>>());
    let inside = || vec![("a.rs".to_owned(), "#[cfg(test)]".to_owned())];
    assert_eq!((unheard("[lib]\ntest = false\n", inside()).len(), unheard("[lints]\n", inside()).len()), (1, 0));
}

const EXCEPTIONS: &[Exception] = &[Exception { what: "crates/app/src/merchant.rs", reason: "waits for merchants::queries to list by environment" }];

#[test]
fn what_stands_on_the_wrong_floor_is_told() {
    let manifest = "[dependencies]\ntradepost-web.workspace = true\naxum = { version = \"1\" }\nserde.workspace = true\n[dev-dependencies]\ntokio.workspace = true\n[target.'cfg(unix)'.dependencies]\nreqwest = \"1\"\n";
    let told = wrong_in_manifest("domain", manifest);
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(wrong_in_manifest("common", ""), ["crates/common: stands on no floor of the table"]);
    assert_eq!(wrong_in_manifest("documents", "[dependencies.tradepost-store]\nworkspace = true\n").len(), 1);
    let web = Source::new("crates/web/src/a.rs", "use tradepost_worker::Mailer;\nfn f() { store.read(sql!(\"SELECT 1\")) }\nuse tradepost_domain::Right;\n");
    assert_eq!(wrong_in_code(&web), ["crates/web/src/a.rs:1: tradepost_worker:: is not below web", "crates/web/src/a.rs:2: SQL in web"]);
    let lower = Source::new("crates/store/src/a.rs", "fn f() { tradepost_domain::orders::place() }\n#[cfg(test)]\nmod tests { use tradepost_testkit::x; }\n");
    assert_eq!(wrong_in_code(&lower).len(), 1);
}
