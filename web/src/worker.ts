/**
 * The verifier, on a thread of its own: the page stays responsive, and a trap in the module ends here.
 *
 * The page hands the module over when it starts, before any file is chosen: after that nobody asks for anything more
 * from the network (W-06). One verifier is kept for all files; its generators take longer to make than a check.
 */
import { formatAmount } from './amount.ts';
import { formatInstant } from './instant.ts';
import type { LogQuestion } from './log.ts';
import { initSync as initPublication, LogReader } from './wasm/por_publication_wasm.js';
import { initSync as initReserves, Reserves } from './wasm/por_reserves_wasm.js';
import { initSync, Verifier, version } from './wasm/por_verifier_wasm.js';

/** From the page: first the module, then files to check. */
export type WorkerRequest =
  | { readonly kind: 'start'; readonly module: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'warm-up'; readonly language: string }
  | CheckRequest
  | ReservesRequest
  | OwnershipRequest
  | LogRequest;

export interface CheckRequest {
  readonly kind: 'check';
  readonly id: number;
  readonly statement: Uint8Array<ArrayBuffer>;
  readonly policy: string | undefined;
  readonly account: string | undefined;
  /** Unix seconds. */
  readonly now: bigint;
}

/** Is `list` the list of reserves that the statement's attestation is bound to? Takes the place of an earlier list. */
export interface ReservesRequest {
  readonly kind: 'reserves';
  readonly id: number;
  /** The module that judges lists, with the first of them; it stays. */
  readonly module: Uint8Array<ArrayBuffer> | undefined;
  readonly statement: Uint8Array<ArrayBuffer>;
  readonly list: Uint8Array<ArrayBuffer>;
}

/** Whose addresses are proven: `count` rows of the list, from row `first` on. */
export interface OwnershipRequest {
  readonly kind: 'ownership';
  readonly id: number;
  /** The request that opened the list. */
  readonly list: number;
  readonly first: number;
  readonly count: number;
}

/** A question about the publication's log. */
export interface LogRequest {
  readonly kind: 'log';
  readonly id: number;
  readonly question: LogQuestion;
}

/** To the page. There is no "success" here: a report is text until the page has read it. */
export type WorkerReply =
  | { readonly kind: 'ready'; readonly version: string }
  /** A check that was just made: for progress, never for a verdict. */
  | { readonly kind: 'check'; readonly id: number; readonly json: string }
  | { readonly kind: 'report'; readonly id: number; readonly json: string }
  | { readonly kind: 'bound'; readonly id: number; readonly bound: boolean; readonly count: number }
  /** Null where another list has taken the place of the one that was asked about. */
  | { readonly kind: 'ownership'; readonly id: number; readonly outcomes: Uint8Array | null }
  | { readonly kind: 'log'; readonly id: number; readonly text: string | null; readonly refused: string | null; readonly undecided: boolean }
  | { readonly kind: 'failed'; readonly id: number | null; readonly detail: string };

/** The list of reserves that was opened last. */
let list: { readonly id: number; readonly reserves: Reserves } | undefined;
/** The logs that are open, by the number of their reading. */
const logs = new Map<number, LogReader>();
/** The check that runs; its steps are told under its number. */
let checking: number | undefined;
let start: (verifier: Verifier) => void;
/** Files that come before the module wait for it; the page counts the time. */
const started = new Promise<Verifier>((resolve) => (start = resolve));

/** What the verifier's module calls for each check that it makes. */
declare global {
  var porCheckMade: (json: string) => void;
}
globalThis.porCheckMade = (json) => {
  if (checking !== undefined) {
    reply({ kind: 'check', id: checking, json });
  }
};

addEventListener('message', ({ data }: MessageEvent<WorkerRequest>) => {
  const id = 'id' in data ? data.id : null;
  answer(data).catch((error: unknown) => reply({ kind: 'failed', id, detail: String(error) }));
});

async function answer(request: WorkerRequest): Promise<void> {
  if (request.kind === 'start') {
    initSync({ module: request.module });
    start(new Verifier());
    reply({ kind: 'ready', version: version() });
    return;
  }
  if (request.kind === 'warm-up') {
    formatAmount('1', 1, request.language);
    formatInstant(0n, request.language);
    return;
  }
  const verifier = await started;
  if (request.kind === 'reserves') {
    if (request.module !== undefined) {
      initReserves({ module: request.module });
    }
    list?.reserves.free();
    list = undefined;
    const reserves = openList(request);
    list = reserves === null ? undefined : { id: request.id, reserves };
    reply({ kind: 'bound', id: request.id, bound: reserves?.bound ?? false, count: reserves?.count ?? 0 });
    return;
  }
  if (request.kind === 'ownership') {
    // Whoever asks about a list that is gone was only late.
    const outcomes = list?.id === request.list ? list.reserves.ownership(request.first, request.count) : null;
    reply({ kind: 'ownership', id: request.id, outcomes });
    return;
  }
  if (request.kind === 'log') {
    reply({ kind: 'log', id: request.id, ...answerAboutLog(request.question) });
    return;
  }
  const { id, statement, policy, account, now } = request;
  checking = id;
  const json = verifier.statement(statement, policy, account, now);
  checking = undefined;
  reply({ kind: 'report', id, json });
}

/** The list beside the statement; null where that holds no attestation that can be read, which binds nothing. */
function openList({ statement, list }: ReservesRequest): Reserves | null {
  try {
    return new Reserves(statement, list);
  } catch (error) {
    if (isRefusal(error)) {
      return null;
    }
    throw error;
  }
}

/** Thrown by the verifier with a reason; a trap is none, and neither is a mistake of ours. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof WebAssembly.RuntimeError) && !(error instanceof RangeError);
}

/** What the verifier says, or why it refuses; a trap is neither. */
function answerAboutLog(question: LogQuestion): { readonly text: string | null; readonly refused: string | null; readonly undecided: boolean } {
  try {
    return { text: askLog(question), refused: null, undecided: false };
  } catch (error) {
    if (isRefusal(error)) {
      return { text: null, refused: error.message, undecided: Reflect.get(error, 'undecided') === true };
    }
    throw error;
  }
}

function askLog(question: LogQuestion): string {
  if (question.ask === 'start') {
    initPublication({ module: question.module });
    return '';
  }
  const { reading } = question;
  if (question.ask === 'begin') {
    const log = new LogReader(question.policy, question.checkpoint);
    logs.set(reading, log);
    return log.files();
  }
  const log = logs.get(reading);
  if (question.ask === 'end') {
    log?.free();
    logs.delete(reading);
    return '';
  }
  if (log === undefined) {
    throw Object.assign(new Error('this log is no longer open'), { undecided: true });
  }
  switch (question.ask) {
    case 'add':
      log.add(question.bundle);
      return '';
    case 'finish':
      return log.finish();
    case 'rotations':
      return log.rotations();
    case 'rotation':
      log.add_rotation(question.note);
      return '';
    case 'attestation':
      return log.attestation(question.sequence, question.note, question.books, question.now);
    case 'since':
      return log.since(question.head.origin, question.head.size.toString(), question.head.root);
  }
}

function reply(message: WorkerReply): void {
  postMessage(message);
}
