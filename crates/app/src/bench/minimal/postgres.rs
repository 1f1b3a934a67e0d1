//! The minimal schema on PostgreSQL: sets of rows in few statements, or one call of a function per request.

use super::{ACCOUNTS, BALANCE, Deed, Dice, PRICE, PRODUCTS, SALES, Wanted, account_id};
use crate::house::Trouble;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio_postgres::{Client, Error, NoTls, Statement};

const SCHEMA: &str = "
    CREATE TABLE bare_account (id bytea PRIMARY KEY, balance bigint NOT NULL);
    CREATE TABLE bare_key (id bytea PRIMARY KEY, product bigint NOT NULL, place bigint NOT NULL, state bigint NOT NULL, sealed bytea NOT NULL, sold bytea);
    CREATE TABLE bare_sale (id bytea PRIMARY KEY, account bytea NOT NULL, external text NOT NULL, product bigint NOT NULL, amount bigint NOT NULL,
        at_ms bigint NOT NULL, UNIQUE (account, external));
    CREATE TABLE bare_license (id bytea PRIMARY KEY, sale bytea NOT NULL REFERENCES bare_sale (id), key bytea NOT NULL REFERENCES bare_key (id));
    CREATE TABLE bare_invoice (id bytea PRIMARY KEY, sale bytea NOT NULL REFERENCES bare_sale (id), amount bigint NOT NULL);
    CREATE TABLE bare_entry (sale bytea NOT NULL, place bigint NOT NULL, account bytea NOT NULL, amount bigint NOT NULL, PRIMARY KEY (sale, place));
    CREATE TABLE bare_outbox (id bytea PRIMARY KEY, body text NOT NULL, position bigint);
    CREATE TABLE bare_command (key text PRIMARY KEY, hash bytea NOT NULL, outcome text NOT NULL, at_ms bigint NOT NULL);
    CREATE INDEX bare_key_available ON bare_key (product, place) WHERE state = 0;
    CREATE INDEX bare_outbox_waiting ON bare_outbox (id) WHERE position IS NULL;";

/// One operation in one call. The sales account is posted to and not kept as a balance: everybody would wait for it.
const FUNCTION: &str = "
    CREATE FUNCTION bare_sell(sale bytea, payer bytea, first_product bigint, items bigint, each bigint, price bigint, idempotency text, now_ms bigint,
        licenses bytea[], event bytea, invoice bytea, sales bytea) RETURNS bigint LANGUAGE plpgsql AS $body$
    DECLARE
        cost bigint := price * items * each;
        taken bytea[];
        item_keys bytea[];
    BEGIN
        INSERT INTO bare_command VALUES (idempotency, decode(repeat('00', 32), 'hex'), '{\"sale\":\"ful_01h455vb4pex5vsknk084sn02q\"}', now_ms) ON CONFLICT DO NOTHING;
        UPDATE bare_account SET balance = balance - cost WHERE id = payer AND balance >= cost;
        IF NOT FOUND THEN RETURN 0; END IF;
        INSERT INTO bare_sale VALUES (sale, payer, idempotency, first_product, cost, now_ms);
        taken := ARRAY[]::bytea[];
        FOR item IN 0 .. items - 1 LOOP
            SELECT array_agg(k.id) INTO item_keys FROM (SELECT id FROM bare_key WHERE product = (first_product + item * 3) % 10 AND state = 0
                ORDER BY place LIMIT each FOR UPDATE SKIP LOCKED) k;
            taken := taken || item_keys;
        END LOOP;
        UPDATE bare_key SET state = 2, sold = sale WHERE id = ANY(taken) AND state = 0;
        INSERT INTO bare_license SELECT l.id, sale, l.key FROM unnest(licenses, taken) AS l(id, key);
        INSERT INTO bare_entry VALUES (sale, 0, payer, -cost), (sale, 1, sales, cost);
        IF invoice IS NOT NULL THEN INSERT INTO bare_invoice VALUES (invoice, sale, cost); END IF;
        INSERT INTO bare_outbox VALUES (event, '{\"quantity\":1}', NULL);
        RETURN cardinality(taken);
    END $body$;";

