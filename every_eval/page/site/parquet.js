// Read Parquet files by ranges: the only module that knows the format.

import { decompress } from "./vendored/fzstd.js";
import { parquetMetadataAsync, parquetReadObjects } from "./vendored/hyparquet.js";
import { FileProblem, fetchRange } from "./fetching.js";

/** @typedef {Record<string, any>} Row */
/** @typedef {{start: number, end: number, resolve: (content: ArrayBuffer) => void, reject: (error: unknown) => void}} Part */

const WHOLE_BYTES = 1 << 18; // A file up to this size is fetched in one request.
const GAP_BYTES = 1 << 14; // Two parts with at most so many bytes between them are fetched in one request.
const FOOTER_SHARE = 1 / 128; // Share of a larger file that is fetched first: its end, with the footer and the index of pages.
const FOOTER_BYTES = [1 << 15, 1 << 19]; // The least and the most that this share is.

/** @type {WeakMap<ArrayBufferLike, Map<number, Uint8Array>>} */
const decompressed = new WeakMap(); // Pages by the part that holds them, and their place in the part: neighbouring runs share pages.
/** @type {any} */
const compressors = {
  /** @type {(input: Uint8Array, size: number) => Uint8Array} */
  ZSTD: (input, size) => {
    const pages = decompressed.get(input.buffer) ?? new Map();
    decompressed.set(input.buffer, pages);
    const page = pages.get(input.byteOffset) ?? decompress(input, new Uint8Array(size));
    pages.set(input.byteOffset, page);
    return page;
  },
};

/** A Parquet file that is read in parts; what was read once is kept. */
export class ParquetFile {
  /**
   * @param {string} address
   * @param {string} path name of the file in messages
   * @param {number} size
   */
  constructor(address, path, size) {
    this.address = address;
    this.path = path;
    this.size = size;
    /** @type {Promise<any> | undefined} */
    this.footer = undefined;
    /** @type {Promise<ArrayBuffer> | undefined} */
    this.whole = undefined;
    /** @type {Map<string, {start: number, end: number, content: Promise<ArrayBuffer>}>} */
    this.parts = new Map();
    /** @type {Part[]} */
    this.asked = [];
    /** @type {Map<string, Promise<Row[]>>} rows of a whole file, by the columns that were read */
    this.decoded = new Map();
  }

  /**
   * Read rows, each as an object of its columns. A column that the file lacks is null.
   *
   * @param {object} options
   * @param {string[]} [options.columns] columns to read; all if absent
   * @param {number} [options.start] first row
   * @param {number} [options.end] row after the last one
   * @param {Record<string, any>} [options.filter] values of columns that a row must have
   * @returns {Promise<Row[]>}
   */
  async rows({ columns, start, end, filter } = {}) {
    const metadata = await this.metadata();
    const there = new Set(names(metadata));
    const asked = columns ?? [...there];
    const conditions = Object.entries(filter ?? {}).filter(([name]) => there.has(name));
    const wanted = asked.filter((name) => there.has(name));
    if (!wanted.length) return [];
    const isWhole = this.size <= WHOLE_BYTES && !conditions.length && start !== undefined;
    try {
      const rows = isWhole
        ? (await this.decodedOnce(metadata, wanted)).slice(start, end)
        : await parquetReadObjects({
          file: this.buffer(),
          metadata,
          compressors,
          columns: wanted,
          rowStart: start,
          rowEnd: end,
          useOffsetIndex: true,
          filter: conditions.length ? Object.fromEntries(conditions.map(([name, value]) => [name, { $eq: value }])) : undefined,
          usePageIndex: conditions.length > 0,
        });
      return rows.map((row) => plain(row, asked));
    } catch (error) {
      throw this.problem(error);
    }
  }

  /**
   * Read all rows once: a small file has few pages, and a part of a page costs as much as the page.
   *
   * @param {any} metadata
   * @param {string[]} columns
   * @returns {Promise<Row[]>}
   */
  decodedOnce(metadata, columns) {
    const key = columns.join();
    const known = this.decoded.get(key) ?? parquetReadObjects({ file: this.buffer(), metadata, compressors, columns });
    this.decoded.set(key, known);
    return known;
  }

