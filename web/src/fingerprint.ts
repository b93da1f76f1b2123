/**
 * The fingerprint of a log head that two people can compare by reading it to each other.
 *
 * It is the first 160 bits of the head's root. The log's owner chooses the contents, and may look for two logs with the
 * same fingerprint: at 160 bits that is 2^80 work, and 40 characters still fit on one line of a message. Whoever has
 * both heads in full compares the QR codes, which leave nothing out.
 */
import type { LogFacts } from './report.ts';

export const FINGERPRINT_CHARACTERS = 40;

/** The fingerprint in groups of four. */
export function fingerprint({ root }: LogFacts): string {
  return (root.slice(0, FINGERPRINT_CHARACTERS).match(/.{1,4}/g) ?? []).join(' ');
}

/** What somebody typed or pasted against this head's root; more than the fingerprint is compared in full. */
export function compareFingerprint({ root }: LogFacts, typed: string): 'partial' | 'same' | 'different' {
  const digits = typed.toLowerCase().replace(/[^0-9a-z]/g, '');
  if (digits.length < FINGERPRINT_CHARACTERS) {
    return root.startsWith(digits) ? 'partial' : 'different';
  }
  return root.startsWith(digits) ? 'same' : 'different';
}

/** All of the head, as the first lines of its checkpoint: origin, size, root (in hex here, as everywhere on the page). */
export function headText({ origin, size, root }: LogFacts): string {
  return `${origin}\n${size}\n${root}\n`;
}
