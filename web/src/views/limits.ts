/** What this proves and what it does not: always there, side by side, never folded away, before a check and after it. */
import { byId, messages } from '../messages/index.ts';
import type { Report } from '../report.ts';
import { type Child, element, section, sentences } from './element.ts';
import { foreign } from './foreign.ts';

export function limitsView(report: Report | null): HTMLElement {
  const { proves, limits } = messages;
  // A report always brings its own list; an empty one must not look like a proof of everything.
  const items: ReadonlyArray<string | readonly Child[]> =
    report === null || report.notProven.length === 0
      ? limits.before
      : report.notProven.map((item) => [foreign(byId(messages.notProven, item.id, item.text))]);
  const verified = report?.included === 'verified';
  return element(
    'div',
    { class: 'worth' },
    section('proves', proves.title, verified ? null : element('p', { class: 'claimed' }, proves.unverified), sentences('ul', proves.list)),
    section('limits', limits.title, sentences('ul', items)),
  );
}
