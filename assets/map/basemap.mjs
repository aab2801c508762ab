// @ts-check
/**
 * The street map under everything else: adds its sources and layers to a live map, and repaints them in place.
 *
 * The map is made with a bare style and gets the streets afterwards: an error while Plotly makes a map costs every trace
 * on it, an error here costs the streets. The style is never changed as a whole, for what was added would go with it.
 */

/**
 * What this file uses of a MapLibre instance.
 * @typedef {object} StyledMap
 * @property {() => { layers: { id: string, type: string }[] }} getStyle
 * @property {(id: string) => object | undefined} getSource
 * @property {(id: string, source: object) => unknown} addSource
 * @property {(id: string) => object | undefined} getLayer
 * @property {(layer: object, before?: string) => unknown} addLayer
 * @property {(layer: string, name: string, value: any) => unknown} setPaintProperty
 * @property {(layer: string, name: string, value: any) => unknown} setLayoutProperty
 */
/**
 * @typedef {object} Layer
 * @property {string} id
 * @property {string} type
 * @property {Record<string, any>} [layout]
 * @property {Record<string, any>} [paint]
 * @property {{ roles?: Record<string, string> }} [metadata] paint property -> role
 */
/**
 * @typedef {object} Style
 * @property {{ themes: Record<string, Record<string, string | number>>, notice: string }} metadata
 * @property {Record<string, { tiles?: string[] }>} sources
 * @property {Layer[]} layers
 */

const TIMEOUT_MS = 10_000;
/** From try to try while the style cannot be had: at first, and at most. */
const AGAIN_MS = [1000, 15_000];

/** @type {WeakMap<StyledMap, Style>} */
const styles = new WeakMap();
/** The theme asked for last. @type {WeakMap<StyledMap, string>} */
const wanted = new WeakMap();

/**
 * Adds the street map below all that is on `map`. Returns what people must be told about it, "" for nothing.
 * Rejects when the style cannot be had; the map is then as it was, and it may be tried again.
 * @param {any} map a live MapLibre instance whose style is loaded
 * @param {string} styleUrl on this page's origin
 * @param {string} theme dark, light or night
 * @param {number} [scale] of labels, the page's own by default
 * @returns {Promise<string>}
 */
export async function addBasemap(map, styleUrl, theme, scale = pageScale()) {
  wanted.set(map, theme);
  const answer = await fetch(styleUrl, { credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`basemap style: expected 200, got ${answer.status}`);
  const style = /** @type {Style} */ (await answer.json());
  const live = /** @type {StyledMap} */ (map);
  const before = live.getStyle().layers.find((layer) => layer.type !== "background")?.id;
  for (const [id, source] of Object.entries(style.sources)) if (!live.getSource(id)) live.addSource(id, onOrigin(source));
  for (const layer of style.layers) {
    if (layer.type === "background" || live.getLayer(layer.id)) continue;
    live.addLayer(painted(layer, style, theme, scale), before);
  }
  styles.set(live, style);
  repaint(map, wanted.get(live) ?? theme, scale); // it may have changed while the style was on its way
  return style.metadata.notice;
}

/**
 * As `addBasemap`, tried again and again until it is done or `still` says no: the server may just be restarting.
 * @param {any} map @param {string} styleUrl
 * @param {() => string} theme
 * @param {() => boolean} still whether this map is still the one to add it to
 * @returns {Promise<string>}
 */
export async function awaitBasemap(map, styleUrl, theme, still) {
  for (let pause = AGAIN_MS[0]; still(); pause = Math.min(2 * pause, AGAIN_MS[1])) {
    try {
      return await addBasemap(map, styleUrl, theme());
    } catch (error) {
      console.warn(`basemap_missing: the map goes on without streets, next try in ${pause / 1000} s`, error);
      await new Promise((done) => setTimeout(done, pause));
    }
  }
  return "";
}

/**
 * Gives the street map, and the ground under it, the colours of a theme. Before `addBasemap` is done, it is remembered.
 * A token `--map-<role>` in the page's style sheets wins over the style's own colour.
 * @param {any} map
 * @param {string} theme
 * @param {number} [scale]
 */
export function repaint(map, theme, scale = pageScale()) {
  const live = /** @type {StyledMap} */ (map);
  wanted.set(live, theme);
  const style = styles.get(live);
  if (!style) return;
  for (const layer of style.layers) {
    const now = painted(layer, style, theme, scale);
    for (const id of layer.type === "background" ? backgrounds(live) : [layer.id]) {
      if (!live.getLayer(id)) continue;
      for (const name of Object.keys(layer.metadata?.roles ?? {})) live.setPaintProperty(id, name, now.paint?.[name]);
    }
    if (layer.layout?.["text-size"] && live.getLayer(layer.id))
      live.setLayoutProperty(layer.id, "text-size", now.layout?.["text-size"]);
  }
}

/** The page's own scale (token `--scale`), which is 1 on a screen of 1920x1080 CSS pixels. */
function pageScale() {
  const scale = Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--scale"));
  return scale > 0 ? Math.min(scale, 6) : 1;
}

/**
 * A layer in the colours of a theme and with labels of a size.
 * @param {Layer} layer @param {Style} style @param {string} theme @param {number} scale
 * @returns {Layer}
 */
function painted(layer, style, theme, scale) {
  const colours = style.metadata.themes[theme] ?? style.metadata.themes.dark;
  const tokens = getComputedStyle(document.documentElement);
  /** @param {string} role */
  const value = (role) => {
    const token = tokens.getPropertyValue(`--map-${role}`).trim();
    return token && typeof colours[role] === "string" && CSS.supports("color", token) ? token : colours[role];
  };
  const paint = { ...layer.paint };
  for (const [name, role] of Object.entries(layer.metadata?.roles ?? {})) {
    const near = `${role}-near` in colours;
    // as layers/basemap_style.py writes it: a broad street near by is quieter than a fine one far off
    paint[name] = near ? ["interpolate", ["linear"], ["zoom"], 13, value(role), 16, value(`${role}-near`)] : value(role);
  }
  const layout = { ...layer.layout };
  if (layout["text-size"]) layout["text-size"] = scaled(layout["text-size"], scale);
  return { ...layer, paint, layout };
}

/**
 * An interpolated size, times `scale`: ["interpolate", how, ["zoom"], zoom, size, zoom, size, ...].
 * @param {any} size @param {number} scale
 */
function scaled(size, scale) {
  if (!Array.isArray(size)) return size * scale;
  return size.map((value, i) => (i >= 4 && i % 2 === 0 ? value * scale : value));
}

/** @param {StyledMap} map */
const backgrounds = (map) => map.getStyle().layers.filter((l) => l.type === "background").map((l) => l.id);

/**
 * The source with its tiles on this page's origin: the map's worker has no base for relative addresses, and behind a
 * proxy the server knows another name of itself than the browser.
 * @param {{ tiles?: string[] }} source
 */
function onOrigin(source) {
  return source.tiles ? { ...source, tiles: source.tiles.map((t) => location.origin + t.replace(/^https?:\/\/[^/]+/, "")) } : source;
}
