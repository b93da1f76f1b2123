// Makes what the browser tests need: a small publication with its page, an honest statement of each of the last two
// months, and forged ones, each with the answer of the command line beside it.
//
// Usage: node make-browser-sample.mjs <por> <out folder> <page folder>
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [por, out, page] = process.argv.slice(2);
if (!por || !out || !page) {
  console.error('usage: node make-browser-sample.mjs <por> <out folder> <page folder>');
  process.exit(2);
}

function run(args, allowed = [0]) {
  const done = spawnSync(por, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (!allowed.includes(done.status)) {
    console.error(`por ${args.join(' ')} ended with ${done.status}\n${done.stderr}`);
    process.exit(1);
  }
  return done.stdout;
}

rmSync(out, { recursive: true, force: true });
run(['demo', '--out', out, '--accounts', '300', '--page', page]);
const honest = readFileSync(join(out, 'statement.por'));
const folder = join(out, 'statements');
mkdirSync(folder);
const monthBefore = join(folder, 'month-before.por');
run(['statement', '--home', join(out, 'exchange'), '--run', '1', '--account', 'amara.00000@example.com', '--out', monthBefore]);

/** Replaces text that stands in the file once or more, by text of the same length. */
function replaced(from, to) {
  if (from.length !== to.length) throw new Error(`${from} and ${to} differ in length`);
  const at = honest.indexOf(from);
  if (at < 0) throw new Error(`the statement does not hold ${from}`);
  const forged = Buffer.from(honest);
  forged.write(to, at);
  return forged;
}

function flipped(at) {
  const forged = Buffer.from(honest);
  forged[at] ^= 1;
  return forged;
}

const amount = /"amount": "(\d)/.exec(honest.toString('latin1'));
const files = {
  honest,
  'month-before': readFileSync(monthBefore),
  'forged-amount': replaced(amount[0], amount[0].slice(0, -1) + ((Number(amount[1]) % 9) + 1)),
  'forged-account': replaced('amara.00000@', 'amara.99999@'),
  'forged-tile': flipped(honest.length - 2000),
  'forged-attestation': replaced('Sample Exchange', 'Sample Exchangf'),
  'cut-short': honest.subarray(0, honest.length - 100),
  'other-version': replaced('por/statement/v1', 'por/statement/v9'),
  'no-statement': Buffer.from('account,asset,amount\n'),
};
for (const [name, bytes] of Object.entries(files)) {
  const path = join(folder, `${name}.por`);
  writeFileSync(path, bytes);
  const policy = join(out, 'publication', 'policy');
  writeFileSync(join(folder, `${name}.json`), run(['verify', path, '--policy', policy, '--json'], [0, 1, 5, 6]));
}
console.error(`Wrote ${Object.keys(files).length} statements to ${folder}.`);
