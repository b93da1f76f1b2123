/** Every check of the report, grouped by book: a sentence and an outcome, and the facts for those who look closer. */
import { byId, fill, messages } from '../messages/index.ts';
import type { BookFacts, Check, Outcome, Report } from '../report.ts';
import { type Child, element, pair, section } from './element.ts';
import { foreign } from './foreign.ts';
import { icon } from './icon.ts';

const text = messages.checks;

/** The section, and what puts each of its groups into it: an exchange of hundreds of assets has as many. */
export function checksView(report: Report): { readonly root: HTMLElement; readonly groups: ReadonlyArray<() => void> } {
  const root = section(
    'checks',
    text.title,
    element('p', { class: 'lede' }, report.checks.length === 0 ? text.none : text.lede, messages.tag === 'en-GB' ? null : ` ${messages.language.english}`),
  );
  return { root, groups: groupByBook(report).map(([title, checks]) => () => root.append(group(title, checks))) };
}

/** General checks first, then one group for each book in the order in which the checks name them. */
function groupByBook({ checks, books }: Report): Array<readonly [Child[], readonly Check[]]> {
  const groups = new Map<string | null, Check[]>([[null, []]]);
  for (const check of checks) {
    const group = groups.get(check.book) ?? [];
    group.push(check);
    groups.set(check.book, group);
  }
  return Array.from(groups)
    .filter(([, group]) => group.length > 0)
    .map(([book, group]) => [book === null ? [text.general] : bookTitle(book, books), group] as const);
}

/** `BTC/owed` in words, where the report has such a book. */
function bookTitle(id: string, books: readonly BookFacts[]): Child[] {
  const book = books.find(({ asset, kind }) => `${asset}/${kind}` === id);
  if (book === undefined) {
    return [foreign(id)];
  }
  const name = book.name === book.asset ? [] : [' ', foreign(book.name, 'foreign asset-name')];
  const kind = book.kind === 'owed' || book.kind === 'lent' ? text.kinds[book.kind] : foreign(book.kind);
  return [foreign(book.asset, 'foreign asset-id'), ...name, element('span', { class: 'kind' }, ' · ', kind)];
}

function group(title: readonly Child[], checks: readonly Check[]): HTMLElement {
  const passed = checks.filter((check) => check.outcome === 'passed').length;
  const tally = fill<Child>(text.tally, { passed: String(passed), all: String(checks.length) });
  const outcome = worst(checks);
  const folded = element(
    'details',
    { class: `group tone-${outcome}` },
    element(
      'summary',
      {},
      icon(outcome),
      element('h3', { class: 'asset' }, ...title),
      element('span', { class: 'tally' }, ...tally),
    ),
    element('ul', {}, ...checks.map((check) => element('li', {}, checkView(check)))),
  );
  // What did not pass shows itself without a click.
  folded.open = outcome !== 'passed';
  return folded;
}

function worst(checks: readonly Check[]): Outcome {
  const outcomes = checks.map((check) => check.outcome);
  return (['failed', 'cannot_tell'] as const).find((outcome) => outcomes.includes(outcome)) ?? 'passed';
}

function checkView(check: Check): HTMLElement {
  const details = element(
    'details',
    { class: `check tone-${check.outcome}`, 'data-check': check.id, 'data-outcome': check.outcome },
    element(
      'summary',
      {},
      icon(check.outcome),
      element('span', { class: 'claim' }, foreign(byId(messages.claims, check.id, check.claim))),
      element('span', { class: 'outcome' }, text.outcomes[check.outcome]),
    ),
    element(
      'dl',
      {},
      check.detail === null ? null : pair(text.detail, foreign(check.detail)),
      check.reason === null ? null : pair(text.reason, foreign(check.reason, 'foreign code')),
      ...check.facts.map(([name, value]) => pair(foreign(spaced(name)), foreign(value, 'foreign code'))),
      pair(text.id, foreign(check.id, 'foreign code')),
      pair(text.step, String(check.step)),
    ),
  );
  details.open = check.outcome !== 'passed';
  return details;
}

/** `leaf_count` reads as "leaf count". */
function spaced(name: string): string {
  return name.replaceAll('_', ' ');
}
