// The pairs of two models, in the order in which the reader names them.

import { modelKey } from "../../tables.js";

/** @typedef {import("../../parquet.js").Row} Row */

const COLUMNS = [
  "benchmark", "kind", "variant", "metric_name", "split", "model_name_a", "model_deployment_a", "run_a", "score_a", "model_name_b",
  "model_deployment_b", "run_b", "score_b", "lower_is_better", "difference", "ci_low", "ci_high", "p_value", "p_holm", "q_bh",
  "minimum_detectable_difference", "n", "n_common", "n_only_a", "n_only_b", "correlation",
];

/**
 * Read the rows of two models. Each pair is published once; a row in the other order is turned round.
 *
 * @param {import("../../tables.js").Tables} tables
 * @param {import("../../tables.js").Board} board
 * @param {string} a
 * @param {string} b
 * @returns {Promise<Row[]>}
 */
export async function readPairs(tables, board, a, b) {
  const file = await tables.scores("pairs", board.source);
  const rows = await file.rows({ columns: COLUMNS, filter: { benchmark: board.benchmark } });
  return rows.flatMap((row) => {
    const keys = [key(row, "a"), key(row, "b")];
    if (keys[0] === a && keys[1] === b) return [row];
    return keys[0] === b && keys[1] === a ? [turned(row)] : [];
  });
}

/**
 * @param {Row} row
 * @param {"a" | "b"} side
 */
function key(row, side) {
  return modelKey({ model_name: row[`model_name_${side}`], model_deployment: row[`model_deployment_${side}`] });
}

/**
 * Return a pair with its models in the other order.
 *
 * @param {Row} row
 * @returns {Row}
 */
export function turned(row) {
  const negative = (/** @type {number | null} */ value) => (value === null ? null : -value);
  const swapped = ["model_name", "model_deployment", "run", "score", "n_only"].flatMap((name) => [
    [`${name}_a`, row[`${name}_b`]],
    [`${name}_b`, row[`${name}_a`]],
  ]);
  return { ...row, ...Object.fromEntries(swapped), difference: negative(row.difference), ci_low: negative(row.ci_high), ci_high: negative(row.ci_low) };
}
