// One model: its results over all benchmarks, what perturbations cost it, its calibration, and what its answers cost.

import { to } from "../../address.js";
import { chooser } from "../../choosers.js";
import { dataTable } from "../../data_table.js";
import { h } from "../../elements.js";
import { count, decimal, interval, parameters, pValue, signed, text } from "../../format.js";
import { domain, intervalPlot } from "../../interval_plot.js";
import { note, problem, pythonText, recipe, section, sqlText } from "../../notices.js";
import { chart, paretoFront } from "../../scatter_plot.js";
import { board as boardOf, boards, modelKey } from "../../tables.js";
import { againstScore, isModel, modelNames, readScores } from "./results.js";

/** @typedef {import("../../parquet.js").Row} Row */
/** @typedef {import("../../tables.js").Tables} Tables */

const RESOURCES = [
  { column: "mean_output_tokens", label: "Output tokens for an instance" },
  { column: "mean_prompt_tokens", label: "Prompt tokens for an instance" },
  { column: "mean_seconds", label: "Seconds for an instance" },
  { column: "mean_cost", label: "Cost for an instance, as the source states it" },
];

/**
 * @param {import("../../app.js").Context} context
 * @returns {Promise<string>} title of the view
 */
export async function show({ tables, address, root }) {
  const { rows, problems } = await tables.leaderboards();
  root.append(...problems.map(problem));
  const names = modelNames(rows);
  const name = address.get("model") ?? rows.find((row) => row.rank === 1)?.model_name ?? names[0]?.value ?? null;
  const deployment = address.get("deployment");
  const places = rows.filter((row) => isModel(row, name, deployment));
  const first = places[0];
  root.append(h("h1", {}, h("bdi", {}, first?.display_name ?? name ?? "No model")), h("div.controls", {}, chooser("Model", "model", names, name)));
  if (!first) {
    root.append(note(`No leaderboard has ${name ?? "a model"}${deployment ? ` in the deployment ${deployment}` : ""}.`));
    return "Model";
  }
  root.append(facts(first, deployment), h("h2", {}, "Leaderboards"), leaderboards(places, await tables.columnDocs("leaderboard")));
  const isOwn = (/** @type {Row} */ row) => isModel(row, name, deployment);
  root.append(
    section("the scores", async () => scoreTable(await readScores(tables, places, isOwn), await tables.columnDocs("scenario_scores"))),
    section("what perturbations cost", () => fromTable(tables, places, isOwn, "robustness", robustness)),
    section("the calibration", () => fromTable(tables, places, isOwn, "calibration", calibration)),
    section("tokens, time and cost", () => resources(tables, places, rows)),
    program(String(name), places));
  return String(first.display_name ?? name);
}

/**
 * @param {Row} row
 * @param {string | null} deployment
 */
function facts(row, deployment) {
  const known = [["Name", row.model_name], ["Deployment", deployment], ["Creator", row.creator], ["Access", row.access], ["Size", row.num_parameters && parameters(row.num_parameters)], ["Released", row.release_date]];
  return h("dl.facts", {}, known.flatMap(([label, value]) => (value ? [h("dt", {}, label), h("dd", {}, h("bdi", {}, value))] : [])));
}

/**
 * @param {Row[]} places
 * @param {Record<string, string>} docs
 */
function leaderboards(places, docs) {
  const score = (/** @type {Row} */ row) => row.mean_win_rate ?? row.mean_score;
  const end = (/** @type {Row} */ row, /** @type {string} */ name) => (row.mean_win_rate !== null ? row[`mean_win_rate_${name}`] : row[`mean_score_${name}`]) ?? null;
  const range = domain(places.flatMap((row) => [score(row), end(row, "low"), end(row, "high")]), [0]);
  return dataTable([
    { name: "benchmark", label: "Benchmark", isText: true, isHeader: true, kind: "model", value: (row) => row.benchmark, show: (row) => [h("a", { href: to({ view: "leaderboard", source: row.source, benchmark: row.benchmark }) }, h("bdi", {}, row.benchmark)), h("span.source", {}, row.source)] },
    { name: "release", label: "Release", isText: true, value: (row) => row.release },
    { name: "deployment", label: "Deployment", of: "model_deployment", isText: true, value: (row) => row.model_deployment, show: (row) => h("bdi", {}, text(row.model_deployment)) },
    { name: "rank", label: "Rank", value: (row) => row.rank, show: (row) => [row.rank === null ? h("span", { title: text(row.unranked_reason) }, "–") : count(row.rank), row.rank_low !== null && h("span.bounds", {}, `${row.rank_low}–${row.rank_high}`)] },
    { name: "kind", label: "By", title: "What the leaderboard ranks the models by", isText: true, value: (row) => (row.mean_win_rate !== null ? "win rate" : "mean score") },
    { name: "score", label: "Score", title: docs.mean_win_rate, value: score, show: (row) => h("span.bar_cell", {}, h("span.value", {}, decimal(score(row))), intervalPlot(range, score(row), end(row, "low"), end(row, "high"), { bar: true })), decorate: (cell, row) => { cell.title = interval(end(row, "low"), end(row, "high")); } },
    { name: "coverage", label: "Columns", of: "n_scenarios", value: (row) => row.n_scenarios, show: (row) => `${row.n_scenarios}/${row.n_scenarios_total}` },
  ], places, { id: "boards_", file: "model_leaderboards", caption: "Places on leaderboards", docs });
}

