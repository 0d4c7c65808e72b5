// Why the numbers can be trusted, and where they cannot: what was ingested, checks, rejects, and values that differ.

import { to } from "../../address.js";
import { dataTable } from "../../data_table.js";
import { h } from "../../elements.js";
import { count, decimal, text } from "../../format.js";
import { note, problem, recipe, section } from "../../notices.js";
import { board as boardOf, boards } from "../../tables.js";

/** @typedef {import("../../parquet.js").Row} Row */
/** @typedef {import("../../tables.js").Tables} Tables */

const TOLERANCE = 1e-6; // Relative difference up to which a published value is taken as equal.
const SHARD_COLUMNS = ["source", "benchmark", "shard", "fingerprint", "n_runs", "n_samples", "n_metrics", "n_incomplete_runs", "n_rejects", "rejected", "n_compared", "n_disagreements", "disagreements", "held_back_reason"];

/**
 * @param {import("../../app.js").Context} context
 * @returns {Promise<string>} title of the view
 */
export async function show({ tables, root }) {
  const sources = await tables.sources();
  root.append(h("h1", {}, "Trust"),
    section("what is published", () => versions(tables)),
    section("what was ingested", () => ingested(tables)),
    section("the checks", async () => {
      const docs = await tables.columnDocs("checks");
      return [h("h2", {}, "Checks of the scores"), ...(await forSources(sources, (source) => tables.scores("checks", source).then((file) => file.rows()), (rows) => checks(rows, docs)))];
    }),
    section("published cells", () => cells(tables, sources)),
    section("scores that are only reported", () => reported(tables)),
    program());
  return "Trust";
}

/** @param {Tables} tables */
async function versions(tables) {
  const { rows } = await tables.leaderboards();
  const newest = (/** @type {string} */ name) => rows.map((row) => row[name]).filter((value) => value instanceof Date).sort((a, b) => Number(b) - Number(a))[0];
  const { data, scores } = tables.places;
  return h("dl.facts", {},
    h("dt", {}, "Scores made"), h("dd", {}, `${text(newest("comprehensive_stats_generated_at"))} UTC`),
    h("dt", {}, "From rows of"), h("dd", {}, `${text(newest("processed_at"))} UTC`),
    h("dt", {}, "Rows"), h("dd", {}, `${data.repo} at commit ${data.commit}`),
    h("dt", {}, "Scores"), h("dd", {}, `${scores.repo} at commit ${scores.commit}`),
    h("dt", {}, "Made by"), h("dd", {}, `every_eval ${tables.version}`));
}

/** @param {Tables} tables */
async function ingested(tables) {
  const paths = Object.keys(await tables.index("data")).filter((path) => path.startsWith("shards/"));
  const [dates, docs] = await Promise.all([tables.dates().catch(() => /** @type {Record<string, string>} */ ({})), tables.columnDocs("shards")]);
  const date = (/** @type {Row} */ row) => dates[`stats/${boardOf(row.source, row.benchmark).folder}/${row.shard}-${row.fingerprint}.parquet`]?.slice(0, 16).replace("T", " ");
  const read = await Promise.allSettled(paths.map(async (path) => (await tables.file("data", path)).rows({ columns: SHARD_COLUMNS })));
  const rows = read.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  const failures = read.flatMap((one) => (one.status === "rejected" ? [problem(one.reason)] : []));
  const number = (/** @type {string} */ name, /** @type {string} */ label) => ({ name, label, value: (/** @type {Row} */ row) => row[name], show: (/** @type {Row} */ row) => count(row[name]) });
  return [h("h2", {}, "What was ingested"), ...failures, dataTable([
    { name: "shard", label: "Shard", isText: true, isHeader: true, kind: "model", value: (row) => row.shard },
    { name: "benchmark", label: "Benchmark", isText: true, value: (row) => row.benchmark },
    { name: "ingested", label: "Ingested (UTC)", title: "Time of the commit with the shard's newest inputs, or of a later commit if no page was made in between", isText: true, value: date, show: (row) => text(date(row)) },
    number("n_runs", "Runs"), number("n_samples", "Samples"), number("n_metrics", "Metrics"), number("n_incomplete_runs", "Incomplete runs"), number("n_rejects", "Rejects"), number("n_compared", "Compared statistics"), number("n_disagreements", "Of them differ"),
    { name: "held_back", label: "Held back", of: "held_back_reason", isText: true, value: (row) => row.held_back_reason, show: (row) => row.held_back_reason ?? "" },
  ], rows, { id: "shards_", file: "shards", caption: "Shards", limit: 50, docs }), h("h3", {}, "Rejects"), rejects(rows, docs), h("h3", {}, "Statistics that differ from the outputs"), disagreements(rows, docs)];
}

