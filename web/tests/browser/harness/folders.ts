/** The folders that the tests work on. A missing one is a failure that says what to do, never a skipped test. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WEB = fileURLToPath(new URL('../../../', import.meta.url));

/** The statements that hold. */
const HONEST: readonly [string, string] = ['honest.por', 'month-before.por'];

/** The built page, still with its placeholder: the page without a policy. */
export function builtPage(): string {
  return required(join(WEB, 'dist'), 'index.html', 'build the page first: npm run build');
}

/** A publication made by `por publish`, the page and its policy included. */
export function publication(): string {
  return required(fromEnvironment('POR_PUBLICATION', 'a folder made by `por publish`'), 'index.html', 'it holds no page');
}

/** The folder of that publication's newest attestation. */
export function newestAttestation(): string {
  const all = join(publication(), 'attestations');
  const newest = readdirSync(all).sort().at(-1);
  if (newest === undefined) {
    throw new Error(`${all} holds no attestation`);
  }
  return join(all, newest);
}

/**
 * Statement files of that publication: `honest.por`, `month-before.por` of the attestation before it, and any number of
 * forged ones; with each `NAME.por` the output of `por verify --json` on it, with the publication's policy, as `NAME.json`.
 */
export function statements(): { readonly honest: string; readonly monthBefore: string; readonly forged: readonly string[] } {
  const folder = fromEnvironment('POR_STATEMENTS', 'a folder with honest.por and forged statements');
  required(folder, 'honest.por', 'it holds no honest statement');
  required(folder, 'month-before.por', 'it holds no earlier statement');
  const forged = readdirSync(folder)
    .filter((name) => name.endsWith('.por') && !HONEST.includes(name))
    .sort()
    .map((name) => join(folder, name));
  if (forged.length === 0) {
    throw new Error(`${folder}: holds no forged statement; a page that accepts everything would pass`);
  }
  return { honest: join(folder, HONEST[0]), monthBefore: join(folder, HONEST[1]), forged };
}

/** What the command line answered for the statement at `path`. */
export function commandLineAnswer(path: string): string {
  const folder = join(path, '..');
  return join(required(folder, `${basename(path, '.por')}.json`, 'write it with `por verify --json`'), `${basename(path, '.por')}.json`);
}

function fromEnvironment(name: string, what: string): string {
  const folder = process.env[name];
  if (folder === undefined || folder === '') {
    throw new Error(`${name} is not set: it must name ${what}`);
  }
  return folder;
}

function required(folder: string, file: string, remedy: string): string {
  if (!existsSync(join(folder, file))) {
    throw new Error(`${join(folder, file)} is missing; ${remedy}`);
  }
  return folder;
}
