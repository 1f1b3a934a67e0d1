// On paper an order and an invoice are themselves: no navigation, nothing to press, dark on light whatever the theme.

import { strict as assert } from "node:assert";
import { mkdirSync } from "node:fs";
import { openWindow, signIn } from "./house.mjs";
import { SCREENSHOTS } from "./looking.mjs";

/** What a reader of the paper could press, or find their way by. Runs in the page. */
function pressable() {
  const all = document.querySelectorAll("nav, button, .button, input, select, textarea, details:not([open]) summary, [role=search], .skip, dialog, a[download]");
  return [...all].filter((element) => element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().height > 1).map((element) => element.outerHTML.slice(0, 120));
}

/** How light the ink and the paper are, of 255. Runs in the page. */
function lightness() {
  const of = (color) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = "#fff";
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
    return (red + green + blue) / 3;
  };
  const places = [document.body, ...document.querySelectorAll("main, main .card")];
  return { ink: Math.max(...places.map((place) => of(getComputedStyle(place).color))), paper: Math.min(...places.map((place) => of(getComputedStyle(place).backgroundColor))) };
}

async function onPaper(page, name, says) {
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  mkdirSync(`${SCREENSHOTS}/print`, { recursive: true });
  await page.screenshot({ path: `${SCREENSHOTS}/print/${name}.png`, fullPage: true });
  assert.deepEqual(await page.evaluate(pressable), [], `${name} on paper`);
  const { ink, paper } = await page.evaluate(lightness);
  assert(ink < 140 && paper > 200, `${name}: ink of ${ink} on paper of ${paper}`);
  const text = await page.locator("body").innerText();
  for (const part of says) assert.match(text, part, `${name} says it on paper`);
  const moments = await page.$$eval("time[data-moment]", (all) => all.map((time) => getComputedStyle(time, "::after").content));
  assert(moments.every((content) => /\d{4}-\d\d-\d\d/.test(content)), `${name}: days on paper are ${moments}`);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  assert(fits, `${name} fits the paper`);
  await page.emulateMedia({ media: "screen", colorScheme: "light" });
}

async function first(page, list) {
  await page.goto(list);
  const link = page.locator("main .table a.row").first();
  await page.goto(await link.evaluate((row) => row.href));
  return page.getByRole("heading", { level: 1 }).innerText();
}

export const title = "an order and an invoice on paper show no navigation and no buttons";

export async function print({ browser, house }) {
  for (const [side, email] of [["merchant", "olivia@northwind.example"], ["reseller", "ada@acme.example"]]) {
    // As wide as A4 at 96 dots to the inch, within its margins.
    const page = await openWindow(browser, house, { viewport: { width: 718, height: 1000 } });
    await signIn(page, email);
    const base = new URL(page.url()).pathname;
    const order = await first(page, `${base}/orders`);
    await onPaper(page, `${side}-order`, [new RegExp(order), /\$\d/]);
    const invoice = await first(page, `${base}/invoices`);
    await onPaper(page, `${side}-invoice`, [new RegExp(invoice), /\$\d/]);
    const [paper] = await page.$$eval("main a[href*='/i/']", (all) => all.map((link) => link.href));
    await page.goto(paper);
    await onPaper(page, `${side}-invoice-paper`, [new RegExp(invoice), /\$?\d+\.\d\d/]);
    assert.deepEqual(page.troubles, []);
    await page.context().close();
  }
}
