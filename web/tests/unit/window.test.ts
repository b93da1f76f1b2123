/** The file of `por window --json`: read to the last field, or not at all. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readWindow } from '../../src/window.ts';

/** What the program prints; its own tests compare it byte for byte. */
const printed = readFileSync(fileURLToPath(new URL('../../../fixtures/window/window.json', import.meta.url)), 'utf8');

test('what the program prints is read, with every digit', () => {
  const { attestation, period, coins } = readWindow(printed);
  expect([attestation.length, period]).toEqual([64, '2026-10']);
  expect(coins).toHaveLength(2);
  expect(coins[0]).toMatchObject({ asset: 'BTC', decimals: 8, at: '9007199254740993000', heights: { before: 899856n, at: 900000n, after: 900144n }, addresses: 12n, emptyBefore: 3n, fresh: 2n });
  expect(coins[1]).toMatchObject({ asset: null, decimals: null, after: null, left: null, fresh: null, heights: { after: null } });
});

test.each([
  ['nothing', () => ''],
  ['no JSON', () => printed.slice(0, -3)],
  ['another format', () => printed.replace('window/v1', 'window/v2')],
  ['a field too many', () => printed.replace('"coins"', '"verdict": "fine", "coins"')],
  ['a field too few', () => printed.replace('"empty_before": 3,', '')],
  ['an amount that is a float', () => printed.replace('"1200000000"', '12.5')],
  ['an amount with a sign', () => printed.replace('"1200000000"', '"-1"')],
  ['decimals above a byte', () => printed.replace('"decimals": 8', '"decimals": 256')],
  ['a height that is none', () => printed.replace('899856', '-1')],
  ['half of what came after', () => printed.replace('"left": null', '"left": "5"')],
  ['a list of coins that is none', () => printed.replace(/"coins": \[[^]*\]/, '"coins": {}')],
])('refused: %s', (_, text) => {
  expect(text()).not.toBe(printed);
  expect(() => readWindow(text())).toThrow();
});
