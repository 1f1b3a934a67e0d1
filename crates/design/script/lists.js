// Lists: j and k walk through the rows, boxes are ticked all at once or from one to another with Shift.

import { whenShown } from "./page.js";
import { words } from "./words.js";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  if (event.key !== "j" && event.key !== "k") return;
  const rows = [...document.querySelectorAll(".table a.row")];
  if (!rows.length) return;
  const now = rows.indexOf(document.activeElement);
  const next = event.key === "j" ? Math.min(now + 1, rows.length - 1) : Math.max(now - 1, 0);
  rows[next].focus();
});

const boxesOf = (table) => [...table.querySelectorAll("tbody input[type=checkbox][data-row]")].filter((box) => !box.disabled);

const sumUp = (table, all) => {
  const boxes = boxesOf(table);
  const ticked = boxes.filter((box) => box.checked).length;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
};

// The box for all of them is made here: without a script it would do nothing.
const addAll = (table) => {
  const boxes = boxesOf(table);
  const head = table.tHead?.rows[0]?.cells[boxes[0]?.closest("td")?.cellIndex ?? -1];
  if (boxes.length < 2 || !head || head.textContent.trim() !== "" || head.querySelector("input")) return;
  const all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("data-all", "");
  all.setAttribute("aria-label", words.all);
  head.append(all);
  sumUp(table, all);
  all.addEventListener("change", () => {
    for (const box of boxesOf(table)) {
      if (box.checked === all.checked) continue;
      box.checked = all.checked;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
  table.addEventListener("change", () => sumUp(table, all));
};
whenShown((place) => { for (const table of place.querySelectorAll("table")) addAll(table); });

let lastBox = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest("input[type=checkbox][data-row]");
  if (!box) return;
  const table = box.closest("table");
  if (event.shiftKey && lastBox && lastBox.closest("table") === table) {
    const boxes = boxesOf(table);
    const [from, to] = [boxes.indexOf(lastBox), boxes.indexOf(box)].sort((one, other) => one - other);
    for (const one of boxes.slice(Math.max(from, 0), to + 1)) one.checked = box.checked;
    const all = table.querySelector("input[data-all]");
    if (all) sumUp(table, all);
  }
  lastBox = box;
});
