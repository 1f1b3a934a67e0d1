// A page that waits for something looks again after data-watch seconds, while it is seen, and shows what changed.

import { again } from "./navigate.js";
import { whenShown } from "./page.js";

let timer;
whenShown(() => {
  clearInterval(timer);
  const seconds = Number.parseFloat(document.querySelector("main [data-watch]")?.dataset.watch ?? "");
  if (seconds > 0) timer = setInterval(again, seconds * 1000);
});
