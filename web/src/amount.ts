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
  const whole = new Intl.NumberFormat(language, { useGrouping: true }).format(BigInt(digits.slice(0, split)));
  const fraction = digits.slice(split).replace(/0+$/, '');
  return fraction === '' ? whole : whole + decimalSeparator(language) + localDigits(fraction, language);
}

/** Do two integers of different decimals stand for the same quantity? */
export function sameQuantity(a: string, aDecimals: number, b: string, bDecimals: number): boolean {
  const decimals = Math.max(aDecimals, bDecimals);
  return scaled(a, decimals - aDecimals) === scaled(b, decimals - bDecimals);
}

function scaled(integer: string, zeros: number): bigint {
  return BigInt(integer + '0'.repeat(zeros));
}

function decimalSeparator(language: string): string {
  const parts = new Intl.NumberFormat(language).formatToParts(1.5);
  return parts.find((part) => part.type === 'decimal')?.value ?? '.';
}

/** The fraction in the digits of the language, digit by digit: its length is part of what it says. */
function localDigits(digits: string, language: string): string {
  const format = new Intl.NumberFormat(language, { useGrouping: false });
  return Array.from(digits, (digit) => format.format(BigInt(digit))).join('');
}
