// Puts one page of a workspace in the place of another: what differs is swapped, so that nothing flickers and scroll and focus stay.
//
// Whatever does not fit – another workspace, another layout, a newer version of these files, a file, a failure, no network – is left to the
// browser, which does what it would have done without us.

import { shown } from "./page.js";
import { announce, takeToasts } from "./told.js";

const root = document.documentElement;
const PROGRESS_AFTER_MS = 150;
const main = () => document.querySelector("main#content");
const address = () => location.pathname + location.search;
const workspaceOf = (path) => /^\/[mr]\/[^/]+/.exec(path)?.[0] ?? null;

// The browser itself loads such a page again, and would come back here from wherever somebody went in the meantime.
const isTethered = document.querySelector("main [data-refreshes]") !== null;

/** A file, not a page. */
export const isFile = (url) => url.searchParams.has("file") || /(\.(csv|xlsx|json|txt)|[./](pdf|xml))$/.test(url.pathname);

/** Whether a page of this address may take the place of this one. */
export const isInside = (url) => {
  const workspace = workspaceOf(url.pathname);
  return !isTethered && url.origin === location.origin && workspace !== null && workspace === workspaceOf(location.pathname) && !isFile(url) && document.querySelector("#navigation") !== null;
};

const filesOf = (page) => [...page.querySelectorAll("script[src], link[rel=stylesheet]")].map((file) => file.getAttribute("src") ?? file.getAttribute("href")).sort().join();
const themeOf = (page) => page.documentElement.dataset.theme ?? "";
const fits = (page) => page.querySelector("main#content") && page.querySelector("#navigation") && page.documentElement.lang === root.lang
  && themeOf(page) === themeOf(document) && filesOf(page) === filesOf(document);

/** Whether an answer is a page at all. */
export const isPage = (answer) => (answer.headers.get("content-type") ?? "").startsWith("text/html") && !answer.headers.has("content-disposition");

/** The page that an answer holds; nothing where it cannot take the place of this one. */
export const pageIn = async (answer) => {
  if (!isPage(answer) || !isInside(new URL(answer.url))) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return fits(page) ? page : null;
};

let waiting = 0;

/** Something is under way: what takes longer than a moment is seen. The answer ends it. */
export const progress = () => {
  let isSeen = false;
  const timer = setTimeout(() => {
    isSeen = true;
    waiting += 1;
    root.classList.add("under-way");
    main()?.setAttribute("aria-busy", "true");
  }, PROGRESS_AFTER_MS);
  return () => {
    clearTimeout(timer);
    if (!isSeen) return;
    waiting -= 1;
    if (waiting > 0) return;
    root.classList.remove("under-way");
    main()?.removeAttribute("aria-busy");
  };
};

// By what something that has the focus is found again on another page.
const held = (places = "main#content") => {
  const now = document.activeElement;
  const place = now?.closest(places);
  if (!place || now === place) return null;
  return { place: place.id, id: now.id, name: now.getAttribute("name") ?? "", tag: now.tagName, text: now.textContent.trim().slice(0, 200), href: now.getAttribute("href") };
};
const foundAgain = (mark) => {
  if (!mark) return null;
  const its = [...(document.getElementById(mark.place) ?? main()).querySelectorAll(mark.tag)];
  // A link of the navigation also says how much waits there, which changes.
  if (mark.place === "navigation" && mark.href) return its.find((one) => one.getAttribute("href") === mark.href);
  if (mark.id) return its.find((one) => one.id === mark.id);
  return its.find((one) => (mark.name ? one.getAttribute("name") === mark.name : one.textContent.trim().slice(0, 200) === mark.text && mark.text !== ""));
};

let at = address();
let lastShown = -Infinity;
let reload;
let hasSwapped = false;

/** Whether a page was put in place a moment ago: the second click of a double click then falls on what nobody aimed at. */
export const isJustShown = () => performance.now() - lastShown < 500;

const keepPlace = () => history.replaceState({ ...history.state, scroll: scrollY }, "");

// What was opened in a page is open in the same page again.
const openings = (place) => [...place.querySelectorAll("details")].map((one) => [one.querySelector("summary")?.textContent.trim(), one]);

const put = (page, isSame) => {
  const opened = isSame ? openings(main()).filter(([, one]) => one.open && !one.matches(".menu")).map(([text]) => text) : [];
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  document.title = page.title;
  const navigation = document.querySelector("#navigation");
  navigation.replaceChildren(...page.querySelector("#navigation").childNodes);
  if (navigation.matches(":popover-open")) navigation.hidePopover();
  for (const menu of document.querySelectorAll(".bar details[open]")) menu.open = false;
  main().replaceChildren(...page.querySelector("main#content").childNodes);
  for (const [text, one] of openings(main())) {
    if (opened.includes(text)) one.open = true;
  }
  takeToasts(page);
};

const heading = () => main().querySelector("h1, h2") ?? main();

const focusOn = (element) => {
  if (!element.matches("a[href], button, input, select, textarea, summary, [tabindex]")) element.tabIndex = -1;
  element.focus({ preventScroll: true });
};

