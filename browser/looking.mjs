// What is looked at on every page, and how: it answers, says nothing in the console, asks for nothing that is not there, passes axe-core,
// fits the window, weighs little and does not move.

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { axeSource, forgive, openWindow, signIn, signInElsewhere } from "./house.mjs";

const WIDTHS = [1440, 820, 390];
const MOST_BYTES = 60_000;
const MOST_SHIFT = 0.05;
export const SCREENSHOTS = process.env.SCREENSHOTS ?? "target/screenshots";
/** What the documentation shows is kept as it is; all else as JPEG, which takes a fraction of the time. */
const PICTURES = new Set(execFileSync("scripts/docs-pictures", ["--list"], { encoding: "utf8" }).trim().split("\n").map((line) => line.split(" ")[1]));
/** What another theme and another width can change of what axe finds; all the rest it has said in the first window. */
const BY_LOOK = ["color-contrast", "scrollable-region-focusable"];

/** The path with its ids and tokens left out, and the first name of what is asked: pages of one kind have one. Filters of a list are many together. */
export function kindOf(url) {
  const isId = (part) => /^[a-z]{2,5}_[0-9a-zA-Z]{8,}/.test(part) || part.length > 30;
  const path = url.pathname.split("/").map((part) => (isId(part) ? "{id}" : part)).join("/");
  const asked = [...url.searchParams.keys()].filter((name) => name !== "next").sort().join("&");
  return asked ? `${path}?${asked.split("&")[0]}` : path;
}

/** What its screenshot is called. */
export const nameOf = (kind) => kind.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "") || "start";

export const isPage = (url, house) => url.origin === house.url && !url.searchParams.has("file") && !/^\/(v1|docs|assets|health|openapi)/.test(url.pathname) && !/(\.(csv|xlsx|json|txt)|[./](pdf|xml))$/.test(url.pathname);

/** The addresses that a page's links lead to. */
export async function linksOf(page) {
  const hrefs = await page.$$eval("a[href]", (all) => all.map((link) => link.href));
  return hrefs.map((href) => Object.assign(new URL(href), { hash: "" }));
}

async function overflow(page, found) {
  const wide = await page.evaluate(widest);
  if (wide) found.push(wide);
}

