/** Verifies subtrees of tiles on a thread of its own. It fetches what it verifies, so that the page's thread only counts. */
import { Audit, initSync, leaves_differ } from '../wasm/por_publication_wasm.js';
import { type PackRange, Reader, type Source, Unread } from './source.ts';

export interface OpenRequest {
  readonly kind: 'open';
  readonly module: Uint8Array<ArrayBuffer>;
  readonly statement: Uint8Array<ArrayBuffer>;
  readonly books: Uint8Array<ArrayBuffer>;
  readonly source: Source;
}

/** From the page. `top` is what an earlier answer held; without one the whole book is meant, its total is checked too. */
export type AuditRequest =
  | OpenRequest
  | { readonly kind: 'subtree'; readonly book: number; readonly folder: string; readonly top: Uint8Array<ArrayBuffer> | undefined }
  | { readonly kind: 'differ'; readonly leaves: Uint8Array<ArrayBuffer> };

/**
 * To the page: one answer for each request. `false` means that the publication is not what its root says, `other` that
 * what was opened is not the list of books of this attestation.
 */
export type AuditReply =
  | { readonly kind: 'opened'; readonly books: string }
  | { readonly kind: 'verified'; readonly below: Uint8Array; readonly tiles: number }
  | { readonly kind: 'differ'; readonly differ: boolean }
  | { readonly kind: 'false' | 'other' | 'unread' | 'broken'; readonly detail: string };

/** Bytes of a tile (SPEC §4.3). */
const TILE_BYTES = 1952;

let audit: Audit;
let reader: Reader;

addEventListener('message', ({ data }: MessageEvent<AuditRequest>) => {
  answer(data).then(reply, (error: unknown) => reply({ kind: kindOf(error), detail: messageOf(error) }));
});

async function answer(request: AuditRequest): Promise<AuditReply> {
  switch (request.kind) {
    case 'open': {
      initSync({ module: request.module });
      reader = new Reader(request.source);
      try {
        audit = judged(() => new Audit(request.statement, request.books));
      } catch (error) {
        // The host, or the folder, may hold another publication: that is no word against the exchange.
        const kind = kindOf(error);
        return { kind: kind === 'false' ? 'other' : kind, detail: messageOf(error) };
      }
      return { kind: 'opened', books: audit.books() };
    }
    case 'differ':
      return { kind: 'differ', differ: leaves_differ(request.leaves) };
    case 'subtree': {
      const { book, folder } = request;
      const top = request.top ?? judged(() => audit.root(book));
      const ranges: PackRange[] = JSON.parse(judged(() => audit.ranges(book, top)));
      const parts: Uint8Array[] = [];
      for (const range of ranges) {
        parts.push(await reader.range(`attestations/${folder}/${range.pack}`, range));
      }
      const records = joined(parts);
      return { kind: 'verified', below: judged(() => audit.verify(book, top, records)), tiles: records.length / TILE_BYTES };
    }
  }
}

/** What the verifier throws is a judgement; a trap is none, and neither is any other mistake of ours. */
class Judgement extends Error {
  override readonly name = 'Judgement';
  /** Something is missing or of another version: nothing is false. */
  readonly undecided: boolean;

  constructor(message: string, undecided: boolean) {
    super(message);
    this.undecided = undecided;
  }
}

function judged<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Error && error.constructor === Error ? new Judgement(error.message, Reflect.get(error, 'undecided') === true) : error;
  }
}

function kindOf(error: unknown): 'false' | 'unread' | 'broken' {
  if (error instanceof Judgement) {
    return error.undecided ? 'unread' : 'false';
  }
  return error instanceof Unread ? 'unread' : 'broken';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function reply(message: AuditReply): void {
  postMessage(message);
}
