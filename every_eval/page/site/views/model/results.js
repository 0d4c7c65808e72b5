// What is published of one model: its places on leaderboards, and its scores on scenarios.

import { boards, modelKey } from "../../tables.js";

/** @typedef {import("../../parquet.js").Row} Row */

/**
 * Return the names of all models, each once, in alphabetical order.
 *
 * @param {Row[]} rows rows of leaderboards
 * @returns {{value: string, label: string}[]}
 */
export function modelNames(rows) {
  const names = new Map(rows.map((row) => [row.model_name ?? "unnamed", row.display_name ?? row.model_name ?? "unnamed"]));
  return [...names].map(([value, label]) => ({ value, label: label === value ? value : `${label} (${value})` })).sort((a, b) => a.label.localeCompare(b.label));
}

/**
 * @param {Row} row
 * @param {string | null} name
 * @param {string | null} deployment null: every deployment
 */
export function isModel(row, name, deployment) {
  return (row.model_name ?? "unnamed") === name && (!deployment || row.model_deployment === deployment);
}

/**
 * Read the model's scores on the scenarios of each benchmark whose leaderboard has the model.
 *
 * @param {import("../../tables.js").Tables} tables
 * @param {Row[]} places rows of leaderboards of the model
 * @param {(row: Row) => boolean} isOwn
 * @returns {Promise<{rows: Row[], problems: unknown[]}>}
 */
export async function readScores(tables, places, isOwn) {
  const read = await Promise.allSettled(boards(places).map((board) => tables.scenarioScores(board)));
  const rows = read.flatMap((one) => (one.status === "fulfilled" ? one.value.filter(isOwn) : []));
  const once = new Map(rows.map((row) => [JSON.stringify([row.source, row.benchmark, row.suite, row.run, row.metric_name, row.split]), row]));
  return { rows: [...once.values()], problems: read.flatMap((one) => (one.status === "rejected" ? [one.reason] : [])) };
}

/**
 * Return each model's mean use of a resource for an instance, beside its score, on one benchmark; models without both are
 * left out.
 *
 * @param {Row[]} scores rows of scenario_scores
 * @param {Row[]} standings rows of the leaderboard
 * @param {string} resource column of scenario_scores
 * @returns {{key: string, row: Row, x: number, y: number}[]}
 */
export function againstScore(scores, standings, resource) {
  return standings.flatMap((row) => {
    const key = modelKey(row);
    const runs = scores.filter((run) => run.column_index !== null && modelKey(run) === key);
    const known = runs.flatMap((run) => (typeof run[resource] === "number" && run[resource] > 0 ? [run[resource]] : []));
    const y = row.mean_win_rate ?? row.mean_score;
    if (!known.length || known.length < runs.length || y === null) return [];
    return [{ key, row, x: known.reduce((sum, value) => sum + value, 0) / known.length, y }];
  });
}
