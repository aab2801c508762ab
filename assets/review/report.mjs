// @ts-check
/** An incident's timeline with its findings as a file to keep: one page that needs nothing else, or JSON. */

import { QUESTIONS, STATE_WORDS } from "./finding.mjs";

/** @typedef {import("./chronology.mjs").Row} Row */
/**
 * @typedef {object} Report
 * @property {string} title
 * @property {Record<string, string>} stamp who saved it, of which view and moment
 * @property {import("../types.d.ts").Chronology} timeline
 * @property {{ time: string, who: string }[]} known from when on who could know of it
 * @property {Row[]} rows as shown
 * @property {(row: Row) => { time: string, received: string, text: string, by: string }} words
 */

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: CanvasText; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 0; } h3 { font-size: 1rem; margin: 1rem 0 0; }
table { border-collapse: collapse; width: 100%; margin-top: 1rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; vertical-align: top; border-bottom: 1px solid color-mix(in srgb, CanvasText 18%, Canvas); }
td:nth-child(-n+2) { white-space: nowrap; } dt { font-weight: 600; margin-top: .5rem; } dd { margin: 0; white-space: pre-wrap; }
tr { break-inside: avoid; } .quiet { color: color-mix(in srgb, CanvasText 68%, Canvas); font-size: .9rem; } .finding td { background: color-mix(in srgb, CanvasText 6%, Canvas); }
`;

/** @type {Record<string, string>} */
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
/** @param {string} text */
export const escaped = (text) => text.replace(/[&<>"']/g, (c) => ESCAPES[c]);

/** @param {Report} report */
export function asHtml({ title, stamp, known, rows, words }) {
  const lines = rows.map((row) => {
    const { time, received, text, by } = words(row);
    const cells = [time, received, text, by].map((cell) => `<td>${escaped(cell)}</td>`).join("");
    return `<tr${row.finding ? ' class="finding"' : ""}>${cells}</tr>`;
  });
  const findings = rows.flatMap(({ finding }) => (finding ? [findingHtml(finding)] : []));
  const stamped = Object.entries(stamp).map(([name, value]) => `${escaped(name)}: ${escaped(value)}`).join(" · ");
  const firsts = known.map(({ time, who }) => `${escaped(time)} ${escaped(who)}`).join(" · ");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><h1>${escaped(title)}</h1><p class="quiet">${stamped}</p>
${firsts ? `<p>Could be known from: ${firsts}</p>` : ""}
<table><thead><tr><th>Observed</th><th>Received</th><th>What</th><th>By</th></tr></thead>
<tbody>${lines.join("\n")}</tbody></table>
${findings.length ? `<h2>Findings</h2>${findings.join("\n")}` : ""}</body></html>
`;
}

/** @param {import("../types.d.ts").Finding} finding */
function findingHtml({ said, agency, author_role, version }) {
  const plan = [STATE_WORDS[said.state], said.owner && `owner: ${said.owner}`, said.due && `due ${said.due}`, `by ${agency} (${author_role}), version ${version}`];
  const told = QUESTIONS.filter(([name]) => said[name]).map(([name, question]) => `<dt>${question}</dt><dd>${escaped(said[name])}</dd>`).join("");
  return `<h3>${escaped(said.title)}</h3><p class="quiet">${escaped(plan.filter(Boolean).join(" · "))}</p><dl>${told}</dl>`;
}

/** @param {Report} report */
export function asJson({ title, stamp, timeline, rows }) {
  const lines = rows.flatMap(({ line }) => (line ? [line] : []));
  const findings = rows.flatMap(({ finding }) => (finding ? [finding] : []));
  return JSON.stringify({ stamp: { title, ...stamp }, timeline: { ...timeline, type: undefined, ask: undefined, lines }, findings }, null, 1);
}

/** Gives a file to the person. @param {string} name @param {string} type @param {string} text */
export function keep(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
