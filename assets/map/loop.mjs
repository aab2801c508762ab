// @ts-check
/**
 * When to draw: in the map's own frame while the camera moves, else only when something changed or pulses.
 * A screen on which nothing happens draws nothing.
 */

/** Pulses need no more than this: 15 pictures a second. */
const PULSE_MS = 66;
/** A camera that is held still in mid-drag gives no frames; after this we draw by ourselves. */
const HELD_MS = 60;

/**
 * @param {import("./plotly_map.mjs").LiveMap} map
 * @param {() => void} draw
 * @param {() => boolean} pulses whether something has to be drawn again soon though nothing changed
 */
export function drawLoop(map, draw, pulses) {
  let dirty = false;
  let asked = 0;
  let drawnByMap = -Infinity;
  let pulse = 0;
  let stopped = false;

  const run = () => {
    dirty = false;
    draw();
    if (pulses() && !pulse && !document.hidden) {
      pulse = window.setTimeout(() => {
        pulse = 0;
        wake();
      }, PULSE_MS);
    }
  };
  const frame = () => {
    asked = 0;
    if (!dirty || stopped) return;
    // The map draws in this same frame or the next: then we draw with it, once, with the same camera.
    if (map.isMoving() && performance.now() - drawnByMap < HELD_MS) ask();
    else run();
  };
  const ask = () => {
    if (!asked && !stopped) asked = requestAnimationFrame(frame);
  };
  const wake = () => {
    dirty = true;
    ask();
  };
  const withMap = () => {
    drawnByMap = performance.now();
    run();
  };
  map.on("render", withMap);
  map.on("resize", wake);
  return {
    wake,
    stop() {
      stopped = true;
      map.off("render", withMap);
      map.off("resize", wake);
      cancelAnimationFrame(asked);
      clearTimeout(pulse);
    },
  };
}
