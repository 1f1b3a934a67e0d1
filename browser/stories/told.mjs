// How a story is told: each of its people has a window of their own, and nothing went wrong in any of them.

import { strict as assert } from "node:assert";
import { openWindow } from "../house.mjs";

/** A story with these people, for `run({ browser, house }, handOf, options)`. */
export const told = (people, story) => async ({ browser, house }, handOf, options = {}) => {
  const windows = [];
  for (const who of people) windows.push([who, await openWindow(browser, house, { viewport: { width: 1100, height: 700 }, ...options })]);
  const hands = Object.fromEntries(windows.map(([who, page]) => [who, handOf(page)]));
  try {
    await story({ house, ...hands, step: (text) => console.log(`    ${text}`) });
    assert.deepEqual(windows.flatMap(([, page]) => page.troubles), []);
  } catch (error) {
    for (const [who, page] of windows) {
      console.error(`${who} at ${page.url()}, troubles: ${JSON.stringify(page.troubles)}`);
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/failed-${who}.png` }).catch(() => {});
    }
    throw error;
  } finally {
    for (const [, page] of windows) await page.context().close();
  }
};
