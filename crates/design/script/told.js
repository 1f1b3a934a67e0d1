// What is said beside the page: toasts for all, and what changed for those who do not see it.

const STAYS_MS = 6000;

const place = () => document.querySelector("[data-toasts]");
const leaves = (box) => setTimeout(() => box.remove(), STAYS_MS);

/** Says what was done. */
export const toast = (text, tone = "good") => {
  const box = document.createElement("div");
  box.className = `toast ${tone}`;
  box.setAttribute("role", "status");
  box.textContent = text;
  place()?.append(box);
  leaves(box);
};

/** Takes over what a page that was fetched says. */
export const takeToasts = (page) => {
  for (const box of page.querySelectorAll("[data-toasts] > .toast")) {
    place()?.append(box);
    leaves(box);
  }
};

let voice;

/** Says something to screen readers alone. */
export const announce = (text) => {
  if (!voice) {
    voice = document.createElement("div");
    voice.className = "unseen";
    voice.setAttribute("role", "status");
    document.body.append(voice);
  }
  // A dialog makes all around it inert: what is said in there is said from there.
  (document.querySelector("dialog[open]") ?? document.body).append(voice);
  voice.textContent = "";
  setTimeout(() => { voice.textContent = text; }, 50);
};

// Toasts that came with the page leave it.
for (const box of document.querySelectorAll("[data-toasts] > .toast")) leaves(box);
