// Two models, scenario by scenario: paired differences with intervals, as a forest plot in a table.

import { to } from "../../address.js";
import { chooser, chosenBoard, modelOptions } from "../../choosers.js";
import { dataTable } from "../../data_table.js";
import { h } from "../../elements.js";
import { count, decimal, interval, pValue, signed, text } from "../../format.js";
import { domain, intervalPlot } from "../../interval_plot.js";
import { note, pythonText, recipe, section, sqlText } from "../../notices.js";
import { readPairs } from "./pairs.js";

/** @typedef {import("../../parquet.js").Row} Row */
/** @typedef {import("../../tables.js").Board} Board */

/**
 * @param {import("../../app.js").Context} context
 * @returns {Promise<string>} title of the view
 */
export async function show(context) {
  const chosen = await chosenBoard(context, "compare");
  if (!chosen) return "Compare";
  const { tables, address, root } = context;
  const { board, rows } = chosen;
  const options = modelOptions(rows);
  if (options.length < 2) {
    root.append(note(`${board.benchmark} has fewer than two models, so there is nothing to compare.`));
    return "Compare";
  }
  const named = (/** @type {string} */ name) => options.find((option) => option.value === address.get(name))?.value;
  const a = named("a") ?? options.find((option) => option.value !== named("b"))?.value ?? "";
  const b = named("b") ?? options.find((option) => option.value !== a)?.value ?? "";
  root.append(h("h1", {}, "Compare two models"), h("div.controls", {}, chooser("A", "a", options, a), chooser("B", "b", options, b)));
  if (a === b) {
    root.append(note("Choose two different models."));
    return "Compare";
  }
  const labels = { a: options.find((option) => option.value === a)?.label ?? a, b: options.find((option) => option.value === b)?.label ?? b };
  root.append(section("the differences", async () => {
    const [pairs, docs] = await Promise.all([readPairs(tables, board, a, b), tables.columnDocs("pairs")]);
    if (!pairs.length) return note(`${labels.a} and ${labels.b} have no score in common on ${board.benchmark}.`);
    return [h("p.note", {}, "A difference is A minus B on the items that both models answered. Right of the dashed line, A has the higher score. A difference is significant if Holm's p is at most 0.05."), forest(pairs, board, { a, b }, docs)];
  }), program(board, rows, a, b));
  return `${labels.a} and ${labels.b}`;
}

/**
 * @param {Row[]} pairs
 * @param {Board} board
 * @param {{a: string, b: string}} models
 * @param {Record<string, string>} docs
 */
function forest(pairs, board, models, docs) {
  const range = domain(pairs.flatMap((row) => [row.difference, row.ci_low, row.ci_high]), [0]);
  const has = (/** @type {string} */ name) => pairs.some((row) => row[name] !== null);
  /** @type {import("../../data_table.js").TableColumn<Row>[]} */
  const columns = [
    { name: "scenario", label: "Scenario", isText: true, isHeader: true, kind: "model", value: (row) => row.variant ?? whole(row), title: docs.variant,
      show: (row) => (row.variant ? h("a", { href: itemsOf(row, board), title: row.variant }, h("bdi", {}, row.variant)) : h("strong", {}, whole(row))) },
    { name: "metric", label: "Metric", isText: true, value: (row) => row.metric_name, show: (row) => text(row.metric_name), title: docs.metric_name },
    { name: "score_a", label: "A", value: (row) => row.score_a, show: (row) => decimal(row.score_a), title: docs.score_a },
    { name: "score_b", label: "B", value: (row) => row.score_b, show: (row) => decimal(row.score_b), title: docs.score_b },
    { name: "difference", label: "A − B", value: (row) => row.difference, show: (row) => signed(row.difference), title: docs.difference, decorate: (cell, row) => { if (isSignificant(row)) cell.classList.add("changed"); } },
    { name: "plot", label: "95 % interval", value: (row) => row.difference, show: (row) => intervalPlot(range, row.difference, row.ci_low, row.ci_high, { zero: true }),
      decorate: (cell, row) => { cell.title = interval(row.ci_low, row.ci_high); }, title: docs.ci_low },
    { name: "interval", label: "from – to", value: (row) => row.ci_low, show: (row) => interval(row.ci_low, row.ci_high), title: docs.ci_low },
    { name: "n", label: "n", value: (row) => row.n ?? row.n_common, show: (row) => count(row.n ?? row.n_common), title: docs.n ?? docs.n_common },
  ];
  if (has("p_value")) columns.push({ name: "p_value", label: "p", value: (row) => row.p_value, show: (row) => pValue(row.p_value), title: docs.p_value });
  if (has("p_holm")) columns.push({ name: "p_holm", label: "Holm", value: (row) => row.p_holm, show: (row) => pValue(row.p_holm), title: docs.p_holm });
  if (has("minimum_detectable_difference")) columns.push({ name: "detectable", label: "Detectable", value: (row) => row.minimum_detectable_difference, show: (row) => decimal(row.minimum_detectable_difference), title: docs.minimum_detectable_difference });
  if (has("correlation")) columns.push({ name: "correlation", label: "Correlation", value: (row) => row.correlation, show: (row) => decimal(row.correlation, 2), title: docs.correlation });
  columns.push(only("a", "Only A right", board, models, docs), only("b", "Only B right", board, models, docs));
  return dataTable(columns, pairs, { id: "", file: `compare_${board.folder}`, caption: `Differences of ${models.a} and ${models.b} on ${board.benchmark}` });
}

