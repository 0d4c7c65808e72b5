// What the reader chose on the leaderboard: models, columns and weights. All of it stands in the address.

import { joined, list } from "../../address.js";
import { fingerprint } from "../../scoring.js";

/** @typedef {object} Choices
 * @property {Set<string>} hidden models that are left out
 * @property {Map<number, number>} weights weight of each chosen column, by the column's index
 * @property {boolean} isPublished whether columns, weights and models are the published ones
 */

/**
 * @param {URLSearchParams} address
 * @param {number[]} columns indexes of all columns
 * @returns {Choices}
 */
export function readChoices(address, columns) {
  const stated = list(address.get("weights")).map((part) => part.split(":").map(Number));
  const known = stated.flatMap(([index = -1, weight = 0]) => (columns.includes(index) && weight > 0 && Number.isFinite(weight) ? [/** @type {[number, number]} */ ([index, weight])] : []));
  const weights = new Map(known.length ? known : columns.map((index) => [index, 1]));
  const hidden = new Set(list(address.get("hidden")));
  const isPublished = !hidden.size && weights.size === columns.length && [...weights.values()].every((weight) => weight === 1);
  return { hidden, weights, isPublished };
}

/**
 * @param {Choices} choices
 * @returns {import("../../address.js").Choices}
 */
export function written({ hidden, weights, isPublished }) {
  const isWhole = isPublished || [...weights.values()].every((weight) => weight === 1);
  return {
    hidden: hidden.size ? joined([...hidden]) : null,
    weights: isPublished ? null : isWhole && !weights.size ? null : joined([...weights].map(([index, weight]) => `${index}:${weight}`)),
  };
}

/**
 * Return what identifies the suite: the release, and the chosen columns with their weights.
 *
 * @param {string} release
 * @param {import("./cells.js").MainColumn[]} columns
 * @param {Choices} choices
 */
export function suiteFingerprint(release, columns, choices) {
  return fingerprint([release, columns.flatMap((column) => (choices.weights.has(column.index) ? [[column.name, choices.weights.get(column.index)]] : []))]);
}
