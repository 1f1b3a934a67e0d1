//! What others build on, and what must change only on purpose: the OpenAPI document, the table of rights, both schemas.

use tradepost_testkit::{Kind, app_test};

app_test! {
    /// The schema of both engines, as the engines themselves tell it.
    async fn the_schema_is_the_one_that_was_reviewed(app) {
        let text = app.engine.store.schema_text().await.expect("the schema");
        let name = match app.kind {
            Kind::Sqlite => "schema_sqlite",
            Kind::Postgres => "schema_postgres",
        };
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn the_openapi_document_is_the_one_that_was_reviewed() {
    let document = tradepost_web::openapi::document(&tradepost::routes::all(), "https://tradepost.example");
    let mut document = serde_json::to_value(document).expect("JSON");
    document["info"]["version"] = "0.0.0".into();
    insta::assert_snapshot!("openapi", serde_json::to_string_pretty(&document).expect("JSON"));
}

/// PAR-14: the rights of every route, as the docs print them.
#[test]
fn the_table_of_rights_is_the_one_that_was_reviewed() {
    insta::assert_snapshot!("rights", tradepost_web::openapi::access_table(&tradepost::routes::all()));
}
