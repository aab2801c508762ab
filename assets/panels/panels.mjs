// @ts-check
// Mounts every panel of the page: an element with data-panel="x" is filled by ./x.mjs. A panel that fails says so
// in its own place and leaves the others alone.

/** @typedef {import("../types.d.ts").Page} Page */

/**
 * Mount all panels; resolves when each has been tried.
 * @param {Page} page
 * @param {ParentNode} [within]
 */
export async function mountPanels(page, within = document) {
  const roots = /** @type {HTMLElement[]} */ ([...within.querySelectorAll("[data-panel]")]);
  await Promise.all(roots.map((root) => mountOne(root, page)));
}

/** @param {HTMLElement} root @param {Page} page */
async function mountOne(root, page) {
  const name = root.dataset.panel ?? "";
  try {
    const panel = await import(`./${name}.mjs`);
    panel.mount(root, page);
  } catch (error) {
    console.error(`panel_failed name=${name}`, error);
    root.dataset.failed = "This panel could not be shown";
    root.hidden = false;
  }
}
