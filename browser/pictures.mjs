// Pictures for the documentation alone: the pages that scripts/docs-pictures names, as `make demo` shows them.

import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { openWindow, signIn } from "./house.mjs";
import { SCREENSHOTS, isPage, kindOf, linksOf, nameOf } from "./looking.mjs";

const PEOPLE = { merchant: "olivia@northwind.example", reseller: "ada@acme.example", "reseller-held": "cara@cobalt.example", "reseller-shop": "dora@dockside.example" };

/** Follows links until all that is wanted was seen. */
async function take({ browser, house }, who, wanted) {
  const page = await openWindow(browser, house, { colorScheme: "light" });
  await signIn(page, PEOPLE[who]);
  mkdirSync(`${SCREENSHOTS}/1440-light/${who}`, { recursive: true });
  const [waiting, seen] = [[new URL("/", house.url)], new Set()];
  while (waiting.length && wanted.size) {
    const url = waiting.shift();
    const kind = kindOf(url);
    if (seen.has(kind)) continue;
    seen.add(kind);
    await page.goto(url.href);
    waiting.push(...(await linksOf(page)).filter((link) => isPage(link, house)));
    if (wanted.delete(nameOf(kind))) await page.screenshot({ path: `${SCREENSHOTS}/1440-light/${who}/${nameOf(kind)}.png`, fullPage: true });
  }
  await page.context().close();
  return [...wanted].map((name) => `${who}/${name}`);
}

export const title = "the pictures of the documentation";

export async function pictures(world) {
  const shots = execFileSync("scripts/docs-pictures", ["--list"], { encoding: "utf8" }).trim().split("\n").map((line) => line.split(" ")[1].split("/"));
  const lost = [];
  for (const who of Object.keys(PEOPLE)) lost.push(...(await take(world, who, new Set(shots.filter(([role]) => role === who).map(([, name]) => name)))));
  assert.deepEqual(lost, [], "nothing leads there");
  execFileSync("scripts/docs-pictures", [SCREENSHOTS, `${SCREENSHOTS}/docs`], { stdio: "inherit" });
}
