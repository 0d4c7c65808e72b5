// The rows that the leaderboard shows: as published, or made again in the browser from the chosen columns and models.

import { meanScores, meanWinRates, ranks } from "../../scoring.js";
import { modelKey } from "../../tables.js";

/** @typedef {import("../../parquet.js").Row} Row */
/** @typedef {import("./cells.js").MainColumn} MainColumn */

/** @typedef {object} Standing
 * @property {string} key
 * @property {Row} row row of the leaderboard, for the facts about the model
 * @property {number | null} rank
 * @property {number | null} rankLow
 * @property {number | null} rankHigh
 * @property {number | null} score the number that ranks
 * @property {number | null} low
 * @property {number | null} high
 * @property {number | null} meanScore
 * @property {number} nColumns chosen columns in which the model has a score
 * @property {number | null} tier
 * @property {number | null} nTied
 */

/** @param {Row[]} rows */
export function ranksByWinRate(rows) {
  return rows.some((row) => row.mean_win_rate !== null);
}

/**
 * Return the column that ranks the models. Files from before adjusted scores rank by mean scores.
 *
 * @param {Row[]} rows
 */
export function rankingColumn(rows) {
  if (ranksByWinRate(rows)) return "mean_win_rate";
  return rows.some((row) => typeof row.adjusted_score === "number") ? "adjusted_score" : "mean_score";
}

/**
 * @param {Row[]} rows rows of the leaderboard of one benchmark
 * @returns {Standing[]}
 */
export function published(rows) {
  const name = rankingColumn(rows);
  return rows.map((row) => ({
    key: modelKey(row),
    row,
    rank: row.rank,
    rankLow: row.rank_low,
    rankHigh: row.rank_high,
    score: row[name] ?? null,
    low: row[`${name}_low`] ?? null,
    high: row[`${name}_high`] ?? null,
    meanScore: row.mean_score,
    nColumns: row.n_scenarios,
    tier: row.tier ?? null,
    nTied: row.n_tied_with ?? null,
  }));
}

/**
 * Rank the models again over the chosen columns. A model that has no rank as published stays without one. A second
 * deployment of a ranked model is no opponent of the others.
 *
 * @param {Row[]} rows
 * @param {MainColumn[]} columns
 * @param {import("./choices.js").Choices} choices
 * @returns {Standing[]}
 */
export function recomputed(rows, columns, { hidden, weights }) {
  const shown = rows.filter((row) => !hidden.has(modelKey(row)));
  const ranked = new Set(rows.filter((row) => row.rank !== null).map((row) => row.model_name));
  const isSecond = (/** @type {Row} */ row) => row.rank === null && ranked.has(row.model_name);
  const chosen = columns.filter((column) => weights.has(column.index)).map((column) => ({
    lowerIsBetter: column.lowerIsBetter,
    weight: weights.get(column.index) ?? 1,
    values: shown.map((row) => (isSecond(row) ? null : (column.cells.get(modelKey(row))?.value ?? null))),
  }));
  const byWinRate = ranksByWinRate(rows);
  const means = meanScores(chosen);
  const scores = byWinRate ? meanWinRates(chosen) : means;
  const isLost = (/** @type {Row} */ row) => row.rank === null && row.unranked_reason !== null;
  const sign = !byWinRate && chosen[0]?.lowerIsBetter ? -1 : 1;
  const places = ranks(scores.map((score, at) => (score === null || isLost(/** @type {Row} */ (shown[at])) ? null : sign * score)));
  const made = shown.map((row, at) => ({
    key: modelKey(row),
    row,
    rank: places[at] ?? null,
    rankLow: null,
    rankHigh: null,
    score: scores[at] ?? null,
    low: null,
    high: null,
    meanScore: means[at] ?? null,
    nColumns: chosen.filter((column) => column.values[at] !== null).length,
    tier: null,
    nTied: null,
  }));
  return made.sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity));
}
