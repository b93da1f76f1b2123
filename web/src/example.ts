/**
 * The examples that come with the page: a statement of an exchange that does not exist, with its policy and its time.
 *
 * The forged one is made here from the honest one, so that everyone can see all there is to it: one digit of a balance
 * is another one.
 */
import type { Example, Subject } from './subject.ts';

interface ExampleFile {
  /** The statement in base64. */
  readonly statement: string;
  readonly policy: string;
  /** Unix seconds. */
  readonly now: string;
}

/** Reads the resource `example`; throws where it is none. */
export function readExample(resource: Uint8Array, which: Example): Subject {
  const { statement, policy, now } = fieldsOf(JSON.parse(new TextDecoder().decode(resource)));
  const bytes = Uint8Array.from(atob(statement), (character) => character.charCodeAt(0));
  const content = which === 'honest' ? bytes : withAnotherDigit(bytes);
  return {
    file: new File([content], which === 'honest' ? 'example.por' : 'forged-example.por'),
    policy: { source: 'example', text: policy },
    account: undefined,
    example: which,
    now: BigInt(now),
  };
}

/** The first digit of the first balance, changed in both places: what a forger would do who has no key. */
function withAnotherDigit(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  // One character for each byte, so that positions agree.
  const text = new TextDecoder('latin1').decode(bytes);
  const changed = bytes.slice();
  for (const name of ['exact', 'amount']) {
    const found = new RegExp(`"${name}": "(?=[1-9])`).exec(text);
    if (found === null) {
      throw new RangeError('the example names no balance');
    }
    const at = found.index + found[0].length;
    // 1 to 9, and never the same.
    changed[at] = 0x31 + (((changed[at] ?? 0x30) - 0x30) % 9);
  }
  return changed;
}

function fieldsOf(value: unknown): ExampleFile {
  if (typeof value === 'object' && value !== null && 'statement' in value && 'policy' in value && 'now' in value) {
    const { statement, policy, now } = value;
    if (typeof statement === 'string' && typeof policy === 'string' && typeof now === 'string') {
      return { statement, policy, now };
    }
  }
  throw new RangeError('the example is not whole');
}
