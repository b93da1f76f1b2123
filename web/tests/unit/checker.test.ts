import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CHECK_TIMEOUT_MS, CheckBroke, Checker, type CheckWorker } from '../../src/checker.ts';
import { LogRefused, LogUndecided } from '../../src/log.ts';
import { ListReplaced } from '../../src/reserves.ts';
import { verified } from '../browser/harness/reports.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1793491199_999 }));
afterEach(() => void vi.useRealTimers());

/** A worker whose every move the test makes. */
class FakeWorker extends EventTarget {
  readonly posted: unknown[] = [];
  terminated = false;

  postMessage(message: unknown): void {
    this.posted.push(message);
  }

  terminate(): void {
    this.terminated = true;
  }

  says(data: unknown): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }
}

function start(): { worker: FakeWorker; checker: Checker } {
  const worker = new FakeWorker();
  const checker = new Checker(worker as unknown as CheckWorker);
  checker.ready.catch(() => undefined);
  return { worker, checker };
}

const json = JSON.stringify(verified());

test('a well-formed answer to the question that was asked is a report', async () => {
  const { worker, checker } = start();
  worker.says({ kind: 'ready', version: '1.2.3' });
  await expect(checker.ready).resolves.toBe('1.2.3');
  const answer = checker.check(new ArrayBuffer(3), 'log x\n', undefined);
  expect(worker.posted).toEqual([
    { kind: 'check', id: 1, statement: new Uint8Array(3), policy: 'log x\n', account: undefined, now: 1793491199n },
  ]);
  worker.says({ kind: 'report', id: 1, json });
  expect(await answer).toMatchObject({ report: { included: 'verified' }, json, now: 1793491199n });
});

test('the module goes to the worker, and one that cannot be had breaks the check', async () => {
  const { worker, checker } = start();
  checker.start(Promise.resolve(new Uint8Array([0, 97])));
  await vi.advanceTimersByTimeAsync(0);
  expect(worker.posted).toEqual([{ kind: 'start', module: new Uint8Array([0, 97]) }]);
  checker.start(Promise.reject(new TypeError('Failed to fetch')));
  await expect(checker.ready).rejects.toThrow('Failed to fetch');
  expect(worker.terminated).toBe(true);
});

test('w_09_whatever_else_the_worker_does_breaks_the_check', async () => {
  const breaks: Record<string, (worker: FakeWorker) => void> = {
    'a trap': (worker) => worker.says({ kind: 'failed', id: 1, detail: 'RuntimeError: unreachable' }),
    'an error event': (worker) => worker.dispatchEvent(Object.assign(new Event('error'), { message: 'gone' })),
    'a message that cannot be read': (worker) => worker.dispatchEvent(new Event('messageerror')),
    'malformed JSON': (worker) => worker.says({ kind: 'report', id: 1, json: json.slice(1) }),
    'an empty report': (worker) => worker.says({ kind: 'report', id: 1, json: '' }),
    'an answer to another question': (worker) => worker.says({ kind: 'report', id: 2, json }),
    'a report that is no text': (worker) => worker.says({ kind: 'report', id: 1, json: verified() }),
    'an unknown message': (worker) => worker.says({ kind: 'verified' }),
    'no message': (worker) => worker.says(null),
    silence: () => vi.advanceTimersByTime(CHECK_TIMEOUT_MS),
  };
  for (const [name, breakIt] of Object.entries(breaks)) {
    const { worker, checker } = start();
    const answer = checker.check(new ArrayBuffer(1), undefined, undefined);
    const failure = expect(answer, name).rejects.toThrow(CheckBroke);
    breakIt(worker);
    await failure;
    expect(worker.terminated, name).toBe(true);
    await expect(checker.check(new ArrayBuffer(1), undefined, undefined), name).rejects.toThrow(CheckBroke);
  }
});

const module = new Uint8Array([0, 97]);

test('a list of reserves goes to the worker with its module, which is asked for once', async () => {
  const { worker, checker } = start();
  let asked = 0;
  const load = (): Promise<Uint8Array<ArrayBuffer>> => {
    asked += 1;
    return asked === 1 ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve(module);
  };
  await expect(checker.openReserves(load, new ArrayBuffer(3), new ArrayBuffer(5), 2)).rejects.toThrow('Failed to fetch');
  expect(worker.terminated).toBe(false);
  const first = checker.openReserves(load, new ArrayBuffer(3), new ArrayBuffer(5), 2);
  await vi.advanceTimersByTimeAsync(0);
  expect(worker.posted).toEqual([{ kind: 'reserves', id: 1, module, statement: new Uint8Array(3), list: new Uint8Array(5) }]);
  worker.says({ kind: 'bound', id: 1, bound: true, count: 2 });
  expect(await first).toEqual({ bound: true, list: 1 });
  const second = checker.openReserves(load, new ArrayBuffer(3), new ArrayBuffer(5), 2);
  await vi.advanceTimersByTimeAsync(0);
  expect(worker.posted[1]).toMatchObject({ kind: 'reserves', id: 2, module: undefined });
  worker.says({ kind: 'bound', id: 2, bound: false, count: 0 });
  expect(await second).toEqual({ bound: false, list: 2 });
  expect(asked).toBe(2);
});

