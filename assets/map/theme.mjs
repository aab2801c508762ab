// @ts-check
/**
 * Colours and sizes of the page, read once per theme change. The tokens are declared in assets/00-tokens.css;
 * what is missing there falls back to the dark table, so that the map is never invisible.
 */

/** @typedef {[number, number, number]} Rgb 0..255 */
/**
 * @typedef {object} Theme
 * @property {string} name dark, light or night
 * @property {Rgb} ground halo and inside of marks
 * @property {Rgb} ink
 * @property {Rgb} ink2 less important text
 * @property {Rgb} focus ring of what is selected
 * @property {Rgb} caution
 * @property {Rgb[]} unit AVL ENR ONS CMT OOS not-said EMG
 * @property {Rgb[]} incident not-said, P1..P4
 * @property {Rgb} camera
 * @property {Rgb} zone lines of zones, marks of log entries
 * @property {Rgb} onMark glyph on a filled mark
 * @property {number} scale of all marks and tags
 * @property {number} pixelRatio device pixels per CSS pixel
 * @property {string} font CSS family
 * @property {boolean} calm the person asked for less motion
 */

/** @type {Record<string, Rgb>} */
const DARK = {
  "--ground": [20, 24, 28],
  "--ink": [232, 236, 239],
  "--ink-2": [169, 178, 186],
  "--focus": [255, 255, 255],
  "--caution": [255, 217, 33],
  "--map-halo": [20, 24, 28],
  "--on-mark": [20, 24, 28],
  "--camera": [152, 162, 171],
  "--zone": [169, 180, 190],
  "--unit-avl": [91, 200, 155],
  "--unit-enr": [173, 168, 235],
  "--unit-ons": [255, 255, 255],
  "--unit-cmt": [255, 217, 33],
  "--unit-oos": [124, 124, 125],
  "--unit-emg": [255, 77, 61],
  "--incident-p1": [255, 77, 61],
  "--incident-p2": [255, 217, 33],
  "--incident-p3": [79, 180, 255],
  "--incident-p4": [124, 124, 125],
};

/** @param {Element} [root] @returns {Theme} */
export function readTheme(root = document.documentElement) {
  const style = getComputedStyle(root);
  const colour = reader(style);
  const unit = ["avl", "enr", "ons", "cmt", "oos"].map((s) => colour(`--unit-${s}`));
  const unsaid = colour("--ink-2");
  return {
    name: root.getAttribute("data-theme") ?? "dark",
    ground: colour("--map-halo"),
    ink: colour("--ink"),
    ink2: unsaid,
    focus: colour("--focus"),
    caution: colour("--caution"),
    unit: [...unit, unsaid, colour("--unit-emg")],
    incident: [unsaid, ...[1, 2, 3, 4].map((p) => colour(`--incident-p${p}`))],
    camera: colour("--camera"),
    zone: colour("--zone"),
    onMark: colour("--on-mark"),
    scale: scaleOf(style),
    pixelRatio: window.devicePixelRatio || 1,
    font: getComputedStyle(document.body).fontFamily || "sans-serif",
    calm: matchMedia("(prefers-reduced-motion: reduce)").matches,
  };
}

/**
 * Calls `changed` when the page's theme or size may have changed. Returns how to stop.
 * @param {() => void} changed
 */
export function watchTheme(changed) {
  const root = document.documentElement;
  const watcher = new MutationObserver(changed);
  watcher.observe(root, { attributes: true, attributeFilter: ["data-theme", "class", "style"] });
  const motion = matchMedia("(prefers-reduced-motion: reduce)");
  motion.addEventListener("change", changed);
  addEventListener("resize", changed);
  document.fonts?.ready.then(changed);
  return () => {
    watcher.disconnect();
    motion.removeEventListener("change", changed);
    removeEventListener("resize", changed);
  };
}

/** @param {Rgb} c @param {number} [alpha] */
export const css = ([r, g, b], alpha = 1) => `rgb(${r} ${g} ${b} / ${alpha})`;

/**
 * A function that returns a token as numbers, whatever CSS notation it is in: the browser itself paints one pixel.
 * @param {CSSStyleDeclaration} style
 */
function reader(style) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  return (/** @type {string} */ token) => {
    const fallback = DARK[token];
    const value = style.getPropertyValue(token).trim();
    if (!paint || !value || !CSS.supports("color", value)) return fallback;
    paint.fillStyle = css(fallback);
    paint.fillStyle = value;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b] = paint.getImageData(0, 0, 1, 1).data;
    return /** @type {Rgb} */ ([r, g, b]);
  };
}

/** @param {CSSStyleDeclaration} style */
function scaleOf(style) {
  const scale = Number.parseFloat(style.getPropertyValue("--scale"));
  return scale > 0 ? Math.min(scale, 6) : 1;
}
