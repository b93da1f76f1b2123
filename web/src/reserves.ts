/** The exchange's list of reserves, as a visitor opens it from a file: one JSON object for each line. */
import { isCanonicalInteger } from './amount.ts';
import type { Coin } from './coins.ts';
import { turns } from './turns.ts';

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

/** Another list was opened since: what was asked about the one before has no answer. */
export class ListReplaced extends Error {
  override readonly name = 'ListReplaced';
}

/** What the ownership signature of a row shows. */
export type Outcome = 'proven' | 'undecided' | 'not-proven';

export interface Reserves {
  readonly rows: readonly Reserve[];
  /** Names and decimals of coins, by their CAIP-19 ids, as far as they are known. */
  readonly coins: ReadonlyMap<string, Coin>;
  /** Is this the list that the statement's attestation is bound to? */
  readonly bound: boolean;
  /** Judges the signatures of `count` rows from row `first` on; rejects with `ListReplaced` once another list was opened. */
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

/**
 * `count` of the places 0 to `rows` − 1, in order; all of them, where there are no more. Drawn by the browser's own
 * randomness: an exchange that knew which signatures are looked at would have those in order.
 */
export function sampleOf(rows: number, count: number): number[] {
  if (rows <= count) {
    return Array.from({ length: rows }, (_, at) => at);
  }
  const drawn = new Set<number>();
  const word = new Uint32Array(1);
  while (drawn.size < count) {
    crypto.getRandomValues(word);
    drawn.add((word[0] ?? 0) % rows);
  }
  return Array.from(drawn).sort((a, b) => a - b);
}

/** Bytes that are turned into text at a time: less than a moment's work. */
const PART = 1 << 18;

/** Reads the rows, a part of the file at a time and in turns; throws where a line is no row, or the last one has no end. */
export async function readReserves(list: Pick<Blob, 'size' | 'slice'>): Promise<Reserve[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const breathe = turns();
  const rows: Reserve[] = [];
  let rest = '';
  for (let from = 0; from < list.size; from += PART) {
    const part = await list.slice(from, from + PART).arrayBuffer();
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      rows.push(readRow(line));
      await breathe();
    }
  }
  if (rest + decoder.decode() !== '') {
    throw new RangeError('the last line does not end');
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

/**
 * Rows of which network, address, coin, evidence or custodian holds `query`, whatever the case of its letters; `nameOf` says
 * what else a coin is called. In turns: null where `goOn` has said no.
 */
export async function searchReserves(
  rows: readonly Reserve[],
  query: string,
  nameOf: (row: Reserve) => string = () => '',
  goOn: () => boolean = () => true,
): Promise<readonly Reserve[] | null> {
  const wanted = query.trim().toLowerCase();
  if (wanted === '') {
    return rows;
  }
  const breathe = turns();
  const found: Reserve[] = [];
  for (const row of rows) {
    if ([row.address, row.instance, row.network, row.evidence, row.holding?.custodian ?? '', nameOf(row)].some((field) => field.toLowerCase().includes(wanted))) {
      found.push(row);
    }
    await breathe();
    if (!goOn()) {
      return null;
    }
  }
  return found;
}
