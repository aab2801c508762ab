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
  type: "hello"; epoch?: string; at: number; tick_ms: number; viewer: { name: string; agency: string; roles: string[] };
  site: { name: string; timezone: string; demo: boolean }; agencies: Agency[];
  /** Layers that another agency shares with the viewer, whatever there is to see. */
  sees?: LayerName[];
  /** Of a recording: what there is of it, and the views of a moment that this viewer may choose. */
  replay?: { from: number; to: number; agencies: string[]; views: string[] };
}
/** `recording`, `off`, `starting`, `silent`, `behind`, or why nothing is recorded. Unix seconds. */
export interface RecorderHealth { state: string; since: number | null; sealed_to: number | null }
export interface Health {
  type: "health"; at: number; bus: "live" | "lost"; bus_since: number; journal?: string; recorder?: RecorderHealth; feeds: FeedHealth[];
}
export interface Card {
  type: "card"; ask: number; layer: string; agency: string; id: string; found: boolean; title?: string; subtitle?: string;
  position?: [number, number] | null; rows?: [string, string][]; observed_at?: number; received_at?: number;
  aligned_at?: number | null; aligned_error_s?: number | null; flagged?: string[]; history?: [number, string][];
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
  /** Call `fn` for `frame` (picture changed; at most once an animation frame), `hello`, `health`, `line`, `select`, `camera`, `off`, `second` (once a second), `only` (something else alone is shown). Returns an unsubscribe. */
  on(event: "frame" | "hello" | "health" | "line" | "select" | "camera" | "off" | "second" | "only", fn: () => void): () => void;
  /** The line to the hub and to the web process, by the client's own clock. */
  line: { state: "connecting" | "live" | "frozen"; since: number; what: string };
  /** What is chosen, or null. */
  selected: { layer: LayerName; agency: string; id: string } | null;
  select(layer: LayerName, agency: string, id: string): void;
  deselect(): void;
  /** Ask the hub for the detail card of a thing. */
  card(layer: string, agency: string, id: string): Promise<Card>;
  /** Bring a place that lies under the card out beside it. */
  uncover(lon: number, lat: number): void;
  /** Fly the camera to a place (degrees), optionally to at least this zoom; only ever called by a person's act. */
  flyTo(lon: number, lat: number, zoom?: number): void;
  /** Fit the view to all things; a person's act too. */
  fitAll(): void;
  /** Put a place in the middle at once; a person's act, and what follows from it. */
  centre(lon: number, lat: number): void;
  /** Where the map looks now: degrees. */
  camera(): { lon: number; lat: number; zoom: number };
  /** What is not drawn on the map: whole layers, and all things of some agencies. */
  off: { layers: Set<LayerName>; agencies: Set<string> };
  hides(layer: string, record: { agency: string } | undefined): boolean;
  setOff(layers: Iterable<LayerName>, agencies: Iterable<string>): void;
  /** Units with a place that are outside the map's view now. */
  outside(): number;
  /** What alone is shown; null: everything. */
  only: import("./map/only.mjs").Only | null;
  showOnly(only: import("./map/only.mjs").Only | null): void;
  /** Go to the moment of what happened, where the page can. */
  goTo?: (event: PictureEvent) => void;
  /** The review session; not on the live wall. */
  review?: Review;
}
/** A review session (assets/review/session.mjs): a moment of a recording, and how to go to another. Times are Unix seconds. */
export interface Review {
  readonly url: string;
  /** What is recorded, once that is known, or why it is not. */
  recording: import("./review/counts.mjs").Recording | null;
  problem: string;
  /** Why the recordings take no review just now, in words; "" while they do. */
  refused: string;
  views: string[];
  view: string;
  /** The part of it on the timeline; the name it was chosen by, or "". */
  range: { from: number; to: number };
  rangeName: string;
  notices: { text: string; since: number }[];
  /** The clocks that were off at the moment, as far as it was known then. */
  clocks: (ClockOff & { agency: string })[];
  /** A seek or step that takes its time: where to (null: it is searched for), and how much of it is done (0..1). */
  seeking: { at: number | null; done: number } | null;
  /** The answer to the last step. */
  stepped: Stepped | null;
  follow: { agency: string; id: string } | null;
  /** Units are drawn from the overview: as they stood at `at`, one of a state each `step_s` seconds; all else at `exact`. */
  coarse: { at: number; step_s: number; exact: number } | null;
  on(event: "clock" | "range" | "recording" | "notice" | "follow" | "stepped" | "screen" | "screens" | "clocks" | "want" | "also", fn: () => void): () => void;
  at(): number;
  readonly playing: boolean;
  /** Of the picture: another after each seek and each change of the view; "" while there is none. */
  readonly epoch: string;
  readonly speed: number;
  /** Speed really reached; 0 while that is not known. */
  readonly reached: number;
  /** A finger holds the playhead there: drawn from the overview, else at most ten moments a second are asked for. */
  hold(at: number): void;
  /** It lets go: plays on if it did. */
  release(at: number): void;
  seek(at: number): void;
  play(): void;
  pause(): void;
  setSpeed(times: number): void;
  setView(view: string): void;
  step(to: StepKind, by: 1 | -1): void;
  setRange(range: { from: number; to: number }, name?: string): void;
  setRangeByName(name: string): void;
  bounds(): { from: number; to: number };
  /** As far as anything is recorded: where a recording goes on without a report, its last minute that has one. */
  filled(): { from: number; to: number };
  /** Rejects when the server does not answer, or says why it does not. */
  track(agency: string, id: string, from: number, to: number): Promise<{ points: TrackPoint[]; clocks: ClockOff[]; missing: Missing[] }>;
  near(lon: number, lat: number, metres: number, from: number, to: number): Promise<Near>;
  /** What the address asks to be shown alone, until it is or cannot be. */
  only: import("./map/only.mjs").Asked | null;
  /** What else is open, as the address has it: until a panel has opened it, what the address asks for. */
  also: { near: import("./map/only.mjs").Asked | null; second: { at: number; view: string } | null; compare: boolean };
  setAlso(also: Partial<Review["also"]>): void;
  within(asked: import("./map/only.mjs").Asked): Promise<import("./map/only.mjs").Within & Near & { more: boolean }>;
  chronology(agency: string, id: string, metres: number, wanted?: AbortSignal): Promise<Chronology>;
  /** The findings of the site's reviews. */
  findings: ReturnType<typeof import("./review/findings.mjs").openFindings>;
  /** The part of the page that a person wants. */
  wanted: Wanted | null;
  want(wanted: Wanted): void;
  setFollow(thing: { agency: string; id: string } | null): void;
  /** Says something to the person. */
  notify(text: string): void;
  /** Draws something over the map, under the marks; no more with `null`. */
  sketch(name: string, draws: ((pen: import("./review/sketch.mjs").Pen) => void) | null): void;
  /** The place under a point of the map (CSS pixels), degrees. */
  placeAt(x: number, y: number): [number, number] | null;
  /** What the server says of the screen whose view it is; null in other views. */
  screen: ScreenSaid | null;
  /** Screens that were open around the moment, as they were asked for last. */
  screens: ScreenOffer[];
  askScreens(): Promise<void>;
  /** Calls `fn` with the page's map, and each later one. */
  over(fn: (map: import("./map/plotly_map.mjs").LiveMap) => void): void;
}
/** A page that was open: `id` is AGENCY-KIND-NUMBER; `until` null while it still was. Unix seconds. */
export interface ScreenOffer { id: string; agency: string; page: string; since: number; until: number | null }
/** How a screen looked: box is west, south, east, north, degrees; sizes of its map in CSS pixels. */
export interface ScreenLook {
  box: [number, number, number, number]; zoom: number; width: number; height: number; layers: LayerName[]; without: string[];
  theme: string; chosen: { layer: LayerName; agency: string; id: string } | null; away: boolean;
}
/** What a screen showed at `at`; `text` says why nothing is shown. */
export interface ScreenSaid {
  type: "screen"; at: number; session: string | null; look: ScreenLook | null; text: string; agency?: string; page?: string;
  since?: number; until?: number | null; rev?: number; drawn_at?: number; look_at?: number; is_tick?: boolean;
}
export type StepKind = "incident" | "camera" | "alarm" | "log";
export interface Stepped { to: StepKind; by: 1 | -1; found: boolean; at: number; until: number | null; events: PictureEvent[]; units: [string, string][] }
/**
 * Effective time, lon, lat (degrees), speed (metres a second), course (degrees), status code, then observed at by the
 * source's own clock; the same by ours, and within how many seconds, null where it is not known to be off.
 */
