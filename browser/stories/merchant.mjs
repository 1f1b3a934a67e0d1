// The merchant's day: a catalog and keys come in, a company is let in on terms, a check releases what waited.

import { strict as assert } from "node:assert";
import { arrive } from "./arrive.mjs";
import { until } from "../house.mjs";
import { told } from "./told.mjs";
import { OWNER, applyAs, fillTheShelves, letAcmeIn, orderForAcme } from "../prepare.mjs";

export const title = "a merchant's day: import, approve, record a check, release";

export const merchant = told(["owner"], async ({ house, owner, step }) => {
  step("the owner sets a password by the link of the access mail, and signs in");
  await arrive(owner, house, OWNER);

  step("imports the catalog and the license keys, each looked at before anything is written");
  await owner.link("Products");
  await owner.heading("Products");
  await owner.link("Import");
  await owner.heading("Import products");
  await owner.attach("File", "examples/products.csv");
  await owner.button("Check");
  await owner.reads("The file has no mistakes.");
  await owner.button("Apply these changes");
  await owner.page.waitForURL(/\/products$/);
  await owner.link("Stock");
  await owner.heading("Stock");
  await owner.link("Import keys");
  await owner.heading("Import keys");
  await owner.attach("File", "examples/license-keys.csv");
  await owner.button("Check first");
  await owner.reads("Nothing was written yet.");
  await owner.button(/^Import \d+ keys$/);
  await owner.page.waitForURL(/\/stock\/imports\//);

  step("puts a product on the price list");
  await owner.link("Price lists");
  await owner.heading("Price lists");
  await owner.link("Default");
  await owner.heading("Default");
  await owner.fill("SKU", "NW-VAULT");
  await owner.button("Add");
  await owner.reads("Northwind Password Vault");

  step("approves a company that signed up, and gives it a credit limit");
  await applyAs(house, "Brightline", "bo@brightline.example");
  await house.post.mail(OWNER.email, "Brightline wants to become a reseller");
  await owner.link("Overview");
  await owner.heading("Overview");
  await owner.press(owner.page.getByRole("link", { name: /Sign-ups to review/ }));
  await owner.heading("Resellers");
  await owner.link("Brightline");
  await owner.heading("Brightline");
  await owner.ask("Approve");
  await owner.button("Approve reseller");
  await owner.reads("Reseller approved.");
  await house.post.mail("bo@brightline.example", "You are now a reseller");
  await owner.link("Terms");
  await owner.press(owner.page.getByRole("row", { name: /^Credit limit/ }).getByRole("link", { name: "Change" }));
  await owner.page.locator("dialog[open], .dialog-page").waitFor();
  await owner.tick(/A value of its own/);
  await owner.fill("Value", "500.00");
  await owner.button("Save");
  await owner.reads("$500.00");

  step("records a check for an order beyond the credit limit: its goods are released");
  await fillTheShelves(house);
  const order = await orderForAcme(house, await letAcmeIn(house), [{ product: "NW-OFFICE", quantity: 10 }]);
  assert.equal((await order.state()).licenses.available, 0);
  await owner.go("Overview");
  await owner.heading("Overview");
  await owner.link(/^2\d{3}-\d{6}$/);
  await owner.reads("Beyond the credit limit");
  await owner.link("Record payment");
  await owner.heading("Record payment");
  await owner.choose("Payment method", "Check or money order");
  await owner.fill("Reference", "No. 1001");
  await owner.button("Record payment");
  await owner.reads("recorded");
  // The word stands in the question, too; what counts is the order.
  const after = await until(async () => [await order.state()].find(({ state }) => state !== "awaiting_payment"), "the payment");
  assert.deepEqual([after.state, after.licenses.available], ["complete", 10]);
});
