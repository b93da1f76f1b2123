/** Coverage per book and period, as the log's attestations state it: a line for each book, a gap for each hole. */
import type { Entry } from './log.ts';
import { basisPoints } from './ratio.ts';
import type { Covered, EvidenceClass } from './report.ts';

/** Why there is no figure. */
export type Gap =
  /** The files of this period are not there. */
  | 'missing'
  /** They are not what the log holds, or a check of them failed. */
  | 'refused'
  /** This version of the page cannot judge them. */
  | 'undecided'
  /** This book was not attested in this period. */
  | 'absent'
  /** The period has ended, and the log holds nothing of it. */
  | 'unpublished';

export interface Point {
  readonly period: string;
  readonly corrected: boolean;
  readonly gap: Gap | null;
  readonly covered: Covered;
  /** The weakest class of evidence that this rests on. */
  readonly class: EvidenceClass | null;
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

/** A log that ended years ago needs no more to be seen. */
const MAX_UNPUBLISHED = 12;

/**
 * The periods that had ended at `now` (milliseconds since 1970) and come after every period of the log, oldest first and
 * at most twelve. Between its own periods a log has no hole: the verifier refuses one.
 */
export function unpublished(entries: readonly Entry[], now: number): string[] {
  // Dates of ISO 8601 are in order as text, a month before its days.
  const last = entries.map(({ period }) => period).sort().at(-1);
  const [year, month, day] = (last ?? '').split('-').map(Number);
  if (year === undefined || month === undefined) {
    return [];
  }
  const start = (after: number): number => (day === undefined ? Date.UTC(year, month - 1 + after) : Date.UTC(year, month - 1, day + after));
  const periods: string[] = [];
  for (let after = 1; periods.length < MAX_UNPUBLISHED && start(after + 1) <= now; after += 1) {
    periods.push(new Date(start(after)).toISOString().slice(0, last?.length));
  }
  return periods;
}

/**
 * One line for each book that any period names; every line has a point for every attestation, in the log's order, and
 * then for every period of `later`, which the log does not hold.
 */
export function historyOf(entries: readonly Entry[], later: readonly string[]): BookHistory[] {
  const names = new Set(entries.flatMap(({ attested }) => (attested.kind === 'report' ? attested.report.books.map(({ asset, kind }) => `${asset}/${kind}`) : [])));
  return Array.from(names, (book) => ({ book, points: [...entries.map((entry) => pointOf(entry, book)), ...later.map((period) => hole(period, 'unpublished'))] }));
}

function hole(period: string, gap: Gap, corrected = false): Point {
  return { period, corrected, gap, covered: 'cannot_tell', class: null, points: null, sealed: false };
}

function pointOf({ period, supersededBy, attested }: Entry, name: string): Point {
  const corrected = supersededBy !== null;
  if (attested.kind !== 'report') {
    return hole(period, attested.kind, corrected);
  }
  const { report } = attested;
  // A check of the whole attestation that failed: none of its figures is shown.
  if (report.checks.some(({ outcome, id }) => outcome === 'failed' && id !== 'covered')) {
    return hole(period, 'refused', corrected);
  }
  const book = report.books.find(({ asset, kind }) => `${asset}/${kind}` === name);
  if (book === undefined) {
    return hole(period, 'absent', corrected);
  }
  // What coverage cannot be told of is no figure either.
  if (book.covered === 'cannot_tell') {
    return hole(period, 'undecided', corrected);
  }
  const owed = BigInt(book.total.kind === 'public' ? book.total.amount : book.total.bound);
  const held = book.reserves.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  return { period, corrected, gap: null, covered: book.covered, class: book.class, points: basisPoints(held, owed), sealed: book.total.kind === 'sealed' };
}
