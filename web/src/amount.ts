/**
 * Amounts, exact to the last digit: decimal strings and BigInt, never a float (W-04).
 *
 * An amount on the wire is an integer and a number of decimals: `150000001` with 8 decimals is 1.50000001.
 */

/** A u64 has 20 digits; a ledger of more decimals than atoms has at most 255 further ones. */
const MAX_DIGITS = 20 + 255;

/** Is `text` an unsigned integer in its one canonical form? */
export function isCanonicalInteger(text: string): boolean {
  return text.length <= MAX_DIGITS && /^(0|[1-9][0-9]*)$/.test(text);
}

/**
 * Writes `integer`, which counts units of 10^-`decimals`, with grouped thousands and all its significant digits.
 * Zeros at the end of the fraction carry nothing and are left out.
 */
export function formatAmount(integer: string, decimals: number, language: string): string {
  const digits = integer.padStart(decimals + 1, '0');
  const split = digits.length - decimals;
  const { grouped, separator, local } = formatsOf(language);
  const whole = grouped.format(BigInt(digits.slice(0, split)));
  const fraction = digits.slice(split).replace(/0+$/, '');
  return fraction === '' ? whole : whole + separator + Array.from(fraction, (digit) => local[Number(digit)]).join('');
}

/** Do two integers of different decimals stand for the same quantity? */
export function sameQuantity(a: string, aDecimals: number, b: string, bDecimals: number): boolean {
  const decimals = Math.max(aDecimals, bDecimals);
  return scaled(a, decimals - aDecimals) === scaled(b, decimals - bDecimals);
}

function scaled(integer: string, zeros: number): bigint {
  return BigInt(integer + '0'.repeat(zeros));
}

/** How a language writes figures; made once, since the browser takes longer over that than over a page of figures. */
interface Formats {
  readonly grouped: Intl.NumberFormat;
  readonly separator: string;
  /** Its ten digits. A fraction is written digit by digit: its length is part of what it says. */
  readonly local: readonly string[];
}

const formats = new Map<string, Formats>();

function formatsOf(language: string): Formats {
  const made = formats.get(language);
  if (made !== undefined) {
    return made;
  }
  const grouped = new Intl.NumberFormat(language, { useGrouping: true });
  const separator = grouped.formatToParts(1.5).find((part) => part.type === 'decimal')?.value ?? '.';
  const local = Array.from({ length: 10 }, (_, digit) => grouped.format(digit));
  const fresh = { grouped, separator, local };
  formats.set(language, fresh);
  return fresh;
}
