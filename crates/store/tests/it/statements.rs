//! What goes in comes out, on both engines.

use crate::support::{Place, gate, ids, insert, query, work, write_set};
use tradepost_store::ColumnType::{Bytes, Int, Text};
use tradepost_store::{Column, Ended, Fault, FromRow, Row, SetSql, Value, params, sql};

both!(
    values_come_back_as_they_went_in,
    what_is_neither_integer_text_nor_bytes_is_a_fault,
    a_set_is_inserted_with_its_nulls,
    a_set_of_no_rows_changes_nothing,
    columns_that_do_not_fit_are_a_fault,
    a_set_updates_only_the_rows_that_match,
    a_set_deletes,
    a_conflict_of_a_set_is_skipped_where_the_statement_says_so,
    rows_are_read_for_each_key,
    a_reader_sees_one_snapshot,
    two_reads_may_be_under_way_at_once,
    a_reader_cannot_write,
    a_wrong_number_of_parameters_is_a_fault,
    a_plan_names_its_index,
    facts_name_the_engine,
);

static ITEMS: SetSql = SetSql::insert("item", &[("id", Int), ("amount", Int), ("note", Text), ("raw", Bytes)], "");
static NEW_ITEMS: SetSql = SetSql::insert("item", &[("id", Int)], "ON CONFLICT DO NOTHING");
static RAISE: SetSql = SetSql::update(
    "UPDATE item SET amount = r.amount, note = r.note FROM rows r WHERE item.id = r.id AND item.amount < r.amount",
    &[("id", Int), ("amount", Int), ("note", Text)],
);
static REMOVE: SetSql = SetSql::update("DELETE FROM item USING rows r WHERE item.id = r.id", &[("id", Int)]);

fn three_items() -> Vec<Column> {
    vec![
        Column::ints([1, 2, 3]),
        Column::OptInts(vec![Some(10), None, Some(30)]),
        Column::OptTexts(vec![Some(String::new()), Some("zwölf 🐈".to_owned()), None]),
        Column::OptBytes(vec![None, Some(vec![]), Some(vec![0, 255])]),
    ]
}

async fn values_come_back_as_they_went_in(place: Place) {
    let store = place.with_items().await;
    let rows = [
        vec![Value::Int(i64::MIN), Value::Int(i64::MAX), Value::Text(String::new()), Value::Bytes(vec![])],
        vec![Value::Int(0), Value::Null, Value::Null, Value::Null],
        vec![Value::Int(i64::MAX), Value::Int(-1), Value::Text("'; DROP TABLE item; -- ₿ 🐈 $1 ?1".to_owned()), Value::Bytes((0..=255).collect())],
    ];
    for row in rows.clone() {
        let insert = work(move |tx| {
            let row = row.clone();
            Box::pin(async move { Ok((Ended::Commit, tx.execute(sql!("INSERT INTO item (id, amount, note, raw) VALUES ($1, $2, $3, $4)"), &row).await?)) })
        });
        assert_eq!(store.write(insert).await.expect("it is written"), 1);
    }
    let read: Vec<Row> = query(&store, sql!("SELECT id, amount, note, raw FROM item ORDER BY id"), Vec::new()).await;
    assert_eq!(read, rows.map(Row));
}

async fn what_is_neither_integer_text_nor_bytes_is_a_fault(place: Place) {
    let store = place.with_items().await;
    let read = store.read(|reader| Box::pin(async move { reader.query::<Row>(sql!("SELECT CAST(1.5 AS double precision)"), &[]).await })).await;
    assert!(matches!(read, Err(Fault::Column(_))), "{read:?}");
    let read = store.read(|reader| Box::pin(async move { reader.query::<String>(sql!("SELECT CAST(1 AS bigint)"), &[]).await })).await;
    assert!(matches!(read, Err(Fault::Column("text"))), "{read:?}");
}

async fn a_set_is_inserted_with_its_nulls(place: Place) {
    let store = place.with_items().await;
    assert_eq!(write_set(&store, &ITEMS, three_items()).await.expect("it is written"), 3);
    type Item = (i64, Option<i64>, Option<String>, Option<Vec<u8>>);
    let read: Vec<Item> = query(&store, sql!("SELECT id, amount, note, raw FROM item ORDER BY id"), Vec::new()).await;
    let expected: [Item; 3] =
        [(1, Some(10), Some(String::new()), None), (2, None, Some("zwölf 🐈".to_owned()), Some(vec![])), (3, Some(30), None, Some(vec![0, 255]))];
    assert_eq!(read, expected);
}

