// What the scripts make smoother: pages that take each other's place, the way back, mistakes in place, choices found by typing, Ctrl K.
// Everything here works without them too: that is what the stories without JavaScript show.

import { strict as assert } from "node:assert";
import { openWindow, signIn } from "./house.mjs";

/** Whether the page that is shown is still the document of before. */
const mark = (page) => page.evaluate(() => { globalThis.isSameDocument = true; });
const isSame = (page) => page.evaluate(() => globalThis.isSameDocument === true);
const focused = (page) => page.evaluate(() => document.activeElement.textContent.trim());
const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
const place = (page, name) => page.locator("#navigation").getByRole("link", { name, exact: true }).click();

async function pages(page) {
  await mark(page);
  await place(page, "Orders");
  await heading(page, "Orders");
  assert.equal(await focused(page), "Orders", "the heading is told");
  assert.match(await page.title(), /^Orders/);
  assert.equal(await page.locator("#navigation [aria-current=page]").textContent(), "Orders");
  const last = page.locator("tbody a.row").last();
  const name = (await last.textContent()).trim();
  await last.scrollIntoViewIfNeeded();
  const scrolled = await page.evaluate(() => scrollY);
  assert(scrolled > 100, "the list is longer than the window");
  await last.click();
  await heading(page, name);
  assert.equal(await page.evaluate(() => scrollY), 0, "another page begins at its top");
  await page.goBack();
  await heading(page, "Orders");
  await page.waitForFunction((before) => Math.abs(scrollY - before) < 40, scrolled);
  assert.equal(await focused(page), name, "back is back at the row");
  await page.goForward();
  await heading(page, name);
  await page.goBack();
  await heading(page, "Orders");
  const chip = page.locator(".tools a.chip").filter({ hasText: /^Completed?$/ }).first();
  await chip.click();
  await page.waitForURL(/state=/);
  await page.locator(".tools a.chip[aria-current]").first().waitFor();
  assert.match(await focused(page), /^Complete/, "a filter keeps the focus");
  await page.getByRole("searchbox").first().fill("nothing has this");
  await page.keyboard.press("Enter");
  await page.getByText("No results").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.name), "q", "so does the search");
  assert(await isSame(page), "all in one document");
}

async function leftAlone(page) {
  const [other] = await Promise.all([page.context().waitForEvent("page"), page.locator("#navigation").getByRole("link", { name: "Products", exact: true }).click({ modifiers: ["ControlOrMeta"] })]);
  await other.close();
  await mark(page);
  // Where a page cannot be fetched, the browser goes there itself.
  await page.route("**/products", (route) => (route.request().resourceType() === "fetch" ? route.abort("aborted") : route.continue()));
  await place(page, "Products");
  await heading(page, "Products");
  assert(!(await isSame(page)), "the browser went there");
  await page.unroute("**/products");
}

async function mistakes(page, base) {
  await page.goto(`${base}/resellers/new`);
  await mark(page);
  await page.evaluate(() => { document.querySelector("form.form").noValidate = true; });
  const typed = page.getByLabel(/^Company/).first();
  await typed.fill("Kept & sound");
  await page.locator("main form.form button[type=submit]").last().click();
  await page.locator("[data-mistakes]").waitFor();
  assert(await page.evaluate(() => document.activeElement.matches("[data-mistakes]")), "mistakes are told");
  assert.equal(await page.getByLabel(/^Company/).first().inputValue(), "Kept & sound");
  assert(page.url().endsWith("/resellers/new"), "the form stays where it is");
  assert(await isSame(page));
}

async function combobox(page, base) {
  await page.goto(`${base}/resellers/new`);
  const country = page.getByRole("combobox", { name: /^Country/ });
  await country.focus();
  await page.keyboard.type("swi");
  const options = page.getByRole("option");
  await options.first().waitFor();
  assert.match(await options.first().textContent(), /^Switzerland/);
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("select[name=country]").inputValue(), "CH");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Escape");
  assert.match(await country.inputValue(), /^Switzerland/);
  await country.fill("no such place");
  await page.keyboard.press("Tab");
  assert.equal(await page.locator("select[name=country]").inputValue(), "CH", "what is no choice changes nothing");
  assert.match(await country.inputValue(), /^Switzerland/);
}

async function palette(page, base) {
  await page.goto(`${base}/orders`);
  const [number] = (await page.locator("main").innerText()).match(/\d{4}-\d{6}/);
  await mark(page);
  await page.keyboard.press("ControlOrMeta+k");
  const field = page.getByRole("dialog").getByRole("combobox");
  await field.waitFor();
  await page.keyboard.type(number);
  await page.getByRole("option").filter({ hasText: number }).waitFor();
  await page.keyboard.press("Enter");
  await heading(page, number);
  assert(await isSame(page));
  await page.keyboard.press("ControlOrMeta+k");
  await field.waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
}

export const title = "pages take each other's place, and nothing is lost on the way";

export async function smooth({ browser, house }) {
  const page = await openWindow(browser, house);
  await signIn(page, "olivia@northwind.example");
  const base = new URL(page.url()).pathname.split("/").slice(0, 3).join("/");
  for (const part of [pages, leftAlone, mistakes, combobox, palette]) await part(page, base);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
}
