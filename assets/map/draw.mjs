// @ts-check
/**
 * The overlay: one WebGL2 canvas over the map, on which everything that moves is drawn.
 *
 * A canvas of its own, so that a moving unit does not repaint the basemap. `draw` is called in the map's own frame
 * while the camera moves; it reads what is already in typed arrays and makes no garbage worth naming.
 * A lost context is no error: `lost` is told, everything is built again when it returns.
 */

import { paintLetters, paintMarks } from "./atlas.mjs";
import { box, pointerBox } from "./glyphs.mjs";
import { fetched, instanced, program, texture } from "./gl.mjs";
import { ORDER, PASSES, STRIDE, rowsIn } from "./instances.mjs";
import { RING_STRIDE } from "./rings.mjs";
import { LETTERS, RINGS, SPRITES } from "./shaders.mjs";

/** Tag text, CSS pixels at scale 1: no text on a wall is smaller. */
const TEXT_PX = 14;

/** @typedef {import("./instances.mjs").Instances} Instances */
/** @typedef {import("./theme.mjs").Theme} Theme */
/**
 * @typedef {object} Picture what to draw
 * @property {import("./mercator.mjs").View} view CSS pixels
 * @property {Record<string, Instances>} instances
 * @property {Record<string, number>} tiers size class by layer
 * @property {{ bytes: Uint8Array, count: number }} under rings below the marks
 * @property {{ bytes: Uint8Array, count: number }} over rings above them
 * @property {{ layer: string, row: number } | null} chosen
 * @property {number} fade how strongly all but units is drawn, 0..1
 */

/**
 * @param {HTMLElement} parent the map's container
 * @param {(isLost: boolean) => void} lost
 */
export function overlay(parent, lost) {
  const canvas = document.createElement("canvas");
  canvas.className = "map-overlay";
  Object.assign(canvas.style, { position: "absolute", inset: "0", width: "100%", height: "100%", pointerEvents: "none" });
  // Above the map's own canvas, below its controls and the attribution.
  parent.insertBefore(canvas, parent.querySelector(".maplibregl-control-container"));
  const context = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, stencil: false });
  if (!context) throw new Error("this browser gives no WebGL2");
  const gl = context;

  /** @type {ReturnType<typeof build> | null} */
  let parts = null;
  /** @type {Theme | null} */
  let theme = null;
  /** @type {import("./atlas.mjs").Letters | null} */
  let letters = null;
  /** @type {{ bytes: Uint8Array, count: number }} */
  let tags = { bytes: new Uint8Array(0), count: 0 };
  let tagsDirty = false;
  let allDirty = true;
  let width = 0;
  let height = 0;
  let ratio = 1;
  let gone = false;
  let uploadMs = 0;

  const restore = () => {
    parts = build(gl);
    allDirty = tagsDirty = true;
    repaint();
  };
  const repaint = () => {
    if (!parts || !theme || gl.isContextLost()) return;
    const { image, sheets } = paintMarks(theme, ratio * theme.scale);
    parts.marks.set(image);
    parts.sheets = sheets;
    letters = paintLetters(theme, Math.round(TEXT_PX * theme.scale * ratio));
    parts.letters.set(letters.image);
  };
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault(); // else it never comes back
    parts = null;
    if (!gone) lost(true);
  });
  canvas.addEventListener("webglcontextrestored", () => {
    restore();
    lost(false);
  });
  restore();

  return {
    canvas,
    get ratio() {
      return ratio;
    },
    get letters() {
      return letters;
    },
    /** Main-thread time of the last upload of units, milliseconds. */
    get uploadMs() {
      return uploadMs;
    },
    get works() {
      return parts !== null && !gl.isContextLost();
    },
    /** @param {Theme} next */
    setTheme(next) {
      theme = next;
      ratio = next.pixelRatio;
      repaint();
    },
    /** @param {{ bytes: Uint8Array, count: number }} next */
    setTags(next) {
      tags = next;
      tagsDirty = true;
    },
    /** A fence: resolves to "the card has done all that was asked so far" when polled; null without a context. */
    fence() {
      const sync = gl.isContextLost() ? null : gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
      gl.flush();
      return () => {
        if (!sync || gl.isContextLost()) return true;
        const done = gl.getSyncParameter(sync, gl.SYNC_STATUS) === gl.SIGNALED;
        if (done) gl.deleteSync(sync);
        return done;
      };
    },
    destroy() {
      gone = true;
      gl.getExtension("WEBGL_lose_context")?.loseContext();
      canvas.remove();
    },
    /** Draws; false when there is no context. @param {Picture} picture */
    draw(picture) {
      if (!parts || !theme || !letters || gl.isContextLost()) return false;
      const w = Math.round(picture.view.width * ratio);
      const h = Math.round(picture.view.height * ratio);
      if (w !== width || h !== height) {
        canvas.width = width = w;
        canvas.height = height = h;
      }
      gl.viewport(0, 0, width, height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      const before = performance.now();
      const fresh = picture.instances.units.dirty;
      upload(parts, picture, allDirty);
      if (fresh) uploadMs = performance.now() - before;
      if (tagsDirty) parts.text.set(tags.bytes, tags.count);
      allDirty = tagsDirty = false;
      rings(parts, picture, picture.under);
      marks(parts, picture, ratio * theme.scale);
      rings(parts, picture, picture.over);
      text(parts, picture, theme, letters);
      return true;
    },
  };

  /** @param {ReturnType<typeof build>} p @param {Picture} picture @param {{ bytes: Uint8Array, count: number }} list */
  function rings(p, picture, list) {
    if (!list.count) return;
    p.rings.set(list.bytes, list.count);
    begin(p.ringProgram, picture.view);
    p.rings.draw();
  }

  /** Marks of all layers; the urgent and the chosen once more, whole and never small. @param {ReturnType<typeof build>} p @param {Picture} picture @param {number} s */
  function marks(p, picture, s) {
    const { at } = p.spriteProgram;
    begin(p.spriteProgram, picture.view);
    p.marks.bind();
    gl.uniform2f(at("u_texel"), 1 / p.marks.width, 1 / p.marks.height);
    for (const { layer: name, set } of PASSES) {
      const top = set === "urgent" || set === "chosen";
      const layer = p[set][name];
      if (!p.sheets || !layer.count) continue;
      gl.uniform1f(at("u_fade"), name === "units" ? 1 : picture.fade);
      const tier = top ? Math.min(picture.tiers[name], 1) : picture.tiers[name];
      const sheet = p.sheets[name][tier];
      const half = sheet.cell / 2;
      const whole = [-half, -half, half, half];
      gl.uniform4f(at("u_sheet"), 0, sheet.y, sheet.cell, sheet.columns);
      gl.uniform1f(at("u_lift"), sheet.lift);
      if (name === "units" && tier < 2) {
        gl.uniform1i(at("u_pointers"), 1);
        gl.uniform4fv(at("u_box"), top ? [-half, -half, half, 0] : pointerBox(tier).map((v) => v * s));
        layer.draw();
      }
      gl.uniform1i(at("u_pointers"), 0);
      gl.uniform4fv(at("u_box"), top ? whole : box(name, tier).map((v) => Math.round(v * s)));
      layer.draw();
    }
  }

  /** @param {ReturnType<typeof build>} p @param {Picture} picture @param {Theme} t @param {import("./atlas.mjs").Letters} sheet */
  function text(p, picture, t, sheet) {
    if (!p.text.count) return;
    begin(p.letterProgram, picture.view);
    p.letters.bind();
    gl.uniform2f(p.letterProgram.at("u_texel"), 1 / p.letters.width, 1 / p.letters.height);
    gl.uniform2fv(p.letterProgram.at("u_cells"), sheet.cells);
    gl.uniform1f(p.letterProgram.at("u_height"), sheet.cellHeight);
    const palette = [t.ink2, t.ink, t.caution, t.unit[6]].flatMap((c) => c.map((v) => v / 255));
    gl.uniform3fv(p.letterProgram.at("u_palette"), palette);
    const [r, g, b] = t.ground.map((v) => v / 255);
    for (const halo of [1, 0]) {
      gl.uniform4f(p.letterProgram.at("u_halo"), r, g, b, halo);
      p.text.draw();
    }
  }

  /** @param {ReturnType<typeof program>} with_ @param {import("./mercator.mjs").View} v */
  function begin(with_, v) {
    gl.useProgram(with_.made);
    gl.uniform1i(with_.at("u_things"), 1);
    gl.uniform2i(with_.at("u_centre"), v.cx, v.cy);
    gl.uniform2f(with_.at("u_scale"), v.scale * ratio * v.cos, v.scale * ratio * v.sin);
    gl.uniform2f(with_.at("u_size"), width, height);
    gl.uniform1f(with_.at("u_bearing"), Math.atan2(v.sin, v.cos));
  }
}

