// The published tables: the only module that knows in which repo and in which file a table is.

import { FileProblem, fetchJson } from "./fetching.js";
import { ParquetFile } from "./parquet.js";

/** @typedef {import("./parquet.js").Row} Row */
/** @typedef {"data" | "scores" | "page"} Repo */
/** @typedef {Record<string, [number, string]>} Index size and digest of each file, by path */
/** @typedef {{repo: string, commit: string | null, address: string, location: string | null}} Place */

/** @typedef {object} Board
 * @property {string} source
 * @property {string} benchmark
 * @property {string} folder
 */

const LEADERBOARD = /^latest\/leaderboard_([a-z0-9_]+)\.parquet$/;

/** The published tables as the page's index lists them. */
export class Tables {
  /**
   * @param {Record<Repo, Place>} places
   * @param {string} version version of every_eval that made the page
   */
  constructor(places, version) {
    this.places = places;
    this.version = version;
    /** @type {Map<string, Promise<any>>} */
    this.kept = new Map();
  }

  /** @returns {Promise<Tables>} */
  static async open() {
    const { data, scores, version } = await fetchJson("config.json");
    return new Tables({ data, scores, page: { repo: "", commit: null, address: "", location: null } }, version);
  }

  /**
   * Begin to fetch what a view will read, so that no file waits for another. A problem is said where the file is read.
   *
   * @param {URLSearchParams} address
   */
  begin(address) {
    const [source, benchmark] = [address.get("source"), address.get("benchmark")];
    /** @type {Promise<unknown>[]} */
    const begun = [this.leaderboards(), this.index("page")];
    if (source && benchmark) begun.push(this.scenarioScores(board(source, benchmark)));
    if (address.get("view")?.startsWith("item")) begun.push(this.index("data"));
    for (const one of begun) one.catch(() => {});
  }

  /**
   * Return the size and the digest of each file of a repo.
   *
   * @param {Repo} repo
   * @returns {Promise<Index>}
   */
  index(repo) {
    return this.once(`index/${repo}`, () => fetchJson(`index/${repo}.json`));
  }

  /** @returns {Promise<string[]>} sources that have a leaderboard */
  async sources() {
    const index = await this.index("scores");
    const found = Object.keys(index).flatMap((path) => LEADERBOARD.exec(path)?.[1] ?? []);
    return found.sort((a, b) => Number(b === "helm") - Number(a === "helm") || a.localeCompare(b));
  }

  /**
   * Return a table of the scores repo for a source.
   *
   * @param {string} table
   * @param {string} source
   */
  scores(table, source) {
    return this.file("scores", table.startsWith(`${source}_`) ? `latest/${table}.parquet` : `latest/${table}_${source}.parquet`);
  }

  /**
   * Tell whether the scores repo has a table of a source.
   *
   * @param {string} table
   * @param {string} source
   */
  async hasScores(table, source) {
    return `latest/${table}_${source}.parquet` in (await this.index("scores"));
  }

  /**
   * Return the rows of every source's leaderboard. A leaderboard that cannot be read is among the problems.
   *
   * @returns {Promise<{rows: Row[], problems: Error[]}>}
   */
  leaderboards() {
    return this.once("leaderboards", async () => {
      const sources = await this.sources();
      const read = await Promise.allSettled(sources.map(async (source) => (await this.scores("leaderboard", source)).rows()));
      return {
        rows: read.flatMap((one) => (one.status === "fulfilled" ? one.value : [])),
        problems: read.flatMap((one) => (one.status === "rejected" ? [one.reason] : [])),
      };
    });
  }

  /**
   * Return the leaderboards of all releases of a benchmark; none if the source has no history.
   *
   * @param {Board} board
   * @returns {Promise<Row[]>}
   */
  history(board) {
    return this.once(`history/${board.folder}`, async () => {
      if (!(await this.hasScores("history", board.source))) return [];
      return (await this.scores("history", board.source)).rows({ filter: { benchmark: board.benchmark } });
    });
  }

  /**
   * Return the release of each row of the history of a benchmark, and the release's number and date.
   *
   * @param {Board} board
   * @returns {Promise<Row[]>}
   */
  releases(board) {
    return this.once(`releases/${board.folder}`, async () => {
      if (!(await this.hasScores("history", board.source))) return [];
      return (await this.scores("history", board.source)).rows({ columns: ["release", "release_number", "date"], filter: { benchmark: board.benchmark } });
    });
  }

  /** @param {Board} board */
  scenarioScores(board) {
    return this.once(`scenario_scores/${board.folder}`, async () => (await this.file("page", scenarioPath(board))).rows());
  }

  /**
   * Return a file of a shard, for example its samples.
   *
   * @param {string} folder first part of the path: data, item_scores, judgements
   * @param {Board} board
   * @param {string} shard
   */
  shard(folder, board, shard) {
    return this.file("data", `${folder}/${board.folder}/${shard}.parquet`);
  }

  /**
   * @param {Repo} repo
   * @param {string} path
   * @returns {Promise<ParquetFile>}
   */
  file(repo, path) {
    return this.once(`${repo}/${path}`, async () => {
      const entry = (await this.index(repo))[path];
      if (!entry) throw new FileProblem(path, "is not published.");
      return new ParquetFile(this.places[repo].address + path.split("/").map(encodeURIComponent).join("/"), path, entry[0]);
    });
  }

  /** @returns {Promise<Record<string, {doc: string, columns: Record<string, string>}>>} meanings of tables and columns */
  docs() {
    return this.once("docs", () => fetchJson("columns.json"));
  }

  /**
   * Return the meanings of a table's columns; none if they cannot be read, since the numbers stand without them.
   *
   * @param {string} table
   * @returns {Promise<Record<string, string>>}
   */
  async columnDocs(table) {
    return this.docs().then((found) => found[table]?.columns ?? {}, () => ({}));
  }

  /** @returns {Promise<Record<string, string>>} when each shard was ingested, by the path of its statistics file */
  dates() {
    return this.once("dates", () => fetchJson("index/dates.json"));
  }

  /**
   * Read something once, and keep it. What could not be read is read again when it is asked for again.
   *
   * @template T
   * @param {string} key
   * @param {() => Promise<T>} read
   * @returns {Promise<T>}
   */
  once(key, read) {
    const known = this.kept.get(key);
    if (known) return known;
    const begun = read();
    this.kept.set(key, begun);
    begun.catch(() => this.kept.delete(key));
    return begun;
  }
}

/**
 * @param {string} source
 * @param {string} benchmark
 * @returns {Board}
 */
export function board(source, benchmark) {
  return { source, benchmark, folder: `${source}_${benchmark.replace(/[^A-Za-z0-9]/g, "_")}` };
}

/** @param {Board} board */
export function scenarioPath(board) {
  return `scenario_scores/${board.folder}.parquet`;
}

/**
 * Return the boards of leaderboard rows, each once, in the order of the rows.
 *
 * @param {Row[]} rows
 * @returns {Board[]}
 */
export function boards(rows) {
  return [...new Map(rows.map((row) => [`${row.source}/${row.benchmark}`, board(row.source, row.benchmark)])).values()];
}

/**
 * Return what identifies a model on a leaderboard: its name, and its deployment.
 *
 * @param {Row} row
 * @returns {string}
 */
export function modelKey(row) {
  return row.model_deployment && row.model_deployment !== row.model_name ? `${row.model_name} @ ${row.model_deployment}` : (row.model_name ?? "unnamed");
}
