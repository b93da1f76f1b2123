/** The audit's reading of files and its queue, without a browser: hosts that lie about ranges, workers that fail. */
import { afterEach, expect, test, vi } from 'vitest';
import { AuditRun, type AuditWorker, type Outcome } from '../../src/audit/run.ts';
import { folderSource, Reader, Unread } from '../../src/audit/source.ts';
import type { AuditReply, AuditRequest } from '../../src/audit/worker.ts';

const PACK = Uint8Array.from({ length: 100 }, (_, at) => at);
const RANGE = { pack: '1/000000.pack', offset: 10, length: 5, whole: 100 };

afterEach(() => vi.unstubAllGlobals());

function host(answer: (range: string | null) => Response): Reader {
  vi.stubGlobal('fetch', (_: string, init?: RequestInit) => Promise.resolve(answer(new Headers(init?.headers).get('range'))));
  return new Reader({ kind: 'host', base: 'https://example.com/' });
}

const partial = (content: Uint8Array<ArrayBuffer>, range: string): Response => new Response(content, { status: 206, headers: { 'content-range': range } });

test('a range is taken as it was asked for', async () => {
  const asked: (string | null)[] = [];
  const reader = host((range) => {
    asked.push(range);
    return partial(PACK.slice(10, 15), 'bytes 10-14/100');
  });
  expect(await reader.range('p', RANGE)).toEqual(PACK.slice(10, 15));
  expect(asked).toEqual(['bytes=10-14']);
});

test('a host without ranges is asked once for a file, which must have its whole length', async () => {
  let asked = 0;
  const reader = host(() => {
    asked += 1;
    return new Response(PACK);
  });
  expect(await reader.range('p', RANGE)).toEqual(PACK.slice(10, 15));
  expect(await reader.range('p', { ...RANGE, offset: 95 })).toEqual(PACK.slice(95));
  expect(asked).toBe(1);
});

test.each([
  ['another range', () => partial(PACK.slice(10, 15), 'bytes 11-15/100')],
  ['another whole', () => partial(PACK.slice(10, 15), 'bytes 10-14/101')],
  ['too few bytes', () => partial(PACK.slice(10, 14), 'bytes 10-14/100')],
  ['too many bytes', () => partial(PACK.slice(10, 16), 'bytes 10-14/100')],
  ['no range named', () => new Response(PACK.slice(10, 15), { status: 206 })],
  ['a shorter file', () => new Response(PACK.slice(1))],
  ['a longer file', () => new Response(new Uint8Array(101))],
  ['not there', () => new Response('', { status: 404 })],
  ['a body that breaks off', () => new Response(new ReadableStream({ start: (stream) => stream.error(new Error('gone')) }))],
])('%s is not read', async (_, answer) => {
  await expect(host(answer).range('p', RANGE)).rejects.toBeInstanceOf(Unread);
});

test('a list that is longer than any may be is not stored', async () => {
  const reader = host(() => new Response(new Uint8Array(1000)));
  await expect(reader.file('books.jsonl', 999)).rejects.toBeInstanceOf(Unread);
});

test('a folder is read by names from the publication on, and a file of another length is refused', async () => {
  const file = (path: string, content: Uint8Array<ArrayBuffer>): File => Object.defineProperty(new File([content], 'x'), 'webkitRelativePath', { value: path });
  const reader = new Reader(folderSource([file('my copy/attestations/000002/a', PACK), file('my copy/attestations/000002/b', PACK.slice(1)), file('other/c', PACK)]));
  expect(await reader.range('attestations/000002/a', RANGE)).toEqual(PACK.slice(10, 15));
  for (const path of ['attestations/000002/b', 'attestations/000002/c', 'other/c']) {
    await expect(reader.range(path, RANGE)).rejects.toBeInstanceOf(Unread);
  }
});

/** A tree of one book with 5,000 leaves: a root over two units of 4,096 and 904 leaves. */
const TILES = 1 + 273 + (1 + 4 + 57);
const BOOKS = JSON.stringify([{ name: 'BTC/owed', folder: '000000/tiles/BTC-owed', tiles: String(TILES), leaves: '5000' }]);