export type TrackPoint = [
  number, number | null, number | null, number | null, number | null, number | null, number, number | null, number | null,
];
/** Seconds: how far a source's clock is ahead of ours (negative: behind), and how far that may be from the truth. */
export interface ClockOff { source: string; offset_s: number; error_s: number }
export interface NearUnit {
  agency: string; id: string; call_sign?: string; first: number; last: number; nearest_m: number; nearest_at: number;
}
/** Who was there, and of what parts of the time the record is damaged. */
export interface Near { units: NearUnit[]; missing?: Missing[] }
export interface FindingRef { layer: LayerName; agency: string; id: string }
/** layers/findings.py: what a reviewer says. Times are Unix seconds, `due` a date (`2026-11-28`), places degrees. */
export interface FindingDraft {
  at: number; until: number | null; view: string; lon: number | null; lat: number | null; refs: FindingRef[]; title: string;
  happened: string; response: string; differently: string; owner: string; due: string | null;
  state: "open" | "in progress" | "done" | "rejected"; shared: boolean;
}
export interface Finding { id: string; version: number; agency: string; author_role: string; made_at: number; said: FindingDraft }
/** A timeline to look at, a finding to read, or one to write about something. */
export type Wanted =
  | { panel: "chronology"; agency: string; id: string }
  | { panel: "near"; place: [number, number]; at: number }
  | { panel: "findings"; read: string }
  | { panel: "findings"; write: FindingRef | null };
