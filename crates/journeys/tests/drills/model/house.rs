//! The house that the model is compared with: the same actions as commands, asked for in the ways of a bad day.

use super::reference::{Action, Model, PRICE, View};
use tradepost_domain::command::{Done, Idempotency};
use tradepost_domain::fulfillments::change_terms::ChangeTerms;
use tradepost_domain::fulfillments::{Door, Fulfill};
use tradepost_domain::ledger::{self, AccountKind};
use tradepost_domain::orders::cancel::CancelOrder;
use tradepost_domain::orders::place::PlaceOrder;
use tradepost_domain::partners::terms::TermName;
use tradepost_domain::{Caller, Command, InvoiceId, No, OrderId};
use tradepost_kernel::text::Email;
use tradepost_store::{params, sql};
use tradepost_testkit::{Merchant, Product, Reseller, TestApp, origin, term};

/// How a command is asked for.
#[derive(Clone, Debug)]
pub enum Asked {
    Once,
    /// And once more after its answer.
    Twice,
    /// Two calls at the same moment.
    AtOnce,
    /// And once more with the same key and another body.
    WithAnotherBody,
    /// The first call's answer never arrives.
    CutOff {
        after: usize,
    },
    /// Nor does it, and the house has crashed when it is repeated: another one asks what it left.
    AcrossACrash {
        after: usize,
    },
}

/// A merchant, its product and resellers, and what was ordered.
pub struct House {
    pub app: TestApp,
    acme: Merchant,
    product: Product,
    shops: Vec<Reseller>,
    orders: Vec<(OrderId, InvoiceId)>,
    imported: usize,
}

impl House {
    pub async fn build(app: TestApp, seed: u64, model: &Model) -> Self {
        let acme = app.merchant(&format!("Acme {seed}")).await;
        let keys = usize::try_from(model.keys()).expect("few");
        let product = acme.product("KEY-PRO").price(&format!("{}.00", PRICE / 100)).keys(keys).await;
        let mut shops = Vec::new();
        for (n, shop) in model.shops.iter().enumerate() {
            let builder = acme.reseller(&format!("Shop {seed} {n}"));
            shops.push(match shop.limit {
                None => builder.await,
                Some(minor) => builder.credit(&format!("{}.00", minor / 100)).await,
            });
        }
        Self { app, acme, product, shops, orders: Vec::new(), imported: keys }
    }

