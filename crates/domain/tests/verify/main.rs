//! Verify from outside (PLT-2): clean over a world that real commands made, and each check proven by a corruption
//! that it names. One body for both engines.

mod corruptions;
mod deeds;
mod place;
mod plans;
mod world;

use place::Place;
use tradepost_domain::verify::{self, CHECKS, Options};
use tradepost_store::Engine as Database;

/// Every check is clean over what commands did, and is broken by its corruptions, and only by them. Each runs on a
/// copy of its own of the same world. A quarter of the corruptions per test: a copy on PostgreSQL takes its time.
async fn prove(place: Place, quarter: usize) {
    let engine = place.engine().await;
    world::build(&engine).await;
    engine.store.close().await;
    let place = place.corrupted(world::TOP_UP).await;
    let engine = place.engine_a_day_later().await;
    world::fulfill(&engine).await;
    for options in [Options::default(), Options { full: true, ..Options::default() }] {
        let report = verify::run(&engine, &options).await.expect("it can be checked");
        assert!(report.is_clean(), "before any corruption: {:#?}", report.checks.iter().filter(|check| check.total > 0).collect::<Vec<_>>());
        let idle: Vec<&str> = report.checks.iter().filter(|check| check.checked == 0).map(|check| check.name).collect();
        assert!(idle.is_empty(), "nothing to look at for {idle:?}");
    }
    engine.store.close().await;

    let mut failures = Vec::new();
    for corruption in corruptions::ALL.iter().skip(quarter).step_by(4) {
        let copy = place.corrupted(corruption.sql).await;
        let engine = copy.engine().await;
        let report = verify::run(&engine, &Options { full: corruption.full, ..Options::default() }).await.expect("it can be checked");
        let mut expected = corruption.broken.to_vec();
        if corruption.breaks_schema && place.database == Database::Sqlite {
            // SQLite's own check of the file finds broken constraints too.
            expected.push("storage.integrity");
        }
        if report.violated() != expected {
            let found: Vec<_> = report.checks.into_iter().filter(|check| check.total > 0).collect();
            failures.push(format!("{}\n  expected {expected:?}\n  found {found:#?}", corruption.sql));
        } else {
            let text = format!("{report:?}");
            assert!(!world::CODES.iter().any(|code| text.contains(code)), "a code was printed: {}", corruption.sql);
            assert!(report.checks.iter().flat_map(|check| &check.violations).all(|v| v.merchant == 0 || !v.subject.is_empty()));
        }
        engine.store.close().await;
        copy.forget().await;
    }
    place.forget().await;
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// One test per quarter, so that they run side by side.
macro_rules! quarters {
    ($($sqlite:ident, $postgres:ident: $quarter:literal;)*) => {$(
        #[test]
        fn $sqlite() {
            place::run(Database::Sqlite, |place| prove(place, $quarter));
        }

        #[test]
        fn $postgres() {
            place::run(Database::Postgres, |place| prove(place, $quarter));
        }
    )*};
}

quarters! {
    each_check_names_its_corruption_on_sqlite_1, each_check_names_its_corruption_on_postgres_1: 0;
    each_check_names_its_corruption_on_sqlite_2, each_check_names_its_corruption_on_postgres_2: 1;
    each_check_names_its_corruption_on_sqlite_3, each_check_names_its_corruption_on_postgres_3: 2;
    each_check_names_its_corruption_on_sqlite_4, each_check_names_its_corruption_on_postgres_4: 3;
}

/// Rows beyond one page are looked at, each once; the first violations are kept and all are counted.
async fn page_by_page(place: Place) {
    let engine = place.engine().await;
    engine.store.close().await;
    let id = match place.database {
        Database::Sqlite => "CAST(substr('000000000000000' || (10000 + i), -16) AS blob)",
        Database::Postgres => "convert_to(lpad((10000 + i)::text, 16, '0'), 'UTF8')",
    };
    let sql = format!(
        "INSERT INTO transfer (merchant, id, kind, reference, reason, at_ms)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4500) SELECT 1 + i % 3, {id}, 'gift', {id}, '', 0 FROM n"
    );
    let copy = place.corrupted(&sql).await;
    let engine = copy.engine().await;
    let report = verify::run(&engine, &Options { only: vec!["ledger.transfers_balance".to_owned()], full: false }).await.expect("it can be checked");
    engine.store.close().await;
    copy.forget().await;
    let [check] = &report.checks[..] else { panic!("one check was asked for") };
    assert_eq!((check.checked, check.total, check.violations.len()), (4_500, 4_500, verify::SHOWN));
}

#[test]
fn pages_follow_each_other_on_sqlite() {
    place::run(Database::Sqlite, page_by_page);
}

#[test]
fn pages_follow_each_other_on_postgres() {
    place::run(Database::Postgres, page_by_page);
}

/// A check without a corruption proves nothing. The settings of the storage cannot be corrupted from here: they are
/// proven beside their code.
#[test]
fn every_check_has_a_corruption() {
    let unproven: Vec<&str> =
        CHECKS.iter().map(|check| check.name).filter(|name| !corruptions::ALL.iter().any(|corruption| corruption.broken.contains(name))).collect();
    assert_eq!(unproven, ["storage.integrity"]);
}

#[test]
fn names_are_unique_and_areas_select() {
    let mut names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CHECKS.len());
    let only = |name: &str| vec![name.to_owned()];
    assert_eq!(verify::unknown(&only("ledger")), None);
    assert_eq!(verify::unknown(&only("ledger.balances")), None);
    assert_eq!(verify::unknown(&only("ledger.bal")), Some("ledger.bal"));
}

/// docs/verify.md is generated; `TRADEPOST_BLESS=1` writes it.
#[test]
fn the_page_of_checks_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify.md");
    let page = verify::page();
    if std::env::var_os("TRADEPOST_BLESS").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).expect("a folder");
        std::fs::write(path, &page).expect("it is written");
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page, "run with TRADEPOST_BLESS=1");
}
