// Parts that several views show: what could not be read, what is missing, and how to read the same numbers by a program.

import { h } from "./elements.js";
import { message } from "./format.js";

/**
 * Say that something could not be read; the rest of the view stays.
 *
 * @param {unknown} error
 */
export function problem(error) {
  return h("p.problem", { role: "alert" }, `Not shown: ${message(error)}`);
}

/** @param {string} text */
export function note(text) {
  return h("p.note", {}, text);
}

/**
 * Fill a part of a view as soon as its content is there. A problem is said in its place.
 *
 * @param {string} what what is being loaded
 * @param {() => Promise<Node | Node[]>} make
 * @returns {HTMLElement}
 */
export function section(what, make) {
  const box = h("section", { "aria-busy": "true" }, h("p.loading", {}, `Loading ${what} …`));
  make()
    .then((content) => box.replaceChildren(...[content].flat()), (error) => box.replaceChildren(problem(error)))
    .finally(() => box.setAttribute("aria-busy", "false"));
  return box;
}

/**
 * Show programs that read the same numbers.
 *
 * @param {{pandas: string, duckdb: string}} programs
 */
export function recipe({ pandas, duckdb }) {
  return h("details.recipe", {}, h("summary", {}, "This in pandas or DuckDB"),
    h("h3", {}, "pandas"), h("pre", { tabindex: 0 }, h("code", {}, pandas)),
    h("h3", {}, "DuckDB"), h("pre", { tabindex: 0 }, h("code", {}, duckdb)));
}

/**
 * Write a text as a literal of Python.
 *
 * @param {string} text
 */
export function pythonText(text) {
  return JSON.stringify(text);
}

/**
 * Write a text as a literal of SQL.
 *
 * @param {string} text
 */
export function sqlText(text) {
  return `'${text.replaceAll("'", "''")}'`;
}
