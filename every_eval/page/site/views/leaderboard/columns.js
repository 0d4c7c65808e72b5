// The columns of the leaderboard's table.

import { to } from "../../address.js";
import { h } from "../../elements.js";
import { NONE, count, decimal, interval, parameters, text } from "../../format.js";
import { domain, intervalPlot } from "../../interval_plot.js";

/** @typedef {import("./standings.js").Standing} Standing */
/** @typedef {import("./cells.js").MainColumn} MainColumn */
/** @typedef {import("../../data_table.js").TableColumn<Standing>} Column */

/** @type {Record<string, string>} */
const LABELS = { mean_win_rate: "Mean win rate", mean_score: "Mean score", adjusted_score: "Adjusted score" };

/** @type {[string, string][]} */
const BOUNDS = [["rank_low", "Best rank"], ["rank_high", "Worst rank"], ["score_rank_low", "Best rank by adjusted score"], ["score_rank_high", "Worst rank by adjusted score"], ["rank_without_one_low", "Best rank without one scenario"], ["rank_without_one_high", "Worst rank without one scenario"]];

/**
 * @param {object} options
 * @param {import("../../tables.js").Board} options.board
 * @param {Standing[]} options.standings
 * @param {MainColumn[]} options.columns
 * @param {boolean} options.byWinRate
 * @param {string} options.ranking column of the leaderboard that ranks
 * @param {boolean} options.isPublished
 * @param {Record<string, string>} options.docs meanings of the leaderboard's columns
 * @param {number} options.nColumns number of columns that are chosen
 * @returns {Column[]}
 */
export function tableColumns({ board, standings, columns, byWinRate, ranking, isPublished, docs, nColumns }) {
  const range = domain(standings.flatMap((one) => [one.score, one.low, one.high]), byWinRate ? [0, 1] : [0]);
  const hasTiers = isPublished && standings.some((one) => one.tier !== null);
  const link = (/** @type {Standing} */ one) => to({ view: "model", source: board.source, model: one.row.model_name, deployment: one.row.model_deployment });
  /** @type {Column[]} */
  const facts = [
    { name: "rank", label: "Rank", title: docs.rank, value: (one) => one.rank, show: (one) => rankText(one), kind: "rank" },
    { name: "model", label: "Model", title: docs.display_name, isText: true, isHeader: true, kind: "model", value: (one) => one.row.display_name ?? one.row.model_name,
      show: (one) => [h("a", { href: link(one), title: one.key }, h("bdi", {}, one.row.display_name ?? one.row.model_name ?? "unnamed")), deployment(one)] },
    { name: "score", label: LABELS[ranking] ?? ranking, title: docs[ranking], value: (one) => one.score,
      show: (one) => h("span.bar_cell", {}, h("span.value", {}, decimal(one.score)), intervalPlot(range, one.score, one.low, one.high, { bar: true })), kind: "score",
      decorate: (cell, one) => { cell.title = one.rank === null ? text(one.row.unranked_reason) : `95 % interval: ${interval(one.low, one.high)}`; } },
  ];
  if (isPublished) facts.push(
    { name: "low", label: "Low", kind: "csv_only", value: (one) => one.low, show: (one) => decimal(one.low), title: docs.mean_win_rate_low },
    { name: "high", label: "High", kind: "csv_only", value: (one) => one.high, show: (one) => decimal(one.high), title: docs.mean_win_rate_high },
  );
  for (const [name, label] of BOUNDS) {
    if (isPublished && standings.some((one) => typeof one.row[name] === "number")) facts.push({ name, label, kind: "csv_only", value: (one) => one.row[name], title: docs[name] });
  }
  if (hasTiers) facts.push(
    { name: "tier", label: "Tier", title: docs.tier, value: (one) => one.tier, show: (one) => count(one.tier) },
    { name: "tied", label: "Tied with", title: docs.n_tied_with, value: (one) => one.nTied, show: (one) => count(one.nTied) },
  );
  if (ranking !== "mean_score") facts.push({ name: "mean_score", label: "Mean score", title: docs.mean_score, value: (one) => one.meanScore, show: (one) => decimal(one.meanScore) });
  return [
    ...facts,
    { name: "coverage", label: "Columns", title: docs.n_scenarios, value: (one) => one.nColumns, show: (one) => `${one.nColumns}/${nColumns}` },
    ...columns.map((column) => heatColumn(column, board, standings)),
    { name: "creator", label: "Creator", title: docs.creator, isText: true, value: (one) => one.row.creator, show: (one) => h("bdi", {}, text(one.row.creator)) },
    { name: "access", label: "Access", title: docs.access, isText: true, value: (one) => one.row.access, show: (one) => text(one.row.access) },
    { name: "size", label: "Size", title: docs.num_parameters, value: (one) => one.row.num_parameters, show: (one) => parameters(one.row.num_parameters) },
    { name: "date", label: "Released", title: docs.release_date, isText: true, value: (one) => one.row.release_date, show: (one) => text(one.row.release_date) },
  ];
}

