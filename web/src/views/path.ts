/** "My path": from the leaf through the tiles to the root, the month and the head of the log; drawn, and as a table. */
import { formatPeriod } from '../instant.ts';
import { messages, sentence } from '../messages/index.ts';
import { type PathTile, tilesAbove } from '../path.ts';
import type { BookFacts, Report } from '../report.ts';
import { element } from './element.ts';
import { visible } from './foreign.ts';
import { shape } from './svg.ts';

const text = messages.look.path;

/** One line of the path, from the head of the log down to the leaf. */
interface Row {
  readonly where: string;
  /** Counted from 1, as people count; null for what has no place among others. */
  readonly place: bigint | null;
  readonly count: bigint | null;
  /** Of the 16 entries of a tile, the one that the path goes through. */
  readonly child: number | null;
}

export function pathView(report: Report): HTMLElement {
  const held = report.books.filter((book) => book.index !== null);
  const [first] = held;
  if (first === undefined) {
    return element('p', {}, text.none);
  }
  const place = element('div', { class: 'path-of-book' });
  const select = element(
    'select',
    { id: 'path-book', autocomplete: 'off' },
    ...held.map(({ asset, kind }, at) => element('option', { value: String(at) }, visible(`${asset}/${kind}`))),
  );
  const show = (book: BookFacts): void => place.replaceChildren(...pathOfBook(report, book));
  select.addEventListener('change', () => show(held[Number(select.value)] ?? first));
  show(first);
  return element(
    'div',
    { class: 'stack' },
    element('p', { class: 'lede' }, text.lede),
    element('p', { class: 'field' }, element('label', { for: 'path-book' }, text.book), ' ', select),
    place,
  );
}

function pathOfBook(report: Report, book: BookFacts): HTMLElement[] {
  const tiles = tilesAbove(book.index ?? 0n, book.leafCount);
  if (tiles.length === 0) {
    return [element('p', {}, text.none)];
  }
  const rows = rowsOf(report, book, tiles);
  return [
    element('div', { class: `drawing tone-${book.included}` }, drawing(rows)),
    report.log === null ? element('p', { class: 'claimed' }, text.noLog) : element('p', { hidden: '' }),
    element('details', {}, element('summary', {}, text.table), table(rows)),
  ];
}

function rowsOf({ statement, log }: Report, book: BookFacts, tiles: readonly PathTile[]): Row[] {
  const down = tiles.toReversed();
  return [
    ...(log === null ? [] : [{ where: text.log, place: log.index + 1n, count: log.size, child: null }]),
    { where: sentence(text.attestation, { period: isolated(visible(formatPeriod(statement?.period ?? '', messages.tag))) }), place: null, count: null, child: null },
    ...down.map(({ level, index, count, child }, at) => ({
      where: at === 0 ? text.root : sentence(text.tile, { level: number(BigInt(level)) }),
      place: index + 1n,
      count,
      child,
    })),
    { where: text.leaf, place: (book.index ?? 0n) + 1n, count: book.leafCount, child: null },
  ];
}

/** A run of its own for the order of writing, where there is no element to make it one (U+2066 and U+2069). */
function isolated(text: string): string {
  return `\u2066${text}\u2069`;
}

function table(rows: readonly Row[]): HTMLElement {
  return element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...[text.where, text.place, text.count].map((name) => element('th', { scope: 'col' }, name)))),
    element(
      'tbody',
      {},
      ...rows.map(({ where, place, count }) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, where),
          element('td', { class: 'amount' }, place === null ? '–' : number(place)),
          element('td', { class: 'amount' }, count === null ? '–' : number(count)),
        ),
      ),
    ),
  );
}

/** Geometry of the drawing, in its own units: as wide as the narrowest screen is in pixels. */
const WIDTH = 320;
const ROW = 64;
const CELL = 18;
const GAP = 1.5;
const START = (WIDTH - 16 * CELL) / 2;
/** Longer names would leave the drawing; the table has them in full. */
const LONGEST_LABEL = 34;

function drawing(rows: readonly Row[]): SVGSVGElement {
  const height = rows.length * ROW;
  const right = document.documentElement.dir === 'rtl';
  const svg = shape('svg', { viewBox: `0 0 ${WIDTH} ${height}`, class: 'path-drawing', role: 'img', 'aria-label': text.drawing });
  rows.forEach((row, at) => {
    const below = rows[at + 1];
    if (below !== undefined) {
      // From the entry that the path goes through, opened like a fan, to the whole of what it stands for.
      const [from, to] = [extent(row, false), extent(below, true)];
      const [top, bottom] = [at * ROW + 44, (at + 1) * ROW + 24];
      svg.append(shape('polygon', { class: 'way', points: `${from[0]},${top} ${from[1]},${top} ${to[1]},${bottom} ${to[0]},${bottom}` }));
    }
  });
  rows.forEach((row, at) => {
    const top = at * ROW;
    const label = row.where.length > LONGEST_LABEL ? `${row.where.slice(0, LONGEST_LABEL - 1)}…` : row.where;
    svg.append(
      shape('text', { class: 'where', x: right ? WIDTH - START : START, y: top + 16 }, label),
    );
    if (row.place !== null) {
      svg.append(shape('text', { class: 'place', x: right ? START : WIDTH - START, y: top + 16, direction: 'ltr', 'text-anchor': right ? 'start' : 'end' }, placeWords(row)));
    }
    svg.append(...(row.child === null ? [single(top)] : cells(top, row.child)));
  });
  return svg;
}

/** Where a row begins and ends: all of it, or the entry that the path goes through. */
function extent({ child }: Row, whole: boolean): readonly [number, number] {
  if (child === null) {
    return [WIDTH / 2 - 1.5 * CELL, WIDTH / 2 + 1.5 * CELL];
  }
  return whole ? [START, START + 16 * CELL] : [START + child * CELL, START + (child + 1) * CELL];
}

function placeWords({ place, count }: Row): string {
  return count === null ? number(place ?? 0n) : `${number(place ?? 0n)} / ${number(count)}`;
}

function single(top: number): SVGElement {
  return shape('rect', { class: 'cell on', x: WIDTH / 2 - 1.5 * CELL, y: top + 24, width: 3 * CELL, height: 20, rx: 4 });
}

function cells(top: number, child: number): SVGElement[] {
  return Array.from({ length: 16 }, (_, at) =>
    shape('rect', { class: at === child ? 'cell on' : 'cell', x: START + at * CELL + GAP / 2, y: top + 24, width: CELL - GAP, height: 20, rx: 3 }),
  );
}

function number(value: bigint): string {
  return new Intl.NumberFormat(messages.tag).format(value);
}
