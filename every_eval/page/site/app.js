// Start the page: open the tables, show the view that the address names, and follow the reader from view to view.

import { current, tellParent, to } from "./address.js";
import { h, replace } from "./elements.js";
import { onProgress } from "./fetching.js";
import { problem } from "./notices.js";
import { Tables } from "./tables.js";

/** @typedef {object} Context what a view gets
 * @property {Tables} tables
 * @property {URLSearchParams} address what is chosen
 * @property {HTMLElement} root element that the view fills
 */

/** @type {Record<string, {label: string | null, load: () => Promise<{show: (context: Context) => Promise<string>}>}>} */
const VIEWS = {
  leaderboard: { label: "Leaderboard", load: () => import("./views/leaderboard/view.js") },
  compare: { label: "Compare", load: () => import("./views/compare/view.js") },
  items: { label: "Items", load: () => import("./views/items/view.js") },
  item: { label: null, load: () => import("./views/item/view.js") },
  model: { label: "Model", load: () => import("./views/model/view.js") },
  trust: { label: "Trust", load: () => import("./views/trust/view.js") },
  history: { label: "History", load: () => import("./views/history/view.js") },
};
const KEPT = ["source", "benchmark"]; // Choices that the links between views keep.

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
/** @type {Promise<Tables>} */
let tables = Tables.open();
let turn = 0;

async function show() {
  const mine = ++turn;
  const address = current();
  const name = address.get("view") ?? "leaderboard";
  const view = VIEWS[name];
  navigation(name, address);
  main.setAttribute("aria-busy", "true");
  const root = h("div.view");
  try {
    if (!view) throw new Error(`The address names the view ${name}, which this page does not have.`);
    const [opened, module] = await Promise.all([begun(address), view.load()]);
    if (mine !== turn) return;
    replace(main, root);
    provenance(opened);
    const title = await module.show({ tables: opened, address, root });
    if (mine === turn) document.title = `${title} · Every Eval`;
  } catch (error) {
    if (mine !== turn) return;
    replace(main, root);
    document.title = "Not shown · Every Eval";
    root.append(problem(error));
    tables.catch(() => (tables = Tables.open()));
  } finally {
    if (mine === turn) main.setAttribute("aria-busy", "false");
  }
}

/**
 * Open the tables, and begin to fetch what the view will read while its script is still on the way.
 *
 * @param {URLSearchParams} address
 */
async function begun(address) {
  const opened = await tables;
  opened.begin(address);
  return opened;
}

/**
 * @param {string} name
 * @param {URLSearchParams} address
 */
function navigation(name, address) {
  const kept = Object.fromEntries(KEPT.map((choice) => [choice, address.get(choice)]));
  const links = Object.entries(VIEWS).flatMap(([other, { label }]) =>
    label === null ? [] : [h("a", { href: to({ view: other, ...kept }), "aria-current": other === name ? "page" : null }, label)],
  );
  replace(/** @type {Element} */ (document.getElementById("views")), links);
}

/** @param {Tables} opened */
function provenance(opened) {
  const { data, scores } = opened.places;
  const linked = (/** @type {import("./tables.js").Place} */ place) =>
    place.location ? h("a", { href: place.location, rel: "noopener", target: "_blank" }, place.repo) : place.repo;
  replace(/** @type {Element} */ (document.getElementById("provenance")), "Read from ", linked(scores), ` at ${scores.commit?.slice(0, 8)} and `, linked(data), ` at ${data.commit?.slice(0, 8)}.`);
}

// A link to another address of the page changes the view without loading the page again.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || link.target) return;
  if (!(link.getAttribute("href") ?? "").startsWith("?")) return;
  event.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  tellParent();
  show().then(() => { main.focus({ preventScroll: true }); window.scrollTo(0, 0); });
});
window.addEventListener("popstate", () => { show(); });
onProgress((text) => { replace(/** @type {Element} */ (document.getElementById("status")), text); });
tellParent();
show();
