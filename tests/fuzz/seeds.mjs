// Writes what the fuzzer begins with, from the fixtures: node tests/fuzz/seeds.mjs <folder>
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const out = process.argv[2];
const fixtures = join(import.meta.dirname, '../../fixtures');

const write = (target, name, bytes) => {
  mkdirSync(join(out, target), { recursive: true });
  writeFileSync(join(out, target, name), bytes);
};

const vectors = join(fixtures, 'vectors');
for (const object of readdirSync(vectors, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  for (const file of readdirSync(join(vectors, object.name))) {
    const name = `${object.name}-${file}`;
    const text = readFileSync(join(vectors, object.name, file), 'utf8');
    write('vector', name, text);
    const { input } = JSON.parse(text);
    if (input.file !== undefined) write('statement', name, Buffer.from(input.file, 'base64'));
    for (const part of ['text', 'note', 'row']) {
      if (input[part] !== undefined) write('publication', `${name}-${part}`, input[part]);
    }
  }
}

const lists = join(fixtures, 'published-wallets');
for (const file of readdirSync(lists).filter((file) => file.endsWith('.csv'))) {
  write('ownership', file, readFileSync(join(lists, file)));
}
const claims = JSON.parse(readFileSync(join(fixtures, 'ownership/wallets.json'), 'utf8'));
for (const [number, { by, ...claim }] of claims.entries()) {
  write('ownership', `claim-${number}-${by}.json`, JSON.stringify(claim));
}