/**
 * Shows a page. `way`: `push` goes on to its address, `stay` leaves the address as it is (a form with its mistakes, the same page anew), `back`
 * came here through the history, with the `state` that was kept.
 */
export const show = (page, url, { way = "push", state = null, isQuiet = false, refresh = null } = {}) => {
  const before = new URL(location.href);
  const isSame = way === "stay" || (url.pathname === before.pathname && url.searchParams.get("cursor") === before.searchParams.get("cursor"));
  const mark = way === "back" ? state?.held : held(isQuiet ? "main#content, #navigation" : undefined);
  const wasTold = main().querySelector(".title-line")?.textContent;
  if (way === "push") {
    history.replaceState({ ...history.state, scroll: scrollY, held: held() }, "");
    if (url.href === location.href) history.replaceState({}, "");
    else history.pushState({}, "", url);
  }
  put(page, isSame);
  at = address();
  hasSwapped = true;
  history.scrollRestoration = "manual";
  lastShown = isQuiet ? lastShown : performance.now();
  shown(main());
  settle({ way, state, isSame, isQuiet, mark, url, wasTold });
  clearTimeout(reload);
  if (refresh) reload = setTimeout(again, Number.parseFloat(refresh) * 1000);
};

const settle = ({ way, state, isSame, isQuiet, mark, url, wasTold }) => {
  const twin = foundAgain(mark);
  if (isQuiet) {
    if (twin) focusOn(twin);
    const told = main().querySelector(".title-line")?.textContent;
    if (told && told !== wasTold) announce(told);
    return;
  }
  const mistakes = main().querySelector("[data-mistakes], [aria-invalid=true]");
  const target = url.hash && document.getElementById(decodeURIComponent(url.hash.slice(1)));
  if (mistakes && way === "stay") {
    mistakes.focus();
  } else if (way === "back") {
    focusOn(twin ?? heading());
    scrollTo(0, state?.scroll ?? 0);
  } else if (target) {
    target.scrollIntoView();
    focusOn(target);
  } else if (isSame && way === "push") {
    focusOn(twin ?? heading());
    if (twin) announce(main().querySelector(".pager > span")?.textContent ?? document.title);
  } else {
    focusOn(heading());
    scrollTo(0, 0);
  }
};

let going = null;

const leave = (url, way) => {
  if (way === "push") location.assign(url);
  else location.reload();
};

/** Goes to a page. */
export const visit = async (url, { way = "push", state = null } = {}) => {
  if (going && going.href === url.href && way === "push") return;
  going?.ending.abort();
  if (!isInside(url)) {
    leave(url, way);
    return;
  }
  const mine = { href: url.href, ending: new AbortController() };
  going = mine;
  const over = progress();
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" }, credentials: "same-origin", signal: mine.ending.signal });
    const page = answer.ok ? await pageIn(answer) : null;
    if (going !== mine) return;
    if (page) {
      const reached = new URL(answer.url);
      reached.hash = url.hash;
      show(page, reached, { way, state, refresh: answer.headers.get("refresh") });
    } else {
      mine.ending.abort();
      leave(url, way);
    }
  } catch {
    if (going === mine) leave(url, way);
  } finally {
    over();
    if (going === mine) going = null;
  }
};

// Somebody is in the middle of something: nothing is changed under their hands.
const UNDER_HANDS = "dialog[open], form[data-sent], details.menu[open], details.switcher[open], #navigation:popover-open";
const isBusy = () => document.hidden || going !== null || document.querySelector(UNDER_HANDS) !== null
  || (main().contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));

/** Shows this page anew where it says something else than before. Whoever reads or types notices nothing else of it. */
export const again = async () => {
  const asked = at;
  clearTimeout(reload);
  if (isBusy()) {
    reload = setTimeout(again, 2000);
    return;
  }
  try {
    const answer = await fetch(asked, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    const page = answer.ok && !answer.redirected ? await pageIn(answer) : null;
    if (!page || at !== asked || isBusy()) return;
    const refresh = answer.headers.get("refresh");
    if (page.querySelector("main#content").textContent === main().textContent) {
      if (refresh) reload = setTimeout(again, Number.parseFloat(refresh) * 1000);
    } else {
      show(page, new URL(answer.url), { way: "stay", isQuiet: true, refresh });
    }
  } catch { /* what is shown stays; the next time tells */ }
};

addEventListener("popstate", (event) => {
  if (address() === at) return;
  const url = new URL(location.href);
  if (isInside(url)) visit(url, { way: "back", state: event.state });
  else location.reload();
});

// How far a page was read, for coming back to it.
let resting;
addEventListener("scroll", () => {
  if (!hasSwapped) return;
  clearTimeout(resting);
  resting = setTimeout(() => { if (address() === at) keepPlace(); }, 150);
}, { passive: true });

// A page that is left for good is put back by the browser.
addEventListener("pagehide", () => { history.scrollRestoration = "auto"; });
addEventListener("pageshow", () => { if (hasSwapped) history.scrollRestoration = "manual"; });
