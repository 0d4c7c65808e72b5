// All items of a scenario, with what they tell about the models and about themselves.

import { change, current, to } from "../../address.js";
import { chooser, chosenBoard } from "../../choosers.js";
import { dataTable } from "../../data_table.js";
import { h, replace } from "../../elements.js";
import { count, decimal } from "../../format.js";
import { note, problem, pythonText, recipe, section, sqlText } from "../../notices.js";
import { responses, scenarios } from "../../responses.js";
import { modelKey } from "../../tables.js";
import { readItems } from "./items.js";
import { readQuestions } from "./questions.js";

/** @typedef {import("../../parquet.js").Row} Row */
/** @typedef {import("../../responses.js").Scenario} Scenario */
/** @typedef {import("../../tables.js").Board} Board */

/** @type {Record<string, {label: string, passes: (row: Row) => boolean}>} */
const FILTERS = {
  all: { label: "all items", passes: () => true },
  wrong: { label: "all models wrong", passes: (row) => row.all_wrong === true },
  right: { label: "all models right", passes: (row) => row.all_right === true },
  suspicious: { label: "suspicious: better models do worse", passes: (row) => row.is_suspicious === true },
};

/**
 * @param {import("../../app.js").Context} context
 * @returns {Promise<string>} title of the view
 */
export async function show(context) {
  const chosen = await chosenBoard(context, "items");
  if (!chosen) return "Items";
  const { tables, address, root } = context;
  const { board } = chosen;
  const all = scenarios(await tables.scenarioScores(board));
  const scenario = chosenScenario(all, address);
  if (!scenario) {
    root.append(note(`No scores of ${board.benchmark} are published.`));
    return "Items";
  }
  const options = all.map((one) => ({ value: one.variant, label: `${one.variant} (${one.metric})` }));
  root.append(h("h1", {}, h("bdi", {}, scenario.variant), h("span.source", {}, `${scenario.metric}, ${scenario.runs.length} models`)),
    h("div.controls", {}, chooser("Scenario", "variant", options, scenario.variant)));
  root.append(section("the items", async () => {
    const [items, docs] = await Promise.all([readItems(tables, board, scenario), tables.columnDocs("items")]);
    const both = await onlyOne(context, board, scenario, items);
    if (!both.items.length) return [...both.notes, note("No item has a value here. Outputs of this scenario may not be published, or give no value of their own.")];
    return [...both.notes, listed(context, board, scenario, both.items, docs)];
  }), program(board, scenario));
  return `Items of ${scenario.variant}`;
}

/**
 * @param {Scenario[]} all
 * @param {URLSearchParams} address
 */
function chosenScenario(all, address) {
  const named = all.filter((one) => one.variant === address.get("variant"));
  return named.find((one) => one.metric === address.get("metric")) ?? named[0] ?? all[0];
}

/**
 * Keep the items that one model gets right and another wrong, if the address names the two.
 *
 * @param {import("../../app.js").Context} context
 * @param {Board} board
 * @param {Scenario} scenario
 * @param {Row[]} items
 */
async function onlyOne({ tables, address }, board, scenario, items) {
  const [right, wrong] = ["right", "wrong"].map((name) => scenario.runs.find((run) => modelKey(run) === address.get(name)));
  if (!address.get("right") || !address.get("wrong")) return { items, notes: [] };
  if (!right || !wrong) return { items, notes: [note("The address names a model that has no run on this scenario.")] };
  const [ofRight, ofWrong] = await Promise.all([responses(tables, board, right), responses(tables, board, wrong)]);
  const kept = items.filter((row) => isHigher(ofRight.get(row.item)?.value, ofWrong.get(row.item)?.value, right.lower_is_better));
  const whole = h("a", { href: to({ view: "items", source: board.source, benchmark: board.benchmark, variant: scenario.variant }) }, "Show all items");
  return { items: kept, notes: [h("p.note", {}, `Only items on which ${modelKey(right)} does better than ${modelKey(wrong)}: ${kept.length} of ${items.length}. `, whole)] };
}

/**
 * @param {number | null | undefined} a
 * @param {number | null | undefined} b
 * @param {boolean | null} lowerIsBetter
 */
function isHigher(a, b, lowerIsBetter) {
  return typeof a === "number" && typeof b === "number" && (lowerIsBetter ? a < b : a > b);
}

/**
 * @param {import("../../app.js").Context} context
 * @param {Board} board
 * @param {Scenario} scenario
 * @param {Row[]} items
 * @param {Record<string, string>} docs
 */
