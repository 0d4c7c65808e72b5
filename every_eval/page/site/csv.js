// A table as a CSV file (RFC 4180), for spreadsheets.

/** @typedef {(string | number | boolean | null | undefined)[]} Line */

/**
 * Return the text of a CSV file. An apostrophe stands before a text that a spreadsheet would run as a formula.
 *
 * @param {Line[]} lines
 */
export function csvText(lines) {
  return lines.map((line) => line.map(cell).join(",") + "\r\n").join("");
}

/**
 * Offer a table to the reader as a file.
 *
 * @param {string} name name of the file
 * @param {Line[]} lines
 */
export function download(name, lines) {
  const address = URL.createObjectURL(new Blob([csvText(lines)], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** @param {string | number | boolean | null | undefined} value */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