/**
 * @param {{rows: Row[], problems: unknown[]}} read
 * @param {Record<string, string>} docs
 */
function scoreTable({ rows, problems }, docs) {
  const range = domain(rows.flatMap((row) => (within(row) ? [row.mean_score, row.ci_low, row.ci_high] : [])), [0, 1]);
  return [h("h2", {}, "Scenarios"), ...problems.map(problem), dataTable([
    { name: "scenario", label: "Scenario", of: "variant", isText: true, isHeader: true, kind: "model", value: (row) => row.variant, show: (row) => h("a", { title: row.run, href: to({ view: "items", source: row.source, benchmark: row.benchmark, variant: row.variant, metric: row.metric_name }) }, h("bdi", {}, row.variant)) },
    { name: "benchmark", label: "Benchmark", isText: true, value: (row) => row.benchmark },
    { name: "metric", label: "Metric", of: "metric_name", isText: true, value: (row) => row.metric_name },
    { name: "score", label: "Score", of: "mean_score", value: (row) => row.mean_score, show: (row) => h("span.bar_cell", {}, h("span.value", {}, decimal(row.mean_score)), within(row) ? intervalPlot(range, row.mean_score, row.ci_low, row.ci_high) : intervalPlot(null, null, null, null)) },
    { name: "low", label: "95 % interval", of: "ci_low", value: (row) => row.ci_low, show: (row) => interval(row.ci_low, row.ci_high) },
    { name: "n", label: "n", of: "n_scored", value: (row) => row.n_scored, show: (row) => count(row.n_scored) },
    { name: "origin", label: "Origin", of: "score_origin", isText: true, value: (row) => row.score_origin, show: (row) => text(row.score_origin) },
    { name: "reported", label: "Reported", of: "reported_mean", value: (row) => row.reported_mean, show: (row) => decimal(row.reported_mean) },
    { name: "tokens", label: "Output tokens", of: "mean_output_tokens", value: (row) => row.mean_output_tokens, show: (row) => decimal(row.mean_output_tokens, 0) },
    { name: "seconds", label: "Seconds", of: "mean_seconds", value: (row) => row.mean_seconds, show: (row) => decimal(row.mean_seconds, 2) },
  ], rows, { id: "scenarios_", file: "model_scenarios", caption: "Scores on scenarios", limit: 100, docs })];
}

/** @param {Row} row */
function within(row) {
  return row.mean_score !== null && row.mean_score >= 0 && row.mean_score <= 1;
}

/**
 * Show the model's rows of a table of the scores repo; sources without the table are left out.
 *
 * @param {Tables} tables
 * @param {Row[]} places
 * @param {(row: Row) => boolean} isOwn
 * @param {string} table
 * @param {(rows: Row[], docs: Record<string, string>) => Node} show
 */
async function fromTable(tables, places, isOwn, table, show) {
  const sources = [...new Set(places.map((row) => String(row.source)))];
  const there = (await Promise.all(sources.map(async (source) => ((await tables.hasScores(table, source)) ? [source] : [])))).flat();
  const title = h("h2", {}, table === "robustness" ? "Robustness" : "Calibration");
  if (!there.length) return [title, note(`The table ${table} is not published for ${sources.join(", ")}.`)];
  const read = await Promise.allSettled(there.map(async (source) => (await tables.scores(table, source)).rows({ filter: { model_name: places[0]?.model_name } })));
  const rows = read.flatMap((one) => (one.status === "fulfilled" ? one.value.filter(isOwn) : []));
  const failures = read.flatMap((one) => (one.status === "rejected" ? [problem(one.reason)] : []));
  return [title, ...failures, rows.length ? show(rows, await tables.columnDocs(table)) : note(`No run of this model has a row in the table ${table}.`)];
}

/**
 * @param {Row[]} rows
 * @param {Record<string, string>} docs
 */
