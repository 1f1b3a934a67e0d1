// The published client of Shoppex against a server of Tradepost, unchanged but for its `baseUrl` (EXT-11): fulfills, repeats, reads,
// sees typed errors, and fetches the dynamic URL that it makes. Run by scripts/sdk.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.SDK_FOLDER}/`);
const { ShoppexApiError, ShoppexClient } = require("@shoppexio/sdk");
const { version } = require(`${process.env.SDK_FOLDER}/node_modules/@shoppexio/sdk/package.json`);
const { TRADEPOST_URL: baseUrl, TRADEPOST_KEY: apiKey, DYNAMIC_KEY: dynamicKey } = process.env;

let checks = 0;
async function check(what, body) {
  try {
    await body();
  } catch (error) {
    error.message = `${what}: ${error.message}`;
    throw error;
  }
  checks += 1;
}

/** The error that a call ends with. */
async function refused(promise) {
  const error = await promise.then(() => null, (error) => error);
  assert(error instanceof ShoppexApiError, `expected a ShoppexApiError, got ${error}`);
  assert.match(error.requestId, /^req_/);
  assert.equal(error.docUrl, `${baseUrl}/docs/api#error-${error.code}`);
  assert(error.message.length > 0);
  return error;
}

const client = new ShoppexClient({ apiKey, baseUrl, timeoutMs: 20_000 });
const api = client.resellerApi;
const order = (external_order_id, more = {}) => ({ external_order_id, product_id: "NW-VAULT", customer_email: "grace@example.org", ...more });
const balance = async () => (await api.balance()).data.balance;

await check("me", async () => {
  const { data } = await api.me();
  assert.equal(data.reseller_name, "Acme Keys");
  assert.equal(data.merchant_name, "Northwind Software");
  assert.equal(data.status, "approved");
});

const before = await balance();
const first = await api.fulfill(order("shop-1", { quantity: 2, idempotency_key: "pay-1" }));
await check("a fulfillment", async () => {
  assert.equal(first.data.status, "delivered");
  assert.equal(first.data.external_order_id, "shop-1");
  assert.equal(first.data.quantity, 2);
  assert.equal(new Set(first.data.serials).size, 2);
  assert.deepEqual(first.data.items.map((item) => item.serial), first.data.serials);
  assert.equal(first.data.currency, "USD");
  const cents = (text) => Math.round(Number(text) * 100);
  assert.equal(cents(first.data.unit_cost) * 2, cents(first.data.total_cost));
  assert.equal(cents(before) - cents(first.data.total_cost), cents(first.data.balance_after));
  assert.equal(await balance(), first.data.balance_after);
});

await check("the same key and body again, in the body and in the header", async () => {
  assert.deepEqual(await api.fulfill(order("shop-1", { quantity: 2, idempotency_key: "pay-1" })), first);
  const second = await api.fulfill(order("shop-2"), { idempotencyKey: "pay-2" });
  assert.deepEqual(await api.fulfill(order("shop-2"), { idempotencyKey: "pay-2" }), second);
  assert.equal(await balance(), second.data.balance_after);
});

await check("the same order under another key finds the first", async () => {
  const again = await api.fulfill(order("shop-1", { quantity: 2, idempotency_key: "pay-1-again" }));
  assert.equal(again.data.id, first.data.id);
  assert.deepEqual(again.data.serials, first.data.serials);
});

await check("ten at once are one", async () => {
  const spent = await balance();
  const answers = await Promise.all(Array.from({ length: 10 }, () => api.fulfill(order("shop-3"), { idempotencyKey: "pay-3" })));
  assert.equal(new Set(answers.map((answer) => answer.data.id)).size, 1);
  assert.equal(new Set(answers.map((answer) => answer.data.serials.join())).size, 1);
  assert.notEqual(await balance(), spent);
  assert.equal(await balance(), answers[0].data.balance_after);
});

await check("one fulfillment by its id", async () => {
  const read = await api.getFulfillment(first.data.id);
  assert.deepEqual(read.data.serials, first.data.serials);
});

await check("typed errors", async () => {
  const rows = [
    [() => api.fulfill(order("shop-4", { product_id: "NOTHING" })), 404, "product_not_available"],
    [() => api.fulfill(order("shop-4", { quantity: 0 })), 422, "invalid_quantity"],
    [() => api.fulfill(order("shop-4", { quantity: 100_001 })), 422, "quantity_out_of_range"],
    [() => api.fulfill(order("shop-4", { customer_email: "nobody" })), 422, "invalid_email"],
    [() => api.fulfill(order("shop-1", { quantity: 3 })), 409, "external_order_conflict"],
    [() => api.fulfill(order("shop-9", { idempotency_key: "pay-1" })), 422, "idempotency_key_reused"],
    [() => api.fulfill(order("shop-4", { quantity: 900 })), 409, "out_of_stock"],
    [() => api.fulfill(order("shop-4", { product_id: "NW-OFFICE", quantity: 100 })), 402, "insufficient_balance"],
    [() => api.getFulfillment("ful_01h455vb4pex5vsknk084sn02q"), 404, "not_found"],
    [() => client.get("/reseller/v1/nowhere"), 404, "not_found"],
    [() => new ShoppexClient({ apiKey: "shx_not_ours", baseUrl }).resellerApi.me(), 401, "unauthenticated"],
    [() => new ShoppexClient({ apiKey: dynamicKey, baseUrl }).resellerApi.balance(), 401, "unauthenticated"],
  ];
  for (const [attempt, status, code] of rows) {
    const error = await refused(attempt());
    assert.deepEqual([error.status, error.code], [status, code]);
  }
  const wrong = await refused(api.fulfill({ product_id: "NW-VAULT", customer_email: "x" }));
  assert.deepEqual(wrong.details.errors.map((one) => one.pointer), ["/external_order_id", "/customer_email"]);
});

await check("the dynamic URL", async () => {
  const input = { apiKey: dynamicKey, externalOrderId: "shop-5", productId: "NW-VAULT", customerEmail: "grace@example.org", quantity: 2 };
  const url = api.dynamicFulfillmentUrl(input);
  const answer = await fetch(url);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  const { data } = await answer.json();
  assert.equal(data.serials.length, 2);
  assert(!("balance_after" in data) && !("total_cost" in data));
  assert.deepEqual((await (await fetch(url)).json()).data, data);
  const spent = await balance();
  const turnedAway = [
    [{ ...input, apiKey }, {}, 400, "credential_in_url"],
    [{ ...input, apiKey: dynamicKey.slice(0, -1) + (dynamicKey.endsWith("0") ? "1" : "0") }, {}, 404, "not_found"],
    [{ ...input, externalOrderId: "shop-6" }, { "x-moz": "prefetch" }, 403, "not_a_browser_endpoint"],
    [{ ...input, externalOrderId: "shop-6", productId: "NOTHING" }, {}, 404, "product_not_available"],
  ];
  for (const [asked, headers, status, code] of turnedAway) {
    const no = await fetch(api.dynamicFulfillmentUrl(asked), { headers });
    assert.deepEqual([no.status, (await no.json()).error.code], [status, code]);
  }
  assert.equal(await balance(), spent);
});

console.log(`@shoppexio/sdk ${version}: ${checks} stories`);
