/** "History": coverage per asset and period, drawn and as a table; gaps are drawn, and said in words. */
import { type BookHistory, historyOf, type Point, unpublished } from '../history.ts';
import { type Entry, LogRefused, type LogSource, type PublishedLog, filesBesidePage, filesOfFolder } from '../log.ts';
import { messages, sentence } from '../messages/index.ts';
import { formatBasisPoints } from '../ratio.ts';
import { element } from './element.ts';
import { foreign, visible } from './foreign.ts';
import { quietButton } from './save.ts';
import { shape } from './svg.ts';

const text = messages.look.history;

/** `log` is what was read before; `load` reads another. */
export function historyView(log: PublishedLog | null, load: (source: LogSource) => Promise<PublishedLog>): HTMLElement {
  const place = element('div', { class: 'stack' });
  const status = element('p', { class: 'refusal', role: 'alert' });
  const hosted = filesBesidePage();
  const read = (source: LogSource): void => {
    place.replaceChildren(element('p', { role: 'status' }, text.loading));
    status.replaceChildren();
    load(source).then(
      (read) => place.replaceChildren(...historyOfLog(read)),
      (error: unknown) => {
        place.replaceChildren();
        status.replaceChildren(...(error instanceof LogRefused ? [text.refused, ' ', foreign(error.message, 'foreign code')] : [text.unavailable]));
      },
    );
  };
  const input = element('input', { type: 'file', id: 'publication-folder', webkitdirectory: '', 'aria-label': text.choose, autocomplete: 'off' });
  input.addEventListener('change', () => {
    const files = Array.from(input.files ?? []);
    input.value = '';
    if (files.length > 0) {
      read(filesOfFolder(files));
    }
  });
  const button = element('span', { class: 'button', 'aria-hidden': 'true' }, text.choose);
  if (log !== null) {
    place.append(...historyOfLog(log));
  }
  return element(
    'div',
    { class: 'stack' },
    element('p', { class: 'lede' }, text.lede),
    hosted === null ? element('p', { class: 'absent' }, text.absent) : null,
    element(
      'div',
      { class: 'buttons' },
      hosted === null ? null : quietButton('history-load', text.load, () => read(hosted)),
      element('label', { class: 'file-button', for: 'publication-folder' }, input, button),
    ),
    status,
    place,
  );
}

function historyOfLog(log: PublishedLog): HTMLElement[] {
  const later = unpublished(log.entries, Date.now());
  const books = historyOf(log.entries, later);
  return [
    element('p', { class: 'bound' }, sentence(text.found, { size: number(log.head.size) })),
    ...gapsOf(log.entries, later).map((said) => element('p', { class: 'gaps' }, said)),
    element('p', {}, text.hundred),
    ...books.map((book) => element('figure', { class: 'history-of-book' }, element('figcaption', {}, foreign(book.book, 'foreign asset-id')), scrolled(visible(book.book), drawing(book)))),
    element('details', {}, element('summary', {}, text.table), scrolled(text.table, table(books))),
    element('p', { class: 'hint' }, text.tiles),
  ];
}

/** Every period without figures, in words. */
function gapsOf(entries: readonly Entry[], later: readonly string[]): string[] {
  const unverified = entries.filter(({ attested }) => attested.kind !== 'report').map(({ period }) => visible(period));
  const said = [
    ...(unverified.length === 0 ? [] : [sentence(text.gaps, { list: listed(unverified) })]),
    ...(later.length === 0 ? [] : [sentence(text.unpublished, { list: listed(later) })]),
  ];
  return said.length === 0 ? [text.noGaps] : said;
}

function scrolled(label: string, child: Element): HTMLElement {
  return element('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': label }, child);
}

function table(books: readonly BookHistory[]): HTMLElement {
  const periods = books[0]?.points ?? [];
  return element(
    'table',
    { class: 'history-table' },
    element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, text.period), ...books.map(({ book }) => element('th', { scope: 'col' }, foreign(book))))),
    element(
      'tbody',
      {},
      ...periods.map((point, at) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, visible(point.period), point.corrected ? ` (${text.corrected})` : null),
          ...books.map(({ points }) => element('td', {}, points[at] === undefined ? '–' : words(points[at]))),
        ),
      ),
    ),
  );
}

/** A point in words: figure and verdict, or why there is none. */
function words(point: Point): string {
  if (point.gap !== null) {
    return text.gap[point.gap];
  }
  return `${figure(point)} · ${messages.coverage.words[point.covered]}`;
}

function figure({ points, sealed }: Point): string {
  const percent = points === null ? '–' : formatBasisPoints(points, messages.tag);
  return sealed ? sentence(text.atLeast, { percent }) : percent;
}

/** Geometry in units of the drawing, which are pixels: a column for each period, 100 % at two thirds of the height. */
const COLUMN = 88;
const EDGE = 8;
const NARROWEST = 280;
const TOP = 40;
const GROUND = 130;
const HEIGHT = 160;
const WHOLE = 60;
/** Bars of more than 150 % end there; the figure above them says the rest. */
const HIGHEST = 15_000n;
/** Beside the words in the table, each outcome has a mark of its own: colour never stands alone. */
const MARKS = { covered: '✓', not_covered: '✗', cannot_tell: '?' } as const;

function drawing({ book, points }: BookHistory): SVGSVGElement {
  const right = document.documentElement.dir === 'rtl';
  const width = Math.max(NARROWEST, points.length * COLUMN + 2 * EDGE);
  const label = sentence(text.drawing, { book: visible(book) });
  const svg = shape('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, class: 'history-drawing', role: 'img', 'aria-label': label });
  points.forEach((point, at) => {
    const column = EDGE + (right ? points.length - 1 - at : at) * COLUMN + (right ? width - points.length * COLUMN - 2 * EDGE : 0);
    svg.append(...columnOf(point, column));
  });
  svg.append(shape('line', { class: 'whole', x1: 0, x2: width, y1: GROUND - WHOLE, y2: GROUND - WHOLE }));
  return svg;
}

function columnOf(point: Point, left: number): SVGElement[] {
  const middle = left + COLUMN / 2;
  const words = (y: number, content: string, name: string): SVGElement => shape('text', { class: name, x: middle, y, 'text-anchor': 'middle', direction: 'ltr' }, content);
  const period = words(HEIGHT - 10, visible(point.period), 'period');
  if (point.gap !== null || point.points === null) {
    return [shape('rect', { class: 'gap', x: left + 14, y: TOP, width: COLUMN - 28, height: GROUND - TOP, rx: 4 }), words((TOP + GROUND) / 2, MARKS.cannot_tell, 'mark'), period];
  }
  const shown = point.points > HIGHEST ? HIGHEST : point.points;
  const height = (Number(shown) / 10_000) * WHOLE;
  const prefix = point.sealed ? '≥ ' : '';
  return [
    shape('rect', { class: `held tone-${point.covered}`, x: left + 14, y: GROUND - height, width: COLUMN - 28, height, rx: 3 }),
    words(16, `${prefix}${formatBasisPoints(point.points, messages.tag)}`, 'figure'),
    words(32, MARKS[point.covered], 'mark'),
    period,
  ];
}

function number(value: bigint): string {
  return new Intl.NumberFormat(messages.tag).format(value);
}

function listed(items: readonly string[]): string {
  return new Intl.ListFormat(messages.tag).format(items);
}
