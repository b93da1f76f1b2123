/**
 * The page's side of the worker: one request, one report, or a reason why there is none.
 *
 * Nothing here can produce a verdict. A reply that is late, unasked for, malformed or missing rejects the promise, and
 * the checker stays broken from then on: after a trap the module's memory means nothing, and a new worker would make
 * the page ask the network for something after a file was chosen. Reloading the page starts afresh.
 */
import { type LogQuestion, LogRefused, LogUndecided } from './log.ts';
import { type Check, parseCheck, parseReport, type Report } from './report.ts';
import { ListReplaced, type Outcome, readOutcomes } from './reserves.ts';
import type { CheckRequest, LogRequest, OwnershipRequest, ReservesRequest, WorkerRequest } from './worker.ts';

/** No honest statement takes nearly this long; a page that waits for ever is no answer. */
export const CHECK_TIMEOUT_MS = 120_000;

/** The check could not be made; this says nothing about the file. */
export class CheckBroke extends Error {
  override readonly name = 'CheckBroke';
}

/** What of a `Worker` is used here. */
export type CheckWorker = Pick<Worker, 'postMessage' | 'terminate' | 'addEventListener'>;

/** What came of one check: the report, the verifier's own text of it, and the clock that it was judged by. */
export interface Answer {
  readonly report: Report;
  readonly json: string;
  /** Unix seconds. */
  readonly now: bigint;
}

interface Pending {
  /** What the worker's reply means to whoever asked; throws where it is no answer to this question. */
  readonly settle: (reply: Reply) => void;
  /** Hears of a check that was made on the way; throws where it is none. */
  readonly tell: (json: unknown) => void;
  readonly reject: (error: CheckBroke) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

export class Checker {
  /** The verifier's version, once it has started; rejects when it breaks before that. */
  readonly ready: Promise<string>;

  private readonly worker: CheckWorker;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  private broken: CheckBroke | undefined;
  private reservesStarted = false;
  private started!: (version: string) => void;
  private failedToStart!: (error: CheckBroke) => void;

  constructor(worker: CheckWorker) {
    this.worker = worker;
    this.ready = new Promise((resolve, reject) => {
      this.started = resolve;
      this.failedToStart = reject;
    });
    worker.addEventListener('message', (event) => this.receive((event as MessageEvent<unknown>).data));
    worker.addEventListener('messageerror', () => this.breakDown('unreadable message from the worker'));
    worker.addEventListener('error', (event) => this.breakDown((event as ErrorEvent).message || 'the worker stopped'));
  }

  /** Hands the verifier's module to the worker; a module that cannot be had breaks the checker. */
  start(module: Promise<Uint8Array<ArrayBuffer>>): void {
    module.then(
      (bytes) => this.worker.postMessage({ kind: 'start', module: bytes } satisfies WorkerRequest, [bytes.buffer]),
      (error: unknown) => this.breakDown(String(error)),
    );
  }

  /**
   * Has the worker write a figure and a time in `language`. The browser reads what it needs for that once, for all of its
   * threads, and takes tens of milliseconds: here nobody waits for them.
   */
  warmUp(language: string): void {
    this.worker.postMessage({ kind: 'warm-up', language } satisfies WorkerRequest);
  }

  /**
   * Checks `statement`, whose buffer is handed over to the worker, as of `now` in Unix seconds. `onCheck` hears of each
   * check as it is made; only the report says what they come to.
   */
  check(
    statement: ArrayBuffer,
    policy: string | undefined,
    account: string | undefined,
    now = BigInt(Date.now()) / 1000n,
    onCheck: (check: Check) => void = () => undefined,
  ): Promise<Answer> {
    if (this.broken !== undefined) {
      return Promise.reject(this.broken);
    }
    const id = this.nextId++;
    const request: CheckRequest = { kind: 'check', id, statement: new Uint8Array(statement), policy, account, now };
    const read = ({ kind, json }: Reply): Answer => {
      if (kind !== 'report' || typeof json !== 'string') {
        throw new RangeError('no report');
      }
      return { report: parseReport(json), json, now };
    };
    return this.ask(request, [statement], read, (json) => onCheck(parseCheck(json)));
  }

  /**
   * Is `list`, of `rows` rows, what the attestation of `statement` is bound to? Both buffers are handed over to the
   * worker, and so is the module that judges them, which is needed once. The number of the list is for `ownership`.
   */
  async openReserves(
    module: () => Promise<Uint8Array<ArrayBuffer>>,
    statement: ArrayBuffer,
    list: ArrayBuffer,
    rows: number,
  ): Promise<{ readonly bound: boolean; readonly list: number }> {
    // A module that could not be had may be had next time.
    const bytes = this.reservesStarted ? undefined : await module();
    if (this.broken !== undefined) {
      throw this.broken;
    }
    const first = this.reservesStarted ? undefined : bytes;
    this.reservesStarted = true;
    const id = this.nextId++;
    const request: ReservesRequest = { kind: 'reserves', id, module: first, statement: new Uint8Array(statement), list: new Uint8Array(list) };
    const buffers = [statement, list, ...(first === undefined ? [] : [first.buffer])];
    return this.ask(request, buffers, ({ kind, bound, count }) => {
      if (kind !== 'bound' || typeof bound !== 'boolean' || (bound && count !== rows)) {
        throw new RangeError('no answer about reserves');
      }
      return { bound, list: id };
    });
  }

