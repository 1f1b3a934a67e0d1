// Every page that links lead to, as the merchant's owner and as three resellers see them: light and dark, wide and narrow, English and German.
//
// Each must answer, say nothing in the console, ask for nothing that is not there, pass axe-core, fit the window, weigh little and not move.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { axeSource, openWindow, signIn, signInElsewhere } from "./house.mjs";

const WIDTHS = [1440, 820, 390];
const MOST_BYTES = 60_000;
const MOST_SHIFT = 0.05;
/** Pages of one kind that are looked at: the products' pages differ in their words only. */
const OF_A_KIND = 1;
const SCREENSHOTS = process.env.SCREENSHOTS ?? "target/screenshots";

const ROLES = [
  { name: "merchant", email: "olivia@northwind.example" },
  // Ada has an account at the issuer too: her page lists it.
  { name: "reseller", email: "ada@acme.example", elsewhere: true },
  { name: "reseller-held", email: "cara@cobalt.example" },
  { name: "reseller-shop", email: "dora@dockside.example" },
];

/** The path with its ids left out, and the first name of what is asked: pages of one kind have one. Filters of a list are many together. */
function kindOf(url) {
  const path = url.pathname.split("/").map((part) => (/^[a-z]{2,5}_[0-9a-zA-Z]{8,}/.test(part) ? "{id}" : part)).join("/");
  const asked = [...url.searchParams.keys()].filter((name) => name !== "next").sort().join("&");
  return asked ? `${path}?${asked.split("&")[0]}` : path;
}

const isPage = (url, house) => url.origin === house.url && !url.searchParams.has("file") && !/^\/(v1|docs|assets|health|openapi)/.test(url.pathname) && !/(\.(csv|xlsx|json|txt)|[./]pdf)$/.test(url.pathname);

