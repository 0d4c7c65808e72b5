// A value with its interval, drawn in the cell of a table on a scale that all rows share.

import { svg } from "./elements.js";

/** @typedef {{low: number, high: number}} Domain */

const WIDTH = 120;
const HEIGHT = 14;

/**
 * Return the range that the values and the ends of their intervals take; null if there is no value.
 *
 * @param {(number | null | undefined)[]} values
 * @param {number[]} [included] values that the range contains in any case
 * @returns {Domain | null}
 */
export function domain(values, included = []) {
  const known = /** @type {number[]} */ (values.filter((value) => typeof value === "number" && Number.isFinite(value)));
  if (!known.length) return null;
  const [low, high] = [Math.min(...known, ...included), Math.max(...known, ...included)];
  const margin = low === high ? Math.max(Math.abs(low) * 0.1, 0.1) : 0;
  return { low: low - margin, high: high + margin };
}

/**
 * @param {Domain | null} range
 * @param {number | null} value
 * @param {number | null} low
 * @param {number | null} high
 * @param {{bar?: boolean, zero?: boolean}} [options] bar: draw a bar from the left; zero: draw a line at 0
 */
export function intervalPlot(range, value, low, high, { bar = false, zero = false } = {}) {
  const plot = svg("svg", { class: "interval", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" });
  if (!range || value === null) return plot;
  const x = (/** @type {number} */ at) => 3 + ((at - range.low) / (range.high - range.low)) * (WIDTH - 6);
  if (bar) plot.append(svg("rect", { class: "bar", x: 3, y: 3, width: Math.max(0, x(value) - 3), height: HEIGHT - 6 }));
  if (zero) plot.append(svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 0, y2: HEIGHT }));
  if (low !== null && high !== null) {
    plot.append(svg("line", { class: "whisker", x1: x(low), x2: x(high), y1: HEIGHT / 2, y2: HEIGHT / 2 }));
  }
  plot.append(svg("circle", { class: "point", cx: x(value), cy: HEIGHT / 2, r: 2.5 }));
  return plot;
}
