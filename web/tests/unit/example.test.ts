import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readExample } from '../../src/example.ts';

const vector = JSON.parse(readFileSync(fileURLToPath(new URL('../../../fixtures/vectors/report/three-books.json', import.meta.url)), 'utf8'));
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const resource = encode({ statement: vector.input.file, policy: vector.input.policy, now: vector.input.now });

test('the forged example differs from the honest one in one digit of a balance, in both its places', async () => {
  const honest = new Uint8Array(await readExample(resource, 'honest').file.arrayBuffer());
  const forged = new Uint8Array(await readExample(resource, 'forged').file.arrayBuffer());
  expect(Buffer.from(honest).toString('base64')).toBe(vector.input.file);
  expect(forged.length).toBe(honest.length);
  const changed = Array.from(honest.keys()).filter((at) => honest[at] !== forged[at]);
  expect(changed.map((at) => String.fromCharCode(honest[at] ?? 0, forged[at] ?? 0))).toEqual(['12', '12']);
});

test('an example that is not whole is none', () => {
  for (const bad of [{}, { statement: 'AA==', policy: 'x' }, { statement: 1, policy: 'x', now: '1' }, null]) {
    expect(() => readExample(encode(bad), 'honest')).toThrow();
  }
  expect(() => readExample(encode({ statement: 'AA==', policy: 'x', now: '1' }), 'forged')).toThrow();
});
