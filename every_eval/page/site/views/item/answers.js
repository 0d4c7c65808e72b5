// The answer of one model to one item: output, score, judges' reasons, thinking text, and the prompt on demand.

import { to } from "../../address.js";
import { h, replace } from "../../elements.js";
import { decimal, text } from "../../format.js";
import { note, problem } from "../../notices.js";
import { samples } from "../../responses.js";
import { modelKey } from "../../tables.js";

/** @typedef {import("../../parquet.js").Row} Row */
/** @typedef {import("../../tables.js").Tables} Tables */
/** @typedef {import("../../tables.js").Board} Board */

const COLUMNS = [
  "instance_id", "train_trial_index", "reference_index", "occurrence", "output", "truncated_output", "mapped_output", "responses", "answer",
  "explanation", "evaluation_score", "evaluation_method_name", "thinking_text", "output_media", "error", "limit", "is_encrypted", "releases",
];
const MAX_SHOWN = 12; // Rows of one run that are shown: an item with many trials or references has many.

/**
 * Show what a run answered to an item.
 *
 * @param {Tables} tables
 * @param {Board} board
 * @param {Row} run row of scenario_scores
 * @param {import("../../responses.js").Response | undefined} response
 * @returns {Promise<HTMLElement>}
 */
export async function answer(tables, board, run, response) {
  const box = h("article.answer", {}, h("h3", {}, h("a", { href: to({ view: "model", source: board.source, model: run.model_name, deployment: run.model_deployment }) }, h("bdi", {}, modelKey(run)))));
  if (!response) {
    box.append(note("This model was not asked this item."));
    return box;
  }
  box.append(h("p", {}, `${run.metric_name}: `, h("strong", {}, decimal(response.value))));
  const [rows, judgements] = await Promise.allSettled([
    samples(tables, board, run, new Set(response.instances), COLUMNS),
    readJudgements(tables, board, run, new Set(response.instances)),
  ]);
  if (rows.status === "rejected") {
    box.append(problem(rows.reason));
    return box;
  }
  const shown = rows.value.slice(0, MAX_SHOWN);
  box.append(...shown.map((row) => output(row, rows.value.length > 1)));
  if (rows.value.length > shown.length) box.append(note(`And ${rows.value.length - shown.length} more outputs of this model.`));
  if (!rows.value.length) box.append(note("The outputs of this run are not published."));
  if (judgements.status === "rejected") box.append(problem(judgements.reason));
  else if (judgements.value.length) box.append(judged(judgements.value));
  box.append(promptOnDemand(tables, board, run, response.instances));
  return box;
}

/**
 * @param {Row} row
 * @param {boolean} hasOthers
 */
function output(row, hasOthers) {
  const which = [`trial ${row.train_trial_index + 1}`, row.reference_index !== null && `reference ${row.reference_index + 1}`, row.occurrence > 0 && `occurrence ${row.occurrence + 1}`].filter(Boolean).join(", ");
  const said = row.truncated_output ?? row.output;
  return h("div", {},
    hasOthers && h("p.note", {}, `${which}: ${decimal(row.evaluation_score)}`),
    row.is_encrypted && note("The source encrypts this text."),
    row.thinking_text && h("details", {}, h("summary", {}, "Thinking"), h("pre", { dir: "auto", tabindex: 0 }, row.thinking_text)),
    h("pre", { dir: "auto", tabindex: 0 }, said === null || said === "" ? "(no output)" : said),
    row.mapped_output && row.mapped_output !== said && h("p", {}, "Read as: ", h("bdi", {}, row.mapped_output)),
    row.answer && row.answer !== said && h("p", {}, "Answer: ", h("bdi", {}, row.answer)),
    row.explanation && h("details", {}, h("summary", {}, "Why this score"), h("pre", { dir: "auto", tabindex: 0 }, row.explanation)),
    row.error && h("p.problem", {}, row.error),
    row.limit && note(`Ended by the limit: ${row.limit}.`),
    media(row.output_media));
}

/**
 * Show media as links, or as their text.
 *
 * @param {Row[] | null} parts
 */
export function media(parts) {
  if (!parts?.length) return null;
  return h("ul", {}, parts.map((part) => h("li", {}, `${text(part.content_type)}: `,
    /^https?:\/\//.test(part.location ?? "") ? h("a", { href: part.location, target: "_blank", rel: "noopener noreferrer" }, part.location) : h("bdi", {}, part.text ?? part.location ?? ""))));
}

/** @param {Row[]} rows */
function judged(rows) {
  return h("details", { open: true }, h("summary", {}, `Judges (${rows.length})`), h("dl.facts", {}, rows.flatMap((row) => [
    h("dt", {}, [row.judge ?? row.annotator, row.criterion].filter(Boolean).join(", ")),
    h("dd", {}, h("strong", {}, decimal(row.score)), row.explanation && h("p", { dir: "auto" }, row.explanation)),
  ])));
}

/**
 * @param {Tables} tables
 * @param {Board} board
 * @param {Row} run
 * @param {Set<string>} instances
 * @returns {Promise<Row[]>}
 */
async function readJudgements(tables, board, run, instances) {
  const path = `judgements/${board.folder}/${run.shard}.parquet`;
  if (!(path in (await tables.index("data")))) return [];
  const file = await tables.file("data", path);
  const rows = await file.rows({ columns: ["suite", "run", "instance_id", "perturbation_name", "annotator", "judge", "criterion", "score", "explanation"], filter: { run: run.run, suite: run.suite } });
  return rows.filter((row) => instances.has(row.instance_id) && row.perturbation_name === null);
}

/**
 * @param {Tables} tables
 * @param {Board} board
 * @param {Row} run
 * @param {string[]} instances
 */
function promptOnDemand(tables, board, run, instances) {
  const place = h("div", {}, note("Loading the prompt …"));
  let isAsked = false;
  const load = async () => {
    if (isAsked) return;
    isAsked = true;
    try {
      const [row] = await samples(tables, board, run, new Set(instances), ["prompt", "messages"]);
      replace(place, h("pre", { dir: "auto", tabindex: 0 }, row?.prompt ?? row?.messages ?? "The prompt is not published."));
    } catch (error) {
      isAsked = false;
      replace(place, problem(error));
    }
  };
  return h("details", { ontoggle: load }, h("summary", {}, "Prompt"), place);
}
