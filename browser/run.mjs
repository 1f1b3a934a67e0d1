// Runs the tests one after the other in one browser: node browser/run.mjs sqlite|postgres [NAME…]

import { after, before, test } from "node:test";
import { double, title as doubleTitle } from "./double.mjs";
import { Finger, Keyboard, Mouse } from "./hands.mjs";
import { name as hostileName, hostile, title as hostileTitle } from "./hostile.mjs";
import { House, openBrowser } from "./house.mjs";
import { keys, title as keysTitle } from "./keys.mjs";
import { journey, title as journeyTitle } from "./stories/journey.mjs";
import { name as passkeyName, passkey, title as passkeyTitle } from "./passkey.mjs";
import { pictures, title as picturesTitle } from "./pictures.mjs";
import { print, title as printTitle } from "./print.mjs";
import { merchant, title as merchantTitle } from "./stories/merchant.mjs";
import { shop, title as shopTitle } from "./stories/shop.mjs";
import { smooth, title as smoothTitle } from "./smooth.mjs";
import { walk, title as walkTitle } from "./walk.mjs";

const [kind = "sqlite", ...wanted] = process.argv.slice(2);
const began = Date.now();
const minutes = Number(process.env.BROWSER_MINUTES ?? 0);
const world = {
  kind,
  every: Number(process.env.WALK_EVERY ?? 1),
  inTime: () => minutes === 0 || Date.now() - began < minutes * 60_000,
};

const stories = [["journey", journeyTitle, journey], ["merchant", merchantTitle, merchant], ["shop", shopTitle, shop]];
const ways = [
  ["mouse", "with the mouse", (page) => new Mouse(page), { viewport: { width: 1440, height: 900 } }],
  ["scriptless", "without JavaScript", (page) => new Mouse(page), { javaScriptEnabled: false, viewport: { width: 820, height: 1180 }, colorScheme: "dark" }],
  ["phone", "with a finger on a phone", (page) => new Finger(page), { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true, isMobile: true }],
  ["keyboard", "by keyboard alone", (page) => new Keyboard(page), {}],
];
const told = ways.flatMap(([way, how, handOf, options]) =>
  stories.map(([name, title, run]) => ({ name: `${name}:${way}`, title: `${title}, ${how}`, run: (world) => run(world, handOf, options) })));
const tests = [
  ...told,
  { name: "double", demo: true, title: doubleTitle, run: double },
  { name: "keys", demo: true, title: keysTitle, run: keys },
  { name: "print", demo: true, title: printTitle, run: print },
  { name: "hostile", demo: true, title: hostileTitle, at: hostileName, run: hostile },
  { name: "passkey", title: passkeyTitle, at: passkeyName, run: passkey },
  { name: "smooth", demo: true, title: smoothTitle, run: smooth },
  { name: "walk", demo: true, elsewhere: true, title: walkTitle, run: walk },
  { name: "pictures", demo: true, title: picturesTitle, run: pictures, onlyByName: true },
];
/** `journey` and `keyboard` each mean all that have the word in their name, `stories` all that are told. */
const isWanted = ({ name, onlyByName }) => (wanted.length === 0 && !onlyByName) || wanted.includes(name) || name.split(":").some((word) => wanted.includes(word)) || (name.includes(":") && wanted.includes("stories"));

before(async () => { world.browser = await openBrowser(); });
after(() => world.browser.close());

for (const one of tests.filter(isWanted)) {
  test(`${one.name}: ${one.title}`, async (t) => {
    if (!world.inTime()) {
      console.log(`SKIPPED ${one.name}: the time is up`);
      return t.skip("the time is up");
    }
    const house = await House.open({ kind, demo: one.demo, elsewhere: one.elsewhere, name: one.at });
    try {
      await one.run({ ...world, house });
    } catch (error) {
      console.error(house.lastLines());
      throw error;
    } finally {
      await house.close();
    }
  });
}
