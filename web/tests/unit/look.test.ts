import { expect, test } from 'vitest';
import { compareFingerprint, fingerprint, headText } from '../../src/fingerprint.ts';
import { tilesAbove } from '../../src/path.ts';
import { basisPoints, formatBasisPoints } from '../../src/ratio.ts';
import { coinsOf } from '../../src/coins.ts';
import { kindOfHead } from '../../src/file-kind.ts';
import { readReserves, sampleOf, searchReserves } from '../../src/reserves.ts';
import { neighbour } from '../../src/views/tabs.ts';

test('a path goes up by sixteens to the one tile of the root', () => {
  expect(tilesAbove(50n, 304n)).toEqual([
    { level: 1, index: 3n, count: 19n, child: 2 },
    { level: 2, index: 0n, count: 2n, child: 3 },
    { level: 3, index: 0n, count: 1n, child: 0 },
  ]);
  expect(tilesAbove(15n, 16n)).toEqual([{ level: 1, index: 0n, count: 1n, child: 15 }]);
  expect(tilesAbove((1n << 40n) - 1n, 1n << 40n)).toHaveLength(10);
});

test('an impossible place has no path', () => {
  for (const [index, leaves] of [[0n, 0n], [0n, 15n], [16n, 16n], [0n, 17n], [0n, (1n << 40n) + 16n]] as const) {
    expect(tilesAbove(index, leaves)).toEqual([]);
  }
});

test('w_04_coverage_is_rounded_down_and_exact_beyond_2_to_the_53', () => {
  const owed = 10n ** 18n;
  expect(basisPoints(owed - 1n, owed)).toBe(9999n);
  expect(formatBasisPoints(9999n, 'en-GB')).toBe('99.99%');
  expect(formatBasisPoints(10_000n, 'en-GB')).toBe('100%');
  expect(formatBasisPoints(7n, 'en-GB')).toBe('0.07%');
  expect(formatBasisPoints(10n ** 20n + 1n, 'en-GB')).toBe('1,000,000,000,000,000,000.01%');
  expect(basisPoints(5n, 0n)).toBeNull();
});

test('w_11_a_fingerprint_is_compared_whatever_its_spaces_and_case', () => {
  const root = 'ab12'.repeat(16);
  const log = { origin: 'example.com/por', size: 7n, root, index: 6n, time: null, witnesses: [] };
  expect(fingerprint(log)).toBe(Array(10).fill('ab12').join(' '));
  expect(compareFingerprint(log, ` ${fingerprint(log).toUpperCase()} `)).toBe('same');
  expect(compareFingerprint(log, root)).toBe('same');
  expect(compareFingerprint(log, 'ab12 ab')).toBe('partial');
  expect(compareFingerprint(log, 'ab13')).toBe('different');
  expect(compareFingerprint(log, `${root.slice(0, 63)}0`)).toBe('different');
  expect(compareFingerprint(log, `${root}ff`)).toBe('different');
  expect(headText(log)).toBe(`example.com/por\n7\n${root}\n`);
});

test('arrows go round, and the other way where one reads from the right', () => {
  expect(neighbour('ArrowRight', 4, 5, false)).toBe(0);
  expect(neighbour('ArrowRight', 0, 5, true)).toBe(4);
  expect(neighbour('ArrowLeft', 0, 5, false)).toBe(4);
  expect(neighbour('Home', 3, 5, false)).toBe(0);
  expect(neighbour('End', 3, 5, false)).toBe(4);
  expect(neighbour('Tab', 3, 5, false)).toBeNull();
});

const row = (fields: object): string =>
  JSON.stringify({ network: 'eip155:1', address: '0xAb', instance: 'eip155:1/slip44:60', amount: '7', evidence: 'signed_reading', ...fields });

test('a list of reserves is read line by line, or refused', async () => {
  const rows = await readReserves(new Blob([`${row({})}\n${row({ address: 'bc1q', network: 'bip122:0' })}\n`]));
  expect(rows.map(({ address }) => address)).toEqual(['0xAb', 'bc1q']);
  expect(await searchReserves(rows, ' 0XAB ')).toEqual([rows[0]]);
  expect(await searchReserves(rows, '')).toEqual(rows);
  expect(await searchReserves(rows, 'nothing')).toEqual([]);
  for (const bad of [row({}), `${row({ amount: 7 })}\n`, `${row({ amount: '-1' })}\n`, 'x\n', '[]\n', 'null\n', `${row({})}\n\n`]) {
    await expect(readReserves(new Blob([bad])), bad).rejects.toThrow();
  }
});

