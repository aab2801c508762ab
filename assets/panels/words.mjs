// @ts-check
// Codes in words, ages and clocks. Pure: time is an argument.

/** The words of layers/words.py. @type {Record<string, string>} */
const TYPES = {
  ABDUCT: "Abduction", ACTSHOOT: "Active shooter", ALARM: "Alarm", ASSAULT: "Assault", ASSIST: "Assist",
  ATL: "Attempt to locate", BARICADE: "Barricaded person", BOMB: "Bomb", BURG: "Burglary", CU1: "CU1",
  DISTURB: "Disturbance", DOMESTIC: "Domestic", DRUGS: "Drugs", FIRE: "Fire", FIREALRM: "Fire alarm",
  FRAUD: "Fraud", HAZMAT: "Hazardous material", HLP1: "Officer in trouble", HOSTAGE: "Hostage", MEDICAL: "Medical",
  MISSING: "Missing person", MVA: "Traffic crash", MVAINJ: "Traffic crash with injury", PERSDOWN: "Person down",
  PURSUIT: "Pursuit", RESCUE: "Rescue", ROBBERY: "Robbery", SHOTS: "Shots fired", STABBING: "Stabbing",
  STRUCTFR: "Structure fire", SUSPACT: "Suspicious activity", SUSPPKG: "Suspicious package",
  SUSPVEH: "Suspicious vehicle", THEFT: "Theft", TRAFFIC: "Traffic", TRESPASS: "Trespass", VANDAL: "Vandalism",
  WARRANT: "Warrant", WEAPON: "Weapon", WELFARE: "Welfare check",
};

/** @type {Record<string, string>} */
const EVENTS = {
  analytics_detection: "Detection by software", buffering: "Buffering", gunshot_detected: "Gunshot detected",
  livestream_available: "Live picture available", lpr_hit: "Plate hit", offline: "Offline",
  person_down: "Person down", recording_started: "Recording started", recording_stopped: "Recording stopped",
  tamper: "Tamper", uas_landed: "Drone landed", uas_launched: "Drone launched", uas_on_station: "Drone on station",
  weapon_drawn: "Weapon drawn",
};

/** A camera event's type in words. @param {string} code */
export function eventType(code) {
  return EVENTS[code] ?? plain(code);
}

/** @type {Record<string, string>} */
const ZONES = {
  cold: "Cold zone", hot: "Hot zone", icp: "Command post", lz: "Landing zone", no_fly: "No-fly zone",
  perimeter_inner: "Inner perimeter", perimeter_outer: "Outer perimeter", staging: "Staging area", warm: "Warm zone",
  warning: "Public warning",
};

/** What people call a zone: its name, else its kind in words. @param {import("../types.d.ts").ZoneRecord} record */
export function zoneName(record) {
  return record.name || (record.zone_kind ? ZONES[record.zone_kind] ?? plain(record.zone_kind) : record.id);
}

/** The furthest along first: an incident may hold several. @type {[string, string][]} */
const STATUSES = [
  ["Cancelled", "Cancelled"], ["Closed", "Closed"], ["FireUnderControl", "Fire under control"],
  ["StructureCleared", "Structure cleared"], ["ResourcesOnscene", "On scene"], ["ResourcesEnroute", "En route"],
  ["ResourcesAssigned", "Assigned"], ["ReOpened", "Reopened"], ["NewLocation", "New location"], ["Active", "Active"],
];

/** "SuspiciousPerson" or "person_down" as words. @param {string} code */
export function plain(code) {
  const words = code.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ").trim().toLowerCase();
  return words ? words[0].toUpperCase() + words.slice(1) : "";
}

/** What names a thing among its agency's: an id without what all ids of its kind have in common. @param {string} id */
export function shortId(id) {
  const parts = id.split(":");
  return parts[0] === "urn" && parts.length > 5 ? parts.slice(4, -1).join(":") : id;
}

/** @param {import("../types.d.ts").IncidentRecord} record */
export function incidentType(record) {
  const code = record.type ?? "";
  if (TYPES[code]) return TYPES[code];
  return record.type_internal || (code ? (/^[A-Z0-9]+$/.test(code) ? code : plain(code)) : "Type not said");
}

/** Words for the map, where the long ones do not fit. @type {Record<string, string>} */
const SHORT = {
  ACTSHOOT: "Shooter", ATL: "Locate", BARICADE: "Barricade", HAZMAT: "Hazmat", HLP1: "Help officer",
  MISSING: "Missing", MVA: "Crash", MVAINJ: "Crash injury", STRUCTFR: "Struct. fire", SUSPACT: "Suspicious",
  SUSPPKG: "Susp package", SUSPVEH: "Susp vehicle", WELFARE: "Welfare",
};
export const SHORT_MAX = 12;

/** The type in at most SHORT_MAX letters. @param {import("../types.d.ts").IncidentRecord} record */
export function shortType(record) {
  const words = SHORT[record.type ?? ""] ?? (record.type || record.type_internal ? incidentType(record) : "Incident");
  return words.length > SHORT_MAX ? `${words.slice(0, SHORT_MAX - 2).trimEnd()}..` : words;
}

