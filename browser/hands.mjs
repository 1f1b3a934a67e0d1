// How a person gets something done on a page: with the mouse, or by keyboard alone. Stories are told once and done by both.

import { strict as assert } from "node:assert";

const exactly = (label) => new RegExp(`^\\s*${label.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(\\s+(optional|for a value of its own|or paste its text|or paste the keys|of every line))?\\s*$`);

/** With the mouse. Everything is found by what it says, as a person finds it. */
export class Mouse {
  constructor(page) {
    this.page = page;
  }

  open(path) {
    return this.page.goto(path);
  }

  /** The page, or the question that lies over it. */
  async #place() {
    const question = this.page.locator("dialog[open]");
    return (await question.count()) > 0 ? question : this.page.locator("body");
  }

  async press(control) {
    await control.click();
  }

  async type(control, text) {
    await control.fill(text);
  }

  async pick(control, option) {
    if (!(await this.isTyped(control))) return control.selectOption({ label: option });
    await control.fill(option);
    await this.page.getByRole("option", { name: option, exact: true }).first().click();
  }

  /** Whether a choice is found by typing: one out of many is, once its script is there. */
  async isTyped(control) {
    const isLong = await control.evaluate((one) => one.tagName === "SELECT" && one.options.length > 12 && document.documentElement.classList.contains("scripted"));
    if (isLong) await control.and(this.page.locator("[role=combobox]")).waitFor();
    return (await control.getAttribute("role")) === "combobox";
  }

  async mark(control) {
    await control.check();
  }

  async hand(control, path) {
    await control.setInputFiles(path);
  }

  async link(name) {
    const link = (await this.#place()).getByRole("link", { name, exact: true });
    if ((await link.count()) === 0) await this.#openMenu();
    await this.press(link.first());
  }

  /** Where there is no room for the main menu, it lies behind a button. */
  async #openMenu() {
    const menu = this.page.getByRole("button", { name: "Menu", exact: true });
    if (await menu.isVisible()) await this.press(menu);
  }

  /** To a place of the main menu, where the page has a link of that name, too. */
  async go(name) {
    await this.#openMenu();
    await this.press(this.page.getByRole("navigation", { name: "Main", exact: true }).getByRole("link", { name, exact: true }));
  }

  async button(name) {
    await this.press((await this.#place()).getByRole("button", { name, exact: true }).first());
  }

  async fill(label, text) {
    await this.type((await this.#place()).getByLabel(exactly(label)), text);
  }

  async choose(label, option) {
    await this.pick((await this.#place()).getByLabel(exactly(label)), option);
  }

  async tick(label) {
    await this.mark((await this.#place()).getByRole("radio", { name: label }).or((await this.#place()).getByRole("checkbox", { name: label })).first());
  }

  async attach(label, path) {
    await this.hand((await this.#place()).getByLabel(exactly(label)), path);
  }

  /** Opens a question, which a script shows in a dialog over the page, and without one is a page of its own. */
  async ask(name) {
    await this.link(name);
    await this.page.locator("dialog[open], .dialog-page").waitFor();
  }

  /** What the page says. */
  async reads(text) {
    await this.page.getByText(text).first().waitFor();
  }

  text() {
    return this.page.locator("main").innerText();
  }

  async heading(text) {
    await this.page.getByRole("heading", { name: text }).first().waitFor();
  }
}

/** With a finger, on a phone. */
export class Finger extends Mouse {
  async press(control) {
    await control.tap();
  }
}

/** By keyboard alone: Tab, the arrows, Space, Enter and letters. What is reached must be seen to be reached. */
export class Keyboard extends Mouse {
  async #focused(control) {
    return control.evaluate((element) => element === document.activeElement);
  }

  async #reach(control, isReached = (at) => this.#focused(at)) {
    await control.waitFor();
    const keys = this.page.keyboard;
    const isFresh = await this.page.evaluate(() => document.activeElement === document.body);
    // Past the navigation in one step, as the first link of every page offers.
    if (isFresh && (await control.evaluate((element) => element.closest("main") !== null && document.querySelector("a.skip") !== null))) {
      await keys.press("Tab");
      await keys.press("Enter");
    }
    for (let step = 0; step < 300; step += 1) {
      if (await isReached(control)) return this.#isSeen(control);
      await keys.press("Tab");
    }
    throw new Error(`Tab never reaches ${await control.evaluate((element) => element.outerHTML.slice(0, 200))}`);
  }

  async #isSeen(control) {
    const seen = await control.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return style.outlineStyle !== "none" || style.boxShadow !== "none";
    });
    assert(seen, "what has the focus does not show it");
  }

  async press(control) {
    // A control inside a closed menu is reached by opening the menu.
    const menu = control.locator("xpath=ancestor::details[not(@open)]");
    if ((await menu.count()) > 0 && !(await control.evaluate((element) => element.tagName === "SUMMARY"))) {
      await this.#reach(menu.last().locator("summary"));
      await this.page.keyboard.press("Enter");
    }
    await this.#reach(control);
    await this.page.keyboard.press("Enter");
  }

  async type(control, text) {
    await this.#reach(control);
    await this.page.keyboard.press("ControlOrMeta+A");
    // Lines are typed as they are; Enter in a field of one line would send its form.
    await this.page.keyboard.insertText(text);
  }

  async pick(control, option) {
    const isTyped = await this.isTyped(control);
    await this.#reach(control);
    if (isTyped) {
      await this.page.keyboard.type(option);
      await this.page.keyboard.press("Enter");
      return assert.equal(await control.inputValue(), option);
    }
    const chosen = () => control.evaluate((select) => select.selectedOptions[0]?.textContent.trim());
    if ((await chosen()) === option) return;
    await this.page.keyboard.type(option.split(/\W/)[0]);
    for (let step = 0; step < 40 && (await chosen()) !== option; step += 1) await this.page.keyboard.press("ArrowDown");
    assert.equal(await chosen(), option);
  }

  async mark(control) {
    if (await control.isChecked()) return;
    if ((await control.getAttribute("type")) === "checkbox") {
      await this.#reach(control);
      await this.page.keyboard.press("Space");
    } else {
      // Tab reaches a group of radios, the arrows walk in it.
      const name = await control.getAttribute("name");
      await this.#reach(control, () => this.page.evaluate((group) => document.activeElement.name === group, name));
      for (let step = 0; step < 10 && !(await control.isChecked()); step += 1) await this.page.keyboard.press("ArrowDown");
    }
    assert(await control.isChecked());
  }

  async hand(control, path) {
    await this.#reach(control);
    const chooser = this.page.waitForEvent("filechooser");
    await this.page.keyboard.press("Space");
    await (await chooser).setFiles(path);
  }
}
