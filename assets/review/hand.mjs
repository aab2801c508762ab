// @ts-check
/** A sheet over the map that takes one press, and what it is dragged to. Escape gives it up. */

/** Less than this was a press, not a drag, pixels. */
const PRESS_PX = 8;
/** A click comes so soon after the finger has gone, ms. */
const CLICK_MS = 400;

/** @typedef {[number, number]} Place lon, lat in degrees */

/**
 * @param {import("../types.d.ts").Page} page @param {string} name of what it is for
 * @param {(held: { from: Place, to: Place | null } | null, done: boolean) => void} told where it was pressed, and to where it is dragged
 *   (null: nowhere); null: it was given up
 */
export function handOn(page, name, told) {
  const sheet = document.createElement("div");
  sheet.className = "map-hand";
  const room = document.querySelector(".map-room");
  let active = false;
  /** @type {{ place: Place, x: number, y: number } | null} */
  let pressed = null;
  const at = (/** @type {PointerEvent} */ event) => {
    const box = sheet.getBoundingClientRect();
    return /** @type {const} */ ([event.clientX - box.left, event.clientY - box.top]);
  };
  const held = (/** @type {PointerEvent} */ event) => {
    if (!pressed) return null;
    const [x, y] = at(event);
    const dragged = Math.hypot(x - pressed.x, y - pressed.y) > PRESS_PX;
    return { from: pressed.place, to: dragged ? page.review?.placeAt(x, y) ?? null : null };
  };
  const hand = {
    get active() {
      return active;
    },
    start() {
      active = true;
      room?.append(sheet);
      document.documentElement.dataset.hand = name;
    },
    stop() {
      active = false;
      pressed = null;
      sheet.remove();
      delete document.documentElement.dataset.hand;
    },
  };
  sheet.addEventListener("pointerdown", (event) => {
    const [x, y] = at(event);
    const place = page.review?.placeAt(x, y);
    if (!place || !active) return;
    sheet.setPointerCapture(event.pointerId);
    pressed = { place, x, y };
    told(held(event), false);
  });
  sheet.addEventListener("pointermove", (event) => pressed && told(held(event), false));
  sheet.addEventListener("pointerup", (event) => {
    if (!active) return;
    const made = held(event);
    hand.stop();
    // A finger's press is told once more, as a click: the map below must not take it for its own.
    room?.append(sheet);
    setTimeout(() => active || sheet.remove(), CLICK_MS);
    told(made, true);
  });
  sheet.addEventListener("click", () => active || sheet.remove());
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !active) return;
    hand.stop();
    told(null, false);
  });
  return hand;
}
