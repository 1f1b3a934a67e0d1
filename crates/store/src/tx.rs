//! What a command is handed: read and write statements over whichever engine is open.

use crate::pg::Sent;
use crate::{Column, Ended, Fault, FromRow, Row, SetSql, Sql, Value};
use std::ops::{Deref, DerefMut};
use tradepost_kernel::sabotage;

/// Reads within one snapshot.
#[derive(Debug)]
pub struct Reader<'a> {
    driver: Driver<'a>,
    /// Rows written so far, `RETURNING` included: a refusal after the first is a bug.
    wrote: u64,
    /// Statements run so far; one over a set counts once.
    statements: usize,
    /// Whether a statement failed. PostgreSQL turns the COMMIT after one into a ROLLBACK without an error, so
    /// a work that goes on must not be answered as done; SQLite is held to the same.
    failed: bool,
}

/// Reads and writes within one transaction. Dereferences to [`Reader`], so `&mut *tx` serves every query.
#[derive(Debug)]
pub struct Tx<'a> {
    reader: Reader<'a>,
}

pub(crate) enum Driver<'a> {
    Lite(&'a mut rusqlite::Connection),
    /// With the writes that were sent and whose answers nobody has waited for yet.
    Pg(&'a deadpool_postgres::Object, Vec<Due<'a>>),
}

/// A write on its way, and how many rows it must change.
pub(crate) struct Due<'a> {
    sent: Sent<'a>,
    sql: &'a str,
    expected: u64,
    /// What another number of rows means; else that a guard did not hold.
    otherwise: Option<Fault>,
}

impl std::fmt::Debug for Driver<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Driver::Lite(_) => "Lite",
            Driver::Pg(..) => "Pg",
        })
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = Reader<'a>;
    fn deref(&self) -> &Reader<'a> {
        &self.reader
    }
}
impl<'a> DerefMut for Tx<'a> {
    fn deref_mut(&mut self) -> &mut Reader<'a> {
        &mut self.reader
    }
}

