/** The memory of the last head: what is kept, what is refused, and what a comparison says. */
import { describe, expect, test } from 'vitest';
import { forgetHeads, latestHead, readMemory, remember, type SinceVisit, sinceVisit } from '../../src/head-memory.ts';
import type { Head, PublishedLog, Since } from '../../src/log.ts';

const root = (digit: string): string => digit.repeat(64);
const head = (size: bigint, digit: string, origin = 'example.com/por'): Head => ({ origin, size, root: root(digit) });

function store(): { readonly kept: Map<string, string>; readonly storage: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> } {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  return { kept, storage: () => storage };
}

/** A log that answers as the verifier would, for the heads named. */
function log(now: Head, answers: ReadonlyArray<readonly [Head, Since]>): PublishedLog {
  return {
    head: now,
    entries: [],
    since: async (older) => answers.find(([asked]) => asked.size === older.size && asked.root === older.root)?.[1] ?? expect.unreachable(),
    end: () => undefined,
  };
}

test('w_08_only_origin_size_and_root_are_kept_one_head_for_each_log', () => {
  const { kept, storage } = store();
  expect(readMemory(storage)).toEqual({ kind: 'off' });
  expect(remember(head(9_007_199_254_740_993n, 'a'), storage)).toBe(true);
  expect(remember(head(1n, 'b', 'example.org/por'), storage)).toBe(true);
  expect(remember(head(9_007_199_254_740_995n, 'c'), storage)).toBe(true);
  expect(Array.from(kept.values())).toEqual([
    `{"heads":[{"origin":"example.org/por","size":1,"root":"${root('b')}"},{"origin":"example.com/por","size":9007199254740995,"root":"${root('c')}"}]}`,
  ]);
  expect(readMemory(storage)).toEqual({ kind: 'on', heads: [head(1n, 'b', 'example.org/por'), head(9_007_199_254_740_995n, 'c')] });
  forgetHeads(storage);
  expect(kept.size).toBe(0);
});

test('a damaged memory is called damaged, and is not overwritten', () => {
  const good = `{"origin":"a","size":1,"root":"${root('a')}"}`;
  for (const text of ['', '{}', '[]', '{"heads":{}}', `{"heads":[${good},${good}]}`, `{"heads":[${good}],"account":"x"}`, good.replace('1', '"1"'), `{"heads":[${good.replace('aaaa', '')}]}`, `{"heads":[${good.replace('1', '1.5')}]}`]) {
    const { kept, storage } = store();
    kept.set('por-last-heads', text);
    expect(readMemory(storage), text).toEqual({ kind: 'damaged' });
    expect(remember(head(2n, 'b'), storage), text).toBe(false);
    expect(kept.get('por-last-heads')).toBe(text);
  }
});

test('a browser that keeps nothing says so', () => {
  const refuse = (): never => {
    throw new Error('SecurityError');
  };
  expect(readMemory(refuse)).toEqual({ kind: 'off' });
  expect(remember(head(1n, 'a'), refuse)).toBe(false);
  expect(() => forgetHeads(refuse)).not.toThrow();
});

describe('the check since the last visit', () => {
  const [seen, grown] = [head(3n, 'a'), head(5n, 'b')];
  const on = { kind: 'on', heads: [seen] } as const;
  const cases: ReadonlyArray<readonly [string, SinceVisit, ReturnType<typeof readMemory>, Head, PublishedLog | null]> = [
    ['is not asked for where nothing is kept', 'not_asked', { kind: 'off' }, seen, null],
    ['cannot tell from a damaged memory', 'damaged', { kind: 'damaged' }, seen, null],
    ['has nothing to say of another log', 'first', on, head(3n, 'a', 'example.org/por'), null],
    ['passes for the very same head', 'passed', on, seen, null],
    ['fails for another root of the same size, without any file', 'failed', on, head(3n, 'f'), null],
    ['cannot tell of a larger head without the log', 'needs_log', on, grown, null],
    ['cannot tell of an older head without the log', 'needs_log', on, head(2n, 'c'), null],
    ['takes no log of another origin', 'needs_log', on, grown, log(head(5n, 'b', 'example.org/por'), [])],
    ['passes for a log that grew', 'passed', on, grown, log(grown, [[seen, 'extends'], [grown, 'extends']])],
    ['fails for a log that was rewritten', 'failed', on, grown, log(grown, [[seen, 'rewritten'], [grown, 'extends']])],
    ['fails where the statement is of a log that was rewritten', 'failed', on, grown, log(grown, [[seen, 'extends'], [grown, 'rewritten']])],
    ['shows nothing by a log that shrank', 'shorter', on, head(2n, 'c'), log(head(2n, 'c'), [[seen, 'shorter'], [head(2n, 'c'), 'extends']])],
    ['fails where one head is rewritten and another longer', 'failed', on, grown, log(head(4n, 'd'), [[seen, 'rewritten'], [grown, 'shorter']])],
  ];
  test.each(cases)('%s', async (_, expected, memory, now, read) => {
    expect(await sinceVisit(memory, now, read)).toBe(expected);
  });

  test('the largest head is remembered, of the same log alone', () => {
    expect(latestHead(seen, log(grown, []))).toEqual(grown);
    expect(latestHead(grown, log(seen, []))).toEqual(grown);
    expect(latestHead(seen, log(head(9n, 'e', 'example.org/por'), []))).toEqual(seen);
    expect(latestHead(seen, null)).toEqual(seen);
  });
});
