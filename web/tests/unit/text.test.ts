import { expect, test } from 'vitest';
import { formatInstant } from '../../src/instant.ts';
import { fill } from '../../src/messages/index.ts';
import { chooseStatement, MAX_STATEMENT_BYTES } from '../../src/statement-file.ts';
import { visible } from '../../src/views/foreign.ts';

test('an instant is shown in UTC, and as seconds where no calendar reaches', () => {
  expect(formatInstant(0n, 'en-GB')).toBe('1 January 1970 at 00:00:00 UTC');
  expect(formatInstant(1793491199n, 'en-GB')).toBe('31 October 2026 at 23:59:59 UTC');
  expect(formatInstant(18446744073709551615n, 'en-GB')).toBe('18446744073709551615 s');
});

test('i_06_a_character_that_nobody_sees_is_written_out', () => {
  expect(visible('Zoë 张伟 🙂')).toBe('Zoë 张伟 🙂');
  expect(visible('a\u202Eb\u200Bc\u001b[31m\n')).toBe('a⟨U+202E⟩b⟨U+200B⟩c⟨U+001B⟩[31m⟨U+000A⟩');
});

test('a value is put into a sentence once, and never read as a template', () => {
  expect(fill('{a} of {b}', { a: '{b}', b: '2' })).toEqual(['{b}', ' of ', '2']);
  expect(fill('{unknown}', {})).toEqual(['{unknown}']);
});

test('w_03_a_file_above_50_mb_is_refused_before_it_is_read', () => {
  const file = (size: number): File => ({ size }) as File;
  expect(chooseStatement([file(MAX_STATEMENT_BYTES)])).toEqual(file(MAX_STATEMENT_BYTES));
  expect(chooseStatement([file(MAX_STATEMENT_BYTES + 1)])).toBe('too-large');
  expect(chooseStatement([file(0)])).toBe('empty');
  expect(chooseStatement([file(1), file(1)])).toBe('several');
  expect(chooseStatement([])).toBe('unreadable');
});
