/** The exchange's list of reserves, as a visitor opens it from a file: one JSON object for each line. */
import { isCanonicalInteger } from './amount.ts';

/** More than that is not read here: an exchange of 10^5 addresses has some 60 MB. */
export const MAX_RESERVES_BYTES = 100 * 1024 * 1024;

export interface Reserve {
  readonly network: string;
  readonly address: string;
  /** CAIP-19 id of the coin. */
  readonly instance: string;
  /** An integer in the coin's own decimals, which the list does not hold. */
  readonly amount: string;
  readonly evidence: string;
}

/** The module that judges lists could not be had: it says nothing about the list. */
export class ReservesUnloaded extends Error {
  override readonly name = 'ReservesUnloaded';
}

/** What the ownership signature of a row shows. */
export type Outcome = 'proven' | 'undecided' | 'not-proven';

export interface Reserves {
  readonly rows: readonly Reserve[];
  /** Is this the list that the statement's attestation is bound to? */
  readonly bound: boolean;
  /** Judges the signatures of `count` rows from row `first` on; only of the list that was opened last. */
  readonly ownership: (first: number, count: number) => Promise<readonly Outcome[]>;
}

/** Reads the verifier's bytes, one a row; throws a `RangeError` for any that is no outcome, or for another number. */
export function readOutcomes(bytes: Uint8Array, count: number): Outcome[] {
  if (bytes.length !== count) {
    throw new RangeError('another number of outcomes');
  }
  return Array.from(bytes, (byte) => {
    const outcome = ([undefined, 'proven', 'undecided', 'not-proven'] as const)[byte];
    if (outcome === undefined) {
      throw new RangeError('no outcome');
    }
    return outcome;
  });
}

/** Rows that are read at a time; the page breathes in between. */
const SLICE = 2_000;

/** Reads the rows; throws a `RangeError` where a line is none. */
export async function readReserves(text: string): Promise<Reserve[]> {
  const lines = text.split('\n');
  if (lines.pop() !== '') {
    throw new RangeError('the last line does not end');
  }
  const rows: Reserve[] = [];
  for (let from = 0; from < lines.length; from += SLICE) {
    rows.push(...lines.slice(from, from + SLICE).map(readRow));
    await new Promise((resolve) => setTimeout(resolve));
  }
  return rows;
}

function readRow(line: string): Reserve {
  const row: unknown = JSON.parse(line);
  const field = (name: string): string => {
    const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, name) : undefined;
    if (typeof value !== 'string') {
      throw new RangeError(`no ${name}`);
    }
    return value;
  };
  const amount = field('amount');
  if (!isCanonicalInteger(amount)) {
    throw new RangeError('no amount');
  }
  return { network: field('network'), address: field('address'), instance: field('instance'), amount, evidence: field('evidence') };
}

/** Rows of which network, address, coin or evidence holds `query`, whatever the case of its letters. */
export function searchReserves(rows: readonly Reserve[], query: string): readonly Reserve[] {
  const wanted = query.trim().toLowerCase();
  return wanted === ''
    ? rows
    : rows.filter((row) => [row.address, row.instance, row.network, row.evidence].some((field) => field.toLowerCase().includes(wanted)));
}