/** @param {Row} row */
function isSignificant(row) {
  return row.p_holm !== null && row.p_holm <= 0.05;
}

/** @param {Row} row */
function whole(row) {
  return row.kind === "mean_win_rate" ? "Mean win rate" : row.kind === "mean_score" ? "Mean score" : text(row.kind);
}

/**
 * @param {Row} row
 * @param {Board} board
 */
function itemsOf(row, board) {
  return to({ view: "items", source: board.source, benchmark: board.benchmark, variant: row.variant, metric: row.metric_name });
}

/**
 * Return the column that leads to the items that only one of the models gets right.
 *
 * @param {"a" | "b"} side
 * @param {string} label
 * @param {Board} board
 * @param {{a: string, b: string}} models
 * @param {Record<string, string>} docs
 * @returns {import("../../data_table.js").TableColumn<Row>}
 */
function only(side, label, board, models, docs) {
  const [right, wrong] = side === "a" ? [models.a, models.b] : [models.b, models.a];
  return {
    name: `only_${side}`,
    label,
    title: docs[`n_only_${side}`],
    value: (row) => row[`n_only_${side}`],
    show: (row) => (row.variant ? h("a", { href: to({ view: "items", source: board.source, benchmark: board.benchmark, variant: row.variant, metric: row.metric_name, right, wrong }) }, row[`n_only_${side}`] === null ? "items" : count(row[`n_only_${side}`])) : ""),
  };
}

/**
 * @param {Board} board
 * @param {Row[]} rows
 * @param {string} a
 * @param {string} b
 */
function program(board, rows, a, b) {
  const file = `data/hub/evaleval/every_eval_score_ever/latest/pairs_${board.source}.parquet`;
  const options = modelOptions(rows);
  const names = [a, b].map((key) => String(rows[options.findIndex((option) => option.value === key)]?.model_name ?? ""));
  return recipe({
    pandas: `import pandas as pd\n\npairs = pd.read_parquet(${pythonText(file)})\nmodels = {${names.map(pythonText).join(", ")}}\npairs = pairs[(pairs.benchmark == ${pythonText(board.benchmark)}) & pairs.model_name_a.isin(models) & pairs.model_name_b.isin(models)]\nprint(pairs[["variant", "model_name_a", "model_name_b", "difference", "ci_low", "ci_high"]])`,
    duckdb: `SELECT variant, model_name_a, model_name_b, difference, ci_low, ci_high\nFROM ${sqlText(file)}\nWHERE benchmark = ${sqlText(board.benchmark)}\n  AND model_name_a IN (${names.map(sqlText).join(", ")})\n  AND model_name_b IN (${names.map(sqlText).join(", ")});`,
  });
}
