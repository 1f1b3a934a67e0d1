//! Requirement ids in comments lead to the specification, where it lies beside the repository.

use crate::source::Source;
use crate::{assert_none, tree};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What the main job, the external shops and the portal consist of; those without a test that quotes them are printed.
const STEP: &str = "PAR-1 PAR-2 PAR-3 PAR-4 PAR-5 PAR-7 PAR-10 PAR-11 PAR-12 PAR-14 PAR-15 PAR-16 PAR-17 CAT-1 CAT-2 CAT-3 CAT-4 CAT-5 CAT-9 STK-1 STK-2 STK-3 STK-4 STK-5 STK-6 STK-7 \
ORD-1 ORD-2 ORD-3 ORD-4 ORD-7 ORD-9 ORD-10 ORD-11 CRD-1 CRD-2 CRD-3 CRD-4 CRD-5 CRD-6 CRD-8 FUL-1 FUL-2 FUL-3 FUL-4 FUL-5 FUL-6 FUL-7 FUL-9 BIL-1 BIL-3 PAY-3 \
PLT-1 PLT-2 PLT-3 PLT-4 PLT-5 PLT-11 PLT-12 PLT-13 PLT-14 \
CAT-7 PRG-9 EXT-1 EXT-2 EXT-3 EXT-4 EXT-5 EXT-6 EXT-7 EXT-8 EXT-9 EXT-10 EXT-11";

/// Three capitals, a dash and a number that are no requirement.
const NO_IDS: &[&str] = &["UTF-8", "UTF-16", "SHA-1", "SHA-2"];

/// The specification, beside the repository or beside one of the folders it lies in.
fn specification() -> Option<PathBuf> {
    tree::root().ancestors().skip(1).map(|above| above.join("shared/spec")).find(|folder| folder.is_dir())
}

/// `PAR-4`: three capitals, a dash, one or two digits.
fn ids(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    let is_id = |word: &&str| {
        word.split_once('-').is_some_and(|(area, number)| {
            area.len() == 3
                && area.bytes().all(|byte| byte.is_ascii_uppercase())
                && (1..=2).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    words.filter(is_id).filter(|word| !NO_IDS.contains(word)).map(str::to_owned).collect()
}

/// Ids that a comment quotes and the specification does not know.
fn unknown(source: &Source, known: &BTreeSet<String>) -> Vec<String> {
    let quoted = source.comments.iter().flat_map(|comment| ids(&comment.text).into_iter().map(move |id| (comment.at, id)));
    quoted.filter(|(_, id)| !known.contains(id)).map(|(at, id)| format!("{}: {id} is not in the specification", source.place(at))).collect()
}

/// Ids that stand with a test: in a comment or text inside of one, or right above it.
fn tested(source: &Source) -> BTreeSet<String> {
    let above = |at: usize| {
        let rest = source.code[at..].trim_start();
        ["#[test]", "#[tokio::test", "app_test!", "#[cfg(test)]", "proptest!"].iter().any(|mark| rest.starts_with(mark))
    };
    let whole = source.krate() == "journeys";
    let pieces = source.comments.iter().chain(&source.literals);
    pieces.filter(|piece| whole || source.is_test(piece.at) || above(piece.at)).flat_map(|piece| ids(&piece.text)).collect()
}

#[test]
fn requirement_ids_are_those_of_the_specification() {
    // This file's own list and examples are no evidence.
    let others = || tree::sources().iter().filter(|source| !source.path.starts_with("crates/journeys/tests/tidy/"));
    let quoted: BTreeSet<String> = others().flat_map(tested).collect();
    let untested: Vec<&str> = STEP.split(' ').filter(|id| !quoted.contains(*id)).collect();
    eprintln!("ids of this step that no test quotes: {}", if untested.is_empty() { "none".to_owned() } else { untested.join(" ") });
    let Some(folder) = specification() else {
        eprintln!("SKIPPED: the specification does not lie beside the repository");
        return;
    };
    let files = std::fs::read_dir(folder).expect("the specification").map(|entry| entry.expect("an entry").path());
    let known: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .flat_map(|path| ids(&std::fs::read_to_string(path).expect("a text")))
        .collect();
    assert!(STEP.split(' ').all(|id| known.contains(id)), "the specification was not read");
    assert_none("requirement ids", &others().flat_map(|source| unknown(source, &known)).collect::<Vec<_>>());
}

#[test]
fn an_id_that_nobody_wrote_down_is_told() {
    let known = ids("**PAR-1** and PAR-2.").into_iter().collect();
    let source = Source::new("crates/x/src/a.rs", "/// PAR-1, PAR-99 in UTF-8 (PAR-2)\n#[test]\nfn a() { let sku = \"KEY-1\"; }\n// ORD-3\nfn b() {}\n");
    assert_eq!(unknown(&source, &known), ["crates/x/src/a.rs:1: PAR-99 is not in the specification", "crates/x/src/a.rs:4: ORD-3 is not in the specification"]);
    assert_eq!(tested(&source).into_iter().collect::<Vec<_>>(), ["KEY-1", "PAR-1", "PAR-2", "PAR-99"]);
}
