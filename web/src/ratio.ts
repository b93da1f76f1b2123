/** Reserves as a part of what is owed: integers in, rounded down, so that nothing short ever reads as whole. */

/** Hundredths of a percent that `held` is of `owed`, rounded down; null where nothing is owed. */
export function basisPoints(held: bigint, owed: bigint): bigint | null {
  return owed === 0n ? null : (held * 10_000n) / owed;
}

/** `10512n` as 105.12 %. */
export function formatBasisPoints(points: bigint, language: string): string {
  const digits = points.toString().padStart(5, '0');
  const fraction = `${digits.slice(0, -4)}.${digits.slice(-4)}` as `${number}`;
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 2 }).format(fraction);
}
