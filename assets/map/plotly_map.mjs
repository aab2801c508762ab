// @ts-check
/**
 * The one place that touches Plotly: takes the MapLibre instance out of the graph, gives it our manners, and hands it on.
 *
 * Plotly may make another instance (it does when its last map trace goes); `mounted` is then called again.
 * The figure is never sent again: it would move the viewer's camera.
 */

/** How often to look for an instance: while there is none, and once there is one. */
const SOON_MS = 50;
const LATER_MS = 1000;

/**
 * What we use of MapLibre; Plotly brings no types.
 * @typedef {object} LiveMap
 * @property {(event: string, fn: (e: any) => void) => void} on
 * @property {(event: string, fn: (e: any) => void) => void} off
 * @property {(event: string, fn: (e: any) => void) => void} once
 * @property {() => { lng: number, lat: number }} getCenter
 * @property {(point: [number, number]) => { lng: number, lat: number }} unproject
 * @property {(place: [number, number]) => { x: number, y: number }} project CSS pixels
 * @property {() => number} getZoom
 * @property {() => number} getBearing
 * @property {() => HTMLElement} getContainer
 * @property {() => HTMLElement} getCanvasContainer
 * @property {() => HTMLCanvasElement} getCanvas
 * @property {() => boolean} isMoving
 * @property {() => boolean} loaded
 * @property {() => boolean | void} isStyleLoaded
 * @property {(options: object) => void} jumpTo
 * @property {(options: object, data?: object) => void} easeTo
 * @property {(options: object, data?: object) => void} flyTo
 * @property {(bounds: [[number, number], [number, number]], options?: object, data?: object) => void} fitBounds
 * @property {(pitch: number) => void} setMaxPitch
 * @property {() => void} triggerRepaint
 * @property {(layer: string, name: string, value: unknown) => void} setPaintProperty
 * @property {(id: string) => object | undefined} getLayer
 * @property {{ disable(): void }} touchPitch
 * @property {{ disable(): void }} dragRotate
 * @property {{ disableRotation(): void }} touchZoomRotate
 * @property {{ disableRotation?(): void }} keyboard
 */

/**
 * The graph's MapLibre instance, or null while there is none. Reads Plotly's private fields: tests/assets/test_map_page.py
 * fails the day they change.
 * @param {Element} root the dcc.Graph
 * @returns {LiveMap | null}
 */
export function instanceOf(root) {
  return graphOf(root)?._fullLayout?.map?._subplot?.map ?? null;
}

/** @param {Element} root @returns {any} */
const graphOf = (root) => (root.classList.contains("js-plotly-plot") ? root : root.querySelector(".js-plotly-plot"));

/**
 * Calls `mounted` with the map once its style is there, and again with each later instance. Returns how to stop.
 * @param {string} selector of the dcc.Graph, looked up each time: Dash puts a placeholder there first
 * @param {(map: LiveMap) => void} mounted
 */
export function followMap(selector, mounted) {
  /** @type {LiveMap | null} */
  let known = null;
  let timer = 0;
  const look = () => {
    const root = document.querySelector(selector);
    const map = root && instanceOf(root);
    // The bare style has no tiles to wait for, so "style loaded" is soon true.
    if (map && map !== known && map.isStyleLoaded()) {
      known = map;
      manners(map);
      map.on("moveend", () => keepCamera(graphOf(root), map));
      map.once("load", () => keepThrough(map));
      mounted(map);
    }
    timer = window.setTimeout(look, map && map === known ? LATER_MS : SOON_MS);
  };
  look();
  return () => clearTimeout(timer);
}

/**
 * Tells Plotly where the camera is: at every new layout, as when the window changes its size, it puts the map where
 * it believes it to be, and it hears only of moves made by mouse or finger.
 * @param {any} graph @param {LiveMap} map
 */
function keepCamera(graph, map) {
  const { lng, lat } = map.getCenter();
  for (const layout of [graph?.layout?.map, graph?._fullLayout?.map]) {
    if (!layout) continue;
    layout.center = { lon: lng, lat };
    layout.zoom = map.getZoom();
  }
}

/** Plotly puts the map where its figure began once all tiles are there, which may be long after a person moved it. @param {LiveMap} map */
function keepThrough(map) {
  const camera = { center: map.getCenter(), zoom: map.getZoom() };
  setTimeout(() => map.jumpTo(camera));
}

/** The camera stays a plain 2-D transform with north up. @param {LiveMap} map */
function manners(map) {
  map.setMaxPitch(0);
  map.touchPitch.disable();
  map.dragRotate.disable();
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation?.();
}
