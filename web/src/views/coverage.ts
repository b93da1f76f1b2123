/** *Covered?*: per asset, never netted, with the class of the evidence beside every figure. */
import { formatAmount } from '../amount.ts';
import { messages, sentence } from '../messages/index.ts';
import type { BookFacts, Covered, EvidenceClass, Report } from '../report.ts';
import { type Child, element, pair, section } from './element.ts';
import { foreign, visible } from './foreign.ts';
import { icon, type IconName } from './icon.ts';

const text = messages.coverage;

/** How a coverage looks: what rests on the exchange's own word never looks as what somebody else has seen. */
export type CoverageTone = Covered | 'claimed';

const ICONS: Readonly<Record<CoverageTone, IconName>> = {
  covered: 'passed',
  claimed: 'claimed',
  not_covered: 'failed',
  cannot_tell: 'cannot_tell',
};

/** Classes that nobody but the exchange vouches for (DESIGN: a state proof whose block nobody confirmed counts with D). */
const OWN_WORD: readonly (EvidenceClass | null)[] = ['D', 'A, block unconfirmed', null];

export function toneOfCoverage({ covered, class: weakest }: Pick<BookFacts, 'covered' | 'class'>): CoverageTone {
  return covered === 'covered' && OWN_WORD.includes(weakest) ? 'claimed' : covered;
}

/** The verdict of an asset with its mark; where its class stands beside it, the verdict alone. */
export function coveredBadge(book: BookFacts, besideClass: boolean): HTMLElement {
  const tone = toneOfCoverage(book);
  return element('span', { class: 'badge' }, icon(ICONS[tone]), text.words[besideClass ? book.covered : tone]);
}

/** A class with what it means in three or four words. */
export function className(name: EvidenceClass): string {
  return text.names[name];
}

/** Names that the line under the headline has room for. */
const NAMED = 5;

/** *Covered?* in one line: how many assets are, and which are not. */
export function coveredWords({ books }: Report): string {
  if (books.length === 0) {
    return '';
  }
  const number = (value: number): string => new Intl.NumberFormat(messages.tag).format(value);
  const named = (wanted: Covered): readonly BookFacts[] => books.filter(({ covered }) => covered === wanted);
  const listed = (some: readonly BookFacts[]): string => {
    const names = some.slice(0, NAMED).map(({ asset }) => visible(asset));
    return new Intl.ListFormat(messages.tag).format(some.length > NAMED ? [...names, `+${number(some.length - NAMED)}`] : names);
  };
  const [covered, short, unsure] = [named('covered'), named('not_covered'), named('cannot_tell')];
  return [
    text.title,
    sentence(text.line.count, { covered: number(covered.length), all: number(books.length) }),
    covered.some((book) => toneOfCoverage(book) === 'claimed') ? text.line.claimed : '',
    short.length === 0 ? '' : sentence(text.line.short, { list: listed(short) }),
    unsure.length === 0 ? '' : sentence(text.line.unsure, { list: listed(unsure) }),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** The line itself, with the way to each asset; null without books. */
export function coveredLine(report: Report): HTMLElement | null {
  const { books } = report;
  if (books.length === 0) {
    return null;
  }
  const tones = books.map(toneOfCoverage);
  const tone = (['not_covered', 'cannot_tell', 'claimed'] as const).find((worse) => tones.includes(worse)) ?? 'covered';
  const button = element('button', { type: 'button', class: 'to-coverage' }, text.line.see, ' ↓');
  button.addEventListener('click', () => {
    const title = document.getElementById('coverage-title');
    title?.setAttribute('tabindex', '-1');
    title?.focus();
  });
  const words = coveredWords(report).slice(text.title.length + 1);
  // No landmark of its own: that is the section which it leads to.
  return element(
    'div',
    { class: `covered-line tone-${tone}` },
    icon(ICONS[tone]),
    element('p', {}, element('strong', {}, text.title), ' ', words, ' ', button),
  );
}

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
    { class: `asset-coverage tone-${toneOfCoverage(book)}`, 'data-covered': book.covered },
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
      coveredBadge(book, false),
    ),
    element('p', { class: 'meaning' }, meaning(book)),
    ...(book.covered === 'not_covered' ? [whomToAsk()] : []),
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

/** As every failure: a short reserve is a question to the exchange. */
function whomToAsk(): HTMLElement {
  return element('p', { class: 'whom' }, sentence(messages.whom.title, { who: messages.whom.exchange }));
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
  return element('span', { class: 'tag' }, className(name));
}

function classMeaning(name: EvidenceClass): HTMLElement {
  return pair(classTag(name), text.classes[name]);
}
