/** *Covered?*: per asset, never netted, with the class of the evidence beside every figure. */
import { formatAmount } from '../amount.ts';
import { fill, messages } from '../messages/index.ts';
import type { BookFacts, Covered, EvidenceClass, Report } from '../report.ts';
import { type Child, element, pair, section } from './element.ts';
import { foreign } from './foreign.ts';
import { icon, type IconName } from './icon.ts';

const text = messages.coverage;

const ICONS: Readonly<Record<Covered, IconName>> = {
  covered: 'passed',
  not_covered: 'failed',
  cannot_tell: 'cannot_tell',
};

/** The section, and what puts each asset into it; null without books. */
export function coverageView(report: Report): { readonly root: HTMLElement; readonly assets: ReadonlyArray<() => void> } | null {
  if (report.books.length === 0) {
    return null;
  }
  const assets = element('ul', { class: 'assets' });
  const explained = new Set(report.books.map((book) => book.class));
  const classes = new Set(report.books.flatMap((book) => book.reserves.map((reserve) => reserve.class)));
  const others = Array.from(classes).filter((name) => !explained.has(name));
  const root = section(
    'coverage',
    text.title,
    element('p', { class: 'lede' }, text.lede),
    assets,
    others.length === 0 ? null : element('dl', { class: 'classes' }, ...others.sort().map(classMeaning)),
  );
  return { root, assets: report.books.map((book) => () => assets.append(asset(book))) };
}

function asset(book: BookFacts): HTMLElement {
  return element(
    'li',
    { class: `asset-coverage tone-${book.covered}`, 'data-covered': book.covered },
    element(
      'h3',
      {},
      element(
        'span',
        { class: 'asset' },
        foreign(book.asset, 'foreign asset-id'),
        ' ',
        book.name === book.asset ? null : foreign(book.name, 'foreign asset-name'),
      ),
      element('span', { class: 'badge' }, icon(ICONS[book.covered]), text.words[book.covered]),
    ),
    element('p', { class: 'meaning' }, meaning(book)),
    element('dl', {}, total(book), pair(text.reserves, ...reserves(book))),
    weakest(book),
  );
}

/** What the answer rests on. Where every figure is of one class, its tag stands beside the figure already. */
function weakest(book: BookFacts): HTMLElement | null {
  if (book.class === null) {
    return null;
  }
  const mixed = book.reserves.some((reserve) => reserve.class !== book.class);
  const tag = mixed ? [classTag(book.class), ' '] : [];
  return element('p', { class: 'weakest' }, ...tag, text.classes[book.class]);
}

function meaning(book: BookFacts): string {
  const sealed = book.total.kind === 'sealed';
  switch (book.covered) {
    case 'covered':
      return sealed ? text.meanings.coveredSealed : text.meanings.covered;
    case 'not_covered':
      return sealed ? text.meanings.notCoveredSealed : text.meanings.not_covered;
    case 'cannot_tell':
      return text.meanings.cannot_tell;
  }
}

function total(book: BookFacts): HTMLElement {
  return book.total.kind === 'sealed'
    ? pair(text.bound, quantity(book.total.bound, book))
    : pair(text.total, quantity(book.total.amount, book));
}

/** One line for each class: figures of different evidence are never added up for the reader. */
function reserves(book: BookFacts): Child[] {
  if (book.reserves.length === 0) {
    return [text.noReserves];
  }
  return book.reserves.map((reserve) =>
    element('span', { class: 'reserve' }, quantity(reserve.amount, book), ' ', classTag(reserve.class)),
  );
}

function quantity(amount: string, book: BookFacts): HTMLElement {
  return element(
    'span',
    { class: 'quantity' },
    element('span', { class: 'amount' }, formatAmount(amount, book.decimals, messages.tag)),
    ' ',
    foreign(book.asset, 'foreign unit'),
  );
}

function classTag(name: EvidenceClass): HTMLElement {
  return element('span', { class: 'tag' }, ...fill<Child>(text.class, { class: name }));
}

function classMeaning(name: EvidenceClass): HTMLElement {
  return pair(classTag(name), text.classes[name]);
}
