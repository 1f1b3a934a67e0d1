// What keys do beyond Tab and Enter: the palette (Ctrl K), j and k in lists, Escape; and that the focus is where one left it afterwards.

import { strict as assert } from "node:assert";
import { axeSource, openWindow, signIn } from "./house.mjs";

/** What has the focus, in words. */
const focused = (page) => page.evaluate(() => {
  const at = document.activeElement;
  return at === document.body ? "nothing" : (at.getAttribute("aria-label") ?? at.textContent.trim());
});
const press = (page, ...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
const palette = (page) => page.getByRole("dialog", { name: /Search or jump/ });
const options = (page) => palette(page).getByRole("option");
/** Opens a page, and waits until its script says that keys do what they are to do. */
const arrive = async (page, path) => {
  await page.goto(path);
  await page.locator("html.scripted").waitFor();
};
/** Holds back what a path that looks so is answered, until what this gives is called. */
const held = async (page, path) => {
  let comes;
  const waits = new Promise((resolve) => { comes = resolve; });
  await page.route(path, (route) => waits.then(() => route.fallback()));
  return comes;
};
/** The palette is fetched when it is first asked for. */
const calls = async (page) => {
  await press(page, "Control+k");
  await palette(page).waitFor();
};
const chosen = (page) => palette(page).getByRole("option", { selected: true }).innerText();

async function sound(page, what) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes[0].html}`));
  assert.deepEqual(found, [], what);
}

/** Ctrl K, letters, arrows, Enter. */
async function finds(page, base) {
  await arrive(page, base);
  await calls(page);
  assert.equal(await palette(page).getByRole("combobox").evaluate((field) => field === document.activeElement), true, "letters go to the palette");
  const all = await options(page).count();
  assert(all > 5, `only ${all} places`);
  await sound(page, "the palette");
  await page.keyboard.type("ord");
  const found = await options(page).allInnerTexts();
  assert(found.length >= 1 && found.length < all && found.every((text) => /ord/i.test(text)), `“ord” finds ${found}`);
  assert.equal(await chosen(page), found[0], "the first one is chosen");
  const told = await palette(page).getByRole("combobox").getAttribute("aria-activedescendant");
  assert.equal(await page.locator(`#${told}`).innerText(), found[0], "and told to a screen reader");
  await press(page, "Enter");
  await page.waitForURL(`**${base}/orders`);
  await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();

  await calls(page);
  await press(page, "ArrowDown", "ArrowDown", "ArrowUp");
  const places = await options(page).allInnerTexts();
  assert.equal(await chosen(page), places[1], "the arrows walk");
  await press(page, "ArrowUp", "ArrowUp");
  assert.equal(await chosen(page), places[0], "and end at the first");
  await press(page, "Escape");
  await palette(page).waitFor({ state: "detached" });
}

/** Whoever types on while the palette is still on its way has typed into it, and not into the page. */
async function hurries(page, base) {
  const [field, path] = [page.getByRole("searchbox", { name: "Search" }), /\/assets\/palette\./];
  for (const [keys, comes] of [
    [["o", "x", "Backspace", "r", "d"], async () => {
      await palette(page).waitFor();
      assert.equal(await palette(page).getByRole("combobox").inputValue(), "ord");
      assert.equal(await palette(page).count(), 1, "it opens once");
      await press(page, "Escape");
      await palette(page).waitFor({ state: "detached" });
      assert.equal(await focused(page), "Search", "the focus is back");
    }],
    [["Escape", "o"], async () => {
      await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.includes("/assets/palette.")));
      assert.deepEqual([await palette(page).count(), await field.inputValue()], [0, "o"], "Escape does without it");
    }],
    [["i", "n", "v", "o", "Enter"], async () => page.getByRole("heading", { name: "Invoices", level: 1 }).waitFor()],
  ]) {
    await arrive(page, `${base}/orders`);
    const comesNow = await held(page, path);
    await field.focus();
    await press(page, "Control+k", "Control+k", ...keys.slice(0, -1));
    assert.equal(await field.inputValue(), "", "nothing of it is typed into the page");
    await press(page, keys.at(-1));
    comesNow();
    await comes();
    await page.unrouteAll({ behavior: "wait" });
  }
}

/** An answer to what was typed before is none to what is typed now. */
async function overtakes(page, base) {
  await arrive(page, `${base}/orders`);
  await calls(page);
  const comesNow = await held(page, /\/find\?q=no$/);
  await Promise.all([page.waitForRequest(/\/find\?q=no$/), page.keyboard.type("no")]);
  await page.keyboard.type(" such place");
  const next = page.waitForRequest(/\/find\?q=no\+such\+place$/);
  comesNow();
  await next;
  assert.equal(await options(page).count(), 0);
  await press(page, "Escape");
  await page.unrouteAll({ behavior: "wait" });
}

