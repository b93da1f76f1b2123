/**
 * The publication's log, as the verifier read it: nothing in here was not verified first.
 *
 * The files come from beside the hosted page, or from a folder that a visitor chose. The page asks for them only where
 * the visitor asked for the history, or switched the memory of the last head on.
 */
import { Reader } from './audit/source.ts';
import type { Checker } from './checker.ts';
import { asInteger, Fields } from './fields.ts';
import { parseJson } from './json.ts';
import { parseReport, type Report } from './report.ts';
import { hostOfPage } from './resources.ts';

/** A head of a log: all that is ever remembered. */
export interface Head {
  readonly origin: string;
  readonly size: bigint;
  /** Hexadecimal. */
  readonly root: string;
}

/** What a period's files show. */
export type Attested =
  | { readonly kind: 'report'; readonly report: Report }
  /** Its files are not there. */
  | { readonly kind: 'missing' }
  /** Its files are not those that the log holds. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** This version of the page cannot judge them. */
  | { readonly kind: 'undecided'; readonly detail: string };

export interface Entry {
  readonly sequence: bigint;
  readonly period: string;
  readonly supersededBy: bigint | null;
  readonly attested: Attested;
}

/** How a head seen before stands to the log that was read. */
export type Since = 'extends' | 'shorter' | 'rewritten';

export interface PublishedLog {
  readonly head: Head;
  readonly entries: readonly Entry[];
  readonly since: (older: Head) => Promise<Since>;
  /** Has the verifier forget it, once another one has taken its place. */
  readonly end: () => void;
}

/** Gives the file at `path` below the publication, and `null` where there is none. */
export type LogSource = (path: string) => Promise<ArrayBuffer | null>;

/** The log is not what it says it is; `message` says why, in the verifier's words. */
export class LogRefused extends Error {
  override readonly name = 'LogRefused';
}

/** The log's files could not be had: nothing is known of it. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable';
}

/** Something that the answer needs is missing, or of another version: the log is neither true nor false. */
export class LogUndecided extends Error {
  override readonly name = 'LogUndecided';
}

/** What the worker is asked about a log; `reading` is the number of the one that is meant, of which several may be open. */
export type LogQuestion =
  | { readonly ask: 'start'; readonly module: Uint8Array<ArrayBuffer> }
  | {
      readonly ask: 'begin';
      readonly reading: number;
      readonly policy: string | undefined;
      readonly checkpoint: Uint8Array<ArrayBuffer>;
    }
  | { readonly ask: 'add'; readonly reading: number; readonly bundle: Uint8Array<ArrayBuffer> }
  | { readonly ask: 'finish'; readonly reading: number }
  /** Which notes tell who changed the log's key, one path a line. */
  | { readonly ask: 'rotations'; readonly reading: number }
  | { readonly ask: 'rotation'; readonly reading: number; readonly note: Uint8Array<ArrayBuffer> }
  | {
      readonly ask: 'attestation';
      readonly reading: number;
      readonly sequence: bigint;
      readonly note: Uint8Array<ArrayBuffer>;
      readonly books: Uint8Array<ArrayBuffer>;
      /** Unix seconds. */
      readonly now: bigint;
    }
  | { readonly ask: 'since'; readonly reading: number; readonly head: Head }
  | { readonly ask: 'end'; readonly reading: number };

/** No file of a log or a list of books is larger; what is, is not read. */
const MAX_FILE_BYTES = 100 * 1024 * 1024;

/** The files beside the page, where it is hosted; none where it is one file on a disk. */
export function filesBesidePage(): LogSource | null {
  const base = hostOfPage();
  if (base === null) {
    return null;
  }
  // A host that is silent, or sends without end, is given up: the audit's reader looks after both.
  const reader = new Reader({ kind: 'host', base });
  return async (path) => (await reader.file(path, MAX_FILE_BYTES, 'no-cache')).buffer;
}

