// Times the verifier in WASM under Node on one statement: `node wasm.mjs <statement>`, policy beside it as `<statement>.policy`.
//
// The generators are built in each run: what a customer waits for who drops a file at once. Wall clock, median of 9 runs.
import { readFileSync } from 'node:fs';
import { initSync, Verifier } from '../src/wasm/por_verifier_wasm.js';

const [path] = process.argv.slice(2);
if (!path) {
  console.error('usage: node wasm.mjs <statement>');
  process.exit(2);
}
// The module tells of each check as it is made; here nobody listens.
globalThis.porCheckMade = () => undefined;
initSync({ module: readFileSync(new URL('../src/wasm/por_verifier_wasm_bg.wasm', import.meta.url)) });
const statement = readFileSync(path);
const policy = readFileSync(`${path}.policy`, 'utf8');
// As the native figure has it: the snapshot's month is over at any time at which this runs.
const now = 2n ** 64n - 1n;
const times = [];
for (let run = 0; run < 10; run += 1) {
  const start = performance.now();
  const report = JSON.parse(new Verifier().statement(statement, policy, undefined, now));
  times.push(performance.now() - start);
  if (report.included !== 'verified') {
    console.error(`the benchmark's statement is ${report.included}`);
    process.exit(1);
  }
}
times.shift();
times.sort((left, right) => left - right);
console.log(`|   verified in WASM (Node ${process.versions.node}), with generators | ${times[4].toFixed(0)} ms | 150 ms |`);
