// Numbers and names as people read them. An undefined value is a dash.

export const NONE = "–";

/**
 * @param {unknown} value
 * @param {number} [digits] digits after the point
 */
export function decimal(value, digits = 3) {
  if (typeof value !== "number" || !Number.isFinite(value)) return NONE;
  if (value !== 0 && Math.abs(value) < 0.5 * 10 ** -digits) return value.toExponential(1).replace("-", "−").replace("e−", "e−");
  return value.toFixed(digits).replace("-", "−");
}

/** @param {unknown} value */
export function signed(value) {
  const text = decimal(value);
  return typeof value === "number" && value > 0 ? `+${text}` : text;
}

/** @param {unknown} value */
export function count(value) {
  return typeof value === "number" ? value.toLocaleString("en-US") : NONE;
}

/** @param {unknown} value a p-value */
export function pValue(value) {
  if (typeof value !== "number") return NONE;
  return value < 0.001 ? "<0.001" : value.toFixed(3);
}

/**
 * @param {unknown} low
 * @param {unknown} high
 * @param {number} [digits]
 */
export function interval(low, high, digits = 3) {
  return typeof low === "number" && typeof high === "number" ? `${decimal(low, digits)} to ${decimal(high, digits)}` : NONE;
}

/** @param {unknown} value a number of parameters */
export function parameters(value) {
  if (typeof value !== "number") return NONE;
  return value >= 1e9 ? `${(value / 1e9).toLocaleString("en-US", { maximumFractionDigits: 1 })} B` : `${count(Math.round(value / 1e6))} M`;
}

/** @param {number} n a number of bytes */
export function bytes(n) {
  return n < 1e6 ? `${Math.ceil(n / 1e3)} KB` : `${(n / 1e6).toFixed(1)} MB`;
}

/** @param {unknown} value a text, a date or nothing */
export function text(value) {
  if (value === null || value === undefined || value === "") return NONE;
  return value instanceof Date ? value.toISOString().slice(0, 16).replace("T", " ") : String(value);
}

/**
 * Describe what went wrong, for people.
 *
 * @param {unknown} error
 */
export function message(error) {
  return error instanceof Error ? error.message : String(error);
}