/** All that is wrong with the page that is open. */
async function faults(page, narrow) {
  const found = [];
  for (const width of narrow ? [390] : WIDTHS) {
    if (!narrow) await page.setViewportSize({ width, height: 900 });
    // What follows from a change of the window is drawn with the next frame.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const [scroll, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    if (scroll > window) found.push(`is ${scroll} wide in a window of ${window}: ${await page.evaluate(widest)}`);
  }
  if (!narrow) await page.setViewportSize({ width: WIDTHS[0], height: 900 });
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of violations.filter((violation) => ["serious", "critical"].includes(violation.impact))) {
    found.push(`axe ${violation.id}: ${violation.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} (${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""})`).join(" | ")}`);
  }
  return found;
}

/** The first element that reaches beyond the window and is in no box that scrolls. Runs in the page. */
function widest() {
  const scrolls = (element) => element && (/(auto|scroll|hidden|clip)/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const beyond = [...document.body.querySelectorAll("*")].find((element) => element.getBoundingClientRect().right > innerWidth + 1 && !scrolls(element.parentElement));
  return beyond ? beyond.outerHTML.slice(0, 120) : "";
}

function countShifts() {
  globalThis.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifted += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
}

/** Walks as one person. `every` n-th kind of page is examined, all are opened. */
async function walkAs(role, { browser, house, every, inTime }, report) {
  const wide = await openWindow(browser, house, { colorScheme: "light" });
  const narrow = await openWindow(browser, house, { colorScheme: "dark", viewport: { width: 390, height: 844 }, locale: "de-DE" });
  const weights = new Map();
  // Before the first page: style and script come with it, and from the browser's cache ever after.
  wide.on("requestfinished", async (request) => {
    const sizes = await request.sizes().catch(() => null);
    if (sizes) weights.set(request.url(), Math.max(weights.get(request.url()) ?? 0, sizes.responseBodySize));
  });
  for (const page of [wide, narrow]) await page.addInitScript(countShifts);
  await (role.elsewhere ? signInElsewhere(wide, house, role.email) : signIn(wide, role.email));
  await signIn(narrow, role.email);
  if (role.elsewhere) {
    await wide.goto("/account");
    await wide.getByRole("heading", { name: "Accounts elsewhere" }).waitFor();
  }
  const waiting = [new URL("/", house.url), new URL("/account", house.url), new URL("/workspaces", house.url)];
  const seen = new Map();
  let nth = 0;
  while (waiting.length) {
    const url = waiting.shift();
    const kind = kindOf(url);
    if ((seen.get(kind) ?? 0) >= OF_A_KIND) continue;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    if (!inTime()) {
      report.skipped.push(kind);
      continue;
    }
    const answer = await wide.goto(url.href);
    const links = await wide.$$eval("a[href]", (all) => all.map((link) => link.href));
    for (const link of links.map((href) => new URL(href))) {
      link.hash = "";
      if (isPage(link, house)) waiting.push(link);
    }
    report.opened += 1;
    if (answer.status() !== 200) report.faults.push(`${role.name} ${kind}: answered ${answer.status()}`);
    if (nth++ % every !== 0) continue;
    report.examined += 1;
    const note = (fault) => report.faults.push(`${role.name} ${kind}: ${fault}`);
    const shifted = await wide.evaluate(() => globalThis.shifted);
    if (shifted > MOST_SHIFT) note(`moves by ${shifted.toFixed(3)}`);
    const asked = await wide.evaluate(() => [location.href, ...performance.getEntriesByType("resource").map((entry) => entry.name)]);
    const bytes = asked.reduce((sum, name) => sum + (weights.get(name) ?? 0), 0);
    report.heaviest = bytes > report.heaviest.bytes ? { bytes, kind } : report.heaviest;
    if (bytes > MOST_BYTES) note(`weighs ${bytes} bytes`);
    await shoot(wide, role, kind, "1440-light");
    for (const fault of await faults(wide, false)) note(fault);
    await narrow.goto(url.href);
    const shiftedNarrow = await narrow.evaluate(() => globalThis.shifted);
    if (shiftedNarrow > MOST_SHIFT) note(`moves by ${shiftedNarrow.toFixed(3)} in a narrow window`);
    for (const fault of await faults(narrow, true)) note(`narrow, dark, German: ${fault}`);
    await shoot(narrow, role, kind, "390-dark-de");
    if (process.env.SCREENSHOTS_OF_ALL_WIDTHS) {
      for (const width of [820, 390]) {
        await wide.setViewportSize({ width, height: 900 });
        await shoot(wide, role, kind, `${width}-light`);
      }
      await wide.setViewportSize({ width: 1440, height: 900 });
    }
  }
  for (const trouble of new Set([...wide.troubles, ...narrow.troubles])) report.faults.push(`${role.name} ${trouble}`);
  await wide.context().close();
  await narrow.context().close();
}

async function shoot(page, role, kind, how) {
  const name = kind.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "") || "start";
  await page.screenshot({ path: `${SCREENSHOTS}/${how}/${role.name}/${name}.png`, fullPage: true });
}

export const title = "every page answers, fits, can be read by all, and is light";

export async function walk(world) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const report = { opened: 0, examined: 0, faults: [], skipped: [], heaviest: { bytes: 0, kind: "" } };
  const roles = process.env.WALK_ROLE ? ROLES.filter((role) => role.name === process.env.WALK_ROLE) : ROLES;
  for (const role of roles) await walkAs(role, world, report);
  writeFileSync(`${SCREENSHOTS}/faults.txt`, report.faults.map((fault) => `${fault}\n`).join(""));
  console.log(`${report.opened} pages opened, ${report.examined} of them examined; the heaviest: ${report.heaviest.kind}, ${report.heaviest.bytes} bytes`);
  if (report.skipped.length) console.log(`SKIPPED ${report.skipped.length} kinds of pages: the time is up`);
  assert.deepEqual(report.faults, []);
  // What the documentation shows are these screenshots: all of them must be there.
  if (!report.skipped.length && world.every === 1 && roles === ROLES) execFileSync("scripts/docs-pictures", [SCREENSHOTS, `${SCREENSHOTS}/docs`], { stdio: "inherit" });
}