/** @param {string[] | undefined} status */
export function incidentStatus(status) {
  const held = new Set(status ?? []);
  for (const [code, words] of STATUSES) {
    if (!held.has(code)) continue;
    return words;
  }
  const other = (status ?? [])[0];
  return other ? plain(other) : "Status not said";
}

/** Why nothing was answered, as a sentence. @param {unknown} error */
export const noAnswer = (error) => `No answer: ${(error instanceof Error ? error.message : String(error)).replace(/\.$/, "")}.`;

/** Short age. @param {number} seconds */
export function age(seconds) {
  const s = Math.max(0, seconds);
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  const h = Math.floor(s / 3600);
  if (h < 48) return `${h} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}`;
  return `${Math.floor(h / 24)} d`;
}

/** Age of a feed's newest word: tenths below ten seconds. @param {number | null} seconds */
export function feedAge(seconds) {
  if (seconds === null) return "–";
  return seconds < 9.95 ? `${Math.max(0, seconds).toFixed(1)} s` : age(seconds);
}

/** "37 s ahead": of a source's clock. @param {number} offset seconds */
export function aheadWords(offset) {
  const off = Math.abs(offset);
  return `${feedAge(off < 9.95 ? off : Math.round(off))} ${offset > 0 ? "ahead" : "behind"}`;
}

/** "37 s ahead ± 1.0 s". @param {{ offset_s: number, error_s: number }} clock */
export const offBy = ({ offset_s, error_s }) => `${aheadWords(offset_s)} ± ${error_s.toFixed(1)} s`;

/** "every 10 s". @param {number} seconds */
export function cadence(seconds) {
  return `every ${seconds < 120 ? `${Number(seconds.toFixed(1))} s` : age(seconds)}`;
}

/** @param {number} n @param {string} one @param {string} [many] */
export function count(n, one, many = `${one}s`) {
  return `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;
}

/** A clock face in a time zone: {time, date, zone}. @param {string} timeZone */
export function clock(timeZone) {
  const time = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const date = new Intl.DateTimeFormat("en-GB", { timeZone, weekday: "short", day: "2-digit", month: "short" });
  const zone = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "short" });
  /** @param {number} at Unix seconds */
  return (at) => ({
    time: time.format(at * 1000),
    date: date.format(at * 1000),
    zone: zone.formatToParts(at * 1000).find((part) => part.type === "timeZoneName")?.value ?? "",
  });
}

/** That a part of a stretch is not to be had. @param {import("../types.d.ts").Page} page @param {ReturnType<typeof clock>} face @param {import("../types.d.ts").Missing} gap */
export const missingWords = (page, face, { agency, from, to }) =>
  `The record of ${tagOf(page, agency)} from ${face(from).time} to ${face(to).time} is damaged: what was reported then is missing.`;

export const NOT_SHARED = "Not shared with your agency";

/**
 * Is there nothing of a layer because nobody shares it with this viewer? Then 0 is no fact. Not so before the hub said.
 * @param {import("../types.d.ts").Page} page @param {import("../types.d.ts").LayerName} layer
 */
export function notShared(page, layer) {
  const sees = page.hello?.sees;
  return sees !== undefined && !sees.includes(layer) && page.store[layer].count === 0;
}

/** The agency's capitals. @param {import("../types.d.ts").Page} page @param {string} agency */
export function tagOf(page, agency) {
  return page.hello?.agencies.find((a) => a.id === agency)?.tag ?? agency.toUpperCase().slice(0, 4);
}

/**
 * What people call a thing, as far as the picture knows it now; else its id.
 * @param {import("../types.d.ts").Page} page @param {{ layer: import("../types.d.ts").LayerName, agency: string, id: string }} thing
 */
export function thingName(page, { layer, agency, id }) {
  const table = page.store[layer];
  const row = table.rows.get(`${agency}/${id}`);
  const record = row === undefined ? undefined : table.records[row];
  if (!record) return id;
  if (layer === "units") return /** @type {any} */ (record).call_sign || id;
  if (layer === "cameras") return /** @type {any} */ (record).name || id;
  if (layer === "zones") return zoneName(/** @type {any} */ (record));
  if (layer === "log") return /** @type {any} */ (record).text || plain(/** @type {any} */ (record).entry_kind);
  const { address } = /** @type {import("../types.d.ts").IncidentRecord} */ (record);
  const type = incidentType(/** @type {any} */ (record));
  return address ? `${type}, ${address}` : type;
}

/** Kinds of viewers who write findings (dashboard/findings.py). */
const WRITERS = new Set(["desk", "field"]);

/** @param {import("../types.d.ts").Page} page */
export const mayWrite = (page) => WRITERS.has(page.config.kind);

/** @type {Record<import("../types.d.ts").LayerName, string>} */
export const LAYER_WORDS = { units: "Units", incidents: "Incidents", cameras: "Cameras", zones: "Zones", log: "Log marks" };

/** What is off, in one line, "" for nothing. @param {Iterable<string>} layers @param {Iterable<string>} without @param {{ id: string, tag: string }[]} agencies */
export function offWords(layers, without, agencies) {
  const off = new Set(layers);
  return [
    ...Object.entries(LAYER_WORDS).filter(([layer]) => off.has(layer)).map(([, words]) => words.toLowerCase()),
    ...[...without].sort().map((id) => agencies.find((a) => a.id === id)?.tag ?? id.toUpperCase()),
  ].join(", ");
}
