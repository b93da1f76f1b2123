/**
 * The heads that a visitor asked this device to remember: origin, size and root of each log's last one, nothing else.
 *
 * Off by default. What stands in the browser's storage may have been changed by anybody who had the device: it is read
 * strictly, and what cannot be read is said to be damaged, never taken for "nothing was remembered".
 */
import { Fields } from './fields.ts';
import { parseJson } from './json.ts';
import type { Head, PublishedLog } from './log.ts';

const KEY = 'por-last-heads';

/** What the device remembers. */
export type Memory = { readonly kind: 'off' } | { readonly kind: 'damaged' } | { readonly kind: 'on'; readonly heads: readonly Head[] };

export function readMemory(storage: () => Pick<Storage, 'getItem'> = () => localStorage): Memory {
  let text: string | null;
  try {
    text = storage().getItem(KEY);
  } catch {
    return { kind: 'off' };
  }
  if (text === null) {
    return { kind: 'off' };
  }
  try {
    const fields = new Fields('memory', parseJson(text));
    const { heads } = fields.done({
      heads: fields.list('heads', (item) => item.done({ origin: item.text('origin'), size: item.integer('size'), root: item.text('root') })),
    });
    const whole = heads.every(({ root }) => /^[0-9a-f]{64}$/.test(root)) && new Set(heads.map(({ origin }) => origin)).size === heads.length;
    return whole ? { kind: 'on', heads } : { kind: 'damaged' };
  } catch {
    return { kind: 'damaged' };
  }
}

/** Puts `head` in the place of the one of the same log. Tells whether the browser keeps it. */
export function remember(head: Head, storage: () => Pick<Storage, 'getItem' | 'setItem'> = () => localStorage): boolean {
  const memory = readMemory(storage);
  if (memory.kind === 'damaged') {
    return false;
  }
  const others = memory.kind === 'on' ? memory.heads.filter(({ origin }) => origin !== head.origin) : [];
  // Sizes are integers of any length: written as digits, never as floats.
  const heads = [...others, head].map(({ origin, size, root }) => `{"origin":${JSON.stringify(origin)},"size":${size},"root":"${root}"}`);
  try {
    storage().setItem(KEY, `{"heads":[${heads.join(',')}]}`);
    return true;
  } catch {
    return false;
  }
}

export function forgetHeads(storage: () => Pick<Storage, 'removeItem'> = () => localStorage): void {
  try {
    storage().removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}

/**
 * What the memory shows of the log now. Without the log's files (`unavailable`), or with some that do not hold
 * (`unverified`), nothing can be told: what is remembered is evidence, and stays.
 */
export type SinceVisit = 'not_asked' | 'damaged' | 'first' | 'passed' | 'failed' | 'shorter' | 'needs_log' | 'unavailable' | 'unverified';

/**
 * Compares what is remembered of this log with `now`, the head of the statement, and with the log itself where it was
 * read. Two heads of different sizes can be compared by the log's entries alone.
 */
export async function sinceVisit(memory: Memory, now: Head, log: PublishedLog | null): Promise<SinceVisit> {
  if (memory.kind !== 'on') {
    return memory.kind === 'off' ? 'not_asked' : 'damaged';
  }
  const before = memory.heads.find(({ origin }) => origin === now.origin);
  if (before === undefined) {
    return 'first';
  }
  if (before.size === now.size && before.root !== now.root) {
    return 'failed';
  }
  if (log === null || log.head.origin !== now.origin) {
    return before.size === now.size ? 'passed' : 'needs_log';
  }
  const answers = [await log.since(before), await log.since(now)];
  if (answers.includes('rewritten')) {
    return 'failed';
  }
  return answers.includes('shorter') ? 'shorter' : 'passed';
}

/** The head to remember after a comparison that passed: the largest one, which was shown to extend the others. */
export function latestHead(now: Head, log: PublishedLog | null): Head {
  return log !== null && log.head.origin === now.origin && log.head.size > now.size ? log.head : now;
}
