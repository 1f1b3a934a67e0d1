// Hostile strings in every field of every form that links lead to: no script of theirs runs, what was typed comes back as text, nothing is a
// fault; then every page is looked at again, as what was taken in is shown on others. Forms that end something come last.

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { Mouse } from "./hands.mjs";
import { House, forgive, openWindow, signIn } from "./house.mjs";
import { isPage, kindOf, linksOf } from "./looking.mjs";
import { applyAs, linkIn } from "./prepare.mjs";

const HOSTILE = [
  `"><img src=x onerror=pwned()><script>pwned()</script>`,
  `javascript:pwned()//'-pwned()-'{{7*7}}\${7*7}<svg onload=pwned()>`,
];
/** What a hostile string looks like where it stands as text. */
const AS_TEXT = /onerror=pwned\(\)|onload=pwned\(\)/;
/** Forms that end what others need. */
const ENDS = /\/(delete|disable|remove|close|deny|suspend|cancel|reject|approve|withdraw|rotate|move|take-back|confirm|withhold|follow|off|end|sign-out-elsewhere|password|email)$/;
/** Pages of one kind that are looked at again: what was typed stands on the newest. */
const LOOKED_AT = 2;
/** What a browser says of a number or a day that is none. */
const NO_VALUE = /The specified value .* (cannot be parsed|does not conform)/;

/** Every page that links lead to, so many of a kind at most. */
async function crawl(page, house, from, most, look) {
  const [waiting, seen, opened] = [from.map((path) => new URL(path, house.url)), new Map(), new Set()];
  while (waiting.length) {
    const url = waiting.shift();
    const kind = kindOf(url);
    if ((seen.get(kind) ?? 0) >= most || opened.has(url.href)) continue;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    opened.add(url.href);
    await page.goto(url.href);
    waiting.push(...(await linksOf(page)).filter((link) => isPage(link, house)));
    await look(url, kind);
  }
  return opened.size;
}

/**
 * Fills the form that leads to `action`, past what the browser would refuse to send. `how`: "all" is hostile in every field, "fitting" where
 * words are free, except in the `meek` fields that were refused before. Gives what stands in which field. Runs in the page.
 */
function fill({ action, texts, how, meek }) {
  const form = [...document.querySelectorAll("main form[method=post]")].find((form) => form.getAttribute("action") === action);
  if (!form) return null;
  form.noValidate = true;
  const known = { country: "US", time_zone: "UTC", product: "NW-PDF", currency: "USD", iban: "DE89 3704 0044 0532 0130 00", bic: "COBADEFFXXX" };
  const typed = [];
  let nth = 0;
  for (const field of form.elements) {
    // A field without a name helps with another, and is not sent.
    if (field.disabled || !field.name || !["INPUT", "TEXTAREA", "SELECT"].includes(field.tagName) || ["hidden", "file", "submit"].includes(field.type)) continue;
    if (field.tagName === "SELECT") {
      if (!field.value && how !== "all") field.value = [...field.options].find((option) => option.value)?.value ?? "";
      continue;
    }
    if (field.type === "radio" || field.type === "checkbox") continue;
    const kind = field.dataset.kind ??= field.inputMode === "decimal" || field.type === "number" ? "number" : field.type;
    const text = texts[nth++ % texts.length];
    const plain = { number: "10", email: `h${Date.now()}${nth}@example.org`, password: "demo-demo-demo", date: new Date().toISOString().slice(0, 10), url: "https://example.org/", color: "#336699" }[kind];
    if (field.type !== "password" && field.tagName === "INPUT") field.type = "text";
    field.removeAttribute("maxlength");
    if (how === "all") field.value = text;
    else if (meek.includes(field.name)) field.value = field.required ? (plain ?? known[field.name] ?? `H-${Date.now() % 1e7}`) : "";
    else field.value = plain ?? text;
    if (kind !== "password") typed.push([field.name, field.value]);
  }
  // A free choice is made where one is asked for.
  if (how !== "all") for (const box of form.querySelectorAll("input[type=checkbox]:not(:checked):not([data-all])")) box.checked = !/off|remove|delete/.test(box.name);
  for (const name of new Set([...form.querySelectorAll("input[type=radio]")].map((radio) => radio.name))) {
    const group = [...form.querySelectorAll("input[type=radio]")].filter((radio) => radio.name === name);
    if (!group.some((radio) => radio.checked)) group.at(-1).checked = true;
  }
  if (form.dataset.live) form.dispatchEvent(new Event("input"));
  return nth > 0 ? typed : null;
}

