// A table that people sort with the mouse or the keyboard, and download as CSV.

import { change, current } from "./address.js";
import { download } from "./csv.js";
import { h } from "./elements.js";

/** @typedef {string | number | boolean | null | undefined} Value */

/**
 * @template R
 * @typedef {object} TableColumn
 * @property {string} name name in the address and in the CSV file
 * @property {string} label
 * @property {string} [title] what the column means; the meaning of a published column if absent
 * @property {string} [of] published column that is shown, if its name is another
 * @property {(row: R) => Value} value for sorting and for CSV
 * @property {(row: R) => any} [show] content of the cell; the value if absent
 * @property {boolean} [isText] false aligns the cell to the right
 * @property {string} [kind] class of the cells
 * @property {boolean} [isHeader] whether the cell names the row
 * @property {(cell: HTMLElement, row: R) => void} [decorate] changes a cell
 */

/**
 * @template R
 * @typedef {object} TableOptions
 * @property {string} caption what the table shows
 * @property {string} id name of the table in the address, if a view has several
 * @property {string} file name of the CSV file
 * @property {number} [limit] rows that are shown at first
 * @property {Record<string, string>} [docs] meanings of the published columns
 */

/**
 * @template R
 * @param {TableColumn<R>[]} columns
 * @param {R[]} rows
 * @param {TableOptions<R>} options
 * @returns {HTMLElement}
 */
export function dataTable(columns, rows, options) {
  const key = `sort_${options.id}`;
  const box = h("div.table_box");
  let limit = options.limit ?? 200;
  const draw = () => {
    const sorted = sort(columns, rows, current().get(key));
    const shown = sorted.slice(0, limit);
    const more = sorted.length - shown.length;
    const scroll = h("div.scroll", { tabindex: 0, role: "region", "aria-label": options.caption }, grid(columns, shown, options, key, draw));
    box.replaceChildren(
      scroll,
      h("p.table_foot", {}, `${rows.length} ${rows.length === 1 ? "row" : "rows"}`,
        more > 0 && h("button", { type: "button", onclick: () => { limit += 500; draw(); } }, `Show ${Math.min(500, more)} more`),
        h("button.csv", { type: "button", onclick: () => download(`${options.file}.csv`, lines(columns, sorted)) }, "Download CSV")),
    );
  };
  draw();
  return box;
}

/**
 * Return the lines of the CSV file of a table.
 *
 * @template R
 * @param {TableColumn<R>[]} columns
 * @param {R[]} rows
 */
export function lines(columns, rows) {
  return [columns.map((column) => column.name), ...rows.map((row) => columns.map((column) => column.value(row)))];
}

/**
 * @template R
 * @param {TableColumn<R>[]} columns
 * @param {R[]} rows
 * @param {TableOptions<R>} options
 * @param {string} key
 * @param {() => void} redraw
 */
function grid(columns, rows, options, key, redraw) {
  const sorting = current().get(key);
  const sortBy = (/** @type {string} */ name) => {
    change({ [key]: sorting === name ? `-${name}` : name });
    redraw();
    const button = document.querySelector(`[data-sort="${CSS.escape(options.id + name)}"]`);
    if (button instanceof HTMLElement) button.focus();
  };
  const heads = columns.map((column) => {
    const order = sorting === column.name ? "ascending" : sorting === `-${column.name}` ? "descending" : null;
    return h(`th${column.isText ? "" : ".number"}${column.kind ? "." + column.kind : ""}`, { scope: "col", "aria-sort": order },
      h("button", { type: "button", title: column.title ?? options.docs?.[column.of ?? column.name], "data-sort": options.id + column.name, onclick: () => sortBy(column.name) },
        column.label, order && h("span.order", { "aria-hidden": "true" }, order === "ascending" ? " ▲" : " ▼")));
  });
  const body = rows.map((row) => h("tr", {}, columns.map((column) => cell(column, row))));
  return h("table", {}, h("caption.hidden", {}, options.caption), h("thead", {}, h("tr", {}, heads)), h("tbody", {}, body));
}

/**
 * @template R
 * @param {TableColumn<R>} column
 * @param {R} row
 */
function cell(column, row) {
  const classes = [column.isText ? "text" : "number", column.kind].filter(Boolean).join(".");
  const content = column.show ? column.show(row) : column.value(row);
  const made = h(`${column.isHeader ? "th" : "td"}.${classes}`, { scope: column.isHeader ? "row" : null }, content);
  column.decorate?.(made, row);
  return made;
}

/**
 * Sort rows by a column; rows without a value come last.
 *
 * @template R
 * @param {TableColumn<R>[]} columns
 * @param {R[]} rows
 * @param {string | null} order name of a column, with a minus for descending order
 */
export function sort(columns, rows, order) {
  const column = columns.find((one) => order === one.name || order === `-${one.name}`);
  if (!column || !order) return rows;
  const sign = order.startsWith("-") ? -1 : 1;
  const isMissing = (/** @type {Value} */ value) => value === null || value === undefined || value === "";
  return [...rows].sort((a, b) => {
    const [left, right] = [column.value(a), column.value(b)];
    if (isMissing(left) || isMissing(right)) return Number(isMissing(left)) - Number(isMissing(right));
    return sign * (typeof left === "number" && typeof right === "number" ? left - right : String(left).localeCompare(String(right)));
  });
}