/**
 * @param {Row[]} shards
 * @param {Record<string, string>} docs
 */
function rejects(shards, docs) {
  const rows = shards.flatMap((shard) => (shard.rejected ?? []).map((/** @type {Row} */ reject) => ({ ...reject, benchmark: shard.benchmark, shard: shard.shard })));
  if (!rows.length) return note("Every file and row could be read.");
  return dataTable([
    { name: "reason", of: "rejected", label: "Reason", isText: true, isHeader: true, value: (row) => row.reason },
    { name: "benchmark", label: "Benchmark", isText: true, value: (row) => row.benchmark },
    { name: "n", of: "n_rejects", label: "Number", value: (row) => row.n, show: (row) => count(row.n) },
    { name: "places", of: "rejected", label: "For example", isText: true, value: (row) => row.places.join("; "), show: (row) => h("bdi", { title: row.places.join("\n") }, row.places[0] ?? "") },
  ], rows, { id: "rejects_", file: "rejects", caption: "Rejects", limit: 50, docs });
}

/**
 * @param {Row[]} shards
 * @param {Record<string, string>} docs
 */
function disagreements(shards, docs) {
  const rows = shards.flatMap((shard) => (shard.disagreements ?? []).map((/** @type {Row} */ row) => ({ ...row, benchmark: shard.benchmark })));
  if (!rows.length) return note("Every statistic that the sources report equals what the outputs give.");
  return dataTable([
    { name: "run", of: "disagreements", label: "Run", isText: true, isHeader: true, kind: "model", value: (row) => row.run },
    { name: "benchmark", label: "Benchmark", isText: true, value: (row) => row.benchmark },
    { name: "statistic", of: "disagreements", label: "Statistic", isText: true, value: (row) => [row.field, row.metric_name, row.split, row.sub_split, row.perturbation, row.computed_on].filter(Boolean).join(", ") },
    { name: "ours", of: "disagreements", label: "Ours", value: (row) => row.ours, show: (row) => decimal(row.ours, 6) },
    { name: "reported", of: "disagreements", label: "Reported", value: (row) => row.reported, show: (row) => decimal(row.reported, 6) },
  ], rows, { id: "disagreements_", file: "disagreements", caption: "Statistics that differ", limit: 50, docs });
}

/**
 * @param {Row[]} rows
 * @param {Record<string, string>} docs
 */
function checks(rows, docs) {
  return dataTable([
    { name: "check", label: "Check", isText: true, isHeader: true, value: (row) => row.check },
    { name: "benchmark", label: "Benchmark", isText: true, value: (row) => row.benchmark },
    { name: "release", label: "Release", isText: true, value: (row) => row.release },
    { name: "n_compared", label: "Compared", value: (row) => row.n_compared, show: (row) => count(row.n_compared) },
    { name: "n_problems", label: "Problems", value: (row) => row.n_problems, show: (row) => count(row.n_problems), decorate: (cell, row) => { if (row.n_problems) cell.classList.add("changed"); } },
    { name: "problems", label: "For example", isText: true, value: (row) => (row.problems ?? []).join("; "), show: (row) => h("bdi", { title: (row.problems ?? []).join("\n") }, row.problems?.[0] ?? "") },
  ], rows, { id: "checks_", file: "checks", caption: "Checks", limit: 60, docs });
}

/**
 * @param {Tables} tables
 * @param {string[]} sources
 */
