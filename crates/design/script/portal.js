// Makes pages smoother. Every page works without it.
//
// Pages are fetched and put in place of the old one, so that scroll and focus stay; a link with data-dialog shows its page's form in a dialog;
// a form cannot be sent twice; Ctrl K finds pages; codes and ids are copied.

const root = document.documentElement;
root.classList.add("scripted");

const toast = (text, tone = "good") => {
  const place = document.querySelector("[data-toasts]");
  if (!place) return;
  const box = document.createElement("div");
  box.className = `toast ${tone}`;
  box.setAttribute("role", "status");
  box.textContent = text;
  place.append(box);
  setTimeout(() => box.remove(), 5000);
};

const words = root.lang === "de"
  ? { copied: "Kopiert", lost: "Keine Verbindung. Nichts wurde geändert, bitte erneut versuchen.", close: "Schließen" }
  : { copied: "Copied", lost: "No connection. Please try again.", close: "Close" };

// Copies what a button holds.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  event.preventDefault();
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    toast(words.copied);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(button.previousElementSibling ?? button.parentElement);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }
});

// Menus close when something else is clicked, and on Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open], details.switcher[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open], details.switcher[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A form is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
  // A file leaves the page where it is, and the form can be sent again.
  if (/\.(csv|xlsx|pdf|txt)$/.test(new URL(form.action).pathname)) setTimeout(rested, 2000);
});
const rested = () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const busy of document.querySelectorAll("[aria-busy]")) busy.removeAttribute("aria-busy");
};
addEventListener("pageshow", rested);

// A page's form in a dialog.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  // A second click while the first one is answered asks nothing more.
  if (link.dataset.opening) return;
  link.dataset.opening = "yes";
  let page;
  try {
    const answer = await fetch(link.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error("not shown");
    page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-dialog-content]");
  } catch {
    page = null;
  }
  delete link.dataset.opening;
  if (!page) {
    location.href = link.href;
    return;
  }
  const dialog = document.createElement("dialog");
  dialog.append(page);
  const title = dialog.querySelector("h1, h2");
  if (title) dialog.setAttribute("aria-label", title.textContent);
  document.body.append(dialog);
  dialog.addEventListener("click", (inside) => {
    if (inside.target === dialog || inside.target.closest("[data-close]")) {
      inside.preventDefault();
      dialog.close();
    }
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  dialog.showModal();
});

// Mistakes of a form come first.
document.querySelector("[data-mistakes]")?.focus();

// Toasts that came with the page leave it.
for (const box of document.querySelectorAll("[data-toasts] > .toast")) setTimeout(() => box.remove(), 6000);

// The command palette: every place of the navigation by a few letters.
const palette = () => {
  const places = [...document.querySelectorAll("#navigation a.nav-link, .switcher a.item, .page-head .acts a[href]")].map((link) => ({
    name: link.textContent.trim(),
    link,
  }));
  const dialog = document.createElement("dialog");
  dialog.className = "palette";
  const input = document.createElement("input");
  input.type = "search";
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", "palette-list");
  input.placeholder = input.ariaLabel = document.querySelector("[data-palette]")?.firstChild?.nextSibling?.textContent?.trim() ?? "";
  const list = document.createElement("ul");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  dialog.ariaLabel = list.ariaLabel = input.ariaLabel;
  let shown = [];
  let at = 0;
  const draw = () => {
    const wanted = input.value.trim().toLowerCase();
    shown = places.filter((place) => place.name.toLowerCase().includes(wanted));
    at = Math.min(at, Math.max(shown.length - 1, 0));
    list.replaceChildren(...shown.map((place, nth) => {
      const item = document.createElement("li");
      item.id = `palette-${nth}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(nth === at));
      const icon = place.link.querySelector(".icon");
      if (icon) item.append(icon.cloneNode(true));
      item.append(place.name);
      item.addEventListener("click", () => { location.href = place.link.href; });
      return item;
    }));
    input.setAttribute("aria-activedescendant", shown.length ? `palette-${at}` : "");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  input.addEventListener("input", () => { at = 0; draw(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") at = Math.min(at + 1, shown.length - 1);
    else if (event.key === "ArrowUp") at = Math.max(at - 1, 0);
    else if (event.key === "Enter" && shown[at]) location.href = shown[at].link.href;
    // A browser would empty the field first.
    else if (event.key === "Escape") dialog.close();
    else return;
    event.preventDefault();
    draw();
  });
  dialog.append(input, list);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  draw();
  dialog.showModal();
  input.focus();
};
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !document.querySelector("dialog.palette")) {
    event.preventDefault();
    palette();
  }
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-palette]")) {
    event.preventDefault();
    palette();
  }
});

// The reference was the first page of the documentation: what was linked there then is found where it is now.
if (location.pathname === "/docs" && location.hash && !document.getElementById(location.hash.slice(1))) location.replace(`/docs/api${location.hash}`);

// j and k walk through a list, Enter opens.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  if (event.key !== "j" && event.key !== "k") return;
  const rows = [...document.querySelectorAll(".table a.row")];
  if (!rows.length) return;
  const now = rows.indexOf(document.activeElement);
  const next = event.key === "j" ? Math.min(now + 1, rows.length - 1) : Math.max(now - 1, 0);
  rows[next].focus();
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
for (const form of document.querySelectorAll("form[data-live]")) live(form);

// Boxes of a list: all at once, and from one to another with Shift.
let lastBox = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest("input[type=checkbox][data-row]");
  const all = event.target.closest("input[type=checkbox][data-all]");
  if (all) for (const one of document.querySelectorAll("input[type=checkbox][data-row]")) one.checked = all.checked;
  if (!box) return;
  if (event.shiftKey && lastBox) {
    const boxes = [...document.querySelectorAll("input[type=checkbox][data-row]")];
    const [from, to] = [boxes.indexOf(lastBox), boxes.indexOf(box)].sort((one, other) => one - other);
    for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
  }
  lastBox = box;
});
