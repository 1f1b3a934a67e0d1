// Hostile strings in every field of every form: no script of theirs runs, what is refused is refused in words, nothing is a fault.

import { strict as assert } from "node:assert";
import { openWindow, signIn } from "./house.mjs";

const HOSTILE = [
  `"><img src=x onerror=pwned()><script>pwned()</script>`,
  `javascript:pwned()//'-pwned()-'{{7*7}}\${7*7}<svg onload=pwned()>`,
];
/** Forms that end what the others need: they ask for nothing but a yes. */
const LEFT_OUT = /sign-out|sign-in|\/delete|\/disable|\/remove|\/close|\/deny|\/suspend|\/cancel|\/look$|\/account|\/again|\/profile|rotate|reveal|\/health/;

const PAGES = {
  "olivia@northwind.example": [
    "/products/new", "/products/new?type=bundle", "/price-lists/new", "/stock/import", "/products/import", "/resellers/new", "/channels/new", "/people/new", "/api-keys/new",
    "/program/terms/credit_limit", "/program/terms/new-margin", "/program/terms/new-limits", "/settings", "/settings/payment", "/orders?q=HOSTILE", "/resellers?q=HOSTILE", "/products?q=HOSTILE", "/audit?q=HOSTILE&actor=HOSTILE",
  ],
  "dora@dockside.example": [
    "/orders/new", "/people/new", "/settings/company", "/developers/keys/new", "/developers/urls/new", "/balance/top-up", "/balance/auto", "/licenses?q=HOSTILE", "/orders?q=HOSTILE&state=HOSTILE",
  ],
};

/** Fills every field that can be written in, past what the browser would refuse to send. */
function fillAll(text) {
  let filled = 0;
  for (const form of document.querySelectorAll("main form")) form.noValidate = true;
  for (const field of document.querySelectorAll("main form :is(input, textarea)")) {
    if (["hidden", "file", "checkbox", "radio", "submit"].includes(field.type)) continue;
    field.type = field.tagName === "INPUT" ? "text" : field.type;
    field.removeAttribute("maxlength");
    field.value = field.name === "email" ? `${text.slice(0, 10)}@example.org` : text;
    filled += 1;
  }
  return filled;
}

async function attack(page, path, text) {
  await page.goto(path.replaceAll("HOSTILE", encodeURIComponent(text)));
  const forms = page.locator("main form[method=post]");
  for (let nth = 0; nth < (await forms.count()); nth += 1) {
    const action = await forms.nth(nth).getAttribute("action");
    if (LEFT_OUT.test(action) || (await page.evaluate(fillAll, text)) === 0) continue;
    const submit = forms.nth(nth).locator("button[type=submit]").first();
    if ((await submit.count()) === 0) continue;
    const answered = page.waitForResponse((answer) => answer.request().method() === "POST" && answer.url().endsWith(action));
    await submit.click();
    const answer = await answered;
    assert(answer.status() < 500, `${action} answered ${answer.status()}`);
    await page.waitForLoadState("load");
    await page.goto(path.replaceAll("HOSTILE", encodeURIComponent(text)));
  }
}

export const title = "hostile strings in every field run no script";

export async function hostile({ browser, house }) {
  for (const [email, paths] of Object.entries(PAGES)) {
    const page = await openWindow(browser, house);
    const ran = [];
    await page.exposeFunction("pwned", () => ran.push(page.url()));
    page.on("dialog", (dialog) => {
      ran.push(dialog.message());
      dialog.dismiss();
    });
    await signIn(page, email);
    const base = new URL(page.url()).pathname.split("/").slice(0, 3).join("/");
    for (const text of HOSTILE) for (const path of paths) await attack(page, base + path, text);
    // Where what was typed is shown again.
    for (const list of ["", "/orders", "/products", "/people", "/settings", "/invoices", ...(base.startsWith("/m/") ? ["/resellers", "/channels", "/price-lists", "/audit", "/messages", "/api-keys", "/stock/imports"] : ["/developers", "/balance", "/licenses"])]) {
      await page.goto(base + list);
      assert.equal(await page.locator("main :is(img[src=x], svg[onload], script)").count(), 0, `${list} holds markup that was typed`);
    }
    assert.deepEqual(ran, [], "a script ran");
    // A refusal by the content security policy would mean that markup got that far.
    assert.deepEqual(page.troubles.filter((trouble) => /Content Security Policy|answered 5/.test(trouble)), []);
    await page.context().close();
  }
}
