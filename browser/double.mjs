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

/** How often it was confirmed, and the invoices over it. */
async function placed(page, order) {
  await page.goto(order);
  const invoices = new Set((await page.locator("main").innerText()).match(/INV-\d+/g));
  return [await page.getByRole("listitem").filter({ hasText: "Order confirmed" }).count(), invoices.size];
}

async function twice(page) {
  const base = new URL(page.url()).pathname.split("/").slice(0, 3).join("/");
  const before = await draftsOf(page, base);
  await newOrder(page, base);
  await page.getByRole("button", { name: "Save draft" }).dblclick();
  await page.waitForURL(/\/orders\/ord_/);
  const order = page.url();
  assert.equal(await draftsOf(page, base), before + 1, "a double click makes one draft");

  await page.goto(order);
  await page.getByRole("link", { name: "Confirm order" }).click();
  const question = page.locator("dialog[open], .dialog-page");
  await question.first().waitFor();
  await question.getByRole("button", { name: "Confirm order" }).dblclick();
  await page.getByText("Pending payment").first().waitFor();
  assert.deepEqual(await placed(page, order), [1, 1], "a double click places it once");

  // Back to where it was confirmed, and yes once more; then the question by its address.
  await page.goBack();
  for (const again of [async () => {}, () => page.goto(`${order}/confirm`)]) {
    await again();
    const yes = page.locator("form[action$='/confirm'] button[type=submit]");
    if ((await yes.count()) > 0) {
      await yes.first().click();
      await page.waitForLoadState("load");
    }
    assert.deepEqual(await placed(page, order), [1, 1], "a late yes changes nothing");
  }
  assert.equal(await draftsOf(page, base), before + 1, "there is one order");
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
