// People with fewer rights: no page that is linked for them is broken, and nothing is offered to them that they may not do.

import { Mouse } from "./hands.mjs";
import { DEMO_PASSWORD, forgive, openWindow, signIn } from "./house.mjs";
import { Onlooker, isPage, kindOf, linksOf } from "./looking.mjs";
import { PASSWORD } from "./outside.mjs";
import { call, choosePassword } from "./prepare.mjs";

/** A page of their workspace that is for others. */
const FORBIDDEN = { support: "/products/new", finance: "/people/new", viewer: "/orders/new" };

/** One of the merchant's staff for each role, let in by a program; and one of Acme's users, let in by its owner. */
async function peopleOf({ browser, house }) {
  for (const role of ["support", "finance"]) {
    await call(house, house.merchant.live_key, "POST", "/merchant/users", { email: `${role}@northwind.example`, first_name: "Sam", last_name: "Staff", role });
  }
  const page = await openWindow(browser, house);
  const owner = new Mouse(page);
  await signIn(page, "ada@acme.example", DEMO_PASSWORD);
  await owner.open(`${new URL(page.url()).pathname}/people/new`);
  await owner.fill("E-mail address", "viewer@acme.example");
  await owner.fill("First name", "Una");
  await owner.fill("Last name", "User");
  await owner.tick(/^Viewer/);
  await owner.button("Add");
  await owner.reads("viewer@acme.example");
  await page.context().close();
  const people = [["viewer", "viewer@acme.example"], ["support", "support@northwind.example"], ["finance", "finance@northwind.example"]];
  for (const [, email] of people) await choosePassword(house, { email, password: PASSWORD });
  return people;
}

/** Where the page's forms lead that can be sent. One without a button only shows how things are. */
const formsOf = (page) => page.$$eval("main form[method=post]:has(button[type=submit]:enabled)", (all) => all.map((form) => new URL(form.action).pathname));

/** What the server says to who sends this form. Its key is none, so that whoever may send it is told so, and nothing is done. */
function statusOf(page, action) {
  return page.evaluate(async (path) => {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "_key=", redirect: "manual" });
    return answer.status;
  }, action);
}

async function asOne(role, email, world, report) {
  const { house, inTime } = world;
  const onlooker = await Onlooker.arrive(world, role, report);
  const page = onlooker.wide;
  await signIn(page, email, PASSWORD);
  const base = new URL(page.url()).pathname;
  const [waiting, seen, asked] = [[new URL(page.url()), new URL("/account", house.url)], new Set(), new Set()];
  while (waiting.length && inTime()) {
    const url = waiting.shift();
    const kind = kindOf(url);
    if (seen.has(kind)) continue;
    seen.add(kind);
    await onlooker.open(kind, url.href);
    waiting.push(...(await linksOf(page)).filter((link) => isPage(link, house)));
    if (/^\/(account|profile|sign-in|links|again)/.test(url.pathname)) continue;
    for (const action of (await formsOf(page)).filter((path) => /^\/[mr]\//.test(path))) {
      const form = kindOf(new URL(action, house.url));
      if (asked.has(form)) continue;
      asked.add(form);
      const status = await statusOf(page, action);
      for (const no of [400, 415]) forgive(page, no);
      if (status === 403) onlooker.note(kind, `offers ${form}, which answers 403`);
      else if (![400, 415].includes(status)) onlooker.note(kind, `offers ${form}, which answers ${status} to a key that is none`);
    }
  }
  if (waiting.length) report.skipped.push(`${role}: ${[...new Set(waiting.map(kindOf))].filter((kind) => !seen.has(kind)).join(" ")}`);
  await onlooker.open("forbidden", base + FORBIDDEN[role], 403);
  await onlooker.lookHere("forbidden");
  await onlooker.leave();
}

export async function offered(world, report) {
  for (const [role, email] of await peopleOf(world)) await asOne(role, email, world, report);
}