  /**
   * Judges the ownership signatures of `count` rows, from row `first` on, of the list that `openReserves` gave the number
   * `list`. Rejects with `ListReplaced` where another one was opened since; that breaks nothing.
   */
  async ownership(list: number, first: number, count: number): Promise<readonly Outcome[]> {
    if (this.broken !== undefined) {
      throw this.broken;
    }
    const request: OwnershipRequest = { kind: 'ownership', id: this.nextId++, list, first, count };
    const judged = await this.ask(request, [], ({ kind, outcomes }) => {
      if (kind !== 'ownership' || !(outcomes === null || outcomes instanceof Uint8Array)) {
        throw new RangeError('no answer about signatures');
      }
      return outcomes === null ? null : readOutcomes(outcomes, count);
    });
    if (judged === null) {
      throw new ListReplaced('another list of reserves was opened');
    }
    return judged;
  }

  /**
   * Asks the worker about the publication's log. Rejects with `LogRefused` where the log is not what it says, and with
   * `LogUndecided` where that cannot be told.
   */
  async log(question: LogQuestion): Promise<string> {
    if (this.broken !== undefined) {
      throw this.broken;
    }
    const request: LogRequest = { kind: 'log', id: this.nextId++, question };
    const answer = await this.ask(request, [], ({ kind, text, refused, undecided }) => {
      if (kind === 'log' && typeof text === 'string' && refused === null) {
        return { text };
      }
      if (kind === 'log' && text === null && typeof refused === 'string') {
        return { refused, undecided: undecided === true };
      }
      throw new RangeError('no answer about a log');
    });
    if (answer.text === undefined) {
      throw answer.undecided ? new LogUndecided(answer.refused) : new LogRefused(answer.refused);
    }
    return answer.text;
  }

  private ask<T>(
    request: CheckRequest | ReservesRequest | OwnershipRequest | LogRequest,
    buffers: ArrayBuffer[],
    read: (reply: Reply) => T,
    tell: (json: unknown) => void = notAsked,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.breakDown('no answer in time'), CHECK_TIMEOUT_MS);
      this.pending.set(request.id, { settle: (reply) => resolve(read(reply)), tell, reject, timer });
      this.worker.postMessage(request, buffers);
    });
  }

  private receive(reply: unknown): void {
    const fields = fieldsOf(reply);
    const { kind, version, id, detail } = fields;
    if (kind === 'ready' && typeof version === 'string') {
      this.started(version);
    } else if (kind === 'check' && typeof id === 'number') {
      this.tell(id, fields.json);
    } else if ((kind === 'report' || kind === 'bound' || kind === 'ownership' || kind === 'log') && typeof id === 'number') {
      this.settle(id, fields);
    } else if (kind === 'failed' && typeof detail === 'string') {
      this.breakDown(detail);
    } else {
      this.breakDown('unknown message from the worker');
    }
  }

  /** Passes a check on; it settles nothing. */
  private tell(id: number, json: unknown): void {
    const pending = this.pending.get(id);
    try {
      (pending?.tell ?? notAsked)(json);
    } catch (error) {
      this.breakDown(String(error));
    }
  }

  private settle(id: number, reply: Reply): void {
    const pending = this.pending.get(id);
    if (pending === undefined) {
      this.breakDown('an answer that nobody asked for');
      return;
    }
    try {
      pending.settle(reply);
      this.pending.delete(id);
      clearTimeout(pending.timer);
    } catch (error) {
      this.breakDown(String(error));
    }
  }

  private breakDown(detail: string): void {
    this.broken ??= new CheckBroke(detail);
    this.worker.terminate();
    this.failedToStart(this.broken);
    for (const { reject, timer } of this.pending.values()) {
      clearTimeout(timer);
      reject(this.broken);
    }
    this.pending.clear();
  }
}

function notAsked(): never {
  throw new RangeError('an answer that nobody asked for');
}

/** The fields that a reply may have; nothing is known of their values. */
type Reply = Readonly<Record<'kind' | 'version' | 'id' | 'json' | 'bound' | 'count' | 'outcomes' | 'text' | 'refused' | 'undecided' | 'detail', unknown>>;

function fieldsOf(reply: unknown): Reply {
  const nothing = {
    kind: undefined, version: undefined, id: undefined, json: undefined,
    bound: undefined, count: undefined, outcomes: undefined, text: undefined, refused: undefined, undecided: undefined, detail: undefined,
  };
  return typeof reply === 'object' && reply !== null ? { ...nothing, ...reply } : nothing;
}