impl Reader<'_> {
    /// All rows.
    ///
    /// # Errors
    /// The engine's, or [`Fault::Column`].
    pub async fn query<T: FromRow>(&mut self, sql: Sql, params: &[Value]) -> Result<Vec<T>, Fault> {
        let mut found = Vec::new();
        self.rows(sql, params, &mut kept(&mut found)).await?;
        Ok(found)
    }

    /// The first row, if any.
    ///
    /// # Errors
    /// The engine's, or [`Fault::Column`].
    pub async fn query_opt<T: FromRow>(&mut self, sql: Sql, params: &[Value]) -> Result<Option<T>, Fault> {
        let mut first = None;
        let mut first_of = |row: Row| -> Result<(), Fault> {
            if first.is_none() {
                first = Some(T::from_row(row)?);
            }
            Ok(())
        };
        self.rows(sql, params, &mut first_of).await?;
        Ok(first)
    }

    /// The one row that must be there.
    ///
    /// # Errors
    /// [`Fault::Invariant`] where it is not; the engine's.
    pub async fn query_one<T: FromRow>(&mut self, sql: Sql, params: &[Value]) -> Result<T, Fault> {
        self.query_opt(sql, params).await?.ok_or_else(|| Fault::invariant(format!("no row: {}", sql.pg)))
    }

    /// Rows for each of `keys`, which is the last parameter and stands in `= ANY($n)`: one statement on
    /// PostgreSQL, a loop of the prepared statement on SQLite. In no order across keys.
    ///
    /// # Errors
    /// The engine's, or [`Fault::Column`].
    pub async fn query_each<T: FromRow>(&mut self, sql: Sql, params: &[Value], keys: &Column) -> Result<Vec<T>, Fault> {
        let mut found = Vec::with_capacity(keys.len());
        self.rows_each(sql, params, keys, &mut kept(&mut found)).await?;
        Ok(found)
    }

    /// Rows for each of a set, where more than one column says which; see [`SetSql::select`]. In no order across the set.
    ///
    /// # Errors
    /// [`Fault::Invariant`] where the columns do not fit the statement; the engine's, or [`Fault::Column`].
    pub async fn query_set<T: FromRow>(&mut self, sql: &'static SetSql, columns: &[Column]) -> Result<Vec<T>, Fault> {
        sql.fits(columns)?;
        if columns.first().is_none_or(Column::is_empty) {
            return Ok(Vec::new());
        }
        let mut found = Vec::with_capacity(columns.first().map_or(0, Column::len));
        self.rows_set(sql, columns, &mut kept(&mut found)).await?;
        Ok(found)
    }

    /// Two reads of which neither needs the other: on PostgreSQL both are on their way at once, on SQLite one follows the
    /// other. They lock nothing, for which of them comes first is not said.
    ///
    /// # Errors
    /// Theirs.
    pub async fn both<A, B>(
        &mut self,
        one: impl AsyncFnOnce(&mut Reader<'_>) -> Result<A, Fault>,
        other: impl AsyncFnOnce(&mut Reader<'_>) -> Result<B, Fault>,
    ) -> Result<(A, B), Fault> {
        let Driver::Pg(client, _) = self.driver else { return Ok((one(self).await?, other(self).await?)) };
        let fork = || Reader::new(Driver::Pg(client, Vec::new()));
        let (mut left, mut right) = (fork(), fork());
        let (one, other) = futures_util::future::join(one(&mut left), other(&mut right)).await;
        for fork in [left, right] {
            self.wrote += fork.wrote;
            self.statements += fork.statements;
            self.failed |= fork.failed;
        }
        // What was sent before them may be why they failed.
        self.collect().await?;
        Ok((one?, other?))
    }

    async fn rows(&mut self, sql: Sql, params: &[Value], each: Each<'_>) -> Result<(), Fault> {
        let done = match &mut self.driver {
            Driver::Lite(connection) => crate::lite::rows(connection, sql.lite, params, each),
            Driver::Pg(client, _) => crate::pg::rows(client, sql.pg, params, each).await,
        };
        self.wrote += self.answered(sql.pg, done).await?;
        Ok(())
    }

    async fn rows_each(&mut self, sql: Sql, params: &[Value], keys: &Column, each: Each<'_>) -> Result<(), Fault> {
        if keys.is_empty() {
            return Ok(());
        }
        let done = match &mut self.driver {
            Driver::Lite(connection) => crate::lite::rows_each(connection, sql.lite, params, keys, each),
            Driver::Pg(client, _) => crate::pg::rows_each(client, sql.pg, params, keys, each).await,
        };
        self.wrote += self.answered(sql.pg, done).await?;
        Ok(())
    }

    async fn rows_set(&mut self, sql: &'static SetSql, columns: &[Column], each: Each<'_>) -> Result<(), Fault> {
        let done = match &mut self.driver {
            Driver::Lite(connection) => crate::lite::rows_set(connection, sql.lite(), columns, each),
            Driver::Pg(client, _) => crate::pg::rows_set(client, sql.pg(), columns, each).await,
        };
        self.wrote += self.answered(sql.pg(), done).await?;
        Ok(())
    }

    pub(crate) fn new(driver: Driver<'_>) -> Reader<'_> {
        Reader { driver, wrote: 0, statements: 0, failed: false }
    }

    /// Notes a statement whose answer has come, and with it those of all that were sent before it: what went wrong first is
    /// why the later ones failed.
    async fn answered<T>(&mut self, sql: &str, done: Result<T, Fault>) -> Result<T, Fault> {
        self.statements += 1;
        self.collect().await?;
        self.noted(sql, done)
    }

    fn noted<T>(&mut self, sql: &str, done: Result<T, Fault>) -> Result<T, Fault> {
        self.failed |= done.is_err();
        // Whoever reads of a statement that took too long wants to know which.
        done.map_err(|fault| if let Fault::TooLong(_) = fault { Fault::TooLong(start_of(sql)) } else { fault })
    }

    /// Waits for the answers to all writes that were sent; the first that did not do what it must is the fault.
    pub(crate) async fn collect(&mut self) -> Result<(), Fault> {
        let Driver::Pg(_, due) = &mut self.driver else { return Ok(()) };
        for Due { sent, sql, expected, otherwise } in std::mem::take(due) {
            let done = sent.await;
            let changed = self.noted(sql, done)?;
            self.wrote += changed;
            self.guarded(sql, changed, expected, otherwise)?;
        }
        Ok(())
    }

    /// A write that changed another number of rows than it must is `otherwise`, or a guard that did not hold; a work that goes
    /// on after it is not committed.
    fn guarded(&mut self, sql: &str, changed: u64, expected: u64, otherwise: Option<Fault>) -> Result<(), Fault> {
        if changed == expected {
            return Ok(());
        }
        self.failed = true;
        Err(otherwise.unwrap_or_else(|| Fault::Rows { sql: start_of(sql), expected, changed }))
    }
}

/// As much of a statement as tells it from others.
fn start_of(sql: &str) -> String {
    sql.chars().take(80).collect()
}

/// What takes each row as it comes: a list of a hundred thousand never stands in memory twice.
pub(crate) type Each<'a> = &'a mut (dyn FnMut(Row) -> Result<(), Fault> + Send);

/// Keeps every row as what it is read as.
pub(crate) fn kept<T: FromRow>(into: &mut Vec<T>) -> impl FnMut(Row) -> Result<(), Fault> + Send {
    move |row| {
        into.push(T::from_row(row)?);
        Ok(())
    }
}

impl Tx<'_> {
    pub(crate) fn new(driver: Driver<'_>) -> Tx<'_> {
        Tx { reader: Reader::new(driver) }
    }

    /// Statements run so far; one over a set counts once.
    pub(crate) const fn statements(&self) -> usize {
        self.reader.statements
    }

    /// How the transaction is to end, once every work in it has ended on its own and every write was answered.
    pub(crate) fn settle(&self, ended: &[Ended]) -> Result<Ended, Fault> {
        if self.failed {
            return Err(Fault::invariant("a work went on after one of its statements had failed"));
        }
        if ended.contains(&Ended::Commit) {
            return Ok(Ended::Commit);
        }
        if self.wrote == 0 { Ok(Ended::Nothing) } else { Err(Fault::RefusedAfterWriting) }
    }

    fn fail_before_first_write(&self) {
        let none_sent = if let Driver::Pg(_, due) = &self.reader.driver { due.is_empty() } else { true };
        if self.reader.wrote == 0 && none_sent {
            sabotage::fail_point("store.before_first_write");
        }
    }

    /// Runs one writing statement and says how many rows it changed.
    ///
    /// # Errors
    /// The engine's.
    pub async fn execute(&mut self, sql: Sql, params: &[Value]) -> Result<u64, Fault> {
        self.fail_before_first_write();
        let done = match &mut self.reader.driver {
            Driver::Lite(connection) => crate::lite::execute(connection, sql.lite, params),
            Driver::Pg(client, _) => crate::pg::answer(crate::pg::send(client, sql.pg, params.to_vec()).await).await,
        };
        let changed = self.answered(sql.pg, done).await?;
        self.reader.wrote += changed;
        Ok(changed)
    }

    /// Runs one writing statement that must change exactly `expected` rows: a guarded update. PostgreSQL's answer is not waited
    /// for here but with the next one that is, or before the commit.
    ///
    /// # Errors
    /// [`Fault::Rows`] where it changed another number; the engine's. Here, from a later statement, or from the whole.
    pub async fn execute_exactly(&mut self, expected: u64, sql: Sql, params: &[Value]) -> Result<(), Fault> {
        if let Driver::Pg(client, _) = self.reader.driver {
            self.fail_before_first_write();
            let sent = crate::pg::send(client, sql.pg, params.to_vec()).await;
            return self.due(sql.pg, sent, expected, None).await;
        }
        let changed = self.execute(sql, params).await?;
        self.guarded(sql.pg, changed, expected, None)
    }

    /// Writes a set: every column has as many values as the set has rows. Says how many rows changed.
    ///
    /// # Errors
    /// [`Fault::Invariant`] where the columns do not fit the statement; the engine's.
    pub async fn write_set(&mut self, sql: &'static SetSql, columns: Vec<Column>) -> Result<u64, Fault> {
        sql.fits(&columns)?;
        if columns.first().is_none_or(Column::is_empty) {
            return Ok(0);
        }
        self.fail_before_first_write();
        let done = match &mut self.reader.driver {
            Driver::Lite(connection) => crate::lite::write_set(connection, sql.lite(), &columns),
            Driver::Pg(client, _) => crate::pg::answer(crate::pg::send_set(client, sql.pg(), columns).await).await,
        };
        let changed = self.answered(sql.pg(), done).await?;
        self.reader.wrote += changed;
        Ok(changed)
    }

    /// Writes a set that must change exactly as many rows as it has: guarded updates, inserts. As with
    /// [`Tx::execute_exactly`], PostgreSQL's answer is waited for later.
    ///
    /// # Errors
    /// [`Fault::Rows`] where it changed another number; see [`Tx::write_set`].
    pub async fn write_whole_set(&mut self, sql: &'static SetSql, columns: Vec<Column>) -> Result<(), Fault> {
        self.write_all(sql, columns, None).await
    }

    /// The same, where another number of rows is `otherwise`: a race that was lost.
    ///
    /// # Errors
    /// `otherwise`; see [`Tx::write_whole_set`].
    pub async fn write_whole_set_or(&mut self, sql: &'static SetSql, columns: Vec<Column>, otherwise: Fault) -> Result<(), Fault> {
        self.write_all(sql, columns, Some(otherwise)).await
    }

    async fn write_all(&mut self, sql: &'static SetSql, columns: Vec<Column>, otherwise: Option<Fault>) -> Result<(), Fault> {
        let expected = columns.first().map_or(0, Column::len) as u64;
        if let Driver::Pg(client, _) = self.reader.driver {
            sql.fits(&columns)?;
            if expected == 0 {
                return Ok(());
            }
            self.fail_before_first_write();
            let sent = crate::pg::send_set(client, sql.pg(), columns).await;
            return self.due(sql.pg(), sent, expected, otherwise).await;
        }
        let changed = self.write_set(sql, columns).await?;
        self.guarded(sql.pg(), changed, expected, otherwise)
    }
}

impl<'a> Tx<'a> {
    /// Keeps a write that was sent until its answer is waited for. The server works on it while the command goes on: a set has
    /// some thirty statements, and waiting for each took longer than the server did.
    async fn due(&mut self, sql: &'a str, sent: Result<Sent<'a>, Fault>, expected: u64, otherwise: Option<Fault>) -> Result<(), Fault> {
        match sent {
            Err(fault) => self.answered(sql, Err(fault)).await,
            Ok(sent) => {
                self.reader.statements += 1;
                if let Driver::Pg(_, due) = &mut self.reader.driver {
                    due.push(Due { sent, sql, expected, otherwise });
                }
                Ok(())
            }
        }
    }
}
