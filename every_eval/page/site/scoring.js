// Scores and ranks over chosen columns, by the rules of the published leaderboard: mean win rates and mean scores.

const TOLERANCE = 1e-9; // Scores within this relative distance tie, as on the published leaderboard.

/** @typedef {(number | null)[]} Values one value for each model; null if the model has no score */
/** @typedef {{values: Values, lowerIsBetter: boolean | null, weight: number}} WeightedColumn */

/**
 * @param {number} a
 * @param {number} b
 */
export function isTie(a, b) {
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

/**
 * Return the weighted mean over columns of each model's win rate: the share of the other models with a score in the
 * column that the model beats, where a tie counts half.
 *
 * @param {WeightedColumn[]} columns
 * @returns {Values}
 */
export function meanWinRates(columns) {
  const usable = columns.filter((column) => column.lowerIsBetter !== null);
  return weightedMeans(usable.map((column) => ({ weight: column.weight, values: winRates(column) })));
}

/**
 * Return the weighted mean of each model's scores; null in every row if the columns have different directions.
 *
 * @param {WeightedColumn[]} columns
 * @returns {Values}
 */
export function meanScores(columns) {
  const directions = new Set(columns.map((column) => column.lowerIsBetter));
  if (directions.size > 1) return (columns[0]?.values ?? []).map(() => null);
  return weightedMeans(columns);
}

/**
 * Return the rank of each value, 1 for the highest; ties share the best rank, and null has none.
 *
 * @param {Values} values
 * @returns {Values}
 */
export function ranks(values) {
  return values.map((value) =>
    value === null ? null : 1 + values.filter((other) => other !== null && other > value && !isTie(other, value)).length,
  );
}

/**
 * @param {WeightedColumn} column
 * @returns {Values}
 */
function winRates({ values, lowerIsBetter }) {
  return values.map((value, at) => {
    if (value === null) return null;
    const others = /** @type {number[]} */ (values.filter((other, place) => place !== at && other !== null));
    if (!others.length) return null;
    const won = others.map((other) => (isTie(value, other) ? 0.5 : Number(lowerIsBetter ? value < other : value > other)));
    return won.reduce((sum, part) => sum + part, 0) / others.length;
  });
}

/**
 * @param {{values: Values, weight: number}[]} columns
 * @returns {Values}
 */
function weightedMeans(columns) {
  return (columns[0]?.values ?? []).map((_, at) => {
    let sum = 0;
    let weights = 0;
    for (const { values, weight } of columns) {
      const value = values[at];
      if (value === null || value === undefined) continue;
      sum += weight * value;
      weights += weight;
    }
    return weights > 0 ? sum / weights : null;
  });
}

/**
 * Return twelve hexadecimal digits that identify a choice of columns and weights.
 *
 * @param {unknown} content what the digest is of; the order of its parts counts
 * @returns {Promise<string>}
 */
export async function fingerprint(content) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(content)));
  return [...new Uint8Array(digest).slice(0, 6)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
