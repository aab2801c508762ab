// @ts-check
/**
 * What a review draws beside the picture: trails, a circle, where the other view has somebody. A plain canvas under the
 * marks, drawn with the map; the picture itself is the wall's own canvas and knows nothing of it.
 */

import { viewOf } from "../map/scene.mjs";
import { mercatorX, mercatorY, toScreen } from "../map/mercator.mjs";
import { oncePerFrame } from "../map/once.mjs";
import { readTheme, watchTheme } from "../map/theme.mjs";

/** @typedef {import("../map/plotly_map.mjs").LiveMap} LiveMap */
/**
 * @typedef {object} Pen
 * @property {CanvasRenderingContext2D} context CSS pixels
 * @property {(lon: number, lat: number) => [number, number]} at where a place is, CSS pixels
 * @property {number} pxPerMetre
 * @property {import("../map/theme.mjs").Theme} theme
 * @property {string} replay colour of what belongs to the review
 */

/** @param {(fn: (map: LiveMap) => void) => void} over */
export function makeSketch(over) {
  /** @type {Map<string, (pen: Pen) => void>} */
  const layers = new Map();
  /** @type {{ map: LiveMap, canvas: HTMLCanvasElement } | null} */
  let mounted = null;
  let theme = readTheme();
  let replay = colour();

  const draw = () => {
    if (!mounted) return;
    const { map, canvas } = mounted;
    const context = canvas.getContext("2d");
    const view = viewOf(map);
    if (!context || !view.width) return;
    const ratio = theme.pixelRatio;
    const [w, h] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    const out = [0, 0];
    /** @type {Pen} */
    const pen = {
      context, theme, replay, pxPerMetre: view.pxPerMetre,
      at(lon, lat) {
        toScreen(view, mercatorX(lon), mercatorY(lat), out);
        return [out[0], out[1]];
      },
    };
    for (const layer of layers.values()) layer(pen);
  };
  const wake = oncePerFrame(draw);
  over((map) => {
    mounted?.canvas.remove();
    const parent = map.getContainer();
    const canvas = document.createElement("canvas");
    canvas.className = "map-sketch";
    parent.insertBefore(canvas, parent.querySelector(".map-overlay"));
    mounted = { map, canvas };
    map.on("render", draw);
    map.on("resize", wake);
    wake();
  });
  watchTheme(() => {
    theme = readTheme();
    replay = colour();
    wake();
  });
  return {
    /** Draws something, or no more with `null`. @param {string} name @param {((pen: Pen) => void) | null} draws */
    set(name, draws) {
      if (!draws && !layers.has(name)) return;
      if (draws) layers.set(name, draws);
      else layers.delete(name);
      wake();
    },
    wake,
    /** The place under a point of the map, degrees. @param {number} x CSS pixels @param {number} y @returns {[number, number] | null} */
    placeAt(x, y) {
      const place = mounted?.map.unproject([x, y]);
      return place ? [place.lng, place.lat] : null;
    },
  };
}

const colour = () => getComputedStyle(document.documentElement).getPropertyValue("--replay").trim();