/** How wide the page is where it is wider than its window, and the first element that reaches beyond it and is in no box that scrolls. Runs in the page. */
async function widest() {
  // What follows from a change of the window is drawn with the next frame.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return "";
  const scrolls = (element) => element && (/(auto|scroll|hidden|clip)/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const beyond = [...document.body.querySelectorAll("*")].find((element) => element.getBoundingClientRect().right > innerWidth + 1 && !scrolls(element.parentElement));
  return `is ${scrollWidth} wide in a window of ${clientWidth}: ${beyond ? beyond.outerHTML.slice(0, 120) : ""}`;
}

/** A style that means something else by a name of the chart's makes bars as tall as itself. */
async function bars(page, found) {
  const wrong = await page.evaluate(() => [...document.querySelectorAll(".chart rect[height]")].filter((bar) => Math.abs(parseFloat(getComputedStyle(bar).height) - Number(bar.getAttribute("height"))) > 0.5).length);
  if (wrong > 0) found.push(`${wrong} bars of a chart are not as tall as their figures`);
}

async function axe(page, found, rules) {
  const { violations } = await page.evaluate((only) => globalThis.axe.run(document, { resultTypes: ["violations"], ...(only && { runOnly: only }) }), rules);
  for (const violation of violations.filter((violation) => ["serious", "critical"].includes(violation.impact))) {
    found.push(`axe ${violation.id}: ${violation.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} (${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""})`).join(" | ")}`);
  }
}

/** `url`: where the page is had once more. */
async function moves(page, found, url) {
  const look = () => page.evaluate(() => [globalThis.shifted, globalThis.moved]);
  let [shifted, moved] = await look();
  if (shifted > MOST_SHIFT && url) {
    // A busy machine may draw a page before all of it has come: what moves by itself moves again.
    await page.goto(url);
    await overflow(page, []);
    const again = await look();
    if (again[0] < shifted) [shifted, moved] = again;
  }
  if (shifted > MOST_SHIFT) found.push(`moves by ${shifted.toFixed(3)}: ${moved.slice(0, 4).join(" | ")}`);
}

function countShifts() {
  globalThis.shifted = 0;
  globalThis.moved = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries().filter((entry) => !entry.hadRecentInput)) {
      globalThis.shifted += entry.value;
      for (const { node, previousRect: from, currentRect: to } of entry.sources) {
        globalThis.moved.push(`${node?.nodeType === 1 ? node.cloneNode().outerHTML.slice(0, 80) : node?.nodeName} from ${from.x},${from.y} ${from.width}×${from.height} to ${to.x},${to.y} ${to.width}×${to.height}`);
      }
    }
  }).observe({ type: "layout-shift", buffered: true });
}

// What a form is answered with is looked at as a page of its own.
function sentPlainly() {
  addEventListener("submit", (event) => { event.target.dataset.plain = "yes"; }, { capture: true });
}

/** Somebody who looks at pages: in a wide light window, and in a narrow dark one in German. What is wrong goes into the report. */
export class Onlooker {
  static async arrive({ browser, house }, name, report, email = null, elsewhere = false) {
    const onlooker = Object.assign(new Onlooker(), { name, report, house, weights: new Map() });
    onlooker.wide = await openWindow(browser, house, { colorScheme: "light" });
    onlooker.narrow = await openWindow(browser, house, { colorScheme: "dark", viewport: { width: 390, height: 844 }, locale: "de-DE" });
    // Before the first page: style and script come with it, and from the browser's cache ever after.
    onlooker.wide.on("requestfinished", async (request) => {
      const sizes = await request.sizes().catch(() => null);
      if (sizes) onlooker.weights.set(request.url(), Math.max(onlooker.weights.get(request.url()) ?? 0, sizes.responseBodySize));
    });
    for (const page of [onlooker.wide, onlooker.narrow]) {
      await page.addInitScript(countShifts);
      await page.addInitScript({ content: axeSource });
      await page.addInitScript(sentPlainly);
      if (elsewhere && page === onlooker.wide) await signInElsewhere(page, house, email);
      else if (email) await signIn(page, email);
    }
    return onlooker;
  }

  note(kind, fault) {
    this.report.faults.push(`${this.name} ${kind}: ${fault}`);
  }

  /** Opens a page in the wide window. */
  async open(kind, url, status = 200) {
    const answer = await this.wide.goto(url);
    this.report.opened += 1;
    if (answer.status() !== status) this.note(kind, `answered ${answer.status()}`);
    if (status !== 200) forgive(this.wide, status);
  }

  /** Looks at the page that is open in the wide window, and beside it at the same one in the narrow window. */
  async look(kind, url, { status = 200, heavy = false } = {}) {
    const again = status === 200 ? url : undefined;
    await Promise.all([this.#wide(kind, again).then(() => this.#weigh(kind, heavy)), this.#narrow(kind, url, status)]);
  }

  async #weigh(kind, heavy) {
    const asked = await this.wide.evaluate(() => [location.href, ...performance.getEntriesByType("resource").map((entry) => entry.name)]);
    const bytes = asked.reduce((sum, name) => sum + (this.weights.get(name) ?? 0), 0);
    if (bytes > this.report.heaviest.bytes && !heavy) this.report.heaviest = { bytes, kind };
    if (bytes > MOST_BYTES && !heavy) this.note(kind, `weighs ${bytes} bytes`);
  }

  async #narrow(kind, url, status) {
    const [page, found] = [this.narrow, []];
    await page.goto(url);
    if (status !== 200) forgive(page, status);
    await overflow(page, found);
    await axe(page, found, BY_LOOK);
    // Asked last: a module that is loaded when it is needed may move something, too.
    await moves(page, found, status === 200 ? url : undefined);
    for (const fault of found) this.note(kind, `narrow, dark, German: ${fault}`);
    await this.#shoot(page, kind, "390-dark-de");
  }

  /** Looks at what stands in the wide window and cannot be asked for once more, as the answer to a form: in light, then in dark and narrow. */
  async lookHere(kind) {
    this.report.opened += 1;
    // Words can be read before all of a page is there.
    await this.wide.waitForLoadState("load");
    await this.#wide(kind);
    await this.wide.emulateMedia({ colorScheme: "dark" });
    await this.wide.setViewportSize({ width: 390, height: 844 });
    let found = [];
    // A page that stands while its theme changes may need a moment: what is wrong stays wrong.
    for (let look = 0; look === 0 || (look < 3 && found.length > 0); look += 1) {
      found = [];
      await overflow(this.wide, found);
      await axe(this.wide, found, BY_LOOK);
    }
    for (const fault of found) this.note(kind, `narrow, dark: ${fault}`);
    await this.#shoot(this.wide, kind, "390-dark");
    await this.wide.emulateMedia({ colorScheme: "light" });
    await this.wide.setViewportSize({ width: WIDTHS[0], height: 900 });
  }

  /** Whether what stands in the wide window fits windows of every width. */
  async measure(kind) {
    const [page, found] = [this.wide, []];
    for (const width of WIDTHS) {
      if (page.viewportSize().width !== width) await page.setViewportSize({ width, height: 900 });
      await overflow(page, found);
      if (process.env.SCREENSHOTS_OF_ALL_WIDTHS && width !== WIDTHS[0]) await this.#shoot(page, kind, `${width}-light`);
    }
    await page.setViewportSize({ width: WIDTHS[0], height: 900 });
    for (const fault of found) this.note(kind, fault);
  }

  async #wide(kind, url) {
    const [page, found] = [this.wide, []];
    this.report.examined += 1;
    await bars(page, found);
    await axe(page, found, null);
    await moves(page, found, url);
    await this.#shoot(page, kind, "1440-light");
    await this.measure(kind);
    for (const fault of found) this.note(kind, fault);
  }

  async #shoot(page, kind, how) {
    const [folder, shot] = [`${SCREENSHOTS}/${how}`, `${this.name}/${nameOf(kind)}`];
    const isPicture = how === "1440-light" && PICTURES.has(shot);
    mkdirSync(`${folder}/${this.name}`, { recursive: true });
    // One of an earlier run would look like this run's.
    if (!isPicture) rmSync(`${folder}/${shot}.png`, { force: true });
    const as = isPicture ? { type: "png", path: `${folder}/${shot}.png` } : { type: "jpeg", quality: 80, path: `${folder}/${shot}.jpg` };
    await page.screenshot({ ...as, fullPage: true });
  }

  async leave() {
    for (const trouble of new Set([...this.wide.troubles, ...this.narrow.troubles])) this.report.faults.push(`${this.name} ${trouble}`);
    await this.wide.context().close();
    await this.narrow.context().close();
  }
}