function top(index: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 73 }, (_, at) => (at === 0 ? 3 : at === 1 ? index : 7));
}

function honest(request: AuditRequest): AuditReply | null {
  switch (request.kind) {
    case 'open':
      return { kind: 'opened', books: BOOKS };
    case 'differ':
      return { kind: 'differ', differ: true };
    case 'subtree':
      if (request.top === undefined) {
        return { kind: 'verified', below: Uint8Array.from([...top(0), ...top(1)]), tiles: 1 };
      }
      return request.top[1] === 0
        ? { kind: 'verified', below: new Uint8Array(4096 * 16), tiles: 273 }
        : { kind: 'verified', below: new Uint8Array(904 * 16), tiles: 62 };
  }
}

/** Workers that answer by `answers`; without an answer they are silent. */
function workers(answers: (request: AuditRequest) => AuditReply | null): () => AuditWorker {
  return () => {
    const target = new EventTarget();
    let ended = false;
    return {
      addEventListener: target.addEventListener.bind(target),
      terminate: () => (ended = true),
      postMessage: (request: AuditRequest) => {
        const data = answers(request);
        if (data !== null) {
          setTimeout(() => ended || target.dispatchEvent(new MessageEvent('message', { data })));
        }
      },
    } as AuditWorker;
  };
}

function run(answers: (request: AuditRequest) => AuditReply | null): AuditRun {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('{}\n')));
  return new AuditRun({
    source: { kind: 'host', base: 'https://example.com/' },
    sequence: '000000',
    statement: () => Promise.resolve(new ArrayBuffer(1)),
    module: () => Promise.resolve(new Uint8Array(1)),
    worker: workers(answers),
    workers: 3,
  });
}

const outcome = (answers: (request: AuditRequest) => AuditReply | null): Promise<Outcome> => run(answers).run(() => undefined);

test('it passes when every subtree was verified, and counts what it verified', async () => {
  const seen: number[] = [];
  const audit = run(honest);
  const passed = await audit.run(({ done, total }) => {
    expect(total).toBe(TILES);
    seen.push(done);
  });
  expect(passed).toEqual({ kind: 'passed', books: 1, tiles: TILES, leaves: 5000 });
  expect(seen.at(0)).toBe(0);
  expect(seen.at(-1)).toBe(TILES);
});

test.each(['false', 'unread', 'broken'] as const)('one subtree that is %s ends it', async (kind) => {
  const result = await outcome((request) => (request.kind === 'subtree' && request.top?.[1] === 1 ? { kind, detail: 'tile 7' } : honest(request)));
  expect(result).toEqual({ kind, detail: 'BTC/owed: tile 7' });
});

test('a leaf that stands twice is false', async () => {
  const result = await outcome((request) => (request.kind === 'differ' ? { kind: 'differ', differ: false } : honest(request)));
  expect(result).toMatchObject({ kind: 'false' });
});

test.each([
  ['fewer leaves', { kind: 'verified', below: new Uint8Array(903 * 16), tiles: 62 }],
  ['fewer tiles', { kind: 'verified', below: new Uint8Array(904 * 16), tiles: 61 }],
  ['no tiles', { kind: 'verified', below: new Uint8Array(), tiles: 0 }],
  ['another answer', { kind: 'differ', differ: true }],
] as const)('an answer with %s never passes', async (_, answer) => {
  const result = await outcome((request) => (request.kind === 'subtree' && request.top?.[1] === 1 ? answer : honest(request)));
  expect(result.kind).toBe('broken');
});

test('a stopped audit says so, and goes on where it was', async () => {
  let silent = true;
  let again = 0;
  const audit = run((request) => {
    if (request.kind === 'subtree' && request.top?.[1] === 1) {
      return silent ? null : honest(request);
    }
    again += request.kind === 'subtree' && !silent ? 1 : 0;
    return honest(request);
  });
  const first = audit.run(({ done }) => {
    if (done === 1 + 273) {
      audit.stop();
    }
  });
  expect(await first).toEqual({ kind: 'stopped' });
  silent = false;
  expect(await audit.run(() => undefined)).toMatchObject({ kind: 'passed' });
  // Only the unit that was left: the root and the other unit are not asked for once more.
  expect(again).toBe(0);
});
