// Charts with two axes: points with names, and lines over releases. The tables beside the charts hold the same numbers.

import { scaleLinear, scaleLog } from "./vendored/d3-scale.js";
import { svg } from "./elements.js";

/** @typedef {{x: number, y: number, label: string, href?: string, isChosen?: boolean, low?: number | null, high?: number | null}} Point */

const WIDTH = 640;
const HEIGHT = 300;
const MARGIN = { top: 12, right: 16, bottom: 38, left: 52 };

/**
 * @param {object} options
 * @param {Point[]} options.points
 * @param {string} options.xLabel
 * @param {string} options.yLabel
 * @param {string} options.title what the chart shows
 * @param {boolean} [options.isLog] whether the horizontal axis is logarithmic
 * @param {Point[]} [options.front] points that a dashed line joins
 * @param {{points: Point[], isChosen?: boolean}[]} [options.lines]
 * @param {(at: number) => string} [options.xTick] text of a tick
 * @param {number[]} [options.xTicks]
 */
export function chart({ points, xLabel, yLabel, title, isLog = false, front = [], lines = [], xTick, xTicks }) {
  const xs = points.map((point) => point.x);
  const ys = points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]);
  const x = (isLog ? scaleLog() : scaleLinear()).domain(widened(xs, isLog)).range([MARGIN.left, WIDTH - MARGIN.right]);
  const y = scaleLinear().domain(widened(ys, false)).nice().range([HEIGHT - MARGIN.bottom, MARGIN.top]);
  const path = (/** @type {Point[]} */ of) => of.map((point, at) => `${at ? "L" : "M"}${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join("");
  const ticks = xTicks ?? x.ticks(5);
  const format = xTick ?? x.tickFormat(5, "~s");
  return svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": title },
    y.ticks(5).map((tick) => svg("g", {}, svg("line", { class: "axis", x1: MARGIN.left, x2: WIDTH - MARGIN.right, y1: y(tick), y2: y(tick) }), svg("text", { x: MARGIN.left - 6, y: y(tick) + 4, "text-anchor": "end" }, y.tickFormat(5)(tick)))),
    ticks.map((tick) => svg("text", { x: x(tick), y: HEIGHT - MARGIN.bottom + 16, "text-anchor": "middle" }, format(tick))),
    svg("text", { x: (WIDTH + MARGIN.left) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, xLabel),
    svg("text", { x: 12, y: HEIGHT / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${HEIGHT / 2})` }, yLabel),
    front.length > 1 && svg("path", { class: "front", d: path(front) }),
    lines.map((line) => svg("path", { class: line.isChosen ? "chosen" : "", d: path(line.points) })),
    points.map((point) => marked(point, x(point.x), y(point.y))));
}

/**
 * @param {Point} point
 * @param {number} cx
 * @param {number} cy
 */
function marked(point, cx, cy) {
  const dot = svg("circle", { class: point.isChosen === false ? "dim" : "", cx, cy, r: point.isChosen ? 6 : 4 }, svg("title", {}, point.label));
  return point.href ? svg("a", { href: point.href, "aria-label": point.label }, dot) : dot;
}

/**
 * @param {number[]} values
 * @param {boolean} isLog
 */
function widened(values, isLog) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (isLog) return [low / 1.2, high * 1.2];
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - margin, high + margin];
}

/**
 * Return the points that no other point beats: none has a lower x and a y that is at least as high.
 *
 * @param {Point[]} points
 * @returns {Point[]}
 */
export function paretoFront(points) {
  let best = -Infinity;
  return [...points].sort((a, b) => a.x - b.x || b.y - a.y).filter((point) => {
    if (point.y <= best) return false;
    best = point.y;
    return true;
  });
}
