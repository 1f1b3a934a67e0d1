//! The schema, in steps: part of the binary.

use tradepost_store::{Migration, migrations_from};

/// Every step, oldest first.
#[must_use]
pub fn migrations() -> Vec<Migration> {
    migrations_from(&[
        ("0001_main_job", include_str!("../../../migrations/0001_main_job.sql")),
        ("0002_external_shops", include_str!("../../../migrations/0002_external_shops.sql")),
        ("0003_factors", include_str!("../../../migrations/0003_factors.sql")),
        ("0004_people", include_str!("../../../migrations/0004_people.sql")),
        ("0005_lists", include_str!("../../../migrations/0005_lists.sql")),
        ("0006_request_log", include_str!("../../../migrations/0006_request_log.sql")),
        ("0007_rowless", include_str!("../../../migrations/0007_rowless.sql")),
        ("0008_bank_account", include_str!("../../../migrations/0008_bank_account.sql")),
        ("0009_lists", include_str!("../../../migrations/0009_lists.sql")),
        ("0010_entries", include_str!("../../../migrations/0010_entries.sql")),
        ("0011_indexes", include_str!("../../../migrations/0011_indexes.sql")),
        ("0012_workspace", include_str!("../../../migrations/0012_workspace.sql")),
        ("0013_mail_languages", include_str!("../../../migrations/0013_mail_languages.sql")),
        ("0014_former_skus", include_str!("../../../migrations/0014_former_skus.sql")),
        ("0015_people", include_str!("../../../migrations/0015_people.sql")),
        ("0016_batches", include_str!("../../../migrations/0016_batches.sql")),
        ("0017_open_orders", include_str!("../../../migrations/0017_open_orders.sql")),
        ("0018_reservations", include_str!("../../../migrations/0018_reservations.sql")),
        ("0019_instructions", include_str!("../../../migrations/0019_instructions.sql")),
    ])
}
