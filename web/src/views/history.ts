/** "History": coverage per asset and period, drawn and as a table; gaps are drawn, and said in words. */
import { type BookHistory, historyOf, type Point, unpublished } from '../history.ts';
import { formatPeriod } from '../instant.ts';
import { type Entry, LogRefused, type LogSource, LogUndecided, type PublishedLog, filesOfFolder } from '../log.ts';
import { messages, sentence } from '../messages/index.ts';
import { formatBasisPoints } from '../ratio.ts';
import { inTurns } from '../turns.ts';
import { toneOfCoverage } from './coverage.ts';
import { element } from './element.ts';
import { foreign, visible } from './foreign.ts';
import { quietButton } from './save.ts';
import { shape } from './svg.ts';
import type { LogDesk } from './visit.ts';

const text = messages.look.history;

/** `desk` has what was read before, and reads another; an example has none. */
export function historyView(desk: LogDesk | null): HTMLElement {
  if (desk === null) {
    return element('p', { class: 'absent' }, text.example);
  }
  const place = element('div', { class: 'stack' });
  const status = element('p', { class: 'refusal', role: 'alert' });
  const hosted = desk.beside;
  /** Counts what was asked for: the answer to an earlier wish is not drawn over a later one. */
  let latest = 0;
  const read = (source: LogSource): void => {
    const turn = ++latest;
    place.replaceChildren(element('p', { role: 'status' }, text.loading));
    status.replaceChildren();
    // Not `disabled`, which would take the keyboard away.
    load?.setAttribute('aria-disabled', 'true');
    desk.load(source).then(
      (read) => {
        if (turn === latest) {
          load?.removeAttribute('aria-disabled');
          draw(place, read);
        }
      },
      (error: unknown) => {
        if (turn === latest) {
          load?.removeAttribute('aria-disabled');
          place.replaceChildren();
          status.replaceChildren(...refusalOf(error));
        }
      },
    );
  };
  const load =
    hosted === null
      ? null
      : quietButton('history-load', text.load, () => {
          if (load?.getAttribute('aria-disabled') !== 'true') {
            read(hosted);
          }
        });
  const input = element('input', { type: 'file', id: 'publication-folder', webkitdirectory: '', 'aria-label': text.choose, autocomplete: 'off' });
  input.addEventListener('change', () => {
    const files = Array.from(input.files ?? []);
    input.value = '';
    if (files.length > 0) {
      read(filesOfFolder(files));
    }
  });
  const button = element('span', { class: 'button', 'aria-hidden': 'true' }, text.choose);
  const log = desk.log();
  if (log !== null) {
    draw(place, log);
  }
  return element(
    'div',
    { class: 'stack' },
    element('p', { class: 'lede' }, text.lede),
    hosted === null ? element('p', { class: 'absent' }, text.absent) : null,
    element(
      'div',
      { class: 'buttons' },
      load,
      element('label', { class: 'file-button', for: 'publication-folder' }, input, button),
    ),
    status,
    place,
  );
}

/** Why nothing is drawn: false, of another version, or not there. */
function refusalOf(error: unknown): (Node | string)[] {
  if (error instanceof LogRefused || error instanceof LogUndecided) {
    return [error instanceof LogRefused ? text.refused : text.undecided, ' ', foreign(error.message, 'foreign code')];
  }
  return [text.unavailable];
}

/** Is the head too old for the policy? Every attestation's report says the same of it. */
function isStale(entries: readonly Entry[]): boolean {
  return entries.some(({ attested }) => attested.kind === 'report' && attested.report.checks.some(({ id, outcome }) => id === 'head-fresh' && outcome !== 'passed'));
}

/** Book by book, in turns: years of days of hundreds of books are a long drawing. */
function draw(place: HTMLElement, log: PublishedLog): void {
  const later = unpublished(log.entries, Date.now());
  const books = historyOf(log.entries, later);
  const rows = element('tbody');
  const figures = element('div');
  place.replaceChildren(
    element('p', { class: 'bound' }, sentence(text.found, { size: number(log.head.size) })),
    ...(isStale(log.entries) ? [element('p', { class: 'gaps stale' }, text.stale)] : []),
    ...gapsOf(log.entries, later).map((said) => element('p', { class: 'gaps' }, said)),
    element('p', {}, text.hundred),
    figures,
    element('details', {}, element('summary', {}, text.table), scrolled(text.table, table(books, rows))),
    element('p', { class: 'hint' }, text.tiles),
  );
  const drawings = books.map((book) => () => {
    const drawn = scrolled(visible(book.book), drawing(book));
    figures.append(element('figure', { class: 'history-of-book' }, element('figcaption', {}, foreign(book.book, 'foreign asset-id')), drawn));
    // The newest period is what is asked for first; from right to left, what is further is below nothing.
    drawn.scrollLeft = document.documentElement.dir === 'rtl' ? -drawn.scrollWidth : drawn.scrollWidth;
  });
  const lines = (books[0]?.points ?? []).map((point, at) => () => rows.append(line(books, point, at)));
  place.setAttribute('aria-busy', 'true');
  void inTurns([...drawings, ...lines], () => figures.parentElement === place).then((all) => {
    if (all) {
      place.setAttribute('aria-busy', 'false');
    }
  });
}

/** Every period without figures, in words. */
function gapsOf(entries: readonly Entry[], later: readonly string[]): string[] {
  const unverified = entries.filter(({ attested }) => attested.kind !== 'report').map(({ period }) => month(period));
  const said = [
    ...(unverified.length === 0 ? [] : [sentence(text.gaps, { list: listed(unverified) })]),
    ...(later.length === 0 ? [] : [sentence(text.unpublished, { list: listed(later.map((period) => month(period))) })]),
  ];
  return said.length === 0 ? [text.noGaps] : said;
}

function scrolled(label: string, child: Element): HTMLElement {
  return element('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': label }, child);
}

/** A period in words. */
function month(period: string, length: 'long' | 'short' = 'long'): string {
  return visible(formatPeriod(period, messages.tag, length));
}

function table(books: readonly BookHistory[], rows: HTMLElement): HTMLElement {
  return element(
    'table',
    { class: 'history-table' },
    element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, text.period), ...books.map(({ book }) => element('th', { scope: 'col' }, foreign(book))))),
    rows,
  );
}

function line(books: readonly BookHistory[], { period, corrected }: Point, at: number): HTMLElement {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, month(period), corrected ? ` (${text.corrected})` : null),
    ...books.map(({ points }) => element('td', {}, points[at] === undefined ? '–' : words(points[at]))),
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
  const period = words(HEIGHT - 10, month(point.period, 'short'), 'period');
  if (point.gap !== null || point.points === null) {
    return [shape('rect', { class: 'gap', x: left + 14, y: TOP, width: COLUMN - 28, height: GROUND - TOP, rx: 4 }), words((TOP + GROUND) / 2, MARKS.cannot_tell, 'mark'), period];
  }
  const shown = point.points > HIGHEST ? HIGHEST : point.points;
  const height = (Number(shown) / 10_000) * WHOLE;
  const prefix = point.sealed ? '≥ ' : '';
  return [
    shape('rect', { class: `held tone-${toneOfCoverage(point)}`, x: left + 14, y: GROUND - height, width: COLUMN - 28, height, rx: 3 }),
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
