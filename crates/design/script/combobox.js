// A choice out of many, found by typing: a field over the select, which keeps the choice and is what the form sends.
// As the pattern "editable combobox with list autocomplete" of the ARIA practices has it.

import { announce } from "./told.js";
import { words } from "./words.js";

const plain = (text) => text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase().trim();
let count = 0;

/** Options that fit what was typed: those that begin so, then those with a word that does, then those that have it anywhere. */
const fitting = (select, text) => {
  const wanted = plain(text);
  const rank = (name) => (name.startsWith(wanted) ? 0 : name.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(wanted)) ? 1 : name.includes(wanted) ? 2 : 3);
  const ranked = [...select.options].filter((option) => !option.disabled).map((option) => [rank(plain(option.text)), option]);
  return ranked.filter(([place]) => place < 3).sort(([one], [other]) => one - other).map(([, option]) => option);
};

class Combobox {
  constructor(select) {
    count += 1;
    this.select = select;
    this.shown = [];
    this.at = -1;
    const isHere = document.activeElement === select;
    this.#draw(`choices-${count}`);
    this.#takeOver();
    this.#listen();
    this.tell();
    // Somebody was faster than this file.
    if (isHere) this.input.focus({ preventScroll: true });
  }

  #draw(id) {
    this.box = document.createElement("div");
    this.box.className = "combobox";
    this.input = document.createElement("input");
    this.input.type = "text";
    this.input.autocomplete = "off";
    this.input.spellcheck = false;
    const said = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id };
    for (const [name, value] of Object.entries(said)) this.input.setAttribute(name, value);
    this.list = document.createElement("ul");
    this.list.id = id;
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.box.append(this.input, this.list);
    this.select.before(this.box);
    this.box.append(this.select);
  }

  // The field is what people and the label mean from here on. What the browser asks of the field it asks here: an unseen one could not show it.
  #takeOver() {
    const { select, input } = this;
    for (const name of ["id", "required", "disabled", "aria-invalid", "aria-describedby", "aria-label"]) {
      if (!select.hasAttribute(name)) continue;
      input.setAttribute(name, select.getAttribute(name));
      if (name !== "disabled") select.removeAttribute(name);
    }
    this.list.setAttribute("aria-label", words.choices);
    select.hidden = true;
  }

  #listen() {
    const { input, list, select } = this;
    input.addEventListener("input", () => this.open(input.value));
    input.addEventListener("click", () => (this.isOpen ? this.close() : this.open("")));
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", () => this.leave());
    input.addEventListener("keydown", (event) => this.#pressed(event));
    // What is pressed in the list leaves the focus in the field.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const item = event.target.closest("[role=option]");
      if (item) this.choose(this.shown[[...list.children].indexOf(item)]);
    });
    select.addEventListener("change", () => this.tell());
    select.form?.addEventListener("reset", () => setTimeout(() => this.tell()));
    addEventListener("pageshow", () => this.tell());
  }

  get isOpen() {
    return !this.list.hidden;
  }

  get chosen() {
    return this.select.selectedOptions[0];
  }

  /** Shows in the field what is chosen. */
  tell() {
    const { chosen, input } = this;
    const isNothing = !chosen || (chosen.value === "" && input.required);
    input.value = isNothing ? "" : chosen.text;
    input.placeholder = isNothing ? chosen?.text ?? "" : "";
  }

  open(text) {
    this.shown = text.trim() === "" ? [...this.select.options].filter((option) => !option.disabled) : fitting(this.select, text);
    const items = this.shown.map((option, place) => {
      const item = document.createElement("li");
      item.id = `${this.list.id}-${place}`;
      item.setAttribute("role", "option");
      item.textContent = option.text || "–";
      return item;
    });
    this.list.replaceChildren(...items);
    this.list.hidden = items.length === 0;
    this.input.setAttribute("aria-expanded", String(this.isOpen));
    const now = text.trim() === "" ? this.shown.indexOf(this.chosen) : 0;
    this.move(items.length ? Math.max(now, 0) : -1);
    if (text.trim() !== "") announce(items.length ? words.found(items.length) : words.none);
  }

  move(place) {
    this.list.children[this.at]?.setAttribute("aria-selected", "false");
    this.at = place;
    const item = this.list.children[place];
    item?.setAttribute("aria-selected", "true");
    item?.scrollIntoView({ block: "nearest" });
    if (item) this.input.setAttribute("aria-activedescendant", item.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.at = -1;
  }

  choose(option) {
    this.close();
    if (option && option !== this.chosen) {
      option.selected = true;
      for (const name of ["input", "change"]) this.select.dispatchEvent(new Event(name, { bubbles: true }));
    }
    this.tell();
  }

  /** What was typed and not chosen counts where it is the whole of a name, or nothing. */
  leave() {
    const text = plain(this.input.value);
    const exact = [...this.select.options].find((option) => plain(option.text) === text || (text === "" && option.value === ""));
    this.choose(exact ?? this.chosen);
  }

  #pressed(event) {
    const last = this.list.children.length - 1;
    const steps = { ArrowDown: Math.min(this.at + 1, last), ArrowUp: Math.max(this.at - 1, 0), PageDown: Math.min(this.at + 8, last), PageUp: Math.max(this.at - 8, 0) };
    if (event.key in steps) {
      if (this.isOpen) this.move(steps[event.key]);
      else this.open("");
    } else if (event.key === "Enter" && this.isOpen) {
      this.choose(this.shown[this.at]);
    } else if (event.key === "Escape" && this.isOpen) {
      this.close();
      this.tell();
    } else {
      if (event.key === "Tab" && this.isOpen && this.input.value.trim() !== "") this.choose(this.shown[this.at]);
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Makes a select one that is found by typing. */
export const typed = (select) => {
  if (!select.closest(".combobox")) new Combobox(select);
};
