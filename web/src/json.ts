/**
 * JSON in which integers keep every digit.
 *
 * `JSON.parse` turns numbers into floats: above 2^53 a sequence number or a leaf index would change silently (W-04).
 * So every number in the text becomes an `{ [INTEGER]: "…" }` object before it is parsed, and `integer` reads it back
 * as a BigInt. A string that merely looks like a number stays a string, so the two are never confused.
 */

const INTEGER = '#integer';

/** Strings first, so that digits inside of them are left alone; then numbers in every form that JSON allows. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/** Parses `text`; throws a `SyntaxError` on anything that is not JSON. */
export function parseJson(text: string): unknown {
  // Only checks the grammar: after the rewriting a leading zero would look like good JSON.
  JSON.parse(text);
  const rewritten = text.replace(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') ? token : `{"${INTEGER}":"${token}"}`,
  );
  return JSON.parse(rewritten);
}

/** The integer that `value` stands for, or `undefined` where it is none that is written in plain digits. */
export function integer(value: unknown): bigint | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  const entries = Object.entries(value);
  const [entry] = entries;
  if (entries.length !== 1 || entry === undefined || entry[0] !== INTEGER) {
    return undefined;
  }
  const digits: unknown = entry[1];
  return typeof digits === 'string' && /^(0|[1-9]\d*)$/.test(digits) ? BigInt(digits) : undefined;
}
