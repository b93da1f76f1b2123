/**
 * An audit of every tile: the queue of subtrees, the workers that verify them, and what came of it.
 *
 * It passes in one way only: every subtree was verified, the tiles and leaves add up to what the books say, and no leaf
 * stands twice. Whatever is stopped, missing, late or malformed is something else. A stopped audit keeps its queue, so it
 * goes on where it was.
 */
import { parseJson } from '../json.ts';
import { Fields } from '../fields.ts';
import { Reader, type Source, Unread } from './source.ts';
import type { AuditReply, AuditRequest } from './worker.ts';

/** The most threads; more of them wait for the network. */
export const MAX_WORKERS = 8;
/** `por audit` reads no longer list of books. */
const MAX_BOOKS_BYTES = 256 * 1024 * 1024;
/** No subtree takes nearly so long to fetch and to verify. */
const PATIENCE_MS = 180_000;
/** A top as the verifier writes it. */
const TOP_BYTES = 73;
/** Of each leaf. */
const LEAF_BYTES = 16;

export interface Progress {
  readonly done: number;
  readonly total: number;
  /** Since it was started or went on, in milliseconds, and the tiles verified in it. */
  readonly elapsed: number;
  readonly recent: number;
}

export type Outcome =
  | { readonly kind: 'passed'; readonly books: number; readonly tiles: number; readonly leaves: number }
  /** `other`: what is there belongs to another attestation than the statement's, so nothing of either is false. */
  | { readonly kind: 'false' | 'other' | 'unread' | 'broken'; readonly detail: string }
  | { readonly kind: 'stopped' };

/** What of a `Worker` is used here. */
export type AuditWorker = Pick<Worker, 'postMessage' | 'terminate' | 'addEventListener'>;

interface Book {
  readonly name: string;
  readonly folder: string;
  readonly tiles: number;
  readonly leaves: number;
}

interface Task {
  readonly book: number;
  readonly top: Uint8Array<ArrayBuffer> | undefined;
}

/** What a run needs; functions, because each worker takes its own copies. */
export interface AuditParts {
  readonly source: Source;
  /** The six digits of the attestation's folder. */
  readonly sequence: string;
  readonly statement: () => Promise<ArrayBuffer>;
  readonly module: () => Promise<Uint8Array<ArrayBuffer>>;
  readonly worker: () => AuditWorker;
  /** How many of them. */
  readonly workers: number;
}

/** Ends a run from inside; `outcome` is what is told. */
class Ended extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

export class AuditRun {
  private readonly parts: AuditParts;
  private books: Book[] | undefined;
  private list: Uint8Array<ArrayBuffer> | undefined;
  /** Last in, first out: the queue stays as short as the tree is deep. */
  private readonly queue: Task[] = [];
  private readonly tiles: number[] = [];
  private readonly leaves: Uint8Array[][] = [];
  private stopped = false;
  private threads: Thread[] = [];
  private begun = 0;
  private doneBefore = 0;

  constructor(parts: AuditParts) {
    this.parts = parts;
  }

  /** Runs to the end, or until it is stopped; called once more after that, it goes on. */
  async run(onProgress: (progress: Progress) => void): Promise<Outcome> {
    this.stopped = false;
    try {
      return await this.verify(onProgress);
    } catch (error) {
      if (this.stopped) {
        return { kind: 'stopped' };
      }
      if (error instanceof Ended) {
        return error.outcome;
      }
      return { kind: error instanceof Unread ? 'unread' : 'broken', detail: error instanceof Error ? error.message : String(error) };
    } finally {
      this.end();
    }
  }

  stop(): void {
    this.stopped = true;
    this.end();
  }

  private end(): void {
    this.threads.forEach((thread) => thread.end());
    this.threads = [];
  }

  private async verify(onProgress: (progress: Progress) => void): Promise<Outcome> {
    const { parts } = this;
    this.list ??= await new Reader(parts.source).file(`attestations/${parts.sequence}/books.jsonl`, MAX_BOOKS_BYTES);
    const module = await parts.module();
    const statement = new Uint8Array(await parts.statement());
    if (this.stopped) {
      return { kind: 'stopped' };
    }
    this.threads = Array.from({ length: parts.workers }, () => new Thread(parts.worker()));
    const opened = await Promise.all(
      this.threads.map(async (thread) => {
        const books = this.list?.slice() ?? new Uint8Array();
        const request: AuditRequest = { kind: 'open', module: module.slice(), statement: statement.slice(), books, source: parts.source };
        const reply = await thread.ask(request);
        if (reply.kind !== 'opened') {
          // Whoever goes on reads the list anew: it may have been put in order.
          this.list = undefined;
          throw unexpected(reply);
        }
        return readBooks(reply.books);
      }),
    );
    const books = opened[0] ?? [];
    if (this.books === undefined) {
      this.books = books;
      books.forEach((_, book) => {
        this.queue.unshift({ book, top: undefined });
        this.tiles.push(0);
        this.leaves.push([]);
      });
    }
    this.begun = performance.now();
    this.doneBefore = sum(this.tiles);
    const report = (): void => onProgress(this.progress(books));
    report();
    await this.drain(books, report);
    await this.compareLeaves(books);
    if (this.stopped) {
      return { kind: 'stopped' };
    }
    return { kind: 'passed', books: books.length, tiles: sum(this.tiles), leaves: sum(books.map((book) => book.leaves)) };
  }