function robustness(rows, docs) {
  const range = domain(rows.flatMap((row) => [row.difference, row.ci_low, row.ci_high]), [0]);
  return dataTable([
    { name: "scenario", label: "Scenario", of: "variant", isText: true, isHeader: true, kind: "model", value: (row) => row.variant },
    { name: "metric", label: "Metric", of: "metric_name", isText: true, value: (row) => row.metric_name },
    { name: "perturbation", of: "perturbation_name", label: "Perturbation", isText: true, value: (row) => row.perturbation_name },
    { name: "original", of: "mean_original", label: "Original", value: (row) => row.mean_original, show: (row) => decimal(row.mean_original) },
    { name: "perturbed", of: "mean_perturbed", label: "Perturbed", value: (row) => row.mean_perturbed, show: (row) => decimal(row.mean_perturbed) },
    { name: "difference", label: "Difference", value: (row) => row.difference, show: (row) => signed(row.difference), decorate: (cell, row) => { if (row.p_holm !== null && row.p_holm <= 0.05) cell.classList.add("changed"); } },
    { name: "low", label: "95 % interval", of: "ci_low", value: (row) => row.ci_low, show: (row) => intervalPlot(range, row.difference, row.ci_low, row.ci_high, { zero: true }), decorate: (cell, row) => { cell.title = interval(row.ci_low, row.ci_high); } },
    { name: "p_holm", label: "Holm", value: (row) => row.p_holm, show: (row) => pValue(row.p_holm) },
    { name: "n", label: "n", value: (row) => row.n, show: (row) => count(row.n) },
  ], rows, { id: "robustness_", file: "model_robustness", caption: "What perturbations cost", limit: 50, docs });
}

/**
 * @param {Row[]} rows
 * @param {Record<string, string>} docs
 */
function calibration(rows, docs) {
  return dataTable([
    { name: "scenario", label: "Scenario", of: "variant", isText: true, isHeader: true, kind: "model", value: (row) => row.variant },
    { name: "probability", of: "mean_probability", label: "Mean probability", value: (row) => row.mean_probability, show: (row) => decimal(row.mean_probability) },
    { name: "accuracy", label: "Accuracy", value: (row) => row.accuracy, show: (row) => decimal(row.accuracy) },
    { name: "ece", of: "ece_10_bin", label: "Calibration error (10 bins)", value: (row) => row.ece_10_bin, show: (row) => decimal(row.ece_10_bin) },
    { name: "low", label: "95 % interval", of: "ece_10_bin_low", value: (row) => row.ece_10_bin_low, show: (row) => interval(row.ece_10_bin_low, row.ece_10_bin_high) },
    { name: "n", label: "n", value: (row) => row.n, show: (row) => count(row.n) },
  ], rows, { id: "calibration_", file: "model_calibration", caption: "Calibration", limit: 50, docs });
}

/**
 * Draw score against tokens, time and cost on each benchmark where the models' use is known.
 *
 * @param {Tables} tables
 * @param {Row[]} places
 * @param {Row[]} all rows of all leaderboards
 */
async function resources(tables, places, all) {
  const own = new Set(places.map(modelKey));
  /** @type {Node[]} */
  const charts = [];
  for (const board of boards(places)) {
    const standings = all.filter((row) => row.source === board.source && row.benchmark === board.benchmark);
    const scores = await tables.scenarioScores(boardOf(board.source, board.benchmark)).catch(() => []);
    for (const { column, label } of RESOURCES) {
      const found = againstScore(scores, standings, column);
      if (found.length < 2 || !found.some((one) => own.has(one.key))) continue;
      const points = found.map(({ key, row, x, y }) => ({ x, y, label: `${key}: ${decimal(y)}, ${x.toPrecision(3)}`, isChosen: own.has(key), href: to({ view: "model", model: row.model_name, deployment: row.model_deployment }) }));
      charts.push(h("h3", {}, h("bdi", {}, board.benchmark), h("span.source", {}, board.source)), chart({ points, xLabel: label, yLabel: standings[0]?.mean_win_rate !== null ? "Mean win rate" : "Mean score", title: `${label} against score on ${board.benchmark}`, isLog: true, front: paretoFront(points) }));
    }
  }
  if (!charts.length) charts.push(note("The source states no tokens, time or cost of this model on all columns of a benchmark."));
  return [h("h2", {}, "Tokens, time and cost against score"), h("p.note", {}, "The dashed line joins the models that no other model beats in both."), ...charts];
}

/**
 * @param {string} name
 * @param {Row[]} places
 */
function program(name, places) {
  const file = `data/hub/evaleval/every_eval_score_ever/latest/leaderboard_${places[0]?.source}.parquet`;
  return recipe({
    pandas: `import pandas as pd\n\nboard = pd.read_parquet(${pythonText(file)})\nprint(board[board.model_name == ${pythonText(name)}][["benchmark", "rank", "mean_win_rate", "mean_score"]])`,
    duckdb: `SELECT benchmark, rank, mean_win_rate, mean_score\nFROM ${sqlText(file)}\nWHERE model_name = ${sqlText(name)};`,
  });
}
