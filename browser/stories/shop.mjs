// A shop of the reseller's own: prepaid balance, a key with no more rights than it needs, a dynamic URL; then it sells by both.

import { strict as assert } from "node:assert";
import { signIn } from "./arrive.mjs";
import { told } from "./told.mjs";
import { codesOf } from "./journey.mjs";
import { ACME, OWNER, choosePassword, fillTheShelves, letAcmeIn } from "../prepare.mjs";

export const title = "an external shop's set-up: top-up, key, dynamic URL, first sales";

export const shop = told(["owner", "reseller"], async ({ house, owner, reseller, step }) => {
  await fillTheShelves(house);
  await letAcmeIn(house);
  await choosePassword(house, OWNER);
  await choosePassword(house, ACME);

  step("the reseller tops up the prepaid balance");
  await reseller.open("/sign-in");
  await signIn(reseller, ACME);
  await reseller.link("Balance");
  await reseller.heading("Balance");
  await reseller.ask("Top up");
  await reseller.fill("Amount", "200.00");
  await reseller.button("Issue invoice");
  await reseller.reads("Invoice issued.");
  const number = /INV-\d+/.exec(await reseller.text())[0];

  step("the owner records the wire");
  await owner.open("/sign-in");
  await signIn(owner, OWNER);
  await owner.link("Invoices");
  await owner.heading("Invoices");
  await owner.link(number);
  await owner.heading(number);
  await owner.link("Record payment");
  await owner.heading("Record payment");
  await owner.button("Record payment");
  await owner.reads("$200.00 recorded.");

  step("makes an API key for the shop, which sells with it");
  await reseller.link("Developers");
  await reseller.heading("Developers");
  await reseller.link("New API key");
  await reseller.heading("New API key");
  await reseller.link("Shop");
  await reseller.page.waitForURL(/for=shop/);
  await reseller.fill("Name", "Web shop");
  await reseller.button("Create key");
  await reseller.reads("Copy it now");
  const secret = /tpr_live_\w+/.exec(await reseller.text())[0];
  const sale = { external_order_id: "EXT-1", product: "NW-VAULT", quantity: 1, customer_email: "customer@example.org" };
  const headers = { Authorization: `Bearer ${secret}`, "Content-Type": "application/json" };
  const sold = await fetch(`${house.url}/v1/reseller/fulfillments`, { method: "POST", headers, body: JSON.stringify(sale) });
  assert.equal(sold.status, 201, await sold.text());

  step("makes a dynamic URL, builds a request with it, and sells with that");
  await reseller.link("Developers");
  await reseller.heading("Developers");
  await reseller.link("Dynamic URLs");
  await reseller.page.waitForURL(/\/urls$/);
  await reseller.link("New dynamic URL");
  await reseller.heading("New dynamic URL");
  await reseller.fill("Name", "Fetching shop");
  await reseller.tick(/Northwind Password Vault/);
  await reseller.button("Create URL");
  await reseller.reads("Copy it now");
  const url = /http\S+\/d\/tpd_\w+/.exec(await reseller.text())[0];
  await reseller.button("Build a request with it");
  await reseller.heading("Build a request");
  await reseller.choose("Product", "Northwind Password Vault (NW-VAULT)");
  await reseller.fill("Shop order ID", "EXT-2");
  await reseller.fill("Customer's address", "customer@example.org");
  await reseller.button("Compose and check");
  await reseller.reads("It would be delivered");
  const bought = { order_id: "EXT-2", email: "customer@example.org", product: "NW-VAULT", quantity: "1" };
  const codes = await fetch(url, { method: "POST", body: new URLSearchParams(bought) });
  assert(codesOf("NW-VAULT").includes((await codes.text()).trim()));
  await reseller.link("Fulfillments");
  await reseller.heading("Fulfillments");
  await reseller.reads("EXT-2");
});