function listed({ tables }, board, scenario, items, docs) {
  const box = h("div");
  const place = h("div");
  /** @type {Map<string, string>} */
  let questions = new Map();
  const draw = () => {
    const query = current();
    const filter = FILTERS[query.get("show") ?? "all"] ?? FILTERS.all;
    const wanted = (query.get("find") ?? "").toLowerCase();
    const passing = items.filter((row) => filter?.passes(row) && (!wanted || `${row.item} ${row.instance_id} ${questions.get(row.item) ?? ""}`.toLowerCase().includes(wanted)));
    replace(place, dataTable(itemColumns(board, scenario, items, docs, questions), passing, { id: "", file: `items_${board.folder}`, caption: `Items of ${scenario.variant}` }));
  };
  const load = async () => {
    status.textContent = "Loading the questions …";
    try {
      questions = await readQuestions(tables, board, scenario, items);
      status.textContent = `${questions.size} of ${items.length} questions loaded.`;
    } catch (error) {
      replace(status, problem(error));
    }
    draw();
  };
  const status = h("span.note", { role: "status" });
  const filters = Object.entries(FILTERS).filter(([name, { passes }]) => name === "all" || items.some(passes));
  box.append(h("div.controls", {},
    h("label", {}, "Show ", h("select", { name: "show", onchange: (event) => { change({ show: event.target.value }); draw(); } }, filters.map(([value, { label }]) => h("option", { value, selected: value === current().get("show") }, label)))),
    h("label", {}, "Find ", h("input", { type: "search", name: "find", value: current().get("find") ?? "", placeholder: "text of the question", oninput: (event) => { change({ find: event.target.value }); if (!questions.size) load(); else draw(); } })),
    h("button", { type: "button", onclick: load }, "Load the questions"), status), place);
  draw();
  if (current().get("find")) load();
  return box;
}

/**
 * @param {Board} board
 * @param {Scenario} scenario
 * @param {Row[]} items
 * @param {Record<string, string>} docs
 * @param {Map<string, string>} questions
 * @returns {import("../../data_table.js").TableColumn<Row>[]}
 */
function itemColumns(board, scenario, items, docs, questions) {
  const link = (/** @type {Row} */ row) => to({ view: "item", source: board.source, benchmark: board.benchmark, variant: scenario.variant, metric: scenario.metric, item: row.item, models: pair() });
  /** @type {import("../../data_table.js").TableColumn<Row>[]} */
  const columns = [
    { name: "item", label: "Item", isText: true, isHeader: true, kind: "model", value: (row) => row.instance_id ?? row.item, title: docs.item, show: (row) => h("a", { href: link(row), title: row.item }, h("bdi", {}, row.instance_id ?? row.item)) },
    { name: "n_models", label: "Models", value: (row) => row.n_models, show: (row) => count(row.n_models), title: docs.n_models },
    { name: "mean", label: "Mean score", value: (row) => row.mean, show: (row) => decimal(row.mean), title: docs.mean ?? "Mean of the models' values" },
    { name: "difficulty", label: "Difficulty", value: (row) => row.difficulty, show: (row) => decimal(row.difficulty), title: docs.difficulty },
    { name: "discrimination", label: "Discrimination", value: (row) => row.discrimination, show: (row) => decimal(row.discrimination, 2), title: docs.discrimination },
    { name: "disagreement", label: "Disagreement", value: disagreement, show: (row) => decimal(disagreement(row), 2), title: "How far the models differ: the standard deviation of their values; for right or wrong answers the largest value is one half." },
    { name: "remarks", label: "Remarks", isText: true, value: remarks, title: docs.is_suspicious ?? "Whether all models are right or wrong" },
  ];
  const isKnown = (/** @type {import("../../data_table.js").TableColumn<Row>} */ column) => items.some((row) => column.value(row) !== null && column.value(row) !== "");
  const known = columns.filter(isKnown);
  if (questions.size) known.splice(1, 0, { name: "question", label: "Question", isText: true, value: (row) => questions.get(row.item), show: (row) => h("bdi", { title: questions.get(row.item) }, (questions.get(row.item) ?? "").slice(0, 120)) });
  return known;
}

function pair() {
  const query = current();
  const models = [query.get("right"), query.get("wrong")].filter((model) => model !== null);
  return models.length ? models.map((model) => encodeURIComponent(model).replaceAll("~", "%7E")).join("~") : null;
}

/** @param {Row} row */
function disagreement(row) {
  if (typeof row.spread === "number") return row.spread;
  if (typeof row.n_right === "number" && typeof row.n_wrong === "number" && row.n_right + row.n_wrong > 0 && typeof row.mean === "number") return Math.sqrt(Math.max(0, row.mean * (1 - row.mean)));
  return null;
}

/** @param {Row} row */
function remarks(row) {
  return [row.all_wrong && "all wrong", row.all_right && "all right", row.is_suspicious && "suspicious"].filter(Boolean).join(", ");
}

/**
 * @param {Board} board
 * @param {Scenario} scenario
 */
function program(board, scenario) {
  const runs = scenario.runs.map((run) => run.run);
  const file = `data/hub/evaleval/every_eval_ever/item_scores/${board.folder}/*.parquet`;
  return recipe({
    pandas: `import glob\nimport pandas as pd\n\nfiles = sorted(glob.glob(${pythonText(file)}))\nscores = pd.concat(pd.read_parquet(file) for file in files)\nruns = [\n${runs.map((run) => `    ${pythonText(run)},`).join("\n")}\n]\nscores = scores[scores.run.isin(runs) & (scores.metric_name == ${pythonText(scenario.metric)}) & scores.perturbation.isna()]\nprint(scores.groupby("item").value.agg(["count", "mean"]).sort_values("mean"))`,
    duckdb: `SELECT item, count(value) AS n_models, avg(value) AS mean\nFROM ${sqlText(file)}\nWHERE run IN (${runs.map(sqlText).join(",\n  ")})\n  AND metric_name = ${sqlText(scenario.metric)} AND perturbation IS NULL\nGROUP BY item ORDER BY mean;`,
  });
}
