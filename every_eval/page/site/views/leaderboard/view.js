// The leaderboard of a benchmark: models by rank, with the scores of every column behind the rank.

import { change, current, to } from "../../address.js";
import { chooser, chosenBoard } from "../../choosers.js";
import { dataTable } from "../../data_table.js";
import { h, replace } from "../../elements.js";
import { note, problem, pythonText, recipe, sqlText } from "../../notices.js";
import { mainColumns } from "./cells.js";
import { readChoices, suiteFingerprint, written } from "./choices.js";
import { tableColumns } from "./columns.js";
import { filterControls, passes, readFilters, suiteControls } from "./controls.js";
import { published, rankingColumn, ranksByWinRate, recomputed } from "./standings.js";

/** @typedef {import("../../parquet.js").Row} Row */

/**
 * @param {import("../../app.js").Context} context
 * @returns {Promise<string>} title of the view
 */
export async function show(context) {
  const chosen = await chosenBoard(context, "leaderboard");
  if (!chosen) return "Leaderboard";
  const { tables, root, address } = context;
  const { board, rows } = chosen;
  const body = h("div");
  root.append(body);
  const newest = String(rows[0]?.release ?? "");
  const release = address.get("release") ?? newest;
  const [docs, read, older, releases] = await Promise.all([
    tables.columnDocs("leaderboard"),
    release === newest ? tables.scenarioScores(board).then((found) => ({ columns: mainColumns(found), failure: null }), (failure) => ({ columns: [], failure })) : { columns: [], failure: null },
    release === newest ? [] : tables.history(board).then((found) => found.filter((row) => row.release === release)),
    tables.releases(board).then((found) => releaseChooser(found, release), problem),
  ]);
  if (release !== newest) root.insertBefore(olderRelease(release, newest, older, board), body);
  await draw({ body, board, rows: older.length ? older : rows, columns: read.columns, docs, releases, failure: read.failure });
  return `${board.benchmark} leaderboard`;
}

/**
 * Say what the leaderboard of an older release lacks.
 *
 * @param {string} release
 * @param {string} newest
 * @param {Row[]} found rows of the release
 * @param {import("../../tables.js").Board} board
 */
function olderRelease(release, newest, found, board) {
  const link = h("a", { href: to({ view: "leaderboard", source: board.source, benchmark: board.benchmark }) }, newest);
  if (!found.length) return h("p.note", {}, `No leaderboard of release ${release} is published; this is the newest, `, link, ".");
  return h("p.note", {}, `This is the older release ${release} by today's rules. Scores of single columns are published for the newest release alone: `, link, ".");
}

/**
 * @param {Row[]} rows releases of the rows of the table history
 * @param {string} chosen
 */
function releaseChooser(rows, chosen) {
  const dates = new Map([...rows].sort((a, b) => b.release_number - a.release_number).map((row) => [String(row.release), row.date]));
  if (dates.size < 2) return null;
  return chooser("Release", "release", [...dates].map(([value, date]) => ({ value, label: date ? `${value} (${String(date).slice(0, 10)})` : value })), chosen);
}

/**
 * @param {object} shown
 * @param {HTMLElement} shown.body
 * @param {import("../../tables.js").Board} shown.board
 * @param {Row[]} shown.rows
 * @param {import("./cells.js").MainColumn[]} shown.columns
 * @param {Record<string, string>} shown.docs
 * @param {HTMLElement | null} shown.releases the chooser of the release; null if there is one release
 * @param {unknown} shown.failure why the columns could not be read; null if they could
 */
async function draw({ body, board, rows, columns, docs, releases, failure }) {
  const again = () => draw({ body, board, rows, columns, docs, releases, failure });
  // Of an older release no columns are known, so nothing can be chosen.
  const choices = readChoices(columns.length ? current() : new URLSearchParams(), columns.map((column) => column.index));
  const release = String(rows[0]?.release ?? "");
  const suite = await suiteFingerprint(release, columns, choices);
  const stated = current().get("suite");
  change({ suite: choices.isPublished ? null : suite });
  const byWinRate = ranksByWinRate(rows);
  const standings = choices.isPublished ? published(rows) : recomputed(rows, columns, choices);
  const shownColumns = columns.filter((column) => choices.weights.has(column.index));
  const nColumns = choices.isPublished ? (rows[0]?.n_scenarios_total ?? columns.length) : shownColumns.length;
  const makeColumns = tableColumns({ board, standings, columns: shownColumns, byWinRate, ranking: choices.isPublished || byWinRate ? rankingColumn(rows) : "mean_score", isPublished: choices.isPublished, docs, nColumns });
  const place = h("div");
  const drawTable = () => {
    const filters = readFilters(current());
    const passing = standings.filter((one) => passes(one.row, filters));
    replace(place, dataTable(makeColumns, passing, { id: "", file: `leaderboard_${board.folder}`, caption: `Leaderboard of ${board.benchmark}, ${board.source}, release ${release}` }));
  };
  const filters = filterControls(rows, readFilters(current()), (changed) => { change(changed); drawTable(); });
  if (releases) filters.prepend(releases);
  const onSuite = (/** @type {Set<string>} */ hidden, /** @type {Map<number, number>} */ weights) => {
    const isPublished = !hidden.size && weights.size === columns.length && [...weights.values()].every((weight) => weight === 1);
    change(written({ hidden, weights, isPublished }));
    again();
  };
  drawTable();
  replace(body,
    h("h1", {}, h("bdi", {}, board.benchmark), h("span.source", {}, `${board.source}, release ${release}`)),
    stated && !choices.isPublished && stated !== suite && note(`This address was made for other columns or another release (suite ${stated}); what you see is suite ${suite}.`),
    !choices.isPublished && note(`Ranks and scores are made in this browser from the models, columns and weights that you chose (suite ${suite}). Intervals, bounds of ranks and tiers are known for the published columns alone.`),
    failure !== null && problem(failure),
    filters, place, columns.length > 0 && suiteControls(rows, columns, choices, onSuite), program(board));
}

/** @param {import("../../tables.js").Board} board */
function program(board) {
  const file = `data/hub/evaleval/every_eval_score_ever/latest/leaderboard_${board.source}.parquet`;
  return recipe({
    pandas: `import pandas as pd\n\nboard = pd.read_parquet(${pythonText(file)})\nboard = board[board.benchmark == ${pythonText(board.benchmark)}]\nprint(board[["rank", "model_name", "mean_win_rate", "mean_score", "n_scenarios"]])`,
    duckdb: `SELECT rank, model_name, mean_win_rate, mean_score, n_scenarios\nFROM ${sqlText(file)}\nWHERE benchmark = ${sqlText(board.benchmark)}\nORDER BY rank;`,
  });
}