  /** @returns {Promise<number>} number of rows */
  async count() {
    return Number((await this.metadata()).num_rows);
  }

  /** @returns {Promise<string[]>} names of the columns */
  async columns() {
    return names(await this.metadata());
  }

  /** @returns {Promise<any>} */
  metadata() {
    const [least = 0, most = 0] = FOOTER_BYTES;
    const initialFetchSize = Math.min(Math.max(Math.ceil(this.size * FOOTER_SHARE), least), most);
    this.footer ??= parquetMetadataAsync(this.buffer(), { initialFetchSize }).catch((error) => {
      this.footer = undefined;
      throw this.problem(error);
    });
    return this.footer;
  }

  buffer() {
    return { byteLength: this.size, slice: (/** @type {number} */ start, end = this.size) => this.slice(start, end) };
  }

  /**
   * @param {number} start
   * @param {number} end
   * @returns {Promise<ArrayBuffer>}
   */
  async slice(start, end) {
    if (this.size <= WHOLE_BYTES) {
      this.whole ??= fetchRange(this.address, this.path, 0, this.size, this.size);
      return (await this.whole).slice(start, end);
    }
    const known = this.parts.get(`${start}-${end}`);
    if (known) return known.content;
    const around = [...this.parts.values()].find((part) => part.start <= start && end <= part.end);
    if (around) return (await around.content).slice(start - around.start, end - around.start);
    const content = this.waiting(start, end);
    this.parts.set(`${start}-${end}`, { start, end, content });
    return content;
  }

  /**
   * Ask for a part together with all parts that are asked for at the same time.
   *
   * @param {number} start
   * @param {number} end
   * @returns {Promise<ArrayBuffer>}
   */
  waiting(start, end) {
    return new Promise((resolve, reject) => {
      if (!this.asked.length) setTimeout(() => this.fetchAsked(), 0);
      this.asked.push({ start, end, resolve, reject });
    });
  }

  /** Fetch the parts that are asked for, neighbours in one request. */
  fetchAsked() {
    const asked = this.asked.sort((a, b) => a.start - b.start);
    this.asked = [];
    /** @type {Part[][]} */
    const groups = [];
    let reached = -Infinity;
    for (const part of asked) {
      if (part.start > reached + GAP_BYTES) groups.push([]);
      groups.at(-1)?.push(part);
      reached = Math.max(reached, part.end);
    }
    for (const group of groups) this.fetchGroup(group);
  }

  /** @param {Part[]} group parts that lie close to each other, by their starts */
  async fetchGroup(group) {
    const start = group[0]?.start ?? 0;
    const end = Math.max(...group.map((part) => part.end));
    try {
      const content = await fetchRange(this.address, this.path, start, end, this.size);
      for (const part of group) part.resolve(content.slice(part.start - start, part.end - start));
    } catch (error) {
      for (const part of group) {
        this.parts.delete(`${part.start}-${part.end}`);
        part.reject(error);
      }
    }
  }

  /** @param {unknown} error */
  problem(error) {
    if (error instanceof FileProblem) return error;
    return new FileProblem(this.path, `is damaged, or no Parquet file (${error instanceof Error ? error.message : error}).`);
  }
}

/** @param {any} metadata */
function names(metadata) {
  /** @type {string[]} */
  const found = [];
  for (let at = 1; at < metadata.schema.length; at = after(metadata.schema, at)) found.push(metadata.schema[at].name);
  return found;
}

/**
 * Return the place of the schema's next sibling: the schema lists each column, then the parts of the column.
 *
 * @param {any[]} schema
 * @param {number} at
 * @returns {number}
 */
function after(schema, at) {
  let next = at + 1;
  for (let left = schema[at].num_children ?? 0; left > 0; left -= 1) next = after(schema, next);
  return next;
}

/**
 * Give a row every column, with plain numbers.
 *
 * @param {Row} row row that is changed in place
 * @param {string[]} columns
 * @returns {Row}
 */
function plain(row, columns) {
  for (const name of columns) row[name] = number(row[name] ?? null);
  return row;
}

/**
 * @param {any} value
 * @returns {any}
 */
function number(value) {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(number);
  if (value && value.constructor === Object) {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, number(part ?? null)]));
  }
  return value;
}
