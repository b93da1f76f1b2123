/** "What this does not prove": always there, never folded away, before a check and after it. */
import { byId, messages } from '../messages/index.ts';
import type { Report } from '../report.ts';
import { type Child, section, sentences } from './element.ts';
import { foreign } from './foreign.ts';

export function limitsView(report: Report | null): HTMLElement {
  // A report always brings its own list; an empty one must not look like a proof of everything.
  const items: ReadonlyArray<string | readonly Child[]> =
    report === null || report.notProven.length === 0
      ? messages.limits.before
      : report.notProven.map((item) => [foreign(byId(messages.notProven, item.id, item.text))]);
  return section('limits', messages.limits.title, sentences('ul', items));
}