test('w_09_a_bound_list_of_other_rows_than_the_page_read_breaks_the_check', async () => {
  const { worker, checker } = start();
  const answer = checker.openReserves(() => Promise.resolve(module), new ArrayBuffer(3), new ArrayBuffer(5), 2);
  const refused = expect(answer).rejects.toBeInstanceOf(CheckBroke);
  await vi.advanceTimersByTimeAsync(0);
  worker.says({ kind: 'bound', id: 1, bound: true, count: 3 });
  await refused;
});

test('w_09_only_known_outcomes_of_signatures_are_taken, one for each row', async () => {
  const { worker, checker } = start();
  const answer = checker.ownership(9, 4, 3);
  expect(worker.posted).toEqual([{ kind: 'ownership', id: 1, list: 9, first: 4, count: 3 }]);
  worker.says({ kind: 'ownership', id: 1, outcomes: new Uint8Array([1, 3, 2]) });
  expect(await answer).toEqual(['proven', 'not-proven', 'undecided']);
  for (const outcomes of [new Uint8Array([1, 1]), new Uint8Array([1, 1, 0]), new Uint8Array([1, 1, 4]), [1, 1, 1], undefined]) {
    const { worker, checker } = start();
    const answer = checker.ownership(9, 4, 3);
    worker.says({ kind: 'ownership', id: 1, outcomes });
    await expect(answer, String(outcomes)).rejects.toBeInstanceOf(CheckBroke);
    expect(worker.terminated).toBe(true);
  }
});

test('an answer about a list that another one has replaced is none, and breaks nothing', async () => {
  const { worker, checker } = start();
  const late = expect(checker.ownership(1, 0, 25)).rejects.toBeInstanceOf(ListReplaced);
  worker.says({ kind: 'ownership', id: 1, outcomes: null });
  await late;
  expect(worker.terminated).toBe(false);
  const answer = checker.ownership(2, 0, 1);
  worker.says({ kind: 'ownership', id: 2, outcomes: new Uint8Array([1]) });
  expect(await answer).toEqual(['proven']);
});

test('a log that is refused is told from one that cannot be judged', async () => {
  const { worker, checker } = start();
  const refused = expect(checker.log({ ask: 'finish', reading: 1 })).rejects.toBeInstanceOf(LogRefused);
  worker.says({ kind: 'log', id: 1, text: null, refused: 'x', undecided: false });
  await refused;
  const undecided = expect(checker.log({ ask: 'finish', reading: 1 })).rejects.toBeInstanceOf(LogUndecided);
  worker.says({ kind: 'log', id: 2, text: null, refused: 'x', undecided: true });
  await undecided;
  expect(worker.terminated).toBe(false);
});

test('checks are told of as they are made, and none of them is an answer', async () => {
  const { worker, checker } = start();
  const told: string[] = [];
  const answer = checker.check(new ArrayBuffer(1), undefined, undefined, 1n, ({ id, outcome }) => told.push(`${id} ${outcome}`));
  const [first, second] = (verified()['checks'] as object[]).map((check) => JSON.stringify(check));
  worker.says({ kind: 'check', id: 1, json: first });
  worker.says({ kind: 'check', id: 1, json: second });
  let settled = false;
  void answer.then(() => (settled = true));
  await vi.advanceTimersByTimeAsync(10);
  expect([told, settled]).toEqual([['well-formed passed', 'attestation-signed passed'], false]);
  worker.says({ kind: 'report', id: 1, json });
  expect((await answer).report.included).toBe('verified');
});

test.each([
  ['of a check that nobody asked for', 2, '{}'],
  ['that is no check', 1, '{"id":"well-formed"}'],
  ['that is no text', 1, { id: 'well-formed' }],
])('w_09_word_%s_breaks_the_check', async (_, id, said) => {
  const { worker, checker } = start();
  const failure = expect(checker.check(new ArrayBuffer(1), undefined, undefined)).rejects.toBeInstanceOf(CheckBroke);
  worker.says({ kind: 'check', id, json: said });
  await failure;
  expect(worker.terminated).toBe(true);
});
