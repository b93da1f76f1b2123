import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crc32, zip } from '../../src/archive.ts';
import { evidence, receipt } from '../../src/handout.ts';
import { type Report, parseReport } from '../../src/report.ts';
import { hostileNames, notVerified, unreadable, verified } from '../browser/harness/reports.ts';

const answer = (report: object): { report: Report; json: string; now: bigint } => {
  const json = JSON.stringify(report);
  return { report: parseReport(json), json, now: 1793491199n };
};

test('k_03_a_receipt_names_nothing_of_the_account', () => {
  for (const report of [verified(), notVerified(), hostileNames(), unreadable()]) {
    const text = receipt(answer(report), '1.2.3');
    expect(text).toContain('proves nothing to anyone else');
    for (const secret of ['maria', 'BTC', 'ETH', 'USDT', 'Bitcoin', '1.245', '124500001', '17.25', '1733', 'does not hash', 'script']) {
      expect(text).not.toContain(secret);
    }
  }
});

test('a receipt names what everybody may see, and every kind of check once', () => {
  const text = receipt(answer(verified()), '1.2.3');
  expect(text).toContain('Included?: Verified');
  expect(text).toContain('Root of the log head: 3f0f5d1f');
  expect(text).toContain('Verifier: 1.2.3');
  expect(text.match(/^leaf-included: Passed$/gm)).toHaveLength(1);
  expect(text).not.toContain('covered:');
});

test('the worst run of a check is the one that a receipt tells, and a false file names no exchange', () => {
  const text = receipt(answer(notVerified()), '1.2.3');
  expect(text).toContain('leaf-included: Failed');
  expect(text).toContain('siblings-non-negative: Cannot tell');
  expect(text).not.toContain('Example Exchange');
});

test('a checksum is the one of the standard', async () => {
  expect(await crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  expect(await crc32(new Uint8Array())).toBe(0);
});

test('evidence is an archive that other programs open, with the statement byte for byte', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'por-evidence-'));
  try {
    const statement = Uint8Array.from({ length: 5000 }, (_, at) => (at * 7) & 0xff);
    const policy = { source: 'page', text: 'log x\nquorum none\n' } as const;
    const blob = await evidence(answer(verified()), statement, policy, "o'neil", '1.2.3');
    writeFileSync(join(folder, 'e.zip'), new Uint8Array(await blob.arrayBuffer()));
    // An implementation that shares nothing with ours reads the directory, compares the checksums and unpacks.
    const script = 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(sys.argv[2])';
    execFileSync('python3', ['-c', script, join(folder, 'e.zip'), folder]);
    expect(new Uint8Array(readFileSync(join(folder, 'statement.por')))).toEqual(statement);
    expect(readFileSync(join(folder, 'policy.txt'), 'utf8')).toBe(policy.text);
    expect(parseReport(readFileSync(join(folder, 'report.json'), 'utf8')).included).toBe('verified');
    const readme = readFileSync(join(folder, 'README.txt'), 'utf8');
    expect(readme).toContain('PRIVATE');
    expect(readme).toContain(`por verify statement.por --policy policy.txt --account 'o'\\''neil'`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the same files give the same archive', async () => {
  const files = [{ name: 'a', bytes: new Uint8Array([1, 2, 3]) }];
  const [first, second] = [await (await zip(files)).arrayBuffer(), await (await zip(files)).arrayBuffer()];
  expect(new Uint8Array(first)).toEqual(new Uint8Array(second));
});
