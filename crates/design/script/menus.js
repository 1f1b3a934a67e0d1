// Menus close when something else is clicked, and on Escape. Codes and ids are copied.

import { toast } from "./told.js";
import { words } from "./words.js";

const opened = () => document.querySelectorAll("details.menu[open], details.switcher[open]");

document.addEventListener("click", (event) => {
  for (const menu of opened()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  for (const menu of opened()) {
    // Whoever went on to a field stays there.
    const isLeft = document.activeElement !== document.body && !menu.contains(document.activeElement);
    menu.open = false;
    if (!isLeft) menu.querySelector("summary").focus();
  }
});

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