async fn a_set_of_no_rows_changes_nothing(place: Place) {
    let store = place.with_items().await;
    assert_eq!(write_set(&store, &REMOVE, vec![Column::ints([])]).await.expect("nothing is to do"), 0);
}

async fn columns_that_do_not_fit_are_a_fault(place: Place) {
    let store = place.with_items().await;
    assert!(matches!(write_set(&store, &REMOVE, vec![]).await, Err(Fault::Invariant(_))));
    let uneven = vec![Column::ints([1, 2]), Column::ints([1]), Column::texts([]), Column::OptBytes(vec![])];
    assert!(matches!(write_set(&store, &ITEMS, uneven).await, Err(Fault::Invariant(_))));
}

async fn a_set_updates_only_the_rows_that_match(place: Place) {
    let store = place.with_items().await;
    write_set(&store, &ITEMS, three_items()).await.expect("it is written");
    let raise = vec![Column::ints([1, 3, 9]), Column::ints([11, 29, 1]), Column::OptTexts(vec![None, None, None])];
    assert_eq!(write_set(&store, &RAISE, raise.clone()).await.expect("it runs"), 1);
    let amounts: Vec<Option<i64>> = query(&store, sql!("SELECT amount FROM item ORDER BY id"), Vec::new()).await;
    assert_eq!(amounts, [Some(11), None, Some(30)]);

    let whole = work(move |tx| {
        let raise = raise.clone();
        Box::pin(async move { Ok((Ended::Commit, tx.write_whole_set(&RAISE, raise).await?)) })
    });
    assert!(matches!(store.write(whole).await, Err(Fault::Rows { expected: 3, changed: 0, .. })));
}

async fn a_set_deletes(place: Place) {
    let store = place.with_items().await;
    write_set(&store, &ITEMS, three_items()).await.expect("it is written");
    assert_eq!(write_set(&store, &REMOVE, vec![Column::ints([3, 1, 7])]).await.expect("it runs"), 2);
    assert_eq!(ids(&store).await, [2]);
}

async fn a_conflict_of_a_set_is_skipped_where_the_statement_says_so(place: Place) {
    let store = place.with_items().await;
    assert_eq!(write_set(&store, &NEW_ITEMS, vec![Column::ints([1, 2])]).await.expect("it runs"), 2);
    assert_eq!(write_set(&store, &NEW_ITEMS, vec![Column::ints([2, 3])]).await.expect("it runs"), 1);
    assert!(write_set(&store, &ITEMS, three_items()).await.is_err(), "without it the conflict is a fault");
    assert_eq!(ids(&store).await, [1, 2, 3]);
}

async fn rows_are_read_for_each_key(place: Place) {
    let store = place.with_items().await;
    write_set(&store, &ITEMS, three_items()).await.expect("it is written");
    let each = work(|tx| {
        Box::pin(async move {
            let sql = sql!("SELECT id, raw FROM item WHERE id > $1 AND id = ANY($2) ORDER BY id FOR UPDATE");
            let mut rows: Vec<(i64, Option<Vec<u8>>)> = tx.query_each(sql, params![1], &Column::ints([3, 1, 2, 8])).await?;
            rows.sort();
            let none: Vec<Row> = tx.query_each(sql, params![1], &Column::ints([])).await?;
            let by_text: Vec<i64> = tx.query_each(sql!("SELECT id FROM item WHERE note = ANY($1)"), &[], &Column::texts(["".to_owned()])).await?;
            let by_id: Vec<i64> = tx.query_each(sql!("SELECT id FROM item WHERE raw = ANY($1)"), &[], &Column::Ids(vec![[7; 16]])).await?;
            Ok((Ended::Nothing, (rows, none.len(), by_text, by_id)))
        })
    });
    let (rows, none, by_text, by_id) = store.write(each).await.expect("it reads");
    assert_eq!(rows, [(2, Some(vec![])), (3, Some(vec![0, 255]))]);
    assert_eq!((none, by_text, by_id), (0, vec![1], vec![]));
}

