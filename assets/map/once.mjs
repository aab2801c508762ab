// @ts-check
/** However often it is asked for, once an animation frame is as often as a screen can show it. */

/** Returns what calls `fn` at most once an animation frame. @param {() => void} fn @returns {() => void} */
export function oncePerFrame(fn) {
  let asked = 0;
  return () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      fn();
    });
  };
}
