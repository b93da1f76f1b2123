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
  readonly first: number;
  readonly count: number;
}

/** A question about the publication's log, of which one is open at a time. */
export interface LogRequest {
  readonly kind: 'log';
  readonly id: number;
  readonly question: LogQuestion;
}

/** To the page. There is no "success" here: a report is text until the page has read it. */
export type WorkerReply =
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'report'; readonly id: number; readonly json: string }
  | { readonly kind: 'bound'; readonly id: number; readonly bound: boolean; readonly count: number }
  | { readonly kind: 'ownership'; readonly id: number; readonly outcomes: Uint8Array }
  | { readonly kind: 'log'; readonly id: number; readonly text: string | null; readonly refused: string | null }
  | { readonly kind: 'failed'; readonly id: number | null; readonly detail: string };

/** The list of reserves that was opened last. */
let list: Reserves | undefined;
/** The log that was opened last. */
let log: LogReader | undefined;
let start: (verifier: Verifier) => void;
/** Files that come before the module wait for it; the page counts the time. */
const started = new Promise<Verifier>((resolve) => (start = resolve));

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
    list?.free();
    list = undefined;
    list = new Reserves(request.statement, request.list);
    reply({ kind: 'bound', id: request.id, bound: list.bound, count: list.count });
    return;
  }
  if (request.kind === 'ownership') {
    if (list === undefined) {
      throw new RangeError('no list of reserves');
    }
    reply({ kind: 'ownership', id: request.id, outcomes: list.ownership(request.first, request.count) });
    return;
  }
  if (request.kind === 'log') {
    reply({ kind: 'log', id: request.id, ...answerAboutLog(request.question) });
    return;
  }
  const { id, statement, policy, account, now } = request;
  reply({ kind: 'report', id, json: verifier.statement(statement, policy, account, now) });
}

/** What the verifier says, or why it refuses; a trap is neither. */
function answerAboutLog(question: LogQuestion): { readonly text: string | null; readonly refused: string | null } {
  try {
    return { text: askLog(question), refused: null };
  } catch (error) {
    if (error instanceof Error && !(error instanceof WebAssembly.RuntimeError) && !(error instanceof RangeError)) {
      return { text: null, refused: error.message };
    }
    throw error;
  }
}

function askLog(question: LogQuestion): string {
  if (question.ask === 'start') {
    initPublication({ module: question.module });
    return '';
  }
  if (question.ask === 'begin') {
    log?.free();
    log = undefined;
    log = new LogReader(question.policy, question.checkpoint);
    return log.files();
  }
  if (log === undefined) {
    throw new RangeError('no log');
  }
  switch (question.ask) {
    case 'add':
      log.add(question.bundle);
      return '';
    case 'finish':
      return log.finish();
    case 'attestation':
      return log.attestation(question.sequence, question.note, question.books);
    case 'since':
      return log.since(question.head.origin, question.head.size.toString(), question.head.root);
  }
}

function reply(message: WorkerReply): void {
  postMessage(message);
}
