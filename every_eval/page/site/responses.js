// What each run answered to each item: values of item_scores, and the rows of samples with the answers.

import { modelKey } from "./tables.js";

/** @typedef {import("./parquet.js").Row} Row */
/** @typedef {import("./tables.js").Board} Board */
/** @typedef {import("./tables.js").Tables} Tables */

/** @typedef {object} Response
 * @property {number | null} value mean of the item's values in the run
 * @property {string[]} instances the item's places in the run
 */

/** @typedef {object} Scenario
 * @property {string} variant
 * @property {string} metric
 * @property {string | null} split
 * @property {Row[]} runs rows of scenario_scores, one for each model
 */

/**
 * Return the scenarios of a benchmark, each with the runs of its main metric.
 *
 * @param {Row[]} rows rows of scenario_scores
 * @returns {Scenario[]}
 */
export function scenarios(rows) {
  /** @type {Map<string, Scenario>} */
  const found = new Map();
  for (const row of rows) {
    const key = JSON.stringify([row.variant, row.metric_name, row.split]);
    const scenario = found.get(key) ?? { variant: row.variant, metric: row.metric_name, split: row.split, runs: /** @type {Row[]} */ ([]) };
    found.set(key, scenario);
    // A run may stand in several columns of the main table.
    if (!scenario.runs.some((run) => run.run === row.run && run.suite === row.suite)) scenario.runs.push(row);
  }
  return [...found.values()].sort((a, b) => a.variant.localeCompare(b.variant));
}

/**
 * Read the values of a run by item.
 *
 * @param {Tables} tables
 * @param {Board} board
 * @param {Row} run row of scenario_scores
 * @returns {Promise<Map<string, Response>>}
 */
export function responses(tables, board, run) {
  return tables.once(`responses/${board.folder}/${run.suite}/${run.run}/${run.metric_name}/${run.split}`, async () => {
    /** @type {Map<string, Response>} */
    const found = new Map();
    if (run.item_row === null || !run.n_items) return found;
    const file = await tables.shard("item_scores", board, run.shard);
    const rows = await file.rows({ columns: ["metric_name", "split", "perturbation", "instance_id", "item", "value"], start: run.item_row, end: run.item_row + run.n_items });
    /** @type {Map<string, {values: (number | null)[], instances: string[]}>} */
    const gathered = new Map();
    for (const row of rows) {
      if (row.metric_name !== run.metric_name || row.split !== run.split || row.perturbation !== null) continue;
      const key = row.item ?? row.instance_id;
      const known = gathered.get(key) ?? { values: [], instances: [] };
      gathered.set(key, known);
      known.values.push(row.value);
      known.instances.push(row.instance_id);
    }
    for (const [key, { values, instances }] of gathered) {
      const scored = /** @type {number[]} */ (values.filter((value) => value !== null));
      found.set(key, { value: scored.length ? scored.reduce((sum, value) => sum + value, 0) / scored.length : null, instances: [...new Set(instances)] });
    }
    return found;
  });
}

/**
 * Read which instance each of a run's rows of samples holds.
 *
 * @param {Tables} tables
 * @param {Board} board
 * @param {Row} run row of scenario_scores
 * @returns {Promise<Row[]>}
 */
export async function sampleKeys(tables, board, run) {
  if (run.sample_row === null || !run.n_samples) return [];
  const file = await tables.shard("data", board, run.shard);
  return tables.once(`keys/${board.folder}/${run.suite}/${run.run}`, () =>
    file.rows({ columns: ["instance_id", "perturbation_name"], start: run.sample_row, end: run.sample_row + run.n_samples }));
}

/**
 * Read columns of the samples of some instances of a run, as they were given, without perturbations.
 *
 * @param {Tables} tables
 * @param {Board} board
 * @param {Row} run
 * @param {Set<string>} instances
 * @param {string[]} columns
 * @returns {Promise<Row[]>}
 */
export async function samples(tables, board, run, instances, columns) {
  const keys = await sampleKeys(tables, board, run);
  if (!keys.length) return [];
  const file = await tables.shard("data", board, run.shard);
  const places = keys.flatMap((row, at) => (instances.has(row.instance_id) && row.perturbation_name === null ? [run.sample_row + at] : []));
  const read = await Promise.all(ranges(places).map(([start, end]) => file.rows({ columns, start, end })));
  return read.flat();
}

/**
 * Join neighbouring rows to ranges.
 *
 * @param {number[]} places ascending
 * @returns {[number, number][]}
 */
export function ranges(places) {
  /** @type {[number, number][]} */
  const found = [];
  for (const place of places) {
    const last = found.at(-1);
    if (last && last[1] === place) last[1] = place + 1;
    else found.push([place, place + 1]);
  }
  return found;
}

/**
 * Return the runs of chosen models; of as many as `most` if none is chosen, the best ranks first.
 *
 * @param {Row[]} runs rows of scenario_scores
 * @param {string[]} chosen
 * @param {Row[]} ranked rows of the leaderboard
 * @param {number} most
 * @returns {Row[]}
 */
export function runsOf(runs, chosen, ranked, most) {
  const order = new Map(ranked.map((row, at) => [modelKey(row), at]));
  const sorted = [...runs].sort((a, b) => (order.get(modelKey(a)) ?? Infinity) - (order.get(modelKey(b)) ?? Infinity));
  const named = sorted.filter((run) => chosen.includes(modelKey(run)));
  return named.length ? named : sorted.slice(0, most);
}
