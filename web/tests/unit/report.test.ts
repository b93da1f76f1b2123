import { expect, test } from 'vitest';
import { MalformedReport } from '../../src/fields.ts';
import { parseReport } from '../../src/report.ts';
import { cannotTell, hostileNames, notVerified, unreadable, verified } from '../browser/harness/reports.ts';

type Json = Record<string, unknown>;

/** A verified report with one thing changed. */
function changed(change: (report: Json) => void): string {
  const report: Json = verified();
  change(report);
  return JSON.stringify(report);
}

function item(report: Json, list: string, index: number): Json {
  return (report[list] as Json[])[index] as Json;
}

test('every verdict of the verifier is read as it is', () => {
  expect(parseReport(JSON.stringify(verified())).included).toBe('verified');
  expect(parseReport(JSON.stringify(notVerified())).included).toBe('not_verified');
  expect(parseReport(JSON.stringify(cannotTell())).included).toBe('cannot_tell');
  expect(parseReport(JSON.stringify(unreadable())).statement).toBeNull();
  expect(parseReport(JSON.stringify(hostileNames())).statement?.account).toContain('<script>');
});

test('w_04_a_sequence_above_2_to_the_53_keeps_every_digit', () => {
  const text = JSON.stringify(verified()).replace('"sequence":12', '"sequence":18446744073709551615');
  expect(parseReport(text).statement?.sequence).toBe(18446744073709551615n);
});

test('a digit inside of a text stays a text', () => {
  const text = changed((report) => ((report['statement'] as Json)['account'] = '12 "34", -5.6e7 \\ {"#integer":"1"}'));
  expect(parseReport(text).statement?.account).toBe('12 "34", -5.6e7 \\ {"#integer":"1"}');
});

test('w_09_what_is_no_report_is_refused', () => {
  const junk = ['', ' ', 'null', 'true', '1', '"verified"', '[]', '{}', '{"included":"verified"}', '{"included":', '\u0000'];
  for (const text of [...junk, `${JSON.stringify(verified())} `.repeat(2), JSON.stringify([verified()])]) {
    expect(() => parseReport(text), text.slice(0, 40)).toThrow(MalformedReport);
  }
});

test('w_09_a_report_of_another_shape_is_refused', () => {
  const changes: Record<string, (report: Json) => void> = {
    'another format': (report) => (report['format'] = 'por/report/v2'),
    'an unknown verdict': (report) => (report['included'] = 'ok'),
    'a verdict that is no text': (report) => (report['included'] = true),
    'an unknown field': (report) => (report['extra'] = 1),
    'an unknown field in a book': (report) => (item(report, 'books', 0)['extra'] = null),
    'no list of checks': (report) => delete report['checks'],
    'no list of limits': (report) => delete report['not_proven'],
    'a number as text': (report) => ((report['statement'] as Json)['sequence'] = '12'),
    'a fraction': (report) => ((report['statement'] as Json)['sequence'] = 1.5),
    'a negative index': (report) => (item(report, 'books', 0)['index'] = -1),
    'decimals above 255': (report) => (item(report, 'books', 0)['decimals'] = 256),
    'an amount as number': (report) => (item(report, 'books', 0)['exact'] = 1),
    'an amount with a sign': (report) => (item(report, 'books', 0)['exact'] = '-1'),
    'an unknown class': (report) => (item(report, 'books', 0)['class'] = 'A+'),
    'an unknown outcome': (report) => (item(report, 'checks', 0)['outcome'] = 'skipped'),
    'facts that are no texts': (report) => (item(report, 'checks', 0)['facts'] = { bytes: 1 }),
    'a total of both kinds': (report) => (item(report, 'books', 0)['total'] = { kind: 'public', amount: '1', bound: '1' }),
  };
  for (const [name, change] of Object.entries(changes)) {
    expect(() => parseReport(changed(change)), name).toThrow(MalformedReport);
  }
});

test('w_09_a_success_that_its_parts_contradict_is_refused', () => {
  const changes: Record<string, (report: Json) => void> = {
    'no statement': (report) => (report['statement'] = null),
    'no checks': (report) => (report['checks'] = []),
    'a book that is not verified': (report) => (item(report, 'books', 1)['included'] = 'cannot_tell'),
    'a book without a balance': (report) => (item(report, 'books', 1)['exact'] = null),
    'a failed check': (report) => (item(report, 'checks', 3)['outcome'] = 'failed'),
    'a check that could not run': (report) => (item(report, 'checks', 1)['outcome'] = 'cannot_tell'),
  };
  for (const [name, change] of Object.entries(changes)) {
    expect(() => parseReport(changed(change)), name).toThrow(MalformedReport);
  }
});