/** What stands in the fields of the form, by name. Runs in the page. */
const standing = (action) => {
  const form = [...document.querySelectorAll("main form[method=post]")].find((form) => form.getAttribute("action") === action);
  // A field for a number or a day shows nothing where it is none, but holds what was typed.
  return form && [...form.elements].map((field) => [field.name, ["number", "date"].includes(field.type) ? field.defaultValue : field.value]);
};

class Attacker {
  faults = [];
  ran = [];
  attacked = new Set();
  /** Where forms are that come last. */
  later = new Map();
  taken = new Set();
  /** What was said of those that were never taken. */
  refused = new Map();
  shown = new Set();

  static async arrive(browser, house, email = null) {
    const attacker = Object.assign(new Attacker(), { house, page: await openWindow(browser, house) });
    const { page } = attacker;
    await page.exposeFunction("pwned", () => attacker.ran.push(page.url()));
    page.on("dialog", (dialog) => {
      attacker.ran.push(dialog.message());
      dialog.dismiss();
    });
    if (email) await signIn(page, email);
    attacker.base = new URL(page.url()).pathname.split("/").slice(0, 3).join("/");
    return attacker;
  }

  /** Nothing that was typed is markup of the page that is open. */
  async harmless(kind) {
    const [alive, text] = await this.page.evaluate(() => [document.querySelectorAll("img[src=x], svg[onload], script:not([src]), [onerror]").length, document.body?.innerText ?? ""]);
    if (alive > 0) this.faults.push(`${kind} holds markup that was typed`);
    if (AS_TEXT.test(text)) this.shown.add(kind);
  }

