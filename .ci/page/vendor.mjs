// Make the page's libraries from their npm packages, whose versions package.json fixes, and compare them with the files
// of the page. `node vendor.mjs FOLDER` exits with 1 if a file differs; `node vendor.mjs FOLDER --write` replaces the
// files and the manifest. FOLDER is every_eval/page/site/vendored; the packages are installed beside this script.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";

const require = createRequire(import.meta.url);
const LIBRARIES = [
  { file: "hyparquet.js", packages: ["hyparquet"], source: "export { parquetMetadataAsync, parquetReadObjects } from 'hyparquet'" },
  { file: "fzstd.js", packages: ["fzstd"], source: "export { decompress } from 'fzstd'" },
  {
    file: "d3-scale.js",
    packages: ["d3-scale", "d3-array", "d3-color", "d3-format", "d3-interpolate", "d3-time", "d3-time-format", "internmap"],
    source: "export { scaleLinear, scaleLog } from 'd3-scale'",
  },
];
const [folder, option] = process.argv.slice(2);
const { dependencies } = JSON.parse(await readFile(new URL("package.json", import.meta.url)));
const manifest = [];
let differing = [];
for (const { file, packages, source } of LIBRARIES) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["browser"],
    legalComments: "none",
  });
  const content = Buffer.from(outputFiles[0].contents);
  const described = await Promise.all(packages.map(describe));
  manifest.push({ file, sha256: createHash("sha256").update(content).digest("hex"), bytes: content.length, packages: described });
  if (option === "--write") await writeFile(join(folder, file), content);
  else if (!(await readFile(join(folder, file))).equals(content)) differing.push(file);
}
const text = JSON.stringify({ bundler: `esbuild ${dependencies.esbuild}`, libraries: manifest }, null, 1) + "\n";
if (option === "--write") await writeFile(join(folder, "manifest.json"), text);
else if ((await readFile(join(folder, "manifest.json"), "utf8")) !== text) differing.push("manifest.json");
if (differing.length) {
  console.error(`These files differ from what their npm packages give: ${differing.join(", ")}.`);
  process.exit(1);
}

async function describe(name) {
  const home = packageFolder(name);
  const { version, license } = JSON.parse(await readFile(join(home, "package.json"), "utf8"));
  if (version !== dependencies[name]) throw new Error(`${name} is ${version}, and package.json asks for ${dependencies[name]}`);
  return { name, version, license, licence_text: await readFile(join(home, "LICENSE"), "utf8") };
}

function packageFolder(name) {
  const found = require.resolve.paths(name).map((path) => join(path, name));
  return found[0];
}
