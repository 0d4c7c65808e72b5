// One item: the question, and the answers of several models side by side.

import { current, joined, list, to } from "../../address.js";
import { chosenBoard, follow } from "../../choosers.js";
import { h } from "../../elements.js";
import { decimal } from "../../format.js";
import { note, problem, pythonText, recipe, section, sqlText } from "../../notices.js";
import { responses, runsOf, sampleKeys, samples, scenarios } from "../../responses.js";
import { modelKey } from "../../tables.js";
import { answer, media } from "./answers.js";

/** @typedef {import("../../parquet.js").Row} Row */
/** @typedef {import("../../tables.js").Board} Board */
/** @typedef {import("../../responses.js").Scenario} Scenario */

const MODELS = 6; // Models that are shown if the address names none.

/**
 * @param {import("../../app.js").Context} context
 * @returns {Promise<string>} title of the view
 */
export async function show(context) {
  const chosen = await chosenBoard(context, "items");
  if (!chosen) return "Item";
  const { tables, address, root } = context;
  const { board, rows } = chosen;
  const named = scenarios(await tables.scenarioScores(board)).filter((one) => one.variant === address.get("variant"));
  const scenario = named.find((one) => one.metric === address.get("metric")) ?? named[0];
  const item = address.get("item");
  if (!scenario || !item) {
    root.append(note("The address names no item, or a scenario that is not published. Choose an item in the view Items."));
    return "Item";
  }
  const runs = runsOf(scenario.runs, list(address.get("models")), rows, MODELS);
  for (const run of runs) sampleKeys(tables, board, run).catch(() => {}); // The answers need the keys too: a problem is said there.
  const read = await Promise.all(runs.map((run) => responses(tables, board, run).catch((/** @type {unknown} */ error) => error)));
  root.append(h("h1", {}, "Item of ", h("a", { href: to({ view: "items", source: board.source, benchmark: board.benchmark, variant: scenario.variant, metric: scenario.metric }) }, h("bdi", {}, scenario.variant))),
    neighbours(read, item), question(tables, board, runs, read, item),
    h("h2", {}, "Answers"),
    h("div.answers", {}, runs.map((run, at) => {
      const found = read[at];
      return section(modelKey(run), async () => {
        if (!(found instanceof Map)) return problem(found);
        return answer(tables, board, run, found.get(item));
      });
    })),
    others(tables, board, scenario, runs, item), program(board, runs, read, item));
  return `Item of ${scenario.variant}`;
}

/**
 * Show the links to the neighbouring items, in the order of the first run. The keys ← and → follow them.
 *
 * @param {unknown[]} read
 * @param {string} item
 */
function neighbours(read, item) {
  const order = [...new Set(read.flatMap((found) => (found instanceof Map ? [...found.keys()] : [])))];
  const at = order.indexOf(item);
  const address = (/** @type {string | undefined} */ other) => {
    const query = current();
    query.set("item", other ?? "");
    return `?${query}`;
  };
  const before = at > 0 ? h("a", { href: address(order[at - 1]), rel: "prev" }, "← previous") : h("span.note", {}, "← previous");
  const after = at >= 0 && at < order.length - 1 ? h("a", { href: address(order[at + 1]), rel: "next" }, "next →") : h("span.note", {}, "next →");
  return h("p.controls", { id: "neighbours" }, before, after, h("span.note", {}, at >= 0 ? `${at + 1} of ${order.length}; the keys ← and → move` : "No chosen model has this item."));
}

document.addEventListener("keydown", (event) => {
  const place = document.getElementById("neighbours");
  if (!place || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(/** @type {Element} */ (event.target).tagName)) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  const link = rel && place.querySelector(`a[rel=${rel}]`);
  if (link) follow(link.getAttribute("href") ?? "");
});

/**
 * Show the question as the first run that can be read has it.
 *
 * @param {import("../../tables.js").Tables} tables
 * @param {Board} board
 * @param {Row[]} runs
 * @param {unknown[]} read
 * @param {string} item
 */
