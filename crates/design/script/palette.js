// Ctrl K: every place of the navigation and every step of the page by a few letters, and what the workspace's own search finds.

import { visit } from "./navigate.js";
import { announce } from "./told.js";
import { words } from "./words.js";

const ASK_AFTER_MS = 200;
const SHORTEST = 2;

const places = () => [...document.querySelectorAll("#navigation a.nav-link, .switcher a.item, .page-head .acts a[href]")].map((link) => ({
  name: link.querySelector(".count") ? link.textContent.replace(link.querySelector(".count").textContent, "").trim() : link.textContent.trim(),
  icon: link.querySelector(".icon"),
  go: (shut) => {
    shut();
    // A question opens as it does where its button stands.
    if (link.matches("[data-dialog]") && link.isConnected) link.click();
    else visit(new URL(link.href));
  },
}));

/** What the page that finds says about some words. */
const found = async (finder, text, signal) => {
  const url = new URL(finder.href);
  url.searchParams.set("q", text);
  const answer = await fetch(url, { headers: { Accept: "text/html" }, credentials: "same-origin", signal });
  if (!answer.ok || answer.redirected) return [];
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [...page.querySelectorAll("a[data-hit]")].map((link) => ({
    name: link.querySelector("strong")?.textContent ?? link.textContent.trim(),
    under: link.querySelector("small")?.textContent ?? "",
    icon: link.querySelector(".icon"),
    go: (shut) => {
      shut();
      visit(new URL(link.getAttribute("href"), location.href));
    },
  }));
};

const itemOf = (place, nth, isAt) => {
  const item = document.createElement("li");
  item.id = `palette-${nth}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", String(isAt));
  if (place.icon) item.append(document.importNode(place.icon, true));
  const name = document.createElement("span");
  name.textContent = place.name;
  item.append(name);
  if (place.under) {
    const under = document.createElement("small");
    under.className = "muted";
    under.textContent = place.under;
    item.append(under);
  }
  return item;
};

const drawn = (label) => {
  const dialog = document.createElement("dialog");
  dialog.className = "palette";
  dialog.setAttribute("aria-label", label);
  const input = document.createElement("input");
  input.type = "search";
  const said = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "true", "aria-controls": "palette-list", "aria-label": label, placeholder: label };
  for (const [name, value] of Object.entries(said)) input.setAttribute(name, value);
  const list = document.createElement("ul");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", words.places);
  dialog.append(input, list);
  return { dialog, input, list };
};

// Lets go of what has the focus, and gives it back. A browser would give it back to a field without the caret, and what is typed then would be lost.
const letGo = () => {
  const before = document.activeElement;
  before?.blur();
  return () => { if (before?.isConnected) before.focus({ preventScroll: true }); };
};

// A key as if it were pressed now.
const press = (input, key) => {
  if (key.length === 1) input.value += key;
  else if (key === "Backspace") input.value = input.value.slice(0, -1);
  else return input.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
  return input.dispatchEvent(new Event("input"));
};

/** Opens it. `pressed`: keys that were pressed while it was on its way. */
export const open = (finder, pressed = []) => {
  const { dialog, input, list } = drawn(finder.dataset.palette || finder.textContent.trim());
  const all = places();
  let hits = [];
  let shown = [];
  let at = 0;
  let timer;
  let asking = null;
  const giveBack = letGo();
  const shut = () => {
    if (!dialog.isConnected) return;
    clearTimeout(timer);
    asking?.abort();
    dialog.close();
    dialog.remove();
    giveBack();
  };
  dialog.addEventListener("click", (event) => { if (event.target === dialog) shut(); });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    shut();
  });
  dialog.addEventListener("close", shut);
  const draw = () => {
    const wanted = input.value.trim().toLowerCase();
    shown = [...all.filter((place) => place.name.toLowerCase().includes(wanted)), ...hits];
    at = Math.min(at, Math.max(shown.length - 1, 0));
    list.replaceChildren(...shown.map((place, nth) => {
      const item = itemOf(place, nth, nth === at);
      item.addEventListener("click", () => place.go(shut));
      return item;
    }));
    if (shown.length) input.setAttribute("aria-activedescendant", `palette-${at}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const ask = async () => {
    const text = input.value.trim();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const answer = text.length < SHORTEST ? [] : await found(finder, text, signal);
      if (signal.aborted) return;
      hits = answer;
      draw();
      if (text) announce(shown.length ? words.found(shown.length) : words.none);
    } catch { /* the places are there anyway */ }
  };
  input.addEventListener("input", () => {
    at = 0;
    hits = [];
    draw();
    clearTimeout(timer);
    // An answer to what was typed before is none to this.
    asking?.abort();
    timer = setTimeout(ask, ASK_AFTER_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") at = Math.min(at + 1, shown.length - 1);
    else if (event.key === "ArrowUp") at = Math.max(at - 1, 0);
    else if (event.key === "Enter") return enter(event);
    // A browser would empty the field first.
    else if (event.key === "Escape") shut();
    else return undefined;
    event.preventDefault();
    return draw();
  });
  // Whoever types a number and presses Enter does not wait for us: the page that finds takes over.
  const enter = (event) => {
    event.preventDefault();
    if (shown[at]) return shown[at].go(shut);
    shut();
    const url = new URL(finder.href);
    url.searchParams.set("q", input.value.trim());
    return visit(url);
  };
  document.body.append(dialog);
  draw();
  dialog.showModal();
  input.focus();
  for (const key of pressed) {
    if (dialog.isConnected) press(input, key);
  }
};
