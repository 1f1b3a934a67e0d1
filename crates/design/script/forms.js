// Forms that change something: each is sent once, its answer is put in place, and what was typed is never lost.
//
// The key that a form carries goes along unchanged, so that a form which is sent again, here or by the browser, has one effect.

import { isFile, isInside, isPage, pageIn, progress, show } from "./navigate.js";
import { shown, whenShown } from "./page.js";
import { toast } from "./told.js";
import { words } from "./words.js";

const rested = () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const busy of document.querySelectorAll("form [aria-busy], button[form][aria-busy]")) busy.removeAttribute("aria-busy");
};
addEventListener("pageshow", rested);

// As the browser would have sent it.
const sendPlainly = (form, button) => {
  if (!form.isConnected) return;
  rested();
  form.dataset.plain = "yes";
  form.requestSubmit(button?.isConnected ? button : undefined);
  delete form.dataset.plain;
};

const bodyOf = (form, button) => {
  const fields = new FormData(form);
  if (button?.name) fields.append(button.name, button.value);
  return form.getAttribute("enctype") === "multipart/form-data" ? fields : new URLSearchParams(fields);
};

const save = async (answer) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = /filename="?([^";]+)/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

// A question with its mistakes stays in the dialog that it was asked in.
const askAgain = (dialog, page) => {
  const question = page.querySelector("[data-dialog-content]");
  const asked = dialog?.querySelector("[data-dialog-content]");
  if (!question || !asked) return false;
  asked.replaceWith(question);
  shown(question);
  (question.querySelector("[data-mistakes], [aria-invalid=true]") ?? question.querySelector("input:not([type=hidden]), button"))?.focus();
  return true;
};

const send = async (form, button, url) => {
  const over = progress();
  try {
    const answer = await fetch(url, { method: "POST", body: bodyOf(form, button), headers: { Accept: "text/html" }, credentials: "same-origin" });
    const page = await pageIn(answer);
    if (!form.isConnected) return;
    if (page) {
      if (answer.redirected || !askAgain(form.closest("dialog"), page)) show(page, new URL(answer.url), { way: answer.redirected ? "push" : "stay", refresh: answer.headers.get("refresh") });
      rested();
    } else if (answer.ok && answer.redirected) {
      location.assign(answer.url);
    } else if (answer.ok && !isPage(answer)) {
      await save(answer);
      rested();
    } else {
      sendPlainly(form, button);
    }
  } catch {
    if (navigator.onLine) {
      sendPlainly(form, button);
    } else {
      toast(words.offline, "bad");
      rested();
    }
  } finally {
    over();
  }
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  const of = (name) => button?.getAttribute(`form${name}`) ?? form.getAttribute(name);
  if (event.defaultPrevented || (of("method") ?? "get").toLowerCase() !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  button?.setAttribute("aria-busy", "true");
  const url = new URL(of("action") ?? location.href, location.href);
  // A file leaves the page where it is, and the form can be sent again.
  if (isFile(url)) setTimeout(rested, 2000);
  else if (!form.dataset.plain && !of("target") && isInside(url) && form.querySelector("input[name=_key]")) {
    event.preventDefault();
    send(form, button, url);
  }
});

// A live form: while somebody types, the server says what comes of it.
const live = (form) => {
  let timer;
  let latest = 0;
  const ask = async () => {
    const turn = ++latest;
    try {
      const answer = await fetch(form.dataset.live, { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "same-origin" });
      if (!answer.ok || answer.redirected || turn !== latest) return;
      const piece = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      form.querySelector("[data-live-result]")?.replaceChildren(...piece.childNodes);
    } catch { /* what was said before stays */ }
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 250); });
  if (new URLSearchParams(location.search).has("again")) ask();
};
whenShown((place) => { for (const form of place.querySelectorAll("form[data-live]")) live(form); });

// Mistakes of a form come first.
document.querySelector("[data-mistakes]")?.focus();
