// The figures of a chart, one place after the other: under the pointer, and by the arrow keys. They are read from the table beneath it.

import { words } from "./words.js";

/** Lets the figures of a drawing be told. */
export const told = (drawing) => {
  const chart = drawing.closest(".chart");
  const table = chart.querySelector("table");
  const hits = [...drawing.querySelectorAll(".hit")];
  if (!table || chart.querySelector(".chart-tip")) return;
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
  const tip = document.createElement("div");
  tip.className = "chart-tip";
  tip.setAttribute("role", "status");
  tip.hidden = true;
  chart.append(tip);
  let at = -1;
  const tell = (place) => {
    hits[at]?.classList.remove("told");
    at = place;
    const hit = hits[place];
    tip.hidden = !hit;
    if (!hit) return;
    hit.classList.add("told");
    const [label, ...figures] = rows[place] ?? [""];
    const head = document.createElement("strong");
    head.textContent = label;
    tip.replaceChildren(head, ...figures.map((figure, nth) => {
      const line = document.createElement("span");
      line.textContent = figures.length > 1 ? `${names[nth]}: ${figure}` : figure;
      return line;
    }));
    const [around, its] = [chart.getBoundingClientRect(), hit.getBoundingClientRect()];
    const left = its.left + its.width / 2 - around.left - tip.offsetWidth / 2;
    tip.style.left = `${Math.max(0, Math.min(left, around.width - tip.offsetWidth))}px`;
  };
  // Our own words stand in place of the browser's.
  for (const hit of hits) hit.querySelector("title")?.remove();
  drawing.tabIndex = 0;
  drawing.setAttribute("aria-description", words.chart);
  drawing.addEventListener("pointermove", (event) => tell(hits.indexOf(event.target.closest(".hit"))));
  drawing.addEventListener("pointerleave", () => tell(-1));
  drawing.addEventListener("blur", () => tell(-1));
  drawing.addEventListener("keydown", (event) => {
    const last = hits.length - 1;
    const steps = { ArrowRight: Math.min(at + 1, last), ArrowLeft: at < 0 ? last : Math.max(at - 1, 0), Home: 0, End: last, Escape: -1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    tell(steps[event.key]);
  });
};
