// The heat map's cells: each model's score in each column of the main table, with interval, n and the published value.

import { modelKey } from "../../tables.js";

/** @typedef {import("../../parquet.js").Row} Row */

/** @typedef {object} Cell
 * @property {number | null} value
 * @property {number | null} low
 * @property {number | null} high
 * @property {number} n instances with a value
 * @property {number | null} published
 * @property {boolean} differs whether the published value differs from ours by the source's own rules
 * @property {Row[]} runs
 */

/** @typedef {object} MainColumn
 * @property {number} index
 * @property {string} name
 * @property {boolean | null} lowerIsBetter
 * @property {Map<string, Cell>} cells by model
 */

const TOLERANCE = 1e-6; // Relative difference up to which a published value is taken as equal.

/**
 * @param {Row[]} rows rows of scenario_scores
 * @returns {MainColumn[]}
 */
export function mainColumns(rows) {
  /** @type {Map<number, {column: MainColumn, runs: Map<string, Row[]>}>} */
  const found = new Map();
  for (const row of rows) {
    if (row.column_index === null) continue;
    const known = found.get(row.column_index) ?? { column: { index: row.column_index, name: row.column_name, lowerIsBetter: row.lower_is_better, cells: new Map() }, runs: new Map() };
    found.set(row.column_index, known);
    const key = modelKey(row);
    known.runs.set(key, [...(known.runs.get(key) ?? []), row]);
  }
  for (const { column, runs } of found.values()) for (const [key, of] of runs) column.cells.set(key, pooled(of));
  return [...found.values()].map(({ column }) => column).sort((a, b) => a.index - b.index);
}

/**
 * Return the cell of the runs: their mean, each run weighed by its trials as in HELM's tables. The interval combines
 * those of the runs by MOVER (Zou and Donner 2008): the distances of the ends from the means add up as squares.
 *
 * @param {Row[]} runs
 * @returns {Cell}
 */
export function pooled(runs) {
  const scored = runs.filter((run) => run.mean_score !== null);
  const weights = scored.map((run) => run.n_trials || 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const isWhole = scored.length === runs.length && total > 0;
  const value = isWhole ? scored.reduce((sum, run, at) => sum + (weights[at] ?? 0) * run.mean_score, 0) / total : null;
  const hasIntervals = value !== null && scored.every((run) => run.ci_low !== null && run.ci_high !== null);
  const distance = (/** @type {"ci_low" | "ci_high"} */ end) => Math.sqrt(scored.reduce((sum, run, at) => sum + ((weights[at] ?? 0) * (run[end] - run.mean_score)) ** 2, 0)) / total;
  const { cell_value: ours = null, published_value: published = null } = runs[0] ?? {};
  return {
    value,
    low: hasIntervals ? value - distance("ci_low") : null,
    high: hasIntervals ? value + distance("ci_high") : null,
    n: scored.reduce((sum, run) => sum + (run.n_scored ?? 0), 0),
    published,
    differs: published !== null && (ours === null || Math.abs(ours - published) > TOLERANCE * Math.max(1, Math.abs(published))),
    runs,
  };
}
