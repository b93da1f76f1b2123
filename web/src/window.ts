/**
 * What `por window --json` wrote: what stood at the listed addresses before a snapshot, at it and after it, by the node of
 * whoever ran it. Nobody signs it; it is read strictly, so that what is drawn is at least what somebody wrote.
 */
import { asAmount, asInteger, asText, Fields } from './fields.ts';
import { parseJson } from './json.ts';

export const WINDOW_FORMAT = 'por/window/v1';

/** A file about a thousand coins has half of that. */
export const MAX_WINDOW_BYTES = 1024 * 1024;

/** One coin, over all listed addresses. Amounts are integers at `decimals`. */
export interface CoinMoves {
  /** Asset and decimals are null where no book of the attestation has this coin. */
  readonly asset: string | null;
  readonly decimals: number | null;
  /** CAIP-19 id. */
  readonly instance: string;
  /** Heights of the blocks; null where the chain had not come so far. */
  readonly heights: { readonly before: bigint; readonly at: bigint; readonly after: bigint | null };
  readonly before: string;
  readonly at: string;
  readonly after: string | null;
  /** The sum of each address's increase up to the snapshot, and of each one's decrease after it. */
  readonly came: string;
  readonly left: string | null;
  readonly addresses: bigint;
  /** Of the addresses, those that held nothing before. */
  readonly emptyBefore: bigint;
  /** Of the addresses, those that the attestation before did not list; null where there is none to compare with. */
  readonly fresh: bigint | null;
}

export interface SnapshotWindow {
  /** SHA-256 of the attestation whose addresses these are, hexadecimal. */
  readonly attestation: string;
  readonly period: string;
  readonly coins: readonly CoinMoves[];
}

/** Reads the file; throws where it is none. */
export function readWindow(text: string): SnapshotWindow {
  const fields = new Fields('window', parseJson(text));
  const format = fields.text('format');
  if (format !== WINDOW_FORMAT) {
    throw new RangeError(`format ${format}`);
  }
  // Read and not used: the digest of the attestation binds all three.
  fields.text('log_origin');
  fields.integer('sequence');
  fields.integer('snapshot_time');
  return fields.done({ attestation: fields.text('attestation'), period: fields.text('period'), coins: fields.list('coins', readCoin) });
}

function readCoin(item: Fields): CoinMoves {
  const heights = item.object('heights');
  const coin: CoinMoves = {
    asset: item.nullable('asset', asText),
    decimals: item.nullable('decimals', (value, path) => new Fields(path, { decimals: value }).byte('decimals')),
    instance: item.text('instance'),
    heights: heights.done({ before: heights.integer('before'), at: heights.integer('at'), after: heights.nullable('after', asInteger) }),
    before: item.amount('before'),
    at: item.amount('at'),
    after: item.nullable('after', asAmount),
    came: item.amount('came'),
    left: item.nullable('left', asAmount),
    addresses: item.integer('addresses'),
    emptyBefore: item.integer('empty_before'),
    fresh: item.nullable('new', asInteger),
  };
  const later = [coin.heights.after, coin.after, coin.left].filter((value) => value !== null).length;
  if (later !== 0 && later !== 3) {
    throw new RangeError('half of what came after');
  }
  return item.done(coin);
}