async fn a_reader_sees_one_snapshot(place: Place) {
    let store = place.with_items().await;
    store.write(insert(1)).await.expect("it commits");
    let (stop, keeper) = gate();
    let reading = tokio::spawn({
        let store = store.clone();
        async move {
            let read = store.read(move |reader| {
                Box::pin(async move {
                    let before: Vec<i64> = reader.query(sql!("SELECT id FROM item"), &[]).await?;
                    stop.stop();
                    Ok((before, reader.query::<i64>(sql!("SELECT id FROM item"), &[]).await?))
                })
            });
            read.await
        }
    });
    keeper.arrived().await;
    store.write(insert(2)).await.expect("a reader holds no writer");
    keeper.let_go();
    assert_eq!(reading.await.expect("no panic").expect("it reads"), (vec![1], vec![1]));
    assert_eq!(ids(&store).await, [1, 2]);
}

async fn two_reads_may_be_under_way_at_once(place: Place) {
    let store = place.with_items().await;
    write_set(&store, &ITEMS, three_items()).await.expect("it is written");
    let pair = work(|tx| {
        Box::pin(async move {
            tx.execute_exactly(1, sql!("UPDATE item SET amount = 31 WHERE id = $1"), params![3]).await?;
            let least = 2;
            let (amounts, few) = tx
                .both(
                    async |reader| reader.query::<Option<i64>>(sql!("SELECT amount FROM item WHERE id >= $1 ORDER BY id"), params![least]).await,
                    async |reader| reader.query_one::<i64>(sql!("SELECT CAST(COUNT(*) AS bigint) FROM item WHERE id < $1"), params![least]).await,
                )
                .await?;
            Ok((Ended::Commit, (amounts, few)))
        })
    });
    assert_eq!(store.write(pair).await.expect("both are read"), (vec![None, Some(31)], 1));
    let fails = work(|tx| {
        Box::pin(async move {
            tx.execute_exactly(1, sql!("UPDATE item SET amount = 0 WHERE id = $1"), params![9]).await?;
            let read = tx.both(async |reader| reader.query::<i64>(sql!("SELECT id FROM item"), &[]).await, async |_| Ok(())).await;
            Ok((Ended::Commit, read.map(|_| ())?))
        })
    });
    assert!(matches!(store.write(fails).await, Err(Fault::Rows { expected: 1, changed: 0, .. })));
}

async fn a_reader_cannot_write(place: Place) {
    let store = place.with_items().await;
    let wrote = store.read(|reader| Box::pin(async move { reader.query::<i64>(sql!("INSERT INTO item (id) VALUES (1) RETURNING id"), &[]).await })).await;
    assert!(wrote.is_err());
    assert_eq!(ids(&store).await, [0; 0]);
}

async fn a_wrong_number_of_parameters_is_a_fault(place: Place) {
    let store = place.with_items().await;
    for given in [params![][..].to_vec(), params![1, 2].to_vec()] {
        let read = store.read(move |reader| Box::pin(async move { reader.query::<i64>(sql!("SELECT id FROM item WHERE id = $1"), &given).await }));
        assert!(read.await.is_err());
    }
}

async fn a_plan_names_its_index(place: Place) {
    let store = place.with_items().await;
    let plan = store.explain(sql!("SELECT id FROM item WHERE id = $1 FOR UPDATE"), params![1]).await.expect("a plan");
    assert!(plan.iter().any(|line| line.contains("item_pkey") || line.contains("USING INTEGER PRIMARY KEY")), "{plan:?}");
    let sql = sql!("SELECT amount FROM item WHERE id = ANY($1)");
    let plan = store.explain_each(sql, &[], &Column::ints([1, 2])).await.expect("a plan");
    assert!(plan.iter().any(|line| line.contains("item_pkey") || line.contains("USING INTEGER PRIMARY KEY")), "{plan:?}");
}

async fn facts_name_the_engine(place: Place) {
    let store = place.with_items().await;
    let facts = store.storage_facts().await.expect("facts");
    let wanted: &[(&str, &str)] = match place.engine {
        tradepost_store::Engine::Sqlite => &[("engine", "sqlite"), ("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")],
        tradepost_store::Engine::Postgres => &[("engine", "postgres"), ("fsync", "on"), ("synchronous_commit", "on")],
    };
    for (name, value) in wanted {
        assert!(facts.contains(&((*name).to_owned(), (*value).to_owned())), "{name}: {facts:?}");
    }
    assert_eq!(store.integrity_check().await.expect("it runs"), Vec::<String>::new());
    store.ping().await.expect("it answers");
}

#[test]
fn a_single_column_is_a_row_too() {
    assert_eq!(i64::from_row(Row(vec![Value::Int(7)])).expect("an integer"), 7);
    assert_eq!(Option::<String>::from_row(Row(vec![Value::Null])).expect("null"), None);
}