/** Nothing found, nothing done; Escape leaves no trace. */
async function leaves(page, base) {
  await arrive(page, `${base}/orders`);
  await page.getByRole("searchbox", { name: "Search" }).focus();
  await page.keyboard.type("half a word");
  await calls(page);
  await page.keyboard.type("no such place");
  assert.equal(await options(page).count(), 0);
  await press(page, "Control+k");
  assert.equal(await palette(page).count(), 1, "it opens once");
  await press(page, "Escape");
  await palette(page).waitFor({ state: "detached" });
  assert.equal(await focused(page), "Search", "the focus is back");
  assert.equal(await page.getByRole("searchbox", { name: "Search" }).inputValue(), "half a word", "what was typed stands");
  await press(page, "j", "k");
  // In a field, letters are letters.
  await page.waitForFunction(() => document.activeElement.value === "half a wordjk");
  await calls(page);
  await page.keyboard.type("no such place");
  await press(page, "Enter");
  await page.waitForURL(`**${base}/find?q=no+such+place`);
}

/** j and k walk through a list, Enter opens. */
async function walks(page, base) {
  await arrive(page, `${base}/orders`);
  const rows = await page.locator("main .table a.row").allInnerTexts();
  assert(rows.length > 2);
  await press(page, "j");
  assert.equal(await focused(page), rows[0]);
  const seen = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none" || getComputedStyle(document.activeElement).boxShadow !== "none");
  assert(seen, "which row it is can be seen");
  await press(page, "j", "j", "k");
  assert.equal(await focused(page), rows[1]);
  await press(page, "k", "k", "k");
  assert.equal(await focused(page), rows[0], "there is none before the first");
  for (const _ of rows) await press(page, "j");
  await press(page, "j");
  assert.equal(await focused(page), rows.at(-1), "and none behind the last");
  await press(page, "Enter");
  await page.getByRole("heading", { name: rows.at(-1), level: 1 }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
  assert.equal(await focused(page), rows.at(-1), "back is back at the row");
  await press(page, "k", "Enter");
  await page.getByRole("heading", { name: rows.at(-2), level: 1 }).waitFor();
}

/** A question over the page and a menu: Escape closes them, and the focus is where it was. */
async function returns(page, base, path, question) {
  await arrive(page, base + path);
  const link = page.getByRole("link", { name: question }).first();
  for (const close of [() => press(page, "Escape"), async () => {
    await page.locator("dialog[open]").getByRole("link", { name: "Cancel" }).focus();
    await press(page, "Enter");
  }]) {
    await link.focus();
    await press(page, "Enter");
    await page.locator("dialog[open]").waitFor();
    assert(await page.evaluate(() => document.querySelector("dialog[open]").contains(document.activeElement)), "the focus is in the question");
    await press(page, "j", "k");
    assert(await page.evaluate(() => document.querySelector("dialog[open]").contains(document.activeElement)), "and stays there");
    await close();
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    assert(await link.evaluate((at) => at === document.activeElement), "the focus is back on the link");
  }
  await link.focus();
  await press(page, "Enter");
  await page.locator("dialog[open]").waitFor();
  // Faster than a person, and than the browser's word that something was closed, which comes with the next frame.
  const stays = await page.evaluate(async () => {
    const finder = document.querySelector("a.finder");
    document.querySelector("dialog[open]").close();
    finder.focus();
    for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
    return document.activeElement === finder;
  });
  assert(stays, "whoever goes on at once is not fetched back");
  const menu = page.locator("details.menu > summary").last();
  await menu.focus();
  await press(page, "Enter");
  assert.equal(await menu.evaluate((at) => at.parentElement.open), true);
  await press(page, "Tab", "Escape");
  assert.deepEqual(await menu.evaluate((at) => [at.parentElement.open, at === document.activeElement]), [false, true], "Escape closes a menu");
  await press(page, "Enter");
  await page.locator("a.finder").focus();
  await press(page, "Escape");
  assert.deepEqual(await menu.evaluate((at) => [at.parentElement.open, document.activeElement.matches("a.finder")]), [false, true], "and takes nobody away from elsewhere");
}

export const title = "the palette, j and k, Escape: by keys, and the focus returns";

export async function keys({ browser, house }) {
  for (const [email, path, question] of [["olivia@northwind.example", "/people", "Add a person"], ["ada@acme.example", "/balance", "Top up"]]) {
    const page = await openWindow(browser, house);
    await signIn(page, email);
    const base = new URL(page.url()).pathname;
    await finds(page, base);
    await hurries(page, base);
    await overtakes(page, base);
    await leaves(page, base);
    if (email.startsWith("olivia")) await walks(page, base);
    await returns(page, base, path, question);
    assert.deepEqual(page.troubles, []);
    await page.context().close();
  }
}