  /** All threads take from the queue until it is empty and none of them can fill it again. */
  private async drain(books: readonly Book[], report: () => void): Promise<void> {
    let busy = 0;
    let wake: (() => void)[] = [];
    const wakeAll = (): void => {
      wake.forEach((go) => go());
      wake = [];
    };
    const work = async (thread: Thread): Promise<void> => {
      for (;;) {
        const task = this.queue.pop();
        if (task === undefined) {
          if (busy === 0) {
            wakeAll();
            return;
          }
          await new Promise<void>((go) => wake.push(go));
          continue;
        }
        busy += 1;
        try {
          await this.subtree(thread, books, task);
        } catch (error) {
          // It was not verified: whoever goes on finds it here.
          this.queue.push(task);
          throw error;
        } finally {
          busy -= 1;
          wakeAll();
        }
        report();
      }
    };
    const works = this.threads.map((thread) => work(thread));
    try {
      await Promise.all(works);
    } finally {
      // The first failure ends all; what the others had taken goes back into the queue before anybody goes on.
      this.end();
      await Promise.allSettled(works);
    }
  }

  private async subtree(thread: Thread, books: readonly Book[], { book, top }: Task): Promise<void> {
    const { folder = '', name = '' } = books[book] ?? {};
    const reply = await thread.ask({ kind: 'subtree', book, folder, top });
    if (reply.kind !== 'verified') {
      throw unexpected(reply, name);
    }
    const { below, tiles } = reply;
    if (isUnit(top, books[book])) {
      this.leaves[book]?.push(below);
    } else {
      for (let at = below.length - TOP_BYTES; at >= 0; at -= TOP_BYTES) {
        this.queue.push({ book, top: below.slice(at, at + TOP_BYTES) });
      }
    }
    this.tiles[book] = (this.tiles[book] ?? 0) + tiles;
  }

  private async compareLeaves(books: readonly Book[]): Promise<void> {
    const thread = new Thread(this.parts.worker());
    this.threads = [thread];
    const statement = new Uint8Array(await this.parts.statement());
    const opening = await thread.ask({ kind: 'open', module: await this.parts.module(), statement, books: this.list?.slice() ?? new Uint8Array(), source: this.parts.source });
    if (opening.kind !== 'opened') {
      throw unexpected(opening);
    }
    for (const [book, { name, tiles, leaves }] of books.entries()) {
      const found = joined(this.leaves[book] ?? []);
      if (this.tiles[book] !== tiles || found.length !== leaves * LEAF_BYTES) {
        throw new Ended({ kind: 'broken', detail: `${name}: not all tiles were verified` });
      }
      const reply = await thread.ask({ kind: 'differ', leaves: found });
      if (reply.kind !== 'differ') {
        throw unexpected(reply, name);
      }
      if (!reply.differ) {
        throw new Ended({ kind: 'false', detail: `${name}: a leaf stands twice` });
      }
    }
  }

  private progress(books: readonly Book[]): Progress {
    const done = sum(this.tiles);
    return { done, total: sum(books.map((book) => book.tiles)), elapsed: performance.now() - this.begun, recent: done - this.doneBefore };
  }
}

/** One worker, one question at a time. */
class Thread {
  private readonly worker: AuditWorker;
  private waiting: { readonly resolve: (reply: AuditReply) => void; readonly reject: (error: Error) => void; readonly timer: ReturnType<typeof setTimeout> } | undefined;
  private ended = false;

  constructor(worker: AuditWorker) {
    this.worker = worker;
    worker.addEventListener('message', (event) => this.settle((event as MessageEvent<AuditReply>).data));
    worker.addEventListener('messageerror', () => this.fail('unreadable message from the worker'));
    worker.addEventListener('error', (event) => this.fail((event as ErrorEvent).message || 'the worker stopped'));
  }

  ask(request: AuditRequest): Promise<AuditReply> {
    return new Promise((resolve, reject) => {
      if (this.ended) {
        reject(new Ended({ kind: 'stopped' }));
        return;
      }
      const timer = setTimeout(() => this.fail('no answer in time'), PATIENCE_MS);
      this.waiting = { resolve, reject, timer };
      this.worker.postMessage(request);
    });
  }

  end(): void {
    this.ended = true;
    this.worker.terminate();
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting !== undefined) {
      clearTimeout(waiting.timer);
      waiting.reject(new Ended({ kind: 'stopped' }));
    }
  }

  private settle(reply: AuditReply): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting !== undefined) {
      clearTimeout(waiting.timer);
      waiting.resolve(reply);
    }
  }

  private fail(detail: string): void {
    const { waiting } = this;
    this.waiting = undefined;
    this.ended = true;
    if (waiting !== undefined) {
      clearTimeout(waiting.timer);
      waiting.reject(new Ended({ kind: 'broken', detail }));
    }
  }
}

/** Whether the tiles of `top` end in leaves. Levels above three are walked first. */
function isUnit(top: Uint8Array | undefined, book: Book | undefined): boolean {
  if (top !== undefined) {
    return (top[0] ?? 0) <= 3;
  }
  return (book?.leaves ?? 0) <= 16 ** 3;
}

function unexpected(reply: AuditReply, book = ''): Ended {
  const place = book === '' ? '' : `${book}: `;
  if (reply.kind === 'false' || reply.kind === 'other' || reply.kind === 'unread' || reply.kind === 'broken') {
    return new Ended({ kind: reply.kind, detail: `${place}${reply.detail}` });
  }
  return new Ended({ kind: 'broken', detail: `${place}unknown message from the worker` });
}

function readBooks(json: string): Book[] {
  return new Fields('audit', { books: parseJson(json) }).list('books', (item) => ({
    name: item.text('name'),
    folder: item.text('folder'),
    tiles: count(item.text('tiles')),
    leaves: count(item.text('leaves')),
  }));
}

/** Tiles and leaves are far below 2⁵³: a tree of more would be petabytes. */
function count(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) {
    throw new RangeError('too many tiles for a page');
  }
  return number;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(sum(parts.map((part) => part.length)));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