    /// Does it; the code by which it was refused.
    pub async fn take(&mut self, action: &Action, asked: &Asked, key: &str) -> Result<(), &'static str> {
        let owner = self.acme.owner();
        match *action {
            Action::Place { shop, quantity } => {
                let reseller = self.shops[shop].clone();
                let draft = reseller.order(&[("KEY-PRO", quantity)]).draft().await;
                let placed = self.ask(&reseller.owner(), PlaceOrder::of(draft), asked, key).await?;
                self.orders.push((placed.order, placed.invoice));
            }
            Action::Fulfill { shop, quantity } => {
                let caller = self.shops[shop].owner();
                let fulfill = Fulfill {
                    external_order_id: key.to_owned(),
                    product: "KEY-PRO".into(),
                    variant: None,
                    quantity,
                    customer_email: Email::parse("ada@customer.example").expect("an address"),
                    customer_name: None,
                    metadata: None,
                    door: Door::Api,
                };
                self.ask(&caller, fulfill, asked, key).await?;
            }
            Action::PayIn { shop, minor } => {
                let amount = format!("{}.00", minor / 100);
                let top_up = self.shops[shop].request_top_up(&amount).await;
                self.ask(&owner, self.acme.payment(top_up, &amount), asked, key).await?;
            }
            Action::Pay { order, minor } => {
                let payment = self.acme.payment(self.orders[order].1, &format!("{}.00", minor / 100));
                self.ask(&owner, payment, asked, key).await?;
            }
            Action::Cancel { order } => {
                self.ask(&owner, CancelOrder { order: self.orders[order].0, note: "A mistake.".into() }, asked, key).await?;
            }
            Action::Limit { shop, minor } => {
                let value = minor.map_or_else(|| "none".to_owned(), |minor| format!("{}.00 USD", minor / 100));
                let command = ChangeTerms { partnership: self.shops[shop].partnership(), changes: vec![term(TermName::CreditLimit, &value)] };
                self.ask(&owner, command, asked, key).await?;
            }
            Action::Import { keys } => {
                // An import is many commands without a key; a repeated one finds duplicates only.
                let count = usize::try_from(keys).expect("few");
                self.product.arrive(self.imported + 1, count).await;
                self.imported += count;
            }
        }
        Ok(())
    }

    /// Asks as it was said, and in the end for the answer.
    async fn ask<C: Command + Clone>(&mut self, caller: &Caller, command: C, asked: &Asked, key: &str) -> Result<C::Outcome, &'static str> {
        match asked {
            Asked::AtOnce => {
                let (one, two) = tokio::join!(execute(&self.app, caller, command.clone(), key, 1), execute(&self.app, caller, command, key, 1));
                let (one, two) = (one?, two?);
                assert!(one.replayed != two.replayed, "one of two equal calls is the answer of the other");
                return Ok(one.outcome);
            }
            Asked::CutOff { after } => self.cut_off(caller, &command, key, *after).await,
            Asked::AcrossACrash { after } => {
                self.cut_off(caller, &command, key, *after).await;
                self.crash().await;
            }
            Asked::Once | Asked::Twice | Asked::WithAnotherBody => {}
        }
        let first = execute(&self.app, caller, command.clone(), key, 1).await?;
        if matches!(asked, Asked::Twice) {
            let again = execute(&self.app, caller, command.clone(), key, 1).await?;
            assert!(again.replayed, "the same call twice");
            let text = |outcome: &C::Outcome| serde_json::to_string(outcome).expect("JSON");
            assert_eq!(text(&again.outcome), text(&first.outcome), "the same call twice, two answers");
        }
        if matches!(asked, Asked::WithAnotherBody) {
            let other = execute(&self.app, caller, command, key, 2).await;
            // A forgotten key shows in either: it is done once more, or refused for what the first one did.
            assert_eq!(other.map(|_| ()).expect_err("another body under a used key"), "idempotency_key_reused", "another body under a used key");
        }
        Ok(first.outcome)
    }

    /// A call whose caller is gone after a moment; whether it was done nobody hears.
    async fn cut_off<C: Command + Clone>(&self, caller: &Caller, command: &C, key: &str, after: usize) {
        let (app, caller, command, key) = (self.app.clone(), caller.clone(), command.clone(), key.to_owned());
        let calling = tokio::spawn(async move { drop(execute(&app, &caller, command, &key, 1).await) });
        for _ in 0..after {
            tokio::task::yield_now().await;
        }
        calling.abort();
        drop(calling.await);
    }

    async fn crash(&mut self) {
        self.app = self.app.after_a_crash().await;
        self.acme = self.acme.in_house(&self.app);
        self.product = self.product.in_house(&self.app);
        self.shops = self.shops.iter().map(|shop| shop.in_house(&self.app)).collect();
    }

    /// What can be seen from outside, read past the domain where that is simple.
    pub async fn look(&self) -> View {
        let merchant = self.acme.number;
        let stock = self.app.stock(merchant, self.product.number).await;
        let mut shops = Vec::new();
        for shop in &self.shops {
            let (scope, currency) = (shop.scope, self.acme.currency);
            let balances = self.app.read(move |reader| {
                Box::pin(async move {
                    let mut balances = [0; 3];
                    for (at, kind) in [AccountKind::AccountBalance, AccountKind::Prepaid, AccountKind::Receivable].into_iter().enumerate() {
                        balances[at] = ledger::queries::balance(reader, scope, kind, currency).await?;
                    }
                    Ok(balances)
                })
            });
            let [beyond, ahead, owed] = balances.await;
            // Credit balances are the shop's money.
            shops.push((-beyond, -ahead, owed));
        }
        let rows: Vec<(i64, Option<i64>, Option<i64>)> = self
            .app
            .rows(
                sql!("SELECT paid_minor, released_ms, canceled_ms FROM orders WHERE merchant = $1 AND placed_ms IS NOT NULL ORDER BY id"),
                params![merchant].to_vec(),
            )
            .await;
        let orders = rows.into_iter().map(|(paid, released, canceled)| (paid, released.is_some(), canceled.is_some())).collect();
        View { available: stock.available, reserved: stock.reserved, allocated: stock.allocated, delivered: stock.delivered, shops, orders }
    }
}

/// One call with a key and a body, which is a number here.
async fn execute<C: Command>(app: &TestApp, caller: &Caller, command: C, key: &str, body: u8) -> Result<Done<C::Outcome>, &'static str> {
    let mut origin = origin(caller);
    origin.idempotency = Some(Idempotency { route: C::NAME.into(), key: key.into(), body_hash: [body; 32] });
    match app.engine.execute(origin, command).await {
        Ok(done) => Ok(done),
        Err(No::Refusal(refusal)) => Err(refusal.code),
        Err(No::Fault(fault)) => panic!("{} faulted: {fault:?}", C::NAME),
    }
}
