/** Around the snapshot: what came before it and left after it, drawn from a file of `por window` that a visitor opens. */
import { formatAmount } from '../amount.ts';
import { messages, sentence } from '../messages/index.ts';
import { formatPeriod } from '../instant.ts';
import { basisPoints, formatBasisPoints } from '../ratio.ts';
import { type CoinMoves, MAX_WINDOW_BYTES, readWindow } from '../window.ts';
import { element } from './element.ts';
import { foreign, visible } from './foreign.ts';
import { shape } from './svg.ts';

const text = messages.look.window;

/** The section, and how a file that was dropped anywhere gets into it. */
export interface WindowView {
  readonly root: HTMLElement;
  readonly take: (file: File) => void;
}

/** `attestation` is the digest of the one that the statement on the page belongs to. */
export function windowView(attestation: string): WindowView {
  const place = element('div', { class: 'stack' });
  const refusal = element('p', { class: 'refusal', role: 'alert' });
  const input = element('input', { type: 'file', id: 'window-file', 'aria-label': text.choose, autocomplete: 'off' });
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    input.value = '';
    if (file !== undefined) {
      void open(file);
    }
  });
  const root = element(
    'section',
    { class: 'window stack', 'aria-labelledby': 'window-title' },
    element('h3', { id: 'window-title' }, text.title),
    element('p', { class: 'lede' }, text.lede),
    element('p', {}, element('label', { class: 'file-button', for: 'window-file' }, input, element('span', { class: 'button', 'aria-hidden': 'true' }, text.choose))),
    refusal,
    place,
  );
  return { root, take: (file) => void open(file) };

  async function open(file: File): Promise<void> {
    refusal.replaceChildren();
    place.replaceChildren();
    try {
      if (file.size > MAX_WINDOW_BYTES) {
        throw new RangeError('too large');
      }
      const found = readWindow(await file.text());
      if (found.attestation !== attestation) {
        refusal.replaceChildren(sentence(text.other, { period: visible(formatPeriod(found.period, messages.tag)) }));
        return;
      }
      place.replaceChildren(element('p', { class: 'facts' }, text.facts), ...found.coins.map(coinView));
    } catch {
      refusal.replaceChildren(text.refused);
    }
  }
}

function coinView(coin: CoinMoves): HTMLElement {
  const name = coin.asset === null ? null : foreign(coin.asset, 'foreign asset-id');
  return element(
    'figure',
    { class: 'window-of-coin' },
    element('figcaption', {}, name, name === null ? null : ' ', foreign(coin.instance, 'foreign code')),
    element('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': visible(coin.instance) }, drawing(coin), table(coin)),
  );
}

function table(coin: CoinMoves): HTMLElement {
  const amount = (atoms: string): HTMLElement => element('span', { class: 'amount' }, figure(atoms, coin.decimals));
  const row = (head: string, height: bigint | null, ...cell: (Node | string)[]): HTMLElement => {
    const block = height === null ? null : element('span', { class: 'block' }, `${text.block} ${number(height)}`);
    return element('tr', {}, element('th', { scope: 'row' }, head, block), element('td', { class: 'number' }, ...cell));
  };
  const { heights, after, left } = coin;
  return element(
    'table',
    { class: 'window-table' },
    element('thead', {}, element('tr', {}, element('td'), element('th', { scope: 'col' }, text.held))),
    element(
      'tbody',
      {},
      row(text.before, heights.before, amount(coin.before)),
      row(text.at, heights.at, amount(coin.at)),
      row(text.after, heights.after, after === null ? text.later : amount(after)),
      row(text.came, null, amount(coin.came)),
      row(text.left, null, left === null ? text.later : amount(left)),
      row(text.addresses, null, number(coin.addresses)),
      row(text.empty, null, number(coin.emptyBefore)),
      row(text.fresh, null, coin.fresh === null ? text.nothing : number(coin.fresh)),
    ),
  );
}

function figure(atoms: string, decimals: number | null): string {
  return decimals === null ? sentence(text.steps, { amount: formatAmount(atoms, 0, messages.tag) }) : formatAmount(atoms, decimals, messages.tag);
}

/** Geometry in units of the drawing, which are pixels: a bar for each of the three blocks, and their parts above them. */
const COLUMN = 96;
const WIDTH = 3 * COLUMN;
const HEIGHT = 150;
const GROUND = 124;
const TALLEST = 92;

function drawing(coin: CoinMoves): SVGSVGElement {
  const moments = [
    { word: text.before, held: coin.before },
    { word: text.at, held: coin.at },
    { word: text.after, held: coin.after },
  ];
  const atoms = moments.map(({ held }) => BigInt(held ?? '0'));
  const most = atoms.reduce((a, b) => (a > b ? a : b));
  const parts = moments.map(({ held }) => (held === null ? '?' : partOf(BigInt(held), BigInt(coin.at))));
  const label = sentence(text.drawing, { coin: visible(coin.asset ?? coin.instance), before: parts[0] ?? '', after: parts[2] ?? '' });
  const right = document.documentElement.dir === 'rtl';
  const svg = shape('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, class: 'window-drawing', role: 'img', 'aria-label': label });
  moments.forEach(({ word, held }, at) => {
    const left = (right ? 2 - at : at) * COLUMN;
    const height = most === 0n ? 0 : Number(((atoms[at] ?? 0n) * 1000n) / most) * (TALLEST / 1000);
    const words = (y: number, content: string, name: string): SVGElement => shape('text', { class: name, x: left + COLUMN / 2, y, 'text-anchor': 'middle' }, content);
    svg.append(
      held === null
        ? shape('rect', { class: 'gap', x: left + 22, y: GROUND - TALLEST, width: COLUMN - 44, height: TALLEST, rx: 4 })
        : shape('rect', { class: at === 1 ? 'snapshot' : 'beside', x: left + 22, y: GROUND - height, width: COLUMN - 44, height, rx: 3 }),
      words(held === null ? GROUND - TALLEST / 2 : GROUND - height - 6, parts[at] ?? '', 'part'),
      words(HEIGHT - 8, word, 'moment'),
    );
  });
  svg.append(shape('line', { class: 'ground', x1: 0, x2: WIDTH, y1: GROUND, y2: GROUND }));
  return svg;
}

/** What `held` is of what stood there at the snapshot. */
function partOf(held: bigint, at: bigint): string {
  const points = basisPoints(held, at);
  return points === null ? '–' : formatBasisPoints(points, messages.tag);
}

function number(value: bigint): string {
  return new Intl.NumberFormat(messages.tag).format(value);
}