/// Keys of one statement while filling.
const FILLED: usize = 20_000;
/// Most connections that are asked for.
const CONNECTIONS: usize = 8;

/// The open connections.
pub(in crate::bench) struct Pg {
    connections: Vec<Arc<Lane>>,
    dice: Dice,
}

struct Lane {
    client: Client,
    claim: Statement,
    lock: Statement,
    pay: Statement,
    take: Statement,
    sale: Statement,
    license: Statement,
    entry: Statement,
    outbox: Statement,
    command: Statement,
    sell: Statement,
}

impl Pg {
    pub(super) async fn open(url: &str, keys: usize) -> Result<Self, Trouble> {
        fill(url, keys).await.map_err(trouble)?;
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            connections.push(Arc::new(Lane::open(url).await.map_err(trouble)?));
        }
        Ok(Self { connections, dice: Dice::new() })
    }

    /// Fulfillments in sets, each lane with the accounts that are its own.
    pub(super) async fn sets(&self, lanes: usize, per_commit: usize, until: Instant, count: usize) -> Result<usize, Trouble> {
        let mut tasks = Vec::with_capacity(lanes);
        for nth in 0..lanes {
            let (lane, dice) = (self.connections[nth].clone(), self.dice.clone());
            tasks.push(tokio::spawn(async move {
                let mut done = 0;
                while (done + per_commit) * lanes <= count && Instant::now() < until {
                    let wanted: Vec<Wanted> = (0..per_commit)
                        .map(|_| dice.wanted())
                        .map(|wanted| Wanted { account: (wanted.account / lanes * lanes + nth) % ACCOUNTS, ..wanted })
                        .collect();
                    lane.set(&dice, &wanted).await?;
                    done += per_commit;
                }
                Ok::<_, Error>(done)
            }));
        }
        let mut done = 0;
        for task in tasks {
            done += task.await.map_err(|error| Trouble(error.to_string()))?.map_err(trouble)?;
        }
        Ok(done)
    }

    /// One call each.
    pub(super) async fn calls(&self, deed: Deed, connections: usize, until: Instant, count: usize) -> Result<usize, Trouble> {
        let begun = Arc::new(AtomicUsize::new(0));
        let mut tasks = Vec::with_capacity(connections);
        for nth in 0..connections.min(CONNECTIONS) {
            let (lane, dice, begun) = (self.connections[nth].clone(), self.dice.clone(), begun.clone());
            tasks.push(tokio::spawn(async move {
                let mut done = 0;
                while Instant::now() < until && begun.fetch_add(1, Ordering::Relaxed) < count {
                    lane.call(&dice, deed).await?;
                    done += 1;
                }
                Ok::<_, Error>(done)
            }));
        }
        let mut done = 0;
        for task in tasks {
            done += task.await.map_err(|error| Trouble(error.to_string()))?.map_err(trouble)?;
        }
        Ok(done)
    }
}

fn trouble(error: Error) -> Trouble {
    let why = error.as_db_error().map(|error| format!(": {}", error.message())).unwrap_or_default();
    Trouble(format!("the floor on PostgreSQL: {error}{why}"))
}

async fn connect(url: &str) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(%error, "a connection of the floor ended");
        }
    });
    Ok(client)
}

