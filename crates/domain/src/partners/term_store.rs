//! Every write on `term`.

use super::terms::{Level, Setting, TermChange};
use tradepost_store::{Fault, Tx, Value, sql};

/// Sets and unsets terms of one owner.
pub(crate) async fn write(tx: &mut Tx<'_>, merchant: i64, level: Level, owner: &Value, changes: &[TermChange]) -> Result<(), Fault> {
    for change in changes {
        let mut key =
            vec![Value::from(merchant), Value::from(level.name()), owner.clone(), Value::from(change.name.name()), Value::from(change.qualifier.text())];
        let value = match &change.to {
            Setting::Inherit => {
                tx.execute(sql!("DELETE FROM term WHERE merchant = $1 AND level = $2 AND owner = $3 AND name = $4 AND qualifier = $5"), &key).await?;
                continue;
            }
            Setting::Nothing => Value::Null,
            Setting::Value(value) => Value::from(value.text()),
        };
        key.push(value);
        tx.execute_exactly(
            1,
            sql!("INSERT INTO term (merchant, level, owner, name, qualifier, value) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (merchant, level, owner, name, qualifier) DO UPDATE SET value = excluded.value"),
            &key,
        )
        .await?;
    }
    Ok(())
}

/// Removes all terms of an owner that goes away.
pub(crate) async fn delete_all(tx: &mut Tx<'_>, merchant: i64, level: Level, owner: Value) -> Result<(), Fault> {
    let key = [Value::from(merchant), Value::from(level.name()), owner];
    tx.execute(sql!("DELETE FROM term WHERE merchant = $1 AND level = $2 AND owner = $3"), &key).await?;
    Ok(())
}
