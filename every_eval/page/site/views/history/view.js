// A benchmark over its releases: scores and ranks of every model, and which changes are significant.

import { to } from "../../address.js";
import { chosenBoard } from "../../choosers.js";
import { dataTable } from "../../data_table.js";
import { h } from "../../elements.js";
import { count, decimal, interval, pValue, signed, text } from "../../format.js";
import { note, pythonText, recipe, section, sqlText } from "../../notices.js";
import { chart } from "../../scatter_plot.js";
import { modelKey } from "../../tables.js";

/** @typedef {import("../../parquet.js").Row} Row */
/** @typedef {import("../../tables.js").Tables} Tables */
/** @typedef {import("../../tables.js").Board} Board */

/**
 * @param {import("../../app.js").Context} context
 * @returns {Promise<string>} title of the view
 */
export async function show(context) {
  const chosen = await chosenBoard(context, "history");
  if (!chosen) return "History";
  const { tables, root } = context;
  const { board } = chosen;
  root.append(h("h1", {}, h("bdi", {}, board.benchmark), h("span.source", {}, "over its releases")),
    section("the releases", () => releases(tables, board)), section("the changes", () => changes(tables, board)), program(board));
  return `History of ${board.benchmark}`;
}

/**
 * @param {Tables} tables
 * @param {Board} board
 */
async function releases(tables, board) {
  if (!(await tables.hasScores("history", board.source))) return note(`No history of ${board.source} is published: its scores were made before the history was, or it has no releases.`);
  const [rows, docs] = await Promise.all([tables.history(board), tables.columnDocs("history")]);
  if (!rows.length) return note(`No release of ${board.benchmark} has a history.`);
  const byWinRate = rows.some((row) => row.mean_win_rate !== null);
  const score = (/** @type {Row} */ row) => (byWinRate ? row.mean_win_rate : row.mean_score);
  const names = [...new Map(rows.map((row) => [row.release_number, String(row.release)])).entries()].sort((a, b) => a[0] - b[0]);
  const place = new Map(names.map(([number], at) => [number, at]));
  /** @type {Map<string, import("../../scatter_plot.js").Point[]>} */
  const lines = new Map();
  for (const row of [...rows].sort((a, b) => a.release_number - b.release_number)) {
    if (score(row) === null) continue;
    const label = `${modelKey(row)}, ${row.release}: ${decimal(score(row))}, rank ${text(row.rank)}`;
    lines.set(modelKey(row), [...(lines.get(modelKey(row)) ?? []), { x: place.get(row.release_number) ?? 0, y: score(row), label }]);
  }
  const points = [...lines.values()].flat();
  const drawn = names.length > 1 && points.length ? chart({ points, lines: [...lines.values()].map((line) => ({ points: line })), xLabel: "Release", yLabel: byWinRate ? "Mean win rate" : "Mean score", title: `Scores on ${board.benchmark} over releases`, xTicks: names.map((_, at) => at), xTick: (at) => names[at]?.[1] ?? "" }) : note(names.length > 1 ? "No model has a score." : "There is one release so far.");
  return [drawn, dataTable([
    { name: "model", label: "Model", isText: true, isHeader: true, kind: "model", of: "model_name", value: (row) => modelKey(row), show: (row) => h("a", { href: to({ view: "model", model: row.model_name, deployment: row.model_deployment }) }, h("bdi", {}, row.display_name ?? row.model_name)) },
    { name: "release", label: "Release", isText: true, value: (row) => row.release, show: (row) => [h("a", { href: to({ view: "leaderboard", source: board.source, benchmark: board.benchmark, release: row.release }) }, row.release), row.is_newest && h("span.source", {}, "newest")] },
    { name: "date", label: "Date", isText: true, value: (row) => row.date, show: (row) => text(row.date).slice(0, 10) },
    { name: "rank", label: "Rank", value: (row) => row.rank, show: (row) => [count(row.rank), row.rank_low !== null && h("span.bounds", {}, `${row.rank_low}–${row.rank_high}`)] },
    { name: "score", label: byWinRate ? "Mean win rate" : "Mean score", of: byWinRate ? "mean_win_rate" : "mean_score", value: score, show: (row) => decimal(score(row)) },
    { name: "interval", label: "95 % interval", of: byWinRate ? "mean_win_rate_low" : "mean_score_low", value: (row) => (byWinRate ? row.mean_win_rate_low : row.mean_score_low), show: (row) => (byWinRate ? interval(row.mean_win_rate_low, row.mean_win_rate_high) : interval(row.mean_score_low, row.mean_score_high)) },
    { name: "coverage", label: "Columns", of: "n_scenarios", value: (row) => row.n_scenarios, show: (row) => `${row.n_scenarios}/${row.n_scenarios_total}` },
  ], rows, { id: "history_", file: `history_${board.folder}`, caption: `History of ${board.benchmark}`, docs })];
}

