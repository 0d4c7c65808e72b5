// The items of a scenario: from the published table of items or, where there is none, from the runs' own values.

import { responses } from "../../responses.js";

/** @typedef {import("../../parquet.js").Row} Row */

const COLUMNS = [
  "benchmark", "variant", "metric_name", "split", "item", "n_models", "mean", "difficulty", "discrimination", "discrimination_error",
  "is_suspicious", "all_right", "all_wrong", "n_right", "n_wrong", "instance_id",
];

/**
 * @param {import("../../tables.js").Tables} tables
 * @param {import("../../tables.js").Board} board
 * @param {import("../../responses.js").Scenario} scenario
 * @returns {Promise<Row[]>}
 */
export async function readItems(tables, board, scenario) {
  if (await tables.hasScores("items", board.source)) {
    const file = await tables.scores("items", board.source);
    const rows = await file.rows({ columns: COLUMNS, filter: { benchmark: board.benchmark, variant: scenario.variant } });
    return rows.filter((row) => row.metric_name === scenario.metric && row.split === scenario.split).map((row) => ({ ...row, item: row.item ?? row.instance_id }));
  }
  const read = await Promise.all(scenario.runs.map((run) => responses(tables, board, run)));
  return summarised(read);
}

/**
 * Return one row for each item that any run has.
 *
 * @param {Map<string, import("../../responses.js").Response>[]} runs
 * @returns {Row[]}
 */
export function summarised(runs) {
  const items = new Map(runs.flatMap((run) => [...run].map(([item, response]) => [item, response.instances[0]])));
  return [...items].map(([item, instance]) => {
    const values = /** @type {number[]} */ (runs.map((run) => run.get(item)?.value ?? null).filter((value) => value !== null));
    const mean = values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
    return {
      item,
      instance_id: instance,
      n_models: values.length,
      mean,
      difficulty: null,
      discrimination: null,
      discrimination_error: null,
      is_suspicious: null,
      all_right: values.length ? values.every((value) => value === 1) : null,
      all_wrong: values.length ? values.every((value) => value === 0) : null,
      spread: deviation(values),
    };
  });
}

/**
 * Return the standard deviation of values; null for fewer than two.
 *
 * @param {number[]} values
 */
export function deviation(values) {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