function question(tables, board, runs, read, item) {
  return section("the question", async () => {
    for (const [at, run] of runs.entries()) {
      const found = read[at];
      const response = found instanceof Map ? found.get(item) : undefined;
      if (!response) continue;
      const [row] = await samples(tables, board, run, new Set(response.instances), ["raw_input", "references", "ground_truth", "media", "is_encrypted", "instance_id"]);
      if (row) return questionText(row);
    }
    return note("No chosen model has this item, so its question is not shown. Choose other models.");
  });
}

/** @param {Row} row */
function questionText(row) {
  /** @type {Row[]} */
  const references = row.references ?? [];
  return [
    h("p.note", {}, `Instance ${row.instance_id}`),
    h("pre", { dir: "auto", tabindex: 0 }, row.is_encrypted ? "The source encrypts this question." : row.raw_input || "(no text)"),
    ...[media(row.media)].filter((part) => part !== null),
    references.length
      ? h("ul", { "aria-label": "References" }, references.map((reference) => h("li", {}, h(reference.tags?.includes("correct") ? "strong" : "span", { dir: "auto" }, reference.text), reference.tags?.length ? h("span.note", {}, ` ${reference.tags.join(", ")}`) : null)))
      : note("The source states no reference."),
  ];
}

/**
 * Offer the other models of the scenario.
 *
 * @param {import("../../tables.js").Tables} tables
 * @param {Board} board
 * @param {Scenario} scenario
 * @param {Row[]} shown
 * @param {string} item
 */
function others(tables, board, scenario, shown, item) {
  const choose = () => {
    const boxes = [.../** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("#models input:checked"))];
    const query = current();
    query.set("models", joined(boxes.map((box) => box.value)));
    follow(`?${query}`);
  };
  const values = h("span.note", { role: "status" });
  const load = async () => {
    const read = await Promise.allSettled(scenario.runs.map(async (run) => `${modelKey(run)}: ${decimal((await responses(tables, board, run)).get(item)?.value)}`));
    values.textContent = read.map((one) => (one.status === "fulfilled" ? one.value : "a file could not be read")).join(" · ");
  };
  return h("details", {}, h("summary", {}, `Choose models (${shown.length} of ${scenario.runs.length})`),
    h("div.choices", { id: "models" }, scenario.runs.map((run) => h("label", {}, h("input", { type: "checkbox", value: modelKey(run), checked: shown.includes(run) }), " ", h("bdi", {}, modelKey(run))))),
    h("p.controls", {}, h("button", { type: "button", onclick: choose }, "Show these"), h("button", { type: "button", onclick: load }, "Scores of all models")), values);
}

/**
 * @param {Board} board
 * @param {Row[]} runs
 * @param {unknown[]} read
 * @param {string} item
 */
function program(board, runs, read, item) {
  const instances = [...new Set(read.flatMap((found) => (found instanceof Map ? (found.get(item)?.instances ?? []) : [])))];
  const file = `data/hub/evaleval/every_eval_ever/data/${board.folder}/*.parquet`;
  const names = runs.map((run) => run.run);
  return recipe({
    pandas: `import glob\nimport pandas as pd\n\nruns = [\n${names.map((run) => `    ${pythonText(run)},`).join("\n")}\n]\ncondition = [("run", "in", runs), ("instance_id", "in", [${instances.map(pythonText).join(", ")}])]\nfiles = sorted(glob.glob(${pythonText(file)}))\nanswers = pd.concat(pd.read_parquet(file, filters=condition) for file in files)\nprint(answers[["model_name", "raw_input", "output", "evaluation_score"]])`,
    duckdb: `SELECT model_name, raw_input, output, evaluation_score\nFROM ${sqlText(file)}\nWHERE run IN (${names.map(sqlText).join(",\n  ")})\n  AND instance_id IN (${instances.map(sqlText).join(", ") || "NULL"}) AND perturbation IS NULL;`,
  });
}
