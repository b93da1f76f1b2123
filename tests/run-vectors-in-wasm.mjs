// Runs every vector of fixtures/vectors in WASM: node tests/run-vectors-in-wasm.mjs [bindings] [vectors]
//
// The bindings are those of the crate vectors-wasm, by default in target/vectors-wasm. They are written for a page, so
// the module's bytes are handed over here instead of fetched.

import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bindings = resolve(process.argv[2] ?? join(root, "target/vectors-wasm"));
// By content and not by path: Node takes a lone .js file for CommonJS.
const script = await readFile(join(bindings, "vectors_wasm.js"));
const wasm = await import(`data:text/javascript;base64,${script.toString("base64")}`);
wasm.initSync({ module: await readFile(join(bindings, "vectors_wasm_bg.wasm")) });

const folder = resolve(process.argv[3] ?? join(root, "fixtures/vectors"));
const entries = await readdir(folder, { recursive: true });
const cases = entries.filter((name) => name.endsWith(".json")).sort();
let failed = 0;
for (const name of cases) {
  let why;
  try {
    why = wasm.run_vector(await readFile(join(folder, name), "utf8"));
  } catch (error) {
    // A panic: the module cannot go on after it.
    console.error(`${name}: ${error}`);
    process.exit(1);
  }
  if (why !== "") {
    failed += 1;
    console.error(`${name}: ${why}`);
  }
}
console.log(`${cases.length - failed} passed, ${failed} failed`);
// No vectors at all prove nothing.
process.exit(failed > 0 || cases.length === 0 ? 1 : 0);
