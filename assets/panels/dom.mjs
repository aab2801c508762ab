// @ts-check
// Small verbs on elements: a wall that redraws only what changed stays cool.

const SVG = "http://www.w3.org/2000/svg";

/**
 * A new element.
 * @param {string} tag @param {string} [className] @param {string} [text]
 * @returns {HTMLElement}
 */
export function el(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

/**
 * A new SVG element.
 * @param {string} tag @param {Record<string, string | number>} attributes @param {SVGElement[]} [children]
 * @returns {SVGElement}
 */
export function svg(tag, attributes, children = []) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** Write text where it changed. @param {Element} node @param {string} text */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Write a data attribute where it changed. @param {HTMLElement} node @param {string} name @param {string} value */
export function mark(node, name, value) {
  if (node.dataset[name] !== value) node.dataset[name] = value;
}

/** Show or hide where it changed. @param {HTMLElement} node @param {boolean} shown */
export function show(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}

/** The first element inside that fits. @param {ParentNode} root @param {string} selector @returns {HTMLElement} */
export function find(root, selector) {
  const node = root.querySelector(selector);
  if (!(node instanceof HTMLElement)) throw new Error(`expected ${selector} in the panel, found none`);
  return node;
}

/**
 * A pool of rows in `list`: `take(n)` returns n rows, made once and kept; the rest are hidden.
 * @template T
 * @param {HTMLElement} list @param {() => T & {root: HTMLElement}} make
 * @returns {{take: (n: number) => (T & {root: HTMLElement})[]}}
 */
export function pool(list, make) {
  /** @type {(T & {root: HTMLElement})[]} */
  const rows = [];
  return {
    take(n) {
      while (rows.length < n) {
        const row = make();
        rows.push(row);
        list.append(row.root);
      }
      for (let i = 0; i < rows.length; i++) show(rows[i].root, i < n);
      return rows.slice(0, n);
    },
  };
}

/**
 * Where a panel lies over its neighbours nothing under it is reached by key. On a tablet panels stand one at a time.
 * @param {HTMLElement} root @returns {(open: boolean) => void} to be told whether it lies over them
 */
export function coversOthers(root) {
  const wide = matchMedia("(min-width: 1101px)");
  let covers = false;
  const write = () => {
    for (const other of root.parentElement?.children ?? []) {
      if (other !== root && other instanceof HTMLElement) other.inert = covers && wide.matches;
    }
  };
  wide.addEventListener("change", write);
  return (open) => {
    covers = open;
    write();
  };
}

/** Call `fn` at most every `ms`, the last call never lost. @param {() => void} fn @param {number} ms */
export function calmly(fn, ms) {
  let due = 0;
  let timer = 0;
  return () => {
    if (timer) return;
    const wait = Math.max(0, due - performance.now());
    timer = window.setTimeout(() => {
      timer = 0;
      due = performance.now() + ms;
      fn();
    }, wait);
  };
}

/** A length token in CSS pixels. @param {Element} node @param {string} name @param {number} otherwise */
export function pixels(node, name, otherwise) {
  const text = getComputedStyle(node).getPropertyValue(name).trim();
  const value = parseFloat(text);
  if (!Number.isFinite(value)) return otherwise;
  return text.endsWith("rem") ? value * parseFloat(getComputedStyle(document.documentElement).fontSize) : value;
}

/** Call `fn` before the next paint whenever the element's size changed. @param {Element} node @param {() => void} fn */
export function onResize(node, fn) {
  new ResizeObserver(fn).observe(node);
}