  async #send(action, how, texts, meek = []) {
    const { page } = this;
    const typed = await page.evaluate(fill, { action, texts, how, meek });
    if (!typed) return null;
    const submit = page.locator(`main form[action="${action}"][method=post] button[type=submit]`).first();
    if ((await submit.count()) === 0) return null;
    if (/\.(csv|txt|xlsx)$/.test(action)) return null;
    const [answer] = await Promise.all([
      page.waitForResponse((answer) => answer.request().method() === "POST" && answer.request().isNavigationRequest()),
      page.waitForEvent("load"),
      // By the browser alone, as where the scripts fail: an answer is then a page of its own, with whatever would run in it.
      submit.evaluate((button) => {
        button.form.dataset.plain = "yes";
        button.form.requestSubmit(button);
      }),
    ]).catch((error) => { throw new Error(`${action}, ${how}: ${error.message}`); });
    const [kind, status] = [kindOf(new URL(action, this.house.url)), answer.status()];
    this.attacked.add(kind);
    if (status < 400) this.taken.add(kind);
    if (status >= 500 || status === 405) this.faults.push(`${kind} answered ${status}`);
    await this.harmless(kind);
    if (status >= 400) this.refused.set(kind, `${status} ${how}: ${await page.evaluate(() => (document.querySelector("[data-mistakes]") ?? document.querySelector("main") ?? document.body).innerText.slice(0, 300))}`);
    if (status === 422) {
      const now = await page.evaluate(standing, action);
      const plain = (text) => text.replace(/\s+/g, " ").trim();
      for (const [name, value] of now ? typed : []) {
        if (!now.some(([known, stands]) => known === name && plain(stands) === plain(value))) {
          this.faults.push(`${kind}: what was typed into ${name} is lost: ${JSON.stringify(now.filter(([known]) => known === name))}`);
        }
      }
      if (!now) this.faults.push(`${kind}: the form is gone after a no`);
    }
    return status;
  }

  /** The forms of the page that is open. */
  async attack(url, wants) {
    const actions = await this.page.$$eval("main form[method=post]", (all) => all.map((form) => form.getAttribute("action")));
    for (const action of new Set(actions)) {
      const kind = kindOf(new URL(action, this.house.url));
      // A passkey is made by a script, before its form is sent.
      if (this.attacked.has(kind) || action === "/profile/passkeys") continue;
      if (!wants(action)) {
        this.later.set(action, url);
        continue;
      }
      if (new URL(this.page.url()).pathname !== url.pathname) await this.page.goto(url.href);
      if ((await this.#send(action, "all", HOSTILE)) === null) continue;
      if ((await this.page.evaluate(standing, action)) === null) await this.page.goto(url.href);
      // Where words are free they are taken; where the page says that they are not, something that fits takes their place.
      const meek = new Set();
      for (let attempt = 0; attempt < 4; attempt += 1) {
        const status = await this.#send(action, "fitting", [...HOSTILE].reverse(), [...meek]);
        if (status === null || status < 400 || status === 409) break;
        const before = meek.size;
        // Where it is none of the fields in particular, it is mostly lines of a list.
        for (const field of ["main [aria-invalid=true]", "main textarea"]) {
          if (meek.size === before) for (const name of await this.page.$$eval(field, (all) => all.map((field) => field.name))) meek.add(name);
        }
        if (meek.size === before) break;
        if ((await this.page.evaluate(standing, action)) === null) await this.page.goto(url.href);
      }
    }
  }

  /** All forms that links lead to. A form without a field to write in is not sent. */
  async attackAll(from, wants) {
    await crawl(this.page, this.house, from, 1, (url) => this.attack(url, wants));
  }

  /** Those that came last, where they are still there. */
  async attackLater() {
    for (const url of new Set(this.later.values())) {
      await this.page.goto(url.href);
      await this.attack(url, () => true);
    }
  }

  /** Every page again, and every list asked for with hostile words. */
  async lookAgain(from) {
    const lists = new Set();
    const count = await crawl(this.page, this.house, from, LOOKED_AT, async (url, kind) => {
      await this.harmless(kind);
      if ((await this.page.locator("main form[role=search]").count()) > 0) lists.add(url.pathname);
    });
    for (const list of lists) {
      for (const text of HOSTILE) {
        await this.page.goto(`${list}?${new URLSearchParams({ q: text, state: text, sort: text })}`);
        await this.harmless(list);
      }
    }
    for (const no of [400, 422]) forgive(this.page, no);
    return count;
  }

  /** What was wrong. */
  async leave() {
    await this.page.context().close();
    // A refusal by the content security policy would mean that markup got that far.
    const troubles = this.page.troubles.filter((trouble) => !NO_VALUE.test(trouble));
    return [...new Set([...this.ran.map((at) => `a script ran: ${at}`), ...this.faults, ...troubles])];
  }
}

const gentle = (action) => !ENDS.test(action);

/** A passkey's name, typed where the browser has one to add. */
async function passkey(attacker) {
  const { page } = attacker;
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  const hand = new Mouse(page);
  await hand.open("/profile/passkeys");
  await hand.fill("Name", HOSTILE[0].slice(0, 60));
  await hand.button("Add a passkey");
  await hand.reads("Passkey added.");
  await attacker.harmless("/profile/passkeys");
  const [name] = (await linksOf(page)).filter((link) => /^\/profile\/passkeys\/[^/]+$/.test(link.pathname));
  await page.goto(name.href);
  await attacker.attack(name, () => true);
}

/** Forms for who is not signed in. */
async function strangers({ browser, house }) {
  await applyAs(house, "Walker", "will@walker.example", false);
  const confirmation = linkIn(await house.post.mail("will@walker.example", "Confirm your e-mail address"));
  const attacker = await Attacker.arrive(browser, house);
  await attacker.page.goto("/forgot");
  await new Mouse(attacker.page).fill("E-mail address", "bo@brightline.example");
  await new Mouse(attacker.page).button("Send me the link");
  const reset = linkIn(await house.post.mail("bo@brightline.example", "Reset your password"));
  for (const place of ["/sign-in", "/forgot", `/join/${house.merchant.slug}`, confirmation, reset]) {
    for (const text of ["", `?next=${encodeURIComponent(HOSTILE[0])}`]) {
      await attacker.page.goto(place + text);
      await attacker.harmless(place);
    }
    const url = new URL(place, house.url);
    await attacker.page.goto(url.href);
    await attacker.attack(url, () => true);
  }
  for (const no of [400, 401, 410]) forgive(attacker.page, no);
  return attacker;
}

/** A server that waits to be set up. */
async function setUp({ browser, kind }) {
  const house = await House.open({ kind, empty: true });
  try {
    const attacker = await Attacker.arrive(browser, house);
    const link = await house.setUpLink();
    await attacker.page.goto(link);
    await attacker.attack(new URL(link), () => true);
    assert.deepEqual(await attacker.leave(), []);
  } finally {
    await house.close();
  }
}

/** Forms of the two workspaces that docs/access.md names and nothing was typed into. Those without a field to write in are among them. */
function spared(attacked) {
  const like = (path) => new RegExp(`^${path.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/?]+")}(\\?.*)?$`);
  const routes = [...readFileSync("docs/access.md", "utf8").matchAll(/^\| POST \| `(\/[mr]\/[^`]+)` \|/gm)].map(([, path]) => path);
  assert(routes.length > 100, "docs/access.md names the forms no more");
  return routes.filter((path) => ![...attacked].some((kind) => like(path).test(kind)));
}

export const title = "hostile strings in every field run no script";
/** A browser keeps passkeys for names, not for addresses. */
export const name = "localhost";

export async function hostile(world) {
  const { browser, house } = world;
  const [forms, taken, shown] = [new Set(), new Set(), new Set()];
  const [people, faults] = [[], []];
  const step = async (name, run) => {
    const began = Date.now();
    const said = await run();
    console.log(`    ${name}: ${said ?? ""} ${Math.round((Date.now() - began) / 1000)} s`);
  };
  for (const email of (process.env.HOSTILE_AS ?? "dora@dockside.example ada@acme.example olivia@northwind.example").split(" ")) people.push(await Attacker.arrive(browser, house, email));
  const insiders = [...people];
  for (const one of insiders) await step(`forms at ${one.base.slice(0, 3)}`, async () => {
    await one.attackAll([one.base, "/account"], gentle);
    return one.attacked.size;
  });
  await step("a passkey", () => passkey(insiders.at(-1)));
  await step("strangers", async () => people.push(await strangers(world)));
  await step("set-up", () => setUp(world));
  for (const one of insiders) await step(`pages at ${one.base.slice(0, 3)}`, () => one.lookAgain([one.base, "/account", "/profile/passkeys", "/workspaces"]));
  for (const one of insiders) await step(`forms that end something at ${one.base.slice(0, 3)}`, async () => {
    await one.attackLater();
    return one.attacked.size;
  });
  for (const one of people) {
    for (const [all, own] of [[forms, one.attacked], [taken, one.taken], [shown, one.shown]]) own.forEach((kind) => all.add(kind));
    faults.push(...(await one.leave()));
  }
  console.log(`    ${forms.size} forms, ${taken.size} of them took it in; ${shown.size} kinds of pages show it as text`);
  const left = spared(forms);
  console.log(`    nothing was typed into ${left.length} forms: ${left.join(" ")}`);
  const refused = people.flatMap((one) => [...one.refused].filter(([kind]) => !taken.has(kind)));
  if (process.env.HOSTILE_TOLD) console.log(JSON.stringify({ forms: [...forms], taken: [...taken], shown: [...shown], refused }, null, 1));
  assert.deepEqual(faults, []);
  assert(forms.size > 60 && taken.size > 50 && shown.size > 100, "too little was attacked to mean anything");
}