async fn fill(url: &str, keys: usize) -> Result<(), Error> {
    let client = connect(url).await?;
    client.batch_execute(SCHEMA).await?;
    client.batch_execute(FUNCTION).await?;
    let accounts: Vec<[u8; 16]> = (0..ACCOUNTS).chain([SALES]).map(account_id).collect();
    let accounts: Vec<&[u8]> = accounts.iter().map(|id| &id[..]).collect();
    client.execute("INSERT INTO bare_account SELECT r, $2 FROM unnest($1::bytea[]) r", &[&accounts, &BALANCE]).await?;
    let dice = Dice::new();
    let key = client
        .prepare("INSERT INTO bare_key SELECT r.id, r.place % 10, r.place, 0, decode(repeat('00', 60), 'hex'), NULL FROM unnest($1::bytea[], $2::int8[]) r(id, place)")
        .await?;
    for from in (0..keys).step_by(FILLED) {
        let places: Vec<i64> = (from..keys.min(from + FILLED)).map(|place| place as i64).collect();
        let ids: Vec<[u8; 16]> = places.iter().map(|_| dice.id()).collect();
        let ids: Vec<&[u8]> = ids.iter().map(|id| &id[..]).collect();
        client.execute(&key, &[&ids, &places]).await?;
    }
    client.batch_execute("ANALYZE; CHECKPOINT").await
}

