//! Clones of the samples by the hundred thousand, keys by the million, and then the sums that they come to.

use crate::clones::{Key, Nth, Template};
use crate::rows::{Cell, KEYS, TABLES, Table};
use crate::samples::World;
use crate::target::Target;
use std::collections::{BTreeMap, HashMap};
use tradepost_domain::stock::seal_code;
use tradepost_kernel::secret::Vault;
use tradepost_kernel::{Environment, Id, text};

/// Milliseconds from one clone to the next.
const STRIDE_MS: i64 = 10;
/// Clones whose rows are in memory at once.
const AT_ONCE: i64 = 5_000;
/// Keys whose rows are in memory at once.
const KEYS_AT_ONCE: usize = 50_000;

/// What one product's keys are made of.
struct Shelf {
    product: i64,
    sku: String,
    /// A row that is not sold.
    row: Vec<Cell>,
    /// The next place.
    place: i64,
    /// The first place that is made here.
    first: i64,
}

/// Makes keys.
struct Factory<'a> {
    vault: &'a Vault,
    environment: Environment,
    merchant: i64,
    start_ms: i64,
}

impl Factory<'_> {
    /// The next key of a product; its id goes by product, then by place, as if each product had been imported alone.
    fn next(&self, shelf: &mut Shelf) -> Key {
        let place = shelf.place;
        shelf.place += 1;
        let nth = place - shelf.first;
        let ms = self.start_ms + shelf.product * 1_000_000_000 + nth / 100;
        let number = u128::from(ms.unsigned_abs()) << 80 | 0x7 << 76 | 0b10 << 62 | u128::from(nth.unsigned_abs());
        let id = Id::from_bytes(number.to_be_bytes());
        let code = format!("{}-{place:08}-{:04}", shelf.sku, nth * 7919 % 10_000);
        let unique_within = [self.merchant.to_be_bytes(), shelf.product.to_be_bytes()].concat();
        Key {
            id: id.bytes().to_vec(),
            place,
            sealed: seal_code(self.vault, self.environment.random(), self.merchant, id, &code),
            fingerprint: self.vault.fingerprint(&unique_within, code.as_bytes()).to_vec(),
            masked: text::mask(&code),
        }
    }
}

/// Reads the samples and makes so many orders and keys of them.
pub async fn fill(target: &Target, world: &World, vault: &Vault, orders: i64, keys: i64) {
    let mut tables: Vec<Table> = Vec::new();
    for name in World::tables() {
        tables.extend(target.read(name, world.merchant).await);
    }
    let templates = world.templates(&tables);
    let stock = tables.iter().find(|table| table.name == KEYS).expect("keys");
    let mut shelves: BTreeMap<i64, Shelf> = world.products.iter().map(|(product, sku)| (*product, shelf(stock, *product, sku))).collect();
    let factory = Factory { vault, environment: Environment::system(), merchant: world.merchant, start_ms: 1_600_000_000_000 };
    let mut counts = Counts::of(&tables);
    let start_ms = world.end() + 1_000;
    let mut rows: HashMap<&'static str, Vec<Vec<Cell>>> = HashMap::new();
    for nth in 0..orders {
        let template = &templates[usize::try_from(nth).expect("a number") % templates.len()];
        let shelf = shelves.get_mut(&template.product).expect("its product");
        let nth_of = counts.next(template, start_ms + nth * STRIDE_MS, factory.next(shelf));
        template.render(&nth_of, &mut rows);
        if nth % AT_ONCE == AT_ONCE - 1 || nth == orders - 1 {
            for name in TABLES.into_iter().chain([KEYS]) {
                target.add(name, rows.remove(name).unwrap_or_default()).await;
            }
        }
    }
    let each = (keys - orders).max(0) / i64::try_from(shelves.len()).expect("a few");
    for shelf in shelves.values_mut() {
        unsold(target, &factory, stock, shelf, each).await;
    }
    counts.note(target, world.merchant).await;
    target.run(SUMS).await;
}

fn shelf(stock: &Table, product: i64, sku: &str) -> Shelf {
    let (of, place) = (stock.at("product"), stock.at("place"));
    let places = stock.rows.iter().filter(|row| row[of] == Cell::Int(product)).map(|row| if let Cell::Int(place) = row[place] { place } else { 0 });
    let next = places.max().unwrap_or(0) + 1;
    Shelf { product, sku: sku.to_owned(), row: World::unsold(stock, product).clone(), place: next, first: next }
}

