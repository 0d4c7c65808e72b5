// Choices that several views share: the benchmark, a scenario, and models. Each choice is a link or changes the address.

import { current, to } from "./address.js";
import { h } from "./elements.js";
import { note, problem } from "./notices.js";
import { boards, modelKey } from "./tables.js";

/** @typedef {import("./parquet.js").Row} Row */
/** @typedef {import("./tables.js").Board} Board */

/**
 * Show the benchmarks as tabs, and return the chosen one with its rows of the leaderboard; null if there is none.
 *
 * @param {import("./app.js").Context} context
 * @param {string} view
 * @returns {Promise<{board: Board, rows: Row[]} | null>}
 */
export async function chosenBoard({ tables, address, root }, view) {
  const { rows, problems } = await tables.leaderboards();
  root.append(...problems.map(problem));
  const all = boards(rows);
  const named = all.filter((one) => one.benchmark === address.get("benchmark") && one.source === (address.get("source") ?? one.source));
  const board = named[0] ?? all[0];
  if (!board) {
    root.append(note("No leaderboard is published yet. Run the daily job, then load the page again."));
    return null;
  }
  if (!named.length && address.get("benchmark")) {
    root.append(note(`The address names ${address.get("benchmark")} of ${address.get("source")}, which is not published. This is ${board.benchmark}.`));
  }
  root.append(tabs(all, board, view));
  return { board, rows: rows.filter((row) => row.source === board.source && row.benchmark === board.benchmark) };
}

/**
 * @param {Board[]} all
 * @param {Board} chosen
 * @param {string} view
 */
function tabs(all, chosen, view) {
  return h("nav.tabs", { "aria-label": "Benchmarks" }, all.map((one) =>
    h("a", { href: to({ view, source: one.source, benchmark: one.benchmark }), "aria-current": one === chosen ? "true" : null },
      h("bdi", {}, one.benchmark), h("span.source", {}, one.source))));
}

/**
 * Make a list to choose from; a choice leads to the same view with another address.
 *
 * @param {string} label
 * @param {string} name name of the choice in the address
 * @param {{value: string, label: string}[]} options
 * @param {string | null} chosen
 */
export function chooser(label, name, options, chosen) {
  const go = (/** @type {Event} */ event) => {
    const query = current();
    query.set(name, /** @type {HTMLSelectElement} */ (event.target).value);
    follow(`?${query}`);
  };
  return h("label", {}, `${label} `, h("select", { name, onchange: go },
    options.map((option) => h("option", { value: option.value, selected: option.value === chosen }, option.label))));
}

/**
 * Follow a link as if the reader had clicked it.
 *
 * @param {string} href
 */
export function follow(href) {
  const link = h("a", { href, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
}

/**
 * Return the options for models, in the order of their ranks.
 *
 * @param {Row[]} rows rows of a leaderboard
 */
export function modelOptions(rows) {
  return rows.map((row) => ({ value: modelKey(row), label: `${row.display_name ?? row.model_name}${row.model_deployment && row.model_deployment !== row.model_name ? ` (${row.model_deployment})` : ""}` }));
}
