// What is there already when a story begins, put in through the API and the command line as an operator or a program would.

import { strict as assert } from "node:assert";

export const OWNER = { email: "owner@northwind.example", password: "words of an owner" };
export const ACME = { company: "Acme Resellers", first: "Ada", last: "Byron", email: "ada@acme.example", password: "a few long words" };

/** A call of the API; what it answers, or a failed test. */
export async function call(house, key, method, path, body) {
  const headers = { ...(key && { Authorization: `Bearer ${key}` }), ...(body && { "Content-Type": "application/json" }) };
  const answer = await fetch(`${house.url}/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert(answer.ok, `${method} ${path} answered ${answer.status}: ${text}`);
  return text && JSON.parse(text);
}

/** The catalog and the keys of examples/, all of it on offer. */
export async function fillTheShelves(house) {
  house.run("import", "products", "examples/products.csv");
  house.run("import", "license-keys", "examples/license-keys.csv");
  const key = house.merchant.live_key;
  const list = (await call(house, key, "GET", "/merchant/channels")).data[0].price_list;
  for (const { id, parent } of (await call(house, key, "GET", "/merchant/products?limit=200")).data) {
    if (parent === null) await call(house, key, "PUT", `/merchant/price-lists/${list}/products/${id}`);
  }
}

/** Acme Resellers, approved, 20 % off, with a credit limit of 500.00; the access mail is on its way. */
export async function letAcmeIn(house) {
  const key = house.merchant.live_key;
  const profile = { company: ACME.company, first_name: ACME.first, last_name: ACME.last, email: ACME.email, city: "Boston", country: "US" };
  const { id } = await call(house, key, "POST", "/merchant/resellers", profile);
  const terms = { wholesale_discount_percent: "20", credit_limit: { amount: "500.00", currency: "USD" } };
  await call(house, key, "PATCH", `/merchant/partnerships/${id}/terms`, terms);
  return id;
}

/** An order that a program of Acme's places. */
export async function orderForAcme(house, partnership, items) {
  const key = await call(house, house.merchant.live_key, "POST", `/merchant/partnerships/${partnership}/api-keys`, { name: "orders", scopes: ["program.read", "orders.read", "orders.place"] });
  const { id } = await call(house, key.secret, "POST", "/reseller/orders", { reference: "PO 4712", items });
  await call(house, key.secret, "POST", `/reseller/orders/${id}/confirm`);
  return { id, state: async () => (await call(house, key.secret, "GET", `/reseller/orders/${id}`)) };
}

/** A company that applied, confirmed its address unless told otherwise, and waits. */
export async function applyAs(house, company, email, confirms = true) {
  const asked = { company, first_name: "Bo", last_name: "Lind", email, country: "US", password: "ten characters" };
  await call(house, null, "POST", `/signup/${house.merchant.slug}`, asked);
  if (confirms) await post(house, linkIn(await house.post.mail(email, "Confirm your e-mail address")), {});
}

/** Whoever got an access mail chooses a password. */
export async function choosePassword(house, { email, password }) {
  await post(house, linkIn(await house.post.mail(email, "Your access")), { password });
}

async function post(house, link, fields) {
  const answer = await fetch(link, { method: "POST", headers: { Origin: house.url }, body: new URLSearchParams(fields) });
  assert.equal(answer.status, 200);
}

export const linkIn = (mail) => /https?:\/\/\S+\/links\/\S+/.exec(mail.text)[0];
