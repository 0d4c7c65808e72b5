// The address of a view: everything that is chosen stands in the query, so that the address can be shared and restored.

/** @typedef {Record<string, string | null | undefined>} Choices */

/** @returns {URLSearchParams} what is chosen now */
export function current() {
  return new URLSearchParams(location.search);
}

/**
 * Return the address of a view.
 *
 * @param {Choices} choices
 */
export function to(choices) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(choices)) if (value) query.set(name, value);
  return `?${query}`;
}

/**
 * Change some choices in the address, without a new entry in the history of the browser.
 *
 * @param {Choices} choices null removes a choice
 */
export function change(choices) {
  const query = current();
  for (const [name, value] of Object.entries(choices)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  history.replaceState(null, "", `?${query}`);
  tellParent();
}

/**
 * Tell the Hub's page, which shows a Space in a frame, what the address is. The message goes to the Hub alone.
 */
export function tellParent() {
  if (window.parent === window) return;
  window.parent.postMessage({ queryString: location.search.slice(1), hash: "" }, "https://huggingface.co");
}

/**
 * Split a list in the address; empty if there is none.
 *
 * @param {string | null} value
 * @returns {string[]}
 */
export function list(value) {
  return value ? value.split("~").map(decodeURIComponent) : [];
}

/** @param {string[]} values */
export function joined(values) {
  return values.map((value) => encodeURIComponent(value).replaceAll("~", "%7E")).join("~");
}
