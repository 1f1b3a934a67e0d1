// Makes pages smoother. Every page works without it.
//
// Pages of a workspace are fetched and put in place of the old one, so that scroll and focus stay (navigate, links); forms are sent once and their answer is put in
// place (forms); a link with data-dialog shows its page's form in a dialog (dialogs); what waits looks again (watch); codes and ids are copied
// (menus); lists are walked through and ticked by keyboard (lists). What few pages need is loaded when it is needed: long choices by typing
// (combobox), figures of a chart one by one (chart), Ctrl K (palette).

import "./menus.js";
import "./dialogs.js";
import "./forms.js";
import "./lists.js";
import "./watch.js";
import { progress, visit } from "./navigate.js";
import { whenShown } from "./page.js";
import "./links.js";

/** A choice out of more than this is found by typing. */
const MANY = 12;

whenShown((place) => {
  const long = [...place.querySelectorAll("select:not([multiple])")].filter((select) => select.options.length > MANY);
  if (long.length) import("./combobox.js").then(({ typed }) => long.forEach(typed), () => {});
});

whenShown((place) => {
  const charts = [...place.querySelectorAll(".chart svg")].filter((drawing) => drawing.querySelector(".hit"));
  if (charts.length) import("./chart.js").then(({ told }) => charts.forEach(told), () => {});
});

// Keys that are pressed while the palette is on its way are meant for it, not for the page below. Whoever presses Escape or clicks elsewhere does without.
const catching = () => {
  const [pressed, end] = [[], new AbortController()];
  const how = { capture: true, signal: end.signal };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") end.abort();
    else pressed.push(event.key);
  }, how);
  addEventListener("pointerdown", (event) => { if (!event.target.closest("[data-palette]")) end.abort(); }, how);
  return [pressed, end];
};

let isComing = false;
// Without the palette there is the page that finds.
const find = async () => {
  const finder = document.querySelector("[data-palette]");
  if (!finder || isComing || document.querySelector("dialog.palette[open]")) return;
  isComing = true;
  const [pressed, end] = catching();
  const over = progress();
  const palette = await import("./palette.js").catch(() => null);
  isComing = false;
  over();
  if (end.signal.aborted) return;
  end.abort();
  if (palette) palette.open(finder, pressed);
  else visit(new URL(finder.href));
};
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k" || !document.querySelector("[data-palette]")) return;
  event.preventDefault();
  find();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-palette]") || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  find();
}, { capture: true });

// The reference was the first page of the documentation: what was linked there then is found where it is now.
if (location.pathname === "/docs" && location.hash && !document.getElementById(location.hash.slice(1))) location.replace(`/docs/api${location.hash}`);

// From here on keys and clicks do what they are to do: said last, so that it is true.
document.documentElement.classList.add("scripted");
