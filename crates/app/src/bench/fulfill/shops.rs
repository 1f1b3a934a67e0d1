//! The shops that call, what they got, and the same calls inside the process.

use crate::bench::child::Server;
use crate::bench::line::{Asked, Line};
use crate::bench::load::Client;
use crate::bench::place::Database;
use crate::bench::seed::{PARTNERSHIPS, Seeded};
use crate::house::Trouble;
use crate::own_api::{call, trouble};
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use tradepost_domain::command::Idempotency;
use tradepost_domain::fulfillments::{Door, Fulfill};
use tradepost_domain::{Caller, Origin};
use tradepost_kernel::Environment;
use tradepost_kernel::secret::sha256;
use tradepost_kernel::text::Email;

const PATH: &str = "/v1/reseller/fulfillments";
const EMAIL: &str = "ada.lovelace@customer.example";
/// What every partnership has paid ahead, in USD: enough.
const PREPAID: &str = "1000000000.00";

/// Pays ahead for every partnership, and fulfills one call of each: the first makes it active, which is not measured.
pub(in crate::bench) async fn prepare(database: &Database, seeded: &Arc<Seeded>) -> Result<(), Trouble> {
    let house = database.open().await?;
    let environment = Environment::system();
    let amount = json!({"amount": PREPAID, "currency": "USD"});
    for shop in &seeded.shops {
        let top_up = call(&house, &shop.token, "POST", "/v1/reseller/top-ups", Some(json!({"amount": amount}))).await?;
        let path = format!("/v1/merchant/invoices/{}/payments", top_up["id"].as_str().unwrap_or_default());
        let payment = json!({"amount": amount, "method": "wire", "received_on": top_up["issued_on"], "reference": "bench"});
        call(&house, &seeded.token, "POST", &path, Some(payment)).await?;
        let first = Call::roll(&environment, seeded).command(seeded)?;
        let origin = Origin { caller: shop.caller.clone(), ..Origin::operator() };
        house.engine.execute(origin, first).await.map_err(trouble)?;
    }
    house.worker.run_until_idle().await?;
    house.close().await;
    Ok(())
}

/// One call that is to be made.
#[derive(Clone, Debug)]
struct Call {
    shop: usize,
    product: usize,
    /// Idempotency key, and the shop's own number.
    key: String,
}

impl Call {
    fn roll(environment: &Environment, seeded: &Seeded) -> Self {
        let random = u128::from_be_bytes(environment.random());
        let at = |of: usize, shift: u32| usize::try_from((random >> shift) & 0xffff_ffff).unwrap_or(0) % of;
        Self { shop: at(PARTNERSHIPS, 0), product: at(seeded.skus.len(), 32), key: format!("{random:032x}") }
    }

    fn json(&self, seeded: &Seeded) -> String {
        let (key, sku) = (&self.key, &seeded.skus[self.product]);
        format!("{{\"external_order_id\":\"{key}\",\"product\":\"{sku}\",\"quantity\":1,\"customer_email\":\"{EMAIL}\"}}")
    }

    fn command(&self, seeded: &Seeded) -> Result<Fulfill, Trouble> {
        Ok(Fulfill {
            external_order_id: self.key.clone(),
            product: seeded.skus[self.product].clone(),
            variant: None,
            quantity: 1,
            customer_email: Email::parse(EMAIL).map_err(|_| Trouble("no address".into()))?,
            customer_name: None,
            metadata: None,
            door: Door::Api,
        })
    }
}

type Handed = (Caller, Fulfill, Option<Idempotency>);

/// The same calls as commands, one after the other.
pub(super) fn fulfilling(seeded: &Arc<Seeded>) -> impl FnMut() -> Result<Handed, Trouble> + Send + 'static + use<> {
    let (seeded, environment) = (seeded.clone(), Environment::system());
    move || {
        let call = Call::roll(&environment, &seeded);
        let idempotency = Idempotency { route: format!("POST {PATH}"), body_hash: sha256(call.key.as_bytes()), key: call.key.clone() };
        Ok((seeded.shops[call.shop].caller.clone(), call.command(&seeded)?, Some(idempotency)))
    }
}

/// A shop's backend: one kept connection, one call at a time.
pub(in crate::bench) struct Shop {
    line: Line,
    seeded: Arc<Seeded>,
    environment: Environment,
    /// All calls by this partnership; else each by another one.
    only: Option<usize>,
    last: Option<Call>,
    /// A hash of each code that came back.
    codes: Vec<u64>,
}

/// So many of them.
pub(in crate::bench) async fn shops(server: &Server, seeded: &Arc<Seeded>, count: usize, only: Option<usize>) -> Result<Vec<Shop>, Trouble> {
    let mut shops = Vec::with_capacity(count);
    for _ in 0..count {
        let line = Line::connect(server.address).await?;
        shops.push(Shop { line, seeded: seeded.clone(), environment: Environment::system(), only, last: None, codes: Vec::new() });
    }
    Ok(shops)
}

impl Shop {
    async fn make(&mut self, call: &Call) -> Result<u64, Trouble> {
        let body = call.json(&self.seeded);
        let answer = self.line.ask(&Asked::post(PATH, &self.seeded.shops[call.shop].token, &call.key, body.as_bytes())).await?;
        answer.must_be(201)?;
        answer.field("code").map(hashed).ok_or_else(|| Trouble("a fulfillment without its code".into()))
    }
}

/// FNV-1a: enough to tell a million codes apart.
fn hashed(code: &str) -> u64 {
    code.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Client for Shop {
    async fn once(&mut self) -> Result<(), Trouble> {
        let mut call = Call::roll(&self.environment, &self.seeded);
        call.shop = self.only.unwrap_or(call.shop);
        let code = self.make(&call).await?;
        self.codes.push(code);
        self.last = Some(call);
        Ok(())
    }
}

/// A shop that repeats its last call, and must get the same code.
pub(in crate::bench) struct Again {
    shop: Shop,
    call: Call,
    code: u64,
}

impl Client for Again {
    async fn once(&mut self) -> Result<(), Trouble> {
        let again = self.shop.make(&self.call).await?;
        if again == self.code { Ok(()) } else { Err(Trouble("the same call again got another code".into())) }
    }
}

/// What all shops got so far.
#[derive(Debug, Default)]
pub(in crate::bench) struct Sold {
    codes: Vec<u64>,
}

impl Sold {
    /// Takes over what shops got; gives them back as ones that repeat their last call.
    pub(in crate::bench) fn take(&mut self, shops: Vec<Shop>) -> Vec<Again> {
        let mut again = Vec::with_capacity(shops.len());
        for mut shop in shops {
            let (last, code) = (shop.last.take(), shop.codes.last().copied());
            self.codes.append(&mut shop.codes);
            again.extend(last.zip(code).map(|(call, code)| Again { shop, call, code }));
        }
        again
    }

    /// How many codes were handed out.
    pub(in crate::bench) fn count(&self) -> usize {
        self.codes.len()
    }

    /// # Errors
    /// A code was handed out twice.
    pub(in crate::bench) fn check(&self) -> Result<(), Trouble> {
        let different: HashSet<u64> = self.codes.iter().copied().collect();
        if different.len() == self.codes.len() { Ok(()) } else { Err(Trouble(format!("{} codes were handed out twice", self.codes.len() - different.len()))) }
    }
}