impl Lane {
    async fn open(url: &str) -> Result<Self, Error> {
        let client = connect(url).await?;
        // The product pins its plans to indexes, too: with fresh statistics the planner walks over everything sold.
        client.batch_execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan").await?;
        Ok(Self {
            claim: client
                .prepare(
                    "SELECT w.product, k.id FROM unnest($1::int8[], $2::int8[]) w(product, n) CROSS JOIN LATERAL
                     (SELECT id FROM bare_key WHERE product = w.product AND state = 0 ORDER BY place LIMIT w.n FOR UPDATE SKIP LOCKED) k",
                )
                .await?,
            lock: client.prepare("SELECT id FROM bare_account WHERE id = ANY($1::bytea[]) ORDER BY id FOR UPDATE").await?,
            pay: client
                .prepare("UPDATE bare_account a SET balance = balance - r.amount FROM unnest($1::bytea[], $2::int8[]) r(id, amount) WHERE a.id = r.id AND a.balance >= r.amount")
                .await?,
            take: client.prepare("UPDATE bare_key k SET state = 2, sold = r.sale FROM unnest($1::bytea[], $2::bytea[]) r(id, sale) WHERE k.id = r.id AND k.state = 0").await?,
            sale: client
                .prepare("INSERT INTO bare_sale SELECT r.id, r.account, r.external, r.product, $5, $6 FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::int8[]) r(id, account, external, product)")
                .await?,
            license: client.prepare("INSERT INTO bare_license SELECT r.id, r.sale, r.key FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) r(id, sale, key)").await?,
            entry: client
                .prepare("INSERT INTO bare_entry SELECT r.sale, p.place, CASE p.place WHEN 0 THEN r.account ELSE $3 END, CASE p.place WHEN 0 THEN -$4::int8 ELSE $4 END
                    FROM unnest($1::bytea[], $2::bytea[]) r(sale, account), (VALUES (0), (1)) p(place)")
                .await?,
            outbox: client.prepare("INSERT INTO bare_outbox SELECT r, '{\"quantity\":1}', NULL FROM unnest($1::bytea[]) r").await?,
            command: client
                .prepare("INSERT INTO bare_command SELECT r, decode(repeat('00', 32), 'hex'), '{\"sale\":\"ful_01h455vb4pex5vsknk084sn02q\"}', $2 FROM unnest($1::text[]) r ON CONFLICT DO NOTHING")
                .await?,
            sell: client.prepare("SELECT bare_sell($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)").await?,
            client,
        })
    }

    /// One transaction; statements that need nothing of each other are on their way together.
    async fn set(&self, dice: &Dice, wanted: &[Wanted]) -> Result<(), Error> {
        let (now, price) = (dice.now(), PRICE);
        let mut costs: BTreeMap<[u8; 16], i64> = BTreeMap::new();
        let mut needs: BTreeMap<i64, i64> = BTreeMap::new();
        for wanted in wanted {
            *costs.entry(account_id(wanted.account)).or_default() += PRICE;
            *needs.entry(wanted.product).or_default() += 1;
        }
        let (payers, amounts): (Vec<&[u8]>, Vec<i64>) = costs.iter().map(|(id, amount)| (&id[..], *amount)).unzip();
        let (products, counts): (Vec<i64>, Vec<i64>) = needs.into_iter().unzip();
        self.client.batch_execute("BEGIN").await?;
        let (lock_params, claim_params): ([&(dyn tokio_postgres::types::ToSql + Sync); 1], [&(dyn tokio_postgres::types::ToSql + Sync); 2]) =
            ([&payers], [&products, &counts]);
        let (_, claimed) = tokio::try_join!(self.client.query(&self.lock, &lock_params), self.client.query(&self.claim, &claim_params))?;
        let mut keys: BTreeMap<i64, Vec<Vec<u8>>> = BTreeMap::new();
        for row in &claimed {
            keys.entry(row.get(0)).or_default().push(row.get(1));
        }
        let taken: Vec<Vec<u8>> = wanted.iter().filter_map(|wanted| keys.get_mut(&wanted.product)?.pop()).collect();
        assert_eq!(taken.len(), wanted.len(), "enough keys");
        let ids: Vec<&[u8]> = wanted.iter().map(|wanted| &wanted.id[..]).collect();
        let accounts: Vec<[u8; 16]> = wanted.iter().map(|wanted| account_id(wanted.account)).collect();
        let accounts: Vec<&[u8]> = accounts.iter().map(|id| &id[..]).collect();
        let texts: Vec<&str> = wanted.iter().map(|wanted| wanted.key.as_str()).collect();
        let of: Vec<i64> = wanted.iter().map(|wanted| wanted.product).collect();
        let more: Vec<[u8; 16]> = (0..wanted.len() * 2).map(|_| dice.id()).collect();
        let (licenses, events): (Vec<&[u8]>, Vec<&[u8]>) = more.chunks(2).map(|two| (&two[0][..], &two[1][..])).unzip();
        let sales: &[u8] = &account_id(SALES);
        let client = &self.client;
        tokio::try_join!(
            async { client.execute(&self.pay, &[&payers, &amounts]).await },
            async { client.execute(&self.take, &[&taken, &ids]).await },
            async { client.execute(&self.sale, &[&ids, &accounts, &texts, &of, &price, &now]).await },
            async { client.execute(&self.license, &[&licenses, &ids, &taken]).await },
            async { client.execute(&self.entry, &[&ids, &accounts, &sales, &price]).await },
            async { client.execute(&self.outbox, &[&events]).await },
            async { client.execute(&self.command, &[&texts, &now]).await },
        )?;
        client.batch_execute("COMMIT").await
    }

    async fn call(&self, dice: &Dice, deed: Deed) -> Result<(), Error> {
        let (wanted, now, (items, each)) = (dice.wanted(), dice.now(), deed.items());
        let (items, each) = (items as i64, each as i64);
        let licenses: Vec<[u8; 16]> = (0..deed.keys()).map(|_| dice.id()).collect();
        let licenses: Vec<&[u8]> = licenses.iter().map(|id| &id[..]).collect();
        let invoice = (deed == Deed::Order).then(|| dice.id());
        let (id, account, event) = (&wanted.id[..], account_id(wanted.account), dice.id());
        let (invoice, sales) = (invoice.as_ref().map(|id| &id[..]), account_id(SALES));
        let row = self
            .client
            .query_one(
                &self.sell,
                &[&id, &&account[..], &wanted.product, &items, &each, &PRICE, &wanted.key, &now, &licenses, &&event[..], &invoice, &&sales[..]],
            )
            .await?;
        assert_eq!(row.get::<_, i64>(0), items * each, "enough keys and money");
        Ok(())
    }
}

const _: () = assert!(PRODUCTS == 10, "the statements say so");
