//! The files of the repository.

use crate::source::Source;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// A file's text, from the root.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Names in a folder, sorted.
pub fn names(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut names: Vec<String> = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Paths of all files below, from the root, sorted.
pub fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in names(folder) {
        let path = format!("{folder}/{name}");
        if root().join(&path).is_dir() {
            found.extend(files(&path, ending));
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found
}

/// Every Rust file of every crate.
pub fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| files("crates", ".rs").iter().map(|path| Source::new(path, &read(path))).collect())
}

/// Those that go into what is shipped: no tests, and neither of the two crates of tests.
pub fn house() -> impl Iterator<Item = &'static Source> {
    sources().iter().filter(|source| source.path.contains("/src/") && !["testkit", "journeys"].contains(&source.krate()))
}

/// The names of the crates.
pub fn crates() -> Vec<String> {
    names("crates")
}

/// The slices of the domain, in call order: the modules of its `lib.rs` that are folders with business in them.
pub fn slices() -> Vec<String> {
    let lib = Source::new("crates/domain/src/lib.rs", &read("crates/domain/src/lib.rs"));
    modules(&lib).into_iter().filter(|name| !crate::slices::BASE.contains(&name.as_str())).collect()
}

/// The modules that a file declares, in order.
pub fn modules(source: &Source) -> Vec<String> {
    let word = |rest: &str| rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect::<String>();
    let found = source.finds("mod ").into_iter().map(|at| word(&source.code[at + 4..]));
    found.filter(|name| !name.is_empty()).collect()
}