async fn unsold(target: &Target, factory: &Factory<'_>, stock: &Table, shelf: &mut Shelf, count: i64) {
    let places = ["id", "place", "sealed", "fingerprint", "masked"].map(|column| stock.at(column));
    let mut rows = Vec::new();
    for nth in 0..count {
        let key = factory.next(shelf);
        let mut row = shelf.row.clone();
        let cells = [Cell::Bytes(key.id), Cell::Int(key.place), Cell::Bytes(key.sealed), Cell::Bytes(key.fingerprint), Cell::Text(key.masked)];
        for (at, cell) in places.into_iter().zip(cells) {
            row[at] = cell;
        }
        rows.push(row);
        if rows.len() == KEYS_AT_ONCE || nth == count - 1 {
            target.add(KEYS, std::mem::take(&mut rows)).await;
        }
    }
}

/// Running numbers.
struct Counts {
    order: i64,
    invoice: i64,
    position: i64,
    places: HashMap<Vec<u8>, i64>,
}

impl Counts {
    fn of(tables: &[Table]) -> Self {
        let of = |name: &str| tables.iter().find(|table| table.name == name).expect("a table");
        let most = |table: &Table, column: &str| {
            let at = table.at(column);
            table.rows.iter().filter_map(|row| if let Cell::Int(number) = row[at] { Some(number) } else { None }).max().unwrap_or(0)
        };
        let orders = of("orders");
        let mut places = HashMap::new();
        for row in &orders.rows {
            if let (Cell::Bytes(partnership), Cell::Int(place)) = (&row[orders.at("partnership")], &row[orders.at("place")]) {
                let last = places.entry(partnership.clone()).or_insert(0);
                *last = (*last).max(*place);
            }
        }
        let order = i64::try_from(orders.rows.len()).expect("a few");
        Self { order, invoice: most(of("invoice"), "sequence"), position: most(of("outbox"), "position"), places }
    }

    fn next(&mut self, template: &Template, at_ms: i64, key: Key) -> Nth {
        let position = self.position;
        self.position += template.events;
        let place = self.places.entry(template.partnership.clone()).or_insert(0);
        if template.orders {
            self.order += 1;
            self.invoice += 1;
            *place += 1;
        }
        Nth { at_ms, order: self.order, invoice: self.invoice, place: *place, position, key }
    }

    async fn note(&self, target: &Target, merchant: i64) {
        for (like, value) in [("order:%", self.order), ("invoice:%", self.invoice), ("event", self.position)] {
            let statement = format!("UPDATE counter SET value = {value} WHERE merchant = {merchant} AND name LIKE '{like}'");
            target.run(&[statement.as_str()]).await;
        }
    }
}

/// What the rows come to, where the product keeps it.
const SUMS: &[&str] = &[
    "DELETE FROM daily_sales",
    "INSERT INTO daily_sales (merchant, partnership, day, currency, orders, units, amount_minor)
     SELECT s.merchant, s.partnership, s.day, s.currency, SUM(s.orders), SUM(s.units), SUM(s.amount)
     FROM (SELECT o.merchant, o.partnership, o.placed_on AS day, o.currency, 1 AS orders,
             (SELECT SUM(i.quantity) FROM order_item i WHERE i.merchant = o.merchant AND i.orders = o.id) AS units, o.total_minor AS amount
           FROM orders o WHERE o.placed_ms IS NOT NULL AND o.canceled_ms IS NULL
           UNION ALL
           SELECT f.merchant, f.partnership, f.day, f.currency, CASE WHEN f.state IN ('refunded', 'failed') THEN 0 ELSE 1 END,
             f.quantity - f.refunded_quantity, f.total_minor - f.refunded_minor FROM fulfillment f) s
     GROUP BY s.merchant, s.partnership, s.day, s.currency",
    "UPDATE account SET balance_minor = COALESCE((SELECT CAST(SUM(e.amount_minor) AS bigint) FROM entry e WHERE e.merchant = account.merchant AND e.account = account.id), 0)",
    "UPDATE partnership SET orders_placed = (SELECT COUNT(*) FROM orders o WHERE o.merchant = partnership.merchant AND o.partnership = partnership.id AND o.placed_ms IS NOT NULL)",
    "UPDATE stock SET available = g.available, reserved = g.reserved, allocated = g.allocated, delivered = g.delivered, revoked = g.revoked, burned = g.burned,
       next_place = g.next_place, horizon = g.next_place
     FROM (SELECT k.merchant, k.product, COUNT(CASE WHEN k.state = 0 THEN 1 END) AS available, COUNT(CASE WHEN k.state = 1 THEN 1 END) AS reserved,
             COUNT(CASE WHEN k.state = 2 THEN 1 END) AS allocated, COUNT(CASE WHEN k.state = 3 THEN 1 END) AS delivered,
             COUNT(CASE WHEN k.state = 4 THEN 1 END) AS revoked, COUNT(CASE WHEN k.state = 5 THEN 1 END) AS burned, MAX(k.place) + 1 AS next_place
           FROM license_key k GROUP BY k.merchant, k.product) g
     WHERE g.merchant = stock.merchant AND g.product = stock.product",
];
