// A reseller's business from the first mail to the customer's, as FastSpring's guide for resellers tells it.

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { arrive } from "./arrive.mjs";
import { told } from "./told.mjs";
import { ACME, fillTheShelves, letAcmeIn } from "../prepare.mjs";

const GRACE = { first: "Grace", last: "Hopper", email: "grace@example.org" };

export const title = "a reseller, from the first sign-in to the customer's e-mail";

export const journey = told(["reseller"], async ({ house, reseller, step }) => {
  await fillTheShelves(house);
  await letAcmeIn(house);

  step("sets a password by the link of the access mail, and signs in");
  await arrive(reseller, house, ACME);

  step("orders within the credit limit: goods at once, the invoice by mail");
  await order(reseller, "PO 4711", [["Northwind Password Vault", 5]]);
  assert.match((await house.post.mail(ACME.email, "PO 4711")).text, /INV-/);

  step("activates the next license for Grace Hopper, reviews it, and sends it: she gets the code by e-mail");
  await reseller.link("Overview");
  await reseller.press(reseller.page.getByRole("row", { name: /Northwind Password Vault/ }).getByRole("link", { name: "Activate next" }));
  await reseller.heading("Activate next license");
  await reseller.fill("First name", GRACE.first);
  await reseller.fill("Last name", GRACE.last);
  await reseller.fill("E-mail", GRACE.email);
  await reseller.button("Activate and show code");
  await reseller.heading("Review and send");
  await reseller.reads(`${GRACE.first} ${GRACE.last}`);
  const code = codesOf("NW-VAULT").find(shownOn(await reseller.text()));
  assert(code, "the code is there to be reviewed");
  await reseller.button("Send license");
  await reseller.reads("License sent.");
  const mail = await house.post.mail(GRACE.email, "Your license for Northwind Password Vault");
  assert(mail.text.includes(code), "the customer's mail has the code that was reviewed");

  step("downloads licenses that need no customer, as a file");
  await order(reseller, "PO 4712", [["Northwind Office", 2]]);
  const download = reseller.page.waitForEvent("download");
  await reseller.button("Download licenses");
  const file = readFileSync(await (await download).path(), "utf8");
  assert.equal(codesOf("NW-OFFICE").filter(shownOn(file)).length, 2, file);

  step("orders beyond the limit: the goods wait, and the page says why");
  await order(reseller, "PO 4713", [["Northwind Office", 4]]);
  await reseller.reads("Beyond the credit limit");
});

/** Create New Order, Reference, Add, Confirm, Okay. */
async function order(reseller, reference, items) {
  await reseller.link("Overview");
  await reseller.heading("Overview");
  await reseller.link("New order");
  await reseller.heading("New order");
  for (const [product, quantity] of items) await reseller.type(reseller.page.getByLabel(`Quantity: ${product}`, { exact: true }), String(quantity));
  await reseller.fill("Your reference", reference);
  await reseller.button("Save draft");
  await reseller.page.waitForURL(/\/orders\/ord_/);
  await reseller.ask("Confirm order");
  await reseller.reads("You can't change it afterwards");
  await reseller.button("Confirm order");
  await reseller.reads("Pending payment");
}

export const codesOf = (sku) => readFileSync("examples/license-keys.csv", "utf8").split("\n").filter((line) => line.startsWith(`${sku},`)).map((line) => line.split(",")[1].trim());
const shownOn = (text) => (code) => text.includes(code);