/**
 * @param {Tables} tables
 * @param {Board} board
 */
async function changes(tables, board) {
  const title = h("h2", {}, "Changes of runs between releases");
  if (!(await tables.hasScores("changes", board.source))) return [title, note(`The table changes is not published for ${board.source}.`)];
  const [rows, docs] = await Promise.all([tables.scores("changes", board.source).then((file) => file.rows({ filter: { benchmark: board.benchmark } })), tables.columnDocs("changes")]);
  if (!rows.length) return [title, note("No run was replaced by another between two releases.")];
  return [title, dataTable([
    { name: "scenario", label: "Scenario", of: "variant", isText: true, isHeader: true, kind: "model", value: (row) => row.variant, show: (row) => h("bdi", { title: row.run }, row.variant) },
    { name: "model", label: "Model", of: "model_name", isText: true, value: (row) => modelKey(row), show: (row) => h("bdi", {}, modelKey(row)) },
    { name: "release", label: "Releases", of: "previous_release", isText: true, value: (row) => `${row.previous_release} to ${row.release}` },
    { name: "before", label: "Before", of: "previous_mean", value: (row) => row.previous_mean, show: (row) => decimal(row.previous_mean) },
    { name: "after", label: "After", of: "mean", value: (row) => row.mean, show: (row) => decimal(row.mean) },
    { name: "difference", label: "Difference", value: (row) => row.difference, show: (row) => [signed(row.difference), isSignificant(row) && h("span.differs", { title: "significant: Holm's p is at most 0.05" }, "*")], decorate: (cell, row) => { if (isSignificant(row)) cell.classList.add("changed"); } },
    { name: "interval", label: "95 % interval", of: "ci_low", value: (row) => row.ci_low, show: (row) => interval(row.ci_low, row.ci_high) },
    { name: "p_holm", label: "Holm", value: (row) => row.p_holm, show: (row) => pValue(row.p_holm) },
    { name: "n", label: "n", value: (row) => row.n, show: (row) => count(row.n) },
    { name: "reason", label: "Not compared because", of: "not_compared_because", isText: true, value: (row) => row.not_compared_because, show: (row) => row.not_compared_because ?? "" },
  ], rows, { id: "changes_", file: `changes_${board.folder}`, caption: "Changes of runs", limit: 100, docs })];
}

/** @param {Row} row */
function isSignificant(row) {
  return row.p_holm !== null && row.p_holm <= 0.05;
}

/** @param {Board} board */
function program(board) {
  const file = `data/hub/evaleval/every_eval_score_ever/latest/history_${board.source}.parquet`;
  return recipe({
    pandas: `import pandas as pd\n\nhistory = pd.read_parquet(${pythonText(file)})\nhistory = history[history.benchmark == ${pythonText(board.benchmark)}]\nprint(history.pivot_table(index="model_name", columns="release", values="rank"))`,
    duckdb: `SELECT model_name, release, rank, mean_win_rate, mean_score\nFROM ${sqlText(file)}\nWHERE benchmark = ${sqlText(board.benchmark)}\nORDER BY model_name, release_number;`,
  });
}
