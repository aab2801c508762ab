// @ts-check
// The fields of a finding that is being written.

import { OWNER_MAX, QUESTIONS, STATES, STATE_WORDS, TITLE_MAX, WORDS_MAX } from "../review/finding.mjs";
import { el } from "./dom.mjs";

/** @typedef {import("../types.d.ts").FindingDraft} FindingDraft */

/** Where and when it is pinned, and to what. @param {HTMLElement} form @param {HTMLElement} head */
export function pinned(form, head) {
  const list = el("dl", "finding-pins");
  /** @param {string} word @param {HTMLElement[]} nodes */
  const line = (word, ...nodes) => {
    const value = el("dd");
    value.append(...nodes);
    list.append(el("dt", "", word), value);
  };
  /** @param {string} text */
  const button = (text) => {
    const node = el("button", "button");
    node.setAttribute("type", "button");
    node.textContent = text;
    return node;
  };
  const pin = {
    moment: el("span", "finding-moment"), now: button("Now shown"), place: el("span", "finding-place"), mark: button("Mark it"), unmark: button("None"),
    things: el("span", "finding-things"), nothing: el("span", "finding-nothing", "Choose what it is about on the map or the lists."), add: button("Add"),
  };
  pin.now.title = "Pin it to the moment and view that are shown now";
  line("Moment", pin.moment, pin.now);
  line("Place", pin.place, pin.mark, pin.unmark);
  line("About", pin.things, pin.nothing, pin.add);
  form.append(head, list);
  return pin;
}

/** What is written. @param {HTMLElement} form */
export function written(form) {
  /** @type {Record<string, HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>} */
  const controls = {};
  /** @type {(name: keyof FindingDraft, value: unknown) => void} */
  let told = () => {};
  /** @template {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} T @param {keyof FindingDraft} name @param {string} words @param {T} control @param {string} [className] */
  const field = (name, words, control, className = "") => {
    const label = el("label", `finding-field ${className}`);
    control.name = name;
    label.append(el("span", "", words), control);
    form.append(label);
    controls[name] = control;
    control.addEventListener("input", () => {
      const { value } = control;
      told(name, control instanceof HTMLInputElement && control.type === "checkbox" ? control.checked : name === "due" ? value || null : value);
    });
    return control;
  };
  /** @param {string} type */
  const input = (type) => Object.assign(document.createElement("input"), { type });
  field("title", "Title", Object.assign(input("text"), { maxLength: TITLE_MAX, required: true, autocomplete: "off" }));
  for (const [name, question] of QUESTIONS) field(name, question, Object.assign(document.createElement("textarea"), { maxLength: WORDS_MAX, rows: 3 }));
  const owner = field("owner", "Owner", Object.assign(input("text"), { maxLength: OWNER_MAX, autocomplete: "off" }), "finding-half");
  owner.placeholder = "A position or role";
  field("due", "Due", input("date"), "finding-half");
  const state = field("state", "State", document.createElement("select"), "finding-half");
  for (const one of STATES) state.append(new Option(STATE_WORDS[one], one));
  field("shared", "Every agency may read it", input("checkbox"), "finding-half finding-check");
  return {
    /** @param {(name: keyof FindingDraft, value: unknown) => void} fn */
    on(fn) {
      told = fn;
    },
    /** @param {FindingDraft} said */
    fill(said) {
      for (const [name, control] of Object.entries(controls)) {
        const value = said[/** @type {keyof FindingDraft} */ (name)];
        if (control instanceof HTMLInputElement && control.type === "checkbox") control.checked = Boolean(value);
        else control.value = String(value ?? "");
      }
    },
    focus: () => controls.title.focus({ preventScroll: true }),
  };
}