export interface ChronologyLine {
  at: number; observed_at: number; received_at: number; agency: string; id: string; event: string; text: string;
  kind: "incident" | "assignment" | "unit" | "camera_event" | "log_entry"; source?: string; status?: string; lon?: number; lat?: number;
  near_m?: number; units?: [string, string][]; verification?: string; author_position?: string; camera_id?: string;
}
export interface Chronology {
  agency: string; id: string; found: boolean; /** What was known by then; null: by now. */ at?: number | null; lines: ChronologyLine[]; from?: number; to?: number; more?: boolean; metres?: number;
  place?: [number, number] | null;
  /** From when on each agency could know of it; null: not by then. */
  known?: [string, number | null][];
  missing?: Missing[];
}
/** A part of a stretch that was asked about whose record is damaged. */
export interface Missing { agency: string; from: number; to: number }
export interface PageConfig {
  /** Port of the stream on this page's host, or `live_url` when the site sets a public one. */
  live_port: number; live_url: string;
  /** The same of recordings. */
  review_port: number; review_url: string;
  site: string; timezone: string; demo: boolean;
  /** `/basemap/style.json`, or "" when there is no basemap (then `basemap_notice` says why). */
  basemap: string; basemap_notice: string;
  /** Where the view starts: degrees. */
  view: { lon: number; lat: number; zoom: number; /** The zoom is meant for this very screen. */ exact?: boolean };
  /** Of the account: wall, desk or field; api for a program. */
  kind: string;
}
declare global { interface Window { jointops: { stats(): Stats; page?: Page; overview?(): Record<string, number> } } }
export interface Stats { drawn: number; fps: number; frame_ms_p95: number; latency_ms_p95: number; revision: number }
