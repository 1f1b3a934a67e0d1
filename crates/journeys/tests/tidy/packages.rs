//! What is built in: licenses that may be given away, one TLS, and a `deny.toml` that says the same.

use crate::{assert_none, tree};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

/// Licenses that code may come under. Fonts may also come under `OFL-1.1`.
const LICENSES: &[&str] =
    &["0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "CDLA-Permissive-2.0", "ISC", "MIT", "Unicode-3.0", "Zlib"];

/// TLS is rustls with ring, and nothing else.
const NEVER: &[&str] = &["openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys"];

/// Whether an expression (`MIT OR (Apache-2.0 AND ISC)`, `MIT/Apache-2.0`) can be met with the allowed ones.
fn allowed(expression: &str) -> bool {
    let mut depth = 0_i32;
    // The top-level operators: the weakest first.
    for operator in [" OR ", "/", " AND "] {
        let mut parts = Vec::new();
        let mut from = 0;
        for (at, letter) in expression.char_indices() {
            depth += i32::from(letter == '(') - i32::from(letter == ')');
            if depth == 0 && at >= from && expression[at..].starts_with(operator) {
                parts.push(&expression[from..at]);
                from = at + operator.len();
            }
        }
        if !parts.is_empty() {
            parts.push(&expression[from..]);
            return if operator == " AND " { parts.into_iter().all(allowed) } else { parts.into_iter().any(allowed) };
        }
    }
    let one = expression.trim();
    match one.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => allowed(inner),
        None => LICENSES.contains(&one),
    }
}

fn wrong_licenses(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let license = |package: &Value| package["license"].as_str().unwrap_or("none").to_owned();
    packages
        .iter()
        .filter(|package| !allowed(&license(package)))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], license(package)))
        .collect()
}

fn wrong_packages(lock: &str) -> Vec<String> {
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = "));
    names.map(|name| name.trim_matches('"')).filter(|name| NEVER.contains(name)).map(|name| format!("Cargo.lock: {name}")).collect()
}

/// The texts of a list in `deny.toml`.
fn list<'a>(deny: &'a str, key: &str) -> BTreeSet<&'a str> {
    let (_, rest) = deny.split_once(&format!("\n{key} = [")).unwrap_or(("", ""));
    let (inside, _) = rest.split_once("\n]").unwrap_or(("", ""));
    inside.split('"').skip(1).step_by(2).collect()
}

/// What cargo knows of the packages of this machine's platform, without asking the network.
fn metadata() -> Option<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let told = Command::new("rustc").arg("-vV").output().ok()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let host = told.lines().find_map(|line| line.strip_prefix("host: "))?;
    let arguments = ["metadata", "--offline", "--locked", "--all-features", "--format-version", "1", "--filter-platform", host];
    let output = Command::new(cargo).args(arguments).current_dir(tree::root()).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

#[test]
fn every_license_may_be_given_away() {
    let Some(metadata) = metadata() else {
        eprintln!("SKIPPED: cargo does not know the packages without the network");
        return;
    };
    assert!(metadata["packages"].as_array().is_some_and(|packages| packages.len() > 100), "the packages were not found");
    assert_none("licenses", &wrong_licenses(&metadata));
}

#[test]
fn tls_is_rustls_with_ring() {
    assert_none("packages", &wrong_packages(&tree::read("Cargo.lock")));
}

#[test]
fn deny_toml_says_the_same() {
    let deny = tree::read("deny.toml");
    assert_eq!(list(&deny, "allow"), LICENSES.iter().copied().collect(), "licenses in deny.toml");
    assert_eq!(list(&deny, "deny"), NEVER.iter().copied().collect(), "bans in deny.toml");
    for line in ["yanked = \"deny\"", "unknown-registry = \"deny\"", "unknown-git = \"deny\"", "wildcards = \"deny\""] {
        assert!(deny.lines().any(|one| one == line), "deny.toml has no line {line}");
    }
}

#[test]
fn a_license_or_a_package_that_may_not_be_is_told() {
    for good in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT"] {
        assert!(allowed(good), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "MIT AND (GPL-3.0 OR MPL-2.0)", "none", "", "BUSL-1.1"] {
        assert!(!allowed(bad), "{bad}");
    }
    let metadata =
        serde_json::json!({"packages": [{"name": "a", "version": "1.0.0", "license": "AGPL-3.0"}, {"name": "b", "version": "1.0.0", "license": null}]});
    assert_eq!(wrong_licenses(&metadata), ["\"a\" \"1.0.0\": AGPL-3.0", "\"b\" \"1.0.0\": none"]);
    assert_eq!(wrong_packages("[[package]]\nname = \"openssl-sys\"\n[[package]]\nname = \"rustls\"\n"), ["Cargo.lock: openssl-sys"]);
    assert_eq!(list("\nallow = [\n  \"MIT\",\n  \"ISC\",\n]\n", "allow").len(), 2);
}