/** @param {Standing} one */
function rankText(one) {
  if (one.rank === null) return h("span", { title: text(one.row.unranked_reason) }, NONE);
  const hasBounds = one.rankLow !== null && one.rankHigh !== null;
  return [String(one.rank), hasBounds && h("span.bounds", { title: boundsText(one.row) }, `${one.rankLow}–${one.rankHigh}`)];
}

/**
 * Say in words how far a rank may be wrong, by each of the published bounds.
 *
 * @param {import("../../parquet.js").Row} row
 */
function boundsText(row) {
  const bounds = [["Ranks that the data allow", "rank"], ["By adjusted score", "score_rank"], ["With any one scenario left out", "rank_without_one"]];
  return bounds.flatMap(([label, name]) => (typeof row[`${name}_low`] === "number" ? [`${label}: ${row[`${name}_low`]} to ${row[`${name}_high`]}`] : [])).join("\n");
}

/** @param {Standing} one */
function deployment({ row }) {
  return row.model_deployment && row.model_deployment !== row.model_name ? h("span.deployment", {}, h("bdi", {}, row.model_deployment)) : null;
}

/**
 * A column of the heat map: the darker a cell, the better the score among the models that are shown.
 *
 * @param {MainColumn} column
 * @param {import("../../tables.js").Board} board
 * @param {Standing[]} standings
 * @returns {Column}
 */
function heatColumn(column, board, standings) {
  const range = domain(standings.map((one) => column.cells.get(one.key)?.value));
  return {
    name: column.name,
    label: column.name,
    kind: "heat",
    title: `${column.name}. ${column.lowerIsBetter ? "Lower is better. " : ""}Each cell leads to its items.`,
    value: (one) => column.cells.get(one.key)?.value,
    show: (one) => {
      const cell = column.cells.get(one.key);
      if (!cell) return NONE;
      const href = to({ view: "items", source: board.source, benchmark: board.benchmark, variant: cell.runs[0]?.variant, models: null });
      return [h("a", { href }, decimal(cell.value)), cell.differs && h("span.differs", { title: "The published value differs" }, "≠")];
    },
    decorate: (made, one) => {
      const cell = column.cells.get(one.key);
      if (!cell) return;
      const published = cell.published === null ? "" : `\nPublished: ${decimal(cell.published, 6)}${cell.differs ? ", which differs from ours" : ""}`;
      made.title = `${one.key}\n${column.name}: ${decimal(cell.value, 6)}\n95 % interval: ${interval(cell.low, cell.high)}\nInstances: ${count(cell.n)}, runs: ${cell.runs.length}${published}`;
      if (range && cell.value !== null) {
        const share = (cell.value - range.low) / (range.high - range.low);
        made.style.setProperty("--heat", `${Math.round(100 * (column.lowerIsBetter ? 1 - share : share))}%`);
      }
    },
  };
}
