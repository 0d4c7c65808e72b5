// The texts of a scenario's questions, read from the runs that have them: few runs hold all.

import { responses } from "../../responses.js";

/** @typedef {import("../../parquet.js").Row} Row */

/**
 * Read the question of each item.
 *
 * @param {import("../../tables.js").Tables} tables
 * @param {import("../../tables.js").Board} board
 * @param {import("../../responses.js").Scenario} scenario
 * @param {Row[]} items
 * @returns {Promise<Map<string, string>>} text by item
 */
export async function readQuestions(tables, board, scenario, items) {
  /** @type {Map<string, string>} */
  const found = new Map();
  const wanted = new Set(items.map((row) => row.item));
  for (const run of scenario.runs) {
    if (found.size >= wanted.size) break;
    const answered = await responses(tables, board, run);
    const places = new Map([...answered].flatMap(([item, { instances }]) => (wanted.has(item) && !found.has(item) ? instances.map((instance) => /** @type {[string, string]} */ ([instance, item])) : [])));
    if (!places.size || run.sample_row === null) continue;
    const file = await tables.shard("data", board, run.shard);
    const rows = await file.rows({ columns: ["instance_id", "perturbation_name", "raw_input"], start: run.sample_row, end: run.sample_row + run.n_samples });
    for (const row of rows) {
      const item = places.get(row.instance_id);
      if (item !== undefined && row.perturbation_name === null && row.raw_input !== null) found.set(item, row.raw_input);
    }
  }
  return found;
}
