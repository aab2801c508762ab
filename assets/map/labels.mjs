// @ts-check
/**
 * Which tags are shown and where: greedy, by priority, never one over another. Pure; CSS pixels.
 *
 * One mechanism for all tags, the selected and the urgent too: a MapLibre symbol would repaint the whole basemap
 * each time an emergency moves, and lag a frame behind its mark. The selected and emergencies are placed first, and
 * are shown even when every place is taken. Tags stay where they are: the place a tag had is tried first, and
 * within a priority those that were shown come before those that were not, so that nothing flickers.
 * A tag that finds no place is not drawn small: it is not drawn.
 */

/** Priorities: lower comes first. */
export const SELECTED = 0;
export const URGENT = 1;
/** Up to this one, tags may lie over marks. */
export const IMPORTANT = 2;
export const CLASSES = 9;
/** Tries in turn: [short text, keep off marks]. @type {[boolean, boolean][]} */
const SHORTER = [[false, true], [true, true]];
/** @type {[boolean, boolean][]} */
const OVER_MARKS = [[false, true], [false, false]];

/**
 * @typedef {object} Candidate
 * @property {string} key stays the same from one placing to the next
 * @property {number} x screen position of the mark, CSS pixels
 * @property {number} y
 * @property {number} r radius of the mark
 * @property {number} width of the text
 * @property {number} short width of the short text (the agency's tag alone); 0 when there is none
 * @property {number} priority
 * @property {number} [slot] where its tag is tried first
 */
/** @typedef {{ index: number, dx: number, dy: number, short: boolean, slot: number }} Placed `dx`, `dy`: from the mark to the text's left top */

const CELL = 48;
const GAP = 4;
/** One tag to so much of the map, square CSS pixels at scale 1: more is not read from across a room, and costs. */
const ROOM = 10_500;

/** Where the text's left top goes, by slot: right, left, below, above. @param {Candidate} c @param {number} w @param {number} h @param {number} slot @param {number[]} out */
function offset(c, w, h, slot, out) {
  out[0] = slot === 0 ? c.r + GAP : slot === 1 ? -c.r - GAP - w : -w / 2;
  out[1] = slot < 2 ? -h / 2 : slot === 2 ? c.r + GAP / 2 : -c.r - GAP / 2 - h;
}

/** Boxes already taken, found by a grid of cells. @param {number} width @param {number} height */
function taken(width, height) {
  const columns = Math.max(1, Math.ceil(width / CELL));
  const rows = Math.max(1, Math.ceil(height / CELL));
  /** @type {number[][]} */
  const cells = Array.from({ length: columns * rows });
  /** @type {number[]} */
  const boxes = [];
  const column = (/** @type {number} */ x) => Math.min(columns - 1, Math.max(0, Math.floor(x / CELL)));
  const row = (/** @type {number} */ y) => Math.min(rows - 1, Math.max(0, Math.floor(y / CELL)));
  return {
    /** `owner`: a mark does not hinder its own tag. @param {number} x @param {number} y @param {number} x2 @param {number} y2 @param {number} owner */
    add(x, y, x2, y2, owner) {
      const box = boxes.push(x, y, x2, y2, owner) - 5;
      for (let j = row(y); j <= row(y2); j++) {
        for (let i = column(x); i <= column(x2); i++) (cells[j * columns + i] ??= []).push(box);
      }
    },
    /** Whether no other tag, and with `marks` no mark of another, is there. @param {number} x @param {number} y @param {number} x2 @param {number} y2 @param {number} owner @param {boolean} marks */
    free(x, y, x2, y2, owner, marks) {
      for (let j = row(y); j <= row(y2); j++) {
        for (let i = column(x); i <= column(x2); i++) {
          for (const b of cells[j * columns + i] ?? []) {
            if (boxes[b + 4] === owner || (!marks && boxes[b + 4] >= 0)) continue;
            if (x < boxes[b + 2] && x2 > boxes[b] && y < boxes[b + 3] && y2 > boxes[b + 1]) return false;
          }
        }
      }
      return true;
    },
  };
}

/**
 * Places the tags of `candidates` in a view of `width` x `height`; `height0` is the height of a line of text.
 * @param {Candidate[]} candidates
 * @param {number} width
 * @param {number} height
 * @param {number} height0
 * @param {Map<string, number>} previous slot by key, from the last placing; brought up to date here
 * @param {number} [scale] of text and marks
 * @param {number[][]} [covered] left, top, right, bottom of what lies over the map
 * @returns {Placed[]}
 */
export function place(candidates, width, height, height0, previous, scale = 1, covered = []) {
  const most = (width * height) / ROOM / scale ** 2;
  const grid = taken(width, height);
  for (const [x, y, x2, y2] of covered) grid.add(x, y, x2, y2, -1);
  candidates.forEach((c, i) => grid.add(c.x - c.r, c.y - c.r, c.x + c.r, c.y + c.r, i));
  /** @type {Placed[]} */
  const placed = [];
  /** @type {Map<string, number>} */
  const slots = new Map();
  const at = [0, 0];
  for (const index of inOrder(candidates, previous)) {
    const c = candidates[index];
    if (placed.length >= most && c.priority > URGENT) break;
    const first = previous.get(c.key) ?? c.slot ?? 0;
    const found = find(grid, c, index, first, width, height, height0, at);
    const must = c.priority <= URGENT;
    if (found < 0 && !must) continue;
    const slot = found < 0 ? first & 3 : found & 3;
    const short = found >= 4;
    const w = short ? c.short : c.width;
    offset(c, w, height0, slot, at);
    grid.add(c.x + at[0], c.y + at[1], c.x + at[0] + w, c.y + at[1] + height0, -1);
    placed.push({ index, dx: at[0], dy: at[1], short, slot });
    slots.set(c.key, slot | (short ? 4 : 0));
  }
  previous.clear();
  for (const [key, slot] of slots) previous.set(key, slot);
  return placed;
}

/** The first free slot, +4 when only the short text fits there; -1 when nothing does. @param {ReturnType<typeof taken>} grid @param {Candidate} c @param {number} index @param {number} first @param {number} width @param {number} height @param {number} h @param {number[]} at */
function find(grid, c, index, first, width, height, h, at) {
  // What is important rather lies over a mark than be cut short.
  for (const [short, marks] of c.priority <= IMPORTANT ? OVER_MARKS : c.short ? SHORTER : SHORTER.slice(0, 1)) {
    const w = short ? c.short : c.width;
    for (let i = 0; i < 4; i++) {
      const slot = (i + first) & 3;
      offset(c, w, h, slot, at);
      const x = c.x + at[0];
      const y = c.y + at[1];
      if (x < 0 || y < 0 || x + w > width || y + h > height) continue;
      if (grid.free(x, y, x + w, y + h, index, marks)) return slot + (short ? 4 : 0);
    }
  }
  return -1;
}

/** Indexes by priority; within one, those shown before come first. @param {Candidate[]} candidates @param {Map<string, number>} previous */
function inOrder(candidates, previous) {
  /** @type {number[][]} */
  const shown = Array.from({ length: CLASSES }, () => []);
  /** @type {number[][]} */
  const others = Array.from({ length: CLASSES }, () => []);
  candidates.forEach((c, i) => (previous.has(c.key) ? shown : others)[Math.min(c.priority, CLASSES - 1)].push(i));
  return shown.flatMap((indexes, p) => [...indexes, ...others[p]]);
}
