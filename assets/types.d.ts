/** Types shared by the browser modules. Wire types exist once here and once in Python (docs/wire.md). */

export interface UnitRecord {
  id: string; agency: string; call_sign?: string; unit_type?: string; family?: string;
  primary_status?: string; secondary_status?: string[]; status_internal?: string; incident_id?: string;
  emergency?: string; capabilities?: string[]; crew?: number; source?: string; cadence_s?: number; status?: string;
}
export interface IncidentRecord {
  id: string; agency: string; type?: string; type_internal?: string; status?: string[]; priority_common?: number;
  origin?: string; address?: string; opened_at: number; updated_at: number; units?: string[]; hazards?: string[];
  patients?: number; internal_id?: string; report_status?: string;
}
export interface CameraRecord {
  id: string; agency: string; name?: string; carrier_unit_id?: string; media_ref?: string; source?: string; cadence_s?: number;
}
export interface ZoneRecord {
  id: string; agency: string; name?: string; zone_kind?: string; radius_m?: number; valid_from?: number; valid_to?: number;
  /** GeoJSON: positions are [lon, lat]. */
  geometry?: { type: "Point" | "LineString" | "Polygon" | "MultiPolygon"; coordinates: unknown };
  boundary_version?: string; incident_id?: string; operation_id?: string; min_available_units?: number;
  target_travel_s?: number; source?: string; status?: string;
}
export interface LogRecord {
  id: string; agency: string; entry_kind: string; text?: string; author_position?: string; incident_id?: string;
  refs?: string[]; supersedes?: string; observed_at: number; source?: string; status?: string;
}
export interface PictureEvent {
  n: number; at: number; received_at: number; agency: string; kind: "camera_event" | "incident" | "log_entry"; id: string;
  event: string; text: string; lon?: number; lat?: number; priority?: number; incident_id?: string; camera_id?: string;
  verification?: string; confidence?: number; author_position?: string; supersedes?: string;
}
export type LayerName = "units" | "incidents" | "cameras" | "zones" | "log";
export interface FeedHealth {
  agency: string; source: string; adapter: string; state: "live" | "stale" | "silent" | "idle"; age_s: number | null;
  cadence_s: number; accepted: number; duplicate: number; rejected: number; gaps: number; held_s?: number;
  clock_offset_s?: number | null; clock_error_s?: number | null; last_reason?: string;
  last_sample?: string; reasons?: Record<string, number>; closed?: Record<string, number>;
}
export interface Agency { id: string; name: string; tag: string }
export interface Hello {
  type: "hello"; epoch: string; at: number; tick_ms: number; viewer: { name: string; agency: string; roles: string[] };
  site: { name: string; timezone: string; demo: boolean }; agencies: Agency[];
  /** Layers that another agency shares with the viewer, whatever there is to see. */
  sees?: LayerName[];
}
/** `recording`, `off`, `starting`, `silent`, `behind`, or why nothing is recorded. Unix seconds. */
export interface RecorderHealth { state: string; since: number | null; sealed_to: number | null }
export interface Health {
  type: "health"; at: number; bus: "live" | "lost"; bus_since: number; journal?: string; recorder?: RecorderHealth; feeds: FeedHealth[];
}
export interface Card {
  type: "card"; ask: number; layer: string; agency: string; id: string; found: boolean; title?: string; subtitle?: string;
  position?: [number, number] | null; rows?: [string, string][]; observed_at?: number; received_at?: number;
  flagged?: string[]; history?: [number, string][];
}

/** One layer's rows: columns are dense typed arrays indexed by row; `present[row]` is 1 where there is a thing. */
export interface Table<R> {
  name: string;
  /** Rows in use are below this. */
  end: number;
  /** How many things there are. */
  count: number;
  present: Uint8Array;
  columns: Record<string, Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array>;
  /** Tick of the frame that last changed the row, Unix seconds by the server's clock: ages count from it. */
  at: Float64Array;
  records: (R | undefined)[];
  /** `agency/id` -> row (`keyOf` in assets/map/store.mjs): an id is unique within its agency only. */
  rows: Map<string, number>;
  /** Agencies that have or had things here. */
  agencies: Set<string>;
  /** Grows by one with each applied change to this layer. */
  version: number;
}

/** The picture in the browser (assets/map/store.mjs). Pure: no DOM, no clock. */
export interface Store {
  rev: number;
  /** Last event number seen. */
  eventNumber: number;
  units: Table<UnitRecord>;
  incidents: Table<IncidentRecord>;
  cameras: Table<CameraRecord>;
  zones: Table<ZoneRecord>;
  log: Table<LogRecord>;
  /** Newest last; bounded to 500. */
  events: PictureEvent[];
  bus: "" | "lost";
  busSince: number;
}

/** What every panel and the map get at mount (made by assets/map/map.mjs). */
export interface Page {
  config: PageConfig;
  store: Store;
  hello: Hello | null;
  health: Health | null;
  /** Server time now, Unix seconds, from the client's own clock and the offset estimated from frames. */
  now(): number;
  /** Call `fn` for `frame` (picture changed; at most once an animation frame), `hello`, `health`, `line`, `select`, `camera`, `second` (once a second). Returns an unsubscribe. */
  on(event: "frame" | "hello" | "health" | "line" | "select" | "camera" | "second", fn: () => void): () => void;
  /** The line to the hub and to the web process, by the client's own clock. */
  line: { state: "connecting" | "live" | "frozen"; since: number; what: string };
  /** What is chosen, or null. */
  selected: { layer: LayerName; agency: string; id: string } | null;
  select(layer: LayerName, agency: string, id: string): void;
  deselect(): void;
  /** Ask the hub for the detail card of a thing. */
  card(layer: string, agency: string, id: string): Promise<Card>;
  /** Fly the camera to a place (degrees), optionally to at least this zoom; only ever called by a person's act. */
  flyTo(lon: number, lat: number, zoom?: number): void;
  /** Fit the view to all things; a person's act too. */
  fitAll(): void;
  /** Units with a place that are outside the map's view now. */
  outside(): number;
}
export interface PageConfig {
  /** Port of the stream on this page's host, or `live_url` when the site sets a public one. */
  live_port: number; live_url: string; site: string; timezone: string; demo: boolean;
  /** `/basemap/style.json`, or "" when there is no basemap (then `basemap_notice` says why). */
  basemap: string; basemap_notice: string;
  /** Where the view starts: degrees. */
  view: { lon: number; lat: number; zoom: number };
  /** Of the account: wall, desk or field; api for a program. */
  kind: string;
}
declare global { interface Window { jointops: { stats(): Stats; page?: Page } } }
export interface Stats { drawn: number; fps: number; frame_ms_p95: number; latency_ms_p95: number; revision: number }
