// What forms answer: mistakes beside what was typed, secrets that are shown once, reports of checks, codes that were looked at.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Mouse } from "./hands.mjs";
import { Onlooker } from "./looking.mjs";
import { mistaken } from "./outside.mjs";

/** Pages with a form, and the button that sends it; sent without what it asks for, it comes back with its mistakes. */
const MISTAKES = {
  merchant: {
    "/products/new": "Create", "/products/new?type=bundle": "Create", "/price-lists/new": "Create", "/resellers/new": "Add reseller", "/channels/new": "Create channel",
    "/people/new": "Add", "/products/import": "Check", "/stock/import": "Check first", "/api-keys/new": "Create API key", "/program/terms/new-margin": "Save",
    "/program/terms/new-limits": "Save", "/settings": "Save",
  },
  reseller: { "/people/new": "Add", "/settings/company": "Save", "/developers/keys/new": "Create key", "/developers/urls/new": "Create URL", "/balance/top-up": "Issue invoice" },
};

/** A file for a form to bring. */
function file(house, name, text) {
  const path = join(house.folder, name);
  writeFileSync(path, text);
  return path;
}

/** The first link of a list leads to one of its rows. */
async function firstOf(at, list) {
  await at.hand.open(at.base + list);
  await at.page.goto(await at.page.locator("main .table a.row").first().evaluate((row) => row.href));
}

const withMistakes = (side) => Object.entries(MISTAKES[side]).map(([path, button]) => [`mistakes ${path}`, async (at) => {
  await at.hand.open(at.base + path);
  await mistaken(at.page, button);
}]);

const MERCHANT = [
  ["new key", async ({ hand, base }) => {
    await hand.open(`${base}/api-keys/new`);
    await hand.fill("Name", "Accounting");
    await hand.page.locator("main input[type=checkbox]").first().check();
    await hand.button("Create API key");
    await hand.reads(/tpm_live_\w+/);
  }],
  ["products checked", async ({ hand, base, house }) => {
    await hand.open(`${base}/products/import`);
    await hand.attach("File", file(house, "products.csv", "sku,name,enabled\nNW-PDF,Northwind PDF,true\nNW-NEW,Something new,true\n"));
    await hand.button("Check");
    await hand.reads("The file has no mistakes.");
  }],
  ["products with mistakes", async ({ hand, base, house }) => {
    await hand.open(`${base}/products/import`);
    await hand.attach("File", file(house, "products.csv", "sku,name,enabled\nNW-PDF,Northwind PDF,perhaps\nNW NEW,,true\n"));
    await hand.button("Check");
    await hand.reads("Correct these lines");
  }],
  ["keys checked", async ({ hand, base }) => {
    await hand.open(`${base}/stock/import`);
    await hand.attach("File", "examples/license-keys.csv");
    await hand.button("Check first");
    await hand.reads("Nothing was written yet.");
  }],
  ["keys with mistakes", async ({ hand, base, house }) => {
    await hand.open(`${base}/stock/import`);
    await hand.attach("File", file(house, "keys.csv", "sku,code\nNW-NOTHING,AAAA-BBBB\nNW-VAULT,\nNW-VAULT,CCCC\nNW-VAULT,CCCC\n"));
    await hand.button("Check first");
    await hand.reads("As it is, nothing would be imported");
  }],
  ["verified", async ({ hand, base }) => {
    await hand.open(`${base}/health`);
    await hand.button("Check now");
    await hand.page.waitForLoadState("load");
  }],
  ["code shown", async (at) => {
    await firstOf(at, "/licenses");
    await at.hand.button("Show code");
    await at.page.waitForLoadState("load");
  }],
  ["effect of a payment", async (at) => {
    await firstOf(at, "/invoices?state=open");
    await at.hand.link("Record payment");
    const effect = at.page.waitForResponse((answer) => answer.url().endsWith("/payments/effect"));
    await at.hand.fill("Amount", "12.34");
    await effect;
    await at.hand.reads("Still outstanding");
  }],
];

const RESELLER = [
  ["review and send", async ({ hand, base }) => {
    await hand.open(base);
    await hand.press(hand.page.getByRole("link", { name: "Activate next" }).first());
    await hand.heading("Activate next license");
    for (const [label, text] of [["First name", "Grace"], ["Last name", "Hopper"], ["E-mail", "grace@example.org"]]) await hand.fill(label, text);
    await hand.button("Activate and show code");
    await hand.heading("Review and send");
  }],
  ["sent", async ({ hand }) => {
    await hand.button("Send license");
    await hand.reads("License sent.");
  }],
  ["code shown", async (at) => {
    await firstOf(at, "/licenses?state=available");
    await at.hand.open(`${at.page.url()}/reveal`);
    await at.hand.button("Show code");
    await at.page.waitForLoadState("load");
  }],
  ["new key", async ({ hand, base }) => {
    await hand.open(`${base}/developers/keys/new?for=shop`);
    await hand.fill("Name", "Web shop");
    await hand.button("Create key");
    await hand.reads("Copy it now");
  }],
  ["new dynamic URL", async ({ hand, base }) => {
    await hand.open(`${base}/developers/urls/new`);
    await hand.fill("Name", "Fetching shop");
    await hand.button("Create URL");
    await hand.reads("Copy it now");
  }],
  ["request composed", async ({ hand }) => {
    await hand.button("Build a request with it");
    await hand.heading("Build a request");
    await hand.button("Compose and check");
    await hand.reads("What would come of it");
  }],
  ["draft with a line that is none", async ({ hand, base, page }) => {
    await hand.open(`${base}/orders/new`);
    await page.evaluate(() => { document.querySelector("main [name=lines]").value = "NW-NOTHING,3\nNW-PDF,many"; document.querySelector("main details")?.setAttribute("open", ""); });
    await hand.button("Save draft");
    await page.waitForLoadState("load");
    await hand.reads(/could not be done/);
  }],
];

const SHOP = [
  ["codes of a fulfillment", async (at) => {
    await firstOf(at, "/fulfillments");
    await at.hand.button("Show codes");
    await at.page.waitForLoadState("load");
  }],
];

const PEOPLE = [
  ["merchant", "olivia@northwind.example", [...MERCHANT, ...withMistakes("merchant")]],
  ["reseller", "ada@acme.example", [...RESELLER, ...withMistakes("reseller")]],
  ["reseller-shop", "dora@dockside.example", SHOP],
];

export async function answers(world, report) {
  for (const [name, email, all] of PEOPLE) {
    const onlooker = await Onlooker.arrive(world, name, report, email);
    const page = onlooker.wide;
    const at = { page, hand: new Mouse(page), base: new URL(page.url()).pathname, house: world.house };
    for (const [kind, bring] of all) {
      if (!world.inTime()) {
        report.skipped.push(`${name}: ${kind}`);
        continue;
      }
      try {
        await bring(at);
        await onlooker.lookHere(`answer ${kind}`);
      } catch (error) {
        onlooker.note(`answer ${kind}`, `${error.message.split("\n")[0]} at ${page.url()}: ${(await page.locator("main").innerText()).slice(0, 300)}`);
      }
    }
    await onlooker.leave();
  }
}
