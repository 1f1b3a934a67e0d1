// Every page, as its people see it: those that links lead to for the merchant's owner and three resellers, those before somebody signed in,
// the answers to forms, what people with fewer rights see, and the documentation. Light and dark, wide and narrow, English and German.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { answers } from "./answers.mjs";
import { Onlooker, SCREENSHOTS, isPage, kindOf, linksOf } from "./looking.mjs";
import { offered } from "./offered.mjs";
import { outside } from "./outside.mjs";

/** Pages of one kind that are looked at: the products' pages differ in their words only. */
const OF_A_KIND = 1;

/** Every page that links lead to. `every` n-th kind of page is examined, all are opened. `elsewhere`: signed in at an issuer too, which the account then lists. */
const linked = (name, email, { elsewhere = false } = {}) => async (world, report) => {
  const { house, every, inTime } = world;
  const onlooker = await Onlooker.arrive(world, name, report, email, elsewhere);
  if (elsewhere) {
    await onlooker.wide.goto("/account");
    await onlooker.wide.getByRole("heading", { name: "Linked accounts" }).waitFor();
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
      report.skipped.push(`${name} ${kind}`);
      continue;
    }
    await onlooker.open(kind, url.href);
    waiting.push(...(await linksOf(onlooker.wide)).filter((link) => isPage(link, house)));
    if (nth++ % every === 0) await onlooker.look(kind, url.href);
  }
  await onlooker.leave();
};

/** Elements of a page beyond which axe-core takes minutes: the reference of the API and the table of rights. They are made of the same parts as others. */
const LONG = 5_000;

/** The documentation. */
async function documentation(world, report) {
  const onlooker = await Onlooker.arrive(world, "docs", report);
  const [waiting, seen] = [[new URL("/docs", world.house.url)], new Set()];
  while (waiting.length) {
    const url = waiting.shift();
    if (seen.has(url.pathname) || !/^\/docs($|\/)/.test(url.pathname) || url.pathname.startsWith("/docs/pictures/")) continue;
    seen.add(url.pathname);
    if (!world.inTime()) {
      report.skipped.push(`docs ${url.pathname}`);
      continue;
    }
    await onlooker.open(url.pathname, url.href);
    waiting.push(...(await linksOf(onlooker.wide)));
    if ((await onlooker.wide.locator("*").count()) < LONG) await onlooker.lookHere(url.pathname);
    else await onlooker.measure(url.pathname);
  }
  await onlooker.leave();
}

/** What an address leads to that is nobody's, or not one's own. */
async function refused(world, report) {
  const onlooker = await Onlooker.arrive(world, "refused", report, "dora@dockside.example");
  const base = new URL(onlooker.wide.url()).pathname;
  for (const [kind, path, status] of [["nothing", "/nothing-here", 404], ["nothing-in-a-workspace", `${base}/orders/ord_nothing`, 404], ["bad-cursor", `${base}/orders?cursor=none`, 400]]) {
    await onlooker.open(kind, path, status);
    await onlooker.look(kind, path, { status });
  }
  await onlooker.leave();
}

/** As many parts at once: beside the server, two cores have something to do then. */
const AT_ONCE = 2;

/** The most telling first: where time runs out, the rest is left out. */
const PARTS = [
  ["merchant", linked("merchant", "olivia@northwind.example")],
  ["reseller", linked("reseller", "ada@acme.example", { elsewhere: true })],
  ["answers", answers],
  ["outside", outside],
  ["refused", refused],
  ["offered", offered],
  ["reseller-shop", linked("reseller-shop", "dora@dockside.example")],
  ["reseller-held", linked("reseller-held", "cara@cobalt.example")],
  ["docs", documentation],
];

export const title = "every page answers, fits, can be read by all, and is light";

export async function walk(world) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const report = { opened: 0, examined: 0, faults: [], skipped: [], heaviest: { bytes: 0, kind: "" } };
  const wanted = process.env.WALK_PARTS?.split(" ");
  const waiting = PARTS.filter(([name]) => !wanted || wanted.includes(name));
  const began = Date.now();
  const walkOn = async () => {
    for (let part = waiting.shift(); part; part = waiting.shift()) {
      const [[name, run], came] = [part, Date.now()];
      if (!world.inTime()) report.skipped.push(name);
      else await run(world, report).catch((error) => report.faults.push(`${name} ended: ${error.stack}`));
      console.log(`    ${name}: ${Math.round((Date.now() - came) / 1000)} s`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, walkOn));
  console.log(`    all: ${Math.round((Date.now() - began) / 1000)} s`);
  // Those of one part stand together.
  report.faults.sort();
  writeFileSync(`${SCREENSHOTS}/faults.txt`, report.faults.map((fault) => `${fault}\n`).join(""));
  console.log(`${report.opened} pages opened, ${report.examined} of them examined; the heaviest: ${report.heaviest.kind}, ${report.heaviest.bytes} bytes`);
  if (report.skipped.length) console.log(`SKIPPED, as the time is up: ${report.skipped.join(", ")}`);
  assert.deepEqual(report.faults, []);
  // What the documentation shows are these screenshots: all of them must be there.
  if (!report.skipped.length && world.every === 1 && !wanted) execFileSync("scripts/docs-pictures", [SCREENSHOTS, `${SCREENSHOTS}/docs`], { stdio: "inherit" });
}
