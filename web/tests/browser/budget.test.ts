/** What the page weighs; what it takes is measured by bench/page.mjs, since a busy machine would make a test lie. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { builtPage, commandLineAnswer, publication, statements } from './harness/folders.ts';

const assets = join(builtPage(), 'assets');

function compressed(ending: RegExp): number {
  const named = readdirSync(assets).filter((name) => ending.test(name));
  expect(named).not.toEqual([]);
  return named.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name)), { level: 9 }).length, 0);
}

test('script and style are at most 60 kB, gzipped', () => {
  expect(compressed(/\.(js|css)$/)).toBeLessThanOrEqual(60_000);
});

test('the verifier that everyone loads is at most 110 kB, gzipped', () => {
  expect(compressed(/^verifier-.*\.wasm$/)).toBeLessThanOrEqual(110_000);
});

test('the module that judges lists of reserves is at most 180 kB, gzipped', () => {
  expect(compressed(/^reserves-.*\.wasm$/)).toBeLessThanOrEqual(180_000);
});

test('the module that reads logs and audits is at most 180 kB, gzipped', () => {
  expect(compressed(/^publication-.*\.wasm$/)).toBeLessThanOrEqual(180_000);
});

test('the single file is at most 1 MB', () => {
  expect(readFileSync(join(builtPage(), 'verify.html')).length).toBeLessThanOrEqual(1_000_000);
});

test('a catalogue is at most 11 kB, gzipped', () => {
  for (const language of ['zh', 'es', 'tr', 'vi', 'ru', 'ar', 'ja', 'ko']) {
    expect(compressed(new RegExp(`^${language}-.*\\.json$`)), language).toBeLessThanOrEqual(11_000);
  }
});

test('a statement of three books is at most 80 kB', () => {
  const { honest } = statements();
  expect((JSON.parse(readFileSync(commandLineAnswer(honest), 'utf8')) as { books: unknown[] }).books).toHaveLength(3);
  expect(readFileSync(honest).length).toBeLessThanOrEqual(80_000);
});

test('the time of a check in WASM can be measured', () => {
  const folder = mkdtempSync(join(tmpdir(), 'por-bench-'));
  const statement = join(folder, 'statement.por');
  copyFileSync(statements().honest, statement);
  copyFileSync(join(publication(), 'policy'), `${statement}.policy`);
  const said = execFileSync(process.execPath, [join(import.meta.dirname, '../../bench/wasm.mjs'), statement], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  expect(said).toMatch(/verified in WASM .*\d+ ms/);
});

test('w_02_the_publication_lists_the_digest_of_every_file_of_the_page', () => {
  const listed = readFileSync(join(publication(), 'page.sha256'), 'utf8').trimEnd().split('\n');
  const files = ['index.html', 'verify.html', ...readdirSync(join(publication(), 'assets')).map((name) => `assets/${name}`)].sort();
  expect(listed).toEqual(files.map((name) => `${createHash('sha256').update(readFileSync(join(publication(), name))).digest('hex')}  ${name}`));
});
