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
  /** The part that covers nothing, in the same units; null for none. */
  readonly encumbered: string | null;
  /** How the exchange says that it holds this; null where it says nothing. */
  readonly holding: Holding | null;
}

/** The exchange's own word: none of it can be seen on a chain. */
export interface Holding {
  readonly custody: Custody | null;
  /** Who has the keys, where that is not the exchange. */
  readonly custodian: string | null;
  readonly staked: string | null;
  /** The part of what is encumbered that somebody else has on loan. */
  readonly lent: string | null;
}

const CUSTODY = ['cold', 'warm', 'hot'] as const;
export type Custody = (typeof CUSTODY)[number];

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
  const holding: unknown = member(row, 'holding');
  return {
    network: text(row, 'network'),
    address: text(row, 'address'),
    instance: text(row, 'instance'),
    amount: required(amount(row, 'amount'), 'amount'),
    evidence: text(row, 'evidence'),
    encumbered: amount(row, 'encumbered'),
    holding: holding === undefined ? null : readHolding(holding),
  };
}

function readHolding(holding: unknown): Holding {
  const custody = optional(holding, 'custody');
  const known = CUSTODY.find((word) => word === custody);
  if (custody !== null && known === undefined) {
    throw new RangeError('no custody');
  }
  return { custody: known ?? null, custodian: optional(holding, 'custodian'), staked: amount(holding, 'staked'), lent: amount(holding, 'lent') };
}

function member(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined;
}

function text(object: unknown, name: string): string {
  return required(optional(object, name), name);
}

function optional(object: unknown, name: string): string | null {
  const value = member(object, name);
  if (value !== undefined && typeof value !== 'string') {
    throw new RangeError(`no ${name}`);
  }
  return value ?? null;
}

function amount(object: unknown, name: string): string | null {
  const value = optional(object, name);
  if (value !== null && !isCanonicalInteger(value)) {
    throw new RangeError(`no ${name}`);
  }
  return value;
}

function required(value: string | null, name: string): string {
  if (value === null) {
    throw new RangeError(`no ${name}`);
  }
  return value;
}

/** Rows of which network, address, coin, evidence or custodian holds `query`, whatever the case of its letters. */
export function searchReserves(rows: readonly Reserve[], query: string): readonly Reserve[] {
  const wanted = query.trim().toLowerCase();
  return wanted === ''
    ? rows
    : rows.filter((row) => [row.address, row.instance, row.network, row.evidence, row.holding?.custodian ?? ''].some((field) => field.toLowerCase().includes(wanted)));
}
