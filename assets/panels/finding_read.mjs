// @ts-check
// A finding to read: its words, where and when it is pinned, and what it said before.

import { QUESTIONS, STATE_WORDS, changedWords, differing, isOverdue } from "../review/finding.mjs";
import { toWall } from "../review/range.mjs";
import { viewWords } from "../review/words.mjs";
import { el } from "./dom.mjs";
import { clock, count, tagOf, thingName } from "./words.mjs";

const ZOOM = 15;

/** @typedef {import("../types.d.ts").Page} Page */
/** @typedef {import("../types.d.ts").Finding} Finding */

/** @param {Page} page @param {import("../types.d.ts").FindingDraft} said */
export function momentWords(page, said) {
  const face = clock(page.config.timezone);
  const { time, date } = face(said.at);
  return `${date} ${time}${said.until ? `–${face(said.until).time}` : ""} · ${viewWords(said.view, page.hello?.agencies ?? [])}`;
}

/** @param {import("../types.d.ts").FindingDraft} said @param {string} today */
export function planWords(said, today) {
  const due = said.due ? (isOverdue(said, today) ? `overdue since ${said.due}` : `due ${said.due}`) : "";
  return [STATE_WORDS[said.state], said.owner, due].filter(Boolean).join(" · ");
}

/** To its moment, in its view, to its place and what it is about. @param {Page} page @param {Finding} finding */
export function goTo(page, { said }) {
  const { review } = page;
  if (!review) return;
  review.pause();
  if (review.views.includes(said.view)) review.setView(said.view);
  else if (said.view !== review.view) review.notify(`Its view, ${viewWords(said.view, page.hello?.agencies ?? [])}, is not for you; the moment is shown ${viewWords(review.view, page.hello?.agencies ?? [])}.`);
  review.seek(said.at);
  const [thing] = said.refs;
  if (thing) page.select(thing.layer, thing.agency, thing.id);
  if (said.lon !== null && said.lat !== null) page.flyTo(said.lon, said.lat, ZOOM);
}

/**
 * @param {HTMLElement} root @param {Page} page @param {Finding} finding
 * @param {{ edit: (() => void) | null, back: () => void }} acts
 */
export function drawRead(root, page, finding, acts) {
  const { said } = finding;
  const face = clock(page.config.timezone);
  /** @param {string} word @param {string} className @param {() => void} pressed */
  const button = (word, className, pressed) => {
    const node = el("button", `button ${className}`, word);
    node.setAttribute("type", "button");
    node.addEventListener("click", pressed);
    return node;
  };
  const bar = el("div", "finding-acts");
  bar.append(button("All findings", "finding-back", acts.back), button("Go there", "", () => goTo(page, finding)));
  if (acts.edit) bar.append(button("Change", "finding-edit", acts.edit));
  const facts = el("dl", "finding-pins");
  const { time, date } = face(finding.made_at);
  const things = el("span", "finding-things");
  things.append(...said.refs.map((ref) => button(thingName(page, ref), "chip", () => page.select(ref.layer, ref.agency, ref.id))));
  const today = toWall(Date.now() / 1000, page.config.timezone).slice(0, 10);
  /** @type {[string, string | HTMLElement][]} */
  const rows = [
    ["Moment", momentWords(page, said)], ["Place", said.lon === null || said.lat === null ? "" : `${said.lat.toFixed(5)}, ${said.lon.toFixed(5)}`],
    ["About", said.refs.length ? things : ""], ["State", planWords(said, today)], ["Read by", said.shared ? "every agency of the site" : "your agency"],
    ["Written", `${date} ${time}, ${tagOf(page, finding.agency)} ${finding.author_role}, version ${finding.version}`],
  ];
  for (const [word, value] of rows) {
    if (!value) continue;
    const cell = el("dd");
    cell.append(value);
    facts.append(el("dt", "", word), cell);
  }
  const answers = QUESTIONS.filter(([name]) => said[name]).flatMap(([name, question]) => [el("h4", "card-part", question), el("p", "finding-words", said[name])]);
  const earlier = document.createElement("details");
  earlier.className = "finding-versions";
  earlier.append(el("summary", "", count(finding.version, "version")));
  earlier.addEventListener("toggle", () => {
    if (earlier.open && earlier.childElementCount === 1) void tellVersions(earlier, page, finding.id);
  });
  root.dataset.version = String(finding.version);
  root.replaceChildren(bar, el("h3", "finding-head", said.title), facts, ...answers, earlier);
}

/** What each version changed, the newest first. @param {HTMLElement} within @param {Page} page @param {string} id */
async function tellVersions(within, page, id) {
  const list = el("ol", "finding-history");
  within.append(list);
  try {
    const all = (await page.review?.findings.versions(id)) ?? [];
    const face = clock(page.config.timezone);
    list.replaceChildren(...all.map((version, i) => {
      const before = all[i - 1];
      const names = before ? differing(before.said, version.said) : [];
      const { time, date } = face(version.made_at);
      const item = el("li");
      item.append(el("b", "", `Version ${version.version} · ${date} ${time} · ${version.author_role}`), el("span", "", before ? `Changed: ${changedWords(names) || "nothing"}` : "Written"));
      // What it said before can still be read.
      for (const name of before ? names : []) {
        const was = before.said[name];
        if (typeof was === "string" && was) item.append(el("q", "finding-was", was));
      }
      return item;
    }).reverse());
  } catch (error) {
    list.replaceChildren(el("li", "", `${error instanceof Error ? error.message : error}`));
  }
}
