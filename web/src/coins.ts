/**
 * What the coins of a list of reserves are called, and how many decimals they have: from the rows of the books that the
 * statement itself holds (SPEC §8). For showing alone; what has no name there keeps its own.
 */

export interface Coin {
  /** The asset that the coin belongs to, such as `USDT`. */
  readonly asset: string;
  readonly decimals: number;
}

/** No exchange lists as many books in one statement. */
const MAX_ROWS_BYTES = 4_000_000;

/** The coins by their CAIP-19 ids; of a file that cannot be read, none. */
export function coinsOf(statement: ArrayBuffer): ReadonlyMap<string, Coin> {
  const coins = new Map<string, Coin>();
  for (const line of rowLines(statement)) {
    try {
      const { asset } = JSON.parse(line) as { asset?: { id?: unknown; instance?: unknown } };
      const instances: unknown = asset?.instance;
      for (const { id, decimals } of Array.isArray(instances) ? (instances as { id?: unknown; decimals?: unknown }[]) : []) {
        if (typeof asset?.id === 'string' && typeof id === 'string' && Number.isInteger(decimals) && Number(decimals) >= 0 && Number(decimals) <= 255) {
          coins.set(id, { asset: asset.id, decimals: Number(decimals) });
        }
      }
    } catch {
      // A line that is no row names no coin.
    }
  }
  return coins;
}

/** The lines of the section `books`. Its header follows an empty line, as that of every section does. */
function rowLines(statement: ArrayBuffer): string[] {
  // One character for each byte, so that positions agree.
  const text = new TextDecoder('latin1').decode(new Uint8Array(statement, 0, Math.min(statement.byteLength, MAX_ROWS_BYTES)));
  const header = /\n\nbooks ([1-9][0-9]{0,6})\n/.exec(text);
  if (header === null) {
    return [];
  }
  const from = header.index + header[0].length;
  return new TextDecoder().decode(new Uint8Array(statement).subarray(from, from + Number(header[1]))).split('\n');
}
