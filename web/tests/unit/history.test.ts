/** Points and gaps of the history, from what the verifier said of each attestation. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { historyOf, unpublished } from '../../src/history.ts';
import { type Entry, type LogQuestion, LogRefused, LogUnavailable, filesOfFolder, readLog } from '../../src/log.ts';
import { parseReport, type Report } from '../../src/report.ts';

const vector = JSON.parse(readFileSync(fileURLToPath(new URL('../../../fixtures/vectors/report/three-books.json', import.meta.url)), 'utf8'));
const report = parseReport(vector.output.report);
const entry = (sequence: bigint, attested: Entry['attested']): Entry => ({ sequence, period: `2026-0${sequence + 1n}`, supersededBy: null, attested });
const of = (changed: Partial<Report>): Entry['attested'] => ({ kind: 'report', report: { ...report, ...changed } });

test('every book has a point for every period, and every hole says what it is', () => {
  const failed = report.checks.map((check, at) => (at === 0 ? { ...check, outcome: 'failed' as const } : check));
  const unsure = report.books.map((book) => ({ ...book, covered: 'cannot_tell' as const }));
  const entries = [
    entry(0n, of({})),
    entry(1n, { kind: 'missing' }),
    entry(2n, { kind: 'refused', detail: 'x' }),
    entry(3n, of({ books: report.books.slice(1) })),
    entry(4n, of({ checks: failed })),
    entry(5n, of({ books: unsure })),
  ];
  const lines = historyOf(entries, ['2026-07']);
  expect(lines.map(({ book }) => book)).toEqual(report.books.map(({ asset, kind }) => `${asset}/${kind}`));
  expect(lines[0]?.points.map(({ gap }) => gap)).toEqual([null, 'missing', 'refused', 'absent', 'refused', 'undecided', 'unpublished']);
  expect(lines.flatMap(({ points }) => points.filter(({ gap }) => gap !== null).map(({ points: figure }) => figure))).not.toContainEqual(expect.any(BigInt));
});

test('a sealed total gives a least figure', () => {
  const [book] = report.books;
  const sealed = { ...book!, total: { kind: 'sealed', bound: '200' } as const, covered: 'covered' as const, reserves: [{ class: 'B' as const, evidence: 'x', amount: '301', encumbered: null }] };
  const [line] = historyOf([entry(0n, of({ books: [sealed] }))], []);
  expect(line?.points[0]).toMatchObject({ points: 15_050n, sealed: true, gap: null, class: report.books[0]!.class });
});

test.each([
  ['a month is due once it has ended', ['2026-11'], '2027-01-01T00:00:00Z', ['2026-12']],
  ['and not a moment before', ['2026-11'], '2026-12-31T23:59:59.999Z', []],
  ['days, over the end of a year', ['2026-12-30'], '2027-01-02T12:00:00Z', ['2026-12-31', '2027-01-01']],
  ['after the last period, wherever it stands', ['2026-10', '2026-11', '2026-10'], '2027-01-15T00:00:00Z', ['2026-12']],
  ['days after months', ['2026-10', '2026-11-01'], '2026-11-04T00:00:00Z', ['2026-11-02', '2026-11-03']],
  ['a clock that is behind', ['2026-11'], '1970-01-01T00:00:00Z', []],
  ['an empty log', [], '2027-01-01T00:00:00Z', []],
])('periods that ended and are not in the log: %s', (_, periods, now, expected) => {
  const entries = periods.map((period, at) => ({ ...entry(BigInt(at), { kind: 'missing' }), period }));
  expect(unpublished(entries, Date.parse(now))).toEqual(expected);
});

test('a log that ended long ago gets a year of gaps, no more', () => {
  const periods = unpublished([{ ...entry(0n, { kind: 'missing' }), period: '2020-01' }], Date.parse('2026-01-01'));
  expect([periods.length, periods[0], periods.at(-1)]).toEqual([12, '2020-02', '2021-01']);
});

const file = (webkitRelativePath: string, text: string): Parameters<typeof filesOfFolder>[0] extends Iterable<infer T> ? T : never => ({
  webkitRelativePath,
  size: text.length,
  arrayBuffer: async () => new TextEncoder().encode(text).buffer,
});

test('files are found by their place below the folder, and no other file stands for them', async () => {
  const source = filesOfFolder([file('pub/xlog/checkpoint', 'no'), file('pub/log/checkpoint', 'yes')]);
  expect(new TextDecoder().decode((await source('log/checkpoint')) ?? expect.unreachable())).toBe('yes');
  expect(await source('attestations/000000/books.jsonl')).toBeNull();
});

test('a log is shown only when the verifier has finished it; a refused attestation is a hole, a broken worker an error', async () => {
  const summary = '{"origin":"a","size":2,"root":"r","attestations":[{"sequence":0,"period":"2026-08","superseded_by":null},{"sequence":1,"period":"2026-09","superseded_by":null}]}';
  const source = filesOfFolder(['log/checkpoint', 'log/f', 'attestations/000000/attestation.note', 'attestations/000000/books.jsonl'].map((path) => file(`p/${path}`, path)));
  const answer = (attestation: () => string) => ({
    log: async ({ ask }: { ask: string }) => (ask === 'begin' ? 'f' : ask === 'finish' ? summary : ['add', 'rotations'].includes(ask) ? '' : attestation()),
  });
  const refused = answer(() => {
    throw new LogRefused('no');
  });
  expect((await readLog(refused, source, 'p')).entries.map(({ attested }) => attested.kind)).toEqual(['refused', 'missing']);
  const broken = answer(() => {
    throw new Error('trap');
  });
  await expect(readLog(broken, source, 'p')).rejects.toThrow('trap');
  await expect(readLog(answer(() => '{}'), source, 'p')).rejects.toThrow();
  await expect(readLog(refused, filesOfFolder([]), 'p')).rejects.toBeInstanceOf(LogUnavailable);
});

test('notes of changes of key are handed over in order, up to the first that is not there', async () => {
  const summary = '{"origin":"a","size":3,"root":"r","attestations":[]}';
  const asked: string[] = [];
  const checker = {
    log: async (question: LogQuestion) => {
      asked.push(question.ask === 'rotation' ? new TextDecoder().decode(question.note) : question.ask);
      return question.ask === 'begin' ? 'f' : question.ask === 'finish' ? summary : question.ask === 'rotations' ? 'rotations/1\nrotations/2\nrotations/3' : '';
    },
  };
  const source = filesOfFolder(['log/checkpoint', 'log/f', 'rotations/1', 'rotations/3'].map((path) => file(`p/${path}`, path)));
  await readLog(checker, source, 'p');
  expect(asked).toEqual(['begin', 'add', 'finish', 'rotations', 'rotations/1']);
});