async function cells(tables, sources) {
  const title = h("h2", {}, "Published cells that are not reproduced");
  if (!sources.includes("helm")) return [title, note("No source here publishes tables of its own.")];
  const [file, docs] = await Promise.all([tables.scores("helm_tables", "helm"), tables.columnDocs("helm_tables")]);
  const rows = await file.rows({ columns: ["benchmark", "release", "group", "table_index", "row_label", "column", "model_name", "value", "reported_value", "published_value", "is_published", "is_recomputed", "blank_reason"], filter: { is_published: true } });
  const differing = rows.filter((row) => row.is_recomputed && row.published_value !== null && (row.value === null || Math.abs(row.value - row.published_value) > TOLERANCE * Math.max(1, Math.abs(row.published_value))));
  const said = note(`${count(rows.length)} cells of HELM's tables are published; ${count(differing.length)} of them differ from what the statistics give.`);
  if (!differing.length) return [title, said];
  return [title, said, dataTable([
    { name: "model", label: "Row", of: "row_label", isText: true, isHeader: true, kind: "model", value: (row) => row.row_label ?? row.model_name },
    { name: "column", label: "Column", isText: true, value: (row) => row.column },
    { name: "table", label: "Table", of: "group", isText: true, value: (row) => `${row.benchmark} ${row.release}, ${row.group} ${row.table_index + 1}` },
    { name: "ours", label: "Ours", of: "value", value: (row) => row.value, show: (row) => decimal(row.value, 6) },
    { name: "published", label: "Published", of: "published_value", value: (row) => row.published_value, show: (row) => decimal(row.published_value, 6) },
    { name: "reason", label: "Reason", of: "blank_reason", isText: true, value: (row) => row.blank_reason, show: (row) => row.blank_reason ?? "" },
  ], differing, { id: "cells_", file: "cells", caption: "Cells that differ", limit: 50, docs })];
}

/** @param {Tables} tables */
async function reported(tables) {
  const [{ rows }, docs] = await Promise.all([tables.leaderboards(), tables.columnDocs("scenario_scores")]);
  const read = await Promise.allSettled(boards(rows).map((board) => tables.scenarioScores(board)));
  const found = read.flatMap((one) => (one.status === "fulfilled" ? one.value.filter((row) => row.score_origin === "reported") : []));
  const failures = read.flatMap((one) => (one.status === "rejected" ? [problem(one.reason)] : []));
  const title = h("h2", {}, "Main scores that the outputs do not determine");
  if (!found.length) return [title, ...failures, note("Every main score is recomputed from single outputs.")];
  return [title, ...failures, dataTable([
    { name: "run", label: "Run", isText: true, isHeader: true, kind: "model", value: (row) => row.run, show: (row) => h("a", { href: to({ view: "model", model: row.model_name }) }, h("bdi", {}, row.run)) },
    { name: "benchmark", label: "Benchmark", isText: true, value: (row) => row.benchmark },
    { name: "metric", label: "Metric", of: "metric_name", isText: true, value: (row) => row.metric_name },
    { name: "score", label: "Reported", of: "mean_score", value: (row) => row.mean_score, show: (row) => decimal(row.mean_score) },
    { name: "reason", label: "Reason", of: "unscored_reason", isText: true, value: (row) => row.unscored_reason, show: (row) => row.unscored_reason ?? "" },
  ], found, { id: "reported_", file: "reported", caption: "Reported scores", limit: 50, docs })];
}

/**
 * Show a table over all sources; a source that cannot be read is said.
 *
 * @param {string[]} sources
 * @param {(source: string) => Promise<Row[]>} read
 * @param {(rows: Row[]) => Node} show
 */
async function forSources(sources, read, show) {
  const found = await Promise.allSettled(sources.map(read));
  const rows = found.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  return [...found.flatMap((one) => (one.status === "rejected" ? [problem(one.reason)] : [])), show(rows)];
}

function program() {
  const shards = "data/hub/evaleval/every_eval_ever/shards/*.parquet";
  return recipe({
    pandas: `import glob\nimport pandas as pd\n\nshards = pd.concat(pd.read_parquet(file) for file in sorted(glob.glob("${shards}")))\nprint(shards[["shard", "n_runs", "n_samples", "n_rejects", "n_disagreements"]])`,
    duckdb: `SELECT shard, n_runs, n_samples, n_rejects, n_disagreements\nFROM '${shards}'\nORDER BY shard;`,
  });
}
