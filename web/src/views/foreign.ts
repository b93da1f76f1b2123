/**
 * Text that someone else wrote: names, reasons and facts out of the file.
 *
 * It is always one isolated run of text, so that right-to-left names cannot reorder the sentence around them, and
 * characters that nobody can see (controls, direction overrides, zero-width joiners) are written out: two names that
 * look the same are the same.
 */
import { element } from './element.ts';

/** Controls, formats, line and paragraph separators, private use, and halves of surrogate pairs. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** `text` with every invisible character written as its code point, such as ⟨U+202E⟩. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `⟨U+${code}⟩`;
  });
}

/** A `<bdi>` that shows `text` as text. */
export function foreign(text: string, className = 'foreign'): HTMLElement {
  return element('bdi', { class: className }, visible(text));
}