/** Gives the card what changed since the last frame. @param {ReturnType<typeof build>} p @param {Picture} picture @param {boolean} all */
function upload(p, picture, all) {
  for (const name of ORDER) {
    const of = picture.instances[name];
    const chosen = picture.chosen?.layer === name ? picture.chosen.row : -1;
    if (!of.dirty && !all && p.chose[name] === chosen) continue;
    if (of.dirty || all) p.all[name].set(of.u8, of.end);
    for (const set of /** @type {const} */ (["raised", "urgent", "chosen"])) {
      const rows = rowsIn(of, set, chosen);
      const bytes = new Uint8Array(rows.length * STRIDE);
      rows.forEach((row, i) => bytes.set(of.u8.subarray(row * STRIDE, (row + 1) * STRIDE), i * STRIDE));
      p[set][name].set(bytes, rows.length);
    }
    p.chose[name] = chosen;
    of.dirty = false;
  }
}

/** Everything that lives on the card. @param {WebGL2RenderingContext} gl */
function build(gl) {
  const each = () => ({
    zones: fetched(gl), cameras: fetched(gl), log: fetched(gl), incidents: fetched(gl), units: fetched(gl),
  });
  return {
    spriteProgram: program(gl, SPRITES),
    ringProgram: program(gl, RINGS),
    letterProgram: program(gl, LETTERS),
    all: each(),
    raised: each(),
    urgent: each(),
    chosen: each(),
    chose: { zones: -1, cameras: -1, log: -1, incidents: -1, units: -1 },
    rings: instanced(gl, RING_STRIDE, [
      { size: 2, type: gl.INT, offset: 0, whole: true },
      { size: 4, type: gl.FLOAT, offset: 8 },
      { size: 4, type: gl.UNSIGNED_BYTE, offset: 24, normal: true },
    ]),
    text: fetched(gl),
    marks: texture(gl),
    letters: texture(gl),
    /** @type {ReturnType<typeof paintMarks>["sheets"] | null} */
    sheets: null,
  };
}
