// Links and forms that ask for a page of the same workspace. Loaded last: what another module took is left alone.

import { isInside, isJustShown, visit } from "./navigate.js";

document.addEventListener("click", (event) => {
  if (event.detail < 2 || !isJustShown()) return;
  event.preventDefault();
  event.stopPropagation();
}, { capture: true });

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[href]");
  if (!link || link.hasAttribute("target") || link.hasAttribute("download")) return;
  const url = new URL(link.href);
  if (!isInside(url) || (url.hash && url.pathname === location.pathname && url.search === location.search)) return;
  event.preventDefault();
  visit(url);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  const of = (name) => button?.getAttribute(`form${name}`) ?? form.getAttribute(name);
  if (event.defaultPrevented || (of("method") ?? "get").toLowerCase() !== "get" || of("target")) return;
  const url = new URL(of("action") ?? location.href, location.href);
  const fields = new FormData(form);
  if (button?.name) fields.append(button.name, button.value);
  url.search = new URLSearchParams(fields);
  if (!isInside(url)) return;
  event.preventDefault();
  visit(url);
});
