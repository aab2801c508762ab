// @ts-check
/** Who wants to know: a handful of named events. A listener that throws does not cost the others theirs. */

/** @template {string} E */
export function emitter() {
  /** @type {Map<string, Set<() => void>>} */
  const listeners = new Map();
  return {
    /** Calls `fn` at each `event`; returns how to stop. @param {E} event @param {() => void} fn */
    on(event, fn) {
      const all = listeners.get(event) ?? new Set();
      listeners.set(event, all.add(fn));
      return () => void all.delete(fn);
    },
    /** @param {E} event */
    emit(event) {
      for (const fn of listeners.get(event) ?? []) {
        try {
          fn();
        } catch (error) {
          console.error(`listener_failed: ${event}`, error);
        }
      }
    },
  };
}
