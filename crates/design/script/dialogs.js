// A link with data-dialog shows its page's form in a dialog over the page that it stands on.

import { visit } from "./navigate.js";
import { shown } from "./page.js";

const open = (content, link) => {
  const dialog = document.createElement("dialog");
  dialog.append(content);
  const title = dialog.querySelector("h1, h2");
  if (title) dialog.setAttribute("aria-label", title.textContent);
  document.body.append(dialog);
  dialog.addEventListener("click", (inside) => {
    if (inside.target === dialog || inside.target.closest("[data-close]")) {
      inside.preventDefault();
      dialog.close();
    }
  });
  // The event comes a frame after the dialog closed: a focus set then would be taken from wherever somebody has gone on to. The browser itself gives
  // it back in the moment of closing, to what had it when the dialog opened.
  link.focus({ preventScroll: true });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  shown(dialog);
};

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  // A second click while the first one is answered asks nothing more.
  if (link.dataset.opening) return;
  link.dataset.opening = "yes";
  let content = null;
  try {
    const answer = await fetch(link.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (answer.ok && !answer.redirected) content = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-dialog-content]");
  } catch { /* it is shown as a page */ }
  delete link.dataset.opening;
  if (!link.isConnected) return;
  if (content) open(content, link);
  else visit(new URL(link.href));
});
