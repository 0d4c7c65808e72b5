import { note } from "../../notices.js";

/**
 * @param {import("../../app.js").Context} context
 * @returns {Promise<string>} title of the view
 */
export async function show({ root }) {
  root.append(note("This view is not built yet."));
  return "Not built yet";
}
