/** Coverage per book and period, as the log's attestations state it: a line for each book, a gap for each hole. */
import type { Entry } from './log.ts';
import { basisPoints } from './ratio.ts';
import type { Covered } from './report.ts';

/** Why there is no figure. */
export type Gap =
  /** The files of this period are not there. */
  | 'missing'
  /** They are not what the log holds, or a check of them failed. */
  | 'refused'
  /** This book was not attested in this period. */
  | 'absent';

export interface Point {
  readonly period: string;
  readonly corrected: boolean;
  readonly gap: Gap | null;
  readonly covered: Covered;
  /** Hundredths of a percent, rounded down; null in a gap, and where nothing is owed. */
  readonly points: bigint | null;
  /** The total is sealed: the figure is the least that coverage can be. */
  readonly sealed: boolean;
}

export interface BookHistory {
  /** Asset and kind, `BTC/owed`. */
  readonly book: string;
  readonly points: readonly Point[];
}

/** One line for each book that any period names; every line has a point for every attestation, in the log's order. */
export function historyOf(entries: readonly Entry[]): BookHistory[] {
  const names = new Set(entries.flatMap(({ attested }) => (attested.kind === 'report' ? attested.report.books.map(({ asset, kind }) => `${asset}/${kind}`) : [])));
  return Array.from(names, (book) => ({ book, points: entries.map((entry) => pointOf(entry, book)) }));
}

function pointOf({ period, supersededBy, attested }: Entry, name: string): Point {
  const hole = (gap: Gap): Point => ({ period, corrected: supersededBy !== null, gap, covered: 'cannot_tell', points: null, sealed: false });
  if (attested.kind !== 'report') {
    return hole(attested.kind);
  }
  const { report } = attested;
  // A check of the whole attestation that failed: none of its figures is shown.
  if (report.checks.some(({ outcome, id }) => outcome === 'failed' && id !== 'covered')) {
    return hole('refused');
  }
  const book = report.books.find(({ asset, kind }) => `${asset}/${kind}` === name);
  if (book === undefined) {
    return hole('absent');
  }
  // What coverage cannot be told of is no figure either.
  if (book.covered === 'cannot_tell') {
    return hole('refused');
  }
  const owed = BigInt(book.total.kind === 'public' ? book.total.amount : book.total.bound);
  const held = book.reserves.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  return { period, corrected: supersededBy !== null, gap: null, covered: book.covered, points: basisPoints(held, owed), sealed: book.total.kind === 'sealed' };
}
