// Fetch files and parts of files. Only GET is sent, with no header but a range `bytes=a-b`: anything else would make the
// browser ask the Hub for permission first, which the Hub does not give for every file.

import { bytes } from "./format.js";

/** A file that cannot be read; the message says which file, what is wrong, and what to do. */
export class FileProblem extends Error {
  /**
   * @param {string} path
   * @param {string} problem
   */
  constructor(path, problem) {
    super(`${path} ${problem}`);
    this.name = "FileProblem";
    this.path = path;
  }
}

const CHANGED = "has changed since this page was made. Run the daily job again, then load the page again.";
const progress = new EventTarget();
let pending = 0;
let loaded = 0;

/**
 * Call a function whenever a request begins or ends.
 *
 * @param {(text: string) => void} listener takes what is being loaded; an empty text when nothing is
 */
export function onProgress(listener) {
  progress.addEventListener("change", () => listener(pending ? `Loading: ${bytes(loaded)} so far` : ""));
}

/** @returns {number} bytes loaded so far */
export function bytesLoaded() {
  return loaded;
}

/**
 * Fetch a JSON file of the page.
 *
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function fetchJson(path) {
  const content = await fetchBytes(path, path, { credentials: "same-origin" }); // As the links in index.html that fetch it ahead.
  try {
    return JSON.parse(new TextDecoder().decode(content));
  } catch {
    throw new FileProblem(path, "is cut off or damaged.");
  }
}

/**
 * Fetch the bytes of a file from `start` up to `end`.
 *
 * @param {string} address
 * @param {string} path name of the file in messages
 * @param {number} start
 * @param {number} end
 * @param {number} size size of the file by the index
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetchRange(address, path, start, end, size) {
  if (end <= start) return new ArrayBuffer(0);
  // Browsers let requests for parts of one file wait for each other if they may be cached, so parts are not cached.
  const cache = end - start === size ? "default" : "no-store";
  const headers = { Range: `bytes=${start}-${end - 1}` };
  const content = await fetchBytes(address, path, { headers, cache, credentials: "omit" }, size);
  // A server that does not know ranges sends the whole file.
  const part = content.byteLength === size && end - start !== size ? content.slice(start, end) : content;
  if (part.byteLength !== end - start) throw new FileProblem(path, "is cut off: the server sent fewer bytes than it holds.");
  return part;
}

/**
 * @param {string} address
 * @param {string} path
 * @param {RequestInit} options
 * @param {number} [size] size that the file must have
 */
async function fetchBytes(address, path, options, size) {
  pending += 1;
  progress.dispatchEvent(new Event("change"));
  try {
    const response = await fetch(address, options);
    check(response, path, size);
    const content = await response.arrayBuffer();
    loaded += content.byteLength;
    return content;
  } catch (error) {
    if (error instanceof FileProblem) throw error;
    throw new FileProblem(path, "cannot be read: the server does not answer, or breaks off.");
  } finally {
    pending -= 1;
    progress.dispatchEvent(new Event("change"));
  }
}

/**
 * @param {Response} response
 * @param {string} path
 * @param {number} [size]
 */
function check(response, path, size) {
  if (response.status === 404) throw new FileProblem(path, "is missing.");
  if (response.status === 401 || response.status === 403) throw new FileProblem(path, `is refused by the server (status ${response.status}).`);
  if (response.status === 416) throw new FileProblem(path, CHANGED);
  if (!response.ok) throw new FileProblem(path, `cannot be read: the server answers with status ${response.status}.`);
  const total = /\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1];
  if (size !== undefined && total !== undefined && Number(total) !== size) throw new FileProblem(path, CHANGED);
}
