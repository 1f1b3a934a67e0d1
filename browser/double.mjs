// A person who clicks twice, goes back and sends again, or whose network repeats: one order comes of it.

import { strict as assert } from "node:assert";
import { openWindow, signIn } from "./house.mjs";

const REFERENCE = "PO once";

async function draftsOf(page, base) {
  await page.goto(`${base}/orders?q=${encodeURIComponent(REFERENCE)}`);
  return page.locator("tbody tr").count();
}

async function newOrder(page, base) {
  await page.goto(`${base}/orders/new`);
  await page.getByLabel(/^Quantity: Northwind PDF Editor/).fill("1");
  await page.getByLabel(/^Your reference/).fill(REFERENCE);
}

async function twice(page) {
  const base = new URL(page.url()).pathname.split("/").slice(0, 3).join("/");
  const before = await draftsOf(page, base);
  await newOrder(page, base);
  await page.getByRole("button", { name: "Save draft" }).dblclick();
  await page.waitForURL(/\/orders\/ord_/);
  assert.equal(await draftsOf(page, base), before + 1, "a double click makes one draft");

  await newOrder(page, base);
  await page.getByRole("button", { name: "Save draft" }).click();
  await page.waitForURL(/\/orders\/ord_/);
  const first = page.url();
  await page.goBack();
  await page.waitForURL(/\/orders\/new/);
  await page.getByRole("button", { name: "Save draft" }).click();
  await page.waitForURL(/\/orders\/ord_/);
  assert.equal(page.url(), first, "back and send again leads to the order that was made");
  assert.equal(await draftsOf(page, base), before + 2, "going back and sending again makes no second draft");

  await page.goto(first);
  await page.getByRole("link", { name: "Confirm order" }).click();
  const question = page.locator("dialog[open], .dialog-page");
  await question.first().waitFor();
  assert.equal(await question.count(), 1, "one question is asked");
  await question.getByRole("button", { name: "Confirm order" }).dblclick();
  await page.getByText("Pending payment").first().waitFor();
  await page.getByText("Order confirmed", { exact: true }).first().waitFor();
  assert.equal(await page.getByText("Order confirmed", { exact: true }).count(), 1, "it was confirmed once");
  const invoices = new Set((await page.locator("main").innerText()).match(/INV-\d+/g));
  assert.equal(invoices.size, 1, "it has one invoice");
  // Back to the question, and yes once more: the order is as it was.
  await page.goto(`${first}/confirm`);
  await page.locator(".dialog-page").getByRole("button", { name: "Confirm order" }).click();
  await page.locator("[data-mistakes], .toast").first().waitFor();
  await page.goto(first);
  assert.deepEqual(new Set((await page.locator("main").innerText()).match(/INV-\d+/g)), invoices, "a late yes changes nothing");
}

/** A double click on what opens a question opens one. */
async function oneQuestion(page) {
  const base = new URL(page.url()).pathname.split("/").slice(0, 3).join("/");
  await newOrder(page, base);
  await page.getByRole("button", { name: "Save draft" }).click();
  await page.waitForURL(/\/orders\/ord_/);
  await page.getByRole("link", { name: "Confirm order" }).dblclick();
  await page.locator("dialog[open]").first().waitFor();
  await page.waitForLoadState("networkidle");
  assert.equal(await page.locator("dialog[open]").count(), 1, "a double click opens one question");
}

export const title = "double clicks and the back button place one order";

export async function double({ browser, house }) {
  for (const javaScriptEnabled of [true, false]) {
    const page = await openWindow(browser, house, { javaScriptEnabled });
    await signIn(page, "ada@acme.example");
    await twice(page);
    if (javaScriptEnabled) await oneQuestion(page);
    assert.deepEqual(page.troubles, []);
    await page.context().close();
  }
}
