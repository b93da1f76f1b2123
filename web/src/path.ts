/**
 * The way from a leaf to the root of its book: which tile at each level, and which of its 16 children.
 *
 * Computed from the index and the number of leaves alone, as the verifier does (SPEC §4.2); it decides nothing.
 */

const ARITY = 16n;

/** A tile on the way up. */
export interface PathTile {
  /** 1 above the leaves; the root of the book is the one tile of its level. */
  readonly level: number;
  readonly index: bigint;
  /** Tiles of this level. */
  readonly count: bigint;
  /** Position, 0 to 15, of the child that the path comes from. */
  readonly child: number;
}

/** The tiles from the leaf up; none where the index or the number of leaves is impossible. */
export function tilesAbove(index: bigint, leafCount: bigint): PathTile[] {
  const tiles: PathTile[] = [];
  if (leafCount < ARITY || leafCount > 1n << 40n || leafCount % ARITY !== 0n || index >= leafCount) {
    return tiles;
  }
  let [at, count] = [index, leafCount];
  while (count > 1n) {
    const child = Number(at % ARITY);
    at /= ARITY;
    count = (count + ARITY - 1n) / ARITY;
    tiles.push({ level: tiles.length + 1, index: at, count, child });
  }
  return tiles;
}