test('how a reserve is held is read to the last word, or the list is none', async () => {
  const line = (more: object): string => `${JSON.stringify({ network: 'n', address: 'a', instance: 'i', amount: '5', evidence: 'e', ...more })}\n`;
  const [plain, held] = await readReserves(new Blob([line({}), line({ encumbered: '3', holding: { custody: 'cold', custodian: 'Icy Vault', staked: '2', lent: '1' } })]));
  expect(plain).toMatchObject({ encumbered: null, holding: null });
  expect(held).toMatchObject({ encumbered: '3', holding: { custody: 'cold', custodian: 'Icy Vault', staked: '2', lent: '1' } });
  expect(await searchReserves([plain!, held!], 'icy')).toEqual([held]);
  for (const bad of [{ encumbered: 3 }, { encumbered: '3.0' }, { holding: { custody: 'icy' } }, { holding: { custodian: 7 } }, { holding: { staked: '-1' } }, { holding: { lent: '01' } }]) {
    await expect(readReserves(new Blob([line(bad)])), JSON.stringify(bad)).rejects.toThrow();
  }
});

test('a list that is longer than its parts is read whole, whatever stands at a seam', async () => {
  const lines = Array.from({ length: 4_000 }, (_, at) => row({ address: `0x${at}`, evidence: 'ключ🔑' }));
  const rows = await readReserves(new Blob([`${lines.join('\n')}\n`]));
  expect(rows.map(({ address }) => address)).toEqual(lines.map((_, at) => `0x${at}`));
  expect(rows.every(({ evidence }) => evidence === 'ключ🔑')).toBe(true);
  const broken = new Uint8Array(await new Blob([`${lines.join('\n')}\n`]).arrayBuffer());
  broken[broken.length - 10] = 0xff;
  await expect(readReserves(new Blob([broken]))).rejects.toThrow();
});

test('a search that was overtaken by another one gives nothing', async () => {
  const rows = await readReserves(new Blob([`${row({})}\n`]));
  expect(await searchReserves(rows, '0xab', () => '', () => false)).toBeNull();
  expect(await searchReserves(rows, 'tether', () => 'Tether USD')).toEqual(rows);
});

test('a sample holds as many different rows as it is to hold, and all of a short list', () => {
  expect(sampleOf(3, 50)).toEqual([0, 1, 2]);
  const sample = sampleOf(1_000, 50);
  expect(new Set(sample).size).toBe(50);
  expect(sample.every((at, before) => at >= 0 && at < 1_000 && at > (sample[before - 1] ?? -1))).toBe(true);
  expect(sampleOf(1_000, 50)).not.toEqual(sample);
});

test('coins have the names and decimals of the books that the statement holds', () => {
  const asset = { id: 'USDT', name: 'Tether', decimals: 6, instance: [{ id: 'eip155:1/erc20:0xda', decimals: 6 }, { id: 'bad', decimals: '6' }] };
  const rows = `{"index":0,"path":[]}\n${JSON.stringify({ asset })}\n`;
  const file = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer;
  expect([...coinsOf(file(`por/statement/v1\ncore 1\nx\n\nbooks ${rows.length}\n${rows}\n\ntiles 1\nx`))]).toEqual([['eip155:1/erc20:0xda', { asset: 'USDT', decimals: 6 }]]);
  for (const none of ['', 'por/statement/v1\n', '\n\nbooks 9\nnot JSON', '\n\nbooks 4\nnull']) {
    expect(coinsOf(file(none)).size, none).toBe(0);
  }
});

test.each([
  [null, 'por/statement/v1\ncore 3\n'],
  [null, 'account,asset,amount\n'],
  [null, '{"included":"verified"}'],
  [null, ''],
  ['reserves', `${row({})}\n${row({})}\n`],
  ['window', '{\n  "format": "por/window/v1",\n'],
  ['report', '{"format":"por/report/v1"'],
  ['publication', '{"format": "por/attestation/v1"'],
  ['publication', '{"asset":{"id":"BTC"},"kind":"owed","leaf_count":16,"root":{}}\n'],
  ['publication', `example.org/por\n2\n${'A'.repeat(43)}=\n\n— example.org/por abc=\n`],
  ['policy', 'log example.org/por+1234+AAAA\nquorum none\n'],
  ['archive', 'PK\u0003\u0004...'],
] as const)('a file is known by its first bytes: %s', (kind, head) => {
  expect(kindOfHead(head)).toBe(kind);
});