/** The files of a folder that a visitor chose: a publication, or one that holds it. */
export function filesOfFolder(files: Iterable<Pick<File, 'webkitRelativePath' | 'size' | 'arrayBuffer'>>): LogSource {
  const all = Array.from(files);
  return async (path) => {
    const found = all.find(({ webkitRelativePath }) => webkitRelativePath === path || webkitRelativePath.endsWith(`/${path}`));
    return found === undefined || found.size > MAX_FILE_BYTES ? null : found.arrayBuffer();
  };
}

/** Reads and verifies the whole log, and each attestation whose files are there. */
export async function readLog(
  checker: Pick<Checker, 'log'>,
  source: LogSource,
  policy: string | undefined,
  now = BigInt(Date.now()) / 1000n,
): Promise<PublishedLog> {
  const reading = nextReading++;
  const bytes = async (path: string): Promise<Uint8Array<ArrayBuffer> | null> => {
    const file = await source(path).catch(() => null);
    return file === null ? null : new Uint8Array(file);
  };
  const needed = async (path: string): Promise<Uint8Array<ArrayBuffer>> => {
    const file = await bytes(path);
    if (file === null) {
      throw new LogUnavailable(path);
    }
    return file;
  };
  // What came of it is nobody's loss: a reading that is over is not asked again.
  const end = (): void => void checker.log({ ask: 'end', reading }).catch(() => undefined);
  try {
    const files = await checker.log({ ask: 'begin', reading, policy, checkpoint: await needed('log/checkpoint') });
    for (const path of files.split('\n').filter((line) => line !== '')) {
      await checker.log({ ask: 'add', reading, bundle: await needed(`log/${path}`) });
    }
    const { head, listed } = readSummary(await checker.log({ ask: 'finish', reading }));
    const rotations = await checker.log({ ask: 'rotations', reading });
    for (const path of rotations.split('\n').filter((line) => line !== '')) {
      const note = await bytes(path);
      if (note === null) {
        // Without it the verifier cannot tell who signed, and says so of each attestation.
        break;
      }
      await checker.log({ ask: 'rotation', reading, note });
    }
    const entries: Entry[] = [];
    for (const entry of listed) {
      const folder = `attestations/${entry.sequence.toString().padStart(6, '0')}`;
      const [note, books] = [await bytes(`${folder}/attestation.note`), await bytes(`${folder}/books.jsonl`)];
      const question = note === null || books === null ? null : ({ ask: 'attestation', reading, sequence: entry.sequence, note, books, now } as const);
      entries.push({ ...entry, attested: question === null ? { kind: 'missing' } : await attested(checker, question) });
    }
    return {
      head,
      entries,
      since: async (older) => {
        const since = await checker.log({ ask: 'since', reading, head: older });
        if (since === 'extends' || since === 'shorter' || since === 'rewritten') {
          return since;
        }
        throw new RangeError('no answer about a head');
      },
      end,
    };
  } catch (error) {
    end();
    throw error;
  }
}

/** Each reading has its own number: files of two that are read at the same time do not meet. */
let nextReading = 1;

async function attested(checker: Pick<Checker, 'log'>, question: LogQuestion): Promise<Attested> {
  try {
    return { kind: 'report', report: parseReport(await checker.log(question)) };
  } catch (error) {
    if (error instanceof LogRefused) {
      return { kind: 'refused', detail: error.message };
    }
    if (error instanceof LogUndecided) {
      return { kind: 'undecided', detail: error.message };
    }
    throw error;
  }
}

function readSummary(json: string): { readonly head: Head; readonly listed: ReadonlyArray<Omit<Entry, 'attested'>> } {
  const fields = new Fields('log', parseJson(json));
  return fields.done({
    head: { origin: fields.text('origin'), size: fields.integer('size'), root: fields.text('root') },
    listed: fields.list('attestations', (item) =>
      item.done({ sequence: item.integer('sequence'), period: item.text('period'), supersededBy: item.nullable('superseded_by', asInteger) }),
    ),
  });
}
