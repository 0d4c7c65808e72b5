// The leaderboard's controls: search, filters, and the choice of models, columns and weights.

import { h } from "../../elements.js";
import { modelKey } from "../../tables.js";

/** @typedef {import("../../parquet.js").Row} Row */

/** @typedef {object} Filters
 * @property {string} search
 * @property {string} access
 * @property {string} creator
 */

/**
 * @param {URLSearchParams} address
 * @returns {Filters}
 */
export function readFilters(address) {
  return { search: address.get("search") ?? "", access: address.get("access") ?? "", creator: address.get("creator") ?? "" };
}

/**
 * @param {Row} row
 * @param {Filters} filters
 */
export function passes(row, { search, access, creator }) {
  const names = [row.display_name, row.model_name, row.model_deployment, row.creator].filter(Boolean).join(" ").toLowerCase();
  return names.includes(search.toLowerCase()) && (!access || row.access === access) && (!creator || row.creator === creator);
}

/**
 * @param {Row[]} rows
 * @param {Filters} filters
 * @param {(changed: Partial<Filters>) => void} onChange
 */
export function filterControls(rows, filters, onChange) {
  const options = (/** @type {"access" | "creator"} */ name) => [...new Set(rows.map((row) => row[name]).filter(Boolean))].sort();
  const select = (/** @type {"access" | "creator"} */ name, /** @type {string} */ label) => {
    const values = options(name);
    if (values.length < 2) return null;
    return h("label", {}, `${label} `, h("select", { name, onchange: (event) => onChange({ [name]: event.target.value }) },
      h("option", { value: "" }, "all"), values.map((value) => h("option", { value, selected: value === filters[name] }, value))));
  };
  return h("div.controls", { role: "search" },
    h("label", {}, "Find ", h("input", { type: "search", name: "search", value: filters.search, placeholder: "model or creator", oninput: (event) => onChange({ search: event.target.value }) })),
    select("creator", "Creator"), select("access", "Access"));
}

/**
 * @param {Row[]} rows
 * @param {import("./cells.js").MainColumn[]} columns
 * @param {import("./choices.js").Choices} choices
 * @param {(hidden: Set<string>, weights: Map<number, number>) => void} onChange
 */
export function suiteControls(rows, columns, choices, onChange) {
  const apply = () => {
    const form = /** @type {HTMLElement} */ (document.getElementById("suite"));
    const inputs = [.../** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("input"))];
    const hidden = new Set(inputs.filter((input) => input.name === "model" && !input.checked).map((input) => input.value));
    const weights = new Map(inputs.filter((input) => input.name === "weight" && Number(input.value) > 0).map((input) => [Number(input.dataset.index), Number(input.value)]));
    onChange(hidden, weights);
  };
  const reset = () => onChange(new Set(), new Map(columns.map((column) => [column.index, 1])));
  return h("details", { open: !choices.isPublished }, h("summary", {}, "Choose models, columns and weights"),
    h("div", { id: "suite" },
      h("fieldset", {}, h("legend", {}, "Columns, each with its weight; 0 leaves a column out"), h("div.choices", {}, columns.map((column) =>
        h("label", {}, h("input.weight", { type: "number", name: "weight", min: 0, step: 0.5, value: choices.weights.get(column.index) ?? 0, "data-index": column.index, onchange: apply }), ` ${column.name}`)))),
      h("fieldset", {}, h("legend", {}, "Models"), h("div.choices", {}, rows.map((row) =>
        h("label", {}, h("input", { type: "checkbox", name: "model", value: modelKey(row), checked: !choices.hidden.has(modelKey(row)), onchange: apply }), " ", h("bdi", {}, modelKey(row)))))),
      h("button", { type: "button", onclick: reset }, "As published")));
}
