/** "Assets": what is owed and what is held, as a table that can be sorted, with a bar for each coverage. */
import { formatAmount } from '../amount.ts';
import { fill, messages } from '../messages/index.ts';
import { basisPoints, formatBasisPoints } from '../ratio.ts';
import type { BookFacts, Report } from '../report.ts';
import { className, coveredBadge, toneOfCoverage } from './coverage.ts';
import { type Child, element } from './element.ts';
import { foreign } from './foreign.ts';
import { shape } from './svg.ts';
import { type WindowView, windowView } from './window.ts';

const text = messages.look.assets;

/** A book with the figures that it is sorted by. */
interface Line {
  readonly book: BookFacts;
  /** Atoms: the total, or the bound of a sealed one. */
  readonly owed: bigint;
  readonly held: bigint;
  readonly points: bigint | null;
}

const COLUMNS = ['asset', 'owed', 'held', 'ratio', 'class', 'verdict'] as const;
type Column = (typeof COLUMNS)[number];

export function assetsView(report: Report): { readonly root: HTMLElement; readonly around: WindowView | null } {
  const around = report.statement === null ? null : windowView(report.statement.attestation);
  const lines = report.books.map(lineOf);
  const body = element('tbody');
  const heads = COLUMNS.map((column) => {
    const button = element('button', { type: 'button', class: 'sort' }, text[column]);
    const figures = column === 'owed' || column === 'held';
    return { column, button, head: element('th', figures ? { scope: 'col', class: 'number' } : { scope: 'col' }, button) };
  });
  let sorted: { readonly column: Column; readonly down: boolean } | null = null;
  for (const { column, button, head } of heads) {
    button.addEventListener('click', () => {
      const down: boolean = sorted?.column === column && !sorted.down;
      sorted = { column, down };
      heads.forEach((other) => other.head.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      show(lines.toSorted((a, b) => compare(a, b, column) * (down ? -1 : 1)));
    });
  }
  show(lines);
  const root = element(
    'div',
    { class: 'stack' },
    element('p', { class: 'lede' }, text.lede, ' ', text.hundred),
    element(
      'div',
      { class: 'wide', tabindex: '0', role: 'region', 'aria-label': text.tab },
      element('table', { class: 'assets-table' }, element('thead', {}, element('tr', {}, ...heads.map(({ head }) => head))), body),
    ),
    around?.root ?? null,
  );
  return { root, around };

  function show(rows: readonly Line[]): void {
    body.replaceChildren(...rows.map(rowOf));
  }
}

function lineOf(book: BookFacts): Line {
  const owed = BigInt(book.total.kind === 'public' ? book.total.amount : book.total.bound);
  const held = book.reserves.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  return { book, owed, held, points: basisPoints(held, owed) };
}

function compare(a: Line, b: Line, column: Column): number {
  switch (column) {
    case 'asset':
      return a.book.asset.localeCompare(b.book.asset, messages.tag);
    case 'owed':
      return order(units(a.owed, a.book, b.book), units(b.owed, b.book, a.book));
    case 'held':
      return order(units(a.held, a.book, b.book), units(b.held, b.book, a.book));
    case 'ratio':
      return order(a.points ?? -1n, b.points ?? -1n);
    case 'class':
      return (a.book.class ?? '~').localeCompare(b.book.class ?? '~');
    case 'verdict':
      return a.book.covered.localeCompare(b.book.covered);
  }
}

/** `atoms` of `book`, on the finer scale of the two. */
function units(atoms: bigint, book: BookFacts, other: BookFacts): bigint {
  return atoms * 10n ** BigInt(Math.max(0, other.decimals - book.decimals));
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function rowOf({ book, held, points }: Line): HTMLElement {
  const amount = (atoms: string): HTMLElement => element('span', { class: 'amount' }, formatAmount(atoms, book.decimals, messages.tag));
  const owed =
    book.total.kind === 'public'
      ? [amount(book.total.amount)]
      : fill<Child>(text.sealed, { amount: amount(book.total.bound) });
  return element(
    'tr',
    { class: `tone-${toneOfCoverage(book)}` },
    element('th', { scope: 'row' }, foreign(book.asset, 'foreign asset-id'), book.kind === 'owed' ? null : element('span', { class: 'kind' }, kindOf(book))),
    element('td', { class: 'number' }, ...owed),
    element('td', { class: 'number' }, amount(held.toString())),
    element('td', {}, ...ratio(book, points)),
    element('td', { class: 'class' }, book.class === null ? '–' : className(book.class)),
    element('td', {}, coveredBadge(book, true)),
  );
}

function kindOf(book: BookFacts): Child {
  return book.kind === 'lent' ? messages.checks.kinds[book.kind] : foreign(book.kind);
}

/** Hundredths of a percent at the right end of a bar; what is above is drawn as that much. */
const FULL = 15_000n;

function ratio(book: BookFacts, points: bigint | null): Child[] {
  if (points === null) {
    return ['–'];
  }
  const percent = formatBasisPoints(points, messages.tag);
  const width = Number((points > FULL ? FULL : points) / 100n);
  const exact = element('span', { class: 'amount' }, percent);
  const words = book.total.kind === 'sealed' ? fill<Child>(text.atLeast, { percent: exact }) : [exact];
  return [
    ...words,
    shape(
      'svg',
      { class: 'bar', viewBox: '0 0 150 12', 'aria-hidden': 'true', preserveAspectRatio: 'none' },
      shape('rect', { class: 'ground', x: 0, y: 2, width: 150, height: 8 }),
      shape('rect', { class: 'held', x: 0, y: 2, width, height: 8 }),
      shape('path', { class: 'whole', d: 'M100 0v12' }),
    ),
  ];
}
